"""The keyboard of the sim: one verb a line, each an act on the car, the card, the mains, the wire.

Promise: a wrong line is answered with words and changes nothing. Boundary: it decides nothing.
"""

import json

from tools.csms_server import NoAnswer
from tools.sim_bench import Broken, Refused
from tools.sim_session import CARD

HELP = """  plug | unplug | unplug force      a car comes, goes, is torn off
  swipe [TOKEN] | stop              a card to the reader; the stop button
  car B | car C                     what the car wants
  rcd                               residual current for a second
  fault KIND on|off                 rcd diode pilot_short welded no_close overtemp undervoltage
                                    overcurrent meter lock ground
  power off|on | link off|on        mains; the network
  remote start [TOKEN] | remote stop    from the backend
  state | help | quit"""


class Play:
    """The keyboard."""

    def __init__(self, sim):
        self.sim = sim
        self.bench, self.backend, self.story = sim.bench, sim.backend, sim.story

    def loop(self):
        self.story.note(HELP)
        while True:
            try:
                words = input().split()
            except (EOFError, KeyboardInterrupt):
                return
            if words in (["quit"], ["exit"], ["q"]):
                return
            if not words:
                continue
            try:
                self.verb(words[0], words[1:])
            except (Refused, NoAnswer, ValueError) as e:
                self.story.note("  %s" % e, "red")
            except Broken as e:
                self.story.note("  %s" % e, "red")
                return

    def verb(self, verb, rest):
        method = getattr(self, "_" + verb, None)
        if method is None:
            raise ValueError("what is %r? `help` lists the verbs" % verb)
        try:
            method(*rest)
        except TypeError:
            raise ValueError("%s: not so many or so few words; `help` shows how" % verb) from None

    def _plug(self):
        self.bench.plug()
        self.story.say("the car is plugged in")

    def _unplug(self, force=None):
        self.bench.unplug(force=_on(force, "force"))
        self.story.say("the plug is pulled")

    def _swipe(self, token=CARD):
        self.bench.swipe(token)
        self.story.say("card %s" % token)

    def _stop(self):
        self.bench.button()
        self.story.say("the stop button")

    def _car(self, state):
        self.bench.ev(state.upper())
        self.story.say("the car wants %s" % state.upper())

    def _rcd(self):
        self.bench.fault("rcd", True)
        self.story.say("residual current!", "bold red")
        self.bench.run(1)
        self.bench.fault("rcd", False)

    def _fault(self, kind, on="on"):
        self.bench.fault(kind, _switch(on))
        self.story.say("fault %s %s" % (kind, on), "bold red")

    def _power(self, on):
        self.bench.power(_switch(on))
        self.story.say("mains %s" % on)

    def _link(self, on):
        self.bench.link(_switch(on))
        self.story.say("network %s" % on)

    def _remote(self, what, token=CARD):
        if what == "start":
            answer = self.backend.call("RemoteStartTransaction", idTag=token, connectorId=1)
        elif what == "stop":
            running = [
                one.id
                for one in self.backend.ledger.transactions.values()
                if one.meter_stop is None
            ]
            if not running:
                raise ValueError("no transaction runs")
            answer = self.backend.call("RemoteStopTransaction", transactionId=running[-1])
        else:
            raise ValueError("remote start, or remote stop")
        self.story.note("  %s" % json.dumps(answer))

    def _state(self):
        state = self.bench.state()
        self.story.note(
            "  powered %s  online %s  boot %s  queue %s  utc %s"
            % tuple(state[name] for name in ("powered", "online", "boot", "queue", "utc")),
            "default",
        )
        for one in state["connectors"]:
            shown = {
                name: one[name]
                for name in (
                    "pilot",
                    "offered_a",
                    "amps",
                    "contactor",
                    "locked",
                    "meter_wh",
                    "ocpp_status",
                    "error_code",
                    "transaction",
                )
            }
            self.story.note("  " + "  ".join("%s %s" % pair for pair in shown.items()), "default")

    def _help(self):
        self.story.note(HELP, "default")


def _on(word, wanted):
    if word not in (None, wanted):
        raise ValueError("%r? only %r can be said here" % (word, wanted))
    return word is not None


def _switch(word):
    if word not in ("on", "off"):
        raise ValueError("on or off, not %r" % word)
    return word == "on"

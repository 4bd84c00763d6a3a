"""One charging session: plug, card, energy, a break, card, unplug; then the bill.

Promise: run() returns only a session that went as it must, judge() only when the bill equals
what the meter itself counted and every frame was by its schema; a Failed says what was not.
Boundary: it drives a bench and reads a backend that are up already.
"""

import os
from datetime import datetime, timedelta

from tools import sim_picture
from tools.csms_frame import CALL, FROM
from tools.sim_bench import Refused
from tools.sim_story import bill_table

CARD = "04A2B3C4D5E6F7"
PAUSE_AT = 0.55  # of the energy wanted, the car takes a break


class Failed(Exception):
    """The session did not go as it must; the text says why."""


class Session:
    """`sim` is up; its picture goes to the file `picture`."""

    def __init__(self, sim, wanted_wh, picture):
        self._sim, self.wanted_wh, self._picture = sim, wanted_wh, picture
        self.bench, self.backend = sim.bench, sim.backend
        self.watch, self.story = sim.watch, sim.story
        self.events = []  # (minute, words)

    # --- as it happens ----------------------------------------------------------------------

    def run(self):
        """Plug, card, energy, card, unplug. -> (bill, Wh of the meter itself)"""
        self.until(
            "an accepted BootNotification", boot="Accepted", ocpp_status="Available", queue=0
        )
        self.story.open()
        self.bench.run(15)
        before = self.bench.connector()["meter_wh"]
        self.begin()
        self.watch.wanted = (before, self.wanted_wh)
        self.charge(before + self.wanted_wh * PAUSE_AT)
        self.pause()
        self.charge(before + self.wanted_wh)
        self.finish()
        self.story.close()
        return self.bill(), self.bench.connector()["meter_wh"] - before

    def begin(self):
        """Plug and card, until energy may flow."""
        self.event("plug", "the car is plugged in")
        self.bench.plug(max_a=32)
        self.until("Preparing", ocpp_status="Preparing")
        self.bench.run(20)
        self.event("card", "a card is swiped: %s" % CARD)
        self.bench.swipe(CARD)
        self.until("a closed contactor", contactor=True)
        self.story.say("the contactor is closed", "bold green")

    def pause(self):
        """The car asks for nothing for a while, then goes on."""
        self.event("the car pauses", "the car takes a break")
        self.bench.ev("B")
        self.until("SuspendedEV", ocpp_status="SuspendedEV", contactor=False)
        self.bench.run(45)
        self.event("and goes on", "the car goes on")
        self.bench.ev("C")
        self.until("a closed contactor", contactor=True)

    def finish(self):
        """The card again, and the car leaves."""
        self.event("card", "the same card again: stop")
        self.bench.swipe(CARD)
        self.until("an open contactor", contactor=False)
        self.story.say("the contactor is open", "bold")
        self.until("an unlocked plug", locked=False)
        self.bench.run(15)
        self.event("unplug", "the car leaves")
        self.bench.unplug()
        self.watch.wanted = None
        self.until("Available", ocpp_status="Available", queue=0)
        self.bench.run(15)

    def event(self, words, long):
        self.watch.look()
        self.events.append((self.watch.now_ms / 60000, words))
        self.story.say(long)

    def until(self, why, timeout=120, **where):
        try:
            return self.bench.until(timeout=timeout, **where)["connectors"][0]
        except Refused as e:
            if e.error != "timeout":
                raise Failed(str(e)) from None
            now = e.answer["connectors"][0]
            shown = {name: now.get(name) for name in where}
            raise Failed(
                "%s did not come within %d s of the charge point's clock: %s"
                % (why, timeout, shown)
            ) from None

    def charge(self, wh):
        """Until the register says `wh`."""
        while True:
            left = wh - self.bench.connector()["meter_wh"]
            if left <= 0:
                return
            if not self.bench.connector()["contactor"]:
                raise Failed("the contactor opened while charging: %s" % self.bench.connector())
            self.bench.run(min(10, max(0.5, left / 22080 * 3600)))

    # --- what it comes to -------------------------------------------------------------------

    def bill(self):
        ledger = self.backend.ledger.transactions
        self.backend.wait(lambda: any(one.meter_stop is not None for one in ledger.values()), 10)
        bills = [one for one in ledger.values() if one.meter_stop is not None]
        if len(bills) != 1 or len(ledger) != 1:
            raise Failed(
                "one transaction is expected in the backend's ledger, not %s"
                % list(ledger.values())
            )
        return bills[0]

    def values(self):
        """(minute, Wh) of each MeterValues, at the time it states."""
        began = self._sim.epoch + timedelta(milliseconds=self.watch.began)
        found = []
        for frame in self.backend.frames:
            if frame.kind != CALL or frame.direction != FROM or frame.action != "MeterValues":
                continue
            for value in frame.payload["meterValue"]:
                at = datetime.fromisoformat(value["timestamp"].replace("Z", "+00:00"))
                for one in value["sampledValue"]:
                    if one.get("measurand") == "Energy.Active.Import.Register" and not one.get(
                        "phase"
                    ):
                        found.append(((at - began).total_seconds() / 60, float(one["value"])))
        return found

    def judge(self, bill, meter_wh):
        """Whether everything was as it must be; a Failed says what was not."""
        violations = self.backend.record.violations()
        right = bill.wh == meter_wh and bill.id_tag == CARD and bill.wh >= self.wanted_wh
        bill_table(self.story, bill, meter_wh, right)
        with self._sim.working("drawing"):
            sim_picture.draw(
                self._picture, list(self.watch.samples), self.events, bill, self.values()
            )
        self.story.note("picture     %s" % os.path.relpath(self._picture), "bold")
        if not right:
            raise Failed("billed %s Wh, the meter itself counted %d Wh" % (bill.wh, meter_wh))
        if violations:
            raise Failed(
                "a frame is not by the schema: %s: %s" % (violations[0].violation, violations[0])
            )

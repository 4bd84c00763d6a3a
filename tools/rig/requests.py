"""What may be asked of the bench, argument by argument. Every refusal is a Problem with words."""

import asyncio

from . import state
from .car import Car
from .connector import FAULTS, Refused
from .reader import uid_of

MOST_WH = 2_000_000_000
FOREVER_S = 1_000_000


class Problem(Exception):
    def __init__(self, text, **extra):
        super().__init__(text)
        self.extra = extra


def _number(low, high):
    def check(value):
        return (
            isinstance(value, (int, float))
            and not isinstance(value, bool)
            and low <= value <= high
        )

    return check, "a number from %g to %g" % (low, high)


def _integer(low, high):
    def check(value):
        return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high

    return check, "an integer from %d to %d" % (low, high)


def _one_of(*names):
    return (lambda value: isinstance(value, str) and value in names), "one of " + ", ".join(names)


_BOOL = (lambda value: isinstance(value, bool)), "true or false"
_OBJECT = (lambda value: isinstance(value, dict)), "an object"
_TOKEN = (
    (
        lambda value: (
            isinstance(value, str)
            and 1 <= len(value) <= 20
            and all(" " <= c <= "~" for c in value)
        )
    ),
    "an idTag of 1 to 20 printable characters",
)
_REQUIRED = object()
_CONNECTOR = {"connector": (_integer(1, 99), 1)}

# command -> its arguments: name -> (check, default)
COMMANDS: dict = {
    "plug": {
        **_CONNECTOR,
        "auto": (_BOOL, False),
        "cable_a": (_number(6, 80), 32),
        "max_a": (_number(0, 80), 32),
        "phases": (_integer(1, 3), 3),
        "fail_after": (_number(0, FOREVER_S), 0),
        "fail": (_one_of(*FAULTS), None),
    },
    "unplug": {**_CONNECTOR, "force": (_BOOL, False)},
    "ev": {**_CONNECTOR, "state": (_one_of("B", "C", "D"), _REQUIRED)},
    "swipe": {**_CONNECTOR, "token": (_TOKEN, _REQUIRED)},
    "stop": {**_CONNECTOR},
    "fault": {**_CONNECTOR, "kind": (_one_of(*FAULTS), _REQUIRED), "on": (_BOOL, True)},
    "power": {"on": (_BOOL, _REQUIRED)},
    "link": {"up": (_BOOL, _REQUIRED), "how": (_one_of("drop", "reset"), "drop")},
    "meter": {**_CONNECTOR, "wh": (_integer(0, MOST_WH), _REQUIRED)},
    "state": {},
    "until": {
        "connector": (_integer(1, 99), None),
        "where": (_OBJECT, _REQUIRED),
        "timeout": (_number(0, FOREVER_S), 30),
    },
}


def arguments(request):
    """(command, its arguments with defaults), or Problem."""
    name = request.get("cmd")
    if not isinstance(name, str) or name not in COMMANDS:
        raise Problem("unknown cmd %r (known: %s)" % (name, ", ".join(COMMANDS)))
    known = COMMANDS[name]
    for field in request:
        if field not in known and field not in ("id", "cmd"):
            raise Problem("%s: unknown field %r" % (name, field))
    values = {}
    for field, ((check, wanted), default) in known.items():
        if field not in request or (request[field] is None and default is not _REQUIRED):
            if default is _REQUIRED:
                raise Problem("%s: %s is missing" % (name, field))
            values[field] = default
        elif not check(request[field]):
            raise Problem("%s: %s: %s is expected, not %r" % (name, field, wanted, request[field]))
        else:
            values[field] = request[field]
    return name, values


class Handler:
    def __init__(self, bench):
        self._bench = bench

    async def handle(self, request):
        name, values = arguments(request)
        number = values.pop("connector", None)
        if number is not None:
            if number > len(self._bench.connectors):
                raise Problem("no connector %d" % number)
            values["index"] = number - 1
        try:
            result = getattr(self, "_" + name)(**values)
            if asyncio.iscoroutine(result):
                result = await result
        except Refused as refused:
            raise Problem(str(refused)) from None
        return result or {}

    def _plug(self, index, auto, cable_a, max_a, phases, fail, fail_after):
        self._bench.connectors[index].plug(Car(auto, cable_a, max_a, phases, fail, fail_after))

    def _unplug(self, index, force):
        self._bench.connectors[index].unplug(force)

    def _ev(self, index, state):
        self._bench.connectors[index].ev(state)

    def _swipe(self, index, token):
        if not self._bench.rig.every_token and uid_of(token) is None:
            raise Problem("no PN532 carries %r: 8, 14 or 20 upper-case hex digits" % token)
        self._bench.fields[index].present(token)

    def _stop(self, index):
        self._bench.connectors[index].press()

    def _fault(self, index, kind, on):
        self._bench.connectors[index].fault(kind, on)

    def _power(self, on):
        self._bench.power(on)

    def _link(self, up, how):
        self._bench.network.link(up, how == "reset")

    def _meter(self, index, wh):
        self._bench.meters[index].wh = wh

    def _state(self):
        return state.of(self._bench)

    async def _until(self, where, timeout, index=None):  # noqa: ASYNC109 (the field of the request)
        """The timeout is in seconds of the bench's clock: a slow machine does not fail a
        scenario.
        """
        bench = self._bench
        problem = state.unknown(bench, where)
        if problem:
            raise Problem(problem)
        last = state.of(bench)
        if state.matches(last, where, index):
            return last
        end = bench.now + timeout * 1000
        found = asyncio.get_running_loop().create_future()

        def look():
            now = state.of(bench)
            if not found.done() and (state.matches(now, where, index) or bench.now >= end):
                found.set_result(now)

        bench.after_turn.append(look)
        try:
            last = await found
        finally:
            bench.after_turn.remove(look)
        if not state.matches(last, where, index):
            raise Problem("timeout", **last)
        return last

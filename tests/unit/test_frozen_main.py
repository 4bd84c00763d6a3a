"""What MicroPython runs first on a chip: it shuts the console before anything else, and however
the firmware ends there is a reset and no prompt behind it."""

import sys

GUARDS = ("boards/rp2/frozen/main.py", "boards/esp32/frozen/main.py")
SATELLITE = "boards/rp2/satellite/main.py"
ALL = GUARDS + (SATELLITE,)
LOG = []


class Reset(BaseException):
    """The chip is in reset: nothing after it is run."""


class Micropython:
    def kbd_intr(char):
        LOG.append("shut %d" % char)


class Machine:
    def reset():
        LOG.append("reset")
        raise Reset

    def WDT(timeout):
        LOG.append("watchdog %d" % timeout)
        raise Reset


class Time:
    def sleep_ms(ms):
        LOG.append("wait")


class Root:
    def __init__(self, end):
        self._end = end

    def run(self):
        LOG.append("firmware")
        if self._end is not None:
            raise self._end


class Package:
    def __init__(self, root):
        self.start = self.satellite = root


def run(path, end, root=Root):
    """The log of one boot whose firmware ends so."""
    del LOG[:]
    package = Package(root(end))
    fakes = {
        "micropython": Micropython,
        "machine": Machine,
        "time": Time,
        "firmware": package,
        "firmware.start": package.start,
        "firmware.satellite": package.satellite,
    }
    kept = {name: sys.modules.get(name) for name in fakes}
    with open(path) as file:
        code = file.read()
    sys.modules.update(fakes)
    try:
        exec(code, {})
        LOG.append("prompt")
    except Reset:
        LOG.append("gone")
    finally:
        for name in kept:
            if kept[name] is None:
                del sys.modules[name]
            else:
                sys.modules[name] = kept[name]
    return LOG


def ends(path):
    return ["reset" if "esp32" in path else "watchdog 1", "gone"]


def test_shut_before_anything_else_runs():
    for path in ALL:
        assert run(path, None)[:2] == ["shut -1", "firmware"]


def test_a_guard_that_comes_back_leaves_a_prompt():
    for path in GUARDS:
        assert run(path, None)[2:] == ["prompt"]


def test_a_satellite_has_no_prompt():
    assert run(SATELLITE, None)[2:] == ends(SATELLITE)


def test_whatever_is_raised_ends_in_a_reset():
    """Also what somebody typed before the first line, and what asks for a soft reset."""
    for path in ALL:
        for end in (ValueError("x"), KeyboardInterrupt(), SystemExit(), MemoryError()):
            told = run(path, end)
            assert told[:2] == ["shut -1", "firmware"] and told[-2:] == ends(path), (path, told)


def test_a_firmware_that_cannot_be_told_of():
    """The traceback itself fails: no way around the reset."""
    before = Time.sleep_ms

    def fails(ms):
        raise MemoryError

    Time.sleep_ms = fails
    try:
        for path in ALL:
            assert run(path, ValueError("x"))[-2:] == ends(path)
    finally:
        Time.sleep_ms = before


def test_a_firmware_that_cannot_be_imported():
    class Missing:
        def __init__(self, _):
            pass

    for path in ALL:
        told = list(run(path, None, Missing))
        assert "firmware" not in told and told[-2:] == ends(path)

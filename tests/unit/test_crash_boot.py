"""The boot guard after crash upon crash: which tree, after what pause. Real slots and imports."""

import sys

from tests.skip import Skip

if sys.implementation.name != "micropython":
    raise Skip("mounts file systems of MicroPython")

from tests.unit import test_start as rig
from tests.unit.slot_rig import Flash, slots_on

CRASH, REQUESTED = 4, 3
GOOD = rig.GOOD % ""
SLEPT = []


class Clock:
    """The guard's time: what it would sleep."""

    def sleep(seconds):
        SLEPT.append(seconds)
        LOOK[0]()


LOOK = [lambda: None]
rig.start.time = Clock
WORD = [0]


def boot(flash, cause=CRASH):
    """(what ran, slept seconds, the port)."""

    class Port(rig.Port):
        def __init__(self, flash):
            super().__init__(flash)
            self.reset_cause = cause
            self.retained = WORD[0]

    del SLEPT[:]
    ports = []
    base = rig.Port
    rig.Port = lambda flash: ports.append(Port(flash)) or ports[-1]
    try:
        ran, _, port = rig.boot(flash)
    finally:
        rig.Port = base
    WORD[0] = port.retained
    return ran, sum(SLEPT), port


def confirmed():
    """A flash whose slot a was confirmed long ago."""
    flash = rig.installed(GOOD)
    slots_on(flash).boot()
    rig.confirm(flash)
    return flash


def test_the_factorys_waits():
    """Four are tried again at once; then 1, 2, 5, 10 minutes; nothing is written on flash."""
    flash, WORD[0] = Flash(), 0x21
    boot(flash, 1)
    assert SLEPT == [], "a normal boot is not delayed"
    waits = [boot(flash)[1] for _ in range(10)]
    assert waits == [0] * 4 + [60, 120, 300, 600, 600, 600]
    assert flash.programs == 0 and WORD[0] & 0xFFFFFF == 0x21
    assert boot(flash, REQUESTED)[:2] == (["factory"], 0), "a reset that was asked for"
    assert boot(flash)[:2] == (["factory"], 600)


def test_a_pause_is_safe():
    """Before any tree is imported, any start is counted, any watchdog is armed."""
    WORD[0] = 0
    flash = rig.installed(GOOD)
    seen = []
    LOOK[0] = lambda: seen.append((list(rig.LOG), slots_on(flash).state()["starts"]))
    try:
        WORD[0] = 4 << 24 | 1 << 29
        _, slept, _ = boot(flash)
    finally:
        LOOK[0] = lambda: None
    assert seen == [([], 0)] and slept == 60
    assert slots_on(flash).failed == ("a", "RuntimeError: it ended"), "on trial: its own bound"


def test_a_trial_over_a_confirmed_tree():
    """What is on trial is not given up for what another tree has done: it may be the cure."""
    flash = confirmed()
    rig.installed(GOOD, flash)
    WORD[0] = 6 << 24 | 1 << 29
    ran, slept, _ = boot(flash)
    assert ran == ["/b/firmware/main.py"] and slept == 300
    assert slots_on(flash).failed == ("b", "RuntimeError: it ended")


def test_a_slots_tree_gives_way():
    """The confirmed tree is given up after the fifth crash, for good, and why is kept. The
    factory's is not made to wait for what another has done."""
    WORD[0] = 0
    flash = confirmed()
    boot(flash, 1)
    for _ in range(4):
        ran, slept, _ = boot(flash)
        assert ran == ["/a/firmware/main.py"] and not slept
    assert boot(flash)[:2] == (["factory"], 0)
    assert slots_on(flash).failed == ("a", "5 crashes in a row")
    waits = [boot(flash) for _ in range(5)]
    assert [slept for _, slept, _ in waits] == [0] * 4 + [60]
    assert [ran for ran, _, _ in waits] == [["factory"]] * 5


def test_a_switch_that_cannot_be_written():
    """Then the tree cannot be given up: the pause at least is kept."""
    WORD[0] = 4 << 24 | 1 << 29
    flash = confirmed()
    flash.writeblocks = rig.broken
    ran, slept, _ = boot(flash)
    assert slept == 60 and ran == ["/a/firmware/main.py"]


def test_a_board_without_slots():
    WORD[0] = 4 << 24 | 1 << 29
    del rig.board.slot_blocks
    try:
        assert boot(Flash())[:2] == (["factory"], 60)
    finally:
        rig.board.slot_blocks = rig.BLOCKS

"""Who the prompt is for, and what it takes to get it back: a hand, patience, all that is kept."""

from firmware import console
from firmware.store import unlock
from tests.unit.flash_rig import Cut, Flash

SECRET = b"-----BEGIN EC PRIVATE KEY-----"
POWER_ON, WATCHDOG, ASKED, CRASH = 1, 2, 3, 4
FOR_EVER = 10**9


class Reset(BaseException):
    """The chip is in reset."""


class Clock:
    def __init__(self):
        self.ms = 0

    def sleep_ms(self, ms):
        self.ms += ms


class Button:
    """`held`: [(from ms, to ms)]"""

    def __init__(self, clock, *held):
        self._clock, self._held = clock, held

    def pressed(self):
        return any(since <= self._clock.ms < until for since, until in self._held)


class Port:
    """A provisioned device: the files are gone when its first block is."""

    def __init__(self, *held, cause=POWER_ON):
        self.clock = console.time = Clock()
        self.flash = Flash(4, 1024)
        self.flash.data[: len(SECRET)] = SECRET
        self.reset_cause = cause
        self.unlock = Button(self.clock, *held)

    @property
    def provisioned(self):
        return self.flash.data[:1] != b"\xff"

    def reset(self):
        raise Reset

    def opens(self):
        """What came of a boot: is the console open, or was all erased on the way to a reset."""
        try:
            return console.is_open(self)
        except Reset:
            assert bytes(self.flash.data) == b"\xff" * len(self.flash.data)
            return "erased"


def test_open_where_nothing_was_ever_kept():
    port = Port()
    port.flash = Flash(4, 1024)
    assert port.opens() is True and port.flash.erases == [0] * 4


def test_shut_when_provisioned():
    """Without delay, and without the role: most boards have no such input."""
    port = Port()
    assert port.opens() is False and port.clock.ms == 0
    port.unlock = None
    assert port.opens() is False and port.clock.ms == 0


def test_held_and_let_go():
    port = Port((0, 11000))
    assert port.opens() == "erased"
    assert port.clock.ms == 11990
    port.reset_cause = ASKED
    assert port.opens() is True, "the next boot"


def test_not_held_so_long():
    for until in (10, 5000, 9990):
        port = Port((0, until))
        assert port.opens() is False and port.provisioned


def test_pressed_only_after_power_on():
    port = Port((10, 12000))
    assert port.opens() is False and port.clock.ms == 0


def test_never_let_go():
    """A short, a jumper that was forgotten: the boot takes its time, and that is all."""
    port = Port((0, FOR_EVER))
    assert port.opens() is False and port.provisioned
    assert port.clock.ms == 20000


def test_a_bad_contact():
    """Loose while it is held; and never let go for good."""
    port = Port((0, 6000), (6010, 12000))
    assert port.opens() is False and port.provisioned
    port = Port((0, 10500), *[(at, at + 50) for at in range(10900, 40000, 500)])
    assert port.opens() is False and port.provisioned


def test_only_after_power_on():
    """Whoever can make it crash or restart it over the air opens nothing."""
    for cause in (WATCHDOG, ASKED, CRASH):
        port = Port((0, 11000), cause=cause)
        assert port.opens() is False and port.clock.ms == 0


def test_begun_is_ended():
    """After a cut nobody needs to hold anything, and until it is done nothing opens."""
    for operation in range(1, 6):
        port = Port((0, 11000))
        port.flash.cut_in = operation
        try:
            port.opens()
            raise AssertionError("the power was to go")
        except Cut:
            port.flash.cut_in = None
        port.unlock, port.reset_cause = None, WATCHDOG
        if unlock.begun(port.flash):
            assert port.opens() == "erased", operation
        else:
            assert port.opens() is not port.provisioned
    assert port.opens() is True

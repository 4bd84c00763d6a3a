# heap: chip + 248k, a flash in RAM, floods of frames kept
"""Security events from where they arise to the CSMS that has answered them."""

from firmware.ocpp.clock import Clock
from firmware.ocpp.epoch import Epochs
from firmware.ocpp.timestamp import format_time, parse_time
from firmware.ocpp.v16 import rooms
from firmware.ocpp.v16.security_log import EVENTS, SecurityLog
from firmware.store.events import KIND, TEXT
from firmware.store.volatile import Volatile
from tests.unit.disk_rig import Files
from tests.unit.flash_rig import Flash
from tests.unit.station_rig import NOON, Charger

ACTION = "SecurityEventNotification"
STARTUP = "StartupOfTheDevice"
INVALID = "InvalidMessages"


class Home:
    """What outlives a reboot."""

    def __init__(self, blocks=8, block_bytes=1024):
        self.flash = Flash(blocks, block_bytes)
        self.names = {}
        self.store = Volatile(200000)

    def boot(self, online=True, started=True, **how):
        files = Files(self.names)
        clock = Clock(Epochs("boots", files, 100))
        ring = SecurityLog(self.flash, clock.epochs.boot, clock.at, self.flash.align)
        plant = rooms.Plant(security_ring=ring, serial_number="CP/1")
        c = Charger(clock=clock, store=self.store, plant=plant, online=False, **how)
        c.ring = ring
        c.backend.at = NOON + 3600 * clock.epochs.boot
        if started:
            c.station.security(STARTUP, "power on, 0.1.0", 0)
        if online:
            c.link(True)
        return c


def ready(**how):
    c = Home().boot(**how).run(3)
    c.since = c.mark()
    return c


def told(c, since=0):
    return [payload["type"] for payload in c.calls(ACTION, since)]


def texts(c, since=0):
    return [payload.get("techInfo") for payload in c.calls(ACTION, since)]


def near(text, at):
    """Whole seconds, and the beat it took."""
    return abs(parse_time(text) - at) <= 1


def kept(c):
    return [(row[KIND], row[TEXT]) for row in c.ring.history()]


def test_every_event_is_told_once_and_in_order():
    """A04.FR.01: each of the 18, with its own time, and nothing but what is known of it."""
    c = ready()
    assert told(c) == [STARTUP]
    for i, (name, _) in enumerate(EVENTS):
        c.station.security(name, "about %d" % i if i else "", c.now)
        c.run(0.02)
    c.run(10)
    assert told(c, c.since) == [name for name, _ in EVENTS]
    assert texts(c, c.since) == [None] + ["about %d" % i for i in range(1, 18)]
    for payload in c.calls(ACTION, c.since):
        assert near(payload["timestamp"], c.backend.at + 3)
    c.run(60)
    assert len(told(c)) == 19 and c.ring.next() is None


def test_one_at_a_time():
    """The next one waits for the answer to the one before."""
    c = ready()
    c.backend.override[ACTION] = None
    c.station.security(STARTUP, "a", c.now)
    c.station.security(STARTUP, "b", c.now)
    c.run(5)
    assert texts(c, c.since) == ["a"]
    c.station.security_events.delivery.answered("of another", c.now)
    c.run(1)
    assert texts(c, c.since) == ["a"] and c.ring.next()[TEXT] == "a"
    c.late(c.sent(ACTION)[-1], {})
    c.run(1)
    assert texts(c, c.since) == ["a", "b"]


def test_after_an_outage_and_a_reboot():
    """A04.FR.02: queued while the charge point is disconnected, delivered when it is not."""
    home = Home()
    c = home.boot().run(3)
    c.link(False)
    c.station.security("InvalidTLSVersion", "TLS 1.1", c.now)
    c.run(20)
    c.station.security("ResetOrReboot", "asked for", c.now)
    at = c.backend.at
    c = home.boot(online=False).run(5)
    assert told(c) == []
    c.link(True)
    c.run(3)
    assert told(c) == ["InvalidTLSVersion", "ResetOrReboot", STARTUP]
    times = [payload["timestamp"] for payload in c.calls(ACTION)]
    for text, expected in zip(times, (at + 3, at + 23, c.backend.at)):
        assert near(text, expected), (text, format_time(expected))
    c = home.boot().run(3)
    assert told(c) == [STARTUP], "what was answered is not told again"


def test_of_a_boot_that_never_knew_the_time():
    """Timestamps are resolved by a later boot, as those of bills are: before it began."""
    home = Home()
    c = home.boot(online=False).run(100)
    c.station.security(INVALID, "x", c.now)
    c.run(20)
    c = home.boot().run(3)
    assert told(c) == [STARTUP, INVALID, STARTUP]
    times = [payload["timestamp"] for payload in c.calls(ACTION)]
    assert times == sorted(times) and near(times[2], c.backend.at)
    assert format_time(c.backend.at - 130) < times[0] < times[1] <= times[2]


def test_a_link_that_breaks_before_the_answer():
    """Told again, since nobody knows whether it was heard; the next ones behind it."""
    c = ready()
    c.backend.silent = True
    c.station.security(STARTUP, "a", c.now)
    c.station.security(STARTUP, "b", c.now)
    c.run(1)
    c.link(False)
    c.backend.silent = False
    c.run(1)
    c.link(True)
    c.run(3)
    assert texts(c, c.since) == ["a", "a", "b"]


def test_a_csms_that_does_not_know_the_message():
    """A CALLERROR is an answer: three of them, a minute apart, and the next one has its turn."""
    c = ready()
    c.backend.override[ACTION] = "NotImplemented"
    c.station.security(STARTUP, "a", c.now)
    c.station.security(STARTUP, "b", c.now)
    c.skip(400)
    assert texts(c, c.since) == ["a", "a", "a", "b", "b", "b"]
    times = [frame.now for frame in c.sent(ACTION)[1:]]
    assert times[1] - times[0] >= 60000 and times[2] - times[1] >= 60000
    assert c.ring.next() is None and len(kept(c)) == 3


def test_a_csms_that_says_nothing_holds_up_no_bill():
    """Asked ever more seldom; never given up."""
    c = ready()
    c.backend.override[ACTION] = None
    c.station.security(STARTUP, "a", c.now)
    c.skip(6 * 3600)
    times = [frame.now // 1000 for frame in c.sent(ACTION)[1:]]
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert 8 < len(times) < 13 and gaps == sorted(gaps) and gaps[-1] > 3600, times
    mark = c.mark()
    c.charge()
    assert "StartTransaction" in c.actions(mark)
    del c.backend.override[ACTION]
    c.skip(3700)
    assert texts(c)[-1] == "a" and c.ring.next() is None
    c.station.security(STARTUP, "b", c.now)
    c.run(1)
    assert texts(c)[-1] == "b"


def test_bills_and_events_take_turns():
    """A backlog of hundreds of events does not hold up a transaction."""
    home = Home(8, 4096)
    c = home.boot(online=False).run(1)
    for i in range(200):
        c.station.security("SettingSystemTime", "%d s" % i, i * 3600000)
    c.link(True)
    c.run(2)
    c.plug()
    c.run(1)
    c.swipe()
    c.until(lambda: c.calls("StartTransaction"), 5)
    assert 0 < len(told(c)) < 200
    c.until(lambda: c.ring.next() is None, 120)
    seconds = [text for text in texts(c) if text.endswith(" s")]
    assert seconds == ["%d s" % i for i in range(200)]


def test_nothing_before_the_station_is_accepted():
    """4.2: Pending, and Rejected, stations say only what they are asked for."""
    home = Home()
    for status in ("Pending", "Rejected"):
        c = home.boot(online=False)
        c.backend.status = status
        c.link(True)
        c.run(5)
        assert told(c) == []
    c = home.boot().run(3)
    assert told(c) == [STARTUP] * 3


def test_what_the_text_may_hold():
    """techInfo: at most 255 printable ASCII characters, no password."""
    c = ready()
    said = ("x" * 500, "l\u00e4\u00df\u20ac", "a\nb", "ftp://u:secret@host/x failed")
    for text in said:
        c.station.security(INVALID, text, c.now)
    c.run(3)
    assert texts(c, c.since) == ["x" * 80, "l???", "a?b", "ftp://***@host/x failed"]


def test_without_a_log_nothing_is_told_and_nothing_fails():
    c = Charger(online=True).run(2)
    c.station.security(STARTUP, "", c.now)
    c.station.security(INVALID)
    c.run(5)
    assert told(c) == []


def test_an_event_without_a_time_is_of_this_beat():
    c = ready()
    c.station.security(INVALID, "late")
    c.run(1)
    assert near(c.calls(ACTION, c.since)[0]["timestamp"], c.backend.at + 3)


def test_a_log_on_flash_that_fails_stops_nobody():
    c = ready()
    c.station.security(STARTUP, "a", c.now)

    def broken(*_):
        raise OSError(5)

    reads, c.ring._ring._device.readblocks = c.ring._ring._device.readblocks, broken
    c.run(5)
    assert told(c, c.since) == []
    c.ring._ring._device.readblocks = reads
    c.run(70)
    assert texts(c, c.since) == ["a"]

# heap: chip + 384k, whole archives in RAM
"""The archive of GetDiagnostics: what is in it, what never is, and that it is a tar."""

import json

from firmware.ocpp import archive
from firmware.ocpp.timestamp import parse_time
from firmware.store import log
from firmware.store.archive import Archive, header
from firmware.store.events import Events
from tests.unit.flash_rig import Flash
from tests.unit.station_rig import NOON, ready

MEMBERS = ("station.json", "log.txt", "frames.txt", "configuration.txt", "events.txt", "wear.txt")


def read(source, n=700):
    parts = []
    while True:
        part = source.read(n)
        assert len(part) <= min(n, 1024)
        if not part:
            return b"".join(parts)
        parts.append(part)


def members(data):
    """{name: bytes}, read as POSIX has it, and nothing else in it."""
    found, at = {}, 0
    while data[at : at + 512] != b"\0" * 512:
        head = data[at : at + 512]
        assert int(head[148:154], 8) == sum(head) - sum(head[148:156]) + 8 * 32
        assert head[257:265] == b"ustar\x0000" and head[156:157] == b"0"
        size = int(head[124:135], 8)
        name = head[:100].rstrip(b"\0").decode()
        found[name] = data[at + 512 : at + 512 + size]
        end = at + 512 + size
        at = end + (-size & 511)
        assert data[end:at] == b"\0" * (at - end)
    assert data[at:] == b"\0" * 1024
    return found


def opened(charger, **how):
    source = archive.build(charger.station, "CP 1/\u00e4", charger.now, **how)
    data = read(source)
    assert len(data) == source.size
    return {name: raw.decode() for name, raw in members(data).items()}


def charger_with(**keys):
    log.set_clock(None)
    log.LOG.__init__(4096, 240)
    log.FRAMES.__init__(4096, 640)
    charger = ready(keys=keys)
    charger.station.events = Events(Flash(4, 1024), 41, charger.station.clock.at)
    charger.station.wear = lambda: [("Files", 12, 340, 51200)]
    log.set_clock(lambda: charger.now)
    return charger


# --- tar ------------------------------------------------------------------------------------


def test_a_member_of_any_size():
    """Sizes around a block's; read in any portions; twice the same."""
    for size in (0, 1, 511, 512, 513, 1500):
        body = bytes([i & 0x7F for i in range(size)])
        parts = [body[i : i + 100] for i in range(0, size, 100)]
        one = ("one", lambda parts=parts: iter(parts))
        source = Archive("a.tar", (one, ("two", lambda: [b"", b"x"])))
        whole = read(source)
        assert len(whole) == source.size and not source.read(9)
        assert members(whole) == {"one": body, "two": b"x"}
        for n in (37, 511, 512, 513, 5000):
            source.restart()
            assert read(source, n) == whole


def test_what_changes_meanwhile_keeps_its_measured_size():
    """Content-Length was said already: what grows is cut, what shrinks is filled with lines."""
    for now, then in ((b"12345", b"12"), (b"12", b"12345"), (b"x" * 2000, b""), (b"", b"x" * 9)):
        bodies = [now]
        first = ("a", lambda bodies=bodies: iter(bodies))
        source = Archive("a.tar", (first, ("b", lambda: [b"end"])))
        bodies[0] = then
        data = read(source)
        assert len(data) == source.size
        told = then[: len(now)]
        assert members(data) == {"a": told + b"\n" * (len(now) - len(told)), "b": b"end"}


def test_a_header_is_posix():
    """POSIX ustar: name, mode, owner, size and time in octal, checksum, type, magic."""
    head = header("log.txt", 4097, 1767268800)
    assert len(head) == 512 and head[:8] == b"log.txt\0" and head[100:108] == b"0000644\0"
    assert head[124:136] == b"00000010001\0" and head[136:148] == b"15125460700\0"
    try:
        header("x" * 101, 0, 0)
    except ValueError:
        return
    raise AssertionError("a name too long for the field")


# --- what is in it --------------------------------------------------------------------------


def test_everything_a_technician_asks_for():
    """Station, log, frames, configuration, events, wear, each a text."""
    charger = charger_with(HeartbeatInterval="77")
    station = charger.station
    station.facts = lambda: {"version": "0.1.0", "cause": "power on", "heap_free": 12345}
    log.note("link:", "reset by peer")
    log.frame(">", '[2,"1","Authorize",{"idTag":"04A1B2C3"}]')
    station.events.add("boot", "power on, 0.1.0", 0)
    for i in range(3):
        station.events.add("link lost", "reset by peer", 1000 + i)
    found = opened(charger)
    assert sorted(found) == sorted(MEMBERS)
    state = json.loads(found["station.json"])
    assert (state["version"], state["cause"], state["heap_free"]) == ("0.1.0", "power on", 12345)
    assert state["uptime_ms"] == charger.now and parse_time(state["utc"]) == NOON
    assert (state["online"], state["registration"]) == (True, "Accepted")
    (connector,) = state["connectors"]
    assert (connector["id"], connector["status"], connector["pilot"]) == (1, "Available", "A")
    assert connector["contactor_closed"] is False and connector["error"] == "NoError"
    assert found["log.txt"] == "2026-01-01T12:00:00Z 1.500 link: reset by peer\n"
    assert found["frames.txt"].endswith(' 1.500 > [2,"1","Authorize",{"idTag":"***B2C3"}]\n')
    assert "RW HeartbeatInterval = 300\n" in found["configuration.txt"], "the backend's"
    assert "RW AuthorizationKey = (held back)\n" in found["configuration.txt"]
    assert "Inoperative" not in found["configuration.txt"]
    lines = found["events.txt"].split("\n")
    assert lines[0] == "1 2026-01-01T11:59:59Z boot 41 0.000 boot power on, 0.1.0"
    assert lines[1] == "2 2026-01-01T12:00:00Z boot 41 1.000 link lost reset by peer"
    assert lines[2:] == ["since then 2 x link lost reset by peer, at 1.002 ", ""]
    lines = found["wear.txt"].split("\n")
    assert lines[0] == "Files: 12 erases, 340 programs, 51200 bytes"
    assert lines[1] == "queued: 0, parked: 0, thinned: 0, dropped: 0"


def test_no_secret_leaves_with_it():
    """The key of the link, passwords in addresses and idTags, wherever they are kept or said."""
    charger = charger_with(AuthorizationKey="hunter2")
    key = '[2,"1","ChangeConfiguration",{"value":"hunter2","key":"authorizationKey"}]'
    log.frame("<", key)
    log.frame("<", key[:-1])
    log.frame("<", '[2,"2","GetDiagnostics",{"location":"ftp://u:hunter2@h/"}]')
    log.note("fetch", "https://u:hunter2@h/x?s=hunter2")
    rows = charger.station.settings._rows
    charger.station.settings._rows = rows + (
        ("UploadPassword", 2, "RW", "hunter2", None, 0),
        ("UploadUrl", 2, "RW", "ftp://u:hunter2@h/\nx", None, 0),
    )
    charger.charge(id_tag="hunter2hunter2TAG1")
    source = archive.build(charger.station, "CP", charger.now)
    data = read(source)
    assert b"hunter" not in data
    found = members(data)
    assert b"UploadPassword = (held back)" in found["configuration.txt"]
    assert b"UploadUrl = ftp://***@h/\\nx" in found["configuration.txt"]


def test_the_period_asked_for():
    """§5.9: startTime and stopTime choose lines whose time is known; others stay in."""
    charger = charger_with()
    station = charger.station
    log.set_clock(None)
    log.note("before any clock")
    log.set_clock(lambda: charger.now)
    for i in range(5):
        log.note("line", i)
        log.frame(">", '["frame %d"]' % i)
        station.events.add("link lost", "event %d" % i, charger.now)
        charger.run(10, 1000)
    for start, stop, expected in (
        (None, None, "01234"),
        (NOON + 15, None, "234"),
        (None, NOON + 15, "01"),
        (NOON + 10, NOON + 31, "123"),
        (NOON + 900, None, ""),
    ):
        found = opened(charger, start=start, stop=stop)
        for name, word in (("log.txt", "line"), ("frames.txt", "frame"), ("events.txt", "event")):
            seen = [i for i in "01234" if word + " " + i in found[name]]
            assert "".join(seen) == expected, (name, start, stop)
        assert "before any clock" in found["log.txt"]


def test_its_name():
    """Fit for any file system; with UTC, or with the time since boot while that is unknown."""
    charger = charger_with()
    name = archive.build(charger.station, "CP001", charger.now).name
    assert name == "CP001-20260101T120000Z.tar"
    name = archive.build(charger.station, "../a b\u00e4" + "x" * 90, charger.now).name
    assert name == "___a_b_" + "x" * 41 + "-20260101T120000Z.tar"
    assert archive.build(charger.station, "", charger.now).name == "_-20260101T120000Z.tar"
    dark = ready(online=False)
    log.note("dark")
    source = archive.build(dark.station, "CP001", 1500)
    assert source.name == "CP001-1500ms.tar"
    found = members(read(source))
    assert found["events.txt"] == b"(no event history on this board)\n"
    assert json.loads(found["station.json"])["utc"] is None
    assert found["log.txt"] == b"- 1.500 dark\n", "no clock: since boot alone"


def test_what_is_said_while_it_is_read():
    """The upload itself fills the log: the size that was announced still holds, at any place."""
    charger = charger_with()
    for i in range(60):
        log.note("line %d" % i, "x" * 60)
    source = archive.build(charger.station, "CP", charger.now)
    parts = []
    part = source.read(300)
    while part:
        parts.append(part)
        log.note("sent", "y" * 100)
        charger.station.events.add("link lost", "x", charger.now)
        part = source.read(300)
    data = b"".join(parts)
    assert len(data) == source.size
    found = members(data)
    assert b"y" * 100 not in found["log.txt"], "what came later is no part of it"
    source.restart()
    assert len(read(source)) == source.size


class Known:
    """A clock whose epochs know the boots 70 to 101."""

    boot = 101
    events = None

    def __init__(self):
        self.clock = self.epochs = self

    def at(self, boot, ms):
        return boot * 1000 + ms // 1000


def test_the_time_of_an_event():
    """As it was known; else as that boot or a later one has learned; a forgotten boot has none."""
    station = Known()
    for boot, at, expected in (
        (101, 5, 5),
        (101, None, 101007),
        (70, None, 70007),
        (69, None, None),
        (102, None, None),
        (69, 5, 5),
    ):
        assert archive.when(station, (1, boot, 7000, at, "boot", "", 1)) == expected
    station.epochs = None
    assert archive.when(station, (1, 101, 7000, None, "boot", "", 1)) is None


class Unreadable(Flash):
    broken = False

    def readblocks(self, block, buf, offset):
        if self.broken:
            raise OSError(5)
        super().readblocks(block, buf, offset)


def test_a_history_that_cannot_be_read():
    """Flash fails: the rest of the archive comes all the same."""
    charger = charger_with()
    flash = Unreadable(4, 1024)
    charger.station.events = Events(flash, 41, charger.station.clock.at)
    charger.station.events.add("boot", "", 0)
    flash.broken = True
    found = opened(charger)
    assert found["events.txt"].startswith("(unreadable from here: ") and found["wear.txt"]


def test_parked_messages_are_told():
    charger = charger_with(TransactionMessageAttempts="1")
    charger.charge()
    charger.backend.override["StopTransaction"] = "InternalError"
    charger.swipe()
    charger.until(lambda: charger.outbox.parked == 1)
    found = opened(charger)
    assert "parked: 1" in found["wear.txt"]
    assert ": StopTransaction of transaction 1: InternalError" in found["wear.txt"]

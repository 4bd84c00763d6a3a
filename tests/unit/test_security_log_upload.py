# heap: chip + 232k, flashes in RAM, logs uploaded
"""GetLog and LogStatusNotification (whitepaper N01): both logs, every end they can come to."""

from firmware.ocpp.archive import build
from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16 import security_text
from firmware.ocpp.v16.log_upload import failure
from firmware.ocpp.v16.security_text import Text
from firmware.wire import ProtocolError, ftp, http
from firmware.wire.location import Location
from tests.unit.station_rig import Charger
from tests.unit.test_security_events import INVALID, STARTUP, Home, near
from tests.unit.update_rig import Server

STATUS = "LogStatusNotification"
SECURITY = "SecurityLog"
DIAGNOSTICS = "DiagnosticsLog"


class Rig:
    def __init__(self, connectors=1):
        self.home = Home()
        self.charger = c = self.home.boot(connectors=connectors)
        c.station.archive = lambda start, stop, now: build(c.station, "CP/1", now, start, stop)
        self.server = Server(b"")
        self.room = c.station.security_events
        self.ids = 0
        self.run(3)

    def run(self, seconds, step_ms=50):
        for _ in range(int(seconds * 1000) // step_ms):
            self.charger.tick(step_ms)
            self.server.beat(self.room, self.charger.now)
        return self

    def get(self, kind=SECURITY, where="http://192.0.2.1/in/", log=None, **fields):
        self.ids += 1
        request = {"logType": kind, "requestId": self.ids, "log": {"remoteLocation": where}}
        request["log"].update(log or {})
        request.update(fields)
        return self.charger.ask("GetLog", request)

    def told(self):
        calls = self.charger.calls(STATUS)
        return [(payload.get("requestId"), payload["status"]) for payload in calls]

    def text(self, **how):
        assert self.get(**how)["status"] == "Accepted"
        self.run(3)
        return self.server.got[-1][1].decode()


def test_tc_079_the_security_log_is_uploaded():
    """OCTT TC_079; N01.FR.01, 02, 03, 07, 08, 09: Accepted with the name, Uploading, Uploaded,
    each with the requestId."""
    rig = Rig()
    rig.charger.station.security("InvalidTLSVersion", "TLS 1.1", rig.charger.now)
    answer = rig.get(requestId=4711)
    assert answer["status"] == "Accepted"
    rig.run(3)
    assert rig.told() == [(4711, "Uploading"), (4711, "Uploaded")]
    ((name, data),) = rig.server.got
    assert name == answer["filename"] and name.endswith("-security.txt") and "CP_1-2026" in name
    lines = data.decode().split("\n")
    assert lines[0].startswith("# security log of CP_1, 2026-") and lines[-1] == ""
    number, time, kind, critical, rest = lines[1].split(" ", 4)
    assert (number, kind, critical, rest) == ("1", STARTUP, "(critical)", "power on, 0.1.0")
    assert near(time, rig.charger.backend.at)
    number, time, kind, rest = lines[2].split(" ", 3)
    assert (kind, rest) == ("InvalidTLSVersion", "TLS 1.1")
    assert len(lines) == 4
    rig.run(60)
    assert len(rig.told()) == 2


def test_the_diagnostics():
    """N01.FR.04: the archive of GetDiagnostics."""
    rig = Rig()
    answer = rig.get(DIAGNOSTICS)
    assert answer["status"] == "Accepted" and answer["filename"].endswith(".tar")
    rig.run(10)
    assert rig.told() == [(1, "Uploading"), (1, "Uploaded")]
    assert rig.server.got[0][0] == answer["filename"] and b"ustar" in rig.server.got[0][1]


def test_what_the_window_takes():
    """oldestTimestamp, latestTimestamp: only lines between them; what has no time is always in."""
    rig = Rig()
    c = rig.charger
    at = c.backend.at
    for i in range(5):
        c.station.security(INVALID, "event %d" % i, c.now + i * 1000)

    def found(oldest, latest):
        window = {}
        if oldest is not None:
            window["oldestTimestamp"] = format_time(at + 3 + oldest)
        if latest is not None:
            window["latestTimestamp"] = format_time(at + 3 + latest)
        return rig.text(log=window).count("InvalidMessages")

    assert found(None, None) == found(-2, 9) == 5
    assert found(2, None) in (2, 3) and found(None, 1) in (2, 3)
    assert found(2, None) + found(None, 1) == 5
    assert found(2, 2) == 1 and found(50, None) == found(None, -50) == 0
    crooked = {"oldestTimestamp": format_time(at), "latestTimestamp": format_time(at - 1)}
    assert rig.get(log=crooked) == "PropertyConstraintViolation"


def test_a_line_of_a_boot_without_a_clock():
    home = Home()
    home.boot(online=False).run(2)
    c = home.boot(online=False).run(1)
    c.ring.add(INVALID, "x", 1250)
    source = security_text.build(c.station, 1000)
    assert source.name == "CP_1-1000ms-security.txt"
    lines = source.read(1000).decode().split("\n")
    boot = c.clock.epochs.boot
    assert lines[1] == "1 boot %d +0.000 s %s (critical) power on, 0.1.0" % (boot - 1, STARTUP)
    assert lines[3] == "3 boot %d +1.250 s %s x" % (boot, INVALID)
    assert len(source.name) < 255 and source.read(1000) == b""


def test_counts_are_in_it():
    rig = Rig()
    for _ in range(4):
        rig.charger.station.security(INVALID, "x", rig.charger.now)
    assert "# since then 3 x InvalidMessages x\n" in rig.text()
    rig.charger.ring.flush()
    assert " InvalidMessages x (3 times)\n" in rig.text()


def test_a_log_that_changes_on_its_way_keeps_its_length():
    """The length is said first: new events are not in it, and what has gone is empty lines."""
    rig = Rig()
    c = rig.charger
    for i in range(40):
        c.station.security("SettingSystemTime", "%d" % i, i * 3600000 + c.now)
        c.ring.prepare(0)
    rig.server.faults = [None]
    rig.get()
    for i in range(40, 400):
        c.station.security("SettingSystemTime", "%d" % i, i * 3600000 + c.now)
        c.ring.prepare(0)
    size = rig.room.upload._source.size
    rig.run(10)
    assert rig.told()[-1] == (1, "Uploaded")
    data = rig.server.got[0][1]
    assert len(data) == size and b" 41\n" not in data and data.endswith(b"\n\n\n")


def test_text_in_pieces_of_any_size():
    lines = ["line %d \u00e4\n" % i for i in range(100)]
    whole = "".join(lines).encode()
    source = Text("x", lambda: iter(lines))
    assert source.size == len(whole)
    for n in (1, 7, 100, 1024, 5000):
        source.restart()
        parts = []
        while True:
            part = source.read(n)
            assert len(part) <= min(n, 1024)
            if not part:
                break
            parts.append(part)
        assert b"".join(parts) == whole


# --- ends -------------------------------------------------------------------------------------


def test_a_new_request_takes_the_place_of_a_running_one():
    """N01.FR.11: AcceptedCanceled; of the one before nothing more is told."""
    rig = Rig()
    rig.get(DIAGNOSTICS)
    rig.run(0.5)
    answer = rig.get(SECURITY)
    assert answer["status"] == "AcceptedCanceled" and answer["filename"].endswith(".txt")
    rig.run(5)
    assert rig.told() == [(1, "Uploading"), (2, "Uploading"), (2, "Uploaded")]
    assert len(rig.server.got) == 1
    assert rig.get(SECURITY)["status"] == "Accepted"


def test_what_is_not_there_is_rejected():
    """N01: no log on this board, or none can be made; what runs goes on."""
    c = Charger(online=True).run(2)
    request = {"logType": SECURITY, "requestId": 1, "log": {"remoteLocation": "http://x/"}}
    assert c.ask("GetLog", request) == {"status": "Rejected"}
    request["logType"] = DIAGNOSTICS
    assert c.ask("GetLog", request) == {"status": "Rejected"}
    rig = Rig()
    rig.get()

    def full(start, stop, now):
        raise MemoryError

    rig.charger.station.archive = full
    assert rig.get(DIAGNOSTICS) == {"status": "Rejected"}
    rig.run(5)
    assert rig.told() == [(1, "Uploading"), (1, "Uploaded")]


def test_why_it_failed():
    """N01.FR.10: the status that describes it as precisely as possible."""
    for error, status in (
        ("HTTP 401", "PermissionDenied"),
        ("HTTP 403", "PermissionDenied"),
        ("FTP 530 to PASS", "PermissionDenied"),
        ("FTP 550 to STOR", "PermissionDenied"),
        ("FTP 550 to CWD", "UploadFailure"),
        ("HTTP 405", "NotSupportedOperation"),
        ("FTP 502 to EPSV", "NotSupportedOperation"),
        ("HTTP 400", "BadMessage"),
        ("HTTP 404", "UploadFailure"),
        ("HTTP 507", "UploadFailure"),
        ("FTP 552 to STOR", "UploadFailure"),
        ("no connection within 30 s", "UploadFailure"),
        ("[Errno 104] ECONNRESET", "UploadFailure"),
        ("", "UploadFailure"),
    ):
        rig = Rig()
        rig.server.faults = [error]
        rig.get(retries=0)
        rig.run(3)
        assert rig.told() == [(1, "Uploading"), (1, status)], (error, rig.told())
        rig.charger.ask("ExtendedTriggerMessage", {"requestedMessage": STATUS}, 0.3)
        assert rig.told()[2:] == [(None, "Idle")], error


def reason(feed):
    try:
        feed()
    except ProtocolError as error:
        return error.reason
    raise AssertionError("nothing wrong")


def test_the_words_of_the_transfer_are_known():
    """What wire says of a peer that breaks the grammar is a BadMessage: held against wire."""

    def head(data):
        reader = http.AnswerReader()
        reader.feed(data)
        return reason(reader.next)

    def dialogue(data):
        made = ftp.Dialogue("u", "p", "x", True)
        made.feed(data)
        return reason(made.next)

    for answer in ("SSH-2.0", "HTTP/1.1 2x0 OK", "HTTP/1.1 200 OK\r\nab c"):
        answer = (answer + "\r\n\r\n").encode()
        assert failure(head(answer)) == "BadMessage", head(answer)
    assert failure(head(b"x" * 20000)) == "BadMessage"
    assert failure(dialogue(b"hello\r\n")) == "BadMessage"
    assert failure(dialogue(b"220-" + b"x" * 9000)) == "BadMessage"
    assert failure(dialogue(b"530 no\r\n")) == "PermissionDenied"
    nowhere = reason(lambda: http.redirect(302, {}, Location("http://a/"), True))
    assert failure(nowhere) == "BadMessage"


def test_a_protocol_that_is_not_spoken():
    """NotSupportedOperation, at once and without a try; a URL that is none, too."""
    for where in ("sftp://192.0.2.1/in", "ftps://192.0.2.1/in", "nonsense", ""):
        rig = Rig()
        assert rig.get(where=where)["status"] == "Accepted"
        rig.run(3)
        assert rig.told() == [(1, "NotSupportedOperation")], where
        assert rig.server.jobs == []


def test_retries():
    """So many after the first, so far apart; one end."""
    rig = Rig()
    rig.server.faults = ["HTTP 503", 100, "HTTP 503"]
    rig.get(retries=2, retryInterval=10)
    rig.run(40)
    assert rig.told() == [(1, "Uploading"), (1, "UploadFailure")]
    times = [now for now, _, _ in rig.server.jobs]
    assert len(times) == 3 and times[1] - times[0] >= 10000 <= times[2] - times[1]
    rig.server.faults = ["HTTP 503"]
    rig.get(retries=1, retryInterval=1)
    rig.run(10)
    assert rig.told()[2:] == [(2, "Uploading"), (2, "Uploaded")]
    for field in ("retries", "retryInterval"):
        assert rig.get(**{field: -1}) == "PropertyConstraintViolation"


def test_what_a_status_belongs_to_over_an_outage():
    """The last status of a request is told when the link is back, with its own requestId."""
    rig = Rig()
    rig.get(requestId=7)
    rig.charger.link(False)
    rig.run(5)
    assert rig.server.got and rig.told() == []
    rig.charger.link(True)
    rig.run(2)
    assert rig.told() == [(7, "Uploaded")]


def test_idle_is_told_only_when_it_is_asked_for():
    """6.19; N01.FR.12: without a requestId, since no upload is going on."""
    rig = Rig()

    def trigger():
        request = {"requestedMessage": STATUS}
        assert rig.charger.status_of("ExtendedTriggerMessage", request) == "Accepted"
        rig.run(0.5)
        return rig.told()[-1]

    assert trigger() == (None, "Idle")
    rig.server.faults = ["HTTP 503"]
    rig.get(requestId=9, retries=1, retryInterval=30)
    rig.run(3)
    assert trigger() == (9, "Uploading")
    rig.run(40)
    assert rig.told()[-1] == (9, "Uploaded")
    assert trigger() == (None, "Idle")


def test_a_request_that_is_none():
    rig = Rig()
    good = {"logType": SECURITY, "requestId": 1, "log": {"remoteLocation": "http://x/"}}
    for field, value in (
        ("logType", "Log"),
        ("requestId", "1"),
        ("log", {}),
        ("log", {"remoteLocation": "x" * 513}),
        ("retries", 1.5),
    ):
        request = dict(good)
        request[field] = value
        assert isinstance(rig.charger.ask("GetLog", request), str), field  # a CALLERROR
    assert rig.told() == []

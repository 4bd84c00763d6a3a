"""Security events and the security log from end to end: OCTT TC_079, and what A04 and N01 of the
security whitepaper say of outages, reboots, and servers that err.
"""

import pytest

from tests.scenarios.conftest import charger
from tests.scenarios.file_server import FTP, Files, FTPHandler
from tools.csms_script import altered, error, lost

EVENT = "SecurityEventNotification"
STATUS = "LogStatusNotification"
STARTUP = "StartupOfTheDevice"
SECRET = "s3cret-word"


@pytest.fixture
def files():
    made = Files()
    yield made
    made.close()


def begun(csms):
    """The event of the boot is told: it may be before the statuses are."""
    assert csms.wait(lambda: csms.calls(EVENT, 0, type=STARTUP), csms.wall(30))


def events(csms):
    return [frame.payload["type"] for frame in csms.calls(EVENT, 0)]


def different(csms):
    """As events(); what the reboot kept from being answered, and was told again, once."""
    told = [frame.payload for frame in csms.calls(EVENT, 0)]
    return [told[i]["type"] for i in range(len(told)) if i == 0 or told[i] != told[i - 1]]


def statuses(csms):
    found = [frame.payload for frame in csms.calls(STATUS, 0)]
    return [(payload.get("requestId"), payload["status"]) for payload in found]


def get(csms, where, kind="SecurityLog", number=1, log=None, **how):
    log = dict(log or {}, remoteLocation=where)
    return csms.call("GetLog", logType=kind, requestId=number, log=log, **how)


def test_the_boot_is_an_event(rig, csms):
    """Section 8: StartupOfTheDevice, with its own time, once."""
    begun(csms)
    rig.bench.run(30)
    assert events(csms) == [STARTUP]


def test_tc_079_get_security_log(rig, csms, files):
    """OCTT TC_079: GetLog names the file, then Uploading and Uploaded with its requestId."""
    begun(csms)
    answer = get(csms, files.url("/in", "cpo:%s@" % SECRET), number=4711)
    assert answer["status"] == "Accepted"
    csms.expect(STATUS, 60, status="Uploading", requestId=4711)
    csms.expect(STATUS, 60, status="Uploaded", requestId=4711)
    assert list(files.brought) == ["/in/" + answer["filename"]]
    text = files.brought["/in/" + answer["filename"]].decode()
    assert text.startswith("# security log of ") and " %s (critical)" % STARTUP in text
    assert SECRET not in text and SECRET not in rig.bench.console
    rig.bench.run(20)
    assert statuses(csms) == [(4711, "Uploading"), (4711, "Uploaded")]


def test_tc_079_by_ftp(rig, csms, tmp_path, monkeypatch):
    """N01, remark 8: FTP, passive, with a login."""
    monkeypatch.setattr(FTPHandler, "auth_failed_timeout", 0.1)  # of the bench's time
    begun(csms)
    home = tmp_path / "ftp"
    home.mkdir()
    ftp = FTP(home, "cpo", SECRET)
    try:
        answer = get(csms, f"ftp://cpo:{SECRET}@127.0.0.1:{ftp.port}/")
        csms.expect(STATUS, 60, status="Uploaded")
        assert [path.name for path in home.iterdir()] == [answer["filename"]]
        get(csms, f"ftp://cpo:wrong@127.0.0.1:{ftp.port}/", number=2, retries=0)
        csms.expect(STATUS, 60, status="PermissionDenied", requestId=2)
    finally:
        ftp.close()


def test_the_diagnostics_log(rig, csms, files):
    """N01.FR.04: the archive of GetDiagnostics."""
    answer = get(csms, files.url("/in"), "DiagnosticsLog")
    csms.expect(STATUS, 60, status="Uploaded", requestId=1)
    assert answer["filename"].endswith(".tar")
    assert b"ustar" in files.brought["/in/" + answer["filename"]]


@pytest.mark.parametrize(
    "how, status",
    [
        (401, "PermissionDenied"),
        (403, "PermissionDenied"),
        (501, "NotSupportedOperation"),
        (400, "BadMessage"),
        (500, "UploadFailure"),
        ("nobody", "UploadFailure"),
        ("sftp", "NotSupportedOperation"),
    ],
)
def test_why_it_failed(rig, csms, files, how, status):
    """N01.FR.10: as precise as possible; then Idle, only when it is asked for."""
    files.faults = [how] * 9
    where = {"nobody": "http://127.0.0.1:1/in", "sftp": "sftp://127.0.0.1/in"}
    answer = get(csms, where.get(how, files.url("/in")), retries=1, retryInterval=5)
    assert answer["status"] == "Accepted" and answer["filename"]
    csms.expect(STATUS, 200, status=status, requestId=1)
    assert files.brought == {}
    rig.bench.run(20)
    assert statuses(csms) == [(1, "Uploading"), (1, status)][how == "sftp" :]
    answer = csms.call("ExtendedTriggerMessage", requestedMessage=STATUS)
    assert answer == {"status": "Accepted"}
    csms.expect(STATUS, 10, status="Idle")
    assert statuses(csms)[-1] == (None, "Idle")


def test_another_request_takes_its_place(rig, csms, files):
    """N01.FR.11: AcceptedCanceled; nothing more of the first."""
    assert get(csms, "http://127.0.0.1:1/in", retries=5, retryInterval=30)["status"] == "Accepted"
    csms.expect(STATUS, 60, status="Uploading", requestId=1)
    assert get(csms, files.url("/in"), number=2)["status"] == "AcceptedCanceled"
    csms.expect(STATUS, 60, status="Uploaded", requestId=2)
    rig.bench.run(60)
    assert {number for number, _ in statuses(csms)[1:]} == {2}
    assert len(files.brought) == 1


def test_events_of_an_outage(rig, csms, net):
    """A04.FR.02: what was not answered before the link broke is told again, with its own time."""
    begun(csms)
    held = csms.bend(EVENT, lost())
    csms.ask("Reset", {"type": "Never"})
    csms.expect(EVENT, 30, type="InvalidMessages")
    assert held.hits
    net.cut("reset")
    rig.bench.run(20)
    net.mend()
    csms.expect_link(2)
    csms.expect(EVENT, 60, type="InvalidMessages")
    csms.ask("Vanish", {})
    csms.expect(EVENT, 60, type="InvalidMessages")
    rig.bench.run(20)
    assert events(csms) == [STARTUP] + ["InvalidMessages"] * 3
    told = [frame.payload for frame in csms.calls(EVENT, 0)][1:]
    assert told[0] == told[1] and told[0]["techInfo"] == "Reset PropertyConstraintViolation"
    assert told[2]["techInfo"] == "unknown action NotImplemented"


def test_events_of_an_outage_and_a_power_cut(rig, csms, net, power):
    """A04.FR.02: over a reboot too; the reset that was asked for is one of them."""
    begun(csms)
    csms.call("Reset", type="Soft")
    csms.expect("BootNotification", 120)
    csms.expect(EVENT, 60, type=STARTUP)
    rig.bench.run(10)
    assert different(csms) == [STARTUP, "ResetOrReboot", STARTUP]
    found = events(csms)
    net.cut()
    rig.bench.run(5)
    power.cut()
    rig.bench.run(5)
    power.restore()
    rig.bench.run(30)
    assert events(csms) == found
    net.mend()
    csms.expect(EVENT, 120, type=STARTUP)
    rig.bench.run(10)
    assert different(csms) == [STARTUP, "ResetOrReboot", STARTUP, STARTUP]
    times = [frame.payload["timestamp"] for frame in csms.calls(EVENT, 0)]
    assert times == sorted(times)


def test_a_csms_that_has_never_heard_of_it(rig, csms):
    """A CALLERROR is an answer: nothing else waits behind it, no link is lost for it."""
    begun(csms)
    csms.bend(EVENT, error("NotImplemented"), None)
    csms.ask("Reset", {"type": "Never"})
    rig.begin()
    rig.finish()
    rig.leave()
    rig.bench.run(200)
    assert events(csms) == [STARTUP] + ["InvalidMessages"] * 3
    assert len(csms.links) == 1


def test_messages_that_are_none(rig, csms):
    """InvalidMessages: told once, then counted; the charge point stays."""
    begun(csms)
    for _ in range(20):
        csms.say('[2,"x"')
    csms.expect(EVENT, 30, type="InvalidMessages")
    rig.bench.run(30)
    assert events(csms) == [STARTUP, "InvalidMessages"]
    rig.begin()
    rig.finish()
    rig.leave()


def test_the_clock_is_set(rig, csms):
    """SettingSystemTime: the CSMS names another time than before."""
    begun(csms)
    csms.bend("Heartbeat", altered(lambda _: {"currentTime": "2026-11-22T09:30:00Z"}))
    assert csms.call("TriggerMessage", requestedMessage="Heartbeat") == {"status": "Accepted"}
    frame = csms.expect(EVENT, 30, type="SettingSystemTime")
    assert 3 * 3600 < int(frame.payload["techInfo"].split()[0]) < 4 * 3600
    assert frame.payload["timestamp"].startswith("2026-11-22T09:30:0")


@charger(connectors=2)
def test_extended_trigger_message(rig, csms):
    """5.5: what is asked for follows, once; what is not here is NotImplemented."""
    for wanted in ("Heartbeat", STATUS, "StatusNotification", "MeterValues"):
        answer = csms.call("ExtendedTriggerMessage", requestedMessage=wanted)
        assert answer == {"status": "Accepted"}
        csms.mark()
        csms.call("ExtendedTriggerMessage", requestedMessage=wanted, connectorId=1)
        csms.expect(wanted, 30)
    answer = csms.call("ExtendedTriggerMessage", requestedMessage="BootNotification")
    assert answer == {"status": "Rejected"}
    answer = csms.call("ExtendedTriggerMessage", requestedMessage="MeterValues", connectorId=3)
    assert answer == {"status": "Rejected"}

# heap: chip + 176k, slots and a bundle in RAM
"""What is told of an update and an upload: each status once, in order, and after an outage the
last; GetDiagnostics."""

from firmware.ocpp.v16 import rooms
from tests.unit.disk_rig import Files
from tests.unit.station_rig import Charger
from tests.unit.update_rig import FILE, GOOD, ready

DIAGNOSTICS = "DiagnosticsStatusNotification"
FIRMWARE = "FirmwareStatusNotification"
SENT = ["Uploading", "Uploaded"]


class Source:
    """An archive; what it was asked for."""

    def __init__(self, text=b"log " * 100):
        self.name = "CP001.tar"
        self.text = text
        self.size = len(text)
        self.asked = []
        self.restart()

    def __call__(self, start, stop, now):
        self.asked.append((start, stop, now))
        return self

    def restart(self):
        self.at = 0

    def read(self, n):
        piece = self.text[self.at : self.at + n]
        self.at += len(piece)
        return piece


def sender(**how):
    box = ready(**how)
    box.archive = box.charger.station.archive = Source()
    return box


def profiles(charger):
    answer = charger.ask("GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    return answer["configurationKey"][0]["value"].split(",")


# --- what there is ---------------------------------------------------------------------------


def test_it_is_built_where_there_are_slots_and_files():
    box = ready()
    assert "FirmwareManagement" in profiles(box.charger)
    for plant in (rooms.Plant(Files({})), rooms.Plant(None, box.slots())):
        charger = Charger(plant=plant).run(1)
        assert "FirmwareManagement" not in profiles(charger)
        assert charger.station.firmware_management is None
        request = {"location": "http://h/f", "retrieveDate": "2020-01-01T00:00:00Z"}
        assert charger.ask("UpdateFirmware", request) == "NotSupported"
        assert charger.ask("GetDiagnostics", {"location": "http://h/f"}) == "NotSupported"


def test_its_keys():
    """Erratum 3.90, and two of our own."""
    box = ready()
    c = box.charger
    assert c.configure("SupportedFileTransferProtocols", "HTTP") == "Rejected"
    assert c.configure("UpdateDuringTransaction", "maybe") == "Rejected"
    assert c.configure("UpdateDuringTransaction", "true") == "Accepted"
    assert c.configure("UpdateTrialTimeout", "59") == "Rejected"
    assert c.configure("UpdateTrialTimeout", "60") == "Accepted"
    answer = c.ask("GetConfiguration", {"key": ["SupportedFileTransferProtocols"]})
    assert answer["configurationKey"] == [
        {"key": "SupportedFileTransferProtocols", "readonly": True, "value": "FTP,HTTP,HTTPS"}
    ]


# --- what is told ----------------------------------------------------------------------------


def test_after_an_outage_only_the_last_status_is_told():
    """4.5: kept updated; not with what has long been over."""
    box = ready()
    box.charger.link(False)
    box.charger.station.call(
        "UpdateFirmware",
        {"location": "http://h/f", "retrieveDate": "2020-01-01T00:00:00Z"},
        box.charger.now,
    )
    box.until(lambda: box.room.update.progress.status == "Downloaded", 60)
    assert box.told() == []
    box.charger.link(True)
    box.until(box.finished)
    assert box.told() == GOOD[1:]


def test_a_status_that_the_link_took_away_is_told_again():
    box = ready()
    c = box.charger
    c.backend.override[FIRMWARE] = None
    box.server.faults = ["404"]
    box.ask(retryInterval=30)
    box.until(lambda: box.told() == ["Downloading"], 60, 20)
    c.link(False)
    box.run(1)
    c.backend.override.clear()
    c.link(True)
    box.run(1)
    assert box.told() == ["Downloading", "Downloading"]
    box.until(box.finished)
    assert box.told() == ["Downloading"] + GOOD


def test_one_at_a_time_and_in_order():
    """A slow backend hears each of them, in the order they came."""
    box = ready(keys={"UpdateDuringTransaction": "false"})
    c = box.charger
    heard = []

    def slow(payload):
        heard.append((c.now, payload["status"]))
        return None if len(heard) % 2 else {}

    c.backend.override[FIRMWARE] = slow
    box.server.faults = ["404"]
    box.ask(retries=0)
    box.until(lambda: len(heard) == 2, 200)
    box.until(box.finished)
    assert [status for _, status in heard] == ["Downloading", "DownloadFailed"]
    assert heard[1][0] - heard[0][0] >= 30000  # MessageTimeout


def test_a_backend_that_refuses_is_not_asked_for_ever():
    """The last status three times, a minute apart; then it is as good as told."""
    box = ready()
    box.charger.backend.override[FIRMWARE] = "NotImplemented"
    box.server.faults = ["404"]
    box.ask(retries=0)
    box.until(lambda: FILE not in box.names and box.finals(), 400)
    box.run(200)
    assert box.told() == ["Downloading"] + ["DownloadFailed"] * 3
    told = [frame.now for frame in box.charger.sent(FIRMWARE)]
    assert 60000 <= told[2] - told[1] <= 61000 and 60000 <= told[3] - told[2] <= 61000
    box.off()
    box.run(10)
    assert len(box.told()) == 4


def test_a_flood_of_other_messages_does_not_push_it_out():
    """The outbox keeps a dozen live messages; cards are not told when nobody answers."""
    box = ready(connectors=2)
    c = box.charger
    c.backend.silent = True
    c.send("TriggerMessage", {"requestedMessage": "Heartbeat"})
    box.run(1)
    box.server.faults = ["404"]
    box.ask(retries=0)
    box.until(lambda: b"DownloadFailed" in box.names[FILE], 25, 20)
    for i in range(20):
        c.outbox.put("Authorize", {"idTag": "T%d" % i})
    c.backend.silent = False
    box.until(box.finished, 100)
    assert box.told() == ["Downloading", "DownloadFailed"]


def test_one_that_was_pushed_out_is_told_after_a_while():
    """Nothing but messages that the backend has asked for, and more of them than find room."""
    box = ready(connectors=5)
    c = box.charger
    c.backend.silent = True
    c.send("TriggerMessage", {"requestedMessage": "Heartbeat"})
    box.run(1)
    box.server.faults = ["404"]
    box.ask(retries=0)
    for _ in range(3):
        c.send("TriggerMessage", {"requestedMessage": "StatusNotification"})
        box.run(1)
    c.backend.silent = False
    box.run(300)
    assert box.told() == []
    box.until(box.finished, 600)
    assert box.told() == ["Downloading", "DownloadFailed"]


def test_before_accepted_nothing_is_told():
    """4.2: while Pending only what is asked for."""
    box = ready()
    box.server.faults = ["404"]
    box.ask(retries=0)
    box.charger.backend.override[FIRMWARE] = None
    box.until(lambda: b"DownloadFailed" in box.names[FILE])
    box.off()
    box.boot()
    mark = len(box.told())
    box.charger.backend.status = "Pending"
    box.run(20)
    assert len(box.told()) == mark
    assert box.charger.status_of("TriggerMessage", {"requestedMessage": FIRMWARE}) == "Accepted"
    box.run(1)
    assert box.told()[mark:] == ["DownloadFailed"]


# --- diagnostics -----------------------------------------------------------------------------


def test_diagnostics_are_sent():
    """5.9: the answer names the file, then DiagnosticsStatusNotification; 6.25: a time span."""
    box = sender()
    answer = box.diagnose(startTime="2026-01-01T00:00:00Z", stopTime="2026-01-01T01:00:00+01:00")
    assert answer == {"fileName": "CP001.tar"}
    assert box.archive.asked[0][:2] == (1767225600, 1767225600)
    box.until(lambda: box.told(DIAGNOSTICS) == SENT)
    assert box.server.got == [("CP001.tar", box.archive.text)]
    assert box.server.jobs[0][1] == "ftp://192.0.2.1/in"
    box.run(10)
    assert box.told(DIAGNOSTICS) == SENT and len(box.server.jobs) == 1
    assert box.diagnose() == {"fileName": "CP001.tar"}
    assert box.archive.asked[1][:2] == (None, None)
    box.until(lambda: box.told(DIAGNOSTICS) == SENT * 2)


def test_without_diagnostics_there_is_no_file_name():
    """5.9: if no diagnostics file is available GetDiagnostics.conf SHALL NOT contain a name."""
    box = ready()
    assert box.diagnose() == {}

    def broken(start, stop, now):
        raise OSError(5)

    box.charger.station.archive = broken
    assert box.diagnose() == {}
    box.run(5)
    assert box.server.jobs == [] and box.told(DIAGNOSTICS) == []


def test_an_upload_that_fails_is_tried_again_from_the_start():
    """6.25, erratum 3.50: retries after the first try, retryInterval apart."""
    box = sender()
    box.server.faults = ["connection refused", 200]
    box.diagnose(retries=2, retryInterval=20)
    box.until(lambda: box.told(DIAGNOSTICS) == SENT)
    times = [at for at, _, _ in box.server.jobs]
    assert len(times) == 3
    assert 20000 <= times[1] - times[0] <= 20500 and 20000 <= times[2] - times[1] <= 20500
    assert box.server.got == [("CP001.tar", box.archive.text)]


def test_when_the_retries_are_used_up_the_upload_failed():
    box = sender()
    box.server.faults = ["no"] * 9
    box.diagnose(retries=1, retryInterval=5)
    box.until(lambda: "UploadFailed" in box.told(DIAGNOSTICS))
    box.run(30)
    assert box.told(DIAGNOSTICS) == ["Uploading", "UploadFailed"] and len(box.server.jobs) == 2
    assert box.diagnose(location="smb://192.0.2.1/in") == {"fileName": "CP001.tar"}
    box.run(5)
    assert box.told(DIAGNOSTICS)[2:] == ["UploadFailed"] and len(box.server.jobs) == 2


def test_what_is_wrong_in_get_diagnostics_changes_nothing():
    box = sender()
    for wrong in (
        {"retries": -1},
        {"retryInterval": -5},
        {"startTime": "2026-01-02T00:00:00Z", "stopTime": "2026-01-01T00:00:00Z"},
    ):
        assert box.diagnose(**wrong) == "PropertyConstraintViolation"
    assert box.archive.asked == []


def test_another_request_for_diagnostics_takes_the_place_of_the_first():
    box = sender()
    box.diagnose(location="http://192.0.2.1/1")
    box.until(lambda: box.server.job is not None, 10, 20)
    first = box.server.job
    box.diagnose(location="http://192.0.2.1/2")
    assert first.cancelled
    box.until(lambda: box.told(DIAGNOSTICS)[-1:] == ["Uploaded"])
    assert box.told(DIAGNOSTICS) == ["Uploading"] + SENT
    assert len(box.server.got) == 1


def test_after_a_reboot_no_diagnostics_are_sent():
    box = sender()
    box.server.faults = ["no"] * 9
    box.diagnose(retryInterval=30)
    box.run(5)
    box.off()
    box.run(60)
    assert box.told(DIAGNOSTICS) == ["Uploading"] and len(box.server.jobs) == 1
    box.charger.ask("TriggerMessage", {"requestedMessage": DIAGNOSTICS})
    box.run(1)
    assert box.told(DIAGNOSTICS)[-1] == "Idle"


def test_an_update_and_an_upload_take_turns():
    """One transfer at a time; both end."""
    box = sender()
    box.server.faults = ["404", "no"]
    box.ask(retryInterval=20)
    box.until(lambda: "Downloading" in box.told())
    box.diagnose(retryInterval=5)
    box.until(box.finished)
    assert box.told() == GOOD
    assert box.told(DIAGNOSTICS) == SENT

"""GetDiagnostics from end to end: the archive of this charger reaches a real server, and no secret
is in it (OCPP 1.6 section 5.9).
"""

import io
import tarfile

import pytest

from tests.scenarios.conftest import charger
from tests.scenarios.file_server import FTP, Files

STATUS = "DiagnosticsStatusNotification"
SENT = ["Uploading", "Uploaded"]
SECRET = "s3cret-word"


@pytest.fixture
def files():
    made = Files()
    yield made
    made.close()


def statuses(csms):
    return [frame.payload["status"] for frame in csms.calls(STATUS, 0)]


def members(data):
    """{name: text} of the archive, read by Python's own tarfile."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {item.name: tar.extractfile(item).read().decode() for item in tar.getmembers()}


def clean(texts, *secrets):
    for name, text in texts.items():
        for secret in (SECRET, *secrets):
            assert secret not in text, (name, secret)


@charger(keys={"AuthorizationKey": "0123456789abcdef0123"}, password="0123456789abcdef0123")
def test_tc_045_1_diagnostics_uploaded(rig, csms, files):
    """OCTT TC_045_1: GetDiagnostics names the file, then Uploading and Uploaded."""
    rig.begin()
    rig.finish()
    where = files.url("/in", "cpo:%s@" % SECRET)
    name = csms.call("GetDiagnostics", location=where)["fileName"]
    for status in SENT:
        csms.expect(STATUS, 60, status=status)
    assert statuses(csms) == SENT
    assert list(files.brought) == ["/in/" + name] and files.credentials[0].startswith("Basic ")
    texts = members(files.brought["/in/" + name])
    assert {"station.json", "log.txt", "frames.txt", "configuration.txt"} <= set(texts)
    assert "StartTransaction" in texts["frames.txt"] and "boot:" in texts["log.txt"]
    assert "HeartbeatInterval" in texts["configuration.txt"]
    clean(texts, "0123456789abcdef0123")
    assert SECRET not in rig.bench.console
    rig.bench.run(20)
    assert statuses(csms) == SENT
    rig.leave()


def test_tc_045_1_diagnostics_by_ftp(rig, csms, tmp_path):
    """A directory on an FTP server with a login."""
    home = tmp_path / "ftp"
    home.mkdir()
    ftp = FTP(home, "cpo", SECRET)
    try:
        at = f"ftp://cpo:{SECRET}@127.0.0.1:{ftp.port}/"
        name = csms.call("GetDiagnostics", location=at)["fileName"]
        csms.expect(STATUS, 60, status="Uploaded")
    finally:
        ftp.close()
    assert [path.name for path in home.iterdir()] == [name]
    clean(members((home / name).read_bytes()))
    assert statuses(csms) == SENT and SECRET not in rig.bench.console


def test_tc_045_1_diagnostics_at_the_second_attempt(rig, csms, files):
    """6.25, erratum 3.50: retries, retryInterval apart; the file is whole."""
    files.faults = [500, 503]
    name = csms.call("GetDiagnostics", location=files.url("/in"), retries=2, retryInterval=10)
    csms.expect(STATUS, 120, status="Uploaded")
    assert statuses(csms) == SENT
    assert "station.json" in members(files.brought["/in/" + name["fileName"]])


def test_diagnostics_while_somebody_charges(rig, csms, files):
    """A session and its bill do not notice."""
    rig.begin()
    csms.call("GetDiagnostics", location=files.url("/in"))
    csms.expect(STATUS, 60, status="Uploaded")
    assert rig.bench.connector()["contactor"]
    rig.finish()
    rig.leave()


@pytest.mark.parametrize("how", ["500", "nobody", "sftp"])
def test_tc_045_2_diagnostics_not_uploaded(rig, csms, files, how):
    """OCTT TC_045_2: UploadFailed once the retries are used up."""
    location = {
        "500": files.url("/in"),
        "nobody": "http://127.0.0.1:1/in",
        "sftp": "sftp://127.0.0.1/in",
    }[how]
    files.faults = [500] * 9
    answer = csms.call("GetDiagnostics", location=location, retries=1, retryInterval=5)
    assert answer["fileName"]
    csms.expect(STATUS, 200, status="UploadFailed")
    rig.bench.run(20)
    assert statuses(csms) == ["Uploading", "UploadFailed"][how == "sftp" :]
    assert files.brought == {}
    answer = csms.call("TriggerMessage", requestedMessage=STATUS)
    assert answer == {"status": "Accepted"}
    csms.expect(STATUS, 10, status="Idle")


def test_tc_045_2_link_lost_in_the_upload(rig, csms, net, files):
    """The link is gone: what has become of it is told when it is back, and nothing else."""
    csms.call("GetDiagnostics", location="http://127.0.0.1:1/in", retries=1, retryInterval=20)
    csms.expect(STATUS, 60, status="Uploading")
    net.cut("reset")
    rig.bench.run(40)
    net.mend()
    csms.expect(STATUS, 120, status="UploadFailed")
    assert statuses(csms) == ["Uploading", "UploadFailed"]

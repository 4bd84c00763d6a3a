"""UpdateFirmware from end to end: a bundle of this very firmware with another version number, a
real server, two slots on flash, a trial, and power that goes (OCPP 1.6 section 5.19).
"""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.scenarios.bench import ROOT
from tests.scenarios.conftest import charger
from tests.scenarios.file_server import FTP, Files
from tools import bundle
from tools import compile as bytecode

NEW = "7.7.7"
STATUS = "FirmwareStatusNotification"
LONG_AGO = "2020-01-01T00:00:00Z"
GOOD = ["Downloading", "Downloaded", "Installing", "Installed"]
BROKEN = 'raise RuntimeError("a firmware that cannot be started")\n'


class Maker:
    """Bundles of this firmware, changed or not."""

    def __init__(self, work):
        self._work = work
        self._files = {}

    def make(self, version=NEW, name=None, source=None):
        """`name`: a file of firmware/ with this source instead of its own."""
        if version not in self._files:
            self._files[version] = bundle.tree("BENCH", version, Path(ROOT), self._work)
        files = dict(self._files[version])
        if name is not None:
            path = self._work / "changed.py"
            path.write_text(source)
            bytecode.compile_file(path, path.with_suffix(".mpy"), Path("firmware", name))
            files[f"firmware/{name}.mpy"] = path.with_suffix(".mpy").read_bytes()
        return bundle.bundle(files, version, "BENCH")

    def deaf(self):
        """One that never reaches its backend, for whatever reason."""
        source = Path(ROOT, "firmware/tasks/csms.py").read_text()
        begin = "        backoff = _BACKOFF_MIN_MS\n        while True:\n"
        assert begin in source
        changed = source.replace(begin, begin + "            await asyncio.sleep_ms(1 << 29)\n")
        return self.make(name="tasks/csms", source=changed)


@pytest.fixture(scope="session")
def maker(tmp_path_factory):
    return Maker(tmp_path_factory.mktemp("bundle"))


@pytest.fixture(scope="session")
def good(maker):
    return maker.make()


@pytest.fixture
def files():
    made = Files()
    yield made
    made.close()


def begin_update(csms, location, **fields):
    """UpdateFirmware, taken."""
    request = {"location": location, "retrieveDate": LONG_AGO, **fields}
    assert csms.call("UpdateFirmware", **request) == {}


def statuses(csms):
    return [frame.payload["status"] for frame in csms.calls(STATUS, 0)]


def version(csms):
    return csms.calls("BootNotification", 0)[-1].payload["firmwareVersion"]


def bills(rig):
    """A charger that boots and bills."""
    rig.csms.ledger.transactions.clear()
    rig.bench.until(queue=0, timeout=60)
    rig.bench.until(ocpp_status="Available", timeout=60)
    rig.csms.mark()
    rig.begin()
    rig.bench.run(10)
    rig.finish()
    rig.leave()


def installed(rig, csms, timeout=200):
    csms.expect("BootNotification", timeout, firmwareVersion=NEW)
    csms.expect(STATUS, 60, status="Installed")
    assert statuses(csms).count("Installed") == 1
    bills(rig)


def rolled_back(rig, csms, before, timeout=300):
    csms.expect(STATUS, timeout, status="InstallationFailed")
    assert version(csms) == before
    bills(rig)


def wait_for_console(rig, text, seconds=300):
    for _ in range(seconds // 5):
        if text in rig.bench.console:
            return
        rig.bench.run(5)
    raise AssertionError("the console never said %r" % text)


def silent_traceback(rig):
    """A firmware that raises says so on the console, and here it is meant to."""
    judge = rig.judge
    rig.judge = lambda: [said for said in judge() if "raised" not in said]


# --- good ----------------------------------------------------------------------------------------


def test_tc_044_1_firmware_update(rig, csms, files, good):
    """OCTT TC_044_1: Downloading, Downloaded, Installing, reboot, Installed; the new
    firmwareVersion."""
    files.body["/fw.bin"] = good
    before = version(csms)
    begin_update(csms, files.url("/fw.bin"))
    for status in ("Downloading", "Downloaded", "Installing"):
        csms.expect(STATUS, 120, status=status)
    installed(rig, csms)
    assert version(csms) == NEW != before
    assert statuses(csms) == GOOD
    answer = csms.call("TriggerMessage", requestedMessage=STATUS)
    assert answer == {"status": "Accepted"}
    csms.expect(STATUS, 10, status="Idle")


def test_tc_044_1_twice_and_by_ftp(rig, csms, maker, tmp_path):
    """The second update goes into the other slot; by FTP with a login in the location, which is
    shown nowhere."""
    home = tmp_path / "ftp"
    home.mkdir()
    (home / "one.bin").write_bytes(maker.make("7.7.6"))
    (home / "two.bin").write_bytes(maker.make())
    ftp = FTP(home, "cpo", "s3cret-word")
    try:
        at = f"ftp://cpo:s3cret-word@127.0.0.1:{ftp.port}"
        begin_update(csms, at + "/one.bin")
        csms.expect("BootNotification", 200, firmwareVersion="7.7.6")
        csms.expect(STATUS, 60, status="Installed")
        begin_update(csms, at + "/two.bin")
        csms.expect("BootNotification", 200, firmwareVersion=NEW)
        csms.expect(STATUS, 60, status="Installed")
    finally:
        ftp.close()
    assert statuses(csms) == GOOD * 2
    assert "s3cret" not in rig.bench.console
    bills(rig)


def test_tc_044_1_resumed_where_it_broke_off(rig, csms, files, good):
    """6.55: retries; a server that can resume is asked for the rest only."""
    files.body["/fw.bin"] = good
    files.faults = [100000, 60000]
    begin_update(csms, files.url("/fw.bin"), retries=3, retryInterval=5)
    installed(rig, csms)
    assert statuses(csms) == GOOD
    starts = [int(asked[6:].rstrip("-")) if asked else 0 for asked in files.asked]
    assert starts[0] == 0 and 90000 < starts[1] <= 100000 and starts[2] > 140000, starts


def test_retrieve_date(rig, csms, files, good):
    """6.55: not before it."""
    files.body["/fw.bin"] = good
    at = (rig.utc() + timedelta(seconds=120)).replace(microsecond=0)
    begin_update(csms, files.url("/fw.bin"), retrieveDate=at.isoformat())
    rig.bench.run(100)
    assert not files.asked and statuses(csms) == []
    csms.expect(STATUS, 60, status="Downloading")
    assert rig.utc() >= at
    installed(rig, csms)


# --- not downloaded ------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["404", "closed", "digest", "other", "nobody", "ftps"])
def test_tc_044_2_download_failed(rig, csms, files, good, how):
    """OCTT TC_044_2: DownloadFailed; everything is as before."""
    before = version(csms)
    files.body["/fw.bin"] = good
    location = files.url("/fw.bin")
    if how == "404":
        location = files.url("/none.bin")
    elif how == "closed":
        files.faults = [1000] * 2
    elif how == "digest":
        files.body["/fw.bin"] = good[:-1] + bytes([good[-1] ^ 1])
    elif how == "other":
        files.body["/fw.bin"] = b"<html>no bundle</html>" * 1000
    elif how == "nobody":
        location = "http://127.0.0.1:1/fw.bin"
    elif how == "ftps":
        location = "ftps://127.0.0.1/fw.bin"
    begin_update(csms, location, retries=1, retryInterval=5)
    csms.expect(STATUS, 300, status="DownloadFailed")
    rig.bench.run(10)
    assert statuses(csms) == ["Downloading", "DownloadFailed"][how == "ftps" :]
    assert version(csms) == before and len(csms.calls("BootNotification", 0)) == 1
    assert len(files.asked) == {"404": 2, "closed": 2, "digest": 2, "other": 1}.get(how, 0)
    bills(rig)


# --- not installed -------------------------------------------------------------------------------


def test_tc_044_3_installation_failed(rig, csms, files, maker):
    """OCTT TC_044_3: a firmware that cannot be started: InstallationFailed by the one before."""
    silent_traceback(rig)
    before = version(csms)
    files.body["/fw.bin"] = maker.make(name="main", source=BROKEN)
    begin_update(csms, files.url("/fw.bin"))
    for status in ("Downloading", "Downloaded", "Installing"):
        csms.expect(STATUS, 120, status=status)
    rolled_back(rig, csms, before)
    assert statuses(csms) == [*GOOD[:3], "InstallationFailed"]


@charger(keys={"UpdateTrialTimeout": "60"})
def test_tc_044_3_firmware_that_does_not_reach_its_backend(rig, csms, files, maker, good):
    """It rolls back by itself within UpdateTrialTimeout; a good one can follow."""
    before = version(csms)
    files.body["/deaf.bin"] = maker.deaf()
    files.body["/fw.bin"] = good
    begin_update(csms, files.url("/deaf.bin"))
    csms.expect(STATUS, 200, status="Installing")
    rolled_back(rig, csms, before)
    begin_update(csms, files.url("/fw.bin"))
    installed(rig, csms)


@charger(keys={"UpdateTrialTimeout": "120"})
def test_tc_044_3_firmware_that_is_not_accepted(rig, csms, files, good):
    """A backend that says Pending for ever is none."""
    before = version(csms)
    files.body["/fw.bin"] = good
    begin_update(csms, files.url("/fw.bin"))
    csms.expect(STATUS, 200, status="Installing")
    csms.boots = [("Pending", 600)]
    csms.expect("BootNotification", 60, firmwareVersion=NEW)
    rolled_back(rig, csms, before)


# --- while somebody charges ----------------------------------------------------------------------


@charger(connectors=2)
def test_tc_044_1_waits_for_the_transaction(rig, csms, bench, files, good):
    """5.19: installed when the session has ended; a connector not in use is Unavailable
    meanwhile."""
    files.body["/fw.bin"] = good
    files.stop_at = 50000
    begin_update(csms, files.url("/fw.bin"))
    csms.expect(STATUS, 120, status="Downloading")
    rig.begin()
    files.stop_at = None
    files.flows.set()
    csms.expect(STATUS, 120, status="Downloaded")
    csms.status("Unavailable", 2)
    bench.run(60)
    assert statuses(csms) == ["Downloading", "Downloaded"]
    assert bench.connector(1)["contactor"]
    rig.finish()
    csms.expect(STATUS, 60, status="Installing")
    csms.expect("BootNotification", 60, firmwareVersion=NEW)
    csms.expect(STATUS, 60, status="Installed")
    csms.status("Available", 2)
    rig.leave()
    bills(rig)


@charger(keys={"UpdateDuringTransaction": "true"})
def test_update_during_a_transaction(rig, csms, files, good):
    """UpdateDuringTransaction true: StopTransaction with reason Reboot, then it is installed."""
    files.body["/fw.bin"] = good
    files.stop_at = 50000
    begin_update(csms, files.url("/fw.bin"))
    csms.expect(STATUS, 120, status="Downloading")
    rig.begin()
    files.stop_at = None
    files.flows.set()
    csms.expect("StopTransaction", 120, reason="Reboot")
    rig.right()
    csms.expect("BootNotification", 60, firmwareVersion=NEW)
    csms.expect(STATUS, 60, status="Installed")
    rig.leave()
    bills(rig)


# --- the power goes ------------------------------------------------------------------------------


def cycle(rig, seconds=2):
    rig.bench.power(False)
    rig.bench.run(seconds)
    rig.bench.power(True)


@pytest.mark.parametrize("behind", [200, 30000, 200000])
def test_power_cut_in_the_download(rig, csms, files, good, behind):
    """What has arrived is kept over the cut, the rest is fetched."""
    files.body["/fw.bin"] = good
    files.stop_at = behind
    begin_update(csms, files.url("/fw.bin"))
    assert csms.wait(lambda: files.sent >= behind, 60)
    rig.bench.run(2)
    files.stop_at = None
    cycle(rig)
    files.flows.set()
    installed(rig, csms)
    starts = [int(asked[6:].rstrip("-")) if asked else 0 for asked in files.asked]
    assert len(starts) == 2 and behind - 9000 < starts[1] <= behind + 1024, starts
    assert statuses(csms) == ["Downloading", *GOOD]


@pytest.mark.parametrize("later", [0.0, 1.0])
def test_power_cut_while_it_is_verified(rig, csms, files, good, later):
    files.body["/fw.bin"] = good
    begin_update(csms, files.url("/fw.bin"))
    assert csms.wait(lambda: files.sent == len(good), 60)
    rig.bench.run(later)
    cycle(rig)
    installed(rig, csms)
    assert statuses(csms)[-3:] == GOOD[1:]


@pytest.mark.parametrize("later", [0.0, 0.02, 0.1, 0.3, 0.6])
def test_power_cut_at_the_switch(rig, csms, files, good, later):
    """Before or behind it: the trial begins at the next boot, or everything goes on."""
    files.body["/fw.bin"] = good
    begin_update(csms, files.url("/fw.bin"))
    csms.expect(STATUS, 200, status="Installing")
    rig.bench.run(later)
    cycle(rig)
    installed(rig, csms)


@pytest.mark.parametrize("cuts", [1, 2])
def test_power_cut_in_the_trial(rig, csms, files, good, cuts):
    """A trial that the power ended is begun again."""
    files.body["/fw.bin"] = good
    begin_update(csms, files.url("/fw.bin"))
    csms.expect(STATUS, 200, status="Installing")
    csms.boots = [("Pending", 600)] * cuts
    for _ in range(cuts):
        csms.expect("BootNotification", 60, firmwareVersion=NEW)
        rig.bench.run(1)
        cycle(rig)
    installed(rig, csms)
    assert statuses(csms) == GOOD


def test_power_cut_before_the_failure_is_told(rig, csms, net, files, good):
    """The last status of an update is told after the next accepted BootNotification."""
    files.body["/fw.bin"] = good
    files.stop_at = 20000
    begin_update(csms, files.url("/fw.bin"), retries=0)
    csms.expect(STATUS, 120, status="Downloading")
    net.cut("reset")
    wait_for_console(rig, "update: DownloadFailed")
    cycle(rig)
    net.mend()
    csms.expect("BootNotification", 120)
    csms.expect(STATUS, 60, status="DownloadFailed")
    rig.bench.run(1)
    cycle(rig)
    rig.bench.run(10)
    bills(rig)
    assert statuses(csms) == ["Downloading", "DownloadFailed"]


def test_link_lost_in_the_download(rig, csms, net, files, good):
    """The cable is pulled in the middle, and comes back."""
    files.body["/fw.bin"] = good
    files.stop_at = 80000
    begin_update(csms, files.url("/fw.bin"), retries=5, retryInterval=10)
    assert csms.wait(lambda: files.sent >= 80000, 60)
    net.cut("reset")
    files.stop_at = None
    files.flows.set()
    rig.bench.run(30)
    net.mend()
    installed(rig, csms, 300)
    assert statuses(csms)[-3:] == GOOD[1:]

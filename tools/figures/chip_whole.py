"""The whole firmware on the emulated chip for tools/figures/chip.py: boot, a session, every
profile of OCPP 1.6 loaded, traffic while a car charges, and the same over TLS.

The bench, its car, card and meter are those of tests/emulated; what is measured is read by
tools/emulator/figure_rig.mjs, which a `node` of our own in PATH puts before the emulator.
Boundary: measures, judges nothing.
"""

import json
import os
import re
import shutil
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.scenarios.authority import Authority
from tests.scenarios.conftest import Rig
from tools.csms_backend import utc
from tools.csms_server import NoAnswer
from tools.rig import rp2040
from tools.rig.bench import FIRST_MS
from tools.sim_bench import Refused

KEYS = {
    "MeterValueSampleInterval": "2",
    "ClockAlignedDataInterval": "0",
    "HeartbeatInterval": "10",
    "AllowOfflineTxForUnknownId": "true",
}
LARGEST = 8000  # of the 8.5 KB this board takes as one message (firmware/stores.py)
PASSWORD = bytes(range(20))
NODE = shutil.which("node")  # before one of ours stands in its way, once for each run
PROBE = Path(rp2040.EMULATOR, "figure_rig.mjs")


class Whole:
    """A charge point with a probe in its chip. `phase()` names what comes now."""

    def __init__(self, folder, image, symbols, tls=False):
        self.folder = Path(folder)
        (self.folder / "symbols.json").write_text(json.dumps(symbols))
        self.unanswered = 0
        self.phase("boot")
        self._node(image)
        options = {"speed": 1, "booted": False, "keys": dict(KEYS)}
        if tls:
            root = Authority()
            options.update(server=root.server(), tls={"ca": root.pem}, password=PASSWORD)
            options["keys"].update(AuthorizationKey=PASSWORD.hex(), SecurityProfile="2")
        self.rig = Rig(self.folder, None, options)
        self.bench, self.csms = self.rig.bench, self.rig.csms

    def _node(self, image):
        """The bench's PATH begins with a `node` that puts the probe before what it runs."""
        ours = self.folder / "bin"
        ours.mkdir()
        text = '#!/bin/sh\nFIGURE=%s exec %s --import "file://%s" "$@"\n'
        (ours / "node").write_text(text % (self.folder, NODE, PROBE))
        (ours / "node").chmod(0o755)
        os.environ["PATH"] = "%s:%s" % (ours, os.environ["PATH"])
        os.environ["EVSE_BENCH_RIG"] = "rp2040"
        rp2040.IMAGE = os.environ["EVSE_IMAGE"] = str(image)

    def phase(self, name):
        half = self.folder / "phase.new"
        half.write_text(name)
        half.rename(self.folder / "phase")

    def clock_ms(self):
        return self.bench.state()["clock_ms"]

    def booted(self, since_ms=FIRST_MS):
        """Milliseconds of the chip's time until BootNotification was there."""
        self.csms.expect("BootNotification", 60)
        return self.clock_ms() - since_ms

    def boot_again(self):
        self.bench.power(False)
        self.bench.run(0.5)
        self.csms.mark()
        before = self.clock_ms()
        self.bench.power(True)
        return self.booted(before)

    def load(self):
        """All profiles: a list of 64 idTags, nine profiles of 24 periods, a reservation."""
        call = self.call
        for first in (0, 32):
            call(
                "SendLocalList",
                listVersion=first + 1,
                updateType="Differential",
                localAuthorizationList=entries(first, 32),
            )
        later = utc(datetime.now(timezone.utc) + timedelta(days=1))
        call("ReserveNow", connectorId=1, expiryDate=later, idTag="TAG", reservationId=7)
        for level in range(9):
            call("SetChargingProfile", connectorId=1, csChargingProfiles=profile(level))
        call("GetCompositeSchedule", connectorId=0, duration=86400)

    def traffic(self, seconds):
        """Until so many seconds of the chip's time have passed."""
        until, turn = self.clock_ms() + 1000 * seconds, 0
        while self.clock_ms() < until:
            turn += 1
            self.talk(turn)
        return 6 * turn

    def call(self, action, **payload):
        try:
            self.csms.call(action, **payload)
        except NoAnswer:
            self.unanswered += 1

    def talk(self, turn):
        call = self.call
        call(
            "SendLocalList",
            listVersion=1000 + turn,
            updateType="Differential",
            localAuthorizationList=entries(32 * (turn % 2), 32),
        )
        call("SetChargingProfile", connectorId=1, csChargingProfiles=profile(turn % 9))
        call("DataTransfer", vendorId="nobody", data="x" * LARGEST)
        call("GetConfiguration")
        call("TriggerMessage", requestedMessage="MeterValues", connectorId=1)
        call("GetCompositeSchedule", connectorId=1, duration=86400)

    def results(self):
        """Of every boot, as the probe left them."""
        self.phase("end")
        until = time.monotonic() + 60  # on a busy machine the probe takes its time
        while not list(self.folder.glob("result-*.json")) and time.monotonic() < until:
            self.bench.run(1)
        time.sleep(0.5)
        found = sorted(self.folder.glob("result-*.json"), key=lambda path: path.stat().st_mtime)
        return [json.loads(path.read_text()) for path in found]

    def shaken(self):
        """The link is torn and comes back: True when it was there within the backend's patience
        of the wall, which a busy machine can outlast."""
        self.bench.link(False, "reset")
        self.bench.link(True)
        for _ in range(8):
            try:
                self.bench.until(online=True, timeout=10)
                return True
            except Refused:
                continue
        return False

    def told(self):
        """What the console has said: heap in use when all was built, and what the kernel
        raised (Safety tells it, and the contactor stays open)."""
        console = self.bench.console
        live = re.search(r"boot: (\d+) bytes of heap", console)
        traces = console.split("Traceback")[1:]
        return {
            "live": int(live[1]),
            "faulted": sum(", in beat" in trace[:2000] for trace in traces),
            "traces": [trace[:600] for trace in traces],
        }

    def close(self):
        self.rig.close()


def entries(first, count):
    info = {"status": "Accepted", "parentIdTag": "FLEET", "expiryDate": "2030-01-01T00:00:00Z"}
    return [{"idTag": "%020d" % n, "idTagInfo": info} for n in range(first, first + count)]


def profile(level):
    periods = [{"startPeriod": 600 * n, "limit": 16.0 - n % 10} for n in range(24)]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
    return {
        "chargingProfileId": level + 1,
        "stackLevel": level,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    }


def plain(folder, image, symbols, seconds=60, boots=5):
    """-> what was seen, without TLS."""
    whole = Whole(folder, image, symbols)
    try:
        found = {"boots_ms": [whole.booted()]}
        whole.bench.until(boot="Accepted", queue=0, timeout=60)
        whole.phase("idle")
        whole.bench.run(6)
        whole.phase("begin")
        whole.rig.begin(max_a=16)
        whole.phase("charging")
        whole.bench.run(6)
        whole.phase("profiles")
        whole.load()
        whole.phase("stop")
        found["calls"] = whole.traffic(seconds)
        found["unanswered"] = whole.unanswered
        found.update(whole.told())
        found["results"] = whole.results()
        whole.phase("boot")
        found["boots_ms"] += [whole.boot_again() for _ in range(boots - 1)]
        return found
    finally:
        whole.close()


def over_tls(folder, image, symbols, hands=3):
    """-> what was seen over TLS, with handshakes while a car charges."""
    whole = Whole(folder, image, symbols, tls=True)
    try:
        found = {"boots_ms": [whole.booted()]}
        whole.bench.until(boot="Accepted", queue=0, timeout=90)
        whole.rig.begin(max_a=16)
        whole.phase("profiles")
        whole.load()
        whole.phase("stop")
        found["calls"] = whole.traffic(10)
        whole.phase("shake")
        found["handshakes"] = sum(whole.shaken() for _ in range(hands))
        found["unanswered"] = whole.unanswered
        found.update(whole.told())
        found["results"] = whole.results()
        return found
    finally:
        whole.close()

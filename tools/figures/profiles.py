"""Peak heap of each feature profile of OCPP 1.6 while it is used.

On the bench: a charge point of its own for each row, charging at connector 1, then the profile's
messages at their greatest. In use: when all was built, garbage collected. Least free: from then
until the profile had done its work; the peak is what was gone by then, up to 16 KiB of garbage
included (the collector's threshold). 64-bit objects, about twice a chip's.
"""

import http.server
import re
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools.csms_backend import Backend, utc
from tools.sim_bench import Bench

ROOT = Path(__file__).resolve().parents[2]
CONNECTOR = 1
DONE_S = 240


class Rig:
    """A bench and its backend."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.csms = Backend()
        self.csms.start()
        self.bench = Bench({"url": self.csms.url, "cpid": "CP001"}, folder, 20)

    def until(self, timeout=60, **where):
        where_of = {"connector": CONNECTOR} if "ocpp_status" in where else {}
        return self.bench.ask("until", where=where, timeout=timeout, **where_of)

    def charge(self):
        self.bench.ask("plug", connector=CONNECTOR, auto=True)
        self.bench.ask("swipe", connector=CONNECTOR, token="04A2B3C4D5E6F7")
        self.until(ocpp_status="Charging")
        self.until(queue=0)

    def close(self):
        self.bench.stop()
        self.csms.stop()


def core(rig):
    """A session, and all its keys at once."""
    rig.charge()
    rig.csms.call("GetConfiguration")
    rig.bench.ask("stop", connector=CONNECTOR)
    rig.until(queue=0)


def local_list(rig):
    """1,000 idTags in updates of 32, the most that a request may have."""
    rig.charge()
    for first in range(0, 1000, 32):
        entries = [
            {"idTag": "%014X" % n, "idTagInfo": {"status": "Accepted", "parentIdTag": "FLEET"}}
            for n in range(first, min(first + 32, 1000))
        ]
        answer = rig.csms.call(
            "SendLocalList",
            listVersion=first + 1,
            updateType="Differential",
            localAuthorizationList=entries,
        )
        assert answer == {"status": "Accepted"}, answer


def reservation(rig):
    """A reservation is made, replaced and cancelled."""
    for _ in range(10):
        until = utc(datetime.now(timezone.utc) + timedelta(hours=1))
        answer = rig.csms.call(
            "ReserveNow", connectorId=1, expiryDate=until, idTag="TAG", reservationId=7
        )
        assert answer == {"status": "Accepted"}, answer
    assert rig.csms.call("CancelReservation", reservationId=7) == {"status": "Accepted"}


def smart_charging(rig):
    """As many profiles of as many periods as there may be, and what they make together."""
    rig.charge()
    periods = [{"startPeriod": 600 * n, "limit": 16.0 - n % 10} for n in range(24)]
    for level in range(9):
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": periods}
        profile = {
            "chargingProfileId": level + 1,
            "stackLevel": level,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
        }
        answer = rig.csms.call("SetChargingProfile", connectorId=1, csChargingProfiles=profile)
        assert answer == {"status": "Accepted"}, answer
    answer = rig.csms.call("GetCompositeSchedule", connectorId=0, duration=86400)
    assert answer["status"] == "Accepted", answer


def firmware_management(rig):
    """Diagnostics are sent, then a bundle is fetched and proved."""
    rig.charge()
    subprocess.run(
        [sys.executable, str(ROOT / "tools/bundle.py"), "--version", "9.9.9", "--board", "BENCH"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = "http://127.0.0.1:%d/" % server.server_port
    rig.csms.call("GetDiagnostics", location=base)
    told(rig, "DiagnosticsStatusNotification", "Uploaded")
    at = "2020-01-01T00:00:00Z"
    rig.csms.call("UpdateFirmware", location=base + "bundle", retrieveDate=at)
    rig.bench.ask("stop", connector=CONNECTOR)  # nothing is erased while a contactor is closed
    told(rig, "FirmwareStatusNotification", "Downloaded")
    server.shutdown()


class Files(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = next((ROOT / "build/bundle").glob("*9.9.9*")).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_):
        """Quiet: the table is what is wanted."""


def told(rig, action, status):
    if not rig.csms.wait(lambda: rig.csms.calls(action, status=status), DONE_S):
        raise SystemExit("%s %s did not come:\n%s" % (action, status, rig.bench.console[-3000:]))


def remote_trigger(rig):
    """Each message, asked for in a transaction."""
    rig.charge()
    for wanted in ("Heartbeat", "MeterValues", "StatusNotification"):
        answer = rig.csms.call("TriggerMessage", requestedMessage=wanted)
        assert answer == {"status": "Accepted"}, answer


PROFILES = (
    ("Core", core),
    ("LocalAuthListManagement", local_list),
    ("Reservation", reservation),
    ("SmartCharging", smart_charging),
    ("FirmwareManagement", firmware_management),
    ("RemoteTrigger", remote_trigger),
)


def measure(name, use):
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(folder)
        try:
            rig.bench.start()
            rig.until(boot="Accepted")
            use(rig)
            time.sleep(0.5)  # a diagnostics line a second of its clock
            low = rig.bench.ask("state")["heap_low"]
            found = re.search(r"boot: (\d+) .* use, (\d+) free", rig.bench.console)
            live, free = int(found[1]), int(found[2])
        finally:
            rig.close()
    print("%-24s %9d %9d %9d" % (name, live, live + free - low, low), flush=True)


def main():
    print("%-24s %9s %9s %9s" % ("bytes of heap", "in use", "peak", "least free"))
    for name, use in PROFILES:
        measure(name, use)


if __name__ == "__main__":
    main()

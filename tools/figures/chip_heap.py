"""Where the heap goes on a chip: bytes of each room once imported, and of each store and machine
once built, with the firmware frozen and the objects of a 32-bit machine.

Run by the 32-bit unix port (tools/image.py --unix 32), whose objects are as large as an RP2040's.
A room is imported after those it stands on, so its figure is its own; what a room imports only
when it is used (docs/memory.md) stands in a row of its own. The flash is a RAM disk, not counted.
Built without the bench: no hal port, no socket, no TLS. A machine that cannot build it is told so.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tools import image_unix
from tools.image_key import Refused

ROOT = Path(__file__).resolve().parents[2]
HEAP = "1m"
# Each row of the table: its name, what is imported for it.
ROOMS = (
    ("drivers", ("hal.pilot", "hal.contactor", "hal.residual_current", "hal.lock", "hal.ground")),
    ("meter, reader", ("hal.meter.modbus_meter", "hal.meter.poller", "hal.reader.pn532")),
    ("firmware/evse", ("firmware.evse.connector", "firmware.evse.kernel")),
    ("firmware/store", ("firmware.store.journal", "firmware.store.slots")),
    ("firmware/ocpp", ("firmware.ocpp.outbox", "firmware.ocpp.conversation")),
    ("v16: Core", ("firmware.ocpp.v16.station", "firmware.stores")),
    *((f"v16: {name}", (f"firmware.ocpp.v16.{name}",)) for name in (
        "security_events", "firmware_management", "local_list", "reservation", "smart_charging",
        "remote_trigger", "security_profile", "certificates", "signed_update",
    )),
    ("firmware/tasks", ("firmware.tasks.csms", "firmware.tasks.csms_access", "firmware.tasks.card",
                        "firmware.tasks.metering", "firmware.tasks.transfers",
                        "firmware.tasks.upkeep", "firmware.tasks.diagnostics")),
    ("when used: cryptography", ("firmware.ocpp.v16.proof", "firmware.ocpp.v16.own_certificate")),
    ("when used: HTTP, FTP", ("firmware.tasks.transfer_http", "firmware.tasks.transfer_ftp")),
    ("when used: diagnostics", ("firmware.ocpp.archive",)),
)

ON_DEVICE = """
import sys
sys.path[:] = [".frozen", %(root)r]
import asyncio, binascii, gc, hashlib, json, os, select, struct, time, tls
asyncio.sleep_ms, asyncio.StreamReader

def step(name, work):
    gc.collect()
    before = gc.mem_alloc()
    made = work()
    gc.collect()
    print("%%d %%s" %% (gc.mem_alloc() - before, name))
    return made

def load(names):
    for name in names:
        __import__(name)

gc.collect()
print("%%d interpreter, asyncio" %% gc.mem_alloc())
for name, modules in %(rooms)r:
    step(name, lambda: load(modules))

from tests.unit import disk_rig, evse_rig, flash_rig
from firmware.evse.connector import Connector
from firmware.evse.kernel import Kernel
from firmware.evse.limit import Limit
from firmware.ocpp.clock import Clock
from firmware.ocpp.outbox import Outbox
from firmware.ocpp.v16 import billable, configuration, rooms, vocabulary
from firmware.ocpp.v16.station import Station
from firmware.store.id_cache import IdCache
from firmware.store.id_table import IdTable
from firmware.store.journal import Journal
from firmware.store.settings import Settings

metal, flash, files = evse_rig.Hardware(), flash_rig.Flash(64, 4096), disk_rig.Files({})
built = rooms.built()
kernel = step("a kernel", lambda: Kernel(metal, Limit()))
connector = step("a connector and its session", lambda: Connector(1, kernel))
rows = configuration.ROWS + rooms.rows(built)
settings = step("settings", lambda: Settings(rows, {"NumberOfConnectors": "1"}))
journal = step("journal of 64 blocks",
               lambda: Journal(flash, vocabulary.WORDS, vocabulary.SHAPES))
cache = step("cache of 71 idTags", lambda: IdCache("cache", files, 71))
known = step("local list", lambda: IdTable("list", files, 1000)), cache
outbox = step("outbox", lambda: Outbox(journal, str, billable, lambda: (3, 60), str, 1))
plant = rooms.Plant(files)
station = step("station and its rooms", lambda: Station([connector], settings, outbox, {}, None,
                                                        known, Clock(), built, plant))
"""


def measure():
    """[(name, bytes)], in order; Refused where the 32-bit port cannot be built."""
    program, _ = image_unix.build("32")
    script = ON_DEVICE % {"root": str(ROOT), "rooms": ROOMS}
    command = [program, "-X", "heapsize=" + HEAP, "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if ran.returncode:
        raise SystemExit("chip_heap: " + (ran.stderr or ran.stdout).strip())
    rows = [line.split(" ", 1) for line in ran.stdout.splitlines()]
    return [(name, int(size)) for size, name in rows]


def main():
    try:
        rows = measure()
    except Refused as e:
        print(f"chip_heap: not measured: {e}")
        return 0
    print("%10s  %s" % ("bytes", "frozen, 32-bit objects"))
    for name, size in [*rows, ("all", sum(size for _, size in rows))]:
        print("%10s  %s" % (f"{size:,}", name))
    return 0


if __name__ == "__main__":
    sys.exit(main())

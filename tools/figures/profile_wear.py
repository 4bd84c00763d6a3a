"""What charging profiles wear of the flash: one every five minutes, day and night.

The real station on the real journal and LittleFS, over the bench's counting flash (192 blocks of
files, 64 of journal), with a MeterValues each 60 s; so many hours, scaled to a year. Erases of
the journal are its bytes in blocks: it erases as much as it writes, in the long run. Run by
CPython it starts build/micropython (or $MICROPYTHON) on itself.
"""

import sys

# MicroPython's own; a checker would look them up in CPython's.
gc, os = (__import__(name) for name in ("gc", "os"))

ROOT = __file__.rpartition("tools/")[0] or "."
BLOCK, FILE_BLOCKS, JOURNAL_BLOCKS = 4096, 192, 64
HOURS = 2
A_YEAR = 24 * 365 // HOURS
CYCLES = 100000  # erases a block of NOR flash is good for


def run_in_micropython():
    import subprocess

    binary = os.environ.get("MICROPYTHON") or ROOT + "/build/micropython/bin/micropython"
    return subprocess.run([binary, "-X", "heapsize=4m", __file__]).returncode


def wear(make, connector, charging):
    """(erases of files, bytes of the journal) in HOURS. `make(n)`: the n-th profile, or None."""
    from firmware.ocpp.v16 import rooms, vocabulary
    from firmware.store.journal import Journal
    from hal.unix_flash import Flash
    from tests.unit.station_rig import Charger
    from tests.unit.test_smart_charging import put

    path = (os.getenv("TMPDIR") or "/tmp") + "/evse-profile-wear.img"
    with open(path, "wb") as file:
        for _ in range(FILE_BLOCKS + JOURNAL_BLOCKS):
            file.write(b"\xff" * BLOCK)
    counters = [0] * 9
    flash = Flash(path, counters, 0)
    files = flash.part(0, FILE_BLOCKS, 3)
    os.VfsLfs2.mkfs(files)
    region = flash.part(FILE_BLOCKS, JOURNAL_BLOCKS, 6)
    journal = Journal(region, vocabulary.WORDS, vocabulary.SHAPES)
    disk = os.VfsLfs2(files)
    disk.mkdir("/flash")
    charger = Charger(store=journal, plant=rooms.Plant(disk)).run(1.5)
    if charging:
        charger.charge()
    before = list(counters)
    for n in range(HOURS * 12):
        if make is not None:
            assert put(charger, connector, make(n)) == "Accepted"
        charger.skip(299.9)
    os.remove(path)
    return counters[3] - before[3], counters[8] - before[8]


def main():
    from tests.unit.test_smart_charging import MAX, TX, wire

    def short(purpose):
        return lambda n: wire((0, 16 + n % 7), purpose=purpose)

    def long(purpose):
        return lambda n: wire(*[(k * 300, 16 + (n + k) % 9) for k in range(24)], purpose=purpose)

    print("%-38s %14s %16s %7s" % ("a year", "files, erases", "journal, erases", "years"))
    for name, make, connector, charging in (
        ("charging, no profile", None, 1, True),
        ("charging, TxProfile of 1 period", short(TX), 1, True),
        ("charging, TxProfile of 24 periods", long(TX), 1, True),
        ("charging, ChargePointMax of 1 period", short(MAX), 0, True),
        ("idle, ChargePointMax of 1 period", short(MAX), 0, False),
        ("idle, ChargePointMax of 24 periods", long(MAX), 0, False),
    ):
        gc.collect()
        erases, written = wear(make, connector, charging)
        erases, written = erases * A_YEAR, written * A_YEAR // BLOCK
        worst = max(erases / FILE_BLOCKS, written / JOURNAL_BLOCKS)
        years = CYCLES / worst if worst else float("inf")
        print("%-38s %14d %16d %7d" % (name, erases, written, min(years, 9999)))


if sys.implementation.name == "micropython":
    sys.path.insert(0, ROOT)
    main()
else:
    sys.exit(run_in_micropython())

"""What a charging session wears of the flash, and how long the chip lasts.

Not the whole firmware: the real outbox on the real journal and the real idTag cache on LittleFS,
with the real upkeep between and during the sessions, over the bench's counting flash (192 blocks
of files, 64 of journal, as boards/BENCH). Run by CPython it starts build/micropython (or
$MICROPYTHON) on itself.
"""

import sys

# MicroPython's own; a checker would look them up in CPython's.
gc, os = (__import__(name) for name in ("gc", "os"))

ROOT = __file__.rpartition("tools/")[0] or "."
BLOCK, FILE_BLOCKS, JOURNAL_BLOCKS = 4096, 192, 64
A_DAY = 20  # sessions
VALUES = 60  # one a minute: sessions of an hour, ten minutes between
CYCLES = 100000  # erases a block of NOR flash is good for
SESSIONS = 120


def run_in_micropython():
    import subprocess

    binary = os.environ.get("MICROPYTHON") or ROOT + "/build/micropython/bin/micropython"
    return subprocess.run([binary, "-X", "heapsize=2m", __file__]).returncode


class Counted:
    """A part of the flash that also knows which block was erased how often."""

    def __init__(self, part):
        self.part = part
        self.erases = [0] * part.ioctl(4, 0)
        self.readblocks = part.readblocks
        self.wear = part.wear

    def writeblocks(self, block, buffer, offset):
        self.part.writeblocks(block, buffer, offset)

    def ioctl(self, operation, argument):
        if operation == 6:
            self.erases[argument] += 1
        return self.part.ioctl(operation, argument)


class Station:
    """Charges one after the other; answers come as the backend gives them."""

    def __init__(self, files, region, samples):
        from firmware.store.id_cache import IdCache
        from tests.unit.test_capacity import Idle, Site

        self.cache = IdCache("idcache", files, 200)
        for n in range(200):  # full, as it is after some months
            self.cache.put("%020d" % n, ("Accepted", None, None), 0)
        self.site = Site(region, samples)
        self.idle = Idle(self.site.journal)
        self.idle.station.cache = self.cache
        self.now = 0
        self.count = 0
        self.closed_erases = 0

    def beats(self, seconds, step):
        from firmware.tasks.upkeep import beat

        for _ in range(seconds // step):
            self.now += step * 1000
            beat(self.site.journal, self.idle.station, self.now)

    def session(self, online):
        site = self.site
        tag = "%014X" % (self.count * 7919)  # a card never seen before: the cache is written
        self.count += 1
        # Authorize, StartTransaction and StopTransaction each tell the cache of the card.
        self.cache.put(tag, ("Accepted", None, None), self.now)
        self.idle.facts.closed = True
        erases = site.journal.erases

        def after():
            self.beats(60, 60)
            if online:
                site.deliver()

        site.charge(VALUES, after)
        self.closed_erases += site.journal.erases - erases
        self.idle.facts.closed = False
        self.cache.put(tag, ("Accepted", None, None), self.now)
        self.beats(600, 10)


def years(erases_a_session):
    """Until a block with so many erases a session is worn out."""
    return CYCLES / (erases_a_session * A_DAY * 365) if erases_a_session else float("inf")


def measure(name, samples, backlog):
    from hal.unix_flash import Flash

    path = (os.getenv("TMPDIR") or "/tmp") + "/evse-wear.img"
    with open(path, "wb") as file:
        for _ in range(FILE_BLOCKS + JOURNAL_BLOCKS):
            file.write(b"\xff" * BLOCK)
    flash = Flash(path, [0] * 9, 0)
    files = Counted(flash.part(0, FILE_BLOCKS, 3))
    region = Counted(flash.part(FILE_BLOCKS, JOURNAL_BLOCKS, 6))
    os.VfsLfs2.mkfs(files)
    station = Station(os.VfsLfs2(files), region, samples)
    compare(name, station, (files, region), backlog)
    os.remove(path)
    gc.collect()


def compare(name, station, parts, backlog):
    while station.site.journal.used_percent() < backlog:
        station.site.charge(VALUES)
    while station.count < SESSIONS // 2:  # a lap: from now on a block is used again
        station.session(not backlog)
    told = [report(part) for part in parts]
    station.closed_erases = 0
    while station.count < SESSIONS:
        station.session(not backlog)
    sessions = SESSIONS - SESSIONS // 2
    for part, counted, before in zip(("files", "journal"), parts, told):
        now = report(counted)
        spent = [(now[i] - before[i]) / sessions for i in range(3)]
        most = max([a - b for a, b in zip(now[3], before[3])]) / sessions
        row = [name, part]
        row.extend(spent)
        row.extend((years(spent[0] / len(now[3])), years(most)))
        print("%-32s %-8s %6.2f %8.0f %8.0f %9.0f %9.0f" % tuple(row))
    if station.closed_erases:
        print("%-32s %d erases while the contactor was closed" % (name, station.closed_erases))


def report(counted):
    return counted.wear() + (list(counted.erases),)


def main():
    sys.path.insert(0, ROOT)
    from tests.unit.test_capacity import default_list, energy

    print("%d sessions of an hour, a MeterValues each 60 s, %d a day; %d cycles a block"
          % (SESSIONS // 2, A_DAY, CYCLES))  # fmt: skip
    print("%-32s %-8s %6s %8s %8s %9s %9s"
          % ("per session", "", "erases", "programs", "bytes", "years", "years*"))  # fmt: skip
    measure("online, energy only", energy, 0)
    measure("online, default list of 8", default_list, 0)
    measure("offline for days, energy only", energy, 75)
    print("years: were all blocks of the part worn evenly; years*: of its most worn block")


if sys.implementation.name == "micropython":
    main()
else:
    sys.exit(run_in_micropython())

"""What a list of idTags and the authorisation cache cost: RAM, reads, writes, erases.

Run by CPython it starts build/micropython (or $MICROPYTHON) on itself. The flash is a VfsLfs2 of
4 KiB blocks in RAM that counts; RAM is that of a 64-bit machine, about twice a chip's.
"""

import sys

# MicroPython's own; a checker would look them up in CPython's.
gc, os, time = (__import__(name) for name in ("gc", "os", "time"))

ROOT = __file__.rpartition("tools/")[0] or "."
BLOCKS, BLOCK = 96, 4096
REQUEST = 32  # SendLocalListMaxLength


def run_in_micropython():
    import subprocess

    binary = os.environ.get("MICROPYTHON") or ROOT + "/build/micropython/bin/micropython"
    return subprocess.run([binary, "-X", "heapsize=2m", __file__]).returncode


def heap():
    gc.collect()
    return gc.mem_alloc()


class Counted:
    """Files of a VfsLfs2; counts what is read."""

    def __init__(self, files):
        self.files = files
        self.reads = 0
        self.rename, self.remove = files.rename, files.remove

    def open(self, path, mode):
        file = self.files.open(path, mode)
        return CountedFile(self, file) if mode == "rb" else file


class CountedFile:
    def __init__(self, counter, file):
        self.counter, self.file = counter, file
        self.seek, self.read, self.close = file.seek, file.read, file.close

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def readinto(self, buffer):
        self.counter.reads += 1
        return self.file.readinto(buffer)


def each_of_eight(make):
    """Heap of one: of eight, so that what the collector overlooks does not count."""
    made = [None] * 8
    before = heap()
    for k in range(8):
        made[k] = make()
    return (heap() - before) // 8


def format_flash(device):
    os.VfsLfs2.mkfs(device)
    return os.VfsLfs2(device)


def entries(first, count):
    return {
        "%014X" % (n * 7919): ("Accepted", "FLEET%d" % (n % 9), 1800000000 + n)
        for n in range(first, first + count)
    }


def cost(device, work):
    """(erases, programs, milliseconds here) of `work`."""

    erases, programs, start = device.erases, device.programs, time.ticks_us()
    work()
    ms = time.ticks_diff(time.ticks_us(), start) / 1000
    return device.erases - erases, device.programs - programs, ms


def list_figures(device):
    from firmware.store.id_table import IdTable

    print("local list: RAM at rest, reads of a lookup (most), what an update of %d" % REQUEST)
    print("idTags costs, and filling the whole list by such requests")
    print("  entries  RAM B  reads  steps  erases  programs     ms  file B  all erases")
    IdTable("warm", format_flash(device), 1)
    for count in (64, 192, 1024, 2048):
        files = Counted(format_flash(device))
        total, _, _ = cost(device, lambda f=files, c=count: fill(f, c))
        ram = each_of_eight(lambda f=files, c=count: IdTable("list", f, c))
        table = IdTable("list", files, count + REQUEST)
        reads = most_reads(table, entries(0, count))
        steps, spent = change(device, table, count)
        size = files.files.stat("list")[6]
        print(
            "  %7d %6d %6d %6d %7d %9d %6.1f %7d %11d"
            % (count, ram, reads, steps, spent[0], spent[1], spent[2], size, total)
        )


def fill(files, count):
    from firmware.store.id_table import IdTable
    from tests.unit.id_rig import apply

    table = IdTable("list", files, count)
    for start in range(0, count, REQUEST):
        apply(table, start + 1, entries(start, REQUEST))


def change(device, table, count):
    """A differential update, half out, half in: (steps, cost)."""
    from tests.unit.id_rig import apply

    wanted = {id_tag: None for id_tag in entries(0, REQUEST // 2)}
    wanted.update(entries(count, REQUEST // 2))
    steps = []
    spent = cost(device, lambda: steps.append(apply(table, 100000, wanted)))
    return steps[0], spent


class PosixFiles:
    """Files of this machine, which allocate nothing behind our back."""

    def __init__(self):
        import os

        self.open, self.rename, self.remove = open, os.rename, os.remove


def step_figures():
    """What a running update and one step of it allocate, garbage included."""

    from firmware.store.id_table import IdTable
    from tests.unit.id_rig import apply, changes_of

    path = (os.getenv("TMPDIR") or "/tmp") + "/evse-figures"
    table = IdTable(path, PosixFiles(), 2000)
    apply(table, 1, entries(0, 1000), True)
    wanted = changes_of(entries(2000, REQUEST))
    heap()
    gc.disable()
    marks = [gc.mem_alloc(), 0, 0]
    update = table.begin(2, wanted, False)
    for k in (1, 2):
        table.step(update)
        marks[k] = gc.mem_alloc()
    gc.enable()
    table.abandon()
    os.remove(path)
    print("an update: its beginning and a first step %d B, a further step %d B (garbage)"
          % (marks[1] - marks[0], marks[2] - marks[1]))  # fmt: skip


def most_reads(table, known):
    most = 0
    for id_tag in known:
        table._files.reads = 0
        assert table.get(id_tag) is not None
        most = max(most, table._files.reads)
    return most


def cache_figures(device):
    from firmware.store.id_cache import IdCache

    print("cache: entries, RAM, one snapshot, against one append of a record to a file:")
    print("  entries    RAM B  erases  programs       ms   append: erases  programs")
    IdCache("warm", format_flash(device), 1)
    for count in (20, 50, 200, 500):
        files = format_flash(device)
        ram = each_of_eight(lambda f=files, c=count: IdCache("cache", f, c))
        cache = IdCache("cache", files, count)
        for id_tag, info in entries(0, count).items():
            cache.put(id_tag, info, 0)
        cache.save()
        total = [0, 0, 0]
        rounds = 50
        for n in range(rounds):
            cache.put("%014X" % (n % count * 7919), ("Blocked", None, n + 1), n)
            spent = cost(device, cache.save)
            total = [total[k] + spent[k] for k in range(3)]
        appended = append_cost(device, files, rounds)
        print(
            "  %7d %8d %7.2f %9.1f %8.2f %16.2f %9.1f"
            % (
                count, ram, total[0] / rounds, total[1] / rounds, total[2] / rounds,
                appended[0] / rounds, appended[1] / rounds,
            )
        )  # fmt: skip


def append_cost(device, files, rounds):
    def append():
        for _ in range(rounds):
            with files.open("log", "ab") as file:
                file.write(bytes(50))

    return cost(device, append)


def request_figures():
    """What a SendLocalList of so many full entries takes while it is in hand."""
    import json

    from firmware.store import id_merge

    info = {
        "status": "Accepted",
        "parentIdTag": "P" * 20,
        "expiryDate": "2030-01-01T00:00:00.000Z",
    }
    print("one request: entries, text B, parsed B, as changes B")
    for count in (20, REQUEST, 50, 90):
        tags = ["%020d" % n for n in range(count)]
        items = [{"idTag": tag, "idTagInfo": info} for tag in tags]
        text = json.dumps({"localAuthorizationList": items, "listVersion": 1})
        del items
        before = heap()
        parsed = json.loads(text)
        held = heap() - before
        before = heap()
        changes = [id_merge.change(tag, ("Accepted", "P" * 20, 1)) for tag in tags]
        print("  %7d %8d %8d %8d" % (count, len(text), held, heap() - before))
        del parsed, changes


def main():
    sys.path.insert(0, ROOT)
    from tests.unit.id_rig import BlockDevice

    device = BlockDevice(BLOCKS, BLOCK)
    list_figures(device)
    step_figures()
    cache_figures(device)
    request_figures()


if sys.implementation.name == "micropython":
    main()
else:
    sys.exit(run_in_micropython())

"""Live and peak heap of the firmware with 0, 100 and 1,000 queued messages and as many idTags.

On the bench, run from its ROMFS image: the flash is written beforehand as an outage leaves it,
then the firmware boots, is accepted by a backend and delivers its queue. Live: in use when all is
built, garbage collected. Peak: the smallest free heap it saw from then until the queue was empty,
garbage included (the collector runs at 16 KiB). The objects are those of a 64-bit machine, about
twice a chip's. Run by CPython; build/micropython (or $MICROPYTHON) fills the flash.
"""

import os
import sys

ROOT = __file__.rpartition("tools/")[0] or "."
SIZES = (0, 100, 1000)
BLOCK, FILE_BLOCKS, JOURNAL_BLOCKS = 4096, 192, 64
HEAP_BYTES = 640 * 1024


def fill(path, size):
    """In MicroPython: a file system with a local list, and a journal with messages."""
    sys.path.insert(0, ROOT)
    from firmware.store.id_table import IdTable
    from hal.unix_flash import Flash
    from tests.unit.id_rig import apply
    from tests.unit.test_capacity import Site, default_list

    with open(path, "wb") as file:
        for _ in range(FILE_BLOCKS + JOURNAL_BLOCKS):
            file.write(b"\xff" * BLOCK)
    flash = Flash(path, [0] * 3, 0)
    files = flash.part(0, FILE_BLOCKS)
    os.VfsLfs2.mkfs(files)
    table = IdTable("idlist", os.VfsLfs2(files), 2000)
    for first in range(0, size, 50):
        numbers = range(first, first + 50)
        tags = {"%014X" % (n * 7919): ("Accepted", "FLEET", None) for n in numbers}
        apply(table, first + 1, tags)
    site = Site(flash.part(FILE_BLOCKS, JOURNAL_BLOCKS), default_list)
    while site.outbox.pending < size:
        site.charge(min(23, size - site.outbox.pending - 2))


def measure(size):
    import re
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "state", "flash.img")
        image.parent.mkdir()
        run_in_micropython(str(image), str(size))
        state, seconds, log = drained(folder)
    live, free = [int(n) for n in re.search(r"boot: (\d+) .* use, (\d+) free", log).groups()]
    low = state["heap_low"]
    print("%7d %11d %11d %11d %9.1f" % (size, live, live + free - low, low, seconds))


def drained(folder):
    """(the last state of a firmware that has told a backend all it had, seconds of its clock,
    its console)."""
    import socket
    import subprocess

    from tools.sim_bench import Bench

    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    csms = subprocess.Popen(
        [sys.executable, ROOT + "/tools/csms.py", "--port", str(port)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    bench = Bench({"url": "ws://127.0.0.1:%d/x" % port, "cpid": "CP001"}, folder, 20)
    try:
        bench.start()
        began = bench.ask("until", where={"boot": "Accepted"}, timeout=60)["clock_ms"]
        state = bench.ask("until", where={"queue": 0, "parked": 0}, timeout=1000)
        return state, (state["clock_ms"] - began) / 1000, bench.console
    finally:
        bench.stop()
        csms.kill()
        csms.wait()


def run_in_micropython(image, size):
    import subprocess

    binary = os.environ.get("MICROPYTHON") or ROOT + "/build/micropython/bin/micropython"
    subprocess.run([binary, "-X", "heapsize=4m", __file__, image, size], check=True)


def main():
    sys.path.insert(0, os.path.abspath(ROOT))
    print("bytes of a heap of %d, 64-bit objects; the queue told to a backend" % HEAP_BYTES)
    print("%7s %11s %11s %11s %9s" % ("size", "live", "peak", "least free", "told in s"))
    for size in SIZES:
        measure(size)


if sys.implementation.name == "micropython":
    fill(sys.argv[1], int(sys.argv[2]))
else:
    sys.exit(main())

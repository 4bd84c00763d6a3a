"""How big each room is: bytes of .mpy in flash, and bytes of heap once it is imported from there.

    python tools/size.py

The heap is measured in the unix port, whose objects are those of a 64-bit machine: about twice a
chip's. A room is imported after those it stands on, so its figure is its own. Frozen into an image
it costs far less heap: docs/memory.md. Of the images in build/image it tells flash and RAM.
"""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import compile as build
from tools import image_figures, image_rp2

MICROPYTHON = os.environ.get("MICROPYTHON") or str(
    build.ROOT / "build/micropython/bin/micropython"
)
# Lowest floor first. A file belongs to the room with the longest name that its own starts with.
ROOMS = (
    "hal",
    "hal/esp32",
    "hal/rp2",
    "hal/unix",
    "firmware",
    "firmware/evse",
    "firmware/crypto",
    "firmware/wire",
    "firmware/store",
    "firmware/ocpp",
    "firmware/ocpp/v16",
    "firmware/tasks",
    "firmware/stores",
    "firmware/start",
    "firmware/console",
    "firmware/main",
    "firmware/satellite",
)
# The metal of another chip cannot be imported here, and start, main and satellite need a board.
NOT_HERE = ("hal/esp32", "hal/rp2", "firmware/start", "firmware/main", "firmware/satellite")

ON_DEVICE = """
import sys
sys.path[:] = [%r, ".frozen"]
import asyncio, binascii, gc, hashlib, json, struct, tls
for room in %r:
    gc.collect()
    before = gc.mem_alloc()
    for name in room:
        __import__(name)
    gc.collect()
    print(gc.mem_alloc() - before)
"""


def rooms():
    """{room: [.mpy path under build/device]}, only those that have any."""
    found: dict[str, list[Path]] = {room: [] for room in ROOMS}
    for path in sorted(build.DEVICE.rglob("*.mpy")):
        name = path.relative_to(build.DEVICE).with_suffix("").as_posix()
        for room in sorted(ROOMS, key=len, reverse=True):
            port = room.count("/") == 1 and room.startswith("hal/")
            if (
                name == room
                or name.startswith(room + "/")
                or (port and name.startswith(room + "_"))
            ):
                found[room].append(path)
                break
    return {room: paths for room, paths in found.items() if paths}


def module(path):
    name = ".".join(path.relative_to(build.DEVICE).with_suffix("").parts)
    return name.removesuffix(".__init__")


def heap(found):
    """{room: bytes}, of the rooms that can be imported here."""
    here = [room for room in found if room not in NOT_HERE]
    lists = [[module(path) for path in found[room]] for room in here]
    # In the text, not as arguments: MicroPython interns those, and dies of one over 255 bytes.
    command = [MICROPYTHON, "-X", "heapsize=4M", "-c", ON_DEVICE % (str(build.DEVICE), lists)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if ran.returncode:
        raise SystemExit("size: " + (ran.stderr or ran.stdout).strip())
    return dict(zip(here, map(int, ran.stdout.split()), strict=True))


def main():
    build.compile_tree()
    found = rooms()
    costs = heap(found)
    print(f"{'room':<20}{'files':>6}{'.mpy bytes':>12}{'heap bytes (64-bit objects)':>30}")
    for room, paths in found.items():
        flash = sum(path.stat().st_size for path in paths)
        cost = f"{costs[room]:,}" if room in costs else "-"
        print(f"{room:<20}{len(paths):>6}{flash:>12,}{cost:>30}")
    everything = [path for paths in found.values() for path in paths]
    flash = sum(path.stat().st_size for path in everything)
    print(f"{'all':<20}{len(everything):>6}{flash:>12,}{sum(costs.values()):>30,}")
    for out in sorted(image_rp2.IMAGES.glob("*/firmware.elf")):
        print(*image_figures.report(out.parent.name, out.parent), sep="\n")


if __name__ == "__main__":
    main()

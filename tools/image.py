"""The firmware as one image, frozen into MicroPython: build/image/BOARD/firmware.elf, .bin, .uf2.

    python tools/image.py BOARD [--out FOLDER]     the image of boards/BOARD, in FOLDER/BOARD
    python tools/image.py --unix 32                the unix port with our files: build/unix
    python tools/image.py --rom                    the emulator's boot ROM: build/emulator/rom.bin
    python tools/image.py --stock                  MicroPython's own image, to compare sizes with

Done again only where something it is made of has changed. What it builds with comes through
tools/toolchain.sh; MPY_DIR=/path/to/micropython takes another source tree than Debian's. Exit
status 1: refused or failed, 3: this machine lacks what it takes; one line says why.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import image_esp32, image_figures, image_rom, image_rp2, image_unix
from tools.bundle import literal
from tools.image_key import ROOT, Refused

PORTS = {"rp2": image_rp2.build, "esp32": image_esp32.build}
IMAGES = ROOT / "build/image"


def boards():
    """{name: port} of the boards an image can be built for; the others are not on a chip."""
    found = sorted(path for path in (ROOT / "boards").glob("*/board.py"))
    ports = {path.parent.name: literal(path, "PORT") for path in found}
    return {name: port for name, port in ports.items() if port in PORTS}


def build(board, images=IMAGES):
    """-> (the folder of the image, was anything done)"""
    known = boards()
    if board not in known:
        raise Refused(f"no board {board}; there are: {', '.join(known)}")
    return PORTS[known[board]](board, images)


def image(board, images):
    out, done = build(board, images)
    where = f"{out.relative_to(ROOT)}" if out.is_relative_to(ROOT) else str(out)
    print(f"image: {where} {'made' if done else 'is up to date'}")
    if boards()[board] == "rp2":
        print(*(f"  {line}" for line in image_figures.report(board, out)), sep="\n")


def parse(arguments):
    parser = argparse.ArgumentParser(description="The firmware as one image.")
    parser.add_argument("board", nargs="?", metavar="BOARD", help="a folder of boards/")
    parser.add_argument("--out", type=Path, default=IMAGES, metavar="FOLDER")
    parser.add_argument("--unix", metavar="VARIANT", help="32")
    parser.add_argument("--rom", action="store_true", help="the emulator's boot ROM")
    parser.add_argument("--stock", action="store_true", help="MicroPython's own image")
    told = parser.parse_args(arguments)
    if not (told.board or told.unix or told.rom or told.stock):
        parser.error(f"which board? {', '.join(boards())}")
    return told


def main(arguments):
    told = parse(arguments)
    try:
        if told.rom:
            print(f"image: {image_rom.build()[0].relative_to(ROOT)}")
        if told.unix:
            print(f"image: {image_unix.build(told.unix)[0].relative_to(ROOT)}")
        if told.stock:
            print(f"image: stock MicroPython has {image_figures.stock(build=True):,} bytes")
        if told.board:
            image(told.board, told.out.resolve())
    except Refused as e:
        print(f"image: {e}", file=sys.stderr)
        return e.status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The image of a board with an ESP32: MicroPython's ports/esp32 over Espressif's ESP-IDF.

ESP-IDF is not among Debian's packages, so this builds where both are installed and nowhere else.
Not verified: nothing of the project has run it.
"""

import os
import shutil
from pathlib import Path

from tools.image_key import ROOT, NotHere, Refused, alone, run

IMAGES = ROOT / "build/image"
PRODUCTS = ("firmware.bin", "micropython.elf")  # the first is all of it, bootloader to application


def build(board, images=IMAGES):
    """-> (folder, was anything done)"""
    if not shutil.which("idf.py") or not os.environ.get("IDF_PATH"):
        raise NotHere(
            f"{board} is built with Espressif's ESP-IDF, which is not here: install it, run its"
            f" export.sh, and name MicroPython's tree, MPY_DIR=/path/to/micropython"
        )
    tree = Path(os.environ.get("MPY_DIR", ".")).resolve()
    if not (tree / "ports/esp32").is_dir():
        raise Refused(f"{board} needs MicroPython's own tree, MPY_DIR=/path/to/micropython")
    out = images / board
    with alone(out):
        work = out / "work"
        command = ["make", "-C", tree / "ports/esp32", f"BOARD={board}", f"BUILD={work}"]
        command += [f"BOARD_DIR={ROOT / 'boards' / board}"]
        run(f"the image of {board}", command, out / "build.log")
        for name in PRODUCTS:
            shutil.copyfile(work / name, out / name)
    return out, True

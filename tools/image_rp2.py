"""The image of a board with an RP2040: CMake and make over MicroPython's ports/rp2.

`build(board)` returns the folder with firmware.elf, .bin and .uf2. Nothing is done when none of
the files an image is made of has changed; when only frozen Python has, that alone is made again.
"""

import os
import re
import shutil
import sys
from pathlib import Path

from tools import image_uf2
from tools.image_key import ROOT, TOOLCHAIN, Refused, alone, fresh, holds, run, sum_of, toolchain

IMAGES = ROOT / "build/image"
COMMON = ROOT / "boards/rp2"  # what all these boards share
FLASH_BYTES = 2 << 20
BLOCK_BYTES = 4096
PRODUCTS = ("firmware.elf", "firmware.bin", "firmware.uf2")
# In mpconfigboard.cmake -> the library it is a driver in, which Debian's tree has not got.
ABSENT = {"MICROPY_PY_NETWORK_CYW43": "cyw43-driver", "MICROPY_PY_NETWORK_WIZNET5K": "wiznet5k"}


def folder_of(board):
    return ROOT / "boards" / board


def frozen_sources(board, root=ROOT):
    """Every file that can be frozen, and the manifests that say which are."""
    rooms = [root / "firmware", root / "hal", COMMON]
    found = [path for room in rooms for path in room.rglob("*.py")]
    return [*found, root / "manifest.py", *folder_of(board).glob("*.py")]


def settings(board):
    """The files that change the C code. MicroPython's CMake rules do not see all of them."""
    found = [*folder_of(board).rglob("*"), *COMMON.rglob("*")]
    return [path for path in found if path.suffix in (".cmake", ".h", ".c", ".csv", ".ld")]


def tree_for(board):
    """(MicroPython's tree, a fact of it for the key)."""
    own = os.environ.get("MPY_DIR")
    parts = ("arm",) if own else ("arm", "sources")
    tools = toolchain(*parts)
    tree = Path(own).resolve() if own else TOOLCHAIN / "micropython"
    if not (tree / "ports/rp2").is_dir():
        raise Refused(f"MPY_DIR={own}: no MicroPython source tree")
    said = (folder_of(board) / "mpconfigboard.cmake").read_text()
    for word, library in ABSENT.items():
        asked = re.search(rf"^\s*set\({word}\s", said, re.M)
        if asked and not any((tree / "lib" / library).glob("*/*")):
            raise Refused(
                f"{board} needs MicroPython's lib/{library}, which is not in {tree}: take"
                f" upstream's tree with its submodules, MPY_DIR=/path/to/micropython"
            )
    return tree, (str(tree), tools)


def build(board, images=IMAGES):
    """-> (folder, was anything done)"""
    if not (folder_of(board) / "mpconfigboard.cmake").is_file():
        raise Refused(f"boards/{board} has no mpconfigboard.cmake yet")
    out = images / board
    with alone(out):
        tree, fact = tree_for(board)
        base = sum_of(settings(board), fact, str(out))
        key = sum_of(frozen_sources(board), base)
        done = all((out / name).exists() for name in PRODUCTS)
        # Somebody's own tree may have changed: make looks.
        if done and holds(out / "key", key) and "MPY_DIR" not in os.environ:
            return out, False
        (out / "key").unlink(missing_ok=True)
        work = out / "work"
        if not holds(work / "base", base):
            configure(board, tree, fresh(work))
            (work / "base").write_text(base)
        compile_in(board, work)
        fits(board, work)
        collect(work, out)
        (out / "key").write_text(key)
        return out, True


def environment(tree):
    """Without a repository around it MicroPython's version is its own, not that of ours."""
    return {
        "PATH": f"{TOOLCHAIN / 'arm/bin'}{os.pathsep}{os.environ['PATH']}",
        "GIT_CEILING_DIRECTORIES": str(Path(tree).parent),
        "PICO_TOOLCHAIN_PATH": str((TOOLCHAIN / "arm/bin").resolve().parent),
    }


def configure(board, tree, work):
    command = ["cmake", "-S", tree / "ports/rp2", "-B", work, "-DPICO_NO_PICOTOOL=1"]
    command += [f"-DMICROPY_BOARD={board}", f"-DMICROPY_BOARD_DIR={folder_of(board)}"]
    command += [f"-DPython3_EXECUTABLE={sys.executable}"]
    run("cmake", command, work / "build.log", **environment(tree))
    (work / "tree").write_text(str(tree))


def compile_in(board, work):
    tree = (work / "tree").read_text()
    command = ["make", "-C", work, "-j", os.cpu_count() or 1]
    run(f"the image of {board}", command, work / "build.log", **environment(tree))


def storage_bytes(board):
    said = (folder_of(board) / "mpconfigboard.h").read_text()
    found = re.search(r"MICROPY_HW_FLASH_STORAGE_BYTES\s+\((\d+) \* 1024\)", said)
    if not found:
        raise Refused(
            f"boards/{board}/mpconfigboard.h: no MICROPY_HW_FLASH_STORAGE_BYTES (N * 1024)"
        )
    return int(found[1]) * 1024


def fits(board, work):
    """MicroPython's own check of this is compiled out of a release build."""
    size, room = (work / "firmware.bin").stat().st_size, FLASH_BYTES - storage_bytes(board)
    if size > room:
        raise Refused(f"{board}: the image has {size} bytes, {room} are left of the flash")


def collect(work, out):
    for name in ("firmware.elf", "firmware.bin"):
        shutil.copyfile(work / name, out / name)
    (out / "firmware.uf2").write_bytes(image_uf2.uf2((work / "firmware.bin").read_bytes()))

"""What an image costs: read out of the files of a build with the binutils it was made with."""

import re
import subprocess

from tools import image_rp2
from tools.image_key import TOOLCHAIN, run, sum_of

MANIFEST = image_rp2.COMMON / "stock/manifest.py"
NAMES = re.compile(r'^    "(\S+)\\0"$', re.M)


def binutils(tool, *arguments):
    command = [str(TOOLCHAIN / "arm/bin" / f"arm-none-eabi-{tool}"), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(elf):
    """{name: address} of what the linker script defines."""
    rows = [line.split() for line in binutils("nm", elf).splitlines()]
    return {row[2]: int(row[0], 16) for row in rows if len(row) == 3}


def sections(elf):
    """{name: bytes}"""
    rows = [line.split() for line in binutils("size", "-A", elf).splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 3 and row[1].isdigit()}


def frozen_names(out):
    """The Python files that are in the image, as MicroPython names them, in no order."""
    return sorted(NAMES.findall((out / "work/frozen_content.c").read_text()))


def frozen_bytes(out):
    """What their bytecode, constants and tables take of the flash."""
    folder = out / "work/CMakeFiles/firmware.dir"
    (made,) = [path for path in folder.glob("frozen_content.c.*") if path.suffix in (".o", ".obj")]
    text, data = binutils("size", made).splitlines()[1].split()[:2]
    return int(text) + int(data)


def figures(out):
    """{what: bytes}. The heap is what MicroPython's collector is given, its own table included."""
    elf = out / "firmware.elf"
    at, size = symbols(elf), sections(elf)
    return {
        "image": (out / "firmware.bin").stat().st_size,
        "frozen": frozen_bytes(out),
        ".data": size[".data"],
        ".bss": size[".bss"],
        "stack": at["__StackTop"] - at["__StackBottom"],
        "heap": at["__GcHeapEnd"] - at["__GcHeapStart"],
    }


def stock(build=False, images=image_rp2.IMAGES):
    """Bytes of MicroPython's image of a Raspberry Pi Pico with nothing of ours in it, made once
    and only when asked for; None: it never was. (Without micropython-lib, which Debian's tree
    has not got: that is four small drivers.)"""
    tree, fact = image_rp2.tree_for("RP2040_RIG")
    work = images / "stock" / sum_of([MANIFEST], fact)[:12]
    made = work / "firmware.bin"
    if not made.exists() and build:
        work.mkdir(parents=True, exist_ok=True)
        log, paths = work / "build.log", image_rp2.environment(tree)
        command = ["cmake", "-S", tree / "ports/rp2", "-B", work, "-DPICO_NO_PICOTOOL=1"]
        command += ["-DMICROPY_BOARD=RPI_PICO", f"-DMICROPY_FROZEN_MANIFEST={MANIFEST}"]
        run("cmake", command, log, **paths)
        run("the stock image", ["make", "-C", work, "-j2"], log, **paths)
    return made.stat().st_size if made.exists() else None


def report(board, out):
    """Lines for people."""
    seen, room = figures(out), image_rp2.FLASH_BYTES - image_rp2.storage_bytes(board)
    without = stock()
    above = f", {seen['image'] - without:,} above stock MicroPython" if without else ""
    ram = f".data {seen['.data']:,}  .bss {seen['.bss']:,}  C stack {seen['stack']:,}"
    return [
        f"{board}: {seen['image']:,} bytes of {room:,}{above}",
        f"frozen {len(frozen_names(out))} files: {seen['frozen']:,} bytes of it",
        f"RAM: {ram}  heap {seen['heap']:,} bytes",
    ]

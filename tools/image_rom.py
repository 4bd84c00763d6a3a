"""The emulator's boot ROM, build/emulator/rom.bin, from tools/emulator/rom."""

from tools.image_key import ROOT, TOOLCHAIN, alone, holds, run, sum_of, toolchain

SOURCES = ROOT / "tools/emulator/rom"
OUT = ROOT / "build/emulator"
ROM_BYTES = 16 << 10
FLAGS = (
    "-mcpu=cortex-m0plus -mthumb -std=gnu11 -Os -Wall -Wextra -Werror"
    " -Wno-unused-parameter -Wno-override-init"
    " -ffreestanding -fno-tree-loop-distribute-patterns -nostartfiles -nostdlib"
).split()


def build(out=OUT):
    """-> (rom.bin, was anything done)"""
    with alone(out):
        tools = TOOLCHAIN / "arm/bin"
        files = [SOURCES / "rom.c", SOURCES / "rom.ld"]
        key = sum_of(files, toolchain("arm"), FLAGS)
        made, elf, stamp = out / "rom.bin", out / "rom.elf", out / "rom.key"
        if made.exists() and holds(stamp, key):
            return made, False
        stamp.unlink(missing_ok=True)
        log = out / "rom.log"
        log.unlink(missing_ok=True)
        link = ["-T", files[1], "-o", elf, files[0], "-lgcc"]
        run("the boot ROM", [tools / "arm-none-eabi-gcc", *FLAGS, *link], log)
        run("the boot ROM", [tools / "arm-none-eabi-objcopy", "-O", "binary", elf, made], log)
        made.write_bytes(made.read_bytes().ljust(ROM_BYTES, b"\0"))
        stamp.write_text(key)
        return made, True

"""The unix port from the same source as the image, with the firmware frozen into it.

`build("32")` has the object sizes of a 32-bit chip, for what a heap must hold; tests/unit runs in
it. It has no `ffi`, so it is no charge point of the bench.
"""

import os
from pathlib import Path

from tools.image_key import (
    ROOT,
    TOOLCHAIN,
    Refused,
    alone,
    fresh,
    holds,
    run,
    sum_of,
    toolchain,
)

OUT = ROOT / "build/unix"
MANIFEST = ROOT / "boards/unix/manifest.py"
CONFIG = ROOT / "boards/unix/mpconfig.h"
# What the libraries in C would be that Debian's source tree has not got, or nobody uses.
LEAN = ("MICROPY_PY_BTREE=0", "MICROPY_PY_BLUETOOTH=0")
# 32-bit code that can lie anywhere is a third slower than code that lies where it was linked.
FAST = "-O2 -fno-pie"
VARIANTS = {
    "32": ("MICROPY_FORCE_32BIT=1", "MICROPY_PY_FFI=0"),
}


def sources(root=ROOT):
    found = [path for room in ("firmware", "hal") for path in (root / room).rglob("*.py")]
    return [*found, root / "manifest.py", MANIFEST]


def arguments(variant):
    """What make is told besides the folders. For 32 bit where the compiler's other half is."""
    flags = (TOOLCHAIN / "i386/flags").read_text().strip() if variant == "32" else ""
    ours = f"{FAST} -I{CONFIG.parent} '-DMP_CONFIGFILE=<{CONFIG.name}>'"
    told = [*LEAN, *VARIANTS[variant]]
    return [*told, f"CFLAGS_EXTRA={flags} {ours}", f"LDFLAGS_EXTRA={flags} -no-pie"]


def build(variant, out=OUT):
    """-> (the program, was anything done)"""
    if variant not in VARIANTS:
        raise Refused(f"no unix build {variant}; there are: {', '.join(VARIANTS)}")
    folder = out / variant
    with alone(folder):
        own = os.environ.get("MPY_DIR")
        parts = [*(() if own else ("sources",)), *(("i386",) if variant == "32" else ())]
        tools = toolchain(*parts)
        tree = Path(own).resolve() if own else TOOLCHAIN / "micropython"
        told = arguments(variant)
        base = sum_of([MANIFEST, CONFIG], tools, str(tree), str(folder), told)
        key = sum_of(sources(), base)
        made, work = folder / "micropython", folder / "work"
        if made.exists() and holds(folder / "key", key) and not own:
            return made, False
        (folder / "key").unlink(missing_ok=True)
        if not holds(work / "base", base):
            fresh(work)
            (work / "base").write_text(base)
        make(variant, tree, work, told)
        half = folder / "micropython.new"
        half.write_bytes((work / "micropython").read_bytes())
        half.chmod(0o755)
        half.rename(made)
        (folder / "key").write_text(key)
        return made, True


def make(variant, tree, work, told):
    command = ["make", "-C", tree / "ports/unix", "-j", os.cpu_count() or 1]
    command += [f"BUILD={work}", "VARIANT=standard", f"FROZEN_MANIFEST={MANIFEST}", *told]
    ceiling = {"GIT_CEILING_DIRECTORIES": str(tree.parent)}
    run(f"the unix build {variant}", command, work / "build.log", **ceiling)

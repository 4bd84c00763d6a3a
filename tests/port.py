"""Which MicroPython runs a file of tests/unit, and with how much heap.

The 32-bit unix build with the firmware frozen: objects as large as a chip's, code that takes no
heap. A file may ask, in a line of its own, for what its rig takes beside the firmware:

    # heap: chip + 96k, a flash of 64 KiB in RAM

Where that build cannot be had, and for a file that says `# needs: ffi`, it is the 64-bit port and
the firmware's source, with a heap that tells nothing of a chip. tests/conftest.py runs it.
"""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIDE = ROOT / "build/micropython/bin/micropython"
# Of the 204,276 bytes an RP2040's image has, TLS takes 43,000 and a port with its network 20,000.
CHIP_BYTES = 141_276
WIDER = 6  # objects twice as large, and the code of the firmware on the heap as well
HEAP = re.compile(r"# heap: chip \+ (\d+)k, \S.*")
FFI = "# needs: ffi"
SAID = re.compile(r"^# *(?:heap|needs)\b.*$", re.M | re.I)


class Port:
    """`narrow`: the 32-bit program or None, `why` there is none; `broken`: it should have been."""

    def __init__(self, narrow, why="", broken=False):
        self.narrow, self.why, self.broken = narrow, why, broken

    def header(self):
        if self.broken:
            return f"[upy]: none, {self.why}"
        if self.narrow:
            return "[upy]: 32-bit MicroPython, firmware frozen, a chip's heap; with ffi: 64-bit"
        return f"[upy]: 64-bit MicroPython, NO CHIP'S HEAP: {self.why}"

    def command(self, path):
        """-> the program and its options for a file of tests."""
        extra, ffi = asked(path.read_text(), path.name)
        heap = CHIP_BYTES + extra
        if self.narrow and not ffi:
            return [self.narrow, "-X", f"heapsize={heap}"]
        return [wide(), "-X", f"heapsize={heap * WIDER}"]


def asked(text, name):
    """-> (bytes for the rig, is ffi needed); ValueError when a line says it in other words."""
    extra, ffi = [], False
    for line in SAID.findall(text):
        heap = HEAP.fullmatch(line)
        if heap:
            extra.append(int(heap[1]) * 1024)
        elif line == FFI:
            ffi = True
        else:
            raise ValueError(f"{name}: not `# heap: chip + 96k, why` nor `{FFI}`: {line}")
    if len(extra) > 1:
        raise ValueError(f"{name}: {len(extra)} lines say # heap")
    return sum(extra), ffi


def wide():
    return os.environ.get("MICROPYTHON") or str(WIDE)


def choose():
    """Builds what is to be built. $MICROPYTHON is taken as it is."""
    if os.environ.get("MICROPYTHON"):
        return Port(None, "$MICROPYTHON is set")
    from tools import image_unix
    from tools.image_key import NotHere, Refused

    try:
        return Port(str(image_unix.build("32")[0]))
    except NotHere as e:
        return Port(None, str(e))
    except Refused as e:
        return Port(None, str(e), broken=True)

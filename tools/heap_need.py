"""How much heap each file of tests/unit needs in the 32-bit build, for its line `# heap:`.

    python tools/heap_need.py [tests/unit/test_x.py...]

By bisection, so it runs each file some ten times. Proposes a quarter more than is needed: where
things lie in memory differs from run to run, and some stores are as large as the heap allows.
tests/port.py says what the line means.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests import port
from tools import image_unix
from tools.image_key import ROOT

STEP = 4096
MOST = 4 << 20


def passes(program, file, heap):
    command = [program, "-X", f"heapsize={heap}", "tests/upy.py", str(file.relative_to(ROOT))]
    ran = subprocess.run(
        command, cwd=ROOT, timeout=600, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    words = {line.partition(" ")[0] for line in ran.stdout.splitlines()}
    return ran.returncode == 0 and bool(words & {"PASS", "SKIP"}) and "FAIL" not in words


def need(program, file):
    """-> the least bytes with which all its tests pass, to a step; None: with no heap at all."""
    low, high = 1, MOST // STEP
    if not passes(program, file, MOST):
        return None
    while low < high:
        middle = min((low + high) // 2, low * 3)  # most need little, and a small heap is quick
        if passes(program, file, middle * STEP):
            high = middle
        else:
            low = middle + 1
    return low * STEP


def row(program, file):
    extra, ffi = port.asked(file.read_text(), file.name)
    if ffi:
        return f"{'64-bit':>10}  {'':>10}  {file.name}"
    least = need(program, file)
    if least is None:
        return f"{'fails':>10}  {'':>10}  {file.name}"
    above = max(0, -(-(least * 5 // 4 - port.CHIP_BYTES) // 8192) * 8)
    mark = "" if above * 1024 == extra else f"  now + {extra // 1024}k"
    return f"{least:10,}  chip + {above:3}k  {file.name}{mark}"


def main(arguments):
    files = [Path(name).resolve() for name in arguments]
    program, _ = image_unix.build("32")
    with ThreadPoolExecutor(2) as pool:
        every = files or sorted((ROOT / "tests/unit").glob("test_*.py"))
        for line in pool.map(lambda file: row(program, file), every):
            print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

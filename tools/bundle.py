"""The update package: header and ROMFS image of the compiled tree, in build/bundle.

    python tools/bundle.py [--version X.Y.Z] [--board NAME] [--into FOLDER] [--root TREE]
                           [--sign KEY.PEM[,CERTIFICATE.PEM]]

The same tree gives the same bytes. Without a board it is for any; with one it holds that board's
pins and the metal of its port alone. firmware/start.py stays out: the guard that takes an update
back is never a part of one. What is read on the device: firmware/store/bundle.py, docs/update.md.
Signed, its signature stands beside it as BUNDLE.sig: tools/bundle_sign.py.
"""

import argparse
import ast
import binascii
import hashlib
import os
import re
import struct
import sys
from pathlib import Path

from mpremote.romfs import VfsRomWriter  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import compile as build

BUNDLES = build.ROOT / "build/bundle"
VERSION = Path("firmware/version.py")
ARMV6M = 4  # of an .mpy file, MicroPython py/persistentcode.h
# What runs before a tree is chosen, and is the factory's for life.
GUARD = ("firmware/start.mpy", "firmware/console.mpy", "firmware/store/unlock.mpy")
PORTS = ("esp32", "rp2", "unix")

PAGE = 256
HEADER = "<8sBB2xI32s50s24s2x"  # firmware/store/bundle.py


class Refused(Exception):
    """No bundle can be made; the text says why."""


def literal(path, name):
    """What a module says of a name, without running it."""
    for node in ast.parse(path.read_text(), str(path)).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            return ast.literal_eval(node.value)
    raise Refused(f"{path}: no {name}")


def tree(board, version, root, work):
    """{name: bytes} of every file of the bundle."""
    folder = work / (board or "any")
    build.compile_tree(board, root, folder)
    told = work / f"version.{board or 'any'}.{os.getpid()}.py"
    told.write_text(version_source(root / VERSION, version))
    try:
        # Always anew: a bundle of another version may have been made before.
        build.compile_file(told, folder / VERSION.with_suffix(".mpy"), VERSION)
    finally:
        told.unlink()
    port = literal(root / "boards" / board / "board.py", "PORT") if board else None
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.mpy"))
    return {name: (folder / name).read_bytes() for name in names if belongs(name, port)}


def version_source(path, version):
    source, count = re.subn(
        r'^VERSION = ".*"$', f'VERSION = "{version}"', path.read_text(), flags=re.M
    )
    if count != 1:
        raise Refused(f"{path}: one line VERSION is expected")
    return source


def belongs(name, port):
    """The facts of a bench are written by the bench; the metal of another port cannot run."""
    if name == "board.mpy":
        return port != "unix"
    room, _, file = name.rpartition("/")
    others = [other for other in PORTS if room == "hal" and port and other != port]
    return name not in GUARD and not any(re.match(other + "[._]", file) for other in others)


def bytecode_version(files):
    """The one all of them have; native code would run on one chip only, and is that chip's."""
    versions = set()
    for name, data in files.items():
        native = data[2] >> 2
        own = native == ARMV6M and name.startswith("hal/rp2")
        if data[:1] != b"M" or (native and not own):
            raise Refused(f"{name}: not bytecode for every chip")
        versions.add(data[1])
    if len(versions) != 1:
        raise Refused(f"bytecode versions {sorted(versions)}: one is expected")
    return versions.pop()


def romfs(files):
    """A ROMFS image. Names come sorted, so a folder's files stand together."""
    writer, open_now = VfsRomWriter(), []
    for name in sorted(files, key=lambda name: name.split("/")):
        *folders, file = name.split("/")
        while open_now != folders[: len(open_now)]:
            writer.closedir()
            open_now.pop()
        for folder in folders[len(open_now) :]:
            writer.opendir(folder)
            open_now.append(folder)
        writer.mkfile(file, files[name])
    for _ in open_now:
        writer.closedir()
    return writer.finalise()


def bundle(files, version, board=None):
    """The bytes of a bundle."""
    payload = romfs(files)
    payload += bytes(-len(payload) % PAGE)
    facts = struct.pack(
        HEADER,
        b"EVSEBNDL",
        1,
        bytecode_version(files),
        len(payload),
        hashlib.sha256(payload).digest(),
        version.encode(),
        (board or "").encode(),
    )
    facts += struct.pack("<I", binascii.crc32(facts))
    return facts.ljust(PAGE, b"\xff") + payload  # the rest of the page: room for a signature


def make(version=None, board=None, root=build.ROOT, into=BUNDLES):
    """The path of the bundle."""
    if board and not (root / "boards" / board / "board.py").is_file():
        raise Refused(f"no board {board}")
    if board and len(board) > 24:
        raise Refused(f"{board}: 24 characters are the most")
    version = version or literal(root / VERSION, "VERSION")
    # OCPP 1.6 §6.3: firmwareVersion is a CiString50. It is also part of a file name.
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,49}", version):
        raise Refused(f"version {version!r}: 1 to 50 of letters, digits and .+_- are expected")
    into.mkdir(parents=True, exist_ok=True)
    data = bundle(tree(board, version, root, into / "tree"), version, board)
    path = into / f"evse-{board or 'any'}-{version}.bin"
    half = path.with_name(f"{path.name}.{os.getpid()}")
    half.write_bytes(data)
    os.replace(half, path)
    return path


def main(arguments):
    parser = argparse.ArgumentParser(prog="bundle", description=__doc__.partition("\n")[0])
    parser.add_argument("--version")
    parser.add_argument("--board")
    parser.add_argument("--into", type=Path, default=BUNDLES)
    parser.add_argument("--root", type=Path, default=build.ROOT)
    parser.add_argument("--sign", metavar="KEY.PEM[,CERTIFICATE.PEM]")
    given = parser.parse_args(arguments)
    signer = None
    try:
        if given.sign:  # before anything is made: what cannot be signed is not wanted
            from tools.bundle_sign import Signer

            signer = Signer(*given.sign.split(",", 1))
        path = make(given.version, given.board, given.root.resolve(), given.into)
        # A signature of an earlier bundle of this name must not lie beside this one.
        path.with_name(path.name + ".sig").unlink(missing_ok=True)
        print(f"bundle: {path}, {path.stat().st_size} bytes")
        if signer is not None:
            print(signer.sign(path))
    except (Refused, build.Refused, OSError, ValueError) as e:
        print(f"bundle: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

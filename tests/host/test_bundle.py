"""The update package: the same bytes each time, exactly the compiled tree, for whom it says."""

import binascii
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import bundle, compile

ROOT = Path(__file__).resolve().parents[2]


def made(into, *arguments):
    command = [sys.executable, str(ROOT / "tools/bundle.py"), "--into", str(into), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    path = Path(re.fullmatch(r"bundle: (.*), (\d+) bytes\n", ran.stdout)[1])
    return path, path.read_bytes()


def number(data, at):
    """A ROMFS number: seven bits a byte, the last without its highest bit."""
    value = 0
    while True:
        value = value << 7 | data[at] & 127
        at += 1
        if data[at - 1] < 128:
            return value, at


def records(data, at, end):
    while at < end:
        kind, at = number(data, at)
        size, at = number(data, at)
        yield kind, data[at : at + size]
        at += size
    assert at == end


def files_in(folder, prefix=""):
    """{name: bytes}, read by the format's own description (MicroPython 1.25, extmod/vfs_rom.c)."""
    found = {}
    for kind, data in records(folder, 0, len(folder)):
        size, at = number(data, 0)
        name, rest = prefix + data[at : at + size].decode(), data[at + size :]
        if kind == 4:
            found.update(files_in(rest, name + "/"))
        else:
            assert kind == 5
            (inner, content), *more = records(rest, 0, len(rest))
            assert inner == 2 and not more and name not in found
            found[name] = content
    return found


def read(data):
    """(version, board, bytecode, {name: bytes}) of a bundle, by docs/update.md alone."""
    assert data[:8] == b"EVSEBNDL" and data[8] == 1 and len(data) % 256 == 0
    assert int.from_bytes(data[124:128], "little") == binascii.crc32(data[:124])
    assert data[128:256] == b"\xff" * 128
    payload = data[256:]
    assert int.from_bytes(data[12:16], "little") == len(payload)
    assert data[16:48] == hashlib.sha256(payload).digest()
    assert payload[:3] == b"\xd2\xcd\x31"
    size, at = number(payload, 3)
    assert not any(payload[at + size :]) and len(payload) - at - size < 256
    version, board = (data[a:b].rstrip(b"\0").decode() for a, b in ((48, 98), (98, 122)))
    return version, board, data[9], files_in(payload[at : at + size])


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Every .mpy of this tree, by the compiler that makes the image."""
    folder = tmp_path_factory.mktemp("tree")
    compile.compile_tree(into=folder)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.mpy")}


def test_the_same_bytes(tmp_path):
    """Twice, from nothing and from what was there, and after a bundle of another version."""
    path, first = made(tmp_path / "one", "--version", "1.2.3")
    assert path.name == "evse-any-1.2.3.bin"
    made(tmp_path / "one", "--version", "3.2.1")
    assert made(tmp_path / "one", "--version", "1.2.3") == (path, first)
    assert made(tmp_path / "two", "--version", "1.2.3")[1] == first


def test_exactly_this_tree(tmp_path, compiled):
    """Every compiled file, nothing else; the guard stays the factory's; the version is the one
    asked for.
    """
    version, board, mpy, files = read(made(tmp_path, "--version", "7.8.9-rc1")[1])
    assert (version, board) == ("7.8.9-rc1", "") and mpy == compiled["firmware/main.mpy"][1]
    assert set(files) == set(compiled) - set(bundle.GUARD)
    told = files.pop("firmware/version.mpy")
    assert told.count(b"7.8.9-rc1") == 1
    own = bundle.literal(ROOT / "firmware/version.py", "VERSION").encode()
    assert own not in told
    for name, data in files.items():
        assert data == compiled[name], name


def test_own_version_unless_told(tmp_path, compiled):
    _, data = made(tmp_path)
    version, _, _, files = read(data)
    assert version == bundle.literal(ROOT / "firmware/version.py", "VERSION")
    assert files["firmware/version.mpy"] == compiled["firmware/version.mpy"]


def test_for_the_bench(tmp_path):
    """A bench's facts are its own, so they stay out; so does the metal of other ports."""
    path, data = made(tmp_path, "--board", "BENCH")
    _, board, _, files = read(data)
    assert board == "BENCH" and path.name.startswith("evse-BENCH-")
    assert "board.mpy" not in files and "hal/unix.mpy" in files


def other_tree(folder):
    """A tree with a board of another port."""
    for name, text in {
        "firmware/__init__.py": "",
        "firmware/version.py": 'VERSION = "0.1.0"\n',
        "firmware/start.py": "",
        "hal/pilot.py": "",
        "hal/rp2.py": "",
        "hal/rp2_adc.py": "",
        "hal/esp32.py": "",
        "hal/unix_wires.py": "",
        "hal/meter/rp2.py": "",
        "boards/PICO/board.py": 'NAME = "PICO"\nPORT = "rp2"\n',
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_for_a_board(tmp_path):
    """Its pins are in it, and of the metal its port's alone."""
    root = other_tree(tmp_path / "root")
    _, data = made(tmp_path / "out", "--board", "PICO", "--root", str(root))
    assert set(read(data)[3]) == {
        "board.mpy",
        "firmware/__init__.mpy",
        "firmware/version.mpy",
        "hal/pilot.mpy",
        "hal/rp2.mpy",
        "hal/rp2_adc.mpy",
        "hal/meter/rp2.mpy",
    }
    _, data = made(tmp_path / "out", "--root", str(root))
    assert "board.mpy" not in read(data)[3] and "hal/esp32.mpy" in read(data)[3]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--board", "NOSUCH"), "no board NOSUCH"),
        (("--version", "a/b"), "1 to 50 of letters"),
        (("--version", "1" * 51), "1 to 50 of letters"),
        (("--version", '1"\nimport os'), "1 to 50 of letters"),
    ],
)
def test_refused(tmp_path, arguments, why):
    command = [sys.executable, str(ROOT / "tools/bundle.py"), "--into", str(tmp_path), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 1 and why in ran.stderr and not list(tmp_path.glob("*.bin"))


def test_native_code_is_refused():
    """A bundle for any board runs on any chip."""
    with pytest.raises(bundle.Refused, match=r"native\.mpy"):
        bundle.bytecode_version({"native.mpy": b"M\x06\x14\x1f"})
    with pytest.raises(bundle.Refused, match=r"\[5, 6\]"):
        bundle.bytecode_version({"a": b"M\x06\x00\x1f", "b": b"M\x05\x00\x1f"})


def test_make(tmp_path):
    """`make bundle VERSION=... BOARD=...` says the same."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    ran = subprocess.run(
        ["make", "-n", "bundle", "VERSION=1.2.3", "BOARD=BENCH"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=dict(os.environ, MAKEFLAGS=""),
    )
    assert "tools/bundle.py --version 1.2.3 --board BENCH" in ran.stdout, ran.stderr


def test_read_by_the_firmware(tmp_path):
    """What the tool writes the charger's own reader takes, in MicroPython and from its flash."""
    _, data = made(tmp_path, "--version", "2.0.0", "--board", "BENCH")
    image = tmp_path / "flash.img"
    image.write_bytes(data.ljust(96 * 4096, b"\xff"))
    code = (
        "import sys, vfs\n"
        "from hal.unix_flash import Flash\n"
        "from firmware.store.bundle import header_of, verify, SIZE\n"
        "flash = Flash(%r, [0, 0, 0], 0)\n"
        "header = header_of(flash, 'BENCH', sys.implementation._mpy & 0xFF)\n"
        "for _ in verify(flash, header): pass\n"
        "vfs.mount(vfs.VfsRom(memoryview(flash.mapped())[256:header[SIZE]]), '/a')\n"
        "for name in list(sys.modules):\n"
        "    if name.split('.')[0] in ('firmware', 'hal'): del sys.modules[name]\n"
        "sys.path.insert(0, '/a')\n"
        "from firmware import version\n"
        "print(header[:4], version.VERSION, version.__file__)\n" % str(image)
    )
    ran = subprocess.run(
        [str(ROOT / "build/micropython/bin/micropython"), "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=dict(os.environ, MICROPYPATH=str(ROOT) + ":.frozen"),
    )
    said = "('2.0.0', 'BENCH', 6, %d) 2.0.0 /a/firmware/version.mpy\n" % len(data)
    assert ran.stdout == said, ran.stdout + ran.stderr

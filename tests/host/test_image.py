"""tools/image.py: the format of its product, what is frozen into it, when it is made again.

What needs a compiler for the chip is skipped, saying so, where tools/toolchain.sh cannot get one.
"""

import ast
import functools
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tools import image, image_figures, image_key, image_rom, image_rp2, image_uf2
from tools.image_key import NotHere, Refused

ROOT = Path(__file__).resolve().parent.parent.parent
BOARD = "RP2040_RIG"
# MicroPython's own modules in Python that boards/rp2/manifest.py adds.
THEIRS = {"rp2.py", "asyncio/__init__.py", "asyncio/core.py", "asyncio/event.py"}
THEIRS |= {"asyncio/funcs.py", "asyncio/lock.py", "asyncio/stream.py", "uasyncio.py"}


@functools.cache
def built():
    """The image's folder, or the reason why there is none."""
    try:
        return image.build(BOARD)[0]
    except NotHere as e:
        return str(e)


@pytest.fixture
def out():
    folder = built()
    if isinstance(folder, str):
        pytest.skip(folder)
    return folder


def blocks(data):
    """UF2 read by its specification's field table: (flags, address, size, number, count, family,
    payload) of each block."""
    assert len(data) % 512 == 0
    for at in range(0, len(data), 512):
        words = struct.unpack_from("<8I", data, at)
        assert words[:2] == (0x0A324655, 0x9E5D5157)
        assert data[at : at + 4] == b"UF2\n"
        assert struct.unpack_from("<I", data, at + 508) == (0x0AB16F30,)
        assert not any(data[at + 32 + words[4] : at + 508]), "the rest of a block is empty"
        yield (*words[2:], data[at + 32 : at + 32 + words[4]])


def test_uf2_holds_the_image_page_by_page():
    source = bytes(range(256)) * 3 + b"tail"
    read = list(blocks(image_uf2.uf2(source)))
    assert [block[1] for block in read] == [0x10000000 + 256 * n for n in range(4)]
    assert [block[3] for block in read] == [0, 1, 2, 3]
    assert {block[4] for block in read} == {4}
    assert {block[2] for block in read} == {256}
    assert {block[0] for block in read} == {0x2000}, "the last word of the head is a family"
    assert {block[5] for block in read} == {0xE48BFF56}, "RP2040"
    assert b"".join(block[6] for block in read) == source + b"\xff" * 252


def test_uf2_goes_where_it_is_told():
    (block,) = blocks(image_uf2.uf2(b"x", address=0x10100000, family=7))
    assert block[1] == 0x10100000
    assert block[5] == 7


@pytest.mark.parametrize("name", ["NOPE", "BENCH", "rp2", "../RP2040_RIG"])
def test_a_board_that_is_none_gets_one_line(name):
    said = subprocess.run(
        [sys.executable, "tools/image.py", name], cwd=ROOT, capture_output=True, text=True
    )
    assert said.returncode == 1
    assert said.stdout == ""
    (line,) = said.stderr.splitlines()
    assert line.startswith(f"image: no board {name}; there are: ")
    assert BOARD in line
    assert "BENCH" not in line.partition("there are")[2]


def test_esp32_says_what_it_takes(monkeypatch):
    monkeypatch.delenv("IDF_PATH", raising=False)
    with pytest.raises(NotHere, match="ESP-IDF, which is not here"):
        image.build("ESP32_DEVKITC_EVSE")
    assert NotHere.status == 3


def test_a_driver_that_the_tree_lacks_is_named(tmp_path, monkeypatch):
    (tmp_path / "ports/rp2").mkdir(parents=True)
    monkeypatch.setenv("MPY_DIR", str(tmp_path))
    monkeypatch.setattr(image_rp2, "toolchain", lambda *parts: "sum")
    with pytest.raises(
        Refused, match=r"PICO_W_EVSE needs MicroPython's lib/cyw43-driver.*MPY_DIR="
    ):
        image_rp2.tree_for("PICO_W_EVSE")
    (tmp_path / "lib/cyw43-driver/src").mkdir(parents=True)
    (tmp_path / "lib/cyw43-driver/src/cyw43.h").touch()
    assert image_rp2.tree_for("PICO_W_EVSE")[0] == tmp_path
    with pytest.raises(Refused, match="lib/wiznet5k"):
        image_rp2.tree_for("W5500_EVB_PICO_EVSE")


def test_a_tree_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("MPY_DIR", str(tmp_path))
    monkeypatch.setattr(image_rp2, "toolchain", lambda *parts: "sum")
    with pytest.raises(Refused, match="no MicroPython source tree"):
        image_rp2.tree_for(BOARD)


def test_the_storage_of_a_board_fits_its_blocks():
    for board in [name for name, port in image.boards().items() if port == "rp2"]:
        said = (ROOT / "boards" / board / "board.py").read_text()
        blocks_of = {
            room: int(re.search(rf"^{room}_blocks = (\d+)", said, re.M)[1])
            for room in ("file", "journal", "slot", "event", "security")
        }
        slots = blocks_of.pop("slot")
        count = sum(blocks_of.values()) + (2 * slots + 2 if slots else 0)
        assert count * image_rp2.BLOCK_BYTES <= image_rp2.storage_bytes(board), board


def test_an_image_that_reaches_into_the_storage_is_refused(tmp_path):
    room = image_rp2.FLASH_BYTES - image_rp2.storage_bytes(BOARD)
    (tmp_path / "firmware.bin").write_bytes(bytes(room))
    image_rp2.fits(BOARD, tmp_path)
    (tmp_path / "firmware.bin").write_bytes(bytes(room + 1))
    with pytest.raises(Refused, match=f"the image has {room + 1} bytes, {room} are left"):
        image_rp2.fits(BOARD, tmp_path)


def test_a_failed_build_says_its_first_error(tmp_path):
    script = "echo building error-free; echo 'a.c:1: error: no such thing'; echo more; exit 2"
    with pytest.raises(Refused, match=r"the thing failed: a\.c:1: error: no such thing -- see"):
        image_key.run("the thing", ["sh", "-c", script], tmp_path / "log")


def test_a_toolchain_that_cannot_be_had_says_why(tmp_path):
    """No apt to be seen, no compiler: as on another system."""
    for name in ("mkdir", "cat", "sed", "rm", "dirname", "flock", "sh"):
        (tmp_path / name).symlink_to(Path("/bin") / name)
    said = subprocess.run(
        ["/bin/sh", "tools/toolchain.sh", str(tmp_path / "tools"), "arm"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert said.returncode == 1
    (line,) = said.stderr.splitlines()
    assert line.startswith("toolchain: this is not Debian, and there is no arm-none-eabi-gcc")


def test_it_freezes_what_ships_and_nothing_else(out):
    rooms = [path for room in ("firmware", "hal") for path in (ROOT / room).rglob("*.py")]
    ours = {path.relative_to(ROOT).as_posix() for path in rooms}
    # Another port's metal, and the main of a satellite: that is another chip's.
    foreign = re.compile(r"^hal/(unix|esp32)[._]|^firmware/satellite\.py$")
    ships = {name for name in ours if not foreign.match(name)} - {"firmware/satellite.py"}
    assert "hal/rp2.py" in ships and "firmware/start.py" in ships
    frozen = image_figures.frozen_names(out)
    assert len(frozen) == len(set(frozen))
    assert set(frozen) == ships | THEIRS | {"board.py", "main.py", "_boot.py"}


def test_its_main_is_the_boot_guard(out):
    """MicroPython runs main.py; and its _boot.py would format the storage."""
    main = ast.parse((ROOT / "boards/rp2/frozen/main.py").read_text())
    assert "firmware.start.run()" in ast.unparse(main)
    boot = ast.parse((ROOT / "boards/rp2/frozen/_boot.py").read_text())
    assert [type(node) for node in boot.body] == [ast.Expr], "a docstring, and no statement"


def wanted_of_c(out):
    """{(module, name)}: what frozen files import that is not frozen; name None: the module."""
    names = image_figures.frozen_names(out)
    modules = {re.sub(r"(/__init__)?\.py$", "", name).replace("/", ".") for name in names}
    for name in names:
        found = [
            root / name for root in (ROOT, image_rp2.folder_of(BOARD)) if (root / name).exists()
        ]
        for node in ast.walk(ast.parse(found[0].read_text())) if found else ():
            if isinstance(node, ast.Import):
                yield from ((a.name, None) for a in node.names if a.name not in modules)
            elif isinstance(node, ast.ImportFrom) and node.module not in modules:
                yield from ((node.module, a.name) for a in node.names)


def test_the_lean_configuration_has_every_module_that_is_imported(out):
    headers = out / "work/genhdr"
    there = re.findall(r"MP_ROM_QSTR\(MP_QSTR_(\w+)\)", (headers / "moduledefs.h").read_text())
    words = re.findall(r"MP_QSTR_(\w+)", (headers / "qstrdefs.generated.h").read_text())
    missing = {
        (module, name)
        for module, name in wanted_of_c(out)
        if not re.match(r"hal\.(unix|esp32)", module)  # asked for behind `if board.PORT`
        and (module not in there or (name and name not in words))
    }
    assert not missing


def test_the_second_stage_is_one_the_boot_rom_takes(out):
    """RP2040 datasheet 2.8.1.3.1: CRC-32 of 252 bytes, not reflected, no final xor."""
    sum_ = 0xFFFFFFFF
    stage = (out / "firmware.bin").read_bytes()[:256]
    for byte in stage[:252]:
        sum_ ^= byte << 24
        for _ in range(8):
            sum_ = (sum_ << 1) ^ (0x04C11DB7 if sum_ & 0x80000000 else 0)
            sum_ &= 0xFFFFFFFF
    assert stage[252:] == sum_.to_bytes(4, "little")


def test_its_uf2_is_its_bin(out):
    read = list(blocks((out / "firmware.uf2").read_bytes()))
    plain = (out / "firmware.bin").read_bytes()
    assert b"".join(block[6] for block in read)[: len(plain)] == plain


def test_made_again_it_is_a_matter_of_nothing(out):
    before = {name: (out / name).stat().st_mtime_ns for name in image_rp2.PRODUCTS}
    again, done = image.build(BOARD)
    assert (again, done) == (out, False)
    assert {name: (out / name).stat().st_mtime_ns for name in image_rp2.PRODUCTS} == before


def test_its_key_sees_every_file_an_image_is_made_of():
    frozen = {path.relative_to(ROOT).as_posix() for path in image_rp2.frozen_sources(BOARD)}
    assert {"manifest.py", "firmware/main.py", "hal/rp2.py", f"boards/{BOARD}/board.py"} <= frozen
    assert {"boards/rp2/manifest.py", "boards/rp2/frozen/main.py"} <= frozen
    settings = {path.relative_to(ROOT).as_posix() for path in image_rp2.settings(BOARD)}
    assert {
        "boards/rp2/config.h",
        "boards/rp2/lwip/lwipopts.h",
        "boards/rp2/mbedtls.h",
    } <= settings
    assert {f"boards/{BOARD}/pins.csv", f"boards/{BOARD}/mpconfigboard.cmake"} <= settings


def test_a_key_knows_content_and_names(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("a")
    two.write_text("b")
    first = image_key.sum_of([one, two], "fact")
    assert image_key.sum_of([two, one], "fact") == first, "in any order"
    assert image_key.sum_of([one, two], "other") != first
    assert image_key.sum_of([one], "fact") != first
    two.write_text("c")
    assert image_key.sum_of([one, two], "fact") != first


def test_the_stack_and_the_heap_do_not_meet(out):
    seen = image_figures.figures(out)
    at = image_figures.symbols(out / "firmware.elf")
    assert seen["stack"] == 0x2800
    assert at["__GcHeapEnd"] <= at["__StackBottom"]
    assert at["__StackTop"] == 0x20042000
    # .data, .bss, heap and stack are all of the 264 KiB, but for a vector table of 192 bytes.
    ram = sum(seen[part] for part in (".data", ".bss", "heap", "stack"))
    assert 264 * 1024 - 512 <= ram <= 264 * 1024


def test_the_boot_rom_has_the_tables_of_the_datasheet(out):
    """2.8.3: "Mu" 1 at 0x10, the tables' addresses at 0x14 and 0x16."""
    made, _ = image_rom.build()
    rom = made.read_bytes()
    assert len(rom) == 16 << 10
    assert rom[0x10:0x13] == b"Mu\x01"
    functions, data, lookup = struct.unpack_from("<3H", rom, 0x14)
    assert lookup & 1, "a function's address has Thumb's bit"
    codes = dict(entries(rom, functions))
    needed = b"P3 L3 T3 R3 MS S4 MC C4 IF EX RE RP FC CX UB WV".split()
    assert sorted(codes) == sorted(needed)
    assert all(address & 1 and address < len(rom) for address in codes.values())
    tables = dict(entries(rom, data))
    assert sorted(tables) == [b"SD", b"SF"]
    for table in tables.values():
        assert rom[table - 2] * 4 >= 0x80, "as long as the SDK copies"
        assert all(word & 1 for word in struct.unpack_from("<32I", rom, table))


def entries(rom, at):
    while rom[at] or rom[at + 1]:
        yield rom[at : at + 2], struct.unpack_from("<H", rom, at + 2)[0]
        at += 4

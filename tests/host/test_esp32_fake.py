"""The fake ESP32 is held against the stubs of the real one, and every ESP32 board runs on it."""

import ast
from pathlib import Path

import pytest

from tests.unit import fake_esp32 as fake

ROOT = Path(__file__).resolve().parent.parent.parent
STUBS = ROOT / "build/typings/esp32/stdlib"


def stub(module, name=None):
    """{name: value or FunctionDef} of a stub's module or class."""
    tree = ast.parse((STUBS / f"{module}.pyi").read_text())
    body = tree.body
    if name:
        body = next(n.body for n in body if isinstance(n, ast.ClassDef) and n.name == name)
    found = {}
    for node in body:
        if isinstance(node, ast.AnnAssign):
            found[node.target.id] = getattr(node.value, "value", None)
        elif isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.ClassDef):
            found[node.name] = node
    return found


def public(kind):
    return {name: value for name, value in vars(kind).items() if not name.startswith("_")}


@pytest.mark.parametrize(
    ("module", "name", "kind"),
    [("machine", None, fake.Machine), ("network", None, fake.Network), ("esp32", None, fake.Esp32)]
    + [("machine", k.__name__, k) for k in (fake.Pin, fake.ADC, fake.PWM, fake.UART, fake.Timer)]
    + [("machine", k.__name__, k) for k in (fake.WDT, fake.RTC)]
    + [("network", "WLAN", fake.WLAN), ("network", "LAN", fake.LAN)]
    + [("esp32", "Partition", fake.Partition)],
)
def test_every_name_and_number_is_the_stubs(module, name, kind):
    real = stub(module, name)
    assert public(kind), "nothing to compare"
    for key, value in public(kind).items():
        assert key in real, f"{module}.{name}: {key}"
        if isinstance(value, int):
            assert real[key] == value, key


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("PWM", {"freq", "duty_u16"}),
        ("ADC", {"atten"}),
        ("WDT", {"timeout"}),
        ("UART", {"baudrate", "tx", "rx", "timeout", "rxbuf"}),
        ("SPI", {"baudrate", "sck", "mosi", "miso"}),
        ("Pin", {"value"}),
    ],
)
def test_every_argument_is_the_stubs(name, keys):
    known = set()
    for function in stub("machine", name)["__init__"]:
        known |= {a.arg for a in function.args.kwonlyargs + function.args.args}
    assert keys <= known


BOARDS = sorted(
    p.parent.name
    for p in ROOT.glob("boards/*/board.py")
    if 'PORT = "esp32"' in p.read_text() and p.parent.name != "TEMPLATE"
)


def facts(name):
    space: dict = {}
    exec((ROOT / "boards" / name / "board.py").read_text(), space)
    return type("Facts", (), {k: v for k, v in space.items() if not k.startswith("__")})


def sees(world, parts, board):
    assert not world.coil and world.duty == 65535
    for letter in "BCD":
        world.letter = letter
        parts.pilot.sample()
        assert abs(parts.pilot.high_mv - fake.CP_MV[letter]) < 30
    assert (parts.lock is not None) == board.socket


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_gets_its_port(name):
    """Its pins fit the chip, its pilot the converter, its stores the partition; nothing closes,
    and a car at the pilot is seen."""
    board = facts(name)
    fake.chip.power_on()
    fake.chip.partitions = {"evse": 384}
    fake.chip.drives.clear()
    world = fake.World(board)
    port = fake.hal().Port(board)
    if getattr(board, "kernel", "local") == "local":
        sees(world, port.connectors[0], board)
    else:
        assert port.connectors[0].pilot is None and port.link_uart is not None
    port.mount(board.file_blocks)
    port.region(board.file_blocks, board.journal_blocks)


def test_there_are_boards():
    assert BOARDS

"""Every rule of tools/check.py fires on a small tree that breaks it, and on no other."""

import pytest

from tools import check

HEAD = '"""A promise, and its boundary."""\n'

BREAKS = [
    # the three laws
    ("firmware/evse/pilot.py", "import firmware.ocpp.rpc", "law 1"),
    ("firmware/evse/pilot.py", "from hal import pilot", "law 1"),
    ("firmware/evse/pilot.py", "from firmware import store", "law 1"),
    ("hal/pilot.py", "from firmware.evse import pilot", "law 2"),
    ("hal/unix.py", "import firmware", "law 2"),
    ("firmware/tasks/safety.py", "import board", "law 3"),
    ("hal/rp2.py", "from boards.PICO import board", "law 3"),
    # the floors
    ("firmware/evse/pilot.py", "import ocpp", "firmware/evse may not"),
    ("firmware/evse/pilot.py", "import time", "firmware/evse may not"),
    ("firmware/wire/frame.py", "import socket", "firmware/wire may not"),
    ("firmware/wire/frame.py", "import asyncio", "firmware/wire may not"),
    ("firmware/store/journal.py", "from firmware.evse import pilot", "firmware/store may not"),
    ("firmware/ocpp/rpc.py", "from firmware.wire import frame", "firmware/ocpp may not"),
    ("firmware/ocpp/outbox.py", "from firmware.ocpp.v16 import core", "firmware/ocpp may not"),
    ("firmware/ocpp/outbox.py", "from firmware.ocpp import v16", "firmware/ocpp may not"),
    ("firmware/ocpp/v16/core.py", "def f():\n    import machine", "firmware/ocpp may not"),
    ("firmware/ocpp/rpc.py", "__import__('machine')", "firmware/ocpp may not"),
    ("firmware/ocpp/rpc.py", "__import__('firmware.tasks.' + name)", "firmware/ocpp may not"),
    ("firmware/ocpp/rpc.py", "__import__(name)", "firmware/ocpp may not"),
    ("firmware/tasks/safety.py", "import machine", "firmware/tasks may not"),
    ("firmware/tasks/safety.py", "from hal import pilot", "firmware/tasks may not"),
    ("firmware/main.py", "import machine", "firmware/main may not"),
    ("hal/pilot.py", "from machine import Pin", "hal may not"),
    ("hal/meter/eastron.py", "import asyncio", "hal may not"),
    ("hal/pilot.py", "from hal import rp2", "hal may not"),
    ("hal/unix.py", "from hal.rp2 import clock", "hal/unix may not"),
    ("hal/unix_wires.py", "from hal import rp2_net", "hal/unix may not"),
    ("hal/pilot.py", "from hal.link import connect", "hal may not"),
    ("firmware/wire/frame.py", "from . import url", "relative import"),
    # what MicroPython has not
    ("firmware/wire/frame.py", "from typing import Any", "MicroPython does not have"),
    ("hal/pilot.py", "import enum", "MicroPython does not have"),
    ("firmware/evse/pilot.py", "import dataclasses", "MicroPython does not have"),
    ("hal/pilot.py", "class A:\n    __slots__ = ('a',)", "__slots__"),
    ("hal/pilot.py", "match 1:\n    case 1:\n        pass", "match"),
    (
        "hal/pilot.py",
        "try:\n    f()\nexcept OSError as e:\n    raise ValueError() from e",
        "raise ... from",
    ),
    ("hal/pilot.py", "def f(a, /):\n    return a", "positional-only"),
    ("hal/pilot.py", "async def f(a):\n    return [b async for b in a]", "async comprehensions"),
    # what nobody may do
    ("tools/rig/bench.py", "try:\n    f()\nexcept:\n    g()", "bare except"),
    ("tests/unit/test_a.py", "try:\n    f()\nexcept Exception:\n    pass", "swallows"),
    ("hal/pilot.py", "try:\n    f()\nexcept Exception:\n    ...", "swallows"),
    ("hal/pilot.py", "def (:", "does not parse"),
    ("tools/utils.py", "A = 1", "drawer"),
    ("firmware/common/frame.py", "A = 1", "drawer"),
    # what the safety tick may not do
    ("firmware/evse/pilot.py", "A = 1\ndef f(x):\n    return x in (A, 2)", "tuple of names"),
    ("firmware/evse/pilot.py", "def f(x):\n    return x not in [1, 2]", "list, set or dict"),
    # a board is facts
    ("boards/PICO/board.py", "import machine", "literals only"),
    ("boards/PICO/board.py", "A = 1\nB = A", "literals only"),
    ("boards/PICO/board.py", "A = open('x')", "literals only"),
    ("boards/PICO/board.py", "def f():\n    return 1", "literals only"),
    # how much fits in a room
    ("tools/bench.py", "A = 1\n" * 300, "300 are the most"),
    ("hal/pilot.py", "def f():\n" + "    a = 1\n" * 45, "45 are the most"),
]

KEEPS = [
    (
        "firmware/evse/decide.py",
        "from firmware.evse.pilot import Pilot\nfrom micropython import const",
    ),
    (
        "firmware/evse/decide.py",
        "from micropython import const\n_A = const(1)\ndef f(x):\n    return x in (_A, 2, -1)",
    ),
    (
        "firmware/ocpp/v16/core.py",
        "from firmware.ocpp.v16 import messages\nfrom firmware.evse import status",
    ),
    (
        "firmware/tasks/link.py",
        "import asyncio\nfrom firmware.wire import websocket\nfrom firmware.ocpp.v16 import core",
    ),
    ("firmware/main.py", "import board\nfrom hal import unix\nimport asyncio"),
    ("hal/rp2.py", "import machine, rp2, asyncio\nfrom hal.pilot import Pilot"),
    ("hal/unix_wires.py", "import socket\nfrom hal import unix"),
    ("tools/rig/car.py", "from . import wires"),
    ("hal/meter/eastron.py", "from hal import modbus\nimport struct"),
    ("hal/pilot.py", "try:\n    f()\nexcept OSError:\n    pass"),
    (
        "boards/PICO/board.py",
        "from micropython import const\nPIN = const(-4)\nPINS = {'a': (1, 2), 'b': [const(3)]}",
    ),
    ("tools/bench.py", "import typing, enum"),
]


def offences(tmp_path, capsys, path, text):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(text)
    status = check.main(tmp_path)
    return status, capsys.readouterr().out


@pytest.mark.parametrize(("path", "text", "why"), BREAKS, ids=lambda v: v[:40].replace("\n", " "))
def test_a_broken_rule_is_named_with_its_place(tmp_path, capsys, path, text, why):
    status, out = offences(tmp_path, capsys, path, HEAD + text + "\n")
    assert status == 1
    assert [line for line in out.splitlines() if line.startswith(path + ":") and why in line], out


@pytest.mark.parametrize(("path", "text"), KEEPS, ids=lambda v: v[:40].replace("\n", " "))
def test_what_keeps_the_rules_passes(tmp_path, capsys, path, text):
    assert offences(tmp_path, capsys, path, HEAD + text + "\n") == (0, "check: 0 offences\n")


@pytest.mark.parametrize(
    "path", ["firmware/wire/frame.py", "hal/pilot.py", "boards/PICO/board.py"]
)
def test_a_file_on_the_device_says_its_promise(tmp_path, capsys, path):
    status, out = offences(tmp_path, capsys, path, "A = 1\n")
    assert status == 1 and f"{path}:1: no docstring" in out


def test_an_empty_package_needs_no_promise(tmp_path, capsys):
    assert offences(tmp_path, capsys, "firmware/wire/__init__.py", "")[0] == 0


@pytest.mark.parametrize("text", ["A = 1\n" * 260, "def f():\n" + "    a = 1\n" * 35])
def test_a_soft_limit_is_listed_and_passes(tmp_path, capsys, text):
    status, out = offences(tmp_path, capsys, "hal/pilot.py", HEAD + text)
    assert status == 0 and "over the soft limit" in out and "hal/pilot.py:" in out

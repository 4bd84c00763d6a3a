"""Proves the laws of the house by reading the source: who may import whom, what no file may say.

    python tools/check.py [ROOT]

Reads, never runs, what is under ROOT. One line per offence, `path:line: what and why`, and exit
status 1. Files and functions over the soft size limit are only listed. It judges imports and
syntax (tools/grammar.py); ruff and mypy judge the rest.
"""

import ast
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import grammar

# What every room of floors 0 and 1 may use of MicroPython: values and bytes.
PURE = "micropython struct binascii json hashlib array collections errno".split()
# What waits and talks. Only tasks and the ports.
LOOP = "asyncio time gc sys os io select socket tls random deflate cryptolib".split()
METAL = "machine rp2 esp32 esp network neopixel bluetooth".split()
PORT = "ffi termios uctypes vfs platform _thread ntptime".split()

# room -> what it may import besides itself. The longest matching room rules.
FLOORS = {
    "firmware": PURE,
    "firmware.crypto": PURE,
    "firmware.evse": PURE,
    "firmware.wire": PURE,
    "firmware.store": PURE,
    "firmware.ocpp": [*PURE, "firmware.crypto", "firmware.evse", "firmware.store"],
    "firmware.tasks": [*PURE, *LOOP, "firmware"],
    "firmware.main": [*PURE, *LOOP, "firmware", "hal", "board"],
    "firmware.stores": [*PURE, *LOOP, "firmware"],
    "firmware.satellite": [*PURE, *LOOP, "firmware", "hal", "board"],
    "firmware.console": [*PURE, *LOOP, "firmware"],
    "firmware.start": [*PURE, *LOOP, "vfs", "firmware", "hal", "board"],
    "hal": PURE,
    "hal.link": [*PURE, *LOOP],
    "hal.esp32": [*PURE, *LOOP, *PORT, *METAL, "hal"],
    "hal.rp2": [*PURE, *LOOP, *PORT, *METAL, "hal"],
    "hal.unix": [*PURE, *LOOP, *PORT, *METAL, "hal"],
}
# room -> what it may not import although its floor would let it.
NOT = {
    "firmware.ocpp": ["firmware.ocpp.v16"],  # v201 will stand beside it: the rest knows no version
    "firmware.ocpp.v16": [],
    "firmware.tasks": ["firmware.main"],
    "hal": ["hal.esp32", "hal.rp2", "hal.unix", "hal.link"],  # a driver is handed its pins
    "hal.link": ["hal.esp32", "hal.rp2", "hal.unix"],  # a port is handed what it opens
    "hal.esp32": ["hal.rp2", "hal.unix"],
    "hal.rp2": ["hal.esp32", "hal.unix"],
    "hal.unix": ["hal.esp32", "hal.rp2"],
}
LAWS = (  # the three on the door, said in their own words
    ("firmware.evse", ("firmware", "hal"), "law 1: firmware/evse hears of nothing but itself"),
    ("hal", ("firmware",), "law 2: hal never hears of firmware"),
    ("", ("board", "boards"), "law 3: only main.py, satellite.py and start.py hear of a board"),
)
ROOTS = ("firmware.main", "firmware.satellite", "firmware.start")  # they compose, decide nothing
ABSENT = "typing enum dataclasses abc __future__ functools itertools contextlib logging".split()
DRAWERS = ("utils", "util", "helpers", "helper", "manager", "managers", "common", "misc")
FILE_SOFT, FILE_HARD = 250, 300
FUNCTION_SOFT, FUNCTION_HARD = 30, 45


class Source:
    """One file: its path from the root, its dotted name, its text and its tree."""

    def __init__(self, root, path):
        self.path = path.relative_to(root)
        self.name = room_name(".".join(self.path.with_suffix("").parts).replace(".__init__", ""))
        self.text = path.read_text()
        self.tree = ast.parse(self.text, str(path))
        self.top = self.path.parts[0]
        self.on_device = self.top in ("firmware", "hal", "boards")
        self.nodes = list(ast.walk(self.tree))

    def imports(self):
        """(line, dotted name): `from a import b` counts as a.b, also where b is no module."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, a.name) for a in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield from ((node.lineno, f"{node.module or ''}.{a.name}") for a in node.names)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "__import__":
                yield node.lineno, computed(node.args[0] if node.args else None)


def computed(name):
    """What `__import__(name)` can bring in: of "package." + anything, that package."""
    if isinstance(name, ast.BinOp) and isinstance(name.op, ast.Add):
        name = name.left
    return name.value if isinstance(name, ast.Constant) else "<computed>"


def room_name(name):
    """hal/unix_flash.py is a part of the port hal/unix.py, and may what that may."""
    return re.sub(r"^hal\.(esp32|rp2|unix)_", r"hal.\1.", name)


def within(name, rooms):
    return any(name == room or name.startswith(room + ".") for room in rooms)


def room_of(name, table):
    rooms = [room for room in table if within(name, [room])]
    return max(rooms, key=len) if rooms else None


def imports(source):
    room = room_of(source.name, FLOORS)
    if room is None:
        return
    barred = NOT.get(room_of(source.name, NOT), [])
    for line, name in ((line, room_name(name)) for line, name in source.imports()):
        law = broken_law(source.name, name)
        if law:
            yield line, f"imports {name}; {law}"
        elif within(name, ABSENT):
            yield line, f"imports {name}, which MicroPython does not have"
        elif within(name, barred) or not within(name, [room, *FLOORS[room]]):
            where = room.replace(".", "/")
            yield line, f"imports {name}; {where} may not (tools/check.py, FLOORS)"


def broken_law(importer, name):
    if importer in ROOTS:
        return None
    for room, forbidden, law in LAWS:
        inside = not room or within(importer, [room])
        own = room and within(name, [room])
        if inside and not own and within(name, forbidden):
            return law
    return None


def relative_imports(source):
    for node in source.nodes:
        if source.on_device and isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "relative import; say the whole name, from firmware. or hal."


def docstring(source):
    if source.on_device and source.text.strip() and not ast.get_docstring(source.tree):
        yield 1, "no docstring at the top: what does this file promise, and where does it end?"


def names(source):
    for part in source.path.with_suffix("").parts:
        if part in DRAWERS:
            yield 1, f"'{part}' is a drawer, not a name: what is in it?"


def sizes(source):
    """(line, what, lines, soft, hard) of the file and its functions. Tests may be long."""
    if source.top == "tests":
        return
    yield 1, "file", source.text.count("\n"), FILE_SOFT, FILE_HARD
    for node in source.nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield node.lineno, node.name, lines, FUNCTION_SOFT, FUNCTION_HARD


def too_big(source):
    for line, what, count, _, hard in sizes(source):
        if count > hard:
            yield line, f"{what} has {count} lines, {hard} are the most"


RULES = (imports, relative_imports, docstring, names, too_big, *grammar.RULES)


def main(root):
    offences, grown = [], []
    tops = ("firmware", "hal", "boards", "tools", "tests")
    for path in [path for top in tops for path in sorted((root / top).rglob("*.py"))]:
        try:
            source = Source(root, path)
        except SyntaxError as e:
            offences.append(f"{path.relative_to(root)}:{e.lineno}: does not parse: {e.msg}")
            continue
        offences += [
            f"{source.path}:{line}: {said}" for rule in RULES for line, said in rule(source)
        ]
        grown += [
            f"  {source.path}:{line}: {what} {count} lines ({soft})"
            for line, what, count, soft, hard in sizes(source)
            if soft < count <= hard
        ]
    if grown:
        print(f"check: {len(grown)} over the soft limit, a place to look:", *grown, sep="\n")
    for offence in offences:
        print(offence)
    print(f"check: {len(offences)} offences")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)))

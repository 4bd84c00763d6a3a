"""Whether the manifest of a board freezes exactly what ships: evaluates it as MicroPython would.

The words of a manifest are those of MicroPython's tools/manifestfile.py, as far as ours use them;
what comes out of MicroPython's own tree is only listed. Nothing is compiled.
"""

import contextlib
import os
import re
from pathlib import Path

PORTS = ("esp32", "rp2", "unix")
# Of MicroPython's own tree, for each port: what the firmware imports that is written in Python.
THEIRS = {
    "rp2": {"$(MPY_DIR)/extmod/asyncio", "$(PORT_DIR)/modules/rp2.py"},
    "esp32": {"$(MPY_DIR)/extmod/asyncio"},
}
STARTS = {"main.py", "_boot.py"}  # of boards/<port>/frozen, a satellite's main.py of satellite
# Of a satellite: the kernel and what it touches. No OCPP, network, meter, card, nor RAPI.
SATELLITE = re.compile(
    r"firmware/(__init__|satellite|version)\.py|firmware/evse/\w+\.py|"
    r"hal/(?!link\.|rapi[._]|rp2_net\.)\w+\.py"
)


class Options:
    def __init__(self, given):
        self._given = given
        self._defaults = {}

    def defaults(self, **given):
        self._defaults = given

    def __getattr__(self, name):
        return self._given.get(name, self._defaults.get(name))


class Manifest:
    """`frozen`: [(name on the device, file)]; `theirs`: what is taken from MicroPython's tree."""

    def __init__(self):
        self.frozen: list = []
        self.theirs: set = set()

    def include(self, path, **options):
        if path.startswith("$("):
            self.theirs.add(path)
            return
        path = Path(path).resolve()
        path = path / "manifest.py" if path.is_dir() else path
        words = {
            "include": self.include,
            "module": self.module,
            "package": self.package,
            "options": Options(options),
        }
        with contextlib.chdir(path.parent):  # paths are relative to the manifest that says them
            exec(compile(path.read_text(), str(path), "exec"), words)

    def module(self, name, base_path=".", opt=None):
        if base_path.startswith("$("):
            self.theirs.add(f"{base_path}/{name}")
        else:
            self._add(Path(base_path), Path(name))

    def package(self, name, files=None, base_path=".", opt=None):
        found = [Path(f) for f in files] if files else sorted(Path(base_path, name).rglob("*.py"))
        for path in found:
            self._add(Path(base_path), path if files is None else Path(name, path))

    def _add(self, base, name):
        path = (base / name).resolve()
        if not path.is_file():
            raise FileNotFoundError(path)
        self.frozen.append((os.path.normpath(name), path))


def ships(board):
    """{name on the device: file}"""
    port, root = board.facts["PORT"], board.folder.parent.parent
    files = [path for room in ("firmware", "hal") for path in (root / room).rglob("*.py")]
    out = {path.relative_to(root).as_posix(): path for path in files if own(path, port)}
    if board.satellite:
        out = {name: path for name, path in out.items() if SATELLITE.fullmatch(name)}
    else:
        del out["firmware/satellite.py"]
    out["board.py"] = board.folder / "board.py"
    for name in STARTS:
        out[name] = root / "boards" / port / "frozen" / name
    if board.satellite:
        out["main.py"] = root / "boards" / port / "satellite/main.py"
    return out


def theirs(board):
    found = THEIRS[board.facts["PORT"]]
    return found - {"$(MPY_DIR)/extmod/asyncio"} if board.satellite else found


def own(path, port):
    """Of the metal only this port's own files."""
    said = re.match(rf"({'|'.join(PORTS)})[._]", path.name)
    return path.parent.name != "hal" or not said or said.group(1) == port


def manifest(board):
    read = Manifest()
    try:
        read.include(str(board.folder / "manifest.py"))
    except (OSError, NameError, TypeError, SyntaxError) as error:
        yield f"manifest.py: {type(error).__name__}: {error}"
        return
    wanted, names = ships(board), [name for name, _ in read.frozen]
    for name in sorted(wanted.keys() - set(names)):
        yield f"manifest.py: does not freeze {name}"
    for name in sorted(set(names) - wanted.keys()):
        yield f"manifest.py: freezes {name}, which does not ship on {board.facts['PORT']}"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"manifest.py: freezes {name} twice"
    for name, path in read.frozen:
        if name in wanted and wanted[name].resolve() != path:
            yield f"manifest.py: {name} is {path}, not {wanted[name]}"
    for name in sorted(theirs(board) ^ read.theirs):
        how = "does not take" if name in theirs(board) else "takes"
        yield f"manifest.py: {how} {name} of MicroPython"


def entry(board):
    """MicroPython runs main.py: that one must start the guard or the satellite, and _boot.py
    nothing."""
    what = "satellite" if board.satellite else "start"
    if f"firmware.{what}.run()" not in _text(ships(board)["main.py"]):
        yield f"main.py: does not run firmware.{what}"
    if "import" in _text(ships(board)["_boot.py"]):
        yield "_boot.py: does something; only the guard may"


def _text(path):
    return path.read_text() if path.exists() else ""


RULES = (manifest, entry)

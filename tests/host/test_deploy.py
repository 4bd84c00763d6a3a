"""tools/deploy.py against a board that is a folder: its scripts are run by MicroPython's unix port
with that folder as /, files go as mpremote would send them, and it can be unplugged at any step.
"""

import os
import re
import shutil
import subprocess

import pytest
from mpremote.transport import TransportError, TransportExecError

from tools import deploy, deploy_board
from tools.image_key import ROOT, NotHere, Refused

MICROPYTHON = os.environ.get("MICROPYTHON") or str(ROOT / "build/micropython/bin/micropython")
AS_ROOT = "import vfs\nvfs.umount('/')\nvfs.mount(vfs.VfsPosix(%r), '/')\n"
PICO = ("rp2", (1, 25, 0), "Raspberry Pi Pico", 0x1306, 246144)
SATELLITE = "PICO_SATELLITE"


def run(folder, script):
    ended = subprocess.run(
        [MICROPYTHON, "-c", AS_ROOT % str(folder) + script], capture_output=True, text=True
    )
    return ended.stdout, ended.stderr


class Unplugged(TransportError):
    pass


class Board:
    """mpremote's transport. `cut`: at that step the cable is out, and what was being written is
    half there. `steps`: what was done to its files."""

    def __init__(self, folder, facts=PICO, free=200, cut=None):
        self.folder, self.facts, self.free, self.cut = folder, facts, free, cut
        self.steps = []
        self.spoils = None  # a file whose last byte turns
        self.was_reset = False

    def __call__(self, port, timeout):
        assert timeout, "a pty without one waits for ever"
        return self

    def enter_raw_repl(self, timeout_overall):
        pass

    def close(self):
        pass

    def step(self, what, name):
        self.steps.append((what, name))
        if self.cut is not None and len(self.steps) > self.cut:
            raise Unplugged

    def at(self, name):
        return self.folder / name.lstrip("/")

    def exec(self, script):
        if script == deploy_board.CALM:
            return b""
        if script == deploy_board.FACTS:
            return repr(self.facts).encode()
        if script == deploy_board.SPACE:
            return repr((4096, 4096, 352, self.free)).encode()
        if "os.rename" in script:  # (VfsPosix of 1.25 renames beside its root)
            self.step("rename", script)
            old, new = re.findall(r"'(.*?)'", script)
            self.at(old).rename(self.at(new))
            return b""
        said, raised = run(self.folder, script)
        if raised:
            raise TransportExecError(b"", raised)
        return said.encode()

    def exec_raw_no_follow(self, script):
        self.was_reset = script.endswith("machine.reset()")

    def fs_exists(self, name):
        return self.at(name).exists()

    def fs_mkdir(self, name):
        self.step("mkdir", name)
        self.at(name).mkdir()

    def fs_rmdir(self, name):
        self.step("rmdir", name)
        self.at(name).rmdir()

    def fs_rmfile(self, name):
        self.step("remove", name)
        self.at(name).unlink()

    def fs_writefile(self, name, data, chunk_size):
        try:
            self.step("write", name)
        except Unplugged:
            self.at(name).write_bytes(data[: len(data) // 2])
            raise
        if name == self.spoils:
            data = data[:-1] + bytes([data[-1] ^ 1])
        self.at(name).write_bytes(data)


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "board"
    made.mkdir()
    return made


@pytest.fixture
def small(monkeypatch):
    """Three files instead of all: bytecode's header, then anything."""
    files = {f"/{name}.mpy": b"M\x06\x00\x1f" + name.encode() * 99 for name in (
        "board", "firmware/satellite", "firmware/evse/kernel",
    )}  # fmt: skip
    monkeypatch.setattr(deploy, "tree", lambda board: files)
    return files


def sent(board, name=SATELLITE):
    return deploy.deploy(deploy.find(name), deploy_board.Device("tty", connect=board))


def files_of(folder):
    return {"/" + p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def whole(folder, files):
    return all((folder / name[1:]).is_file() for name in files) and all(
        (folder / name[1:]).read_bytes() == data for name, data in files.items()
    )


def test_what_is_copied_is_what_the_manifest_of_the_board_freezes():
    board = deploy.find(SATELLITE)
    names = {name[1:].replace(".mpy", ".py") for name in deploy.tree(board)}
    assert names == deploy.board_manifest.ships(board).keys() - {"main.py", "_boot.py"}
    assert b"firmware.satellite.run()" in deploy.main_py(board)
    assert b"firmware.start.run()" in deploy.main_py(deploy.find("TEMPLATE"))


def test_the_real_tree_is_for_the_chip(folder):
    files = deploy.tree(deploy.find(SATELLITE))
    assert sent(Board(folder)) == (len(files), 0)
    assert files_of(folder) == files.keys() | {"/main.py", "/manifest.txt"}
    assert (folder / "hal/rp2_beat.mpy").read_bytes()[2] >> 2 & 15 == 4, "armv6m"
    with pytest.raises(NotHere, match=r"/hal/rp2_\w+\.mpy is .mpy version 6.3, architecture 4"):
        sent(Board(folder, (*PICO[:3], 0x1F06, PICO[4])))
    with pytest.raises(NotHere, match=r"board\.mpy is \.mpy version 6.* reads 5"):
        sent(Board(folder, (*PICO[:3], 0x1305, PICO[4])))


def test_main_goes_first_and_comes_last(folder, small):
    sent(Board(folder))
    (folder / "firmware/evse/kernel.mpy").write_bytes(b"changed")
    again = Board(folder)
    assert sent(again) == (1, 0)
    assert again.steps[0] == ("remove", "/main.py")
    assert again.steps[-1][0] == "rename" and "'/main.py'" in again.steps[-1][1]
    assert [name for what, name in again.steps if what == "write"] == [
        "/firmware/evse/kernel.mpy", "/manifest.txt", "/main.new",
    ]  # fmt: skip


def test_a_second_run_does_nothing(folder, small):
    assert sent(Board(folder)) == (3, 0)
    again = Board(folder)
    assert sent(again) == (0, 0) and not again.steps


def test_what_is_gone_goes_and_what_is_not_ours_stays(folder, small):
    for name in ("hal/rp2.mpy", "firmware/old/deep/a.py", "lib/own.py", "boot.py", "notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    assert sent(Board(folder)) == (3, 2)
    others = {"/lib/own.py", "/boot.py", "/notes.txt", "/main.py", "/manifest.txt"}
    assert files_of(folder) == small.keys() | others
    assert not (folder / "firmware/old").exists() and not (folder / "hal").exists()


def test_a_cut_at_any_step_leaves_all_or_nothing_that_starts(folder, small):
    (folder / "hal").mkdir()
    (folder / "hal/old.mpy").write_text("x")
    first = Board(folder)
    sent(first)
    (folder / "firmware/evse/kernel.mpy").write_bytes(b"older")
    (folder / "main.py").write_text("# older")
    before = folder.with_name("before")
    folder.rename(before)
    cut, unplugged = 0, True
    while unplugged:
        shutil.copytree(before, folder)
        unplugged = False
        try:
            sent(Board(folder, cut=cut))
        except Unplugged:
            unplugged = True
        main = folder / "main.py"
        untouched = main.exists() and main.read_text() == "# older"
        assert not untouched or cut == 0, cut
        assert untouched or not main.exists() or whole(folder, small), cut
        assert sent(Board(folder))[0] <= 2
        assert whole(folder, small) and main.read_bytes() == deploy.main_py(deploy.find(SATELLITE))
        shutil.rmtree(folder)
        cut += 1
    assert cut > 4


def test_a_flash_that_keeps_something_else_is_found(folder, small):
    board = Board(folder)
    board.spoils = "/firmware/satellite.mpy"
    with pytest.raises(Refused, match=r"/firmware/satellite\.mpy is not on the board as"):
        sent(board)
    assert not (folder / "main.py").exists()


@pytest.mark.parametrize(
    "facts, free, said",
    [
        (("esp32", *PICO[1:]), 200, "PICO_SATELLITE is rp2, at tty is: Raspberry Pi Pico"),
        (("rp2", (1, 23, 0), *PICO[2:]), 200, "MicroPython 1.23.0 is on the board; 1.24"),
        ((*PICO[:4], 90000), 200, "needs 114,688 bytes of heap, this board has 90,000"),
        (PICO, 12, "blocks of 4096 bytes are needed, 12 are free"),
    ],
)
def test_a_board_that_cannot_run_it_is_left_alone(folder, small, facts, free, said):
    board = Board(folder, facts, free)
    with pytest.raises(NotHere, match=said):
        sent(board)
    assert not board.steps and not files_of(folder)


@pytest.mark.parametrize("name", ["W5500_EVB_PICO_EVSE", "PICO_W_EVSE", "TEMPLATE"])
def test_a_charge_point_is_sent_to_its_image(folder, small, name):
    with pytest.raises(NotHere, match=f"make image BOARD={name}, then deploy with --image"):
        sent(Board(folder), name)


def starts(folder):
    """What main.py says when MicroPython runs it."""
    script = "import sys; sys.path[:] = ['/']\n" + (folder / "main.py").read_text()
    return run(folder, script.replace("import firmware", "print('starts')\nraise SystemExit #"))


def test_it_starts_when_all_is_there_and_nothing_else(folder, small):
    sent(Board(folder))
    out, raised = starts(folder)
    assert out == "starts\n", raised
    victim = folder / "firmware/evse/kernel.mpy"
    good = victim.read_bytes()
    for bad in (good[:-1], good[:-1] + b"?", good + b"?", b""):
        victim.write_bytes(bad)
        out, raised = starts(folder)
        assert not out and "/firmware/evse/kernel.mpy is not what was copied" in raised, bad
    victim.unlink()
    out, raised = starts(folder)
    assert not out and "/firmware/evse/kernel.mpy is not what was copied" in raised


def test_no_board_is_one_line(capsys):
    assert deploy.main([SATELLITE, "--port", "/dev/no-such-port"]) == 3
    said = capsys.readouterr().err
    assert said.startswith("deploy: /dev/no-such-port: no board there") and said.count("\n") == 1
    assert deploy.main(["NOPE", "--port", "x"]) == 1
    assert "no board NOPE; there are: " in capsys.readouterr().err
    assert deploy.main([SATELLITE, "--image", "--port", "x", "--format"]) == 1
    assert "is a satellite: it keeps nothing" in capsys.readouterr().err

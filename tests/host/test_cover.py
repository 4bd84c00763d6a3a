"""tools/cover.py: what ran is told line by line, and what did not run is not.

A tree of two files, marked and run in MicroPython as tests/unit is, with the shapes that
sys.settrace there tells wrong: a branch at the end of a function and of a loop.
"""

import os
import shutil
import subprocess
import sys

import pytest
from coverage import Coverage

from tests.conftest import interpreter
from tools import cover

LEFT = '''\
"""What is asked, with the answer `ran` beside each line that must be told."""
from hal.right import Right, twice  # ran

_BIG = 100  # ran


def tail(x):  # ran
    y = 1  # ran
    if x:  # ran
        y = 2


def loop(n):  # ran
    while n:  # ran
        n -= 1  # ran
        if n > _BIG:  # ran
            n = 7
    for k in range(2):  # ran
        if k > 5:  # ran
            k = 0
    else:
        k = 1  # ran


def ladder(x):  # ran
    y = 9  # ran
    if x == 0:  # ran
        y = 0
    elif x == 1:  # ran
        y = 1  # ran
    elif x == 2:  # ran
        y = 2
    if x == 5:  # ran
        y = 5
    elif x == 6:  # ran
        y = 6
    elif x == 7:  # ran
        if x:
            y = 7
        elif y:
            y = 8
    return y  # ran


def taken(x):  # ran
    if x == 0:  # ran
        return 0
    elif x == 1:  # ran
        return 1  # ran
    elif x == 2:
        return 2
    return 3


def caught(x):  # ran
    try:  # ran
        Right()[x]  # ran
    except KeyError:  # ran
        return 1
    except (ValueError,  # ran
            OSError):
        pass  # ran
    except IndexError:
        return 2
    else:
        x = 3
    finally:
        x = (  # ran
            4
        )


def never():  # ran
    return (
        1
    )


async def waits():  # ran
    async with Right() as r:
        return r


tail(0)  # ran
loop(3)  # ran
ladder(1)  # ran
ladder(9)  # ran
taken(1)  # ran
caught(1)  # ran
twice(2)  # ran
'''
RIGHT = '''\
import micropython  # ran


class Right:  # ran
    """A docstring is no statement."""

    def __getitem__(self, x):  # ran
        """Nor is this."""
        raise OSError(x)  # ran


@micropython.native  # ran
def twice(x):  # ran
    a, b = x, x  # ran
    return a + b  # ran
'''
TEST = """\
import micropython


def test_under_heap_lock():
    from hal import left

    micropython.heap_lock()
    try:
        left.ladder(2)
    finally:
        micropython.heap_unlock()
"""
DIES = """\
import os


def test_it():
    os.system("kill -9 $PPID")
"""


def wanted(text):
    return {n for n, line in enumerate(text.splitlines(), 1) if line.endswith("# ran")}


@pytest.fixture
def tree(tmp_path):
    for name in ("tests/__init__.py", "tests/skip.py", "tests/upy.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(cover.ROOT / name, tmp_path / name)
    for name, text in {
        "hal/__init__.py": "",
        "hal/left.py": LEFT,
        "hal/right.py": RIGHT,
        "tests/unit/__init__.py": "",
        "tests/unit/test_left.py": "from hal import left\n\n\ndef test_it():\n    left.tail(0)\n",
        "tests/unit/test_lock.py": TEST,
        "tests/unit/test_dies.py": DIES,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def measure(tree, *names):
    """-> (the file of data, the tests that could not tell)"""
    tests = [tree / "tests/unit" / name for name in names]
    lines, silent = cover.measure(tree, tree / "build/cover", interpreter(), tests)
    cover.combined([lines], tree / "upy.data")
    return tree / "upy.data", silent


def ran(data, path):
    """What coverage.py reports of a file: the lines of it that ran, of those it counts."""
    told = Coverage(data_file=str(data), config_file=False)
    told.load()
    _, counted, _, missing, _ = told.analysis2(str(path))
    return set(counted) - set(missing)


def test_lines_that_ran_and_no_others(tree):
    data, silent = measure(tree, "test_left.py")
    assert ran(data, tree / "hal/left.py") == wanted(LEFT)
    assert ran(data, tree / "hal/right.py") == wanted(RIGHT)
    assert silent == []


def test_cpython_tells_the_same(tree):
    command = [sys.executable, "-m", "coverage", "run", "--data-file=c.data", "-m", "hal.left"]
    shim = f"{tree}:{cover.ROOT / 'tests/shim'}"
    subprocess.run(command, cwd=tree, check=True, env={**os.environ, "PYTHONPATH": shim})
    for name, text in ("hal/left.py", LEFT), ("hal/right.py", RIGHT):
        assert ran(tree / "c.data", tree / name) == wanted(text)


def test_what_runs_under_heap_lock_is_told(tree):
    data, _ = measure(tree, "test_lock.py", "test_left.py")
    two = LEFT[: LEFT.index("elif x == 2:")].count("\n") + 2
    assert ran(data, tree / "hal/left.py") == wanted(LEFT) | {two}


def test_both_pythons_add_up(tree):
    path = str(tree / "hal/left.py")
    cover.combined([{path: [1, 2]}, {path: [2, 10]}], tree / "both.data")
    assert cover.lines_in(tree / "both.data") == {path: {1, 2, 10}}
    cover.combined([{path: [3]}], tree / "both.data")
    assert cover.lines_in(tree / "both.data") == {path: {3}}, "an older run is forgotten"


def test_a_process_that_dies_is_named(tree):
    data, silent = measure(tree, "test_dies.py", "test_left.py")
    assert silent == ["test_dies.py"]
    assert ran(data, tree / "hal/left.py") == wanted(LEFT)


def test_a_file_that_fails_has_told_too(tree):
    path = tree / "tests/unit/test_left.py"
    path.write_text(path.read_text() + "\n\n0 / 0\n")
    data, silent = measure(tree, "test_left.py")
    assert silent == []
    assert ran(data, tree / "hal/left.py") == wanted(LEFT)


def test_two_statements_in_a_line_are_refused():
    with pytest.raises(ValueError, match="line 2 has two statements"):
        cover.with_marks("x = 1\nif x: x = 2\n", "hal/left.py")


def test_every_file_of_ours_can_be_marked_and_keeps_its_lines():
    for path in cover.files_of(cover.ROOT):
        text = path.read_text()
        marked = cover.with_marks(text, path.name).splitlines()
        compile("\n".join(marked), str(path), "exec")
        kept = [line for line in marked if "_at_line" not in line]
        assert [line for line in kept if line.strip() != "else:"] == [
            line for line in text.splitlines() if line.strip() != "else:"
        ]

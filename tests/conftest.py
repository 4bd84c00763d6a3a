"""Collects each file of tests/unit twice: as pytest does, and as one `test_x[upy]` per test.

One MicroPython process (tests/upy.py) runs the [upy] items of a file, at the first of them; the
others read its answers. A missing interpreter is a failure, not a skip: half of the proof would be
gone in silence.
"""

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.skip import Skip

ROOT = Path(__file__).resolve().parent.parent
HEAP = "256k"  # MicroPython's own objects are twice as large here as on a 32-bit chip
HANG_S = 60


def pytest_collect_file(file_path, parent):
    if file_path.parent.name == "unit" and file_path.match("test_*.py"):
        return MicroPythonFile.from_parent(parent, path=file_path)
    return None


def pytest_pycollect_makemodule(module_path, parent):
    return CPythonFile.from_parent(parent, path=module_path)


class CPythonFile(pytest.Module):
    """pytest's own, which also knows our Skip raised while a file is imported."""

    def collect(self):
        try:
            return list(super().collect())
        except Skip as e:
            pytest.skip(str(e), allow_module_level=True)


class MicroPythonFile(pytest.File):
    answers = None

    def collect(self):
        for node in ast.parse(self.path.read_text(), str(self.path)).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield MicroPythonTest.from_parent(self, name=node.name + "[upy]", line=node.lineno)

    def answer(self, name):
        if self.answers is None:
            wanted = [i.test for i in self.session.items if i.parent is self]
            self.answers = run_in_micropython(self.path, wanted)
        return self.answers[name]


class MicroPythonTest(pytest.Item):
    def __init__(self, line, **rest):
        super().__init__(**rest)
        self.line = line
        self.test = self.name[: -len("[upy]")]

    def runtest(self):
        verdict, text = self.parent.answer(self.test)
        if verdict == "SKIP":
            pytest.skip(text)
        if verdict != "PASS":
            raise FailedInMicroPython(text)

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, FailedInMicroPython):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self.line - 1, self.name


class FailedInMicroPython(Exception):
    pass


def interpreter():
    path = Path(os.environ.get("MICROPYTHON") or ROOT / "build/micropython/bin/micropython")
    if not os.access(path, os.X_OK):
        raise FailedInMicroPython(f"no MicroPython at {path}: run `make setup`")
    return str(path)


def heap_of(path):
    """A file that needs more than a small chip says so near its top: `# heap: 512k`."""
    with path.open() as lines:
        head = "".join(line for line, _ in zip(lines, range(5)))
    found = re.search(r"^# heap: (\w+)$", head, re.M)
    return found[1] if found else HEAP


def run_in_micropython(path, names):
    """-> {test: (PASS | SKIP | FAIL, why)} for every name."""
    file = str(path.relative_to(ROOT))
    command = [interpreter(), "-X", "heapsize=" + heap_of(path), "tests/upy.py", file, *names]
    pipe = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    try:
        done = subprocess.run(command, cwd=ROOT, timeout=HANG_S, **pipe)
        output, end = done.stdout, f"MicroPython ended with status {done.returncode}"
    except subprocess.TimeoutExpired as e:
        output, end = e.stdout or b"", f"MicroPython hung: killed after {HANG_S} s"
    return read_answers(output.decode(errors="replace"), names, end)


def read_answers(output, names, end):
    answers, said = {}, []
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        name, _, why = rest.partition(" ")
        if word == "RUN" and name in names:
            said = []
        elif word in ("PASS", "SKIP", "FAIL") and name in names:
            answers[name] = (word, why if word == "SKIP" else "\n".join(said))
        else:
            said.append(line)
    silent = ("FAIL", "\n".join([*said, end + " before this test was done"]))
    return {name: answers.get(name, silent) for name in names}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    try:
        return (yield)
    except Skip as e:
        pytest.skip(str(e))

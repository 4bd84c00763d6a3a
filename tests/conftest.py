"""Collects each file of tests/unit twice: as pytest does, and as one `test_x[upy]` per test.

One MicroPython process (tests/upy.py; tests/port.py says which) runs the [upy] items of a file, at
the first of them; the others read its answers. A missing interpreter is a failure, not a skip:
half of the proof would be gone in silence.
"""

import ast
import os
import subprocess
from pathlib import Path

import pytest

from tests import port
from tests.skip import Skip

ROOT = Path(__file__).resolve().parent.parent
UNIT = ROOT / "tests/unit"
HANG_S = 180  # the longest takes 20 s of a core of its own


def pytest_configure(config):
    """Chosen, and built, once: before there are workers, which are told."""
    if hasattr(config, "workerinput"):
        config.upy = port.Port(*config.workerinput["upy"])
    elif asks_for_unit(config):
        config.upy = port.choose()
    else:
        config.upy = port.Port(None, "no file of tests/unit was asked for", True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    upy = node.config.upy
    node.workerinput["upy"] = (upy.narrow, upy.why, upy.broken)


def pytest_report_header(config):
    return config.upy.header() if asks_for_unit(config) else None


def asks_for_unit(config):
    paths = [(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args]
    return any(p.is_relative_to(UNIT) or UNIT.is_relative_to(p) for p in paths)


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
        try:
            port.asked(self.path.read_text(), self.path.name)
        except ValueError as e:
            raise self.CollectError(str(e))
        for node in ast.parse(self.path.read_text(), str(self.path)).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield MicroPythonTest.from_parent(self, name=node.name + "[upy]", line=node.lineno)

    def answer(self, name):
        if self.answers is None:
            wanted = [i.test for i in self.session.items if i.parent is self]
            self.answers = run_in_micropython(self.config.upy, self.path, wanted)
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
    """The 64-bit one, with ffi and TLS: what the bench and the peers run as well."""
    if not os.access(port.wide(), os.X_OK):
        raise FailedInMicroPython(f"no MicroPython at {port.wide()}: run `make setup`")
    return port.wide()


def run_in_micropython(upy, path, names):
    """-> {test: (PASS | SKIP | FAIL, why)} for every name."""
    if upy.broken:
        raise FailedInMicroPython(upy.why)
    interpreter()
    command = [*upy.command(path), "tests/upy.py", str(path.relative_to(ROOT)), *names]
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

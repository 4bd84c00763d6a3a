"""The promise of tests/conftest.py: what fails, fails on both interpreters, and is seen."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import port
from tools import image_unix
from tools.image_key import NotHere, Refused

ROOT = Path(__file__).resolve().parents[2]


def run(tmp_path, text, environment=(), **edit):
    """A tree with our harness and one unit file -> {item: outcome}, pytest's output and status."""
    (tmp_path / "tests/unit").mkdir(parents=True)
    for name in ("tools", "build"):  # found from there, both interpreters are this tree's
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("__init__.py", "conftest.py", "port.py", "skip.py", "upy.py", "shim"):
        copy = shutil.copytree if (ROOT / "tests" / name).is_dir() else shutil.copy
        copy(ROOT / "tests" / name, tmp_path / "tests" / name)
    for name, (old, new) in edit.items():
        file = tmp_path / "tests" / (name + ".py")
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests/unit/test_a.py").write_text(text)
    env = {"PATH": "/usr/bin:/bin", **dict(environment)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "tests",
    ]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60
    )
    items = re.findall(r"^\S+::(\S+) (PASSED|FAILED|SKIPPED|ERROR)", done.stdout, re.M)
    return dict(items), done.stdout, done.returncode


def test_a_failing_test_fails_on_both_with_its_line(tmp_path):
    items, out, status = run(
        tmp_path, "def test_a():\n    assert 1 == 2\n\n\ndef test_b():\n    pass\n"
    )
    assert items == {
        "test_a": "FAILED",
        "test_a[upy]": "FAILED",
        "test_b": "PASSED",
        "test_b[upy]": "PASSED",
    }
    assert status == 1
    assert "test_a.py:2: AssertionError" in out.replace("tests/unit/", ""), "CPython's"
    assert re.search(r'File ".*test_a.py", line 2, in test_a\nAssertionError', out), (
        "MicroPython's"
    )


def test_a_test_that_fails_on_micropython_alone_fails_there(tmp_path):
    items, _, status = run(
        tmp_path, "import sys\ndef test_a():\n    assert sys.implementation.name == 'cpython'\n"
    )
    assert items == {"test_a": "PASSED", "test_a[upy]": "FAILED"} and status == 1


def test_skip_in_a_test_and_skip_of_a_file(tmp_path):
    skip = "from tests.skip import Skip\n"
    items, out, status = run(tmp_path / "a", skip + "def test_a():\n    raise Skip('not today')\n")
    assert items == {"test_a": "SKIPPED", "test_a[upy]": "SKIPPED"} and status == 0
    assert out.count("not today") >= 2
    items, out, status = run(
        tmp_path / "b",
        skip + "import sys\nif sys.implementation.name == 'cpython':\n"
        "    raise Skip('the other one')\ndef test_a():\n    pass\n",
    )
    assert items == {"test_a[upy]": "PASSED"} and "the other one" in out and status == 0


def test_a_skip_on_micropython_at_import_skips_its_tests(tmp_path):
    items, out, _ = run(
        tmp_path,
        "import sys\nfrom tests.skip import Skip\nif sys.implementation.name != 'cpython':\n"
        "    raise Skip('no ' + 'hypothesis')\ndef test_a():\n    pass\n",
    )
    assert items == {"test_a": "PASSED", "test_a[upy]": "SKIPPED"} and "no hypothesis" in out


def test_an_import_error_in_micropython_fails_every_test(tmp_path):
    items, out, _ = run(
        tmp_path, "import typing\ndef test_a():\n    pass\ndef test_b():\n    pass\n"
    )
    assert items["test_a[upy]"] == items["test_b[upy]"] == "FAILED"
    assert "ImportError: no module named 'typing'" in out


DIES = "import os, sys\ndef test_a():\n    pass\ndef test_b():\n    %s\ndef test_c():\n    pass\n"


def test_a_process_that_dies_fails_that_test_and_the_rest(tmp_path):
    items, out, _ = run(
        tmp_path, DIES % "if sys.implementation.name == 'micropython': sys.exit(3)"
    )
    assert items["test_a[upy]"] == "PASSED"
    assert items["test_b[upy]"] == items["test_c[upy]"] == "FAILED"
    assert "MicroPython ended with status 3 before this test was done" in out


def test_a_process_that_hangs_is_killed(tmp_path):
    items, out, _ = run(
        tmp_path,
        DIES % "\n    while sys.implementation.name == 'micropython': pass",
        conftest=("HANG_S = 180", "HANG_S = 1"),
    )
    assert items["test_a[upy]"] == "PASSED"
    assert items["test_b[upy]"] == items["test_c[upy]"] == "FAILED"
    assert "MicroPython hung: killed after 1 s" in out


@pytest.fixture
def narrow():
    """The 32-bit build, or a skip that says why there is none."""
    try:
        return str(image_unix.build("32")[0])
    except NotHere as e:
        pytest.skip(str(e))


TAKES = "%s\ndef test_a():\n    bytearray(%d)\n"


def test_more_than_a_chips_heap_fails(tmp_path, narrow):
    items, out, status = run(tmp_path, TAKES % ("# as a chip", port.CHIP_BYTES))
    assert items == {"test_a": "PASSED", "test_a[upy]": "FAILED"} and status == 1
    assert f"MemoryError: memory allocation failed, allocating {port.CHIP_BYTES}" in out
    assert "[upy]: 32-bit MicroPython, firmware frozen, a chip's heap" in out


def test_much_of_a_chips_heap_is_there(tmp_path):
    items, _, _ = run(tmp_path, TAKES % ("# as a chip", 120_000))
    assert items == {"test_a": "PASSED", "test_a[upy]": "PASSED"}


@pytest.mark.parametrize(("extra", "outcome"), [(40, "PASSED"), (16, "FAILED")])
def test_what_the_rig_takes_comes_on_top_and_no_more(tmp_path, narrow, extra, outcome):
    line = f"# heap: chip + {extra}k, a rig of 16 KiB"
    items, _, _ = run(tmp_path, TAKES % (line, port.CHIP_BYTES + 16_384))
    assert items == {"test_a": "PASSED", "test_a[upy]": outcome}


@pytest.mark.parametrize("line", [
    "# heap: 1m", "#heap: chip + 8k, x", "# heap: chip + 8K, x", "# heap: chip + 8k", "# Heap:",
    "# heap: chip + 8k, x\n# heap: chip + 8k, y", "# needs: ffi, please", "# needs: tls",
])  # fmt: skip
def test_a_line_in_other_words_is_an_error(tmp_path, line):
    items, out, status = run(tmp_path, TAKES % (line, 1))
    assert "test_a[upy]" not in items and status == 2
    assert "test_a.py: " in out and "heap" in out


def test_what_needs_ffi_has_it(tmp_path):
    text = "# needs: ffi\ndef test_a():\n    import sys\n"
    text += "    if sys.implementation.name == 'micropython': import ffi\n"
    items, _, _ = run(tmp_path, text)
    assert items == {"test_a": "PASSED", "test_a[upy]": "PASSED"}


def test_a_micropython_of_ones_own_is_taken_and_bounds_nothing(tmp_path):
    own = {"MICROPYTHON": str(ROOT / "build/micropython/bin/micropython")}
    items, out, _ = run(tmp_path, TAKES % ("# as a chip", port.CHIP_BYTES), own)
    assert items == {"test_a": "PASSED", "test_a[upy]": "PASSED"}
    assert "[upy]: 64-bit MicroPython, NO CHIP'S HEAP: $MICROPYTHON is set" in out


def chosen(monkeypatch, kind):
    def build(variant):
        raise kind("no cake today")

    monkeypatch.delenv("MICROPYTHON", raising=False)
    monkeypatch.setattr(image_unix, "build", build)
    return port.choose()


def test_where_it_cannot_be_built_the_other_runs_and_the_reason_is_told(monkeypatch):
    upy = chosen(monkeypatch, NotHere)
    assert upy.header() == "[upy]: 64-bit MicroPython, NO CHIP'S HEAP: no cake today"
    assert upy.command(Path(__file__))[0] == port.wide() and not upy.broken


def test_a_build_that_fails_is_no_reason_for_the_other(monkeypatch):
    upy = chosen(monkeypatch, Refused)
    assert upy.broken and upy.header() == "[upy]: none, no cake today"


def test_without_micropython_the_upy_tests_fail_and_say_so(tmp_path):
    items, out, status = run(
        tmp_path, "def test_a():\n    pass\n", {"MICROPYTHON": "/nowhere/micropython"}
    )
    assert items == {"test_a": "PASSED", "test_a[upy]": "FAILED"} and status == 1
    assert "no MicroPython at /nowhere/micropython: run `make setup`" in out


def test_one_test_can_be_chosen(tmp_path):
    (tmp_path / "x").mkdir()
    items, _, _ = run(
        tmp_path / "x",
        "def test_a():\n    pass\ndef test_b():\n    pass\n",
        {"PYTEST_ADDOPTS": "-k test_b"},
    )
    assert items == {"test_b": "PASSED", "test_b[upy]": "PASSED"}

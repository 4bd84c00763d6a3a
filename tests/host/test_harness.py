"""The promise of tests/conftest.py: what fails, fails on both interpreters, and is seen."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(tmp_path, text, environment=(), **edit):
    """A tree with our harness and one unit file -> {item: outcome}, pytest's output and status."""
    (tmp_path / "tests/unit").mkdir(parents=True)
    for name in ("__init__.py", "conftest.py", "skip.py", "upy.py", "shim"):
        copy = shutil.copytree if (ROOT / "tests" / name).is_dir() else shutil.copy
        copy(ROOT / "tests" / name, tmp_path / "tests" / name)
    for name, (old, new) in edit.items():
        file = tmp_path / "tests" / (name + ".py")
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, new))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "tests/unit/test_a.py").write_text(text)
    env = {
        "PATH": "/usr/bin:/bin",
        "MICROPYTHON": str(ROOT / "build/micropython/bin/micropython"),
        **dict(environment),
    }
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
        conftest=("HANG_S = 60", "HANG_S = 1"),
    )
    assert items["test_a[upy]"] == "PASSED"
    assert items["test_b[upy]"] == items["test_c[upy]"] == "FAILED"
    assert "MicroPython hung: killed after 1 s" in out


@pytest.mark.parametrize(
    ("comment", "outcome"), [("# heap: 1M", "PASSED"), ("# a small heap", "FAILED")]
)
def test_a_file_may_ask_for_more_heap(tmp_path, comment, outcome):
    items, _, _ = run(tmp_path, f"{comment}\ndef test_a():\n    bytearray(300000)\n")
    assert items == {"test_a": "PASSED", "test_a[upy]": outcome}


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

"""The coverage table claims what the code has, no more and no less."""

import re
import subprocess
import sys
from pathlib import Path

from tools.ocpp_cases import CASES
from tools.ocpp_points import POINTS
from tools.ocpp_table import place

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_coverage_table_is_what_the_code_says():
    """README.md and docs/ocpp-coverage.md are as `make table` would write them."""
    run = subprocess.run(
        [sys.executable, str(ROOT / "tools/ocpp_table.py"), "--check"],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_39_messages_of_the_specification_are_in_it():
    """OCPP 1.6 section 4 and 5 have 28 messages, the security whitepaper adds 11."""
    page = (ROOT / "docs/ocpp-coverage.md").read_text()
    assert sum(line.startswith("## ") for line in page.splitlines()) == 39


def test_every_conformance_case_has_its_test_or_a_reason():
    """A case named twice, without a word or with a test that is not there is a false claim."""
    numbers = [case[0] for case in CASES]
    assert len(set(numbers)) == len(numbers)
    for number, _, tests, remark in CASES + POINTS:
        assert tests or remark, number
        for name in tests:
            folder, file, test = place(name)
            text = (ROOT / "tests" / folder / ("test_%s.py" % file)).read_text()
            assert re.search(r"^def test_%s\(" % test, text, re.MULTILINE), (number, name)


def test_every_file_the_readme_names_is_there():
    """A promise links to its test."""
    names = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text())
    assert len(names) > 10
    assert [name for name in names if not (ROOT / name).exists()] == []

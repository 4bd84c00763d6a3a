"""docs/figures.md: every figure of the order stands in its table with both bounds, what was
measured, and the command that measures it again.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/figures.md"
COMMAND = re.compile(r"`chip\.py (\w+)`")

# The order: figure, must, aim.
ORDER = (
    ("C→B, C→A, E, F seen → coil off", "40 ms", "10 ms"),
    ("RCD input → coil off (PIO)", "10 µs", "1 µs"),
    ("CPU stuck (interrupts off) → coil off", "120 ms", "100 ms"),
    ("kernel tick, time", "200 µs", "60 µs"),
    ("kernel tick, jitter", "100 µs", "10 µs"),
    ("allocations in a tick", "0", "0"),
    ("deepest Python call chain", "22", "18"),
    ("heap in use at its peak", "90 KB", "45 KB"),
    ("image flash above stock MicroPython", "250 KB", "150 KB"),
    ("boot → BootNotification sent", "3 s", "1 s"),
)


def rows():
    """{figure: the cells behind it}"""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[1:] for row in cells}


def measures():
    """What tools/figures/chip.py takes for an argument."""
    text = (ROOT / "tools/figures/chip_page.py").read_text()
    found = re.search(r"^MEASURES = \((.+)\)$", text, re.M)
    return set(re.findall(r'"(\w+)"', found[1]))


@pytest.mark.parametrize(("name", "must", "aim"), ORDER)
def test_a_figure_of_the_order(name, must, aim):
    told_must, told_aim, idle, loaded, events, met, command = rows()[name]
    assert (told_must, told_aim) == (must, aim), "a goal post does not move"
    assert re.search(r"\d", idle) and re.search(r"\d|the same", loaded), "not measured"
    assert re.search(r"[1-9]", events)
    assert met in ("aim", "must", "**no**")
    assert COMMAND.fullmatch(command)[1] in measures()


@pytest.mark.parametrize("name", [row[0] for row in ORDER])
def test_a_miss_has_its_cause(name):
    """Below the table, in a paragraph that begins with the figure's name."""
    if rows()[name][5] == "aim":
        return
    assert "\n- **%s**: " % name in PAGE.read_text()

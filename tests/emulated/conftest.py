"""The scenarios' charger (tests/scenarios/conftest.py) with the RP2040 image in the emulator.

`charger` takes the same names; `board` and `connectors` are the image's own. Skips, with the
command that makes it, when a part of the rig is missing.
"""

import pytest

from tests.emulated import board
from tests.scenarios import conftest as scenarios
from tests.scenarios.conftest import (  # noqa: F401 (fixtures and the report's sections)
    bench,
    car,
    card,
    csms,
    net,
    power,
    pytest_runtest_makereport,
)

SPEED = 4  # what an emulated second is worth at best; patience follows from it


@pytest.fixture
def device_code():
    """What runs is in the image."""
    board.needed()


@pytest.fixture
def rig(request, tmp_path, device_code, monkeypatch):
    monkeypatch.setenv("EVSE_BENCH_RIG", "rp2040")
    options = {"speed": SPEED}
    for mark in reversed(list(request.node.iter_markers("charger"))):
        options.update(mark.kwargs)
    made = scenarios.Rig(tmp_path, None, options)
    request.node.rig = made
    try:
        yield made
    finally:
        made.close()
    problems = made.judge()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)

"""The device's own doors: a firmware that dies again and again, a thief with many cards."""

import os
import signal

from tests.host.test_bundle_boot import Charger, tree  # noqa: F401
from tests.scenarios.conftest import TAG, charger

IN_A_ROW = "crashes in a row, the next try in %d s"


def kill(bench):
    """The firmware ends; -> the console since its beginning, until the next one is up or waits."""
    boots = bench.state()["boots"]
    os.kill(bench.firmware_pid(), signal.SIGKILL)
    while bench.state()["boots"] == boots:
        bench.run(0.2)
    bench.run(2)
    return bench.console


@charger(speed=50)
def test_crash_upon_crash(rig, csms, bench):
    """No boot loop: after the fifth crash within a minute the charger waits a minute, contactor
    open, and says so. What was billed is billed once. Ten minutes of running forget it."""
    rig.begin()
    bench.run(5)
    for crashes in range(1, 6):
        csms.mark()
        told = kill(bench)
        assert ("in a row" in told) == (crashes == 5), (crashes, told[-2000:])
    assert IN_A_ROW % 60 in told
    csms.mark()
    bench.never(50, coil=True)
    csms.none("BootNotification")
    assert not bench.connector()["contactor"]
    csms.expect("BootNotification", 60)
    rig.right()
    bench.until(online=True, queue=0)
    # Another soon after: longer.
    assert IN_A_ROW % 120 in kill(bench)
    csms.mark()
    bench.run(118)
    csms.expect("BootNotification", 60)
    bench.run(610)
    told = len(bench.console)
    csms.mark()
    assert "in a row" not in kill(bench)[told:]
    csms.expect("BootNotification", 60)


@charger(speed=50)
def test_a_power_cut_waits_for_nothing(rig, csms, bench, power):
    """Whoever switches it off and on again has it at once."""
    for _ in range(6):
        told = kill(bench)
        if "in a row" in told:
            break
    assert IN_A_ROW % 60 in told
    power.cut()
    bench.run(1)
    csms.mark()
    power.restore()
    csms.expect("BootNotification", 20)
    assert bench.console.count("in a row") == told.count("in a row")


@charger(tags={"04%012X" % k: {"status": "Invalid"} for k in range(8)})
def test_a_thief_with_many_cards(rig, csms, bench):
    """Six cards are asked about, the rest is not heard; the driver stops and takes the cable."""
    rig.begin()
    rig.finish()
    rig.leave()
    bench.run(5)
    csms.mark()
    for k in range(8):
        bench.swipe("04%012X" % k)
        if k < 6:
            csms.expect("Authorize", idTag="04%012X" % k)
        bench.run(1)
    assert len(csms.calls("Authorize", csms.cursor)) == 6
    assert bench.console.count("reader 1: 6 cards refused in a row") == 1
    bench.swipe(TAG)
    bench.run(2)
    assert len(csms.calls("Authorize", csms.cursor)) == 6, "deaf is deaf"
    bench.run(12)
    rig.begin()
    rig.finish()


def test_a_confirmed_tree_that_dies(tmp_path, tree):  # noqa: F811
    """Tried five times, then the factory's runs, at once, and says why: what was installed and
    confirmed cannot keep the charger dead."""
    flash = Charger(tmp_path, tree)
    flash.install("2.0-crash", starts=1)
    flash.slots("/a/firmware/main.py").confirm()
    with flash:
        *died, last = flash.runs(6)
        power_on, crash = 1, 4
        assert [row[:4] for row in died] == [["2.0-crash", "a", False, None]] * 5
        assert [row[4] for row in died] == [power_on] + [crash] * 4
        assert last == ["0.1.0", "factory", False, ["a", "5 crashes in a row"], crash]
        assert "next try" not in flash.bench.console

"""The interlock of the RP2040 port: PIO opens the coil, whatever the CPU does. Edges of GP6 (coil)
are exact to the nanosecond; GP7 is the residual-current detector.
"""

import pytest

from tests.emulated import board, rp2_port

COIL = 6


@pytest.fixture(scope="module", autouse=True)
def _parts():
    board.needed()


@pytest.fixture
def run(tmp_path):
    return lambda script, *options: rp2_port.run(tmp_path, script, "--trace", "6", *options)


def drops(ran, pin=COIL):
    """Falls of a pin that had been high: becoming an output at rest is none."""
    return [at for at in ran.falls(pin) if at > ran.rises(pin)[0]]


CLOSE = """
def feed(ms):
    for _ in range(ms):
        one.contactor.drive(True)
        time.sleep_ms(1)
feed(1000)
coil = one.coils[0]
"""


def test_closed_while_fed_and_not_longer(run):
    """Words for more than a second, then none."""
    ran = run(CLOSE + "time.sleep_ms(500)\nprint(coil.value())")
    assert len(ran.rises(COIL)) == 1 and len(drops(ran)) == 1
    assert drops(ran)[0] - ran.rises(COIL)[0] > 1098
    assert ran.lines == ["0"]


def test_the_dead_man_is_100_ms(run):
    script = "one.contactor.drive(True)\ntime.sleep_ms(300)\n"
    ran = run(script)
    assert 99.9 <= drops(ran)[0] - ran.rises(COIL)[0] <= 100.1


def test_a_stuck_cpu_opens(run):
    """Interrupts off, for ever: PIO opens, then the watchdog ends it."""
    ran = run("one.contactor.drive(True)\nmachine.disable_irq()\nwhile True:\n    pass\n")
    assert 99.9 <= drops(ran)[0] - ran.rises(COIL)[0] <= 100.1
    assert ran.ended[0] == "watchdog"


ERASES = """
def idle(ms, news):
    pass
port.beat(idle)
one.contactor.drive(True)
time.sleep_ms(20)
for block in range(200, 204):
    port.flash.ioctl(6, block)
    time.sleep_ms(2)
print(coil.value())
one.contactor.drive(False)
time.sleep_ms(5)
print(coil.value())
"""


def test_erases_with_a_breath_between_them_are_no_silence(run):
    """Four of 45 ms each and 2 ms between them: every beat feeds what was asked for last."""
    ran = run("coil = one.coils[0]\n" + ERASES)
    assert ran.lines == ["1", "0"] and len(drops(ran)) == 1


def test_a_trip_opens_within_a_microsecond(run):
    ran = run(CLOSE, "--at", "500.0001:7=1")
    assert drops(ran)[0] - 500.0001 < 0.001


def test_a_glitch_of_200_ns_latches_and_is_told_once(run):
    script = (
        CLOSE
        + """
rcd = one.residual_current
print(rcd.tripped(), rcd.tripped())
print(coil.value(), coil.dropped)
"""
    )
    ran = run(script, "--at", "500:7=1", "--at", "500.0002:7=0")
    assert len(drops(ran)) == 1 and drops(ran)[0] - 500 < 0.001
    assert ran.lines == ["True False", "0 1"]  # still open after half a second of feeding


def test_only_an_explicit_open_rearms(run):
    script = (
        CLOSE
        + """
one.contactor.drive(False)
print(coil.dropped)
feed(100)
print(coil.value())
"""
    )
    ran = run(script, "--at", "500:7=1", "--at", "501:7=0")
    assert ran.lines == ["0", "1"]
    assert len(ran.rises(COIL)) == 2


def test_never_closed_into_a_trip(run):
    """Fed, opened and fed again while the detector stands: not even for a moment; and when it
    clears, not without an explicit open."""
    script = """
for _ in range(50):
    one.contactor.drive(True)
    time.sleep_ms(1)
one.contactor.drive(False)
for _ in range(300):
    one.contactor.drive(True)
    time.sleep_ms(1)
"""
    ran = run(script, "--pin", "7=1", "--at", "200:7=0")
    assert not [at for at, level in ran.edges.get(COIL, ()) if level]


def test_the_dead_man_latches(run):
    script = """
one.contactor.drive(True)
time.sleep_ms(150)
for _ in range(50):
    one.contactor.drive(True)
    time.sleep_ms(1)
print(one.coils[0].dropped)
one.contactor.drive(False)
one.contactor.drive(True)
time.sleep_ms(1)
print(one.coils[0].value())
"""
    ran = run(script)
    assert ran.lines == ["2", "1"]
    assert len(ran.rises(COIL)) == 2


def test_an_explicit_open_is_at_once(run):
    """Within a round of PIO, 40 us, and the driver's own time."""
    script = (
        CLOSE
        + """
pin = machine.Pin(13, machine.Pin.OUT, value=0)
pin.value(1)
one.contactor.drive(False)
"""
    )
    ran = run(script, "--trace", "13")
    assert drops(ran)[0] - ran.rises(13)[0] < 0.3


def test_a_detector_that_trips_low(run):
    """Its level is turned round before PIO sees it: broken into the board's facts here."""
    script = (
        """
board.pins["residual_trip"] = (7, "RCM_FAULT", "in", 0)
port = Port(board)
one = port.connectors[0]
print(one.residual_current.tripped())
"""
        + CLOSE
    )
    ran = run(script, "--pin", "7=1", "--at", "500:7=0")
    assert ran.lines == ["False"]
    assert drops(ran)[0] - 500 < 0.001


def test_a_second_coil_falls_with_the_first(run):
    """GP6 and GP13, of which the pins between belong to others and keep their level."""
    script = (
        """
board.pins["contactor_2"] = (13, "RELAY_2", "out", 0)
board.pins["lock_a"] = (8, "LOCK_A", "out", 1)
port = Port(board)
one = port.connectors[0]
"""
        + CLOSE
    )
    ran = run(script, "--trace", "13,8", "--at", "500:7=1")
    assert drops(ran)[0] - 500 < 0.001 and drops(ran, 13)[0] - 500 < 0.001
    assert not [at for at in drops(ran, 8) if at > 499]


def test_a_board_without_a_detector_and_without_mirror_contact(run):
    script = """
del board.pins["residual_trip"], board.pins["feedback"]
port = Port(board)
one = port.connectors[0]
print(one.residual_current, one.contactor.closed())
one.contactor.drive(True)
time.sleep_ms(1)
print(one.contactor.closed(), one.eye.still())
time.sleep_ms(150)
print(one.contactor.closed())
"""
    ran = run(script)
    assert [line.split()[0] for line in ran.lines] == ["None", "True", "False"]
    assert ran.lines[0].split()[1] == "False"


def test_a_coil_that_rests_high_is_refused(run):
    script = """
board.pins["contactor"] = (6, "RELAY", "out", 1)
try:
    Port(board)
except ValueError as error:
    print(error)
"""
    assert run(script).lines == ["a coil must rest at 0"]

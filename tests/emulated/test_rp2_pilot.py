"""The pilot of the RP2040 port: the generator's edges, and what the ADC's samples show of them."""

from itertools import pairwise

import pytest

from tests.emulated import board, rp2_port

PILOT = 2
# Duty in parts of 10000 for 6, 8, 10, 16, 32, 51, 63 and 80 A (IEC 61851-1 table A.7).
DUTIES = (1000, 1333, 1667, 2667, 5333, 8500, 8920, 9600)


@pytest.fixture(scope="module", autouse=True)
def _parts():
    board.needed()


@pytest.fixture
def run(tmp_path):
    return lambda script, *options: rp2_port.run(tmp_path, script, *options)


def test_1_khz_and_every_duty_exact(run):
    """Periods of 1 ms to the nanosecond: no drift in a day. The duty within 0.01 %."""
    script = """
for duty in %s:
    one.pilot.drive(duty)
    time.sleep_ms(5)
one.pilot.drive(10000)
time.sleep_ms(3)
""" % (DUTIES,)
    ran = run(script, "--trace", "2")
    rises, falls = ran.rises(PILOT), ran.falls(PILOT)
    seen = set()
    for a, b in pairwise(rises):
        if b - a > 1.5:
            continue
        assert abs(b - a - 1) < 2e-6, (a, b)
        seen.add(round(next(fall for fall in falls if fall > a) - a, 6))
    assert len(seen) == len(DUTIES)
    for duty, high_ms in zip(DUTIES, sorted(seen)):
        assert abs(high_ms - duty / 10000) < 1e-5


def test_the_ends_are_steady(run):
    script = "one.pilot.drive(10000)\ntime.sleep_ms(20)\none.pilot.drive(0)\ntime.sleep_ms(20)"
    ran = run(script, "--trace", "2")
    assert len(ran.rises(PILOT)) <= 1  # where it becomes an output here
    assert len(ran.falls(PILOT)) == 1


def test_levels_at_every_duty(run):
    """+6 V and -12 V, from 5 %, which is 50 us, to 96 %, of which 40 us are low."""
    script = """
for duty in (500,) + %s:
    one.pilot.drive(duty)
    time.sleep_ms(4)
    for _ in range(7):
        one.pilot.sample()
        print(one.pilot.high_mv, one.pilot.low_mv)
        time.sleep_us(1137)
""" % (DUTIES,)
    ran = run(script, *rp2_port.PILOT_C)
    assert len(ran.lines) == 7 * 9
    assert set(ran.lines) == {"5992 -12008"}  # a step of the converter is 6.4 mV of pilot


def test_proximity_and_temperature_beside_the_pilot(run):
    """Half of the pilot's swing would be seen at once if channels mixed."""
    script = """
one.pilot.drive(2667)
time.sleep_ms(5)
for _ in range(20):
    print(one.proximity.read_ohm(), one.thermometer.read_dc())
    time.sleep_us(1210)
"""
    ran = run(script, *rp2_port.PILOT_C)
    assert len(ran.lines) == 20
    for line in range(20):
        ohm, dc = ran.numbers(line)
        assert 218 <= ohm <= 222 and 249 <= dc <= 251


SCAN = """
import uctypes
from array import array
from hal.rp2_sampler import extremes
def seen(samples):
    at = uctypes.addressof(samples)
    both = extremes(at, 2, at + 2 * len(samples) - 2)
    return both >> 12, both & 4095
"""


def test_a_spike_counts_for_nothing_and_50_us_for_all(run):
    """Every place of a single spike, every place of the shortest part of a period: 4 samples."""
    script = (
        SCAN
        + """
bad = 0
for at in range(100):
    flat = array("H", [2000] * 100)
    flat[at] = 4095
    bad += seen(flat) != (2000, 2000)
    flat[at] = 0
    bad += seen(flat) != (2000, 2000)
    part = array("H", [186] * 100)
    for i in range(4):
        part[(at + i) % 100] = 2978
    bad += seen(part) != (2978, 186)
    part = array("H", [2978] * 100)
    for i in range(4):
        part[(at + i) % 100] = 186
    bad += seen(part) != (2978, 186)
print(bad, seen(array("H", [0] * 9)), seen(array("H", [4095] * 9)))
"""
    )
    assert run(script).lines == ["0 (0, 0) (4095, 4080)"]  # the low level's start is 4080


def test_the_buffer_outlives_the_collector(run):
    """DMA goes on writing there: nothing else may come to lie in that place."""
    script = """
one.pilot.drive(2667)
for _ in range(20):
    gc.collect()
    fill = [bytearray(600) for _ in range(30)]
    time.sleep_ms(2)
    one.pilot.sample()
    assert not any(any(part) for part in fill)
    assert (one.pilot.high_mv, one.pilot.low_mv) == (5992, -12008), one.pilot.high_mv
print("well")
"""
    assert run(script, *rp2_port.PILOT_C).lines == ["well"]


def test_a_lost_sample_is_a_failure(run):
    """Channels would stand in each other's place: DMA is stopped here until the FIFO overflows."""
    script = """
one.pilot.sample()
print(one.eye.still())
one.eye.expect(-1000000, 1000000, 1000000)
print(one.eye.still())
eye = one.eye
eye._scanner._filler.active(False)
time.sleep_ms(1)
print(one.eye.still())
try:
    one.pilot.sample()
except OSError as error:
    print(error)
"""
    assert run(script, *rp2_port.PILOT_C).lines == ["0", "1", "0", "adc"]


def test_the_eye_sees_what_is_news(run):
    """Each limit by itself, then the detector."""
    script = """
one.pilot.drive(2667)
time.sleep_ms(4)
eye = one.eye
for floor, roof, low_roof in (
    (5500, 6500, -10000), (6100, 6500, -10000), (5500, 5900, -10000), (5500, 6500, -12100),
    (-1000000, 1000000, 1000000), (1000000, 1000000, 1000000),
):
    eye.expect(floor, roof, low_roof)
    print(eye.still())
eye.expect(5500, 6500, -10000)
time.sleep_ms(200)
print(eye.still())
one.residual_current.tripped()
print(eye.still())
"""
    ran = run(script, *rp2_port.PILOT_C, "--at", "250:7=1", "--at", "250.001:7=0")
    assert ran.lines == ["1", "0", "0", "0", "1", "0", "0", "1"]

"""The satellite as machine code: its image on an emulated RP2040, a virtual car on its pins, and
at the other end of its UART the charge point's own half of the line. Times: `pytest -s`.
"""

import random

import pytest

from firmware.evse import fault
from hal.remote_frame import Order, frame
from tests.emulated import satellite

BOUND_MS = 3000  # of silence
C1_MS = 6000  # IEC 61851-1 A.6 seq. 10.2


@pytest.fixture
def station():
    made = satellite.Station()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def chip():
    made = satellite.Chip()
    try:
        yield made
    finally:
        made.close()


def opened(chip, since):
    """Milliseconds from `since` until the coil fell."""
    assert chip.edges and not chip.edges[-1][1], "it is closed"
    return chip.edges[-1][0] - since


def test_it_closes_in_c_with_a_permit_and_not_before(station):
    station.meet()
    assert station.facts.letter == "A" and not station.facts.faults
    station.car.letter = "C"
    station.run(3000)
    assert station.facts.letter == "C" and station.kernel.plugged
    assert not station.edges and station.duty == 10000, "nobody has permitted anything"
    station.car.letter = "A"
    station.run(600)
    station.charge(16000)
    assert abs(station.duty - 2667) <= 10, "16 A: 26.67 %"
    assert [level for _, level in station.edges] == [True]
    assert station.facts.letter == "C" and station.facts.closed and station.facts.tested
    assert station.facts.locked and station.kernel.wishes.offered_ma == 16000
    assert station.kernel.temperature_dc == 250 and station.kernel.cable_ma == 32000
    station.facts.permit_ma = 0
    station.until(lambda: not station.coil, 2000)
    assert station.car.letter == "B", "without load: the car let go first"


def test_the_lock_is_proved_by_the_satellite(station):
    station.meet()
    station.turn(jammed=True)
    station.car.auto = True
    station.car.letter = "B"
    station.facts.armed = True
    station.facts.permit_ma = 16000
    station.until(lambda: station.facts.faults & fault.LOCK, 8000)
    assert not station.edges


def test_c_to_b_opens_within_the_bound(station):
    """IEC 61851-1 table A.6 seq. 8.1: 100 ms, with the charge point silent from that moment."""
    station.charge()
    station.car.auto = False
    station.uart.cut = True
    for wait in range(7):
        station.turn(1 + wait)  # anywhere in the beat
    station.car.letter = "B"
    since = station.now
    station.run(200)
    took = opened(station, since)
    print(f"C to B: {took:.1f} ms")
    assert took <= 30


def test_a_residual_current_opens_in_microseconds(station):
    station.charge()
    since = station.now
    station.turn(drive={"7": 1})
    assert opened(station, since) < 0.1
    station.until(lambda: station.facts.faults & fault.RCD, 500)


def test_silence_ends_the_permit(station):
    """3 s after the newest proof the oscillator stops, and the car lets go. Back again it goes
    on, without a boot of anybody."""
    station.charge()
    station.run(1000)
    station.uart.cut = True
    since = station.now
    station.until(lambda: station.duty == 10000, 4000)
    stopped = station.now - since
    station.until(lambda: not station.coil, 2000)
    took = opened(station, since)
    print(f"silence: oscillator off after {stopped:.0f} ms, open after {took:.0f} ms")
    assert 2700 <= stopped <= BOUND_MS + 50 and took <= BOUND_MS + 1000
    assert station.kernel.lost and station.facts.faults & fault.LINK
    station.uart.cut = False
    station.until(lambda: station.coil, 10000)
    assert not station.facts.faults and not station.line.reboots


def test_a_car_that_ignores_the_end_is_cut_under_load(station):
    station.charge()
    station.car.follows = False
    station.uart.cut = True
    since = station.now
    station.run(BOUND_MS + C1_MS - 500)
    assert station.coil
    station.run(1000)
    took = opened(station, since)
    print(f"silence and a car that ignores x1: open after {took:.0f} ms")
    assert took <= BOUND_MS + C1_MS + 50


def test_it_reaches_a_charge_point_that_has_booted(station):
    """Another boot number, a permit that begins with 0: it opens, and is granted anew."""
    station.charge()
    station.boot(0x4321)
    station.until(lambda: not station.coil, 3000)
    station.charge()


def garbage(chance, tape, boot, peer):
    """What can come out of a wire that nobody holds, or somebody who should not."""
    order = Order()
    order.armed, order.permit_ma = True, 16000
    whole = frame(Order.KIND, (boot, chance.randrange(65536), *peer), order.pack())
    kind = chance.randrange(5)
    if kind == 0:
        return chance.randbytes(40)
    if kind == 1:
        at = chance.randrange(len(tape))
        return tape[at : at + 120]  # what was true once
    if kind == 2:
        return whole[: chance.randrange(30)] + chance.randbytes(8)
    if kind == 3:
        broken = bytearray(whole)
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
        return bytes(broken)
    return whole


def test_garbage_closes_nothing(station, chip):
    """A car in C and 20 s of a line full of noise, of replays, of true orders with wrong bits or
    the echo of another moment."""
    station.charge()
    station.run(2000)
    assert len(station.uart.tape) > 1000 and not chip.edges
    chance = random.Random(5)
    chip.car.letter = "C"
    sent = 0
    for _ in range(2000):
        if len(chip.uart.inbox) > 2048:
            chip.uart.inbox = b""
        stamp = chance.randrange(1, 65536), chance.randrange(65536)
        data = garbage(chance, station.uart.tape, station.line.boot, stamp)
        chip.uart.outbox = data
        sent += len(data)
        chip.turn()
    print(f"garbage: {sent} bytes")
    assert chip.duty == 10000 and not chip.edges and not chip.said
    assert chip.uart.inbox, "it speaks on"

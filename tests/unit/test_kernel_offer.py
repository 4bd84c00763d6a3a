"""The offer: what duty the car sees, how often it changes, and what makes it smaller."""

from firmware.evse import fault
from firmware.evse.pilot import ma_from_duty
from tests.unit.evse_rig import Rig


def changes(rig, ms, each=None):
    """-> [(when, duty)] of every change of the duty in `ms`."""
    seen = []
    duty = rig.duty
    end = rig.now + ms
    while rig.now < end:
        if each is not None:
            each()
        rig.tick()
        if rig.duty != duty:
            duty = rig.duty
            seen.append((rig.now, duty))
    return seen


def test_permitted_current_is_the_duty():
    """A.5.2: 16 A are 26.67 %; without a permit the pilot is steady +12 V."""
    rig = Rig()
    rig.plug()
    rig.run(2000)
    assert rig.duty == 10000
    rig.prepare(16000)
    assert rig.duty == 2667


def test_permit_that_wanders_changes_the_duty_at_most_every_5_s():
    """A.6 seq. 6: the car has 5 s to follow, so no change of a permit comes sooner."""
    rig = Rig().charge(16000)
    rig.car.wish_ma = 6000
    rig.run(6000)
    state = [0]

    def wander():
        state[0] = (state[0] * 75 + 74) % 65537
        rig.facts.permit_ma = 6000 + state[0] % 20000

    seen = changes(rig, 60000, wander)
    assert 10 <= len(seen) <= 12
    for k in range(1, len(seen)):
        assert seen[k][0] - seen[k - 1][0] >= 5000


def test_x1_waits_for_nothing_and_the_offer_after_it_5_s():
    """A pause is immediate; the oscillator comes back 5 s after it went."""
    rig = Rig().prepare()
    start = rig.now
    rig.facts.permit_ma = 0
    rig.tick()
    assert rig.duty == 10000
    rig.facts.permit_ma = 10000
    seen = changes(rig, 8000)
    assert len(seen) == 1 and seen[0][1] == 1667
    assert 5000 <= seen[0][0] - start <= 5030


def test_hot_outlet_lowers_the_offer_at_once_and_raises_it_after_5_s():
    """Derating 60 to 70 C is downward for safety; cooling is not."""
    rig = Rig().prepare(32000)
    rig.hw.thermometer.dc = 650
    rig.tick()
    assert ma_from_duty(rig.duty) == 19002 and rig.kernel.warnings == fault.HOT
    rig.hw.thermometer.dc = 700
    rig.tick()
    assert rig.duty == 1000
    start = rig.now
    rig.hw.thermometer.dc = 250
    seen = changes(rig, 6000)
    assert len(seen) == 1 and seen[0][0] - start >= 5000 and seen[0][1] == 5333


def test_lost_temperature_sensor_is_treated_as_hot():
    """Sensor loss: 6 A at once, a warning, no fault."""
    rig = Rig().charge(32000)
    rig.hw.thermometer.dc = -32768
    rig.tick()
    assert rig.duty == 1000 and rig.coil and not rig.facts.faults
    assert rig.kernel.warnings & fault.SENSOR


def test_meter_silent_for_10_s_is_6_a_and_for_60_s_a_pause():
    """Meter loss 10 s: 6 A; 60 s: no power until it speaks again."""
    rig = Rig().charge(32000)
    rig.metered = False
    start = rig.now
    seen = changes(rig, 70000)
    assert seen[0][1] == 1000 and 9000 <= seen[0][0] - start <= 10100
    assert seen[1][1] == 10000 and 59000 <= seen[1][0] - start <= 60100 and len(seen) == 2
    assert not rig.coil and not rig.facts.faults and rig.kernel.warnings == fault.METER
    rig.metered = True
    seen = changes(rig, 10000)
    assert seen == [(seen[0][0], 5333)] and rig.coil and not rig.kernel.warnings


def test_cable_limits_the_offer():
    """Table B.2: the offer never exceeds what the cable carries, nor the board."""
    for ohm, ma in ((1500, 13000), (680, 20000), (220, 32000), (100, 32000)):
        rig = Rig()
        rig.plug("B", ohm)
        rig.run(500)
        assert rig.kernel.cable_ma == (63000 if ohm == 100 else ma)
        rig.grant(80000)
        rig.until(lambda rig=rig: rig.duty not in (-1, 10000), 3000)
        assert abs(ma_from_duty(rig.duty) - ma) <= 12, ohm


def test_board_limits_the_offer():
    """max_ma is the wiring's: no permit exceeds it; 63 A boards use the second law."""
    for max_ma, duty in ((10000, 1667), (63000, 8920)):
        rig = Rig(max_ma=max_ma)
        rig.plug("B", 100)
        rig.grant(80000)
        rig.until(lambda rig=rig: rig.duty not in (-1, 10000), 3000)
        assert rig.duty == duty


def test_board_without_a_thermometer_limits_the_offer_too():
    """max_ma does not depend on any sensor being there."""
    rig = Rig(max_ma=16000)
    rig.hw.thermometer = None
    rig.plug("B", 100)
    rig.grant(80000)
    rig.until(lambda: rig.duty not in (-1, 10000), 3000)
    assert rig.duty == 2667 and rig.kernel.temperature_dc is None


def test_nothing_is_offered_below_6_a():
    """A.5.2: less than 6 A cannot be said, so it is a pause."""
    rig = Rig().prepare(6000)
    assert rig.duty == 1000
    rig.facts.permit_ma = 5999
    rig.tick()
    assert rig.duty == 10000


def test_sleeping_car_is_shown_f_for_4_s_once():
    """A.5.3: after 30 s in B2 one wake-up of 4 s; the same offer before and after."""
    rig = Rig().prepare()
    start = rig.now
    seen = changes(rig, 120000)
    assert [duty for _, duty in seen] == [0, 2667]
    assert 29000 <= seen[0][0] - start <= 30100
    assert 4000 <= seen[1][0] - seen[0][0] <= 4030
    assert not rig.coil and not rig.facts.faults


def test_car_that_wakes_up_charges():
    """After the wake-up the car asks, and is served as any other."""
    rig = Rig().prepare()
    rig.run(35000)
    rig.car.letter = "C"
    rig.until(lambda: rig.coil, 3000)


def test_auto_car_charges_from_plug_to_end():
    """The car model of this rig, driven by the duty alone: asks, draws, follows the stop."""
    rig = Rig()
    rig.car.auto = True
    rig.plug()
    rig.run(500)
    rig.grant()
    rig.until(lambda: rig.car.current_ma > 0, 6000)
    rig.revoke()
    assert rig.until(lambda: not rig.coil, 1000) >= 500
    rig.until(lambda: not rig.hw.lock.position, 1000)
    assert not rig.facts.faults

"""Protection: what trips, what it shows, what clears it and what stays."""

from firmware.evse import fault
from tests.unit.evse_rig import Rig


def test_residual_current_opens_in_the_tick_that_sees_it():
    """IEC 61851-1 8.5: a trip opens at once, at any tick."""
    for tick in (1, 10, 25):
        rig = Rig(tick).charge()
        rig.hw.residual_current.trip = True
        rig.tick()
        assert not rig.coil and rig.facts.faults == fault.RCD


def test_residual_current_clears_after_60_s_three_times_then_latches():
    """Policy of §2.5: 60 s, at most 3 times per session, then it stays."""
    rig = Rig(25).charge()
    for _ in range(3):
        rig.hw.residual_current.trip = True
        rig.tick()
        rig.hw.residual_current.trip = False
        rig.run(59900)
        assert not rig.coil and rig.facts.faults == fault.RCD
        rig.until(lambda: rig.coil, 9000)
    rig.hw.residual_current.trip = True
    rig.tick()
    rig.hw.residual_current.trip = False
    rig.run(200000)
    assert not rig.coil and rig.facts.faults == fault.RCD
    rig.unplug()
    rig.run(1000)
    rig.plug("C")
    rig.run(1000)
    assert rig.facts.faults == fault.RCD


def test_every_session_is_tested_before_it_closes():
    """RCD self-test before every session: one pulse each, and the contact open while it runs."""
    rig = Rig()
    for session in range(1, 4):
        rig.plug("C")
        rig.run(500)
        rig.grant()
        while not rig.coil:
            rig.tick()
            assert rig.now < 60000
            assert not (rig.hw.residual_current.testing and rig.hw.contactor.contact)
        assert rig.hw.residual_current.pulses == session
        assert not rig.facts.faults
        rig.revoke()
        rig.run(7000)
        assert not rig.coil
        rig.unplug()
        rig.run(500)


def test_detector_that_does_not_answer_its_test_keeps_the_session_open():
    """A detector that cannot be tested is no protection: RCD_TEST, tried again after 60 s."""
    rig = Rig()
    rig.hw.residual_current.answers = False
    rig.plug("C")
    rig.grant()
    rig.run(30000)
    assert not rig.coil and rig.facts.faults == fault.RCD_TEST
    rig.hw.residual_current.answers = True
    rig.run(31000)
    rig.until(lambda: rig.coil, 9000)
    assert not rig.facts.faults


def test_session_that_ends_in_the_test_leaves_no_trip():
    """A card taken back during the self-test: the detector's answer is not a fault."""
    for after_ms in range(10, 100, 10):
        rig = Rig(5)
        rig.plug()
        rig.run(300)
        rig.grant()
        rig.run(after_ms)
        rig.revoke()
        rig.run(1000)
        assert not rig.facts.faults, after_ms


def test_missing_protective_conductor_opens_at_once():
    """The protective conductor is watched all the time it is there to be watched."""
    rig = Rig().charge()
    rig.hw.ground.sound = False
    rig.tick()
    assert not rig.coil and rig.facts.faults == fault.GROUND
    rig.hw.ground.sound = True
    rig.run(59000)
    assert not rig.coil
    rig.until(lambda: rig.coil, 9000)


def test_missing_diode_opens_within_100_ms():
    """A.3: who shows no diode is no car; opened, and three tries 60 s apart."""
    rig = Rig().charge()
    rig.car.diode = False
    assert rig.until(lambda: not rig.coil, 100) <= 60
    rig.run(500)
    assert rig.facts.faults == fault.DIODE
    rig.car.diode = True
    rig.run(59000)
    assert not rig.coil
    rig.until(lambda: rig.coil, 9000)


def test_one_noisy_sample_stops_nothing():
    """Debounce: a single wrong low or high side is noise, at any tick."""
    for tick in (1, 5, 10, 25):
        rig = Rig(tick).charge()
        for mv in (12000, 9000, 3000, 0, -12000):
            rig.hw.pilot.level_mv = mv
            rig.tick()
            rig.hw.pilot.level_mv = None
            rig.car.diode = False
            rig.tick()
            rig.car.diode = True
            for _ in range(10):
                rig.tick()
                assert rig.coil and not rig.facts.faults, (tick, mv)


def test_short_of_the_pilot_is_a_fault_only_as_long_as_it_lasts():
    """State E: opened, PILOT, no other fault with it; power again when the car is back in C."""
    rig = Rig().charge()
    rig.car.letter = "E"
    rig.run(1000)
    assert not rig.coil and rig.facts.faults == fault.PILOT
    rig.car.letter = "C"
    rig.until(lambda: rig.coil, 9000)
    assert not rig.facts.faults


def test_state_f_is_held_300_ms_after_every_fault():
    """IEC 61851-1 table A.5: at least 300 ms of -12 V, also for a fault that is over sooner."""
    def trip(rig, on):
        rig.hw.residual_current.trip = on

    def ground(rig, on):
        rig.hw.ground.sound = not on

    def heat(rig, on):
        rig.hw.thermometer.dc = 760 if on else 250

    def short(rig, on):
        rig.car.letter = "E" if on else "C"

    for cause in (trip, ground, heat, short):
        for tick in (1, 10, 25):
            rig = Rig(tick).charge()
            cause(rig, True)
            rig.until(lambda rig=rig: rig.duty == 0, 100)
            cause(rig, False)
            ms = rig.until(lambda rig=rig: rig.duty != 0, 400)
            assert 320 <= ms <= 320 + tick, (cause, tick)
            assert rig.duty == 10000


def test_unplugged_car_is_seen_during_a_fault():
    """-12 V hides the unplugging: after its 300 ms the pilot is back at +12 V to show it."""
    rig = Rig().charge()
    rig.hw.residual_current.trip = True
    rig.run(1000)
    assert rig.duty == 10000 and rig.facts.faults == fault.RCD
    rig.car.letter = "A"
    rig.until(lambda: not rig.kernel.plugged, 100)


def test_over_current_opens_after_7_s():
    """More than offered + 10 % + 0.5 A for 7 s (and the meter's second)."""
    rig = Rig().charge(10000)
    rig.car.wish_ma = 11500
    rig.run(30000, 25)
    assert rig.coil
    rig.car.wish_ma = 11501
    ms = rig.until(lambda: not rig.coil, 9000)
    assert 7000 <= ms <= 8100 and rig.facts.faults == fault.OVERCURRENT


def test_over_current_gives_the_car_time_to_follow_a_lower_offer():
    """J11: 5 s to follow; a car that does is not punished."""
    rig = Rig().charge(32000)
    rig.car.wish_ma = 32000
    rig.run(6000)
    rig.grant(6000)
    rig.run(5000)
    rig.car.wish_ma = 6000
    rig.run(10000)
    assert rig.coil and not rig.facts.faults


def test_under_voltage_opens_after_3_s_and_waits_60_s():
    """Below 0.85 of nominal for 3 s; back 60 s above 0.90."""
    rig = Rig().charge()
    rig.voltage_dv = 1900
    ms = rig.until(lambda: not rig.coil, 5000)
    assert 3000 <= ms <= 4100 and rig.facts.faults == fault.UNDERVOLTAGE
    rig.voltage_dv = 2300
    rig.run(59000)
    assert not rig.coil
    rig.until(lambda: rig.coil, 9000)


def test_75_degrees_opens_and_70_degrees_resumes():
    """Stop at 75 C, resume at 70 C with the least current."""
    rig = Rig().charge()
    rig.hw.thermometer.dc = 750
    rig.tick()
    assert not rig.coil and rig.facts.faults == fault.OVERTEMP
    rig.hw.thermometer.dc = 701
    rig.run(10000)
    assert not rig.coil
    rig.hw.thermometer.dc = 700
    rig.until(lambda: rig.coil, 9000)
    assert rig.duty == 1000


def test_temperature_is_readable_and_none_when_lost():
    """What the sensor says is offered to whoever reports it; a lost sensor says nothing."""
    rig = Rig()
    rig.tick()
    assert rig.kernel.temperature_dc == 250 and not rig.kernel.warnings
    rig.hw.thermometer.dc = -32768
    rig.tick()
    assert rig.kernel.temperature_dc is None
    assert rig.kernel.warnings & fault.SENSOR
    rig.hw.thermometer = None
    rig.kernel.tick(10)


def test_every_counter_stops():
    """In a hard interrupt of a 32-bit chip a count beyond 30 bits would allocate, 12 days on."""
    def idle(rig):
        pass

    def charging(rig):
        rig.charge()

    def tripped(rig):
        rig.charge()
        rig.kernel.limit.retries = 0
        rig.kernel._rcd.retries = 0
        rig.hw.residual_current.trip = True
        rig.tick()
        rig.hw.residual_current.trip = False

    def welded(rig):
        rig.charge()
        rig.hw.contactor.stuck = "closed"
        rig.revoke()

    def jammed(rig):
        rig.hw.lock.jammed = True
        rig.plug("C")
        rig.grant()

    def bouncing(rig):
        rig.plug()

    for begin in (idle, charging, tripped, welded, jammed, bouncing):
        rig = Rig()
        begin(rig)
        for k in range(120):
            if begin is bouncing:
                rig.car.letter = "ABDE"[k % 4]
            rig.kernel.tick(20_000_000)
        assert largest(rig.kernel) < 1 << 28, begin


def largest(thing):
    """The largest integer in an object and in those it owns."""
    most = 0
    for name in dir(thing):
        value = getattr(thing, name)
        if isinstance(value, int):
            most = max(most, abs(value))
        elif hasattr(value, "tick") or type(value).__name__ in ("Facts", "Wishes", "Pilot"):
            if name[:2] != "__" and value is not thing:
                most = max(most, largest(value))
    return most

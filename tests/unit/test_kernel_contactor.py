"""The coil: when the kernel closes it, how fast it opens it, and what it refuses for good."""

from firmware.evse import fault
from tests.unit.evse_rig import Rig


def test_contactor_closes_within_3_s_of_c2_at_any_tick():
    """A.6 seq. 4: B2 to C2, power within 3 s; and not before 500 ms of C."""
    for tick in range(1, 26):
        rig = Rig(tick).prepare()
        rig.car.letter = "C"
        ms = rig.until(lambda rig=rig: rig.coil, 3000)
        assert 500 <= ms <= 500 + 2 * tick, tick


def test_contactor_opens_within_100_ms_of_leaving_c_at_any_tick():
    """A.6 seq. 2.1, 2.2, 8.1: C to B, A or E, and F by the wire; relay of 40 ms included."""
    for tick in range(1, 26):
        rig = Rig(tick)
        rig.hw.contactor.travel_ms = 40
        rig.charge()
        for letter in "BAEF":
            rig.car.letter = letter
            ms = rig.until(lambda rig=rig: not rig.coil, 100, tick)
            assert ms <= 60, (tick, letter)
            rig = Rig(tick).charge()


def test_mixed_ticks_open_in_time_too():
    """The worst mix of ticks: just short of agreeing, then the longest one."""
    for first in range(1, 8):
        rig = Rig(10).charge()
        rig.car.letter = "B"
        ms = 0
        for dt in (25, first, 25):
            if rig.coil:
                rig.tick(dt)
                ms += dt
        assert not rig.coil and ms + 40 <= 100, first


def test_car_that_goes_without_pilot_contact_is_seen_by_the_cable():
    """B.2: proximity lost is a pulled plug: no power, whatever the pilot says."""
    rig = Rig().charge()
    rig.hw.proximity.ohm = 1_000_000
    assert rig.until(lambda: not rig.coil, 100) <= 100
    rig.run(1000)
    assert not rig.kernel.plugged and rig.duty == 10000


def test_nothing_closes_without_its_condition():
    """Closed only with permit, self-test, lock and diode: each one missing keeps it open."""
    def no_permit(rig):
        rig.facts.permit_ma = 0

    def no_test(rig):
        rig.hw.residual_current.answers = False

    def no_lock(rig):
        rig.hw.lock.jammed = True

    def no_diode(rig):
        rig.car.diode = False

    def no_cable(rig):
        rig.hw.proximity.ohm = 1_000_000

    def not_c(rig):
        rig.car.letter = "B"

    for missing in (no_permit, no_test, no_lock, no_diode, no_cable, not_c):
        rig = Rig(25)
        rig.plug("C")
        rig.grant()
        missing(rig)
        for _ in range(800):
            rig.tick()
            assert not rig.coil, missing
    rig = Rig(25)
    rig.plug("C")
    rig.grant()
    rig.until(lambda: rig.coil, 3000)


def test_stop_by_the_evse_takes_the_pwm_first_and_waits_for_the_car():
    """A.6 seq. 10.1: x1 at once, the contact stays until the car has left C."""
    rig = Rig().charge()
    rig.revoke()
    rig.tick()
    assert rig.duty == 10000 and rig.coil
    rig.run(400)
    assert rig.coil, "opened under load"
    rig.car.letter = "B"
    assert rig.until(lambda: not rig.coil, 100) <= 60


def test_car_that_ignores_x1_is_cut_after_6_s():
    """A.6 seq. 10.2: at the latest after 6 s it opens under load, at any tick."""
    for tick in (1, 7, 10, 25):
        rig = Rig(tick).charge()
        rig.facts.permit_ma = 0
        ms = rig.until(lambda rig=rig: not rig.coil, 6100)
        assert 6000 <= ms <= 6000 + 2 * tick, tick


def test_stop_waits_for_the_current_not_for_the_letter():
    """A car that stays in C but draws nothing lets go by its current, once the meter says so."""
    rig = Rig().charge()
    rig.revoke()
    rig.run(1500)
    assert rig.coil
    rig.car.wish_ma = 300
    assert rig.until(lambda: not rig.coil, 2100) <= 1100


def test_reading_from_before_the_stop_does_not_count_as_idle():
    """The meter is silent since before x1: what it said then proves nothing."""
    rig = Rig()
    rig.car.wish_ma = 0
    rig.charge()
    rig.run(1500)
    rig.metered = False
    rig.car.wish_ma = 16000
    rig.revoke()
    rig.run(5000)
    assert rig.coil


def test_resumed_within_the_grace_the_contact_does_not_click():
    """A pause shorter than the car's patience must not open and close under load."""
    rig = Rig().charge()
    rig.facts.permit_ma = 0
    rig.run(100)
    rig.grant()
    for _ in range(700):
        rig.tick()
        assert rig.coil
    assert 1000 <= rig.duty <= 9600


def test_d_is_refused_without_ventilation():
    """Table A.1: D asks for ventilation; a place without it opens and does not offer."""
    rig = Rig().charge()
    rig.car.letter = "D"
    assert rig.until(lambda: not rig.coil, 100) <= 60
    rig.run(10000)
    assert not rig.coil and rig.duty == 10000
    assert rig.facts.faults == fault.VENTILATION
    rig.car.letter = "C"
    rig.until(lambda: rig.coil, 9000)


def test_d_is_served_with_ventilation():
    """Table A.1: with ventilation D is charged like C, without a click between the two."""
    rig = Rig(ventilation=True).charge()
    for letter in "DCD":
        rig.car.letter = letter
        for _ in range(100):
            rig.tick()
            assert rig.coil
    rig.car.letter = "B"
    assert rig.until(lambda: not rig.coil, 100) <= 60


def test_welded_contact_latches_until_the_power_cycle():
    """Weld: closed when it must be open, then never closed again by this kernel."""
    rig = Rig().charge()
    rig.hw.contactor.stuck = "closed"
    rig.car.letter = "B"
    rig.until(lambda: rig.kernel.welded, 700)
    assert rig.facts.faults & fault.WELD
    rig.hw.contactor.stuck = None
    rig.revoke()
    rig.unplug()
    rig.run(70000, 25)
    rig.plug("C")
    rig.grant()
    for _ in range(1000):
        rig.tick()
        assert not rig.coil
    assert rig.facts.faults & fault.WELD


def test_weld_known_from_before_a_reset_is_not_forgotten():
    """A reset is no power cycle: the kernel is told, and refuses from its first tick."""
    rig = Rig(welded=True)
    rig.plug("C")
    rig.grant()
    for _ in range(500):
        rig.tick()
        assert not rig.coil and rig.facts.faults & fault.WELD


def test_welded_socket_keeps_the_plug():
    """SmartEVSE-3 #26: a live plug must not come free."""
    rig = Rig().charge()
    rig.hw.contactor.stuck = "closed"
    rig.revoke()
    rig.run(20000, 25)
    assert not rig.coil and rig.hw.lock.position
    rig.hw.contactor.stuck = None
    rig.run(5000)
    assert not rig.hw.lock.position


def test_contact_that_does_not_close_opens_the_coil_and_is_tried_after_60_s():
    """No-close: feedback open while driven; not held for ever, three times, then latched."""
    rig = Rig().prepare()
    rig.hw.contactor.stuck = "open"
    rig.car.letter = "C"
    closings = 0
    coil = False
    for _ in range(20000):
        rig.tick(20)
        closings += rig.coil and not coil
        coil = rig.coil
    assert closings == 4
    assert rig.facts.faults == fault.NO_CLOSE
    rig.unplug()
    rig.run(1000)
    assert not rig.facts.faults, "the next car gets its chance"


def test_board_that_cannot_sense_its_contact_still_charges():
    """Feedback is optional: the coil is then all there is to know."""
    rig = Rig()
    rig.hw.contactor.senses = False
    rig.charge()
    rig.run(10000)
    assert rig.coil and not rig.facts.faults and rig.facts.closed


def test_tethered_board_needs_neither_cable_nor_lock():
    """Case C: the cable is ours; nothing is read that is not there."""
    rig = Rig(socket=False)
    rig.hw.proximity = rig.hw.lock = None
    rig.car.letter = "C"
    rig.grant()
    rig.until(lambda: rig.coil, 3000)
    rig.car.letter = "A"
    assert rig.until(lambda: not rig.coil, 100) <= 60
    assert not rig.kernel.plugged


def test_software_fault_opens_and_stays_until_the_next_boot():
    """An exception in the kernel: contactor open, F, and never closed again."""
    rig = Rig().charge()
    rig.kernel.fail()
    assert not rig.coil and rig.duty == 10000
    rig.tick()
    assert rig.duty == 0, "a fault shows F first (table A.5)"
    for _ in range(1000):
        rig.tick()
        assert not rig.coil
    assert rig.duty == 10000 and rig.facts.faults == fault.SOFTWARE


def test_failing_driver_leaves_the_contactor_open():
    """What the driver cannot do is an exception, and fail() is what its catcher calls."""
    rig = Rig().prepare()
    rig.hw.contactor.broken = True
    rig.car.letter = "C"
    try:
        rig.run(2000)
    except OSError:
        rig.kernel.fail()
    else:
        raise AssertionError("nothing was tried")
    rig.run(1000)
    assert not rig.coil and rig.facts.faults & fault.SOFTWARE

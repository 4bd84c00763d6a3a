"""Pilot, contactor, residual current, ground and button: levels and integers at the edges."""

import sys

from hal.button import Button
from hal.contactor import Contactor
from hal.ground import Ground
from hal.pilot import Pilot
from hal.residual_current import ResidualCurrent
from tests.skip import Skip


class Pin:
    def __init__(self, level=0):
        self.level = level
        self.writes = 0
        self.broken = False

    def value(self, level=None):
        if self.broken:
            raise OSError(5)
        if level is None:
            return self.level
        self.level = level
        self.writes += 1
        return None


class Pwm:
    def __init__(self):
        self.duty = None
        self.writes = 0
        self.broken = False

    def duty_u16(self, duty):
        if self.broken:
            raise OSError(5)
        self.duty = duty
        self.writes += 1


class Sampler:
    def __init__(self, high_mv=0, low_mv=0):
        self.next = (high_mv, low_mv)
        self.high_mv = self.low_mv = 0

    def sample(self):
        self.high_mv, self.low_mv = self.next


def raises(error, function, *arguments, **options):
    try:
        function(*arguments, **options)
    except error:
        return True
    return False


def locked(step):
    """Run `step` with the heap locked: the kernel's calls may run in a hard interrupt."""
    if sys.implementation.name != "micropython":
        raise Skip("heap_lock is MicroPython's")
    import micropython

    step()  # once freely: the first call of a function may allocate its own bookkeeping
    micropython.heap_lock()
    try:
        for _ in range(3):
            step()
    finally:
        micropython.heap_unlock()


def test_pilot_millivolts():
    """Two known dividers: V_adc = (V_cp + 13.2) / 8, and 129.9 mV/V about 1723 mV."""
    sampler = Sampler()
    eighth = Pilot(Pwm(), sampler, (8, 1), 1650)
    for adc_mv, pilot_mv in ((3150, 12000), (2775, 9000), (2400, 6000), (2025, 3000), (1650, 0),
                             (150, -12000)):
        sampler.next = (adc_mv, 150)
        eighth.sample()
        assert (eighth.high_mv, eighth.low_mv) == (pilot_mv, -12000)
    fine = Pilot(Pwm(), sampler, (10000, 1299), 1723)
    for adc_mv, pilot_mv in ((3281, 12000), (2892, 9000), (2502, 6000), (164, -12000)):
        sampler.next = (adc_mv, adc_mv)
        fine.sample()
        assert abs(fine.high_mv - pilot_mv) <= 10 and fine.low_mv == fine.high_mv


def test_pilot_keeps_nothing_of_an_old_sample():
    sampler = Sampler(1000, 500)
    p = Pilot(Pwm(), sampler)
    p.sample()
    sampler.next = (2000, 700)
    p.sample()
    assert (p.high_mv, p.low_mv) == (2000, 700)


def test_pilot_gain_must_fit_31_bits():
    """At the largest gain that is taken, the largest product is still a small integer."""
    for gain, offset in (((0, 1), 0), ((1, 0), 0), ((-1, 1), 0), ((214749, 1), 0),
                         ((200000, 1), -2000)):
        assert raises(ValueError, Pilot, Pwm(), Sampler(), gain, offset)
    assert Pilot(Pwm(), Sampler(), (214748, 1), 0)
    assert 214748 * 5000 < 1 << 30 and 10000 * 65535 + 5000 < 1 << 30


def test_pilot_duty():
    pwm = Pwm()
    p = Pilot(pwm, Sampler())
    for duty, expected in ((0, 0), (10000, 65535), (5000, 32768), (1000, 6554), (2667, 17478),
                           (1, 7), (9999, 65528)):
        p.drive(duty)
        assert pwm.duty == expected, duty
        assert abs(expected * 10000 - duty * 65535) <= 5000


def test_pilot_writes_only_changes():
    pwm = Pwm()
    p = Pilot(pwm, Sampler())
    p.drive(0)
    assert pwm.writes == 1  # also the first zero
    for _ in range(5):
        p.drive(2667)
    assert pwm.writes == 2
    for duty in (-1, 10001):
        assert raises(ValueError, p.drive, duty)
    assert pwm.writes == 2


def test_pilot_failed_write_is_tried_again():
    pwm = Pwm()
    p = Pilot(pwm, Sampler())
    p.drive(10000)
    pwm.broken = True
    assert raises(OSError, p.drive, 0) and raises(OSError, p.drive, 0)
    pwm.broken = False
    p.drive(0)
    assert pwm.duty == 0


def test_contactor_levels():
    for active in (0, 1):
        coil = Pin(active)
        c = Contactor(coil, coil_active=active)
        assert coil.level == 1 - active  # built open
        c.drive(True)
        assert coil.level == active
        coil.level = 1 - active  # a disturbance
        c.drive(True)
        assert coil.level == active
        c.drive(False)
        assert coil.level == 1 - active
        assert c.closed() is None  # cannot be sensed


def test_contactor_feedback():
    for closed in (0, 1):
        contact = Pin(closed)
        c = Contactor(Pin(), contact, feedback_closed=closed)
        assert c.closed() is True
        contact.level = 1 - closed
        assert c.closed() is False


def test_two_contactors_show_the_worse():
    """Open means both are, closed means both are: one welded or one lazy group is seen."""
    coil, first, second_coil, second = Pin(), Pin(), Pin(), Pin()
    c = Contactor(coil, first, second_coil, second)
    for driven, a, b, closed in ((False, 0, 0, False), (False, 1, 0, True), (False, 0, 1, True),
                                 (True, 1, 1, True), (True, 0, 1, False), (True, 1, 0, False)):
        c.drive(driven)
        assert coil.level == second_coil.level == int(driven)
        first.level, second.level = a, b
        assert c.closed() is closed
    one = Contactor(Pin(), Pin(1), Pin())
    assert one.closed() is True
    assert raises(ValueError, Contactor, Pin(), None, Pin(), Pin())
    assert raises(ValueError, Contactor, Pin(), Pin(), None, Pin())


def test_contactor_releases_the_second_coil_when_the_first_fails():
    first, second = Pin(), Pin()
    c = Contactor(first, None, second)
    c.drive(True)
    first.broken = True
    assert raises(OSError, c.drive, False)
    assert second.level == 0


def test_residual_current():
    trip, test = Pin(1), Pin(1)
    r = ResidualCurrent(trip, test)
    assert test.level == 0 and r.testable  # built with the test current off
    assert r.tripped() is True
    trip.level = 0
    assert r.tripped() is False
    r.test(True)
    assert test.level == 1
    r.test(False)
    assert test.level == 0
    inverse = ResidualCurrent(trip, test, trip_active=0, test_active=0)
    assert inverse.tripped() is True and test.level == 1
    inverse.test(True)
    assert test.level == 0


def test_residual_current_without_a_test_pin():
    r = ResidualCurrent(Pin())
    assert not r.testable
    r.test(False)
    assert raises(ValueError, r.test, True)


def test_ground_and_button():
    pin = Pin(1)
    assert Ground(pin).ok() is True and Ground(pin, 0).ok() is False
    assert Button(pin).pressed() is False and Button(pin, 1).pressed() is True
    pin.level = 0
    assert Ground(pin).ok() is False and Ground(pin, 0).ok() is True
    assert Button(pin).pressed() is True and Button(pin, 1).pressed() is False


def test_a_broken_pin_is_an_oserror():
    pin = Pin()
    made = (Contactor(Pin(), pin).closed, ResidualCurrent(pin).tripped, Ground(pin).ok,
            Button(pin).pressed)
    pin.broken = True
    for call in made:
        assert raises(OSError, call)


def test_kernel_calls_allocate_nothing():
    p = Pilot(Pwm(), Sampler(3281, 164), (10000, 1299), 1723)
    c = Contactor(Pin(), Pin(), Pin(), Pin())
    r = ResidualCurrent(Pin(), Pin())
    g = Ground(Pin())
    b = Button(Pin())

    def step():
        p.sample()
        p.drive(2667)
        p.drive(10000)
        c.drive(True)
        c.closed()
        c.drive(False)
        c.closed()
        r.tripped()
        r.test(True)
        r.test(False)
        g.ok()
        b.pressed()

    locked(step)


def test_the_allocation_test_can_fail():
    def step():
        return [1, 2]

    try:
        locked(step)
    except MemoryError:
        return
    raise AssertionError("the heap was not locked")

"""The connector lock: pulses that end, retries on request, and a solenoid that is held."""

import sys

from hal.lock import Lock, SolenoidLock
from tests.skip import Skip


class Pin:
    def __init__(self, level=0):
        self.level = level
        self.broken = False
        self.history = []

    def value(self, level=None):
        if self.broken:
            raise OSError(5)
        if level is None:
            return self.level
        self.level = level
        self.history.append(level)
        return None


def motor(**options):
    a, b, feedback = Pin(), Pin(), Pin()
    return a, b, feedback, Lock(a, b, feedback, **options)


def run(lock, locked, ms, step=10):
    for _ in range(0, ms, step):
        lock.drive(locked)
        lock.tick(step)


def test_built_at_rest():
    for rest in (0, 1):
        a, b = Pin(1 - rest), Pin(1 - rest)
        lock = Lock(a, b, rest=rest)
        assert (a.level, b.level) == (rest, rest) and not lock.moving
        lock.tick(1000)
        assert (a.level, b.level) == (rest, rest)


def test_a_change_is_one_pulse():
    """The kernel drives every tick: the motor is pulsed for 600 ms and never held."""
    for rest in (0, 1):
        a, b, _, lock = motor(rest=rest)
        for locked in (False, True, False):
            ms = 0
            while True:
                lock.drive(locked)
                if not lock.moving:
                    break
                assert (a.level, b.level) == (int(locked), int(not locked))
                lock.tick(10)
                ms += 10
            assert ms == 600 and (a.level, b.level) == (rest, rest)
            run(lock, locked, 5000)
            assert (a.level, b.level) == (rest, rest)


def test_retry_pulses_again():
    a, b, feedback, lock = motor(pulse_ms=300)
    lock.retry()
    assert not lock.moving  # nothing was ever wished
    run(lock, True, 1000)
    assert not lock.locked()
    lock.retry()
    lock.drive(True)
    assert (a.level, b.level) == (1, 0) and lock.moving
    lock.tick(150)
    lock.retry()  # a retry during a pulse does not lengthen it
    lock.tick(150)
    assert (a.level, b.level) == (0, 0) and not lock.moving
    feedback.level = 1
    assert lock.locked()


def test_change_of_mind_reverses_at_once():
    a, b, _, lock = motor()
    lock.drive(True)
    lock.tick(100)
    lock.drive(False)
    assert (a.level, b.level) == (0, 1)
    lock.tick(590)
    assert lock.moving
    lock.tick(10)
    assert (a.level, b.level) == (0, 0)


def test_the_bridge_is_never_driven_two_ways():
    """While the pins change one after the other they pass through rest."""
    seen = []

    class Spy(Pin):
        def value(self, level=None):
            Pin.value(self, level)
            seen.append((a.level, b.level))

    for rest in (0, 1):
        a, b = Spy(rest), Spy(rest)
        lock = Lock(a, b, rest=rest)
        seen.clear()
        for locked in (True, False, True):
            lock.drive(locked)
            lock.tick(100)
        assert (1 - rest, 1 - rest) not in seen
        assert (1, 0) in seen and (0, 1) in seen


def test_feedback_levels():
    contact = Pin(1)
    for lock in (Lock(Pin(), Pin(), contact), SolenoidLock(Pin(), contact)):
        assert lock.locked() is True
    for lock in (Lock(Pin(), Pin(), contact, locked_level=0),
                 SolenoidLock(Pin(), contact, locked_level=0)):
        assert lock.locked() is False
    for lock in (Lock(Pin(), Pin()), SolenoidLock(Pin())):
        assert lock.locked() is None


def test_a_pulse_that_cannot_be_ended_is_ended_later():
    a, b, _, lock = motor(pulse_ms=100)
    lock.drive(True)
    a.broken = True
    for _ in range(3):
        try:
            lock.tick(100)
        except OSError:
            assert b.level == 0 and lock.moving
        else:
            raise AssertionError("hidden")
    a.broken = False
    lock.tick(100)
    assert a.level == 0 and not lock.moving


def test_a_pulse_that_cannot_begin_is_tried_again():
    a, b, _, lock = motor()
    a.broken = True
    try:
        lock.drive(True)
    except OSError:
        a.broken = False
    lock.drive(True)
    assert (a.level, b.level) == (1, 0)


def test_solenoid_is_held():
    for active in (0, 1):
        pin = Pin(active)
        lock = SolenoidLock(pin, active=active)
        assert pin.level == 1 - active  # built released
        run(lock, True, 5000)
        assert pin.level == active
        pin.level = 1 - active  # a disturbance
        lock.drive(True)
        assert pin.level == active
        run(lock, False, 10)
        assert pin.level == 1 - active


def test_solenoid_retry_strikes_anew():
    pin = Pin()
    lock = SolenoidLock(pin, strike_ms=300)
    lock.retry()
    assert not lock.moving
    run(lock, True, 100)
    lock.retry()
    assert pin.level == 0 and lock.moving
    run(lock, True, 290)
    assert pin.level == 0
    run(lock, True, 10)
    assert pin.level == 1 and not lock.moving
    lock.retry()
    lock.drive(False)
    assert not lock.moving and pin.level == 0
    lock.tick(1000)
    assert pin.level == 0


def test_kernel_calls_allocate_nothing():
    if sys.implementation.name != "micropython":
        raise Skip("heap_lock is MicroPython's")
    import micropython

    class Still:
        def value(self, level=None):
            return 1

    pin = Still()
    locks = (Lock(pin, pin, pin, pulse_ms=20), SolenoidLock(pin, pin))

    def step():
        for lock in locks:
            lock.drive(True)
            lock.locked()
            lock.tick(30)
            lock.retry()
            lock.drive(False)
            lock.tick(30)

    step()
    micropython.heap_lock()
    try:
        for _ in range(3):
            step()
    finally:
        micropython.heap_unlock()

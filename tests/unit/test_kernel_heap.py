"""The kernel allocates nothing, in any state: it may run in a hard interrupt. MicroPython only."""

import sys

from firmware.evse.decide import decide
from firmware.evse.kernel import Kernel
from firmware.evse.limit import Limit
from hal.contactor import Contactor
from hal.ground import Ground
from hal.lock import Lock
from hal.pilot import Pilot
from hal.proximity import Proximity
from hal.residual_current import ResidualCurrent
from hal.thermometer import Thermometer
from tests.skip import Skip
from tests.unit.evse_rig import Rig

if sys.implementation.name != "micropython":
    raise Skip("CPython has no heap_lock")

import micropython


def locked(rig, ms, step_ms=10):
    """Let the rig run with the heap locked: any allocation raises MemoryError."""
    tick = rig.tick
    ticks = ms // step_ms
    micropython.heap_lock()
    try:
        for _ in range(ticks):
            tick(step_ms)
    finally:
        micropython.heap_unlock()


def test_session_from_plug_to_unplug_allocates_nothing():
    """Idle, plugged, self-test, lock, B2, C2, new offers, x1, C1, unlock, unplugged."""
    rig = Rig()
    locked(rig, 500)
    rig.plug()
    locked(rig, 500)
    rig.grant()
    locked(rig, 3000)
    rig.car.letter = "C"
    locked(rig, 3000)
    assert rig.coil
    rig.grant(20000)
    locked(rig, 6000)
    rig.revoke()
    locked(rig, 8000)
    assert not rig.coil
    rig.unplug()
    locked(rig, 2000)
    assert not rig.kernel.plugged


def test_every_letter_allocates_nothing():
    """A to F, known and unknown, from each to each, with and without ventilation."""
    for ventilation in (False, True):
        for before in "ABCDEF":
            for letter in "ABCDEF":
                rig = Rig(25, ventilation=ventilation)
                rig.plug(before)
                rig.grant()
                locked(rig, 2000, 25)
                rig.car.letter = letter
                locked(rig, 1000, 25)


def trip(rig):
    rig.hw.residual_current.trip = True


def no_test(rig):
    rig.hw.residual_current.answers = False
    rig.unplug()


def ground(rig):
    rig.hw.ground.sound = False


def weld(rig):
    rig.hw.contactor.stuck = "closed"
    rig.revoke()


def no_close(rig):
    rig.hw.contactor.stuck = "open"


def blind(rig):
    rig.hw.contactor.senses = False


def heat(rig):
    rig.hw.thermometer.dc = 760


def warm(rig):
    rig.hw.thermometer.dc = 655


def no_sensor(rig):
    rig.hw.thermometer.dc = -32768


def over(rig):
    rig.car.wish_ma = 40000


def under(rig):
    rig.voltage_dv = 1800


def jam(rig):
    rig.hw.lock.position = False
    rig.hw.lock.jammed = True


def deaf_lock(rig):
    rig.hw.lock.senses = False


def diode(rig):
    rig.car.diode = False


def silent(rig):
    rig.metered = False


def asleep(rig):
    rig.car.letter = "B"


def software(rig):
    rig.kernel.fail()


def test_every_fault_allocates_nothing():
    """Each cause for 70 s, its retries and its end: the fault paths run in the interrupt too."""
    for cause in (
        trip, no_test, ground, weld, no_close, blind, heat, warm, no_sensor, over, under, jam,
        deaf_lock, diode, silent, asleep, software,
    ):
        rig = Rig().charge()
        cause(rig)
        locked(rig, 70000, 25)
        if cause is no_test:
            rig.plug("C")
            rig.grant()
            locked(rig, 70000, 25)
        rig.hw.residual_current.trip = False
        rig.hw.ground.sound = True
        rig.hw.contactor.stuck = None
        rig.voltage_dv = 2300
        locked(rig, 70000, 25)
        rig.unplug()
        locked(rig, 1000, 25)


def test_fail_allocates_nothing():
    """What the interrupt's handler calls when the tick itself raised."""
    rig = Rig().charge()
    micropython.heap_lock()
    try:
        rig.kernel.fail()
    finally:
        micropython.heap_unlock()
    assert not rig.coil


def test_feed_and_decide_alone_allocate_nothing():
    """The two inner steps, over every high side from -13 V to 13 V, running and not."""
    rig = Rig().charge()
    feed, facts = rig.kernel._pilot.feed, rig.facts
    wishes, limit = rig.kernel.wishes, rig.kernel.limit
    micropython.heap_lock()
    try:
        for mv in range(-13000, 13000, 50):
            for pwm_ms in range(0, 200, 100):
                feed(mv, -mv, pwm_ms, 7)
                facts.letter = rig.kernel._pilot.letter
                decide(facts, wishes, limit)
    finally:
        micropython.heap_unlock()


class Pin:
    def __init__(self, level=0):
        self.level = level

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        return None


class ADC:
    def __init__(self, uv):
        self.uv = uv

    def read_uv(self):
        return self.uv


class PWM:
    def __init__(self):
        self.duty = 0

    def duty_u16(self, duty):
        self.duty = duty


class Sampler:
    def __init__(self):
        self.high_mv = 9000
        self.low_mv = -12000

    def sample(self):
        pass


class Drivers:
    """The real drivers of hal on plain pins."""

    def __init__(self):
        self.sampler, self.pwm = Sampler(), PWM()
        self.coil, self.feedback, self.trip, self.test = Pin(), Pin(), Pin(), Pin()
        self.lock_feedback = Pin()
        self.motor = Pin()
        self.pilot = Pilot(self.pwm, self.sampler)
        self.contactor = Contactor(self.coil, self.feedback)
        self.residual_current = ResidualCurrent(self.trip, self.test)
        self.ground = Ground(Pin(1))
        self.lock = Lock(self.motor, Pin(), self.lock_feedback)
        self.proximity = Proximity(ADC(3300000 * 220 // 1220), 1000, 3300)
        self.thermometer = Thermometer(ADC(750000))
        self.eye = None


def test_kernel_on_the_real_drivers_charges_and_allocates_nothing():
    """The same with hal's own objects: from plug to closed, a trip, and open again."""
    hw = Drivers()
    kernel = Kernel(hw, Limit())
    kernel.facts.armed = True
    kernel.facts.permit_ma = 16000
    micropython.heap_lock()
    try:
        for k in range(800):
            hw.trip.level = hw.test.level
            hw.feedback.level = hw.coil.level
            if hw.motor.level:
                hw.lock_feedback.level = 1
            if k == 300:
                hw.sampler.high_mv = 6000
            if k % 100 == 0:
                kernel.meter_read(0, 2300)
            kernel.tick(10)
    finally:
        micropython.heap_unlock()
    assert hw.coil.level == 1 and hw.pwm.duty == (2667 * 65535 + 5000) // 10000
    micropython.heap_lock()
    try:
        hw.trip.level = 1
        kernel.tick(1)
        for _ in range(100):
            kernel.tick(10)
    finally:
        micropython.heap_unlock()
    assert hw.coil.level == 0

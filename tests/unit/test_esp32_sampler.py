"""The burst finds both levels of the pilot at every duty, in noise and in spite of a spike."""

import random

from tests.unit import fake_esp32 as fake

sampler = fake.hal("esp32_sampler")

HIGH, LOW = 2502, 164  # C2 behind the SmartEVSE's divider


class Square:
    """An ADC at a pilot: each conversion takes `step_us` and up to `jitter_us` more."""

    def __init__(self, step_us, jitter_us=0, noise_mv=0, phase_us=0):
        self.clock = fake.Clock()
        self.clock.us = phase_us
        self.step_us = step_us
        self.jitter_us = jitter_us
        self.noise_mv = noise_mv
        self.duty = 65535
        self.calls = 0
        self.spike_at = None
        self.spike_mv = 0

    def read_uv(self):
        self.clock.us += self.step_us
        if self.jitter_us:
            self.clock.us += random.randrange(self.jitter_us + 1)
        self.calls += 1
        if self.calls == self.spike_at:
            return self.spike_mv * 1000
        phase, high_us = self.clock.us % 1000, self.duty * 1000 // 65535
        mv = HIGH if phase < high_us or self.duty == 65535 else LOW
        if 0 < self.duty < 65535 and (phase < 5 or 0 <= phase - high_us < 5):
            mv = (HIGH + LOW) // 2  # in the middle of an edge
        if self.noise_mv:
            mv += random.randrange(-self.noise_mv, self.noise_mv + 1)
        return max(mv, 0) * 1000


def burst(square, percent):
    """A sampler at `percent` after one burst."""
    square.duty = 65535
    one = sampler.Sampler(square.read_uv, square.clock)
    square.duty = 65535 * percent // 100
    one.expect(square.duty)
    square.calls = 0
    one.sample()
    return one


def near(one, tolerance_mv):
    assert abs(one.high_mv - HIGH) <= tolerance_mv, (one.high_mv, one.low_mv)
    assert abs(one.low_mv - LOW) <= tolerance_mv, (one.high_mv, one.low_mv)


def test_every_duty_at_every_phase():
    """5 % (50 us) to 96 % (40 us): the level is exact wherever in the period the burst begins."""
    for percent in range(5, 97):
        for step_us in (30, 40, 45, 50, 60):
            for phase_us in range(0, 1000, 111):
                near(burst(Square(step_us, 0, 0, phase_us), percent), 0)


def test_every_step_of_the_currents_of_a_wallbox():
    """6 A (10 %) to 63 A (89.2 %), conversions as slow as they are taken at boot."""
    for percent in (10, 13, 17, 27, 53, 67, 80, 89):
        for step_us in range(20, 121):
            for phase_us in range(0, 1000, 237):
                near(burst(Square(step_us, 0, 0, phase_us), percent), 0)


def test_noise_and_jitter():
    """+-25 mV of noise, conversions that take 45 to 51 us: the mean of three stays near."""
    random.seed(1)
    for percent in range(5, 97):
        for _ in range(3):
            near(burst(Square(45, 6, 25, random.randrange(1000)), percent), 25)


def test_one_spike_is_no_level():
    """A conversion at either end of the scale is dropped, whichever it is."""
    for percent in (10, 27, 53, 89):
        for spike_mv in (0, 3134):
            for at in range(1, 60, 3):
                square = Square(45)
                one = sampler.Sampler(square.read_uv, square.clock)
                square.duty = 65535 * percent // 100
                one.expect(square.duty)
                square.calls, square.spike_at, square.spike_mv = 0, at, spike_mv
                one.sample()
                near(one, 0)


def test_a_spike_anywhere_with_jitter():
    """Any conversion time that is taken, any phase, conversions up to 6 us late."""
    random.seed(5)
    for step_us in range(25, 115, 10):
        for percent in (10, 13, 17, 27, 53, 67, 80, 89):
            for phase_us in range(0, 1000, 97):
                square = Square(step_us, 6, 0, phase_us)
                one = sampler.Sampler(square.read_uv, square.clock)
                square.duty = 65535 * percent // 100
                one.expect(square.duty)
                square.calls, square.spike_at = 0, random.randrange(1, 40)
                square.spike_mv = 3134 * random.randrange(2)
                one.sample()
                near(one, 0)


def test_a_steady_pilot_takes_no_period():
    """x1 and F: a few conversions, both levels the same."""
    for duty, mv in ((65535, HIGH), (0, LOW)):
        square = Square(45)
        one = sampler.Sampler(square.read_uv, square.clock)
        square.duty = duty
        one.expect(duty)
        square.calls, began = 0, square.clock.us
        square.spike_at, square.spike_mv = 3, 3000
        one.sample()
        assert (one.high_mv, one.low_mv) == (mv, mv)
        assert square.clock.us - began < 1000


def test_how_long_a_burst_takes():
    """Two periods at 16 and 32 A, five at 6 A; never a whole tick of 10 ms."""
    bounds = ((27, 2100), (53, 2100), (10, 5200), (89, 5200), (5, 8600), (96, 8600))
    for percent, bound_us in bounds:
        square = Square(45)
        one = sampler.Sampler(square.read_uv, square.clock)
        one.expect(65535 * percent // 100)
        began = square.clock.us
        one.sample()
        assert square.clock.us - began <= bound_us, (percent, square.clock.us - began)


def test_a_slow_converter_is_refused():
    """Then 6 A could not be seen: said at boot, not when a car is there."""
    square = Square(121)
    try:
        sampler.Sampler(square.read_uv, square.clock)
    except OSError:
        return
    raise AssertionError("taken")


def test_an_interrupted_measurement_is_not_believed():
    """The least of some runs counts."""
    square = Square(45)
    calls = []

    def read_uv():
        calls.append(1)
        square.clock.us += 300 if len(calls) in (5, 60) else 0  # the first run and the last
        return square.read_uv()

    assert sampler.Sampler(read_uv, square.clock).step_us == 45


def test_a_burst_allocates_nothing():
    """ESP32 could afford it; a collection less is a stall less."""
    import sys

    if sys.implementation.name != "micropython":
        from tests.skip import Skip

        raise Skip("only MicroPython has a heap to lock")
    import micropython

    square = Square(45)
    one = sampler.Sampler(square.read_uv, square.clock)
    for percent in (10, 5):
        square.duty = 65535 * percent // 100
        one.expect(square.duty)
        micropython.heap_lock()
        try:
            one.sample()
        finally:
            micropython.heap_unlock()
        near(one, 0)


def test_a_quiet_reading_is_the_mean():
    values = [1000000, 1200000, 900000, 1100000]
    adc = type("Adc", (), {"read_uv": lambda self: values.pop()})()
    assert sampler.Quiet(adc).read_uv() == 1050000


def refused(check, *facts):
    try:
        check(*facts)
    except ValueError as error:
        return str(error)
    raise AssertionError(facts)


def test_only_adc1():
    """ADC2 is the radio's: GPIO32 to 39, on the S2 and S3 1 to 10."""
    for chip, good, bad in (
        ("esp32", (32, 36, 39), (4, 25, 27, 31, 40)),
        ("esp32u4wdh", (32, 39), (2, 25)),
        ("esp32s2", (1, 4, 10), (11, 20, 36)),
        ("esp32s3", (1, 10), (11, 36)),
    ):
        for gpio in good:
            sampler.check_analog(chip, "CP", gpio)
        for gpio in bad:
            assert "ADC1" in refused(sampler.check_analog, chip, "CP", gpio)


def test_what_cannot_be_an_output():
    assert "output" in refused(sampler.check_output, "esp32", "RELAY", 34)
    assert "output" in refused(sampler.check_output, "esp32s2", "RELAY", 46)
    assert "flash" in refused(sampler.check_output, "esp32", "LOCK_A", 10)
    assert "flash" in refused(sampler.check_output, "esp32u4wdh", "LOCK_A", 17)
    sampler.check_output("esp32u4wdh", "LOCK_A", 10)
    sampler.check_output("esp32s3", "RELAY", 38)

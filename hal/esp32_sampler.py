"""The pilot's levels from bursts of one-shot conversions, and the pins that can be converted.

The ESP32 converts once per call, 35 us and more each (micropython issue 7495), in no step with
the pilot. A burst therefore covers whole periods of it, as many as give four samples of the
shorter level; the extreme one of each end is dropped as a spike, the mean of the next three is
the level. How long a conversion takes is measured at boot.

No native code: bytecode is the same on every chip, and a loop of it costs a few us per
conversion (estimated) while the sorting is done in C. Allocates nothing: values below 2**30
are small integers on every port.
Boundary: microvolts at the pin in, millivolts at the pin out; no divider, no letter.
"""

from micropython import const

_PERIOD_US = const(1000)  # IEC 61851-1 A.2: 1 kHz
_DROPPED = const(1)  # of each end: one sample that is a spike
_MEANT = const(3)
_NEEDED = const(4)
# After an edge: the generator's rise (J1772: 95 % in 3 us) and the board's divider into the ADC's
# capacitor; estimated.
_SETTLE_US = const(15)
_MOST = const(8)  # periods; more would fill the 10 ms between two ticks
_STEADY = const(8)  # samples of a level that does not change
_SLOWEST_US = const(120)  # up to here 6 A (10 %) to 63 A (89 %) are seen in any phase; up to 60 us
# 80 A (96 %) and 5 % too: tests/unit/test_esp32_sampler.py
_FULL = const(65535)
_FIRST = ("esp32", "esp32u4wdh")


class Sampler:
    """`read_uv`: one conversion; `clock`: ticks_us, ticks_diff, sleep_us (the module time).
    OSError: the converter is too slow for this pilot."""

    def __init__(self, read_uv, clock):
        self.high_mv = 0
        self.low_mv = 0
        self._read = read_uv
        self._clock = clock
        self.step_us = self._measure()
        if self.step_us > _SLOWEST_US:
            raise OSError("pilot: a conversion takes %d us" % self.step_us)
        self._period = (_PERIOD_US + self.step_us - 1) // self.step_us  # samples in a period
        over_us = self._period * self.step_us - _PERIOD_US
        self._shift_us = (self.step_us * 3 // 8 - over_us) % self.step_us
        self._steady = [0] * _STEADY
        self._bursts = {}  # by periods; all that `expect` can choose, made now
        for periods in (2, 3, 5, _MOST):
            self._bursts[periods] = [0] * (periods * self._period)
        self.expect(_FULL)

    def expect(self, duty):
        """What the pilot is driven with from now on, 0 to 65535."""
        self._pause_us = 0
        if duty == 0 or duty == _FULL:
            self._burst = self._steady
            self._row = _STEADY
            return
        self._row = self._period
        high_us = duty * _PERIOD_US // _FULL
        window_us = min(high_us, _PERIOD_US - high_us) - _SETTLE_US
        each = window_us // self.step_us
        if each:
            # One more: the first and the last window may be cut in two, and one sample a spike.
            periods = (_NEEDED + each - 1) // each + 1
        else:
            # Shorter than a conversion. Each period begins at another phase, 3/8 of a step on
            # (near the golden section: they spread evenly), else all would miss it together.
            periods = _MOST
            self._pause_us = self._shift_us
        self._burst = self._bursts[periods]

    def sample(self):
        """A burst, and its levels."""
        burst = self._burst
        self._fill(burst, self._row, self._pause_us)
        burst.sort()
        end = len(burst) - _DROPPED
        self.high_mv = (burst[end - 1] + burst[end - 2] + burst[end - 3] + 1500) // 3000
        self.low_mv = (burst[1] + burst[2] + burst[3] + 1500) // 3000

    def _fill(self, burst, row, pause_us):
        """The one loop that converts: measured by `_measure`, the same on every interpreter."""
        read = self._read
        at = 0
        for _ in range(len(burst) // row):
            for _ in range(row):
                burst[at] = read()
                at += 1
            if pause_us:
                self._clock.sleep_us(pause_us)

    def _measure(self):
        """Microseconds of one conversion, the least of some runs: others were interrupted."""
        clock, burst = self._clock, [0] * 16
        least = 1000000
        for _ in range(4):
            began = clock.ticks_us()
            self._fill(burst, 16, 0)
            least = min(least, clock.ticks_diff(clock.ticks_us(), began))
        return max(1, (least + 15) // 16)


class Quiet:
    """ADC-like: the mean of four conversions, for what changes slowly (estimated noise of one:
    some tens of millivolts)."""

    def __init__(self, adc):
        self._adc = adc

    def read_uv(self):
        adc = self._adc
        return (adc.read_uv() + adc.read_uv() + adc.read_uv() + adc.read_uv()) // 4


def check_analog(chip, net, gpio):
    """ADC1 only: ADC2 belongs to the radio while that runs (IDF, "ADC Limitations")."""
    first, last = (32, 39) if chip in _FIRST else (1, 10)
    if not first <= gpio <= last:
        raise ValueError(
            "%s: GPIO%d is not on ADC1 of %s (GPIO%d to %d)" % (net, gpio, chip, first, last)
        )


def check_output(chip, net, gpio):
    """Inputs only: GPIO34 to 39 of the first ESP32, 46 of the S2. The flash's own: 6 to 11, where
    it is in the package 6, 7, 8, 11, 16 and 17 (not verified in a data sheet)."""
    if (chip in _FIRST and gpio >= 34) or (chip == "esp32s2" and gpio == 46):
        raise ValueError("%s: GPIO%d of %s cannot be an output" % (net, gpio, chip))
    if (chip == "esp32" and 6 <= gpio <= 11) or (
        chip == "esp32u4wdh" and gpio in (6, 7, 8, 11, 16, 17)
    ):
        raise ValueError("%s: GPIO%d of %s belongs to the flash" % (net, gpio, chip))


def has_pulls(chip, gpio):
    return chip not in _FIRST or gpio < 34

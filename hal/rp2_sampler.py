"""The eyes on the pilot: one look at a whole period in a few microseconds, which is what the
millisecond of the kernel can afford. In viper the same loop takes 80 us.

Millivolts at the chip; and for the kernel's eye the limits of what is no news, in counts.
Boundary: no meaning of a level. Allocates nothing once built.
The words of the first three functions are instructions of the Cortex-M0+, not Python:
micropython.asm_thumb knows them.
"""
# ruff: noqa: F821
# mypy: disable-error-code="name-defined, index, call-overload"

import uctypes
from array import array

import micropython
from machine import mem32
from micropython import const

from hal.rp2_adc import ADC_FCS, LOST, PER_PERIOD

# Words of the plan of expected().
_FLOOR = const(0)  # the high level is no news from here
_ROOF = const(1)  # to below here,
_LOW_ROOF = const(2)  # and the low level below here
_LOST = const(3)  # address of a register that shows a lost sample in bit 11,
_FLAGS = const(4)  # of one that shows a trip in bit 6,
_STATUS = const(5)  # of one that shows it in bit 19
_NOTHING = const(6)  # 0: where a register's address points that the board has not
_WORDS = const(7)

_MEAN = const(8)  # samples of a mean

_BEYOND = const(4096)  # of what the converter shows
_MOST_MV = const(16000)  # of a pilot


@micropython.asm_thumb
def extremes(r0, r1, r2):
    """Of the samples at r0, r0 + r1, ... r2: the highest level that two neighbours share << 12 |
    the lowest. A single spike is none.
    """
    ldrh(r3, [r0, 0])  # the neighbour before
    mov(r4, 0)
    mov(r5, 0xFF)
    lsl(r5, r5, 4)
    label(NEXT)
    add(r0, r0, r1)
    ldrh(r6, [r0, 0])
    cmp(r6, r3)
    bgt(RISES)
    cmp(r6, r4)
    ble(NOT_HIGHER)
    mov(r4, r6)
    label(NOT_HIGHER)
    cmp(r3, r5)
    bge(SEEN)
    mov(r5, r3)
    b(SEEN)
    label(RISES)
    cmp(r3, r4)
    ble(NOT_HIGHER_EITHER)
    mov(r4, r3)
    label(NOT_HIGHER_EITHER)
    cmp(r6, r5)
    bge(SEEN)
    mov(r5, r6)
    label(SEEN)
    mov(r3, r6)
    cmp(r0, r2)
    blt(NEXT)
    lsl(r4, r4, 12)
    orr(r4, r5)
    mov(r0, r4)


@micropython.asm_thumb
def expected(r0, r1):
    """1 when the levels in r1, as extremes() gives them, are no news, and nothing else is."""
    mov(r7, r0)
    mov(r0, 0)
    lsr(r2, r1, 12)
    ldr(r3, [r7, 0])
    cmp(r2, r3)
    blt(NEWS)
    ldr(r3, [r7, 4])
    cmp(r2, r3)
    bge(NEWS)
    lsl(r2, r1, 20)
    lsr(r2, r2, 20)
    ldr(r3, [r7, 8])
    cmp(r2, r3)
    bge(NEWS)
    ldr(r3, [r7, 12])
    ldr(r3, [r3, 0])
    lsl(r3, r3, 20)  # bit 11
    bmi(NEWS)
    ldr(r3, [r7, 16])
    ldr(r3, [r3, 0])
    lsl(r3, r3, 25)  # bit 6
    bmi(NEWS)
    ldr(r3, [r7, 20])
    ldr(r3, [r3, 0])
    lsl(r3, r3, 12)  # bit 19
    bmi(NEWS)
    mov(r0, 1)
    label(NEWS)


@micropython.asm_thumb
def mean(r0, r1, r2, r3):
    """The sum of eight samples, times r3, over 2 ** 15."""
    ldrh(r4, [r0, 0])
    label(MORE)
    add(r0, r0, r1)
    ldrh(r5, [r0, 0])
    add(r4, r4, r5)
    cmp(r0, r2)
    blt(MORE)
    mul(r4, r3)
    lsr(r4, r4, 15)
    mov(r0, r4)


class Sampler:
    """The pilot's levels within the last whole period, for `hal.pilot`, and the eye of the kernel
    on them and on the detector. `front`: (mV at 0 V, ppm) of the divider; `trips`: the addresses
    of the detector's two registers, None without one.
    """

    def __init__(self, scanner, gpio, front, trips):
        self._scanner = scanner  # DMA writes into its buffer: it must never be collected
        self._first, self._step, self._last = scanner.places(gpio)
        self._supply_mv = supply_mv = scanner.supply_mv
        self._zero = (front[0] << 12) // supply_mv
        self._slope = (front[1] << 26) // (supply_mv * 1000000)  # counts per pilot mV, << 14
        self._plan = plan = array("I", [0] * _WORDS)
        nothing = uctypes.addressof(plan) + 4 * _NOTHING
        plan[_LOST] = ADC_FCS
        plan[_FLAGS], plan[_STATUS] = trips or (nothing, nothing)
        self.high_mv = 0
        self.low_mv = 0
        self._floor_mv = self._roof_mv = self._low_roof_mv = 0
        self.expect(1, 0, 0)

    def sample(self):
        if mem32[ADC_FCS] & LOST:
            # From then on every channel stands in its neighbour's place.
            raise OSError("adc")
        both = extremes(self._first, self._step, self._last)
        self.high_mv = (both >> 12) * self._supply_mv >> 12
        self.low_mv = (both & 0xFFF) * self._supply_mv >> 12

    def expect(self, floor_mv, roof_mv, low_roof_mv):
        """Pilot millivolts: what is no news, until told again."""
        plan = self._plan
        if floor_mv != self._floor_mv:
            self._floor_mv = floor_mv
            plan[_FLOOR] = self._counts(floor_mv)
        if roof_mv != self._roof_mv:
            self._roof_mv = roof_mv
            plan[_ROOF] = self._counts(roof_mv)
        if low_roof_mv != self._low_roof_mv:
            self._low_roof_mv = low_roof_mv
            plan[_LOW_ROOF] = self._counts(low_roof_mv)

    def still(self):
        """The pilot is where it is expected, and the detector has not tripped."""
        return expected(self._plan, extremes(self._first, self._step, self._last))

    def _counts(self, mv):
        # Clipped first: the kernel says "no limit" with numbers whose product is no small integer.
        if mv > _MOST_MV:
            return _BEYOND
        counts = self._zero + (mv * self._slope >> 14) if mv > -_MOST_MV else 0
        return 0 if counts < 0 else _BEYOND if counts > _BEYOND else counts


class Slow:
    """ADC-like for what does not move: the mean of eight samples of the last period."""

    def __init__(self, scanner, gpio):
        self._scanner = scanner
        self._first, self._step, self._last = scanner.places(gpio, PER_PERIOD // _MEAN)
        self._supply_mv = scanner.supply_mv

    def read_uv(self):
        """Whole millivolts: a step of the converter is 0.8 mV."""
        return mean(self._first, self._step, self._last, self._supply_mv) * 1000

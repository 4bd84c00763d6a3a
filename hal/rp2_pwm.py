"""The pilot's generator: PWM of exactly 1 kHz out of the system's clock.

Boundary: a duty on a pin. What it means is not known here.
"""

import machine
from machine import Pin, mem16, mem32
from micropython import const

# RP2040 datasheet 4.5.3
_PWM = 0x40050000
_PWM_STRIDE = const(0x14)
_PWM_CSR = const(0)
_PWM_DIV = const(4)
_PWM_COUNTER = const(8)
_PWM_COMPARE = const(12)
_PWM_TOP = const(16)
_SMALL_INT = const(0x3FFFFFFF)


class Generator:
    """PWM-like for `hal.pilot`. machine.PWM would come within 2 ppm of 1 kHz, which drifts."""

    def __init__(self, gpio, high_is_12v):
        cycles = machine.freq() // 1000
        divider = cycles // 65535 + 1
        while cycles % divider:
            divider += 1
        count, whole = _reduced(cycles // divider, 65535)
        if 65535 * count + whole > _SMALL_INT:
            raise ValueError("pilot clock")
        self._count = count
        self._whole = whole
        slice_ = _PWM + _PWM_STRIDE * (gpio >> 1 & 7)
        self._compare = slice_ + _PWM_COMPARE
        self.counter = slice_ + _PWM_COUNTER
        self.top = cycles // divider
        mem32[slice_ + _PWM_CSR] = 0
        mem32[slice_ + _PWM_DIV] = divider << 4
        mem32[slice_ + _PWM_TOP] = self.top - 1
        mem32[slice_ + _PWM_COUNTER] = 0
        self.duty_u16(65535)
        # Both outputs of the slice inverted where the pilot's driver inverts.
        mem32[slice_ + _PWM_CSR] = 1 if high_is_12v else 1 | 3 << 2
        Pin(gpio, Pin.ALT, alt=Pin.ALT_PWM)

    def duty_u16(self, duty):
        """From the next period on. 0 is steady low, 65535 steady high (4.5.2.2: a compare above
        the top). Half a word is written to both outputs of the slice: the other is no PWM pin.
        """
        mem16[self._compare] = (duty * self._count + self._whole // 2) // self._whole


def _reduced(a, b):
    """The fraction a/b in lowest terms."""
    x, y = a, b
    while y:
        x, y = y, x % y
    return a // x, b // x

"""The control pilot: a PWM that drives it and a sampler that sees it. Millivolts at the pilot.

Knows the divider and the duty register. Does not know what a voltage means (that is the kernel)
nor when within the period to look (that is the port's sampler).
"""

from micropython import const

_STEADY_HIGH = const(10000)
# The product of a sample and the gain must stay a small integer on a 32-bit port (31 bits), or
# the conversion would allocate inside a hard interrupt.
_SMALL_INT = const(0x3FFFFFFF)
_ADC_SPAN_MV = const(5000)


class Pilot:
    """pilot_mv = (adc_mv - offset_mv) * num // den, with gain = (num, den)."""

    def __init__(self, pwm, sampler, gain: tuple = (1, 1), offset_mv: int = 0):
        num, den = gain
        if num <= 0 or den <= 0 or num * (_ADC_SPAN_MV + abs(offset_mv)) > _SMALL_INT:
            raise ValueError("pilot gain")
        self._pwm = pwm
        self._sampler = sampler
        self._num = num
        self._den = den
        self._offset_mv = offset_mv
        self._duty = -1
        self.high_mv = 0
        self.low_mv = 0

    def sample(self) -> None:
        """Take the newest high and low level of the pilot into .high_mv and .low_mv."""
        sampler = self._sampler
        sampler.sample()
        self.high_mv = (sampler.high_mv - self._offset_mv) * self._num // self._den
        self.low_mv = (sampler.low_mv - self._offset_mv) * self._num // self._den

    def drive(self, duty: int) -> None:
        """Duty per ten thousand: 10000 is steady +12 V, 0 is steady -12 V."""
        if duty == self._duty:
            return
        if not 0 <= duty <= _STEADY_HIGH:
            raise ValueError("pilot duty")
        # 10000 * 65535 still fits 31 bits. Rounded to nearest: both ends are exact.
        self._pwm.duty_u16((duty * 65535 + _STEADY_HIGH // 2) // _STEADY_HIGH)
        # Only remembered once written, so a failed write is tried again on the next tick.
        self._duty = duty

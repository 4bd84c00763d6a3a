"""The proximity contact (IEC 61851-1 Annex B): the resistor in the cable's plug, in ohms.

Solves the divider. Which resistance codes which current, and what an open contact means, is
decided by the reader of the value.
"""

from micropython import const

OPEN_OHM = 1_000_000

_SMALL_INT = const(0x3FFFFFFF)


class Proximity:
    """`pull_up_ohm` to `supply_mv`; `pull_down_ohm` where the board has one beside the plug."""

    def __init__(self, adc, pull_up_ohm: int, supply_mv: int, pull_down_ohm: int = 0):
        # Products below must stay small integers (31 bits) on a 32-bit port.
        if pull_up_ohm <= 0 or supply_mv <= 0 or pull_up_ohm * supply_mv > _SMALL_INT:
            raise ValueError("proximity pull-up")
        if pull_down_ohm < 0 or pull_down_ohm * pull_down_ohm > _SMALL_INT:
            raise ValueError("proximity pull-down")
        self._adc = adc
        self._pull_up_ohm = pull_up_ohm
        self._pull_down_ohm = pull_down_ohm
        self._supply_mv = supply_mv

    def read_ohm(self) -> int:
        """The resistance to ground, OPEN_OHM when there is none to speak of."""
        seen_mv = self._adc.read_uv() // 1000
        if seen_mv >= self._supply_mv:
            return OPEN_OHM
        if seen_mv <= 0:
            return 0
        ohm = self._pull_up_ohm * seen_mv // (self._supply_mv - seen_mv)
        down = self._pull_down_ohm
        if down:
            # What the ADC sees is the plug in parallel with the board's own pull-down.
            if ohm >= down:
                return OPEN_OHM
            ohm = ohm * down // (down - ohm)
        return ohm if ohm < OPEN_OHM else OPEN_OHM

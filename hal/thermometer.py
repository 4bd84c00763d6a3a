"""A temperature in tenths of a degree Celsius from an analogue sensor and its curve.

The curve is a flat tuple (mv, dc, mv, dc, ...), millivolts rising, straight lines between. Outside
the curve the sensor is broken (open, short): NO_READING. What is too hot is decided elsewhere.
"""

from micropython import const

NO_READING = -32768

# Microchip MCP9700A: 500 mV at 0 C, 10 mV/K, specified from -40 C to 125 C. A short reads 0 mV.
MCP9700A = (100, -400, 1750, 1250)

# 10 kohm NTC, B 3950 (25 C), to ground, under 10 kohm to 3.3 V. Computed from the beta equation
# R = 10k * exp(3950 * (1/T - 1/298.15)); a unit test recomputes it. Ends at 120 C and -30 C.
NTC_10K_3950 = (
    129, 1200, 166, 1100, 215, 1000, 282, 900, 372, 800, 494, 700, 657, 600, 871, 500, 1143, 400,
    1470, 300, 1836, 200, 2206, 100, 2543, 0, 2816, -100, 3014, -200, 3143, -300,
)

# (mv - mv0) * (dc1 - dc0) stays far inside 31 bits while both are below this.
_SPAN_LIMIT = const(10000)


class Thermometer:
    def __init__(self, adc, curve: tuple = MCP9700A):
        if len(curve) < 4 or len(curve) % 2:
            raise ValueError("thermometer curve")
        for at in range(2, len(curve), 2):
            if not curve[at - 2] < curve[at] < _SPAN_LIMIT:
                raise ValueError("thermometer curve")
        self._adc = adc
        self._curve = curve

    def read_dc(self) -> int:
        mv = (self._adc.read_uv() + 500) // 1000
        curve = self._curve
        if mv < curve[0]:
            return NO_READING
        at = 2
        while at < len(curve):
            if mv <= curve[at]:
                span = curve[at] - curve[at - 2]
                rise = (mv - curve[at - 2]) * (curve[at + 1] - curve[at - 1])
                return curve[at - 1] + (rise + span // 2) // span
            at += 2
        return NO_READING

"""Proximity and thermometer: ohms and degrees from a divider, open and short told apart."""

import math
import sys

from hal.proximity import OPEN_OHM, Proximity
from hal.thermometer import MCP9700A, NO_READING, NTC_10K_3950, Thermometer
from tests.skip import Skip


class Adc:
    def __init__(self, uv=0):
        self.uv = uv

    def read_uv(self):
        if self.uv is None:
            raise OSError(5)
        return self.uv


def test_proximity_resistors():
    """The cable codings of IEC 61851-1 Annex B behind three known dividers, in ADC millivolts."""
    adc = Adc()
    for up, supply, down, rows in (
            (1000, 3300, 0, ((100, 300), (220, 595), (680, 1336), (1500, 1980))),
            (1000, 5000, 2000, ((100, 435), (220, 827), (680, 1683), (1500, 2308))),
            (2000, 5000, 3000, ((100, 231), (220, 465), (680, 1085), (1500, 1667)))):
        p = Proximity(adc, up, supply, down)
        for ohm, mv in rows:
            adc.uv = mv * 1000
            assert abs(p.read_ohm() - ohm) * 100 <= ohm, (up, ohm, p.read_ohm())


def test_proximity_open_and_short():
    adc = Adc()
    p = Proximity(adc, 1000, 3300)
    for mv, ohm in ((3300, OPEN_OHM), (3400, OPEN_OHM), (3299, OPEN_OHM), (0, 0), (-3, 0)):
        adc.uv = mv * 1000
        assert p.read_ohm() == ohm
    p = Proximity(adc, 1000, 5000, 2000)
    for mv, ohm in ((3333, OPEN_OHM), (3334, OPEN_OHM), (5000, OPEN_OHM), (0, 0)):
        adc.uv = mv * 1000
        assert p.read_ohm() == ohm, mv
    adc.uv = 3200 * 1000
    assert 4500 < p.read_ohm() < OPEN_OHM  # not open, and not a cable either


def test_proximity_rises_with_the_voltage():
    adc = Adc()
    for p in (Proximity(adc, 330, 3300), Proximity(adc, 2000, 5000, 3000)):
        last = -1
        for mv in range(3400):
            adc.uv = mv * 1000
            ohm = p.read_ohm()
            assert 0 <= last <= ohm <= OPEN_OHM or last == -1
            last = ohm


def test_proximity_must_fit_31_bits():
    for up, supply, down in ((0, 3300, 0), (1000, 0, 0), (1 << 20, 3300, 0), (1000, 3300, 1 << 15),
                             (1000, 3300, -1)):
        try:
            Proximity(Adc(), up, supply, down)
        except ValueError:
            continue
        raise AssertionError((up, supply, down))


def test_mcp9700a():
    """500 mV at 0 C, 10 mV/K; 0 V and the rail are a broken sensor."""
    adc = Adc()
    t = Thermometer(adc)
    for mv, dc in ((500, 0), (750, 250), (1150, 650), (250, -250), (100, -400), (1750, 1250),
                   (0, NO_READING), (99, NO_READING), (1751, NO_READING), (3300, NO_READING)):
        adc.uv = mv * 1000
        assert t.read_dc() == dc, mv
    adc.uv = 500499
    assert t.read_dc() == 0
    adc.uv = 500500
    assert t.read_dc() == 1


def test_ntc_against_the_beta_equation():
    """Straight lines every 10 K stay within 0.7 K; open and short are no reading."""
    adc = Adc()
    t = Thermometer(adc, NTC_10K_3950)
    for c in range(-29, 120):
        ohm = 10000 * math.exp(3950 * (1 / (c + 273.15) - 1 / 298.15))
        adc.uv = int(3300000 * ohm / (10000 + ohm))
        assert abs(t.read_dc() - 10 * c) <= 7, (c, t.read_dc())
    for mv in (0, 100, 3150, 3300):
        adc.uv = mv * 1000
        assert t.read_dc() == NO_READING


def test_between_two_points_to_the_nearest():
    adc = Adc()
    rising, falling = Thermometer(adc, (0, 0, 3, 10)), Thermometer(adc, (0, 10, 3, 0))
    for mv, up, down in ((0, 0, 10), (1, 3, 7), (2, 7, 3), (3, 10, 0)):
        adc.uv = mv * 1000
        assert (rising.read_dc(), falling.read_dc()) == (up, down)


def test_curve_must_be_one():
    for curve in ((), (1, 2), (1, 2, 3), (5, 0, 5, 10), (5, 0, 4, 10), (0, 0, 10000, 1)):
        try:
            Thermometer(Adc(), curve)
        except ValueError:
            continue
        raise AssertionError(curve)


def test_a_broken_adc_is_an_oserror():
    for call in (Proximity(Adc(None), 1000, 3300).read_ohm, Thermometer(Adc(None)).read_dc):
        try:
            call()
        except OSError:
            continue
        raise AssertionError("hidden")


def test_kernel_calls_allocate_nothing():
    if sys.implementation.name != "micropython":
        raise Skip("heap_lock is MicroPython's")
    import micropython

    drivers = (Proximity(Adc(595000), 1000, 3300), Proximity(Adc(827000), 1000, 5000, 2000))
    sensors = (Thermometer(Adc(750000), MCP9700A), Thermometer(Adc(2400000), NTC_10K_3950))

    def step():
        for p in drivers:
            p.read_ohm()
        for t in sensors:
            t.read_dc()

    step()
    micropython.heap_lock()
    try:
        step()
    finally:
        micropython.heap_unlock()

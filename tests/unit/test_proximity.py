"""The cable's resistor: which current it codes, and when it is believed."""

from firmware.evse.proximity import Proximity, cable_ma

# milliamps; least, nominal, greatest ohm of the code (IEC 61851-1 table B.2 with its tolerances).
CODES = (
    (13000, 1100, 1500, 2460),
    (20000, 400, 680, 936),
    (32000, 164, 220, 308),
    (63000, 80, 100, 140),
)


def test_cable_codes_of_table_b2():
    """IEC 61851-1 table B.2: 1500 ohm 13 A, 680 ohm 20 A, 220 ohm 32 A, 100 ohm 63 A."""
    for ma, least, nominal, most in CODES:
        for ohm in (least, nominal, most):
            assert cable_ma(ohm) == ma, ohm


def test_gap_between_two_codes_counts_as_the_lower_current():
    """B.2: what is in no window must not be given more than either neighbour may carry."""
    for k in range(3):
        lower_ma, least = CODES[k][0], CODES[k][1]
        assert cable_ma(least - 1) == lower_ma
        assert cable_ma(CODES[k + 1][3] + 1) == lower_ma


def test_open_or_out_of_range_is_no_cable():
    """A socket without a plug reads open; a shorted or broken coding is no cable, never 13 A."""
    for ohm in (0, 30, 59, 4501, 10000, 1_000_000):
        assert cable_ma(ohm) == 0, ohm


def fed(p, ohm, ms, tick=10):
    for _ in range(ms // tick):
        p.feed(ohm, tick)
    return p.ma


def test_plug_is_believed_after_200_ms_and_its_loss_within_100():
    """A contact that bounces is neither a plug nor its loss; C to A still opens within 100 ms."""
    for tick in range(1, 26):
        p = Proximity()
        assert fed(p, 220, 150, tick) == 0
        assert fed(p, 220, 150, tick) == 32000
        p.feed(1_000_000, tick)
        assert p.ma == 32000, "one sample is a bounce"
        ms = 0
        while p.ma:
            p.feed(1_000_000, tick)
            ms += tick
            assert ms < 1000
        assert ms + tick <= 100, tick


def test_bounce_keeps_the_cable():
    """Loss of contact for less than 50 ms is vibration."""
    p = Proximity()
    fed(p, 220, 300)
    for _ in range(20):
        assert fed(p, 1_000_000, 40) == 32000
        assert fed(p, 220, 20) == 32000


def test_cable_that_turns_out_weaker_counts_soon():
    """B.2: less current is believed as soon as a loss, more only as late as a plug."""
    p = Proximity()
    fed(p, 220, 300)
    assert fed(p, 1500, 100) == 13000
    assert fed(p, 220, 150) == 13000
    assert fed(p, 220, 100) == 32000

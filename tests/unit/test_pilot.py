"""The pilot's grammar: millivolts to letters in time, milliamps to duty and back."""

import random

from firmware.evse import pilot
from firmware.evse.limit import Limit

# What a car on each state may show (IEC 61851-1 table A.2), millivolts.
WINDOWS = (
    ("A", 11000, 13000),
    ("B", 8000, 10000),
    ("C", 5000, 7000),
    ("D", 2000, 4000),
    ("E", -1000, 1000),
    ("F", -13000, -11000),
)
NOMINAL = {"A": 12000, "B": 9000, "C": 6000, "D": 3000, "E": 0, "F": -12000}
# amps, duty in per ten thousand: IEC 61851-1 table A.7 as testers print it.
SET_POINTS = (
    (6000, 1000), (8000, 1333), (10000, 1667), (13000, 2167), (16000, 2667), (20000, 3333),
    (25000, 4167), (32000, 5333), (40000, 6667), (48000, 8000), (51000, 8500), (63000, 8920),
    (70000, 9200), (80000, 9600),
)
# duty, what the car reads: SAE J1772 table 6B.
READ = (
    (0, 0), (299, 0), (500, 0), (700, 0), (799, 0), (800, 6000), (999, 6000), (1000, 6000),
    (5000, 30000), (8500, 51000), (8501, 52525), (9600, 80000), (9601, 80000), (9700, 80000),
    (9701, 0), (10000, 0),
)


def settled(letter, **limits):
    p = pilot.Pilot(Limit(**limits))
    for _ in range(600):
        p.feed(NOMINAL[letter], -12000, 0, 1)
    assert p.letter == letter
    return p


def test_duty_of_the_usual_currents():
    """IEC 61851-1 table A.7: I = 0.6 A per percent to 51 A, (d - 64) * 2.5 A above."""
    for ma, duty in SET_POINTS:
        assert pilot.duty_from_ma(ma) == duty, ma


def test_car_reads_the_duty_as_sae_j1772_table_6b_says():
    """SAE J1772 table 6B: what is no valid duty is no permission to charge."""
    for duty, ma in READ:
        assert pilot.ma_from_duty(duty) == ma, duty


def test_duty_round_trip_is_within_half_an_ampere_from_6_to_80_a():
    """A.5.2: the car reads what was offered; between 51 and 52.525 A, where no duty is, 51 A."""
    for ma in range(6000, 80001, 7):
        read = pilot.ma_from_duty(pilot.duty_from_ma(ma))
        if 51000 < ma < 52525:
            assert read == 51000, ma
        else:
            assert abs(read - ma) <= 500, ma
        assert read <= ma + 12, ma  # never more than rounding above what is allowed


def test_duty_is_never_in_the_forbidden_ranges():
    """IEC 61851-1 table A.7: below 10 % and above 96 % only x1 (100 %) may be said."""
    last = 0
    for ma in range(-1000, 100000, 13):
        duty = pilot.duty_from_ma(ma)
        assert duty == pilot.X1 if ma < 6000 else 1000 <= duty <= 9600, ma
        if ma >= 6000:
            assert duty >= last, "more current, less duty"
            last = duty


def test_letter_is_unknown_until_the_first_decision():
    """At boot nothing is assumed about a car, so nothing can close."""
    p = pilot.Pilot(Limit())
    assert p.letter == pilot.UNKNOWN and p.letter not in "ABCDEF"
    p.feed(9000, -12000, 0, 25)
    assert p.letter == pilot.UNKNOWN


def test_every_window_of_table_a2_reads_as_its_letter_from_everywhere():
    """IEC 61851-1 table A.2: hysteresis stays inside the gaps, whatever the letter before."""
    for before in NOMINAL:
        for letter, low_mv, high_mv in WINDOWS:
            for mv in (low_mv, (low_mv + high_mv) // 2, high_mv):
                p = settled(before)
                for _ in range(520):
                    p.feed(mv, -12000, 0, 1)
                assert p.letter == letter, (before, mv)


def test_noise_on_a_boundary_decides_nothing():
    """A.4.11: a level that wanders 300 mV round a boundary keeps the letter it had."""
    limit = Limit()
    edges = (limit.a_b_mv, limit.b_c_mv, limit.c_d_mv, limit.d_e_mv, limit.e_f_mv)
    random.seed(11)
    for k in range(5):
        for letter in "ABCDEF"[k : k + 2]:
            p = settled(letter)
            for _ in range(1000):
                p.feed(edges[k] - 300 + random.randrange(601), -12000, 0, 1)
                assert p.letter == letter


def test_power_is_taken_after_8_to_30_ms_at_any_tick():
    """A.6 seq. 2.1, 8.1: C to A, B, E, F is decided after 8..30 ms of agreeing samples."""
    for tick in range(1, 26):
        for letter in "ABEF":
            p = settled("C")
            p.feed(NOMINAL[letter], -12000, 0, tick)
            agreed = 0
            while p.letter == "C":
                p.feed(NOMINAL[letter], -12000, 0, tick)
                agreed += tick
                assert agreed < 1000
            assert 8 <= agreed <= 30 and p.letter == letter, (tick, letter)


def test_power_is_asked_for_by_500_ms_without_a_break_at_any_tick():
    """The field's 500 ms: C counts after it and not before, and one sample of B starts anew."""
    for tick in range(1, 26):
        for letter in "AB":
            p = settled(letter)
            for _ in range(400 // tick):
                p.feed(6000, -12000, 0, tick)
            p.feed(9000, -12000, 0, tick)
            p.feed(6000, -12000, 0, tick)
            agreed = 0
            while p.letter != "C":
                p.feed(6000, -12000, 0, tick)
                agreed += tick
                assert agreed < 1000
            assert 500 <= agreed < 500 + tick, tick


def test_one_stray_sample_never_changes_the_letter():
    """Debounce by time: one wrong sample, at any tick, even while C is being agreed, is noise."""
    for tick in (1, 3, 8, 10, 25):
        for letter in "ABCDEF":
            for stray in "ABCDEF":
                p = settled(letter)
                for other in (letter, "C"):
                    for _ in range(300 // tick):
                        p.feed(NOMINAL[other], -12000, 0, tick)
                    before = p.letter
                    p.feed(NOMINAL[stray], -12000, 0, tick)
                    assert p.letter == before, (tick, letter, other, stray)


def test_plug_that_bounces_in_c_loses_power_but_not_the_car():
    """Samples that agree only that it is C no more open in time; A needs samples that agree."""
    for tick in (1, 5, 10, 25):
        p = settled("C")
        p.feed(12000, -12000, 0, tick)
        ms = 0
        while p.letter == "C":
            p.feed((0, 12000)[ms // tick % 2], -12000, 0, tick)
            ms += tick
            assert ms < 1000
        assert 8 <= ms <= 30 and p.letter == "B", tick


def test_c_and_d_change_into_each_other_as_ventilation_says():
    """A.6: C to D is quick; D to C asks for power unless D already has it (ventilation)."""
    for ventilation, least, most in ((False, 500, 510), (True, 8, 30)):
        p = settled("C", ventilation=ventilation)
        for _ in range(3):
            p.feed(3000, -12000, 0, 10)
        assert p.letter == "D"
        p.feed(6000, -12000, 0, 10)
        ms = 0
        while p.letter == "D":
            p.feed(6000, -12000, 0, 10)
            ms += 10
            assert ms < 1000
        assert least <= ms <= most and p.letter == "C"


def test_what_was_half_agreed_before_minus_12_v_does_not_count():
    """At -12 V the car is hidden: 500 ms of C must all be seen after it."""
    p = settled("B")
    for _ in range(48):
        p.feed(6000, -12000, 0, 10)
    p.blind()
    for _ in range(49):
        p.feed(6000, -12000, 0, 10)
    assert p.letter == "B"
    for _ in range(3):
        p.feed(6000, -12000, 0, 10)
    assert p.letter == "C"


def oscillate(p, low_mv, ms, tick, letter="B", start_ms=0):
    for k in range(1, ms // tick + 1):
        p.feed(NOMINAL[letter], low_mv, start_ms + k * tick, tick)


def test_diode_is_seen_only_while_the_oscillator_runs():
    """A.3: the diode shows itself as -12 V in the low half, after the oscillator has settled."""
    p = settled("B")
    assert not p.diode_seen and not p.diode_bad
    oscillate(p, -12000, 40, 10)
    assert not p.diode_seen, "judged before it settled"
    oscillate(p, -12000, 20, 10, start_ms=40)
    assert p.diode_seen and not p.diode_bad
    p.feed(9000, 9000, 0, 10)
    assert not p.diode_seen, "x1: what was proved of the last oscillation is over"


def test_missing_diode_is_judged_bad_within_30_ms_but_not_by_one_sample():
    """A.3: without a diode the low half is the mirror of the high one, -9 V in B, -6 V in C."""
    for tick in range(1, 26):
        for letter in "BC":
            p = settled(letter)
            oscillate(p, -12000, 100, tick, letter)
            p.feed(NOMINAL[letter], -NOMINAL[letter], 200, tick)
            assert not p.diode_bad, tick
            ms = 0
            while not p.diode_bad:
                p.feed(NOMINAL[letter], -NOMINAL[letter], 200, tick)
                ms += tick
                assert ms < 1000
            assert 8 <= ms <= 30 and not p.diode_seen, tick


def test_short_is_not_taken_for_a_missing_diode():
    """State E pulls both halves to 0 V: that is the pilot's fault, not the car's diode."""
    p = settled("C")
    oscillate(p, -12000, 100, 10, "C")
    for _ in range(10):
        p.feed(0, 0, 200, 10)
    assert p.letter == "E" and not p.diode_bad

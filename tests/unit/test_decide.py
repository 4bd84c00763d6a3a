"""The decision over the whole space of facts: one sentence each for coil, pilot and lock."""

from firmware.evse.decide import Facts, Wishes, decide
from firmware.evse.limit import Limit

BOTH = (False, True)


def facts_of(letter="C", faults=0, tested=True, locked=True, diode=True, permit_ma=16000):
    facts = Facts()
    facts.letter = letter
    facts.faults = faults
    facts.tested = tested
    facts.locked = locked
    facts.diode_seen = diode
    facts.armed = permit_ma > 0
    facts.permit_ma = permit_ma
    facts.ceiling_ma = 32000
    facts.since_change_ms = facts.since_x1_ms = facts.fault_ms = 86400000
    facts.closed = False
    return facts


def test_contactor_closes_exactly_in_c_with_permit_no_fault_tested_locked_and_diode_seen():
    """Closed only in C (or D with ventilation), permit, no fault, tested, locked, diode seen."""
    for ventilation in BOTH:
        limit = Limit(ventilation=ventilation)
        for letter in "?ABCDEF":
            for faults in (0, 1, 8, 4096):
                for permit_ma in (0, 5999, 6000, 16000):
                    for bits in range(8):
                        tested, locked, diode = bits & 1 > 0, bits & 2 > 0, bits & 4 > 0
                        facts = facts_of(letter, faults, tested, locked, diode, permit_ma)
                        wishes = Wishes()
                        decide(facts, wishes, limit)
                        power = letter == "C" or (letter == "D" and ventilation)
                        expected = (
                            power and not faults and permit_ma >= 6000
                            and tested and locked and diode
                        )
                        assert wishes.close == expected, (letter, faults, permit_ma, bits)


def test_closed_contactor_opens_unless_the_sentence_or_the_grace_of_c1_holds():
    """A.6 seq. 10.2: without an offer it stays closed in C for 6 s of a car that still draws."""
    limit = Limit()
    for letter in "?ABCDEF":
        for faults in (0, 2):
            for permit_ma in (0, 16000):
                for tested in BOTH:
                    for locked in BOTH:
                        for x1_ms in (0, 5999, 6000):
                            facts = facts_of(letter, faults, tested, locked, True, permit_ma)
                            facts.since_x1_ms = x1_ms
                            facts.closed = True
                            wishes = Wishes()
                            wishes.close = True
                            decide(facts, wishes, limit)
                            proved = permit_ma and tested
                            grace = not permit_ma and x1_ms < 6000
                            expected = letter == "C" and not faults and locked
                            expected = bool(expected and (proved or grace))
                            assert wishes.close == expected, (letter, faults, permit_ma, x1_ms)


def test_nothing_closes_during_the_grace_of_c1():
    """The grace keeps a contactor closed; it never closes one."""
    facts = facts_of(permit_ma=0)
    facts.since_x1_ms = 0
    wishes = Wishes()
    decide(facts, wishes, Limit())
    assert not wishes.close


def test_idle_current_ends_the_grace_only_by_a_reading_after_x1():
    """Open when the car's current is about zero; an old reading proves nothing."""
    for known in BOTH:
        for current_ma in (0, 999, 1000, 16000):
            facts = facts_of(permit_ma=0)
            facts.since_x1_ms = 2000
            facts.current_known = known
            facts.current_ma = current_ma
            wishes = Wishes()
            wishes.close = True
            decide(facts, wishes, Limit())
            assert wishes.close == (not known or current_ma >= 1000)


def test_state_f_is_shown_for_300_ms_after_a_fault_and_during_a_wake_up():
    """IEC 61851-1 table A.5: F at least 300 ms, even when the fault was shorter."""
    for faults in (0, 1):
        for waking in BOTH:
            for fault_ms in (0, 319, 320):
                facts = facts_of(faults=faults)
                facts.waking = waking
                facts.fault_ms = fault_ms
                wishes = Wishes()
                decide(facts, wishes, Limit())
                assert wishes.pilot_off == (waking or fault_ms < 320)
                assert not (wishes.pilot_off and wishes.close)


def test_nothing_is_offered_without_a_car_a_permit_or_with_a_fault():
    """x1 unless plugged, permitted and sound; D is offered only where it is ventilated."""
    for ventilation in BOTH:
        for letter in "?ABCDEF":
            for faults in (0, 1):
                for permit_ma in (0, 5999, 6000):
                    facts = facts_of(letter, faults, permit_ma=permit_ma)
                    wishes = Wishes()
                    decide(facts, wishes, Limit(ventilation=ventilation))
                    plugged = letter in "BC" or (letter == "D" and ventilation)
                    offers = plugged and not faults and permit_ma == 6000
                    assert wishes.offered_ma == (6000 if offers else 0), letter


def test_offer_is_the_least_of_permit_and_ceiling_and_nothing_below_6_a():
    """A.5.2: below 6 A there is only x1."""
    for permit_ma, ceiling_ma, offered_ma in (
        (16000, 32000, 16000), (32000, 13000, 13000), (32000, 5999, 0), (32000, 0, 0),
        (6000, 6000, 6000),
    ):
        facts = facts_of(permit_ma=permit_ma)
        facts.ceiling_ma = ceiling_ma
        wishes = Wishes()
        decide(facts, wishes, Limit())
        assert wishes.offered_ma == offered_ma


def test_offer_changes_5_s_apart_unless_down_for_safety():
    """A.6 seq. 6: the car has 5 s to follow; a falling ceiling and x1 wait for nothing."""
    for since_ms in (0, 5019, 5020):
        for before, permit_ma, ceiling_ma, waits in (
            (16000, 20000, 32000, True),
            (16000, 10000, 32000, True),
            (0, 16000, 32000, True),
            (16000, 32000, 13000, False),
            (16000, 10000, 13000, False),
            (16000, 0, 32000, False),
            (16000, 5000, 32000, False),
            (16000, 16000, 32000, False),
        ):
            facts = facts_of(permit_ma=permit_ma)
            facts.ceiling_ma = ceiling_ma
            facts.since_change_ms = since_ms
            wishes = Wishes()
            wishes.offered_ma = before
            decide(facts, wishes, Limit())
            want = min(permit_ma, ceiling_ma)
            want = want if want >= 6000 else 0
            expected = before if waits and since_ms < 5020 else want
            assert wishes.offered_ma == expected, (since_ms, before, permit_ma, ceiling_ma)


def test_plug_is_held_by_a_session_or_a_live_contact_and_by_nothing_else():
    """Lock before close; unlocked at the end, but never while the socket may be live."""
    for socket in BOTH:
        for armed in BOTH:
            for closed in BOTH:
                for letter in "ABCE":
                    facts = facts_of(letter, permit_ma=0)
                    facts.armed = armed
                    facts.closed = closed
                    wishes = Wishes()
                    decide(facts, wishes, Limit(socket=socket))
                    assert wishes.lock == (socket and (armed or closed))

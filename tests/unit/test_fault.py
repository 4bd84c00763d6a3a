"""Fault bits, their names, and the latch that clears itself a few times."""

from firmware.evse import fault


def test_every_fault_bit_has_one_bit_and_one_name():
    """Two faults never share a bit or a name, and none is nameless."""
    bits = words = 0
    seen = []
    for bit, word in fault.NAMES:
        assert bit & (bit - 1) == 0 and not bits & bit
        assert word and word not in seen
        bits |= bit
        seen.append(word)
        words += 1
    assert words == 14 and bits == (1 << 14) - 1
    assert fault.name(0) == ""


def test_gravest_fault_is_named_first():
    """With several faults the one that endangers people names the connector."""
    assert fault.name(fault.WELD | fault.RCD | fault.SOFTWARE) == "ResidualCurrent"
    assert fault.name(fault.VENTILATION) == "VentilationRequired"


def test_latch_is_raised_at_once_and_clears_60_s_after_its_cause():
    """A trip opens in the tick that sees it; a cause that lasts keeps it."""
    latch = fault.Latch(60000, 3)
    assert latch.tick(True, 1)
    for _ in range(1000):
        assert latch.tick(True, 100)
    assert latch.tick(False, 59999)
    assert not latch.tick(False, 1)


def test_latch_clears_three_times_a_session_and_then_stays():
    """Policy of §2.5: auto-clear at most 3 times per session, then latched."""
    latch = fault.Latch(60000, 3)
    for _ in range(3):
        assert latch.tick(True, 10)
        assert not latch.tick(False, 60000)
    assert latch.tick(True, 10)
    for _ in range(100):
        assert latch.tick(False, 60000)
    latch.session_over(False)
    assert latch.tick(False, 60000), "latched for good: unplugging does not clear it"


def test_next_session_has_its_own_three():
    """The count is per session, also when the car left while a trip was still waiting to clear."""
    for waiting in (False, True):
        latch = fault.Latch(60000, 3)
        for _ in range(3):
            latch.tick(True, 10)
            latch.tick(False, 60000)
        latch.session_over(False)
        if waiting:
            latch.tick(True, 10)
            latch.session_over(False)
            assert latch.tick(False, 10), "unplugging alone does not clear it"
            latch.tick(False, 60000)
        for _ in range(3):
            latch.tick(True, 10)
            assert not latch.tick(False, 60000)


def test_unplugging_clears_what_was_the_cars():
    """A fault of this car (diode, current) is over when the car is gone, even if latched."""
    latch = fault.Latch(60000, 0)
    latch.tick(True, 10)
    assert latch.tick(False, 120000)
    latch.session_over(True)
    assert not latch.tick(False, 10)
    assert latch.count == 0

"""The lock's judge: tried again when it sticks, a fault after three, never in the way."""

from firmware.evse.limit import Limit
from firmware.evse.lock import LockGuard


def run(guard, wanted, locked, ms, tick=10):
    """-> how often another pulse was asked for."""
    retries = 0
    for _ in range(ms // tick):
        guard.tick(wanted, locked, tick)
        retries += guard.retry
    return retries


def test_lock_that_moves_is_no_fault_and_needs_no_second_pulse():
    """The motor is asked once, and its feedback believed after it has stayed 50 ms."""
    guard = LockGuard(Limit())
    assert run(guard, True, False, 600) == 0 and guard.drive
    assert run(guard, True, True, 40) == 0 and not guard.locked
    assert run(guard, True, True, 5000) == 0 and guard.locked and not guard.failed


def test_lock_that_sticks_fails_after_three_tries_and_is_tried_for_ever():
    """Tries at 0, 1.5 and 3 s; ConnectorLockFailure at 4.5 s; then every 5 s as long as wanted."""
    guard = LockGuard(Limit())
    assert run(guard, True, False, 4490) == 2 and not guard.failed
    run(guard, True, False, 10)
    assert guard.failed and not guard.locked
    assert run(guard, True, False, 60000) == 12
    assert run(guard, True, True, 100) == 0
    assert not guard.failed and guard.locked, "once it moves all is well"


def test_unlocking_is_tried_as_often():
    """SmartEVSE-3.5 #384: a plug that does not come free is tried again until it does."""
    guard = LockGuard(Limit())
    run(guard, True, True, 1000)
    assert run(guard, False, True, 30000) >= 7 and not guard.drive
    run(guard, False, False, 100)
    assert not guard.locked and not guard.failed


def test_change_of_mind_starts_with_fresh_tries():
    """A lock that failed to close must still get its pulses to open, and the reverse."""
    guard = LockGuard(Limit())
    run(guard, True, False, 10000)
    assert guard.failed
    guard.tick(False, False, 10)
    assert not guard.failed and not guard.drive
    run(guard, True, False, 4000)
    assert not guard.failed and guard.drive


def test_feedback_that_rattles_neither_locks_nor_unlocks():
    """A switch that bounces for less than 50 ms must not move a contactor."""
    for position in (True, False):
        guard = LockGuard(Limit())
        run(guard, position, position, 1000)
        for _ in range(50):
            run(guard, position, not position, 50)
            assert guard.locked == position
            run(guard, position, position, 10)


def test_lock_that_comes_loose_is_seen_within_100_ms_at_any_tick():
    """Nobody may pull a live plug: the loss is known in time for the contactor to open."""
    for tick in range(1, 26):
        guard = LockGuard(Limit())
        run(guard, True, True, 1000, tick)
        ms = 0
        while guard.locked:
            guard.tick(True, False, tick)
            ms += tick
            assert ms < 1000
        assert ms <= 100, tick


def test_bolt_that_stopped_half_way_is_pulsed_free():
    """Unlock is always reachable: "not locked" may be a bolt half-way, so opening pulses twice."""
    limit = Limit()
    guard = LockGuard(limit)
    for wanted, pulses in ((True, 0), (False, 1), (True, 0), (False, 1)):
        retries = 0
        for _ in range(1000):
            guard.tick(wanted, wanted, 10)
            retries += guard.retry
        assert retries == pulses, wanted

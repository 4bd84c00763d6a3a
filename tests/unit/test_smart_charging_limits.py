# heap: chip + 16k, files in RAM, all frames kept
"""What the profiles make of limit_ma and of the pilot: when, for whom, and shared how."""

import gc


from tests.unit.test_smart_charging import DAY, MAX, TX, at, charger, clear, ids, limits, put
from tests.unit.test_smart_charging import ready, wire


def offered(c):
    return [rig.kernel.wishes.offered_ma for rig in c.rigs]


def amps(c):
    return [rig.car.current_ma for rig in c.rigs]


# --- one connector -------------------------------------------------------------------------------


def test_the_limit_reaches_the_car_within_5_seconds():
    c = ready().charge()
    c.run(6)
    assert offered(c) == [32000]
    put(c, 1, wire((0, 10), purpose=TX))
    assert limits(c) == [10000]
    c.run(5)
    assert offered(c) == [10000]


def test_below_6_a_pauses_and_comes_back():
    """IEC 61851-1 A.5.2; the word is SuspendedEVSE."""
    c = ready().charge()
    put(c, 1, wire((0, 5.9), purpose=TX))
    assert limits(c) == [0]
    c.until(lambda: c.words() == ["SuspendedEVSE"])
    c.run(7)  # the car has 6 s to stop by itself
    assert not c.rigs[0].kernel.facts.closed
    clear(c)
    c.until(lambda: c.words() == ["Charging"])
    assert limits(c) == [32000]


def test_never_above_what_the_board_carries():
    c = ready(max_ma=16000).charge()
    assert limits(c) == [16000]
    put(c, 1, wire((0, 32), purpose=TX))
    assert limits(c) == [16000]


def test_a_default_applies_to_what_runs_at_once_and_goes_at_once():
    """Erratum 3.8."""
    c = ready().charge()
    put(c, 0, wire((0, 10)))
    assert limits(c) == [10000]
    put(c, 0, wire((0, 9)))
    assert limits(c) == [9000]
    assert clear(c) == "Accepted" and limits(c) == [32000]
    assert c.connectors[0].session.transaction is not None


def test_the_limit_follows_the_schedule_to_the_second():
    """A period that begins by the clock and one that begins with the transaction."""
    c = ready().charge()
    begun = c.connectors[0].session.transaction.started
    wait = 30 - (c.now - begun) // 1000
    put(c, 0, wire((0, 20), (30, 10)))
    while c.now < begun + 30000:
        assert limits(c) == [20000], wait
        c.run(0.02)
    c.run(0.04)
    assert limits(c) == [10000]
    clear(c)
    # the backend said NOON at 0 ms, give or take the whole second of its text
    start = c.clock.at(c.now) + 7
    put(c, 0, wire((0, 20), (5, 8), kind="Absolute", start=at(start - c.backend.at)))
    while c.clock.at(c.now) < start:
        assert limits(c) == [32000]
        c.run(0.02)
    c.run(0.04)
    assert limits(c) == [20000]
    while c.clock.at(c.now) < start + 5:
        assert limits(c) == [20000]
        c.run(0.02)
    c.run(0.04)
    assert limits(c) == [8000]


def test_limits_hold_offline():
    """3.13.6."""
    c = ready().charge()
    put(c, 0, wire((0, 20), id=1))
    put(c, 1, wire((0, 16), (60, 8), id=2, purpose=TX))
    c.link(False)
    c.skip(70)
    assert limits(c) == [8000]
    c.unplug()
    c.run(15)
    assert c.connectors[0].session.transaction is None
    assert limits(c) == [20000]
    c.run(2).plug()
    c.run(3)
    assert limits(c) == [20000]


def test_a_tx_profile_dies_with_its_transaction():
    """3.13.1; the others stay."""
    c = ready(connectors=2).charge(1).charge(2, "TAG2")
    put(c, 0, wire((0, 20), id=1))
    put(c, 1, wire((0, 16), id=2, purpose=TX))
    put(c, 2, wire((0, 15), id=3, purpose=TX))
    assert limits(c) == [16000, 15000]
    c.swipe("TAG", 1)
    c.until(lambda: c.connectors[0].session.transaction is None)
    assert ids(c) == [1, 3] and limits(c) == [20000, 15000]


def test_a_clock_that_jumps_is_followed():
    c = ready()
    put(c, 0, wire((0, 10), kind="Absolute", start=at(3600)))
    assert limits(c) == [32000]
    c.clock.learn(c.backend.at + 4000, c.now)
    c.run(0.04)
    assert limits(c) == [10000]
    c.clock.learn(c.backend.at, c.now)
    c.run(0.04)
    assert limits(c) == [32000]


def test_a_whole_without_a_start_counts_from_its_arrival():
    """7.9: a situation-specific start point that is determined by the charge point."""
    c = ready()
    put(c, 0, wire((0, 10), (30, 20), purpose=MAX, duration=60))
    assert limits(c) == [10000]
    c.skip(32)
    assert limits(c) == [20000]
    c.skip(32)
    assert limits(c) == [32000]


def test_of_a_relative_whole_the_start_is_ignored():
    c = ready()
    put(c, 0, wire((0, 10), (30, 20), purpose=MAX, start=at(3600)))
    assert limits(c) == [10000]
    c.skip(32)
    assert limits(c) == [20000]


# --- while the clock is unknown ------------------------------------------------------------------


def test_while_the_clock_is_unknown():
    """What begins with the transaction works; the whole has its lowest limit."""
    c = charger(online=False)
    c.station.smart_charging.set(0, wire((0, 20), (60, 12), id=1), c.now)
    c.run(1)
    assert c.clock.at(c.now) is None and limits(c) == [20000]
    day = wire((0, 9), id=2, level=1, kind="Absolute", start=at(-DAY))
    assert c.station.smart_charging.set(0, day, c.now)
    c.run(0.1)
    assert limits(c) == [20000]
    whole = wire((0, 19), (60, 15), id=3, kind="Absolute", start=at(-DAY), purpose=MAX)
    assert c.station.smart_charging.set(0, whole, c.now)
    c.run(0.1)
    assert limits(c) == [15000]
    c.link(True)
    c.run(1)
    assert c.clock.at(c.now) is not None and limits(c) == [9000]


# --- several connectors --------------------------------------------------------------------------


def test_a_whole_is_shared_and_what_one_leaves_is_the_others():
    c = ready(connectors=3).charge(1, "A").charge(2, "B")
    put(c, 0, wire((0, 32), purpose=MAX))
    assert limits(c) == [16000, 16000, 0]
    put(c, 2, wire((0, 10), id=2, purpose=TX))
    assert limits(c) == [22000, 10000, 0]
    c.charge(3, "C")
    assert limits(c) == [11000, 10000, 11000]
    c.swipe("A", 1)
    c.until(lambda: c.connectors[0].session.transaction is None)
    c.run(0.1)
    # What is left of it (32 - 10 - 22 A) is what may begin on the first.
    assert limits(c) == [0, 10000, 22000]


def test_the_latest_pauses_and_charges_again_when_there_is_enough():
    """3.13.3: never more than the whole, whatever is running."""
    c = ready(connectors=2).charge(2, "B").charge(1, "A")
    put(c, 0, wire((0, 11), purpose=MAX))
    assert limits(c) == [0, 11000]
    c.until(lambda: c.words() == ["SuspendedEVSE", "Charging"])
    for _ in range(50):
        c.run(1)
        assert limits(c) == [0, 11000]  # no turns are taken
    put(c, 0, wire((0, 12), purpose=MAX))
    assert limits(c) == [6000, 6000]
    put(c, 0, wire((0, 5), purpose=MAX))
    assert limits(c) == [0, 0]


def test_the_min_charging_rate_of_a_profile_counts_where_it_shares():
    """7.13: a charging process is inefficient at lower rates."""
    c = ready(connectors=2).charge(1, "A").charge(2, "B")
    put(c, 0, wire((0, 18), id=1, purpose=MAX))
    put(c, 2, wire((0, 32), id=2, purpose=TX, least=12))
    assert limits(c) == [6000, 12000]
    put(c, 2, wire((0, 22080), id=2, purpose=TX, least=8280.1, unit="W"))
    assert limits(c) == [6000, 12000]
    put(c, 2, wire((0, 32), id=2, purpose=TX, least=12.1))
    assert limits(c) == [18000, 0]


def test_a_transaction_that_begins_is_within_the_sum_from_its_first_beat():
    """An idle connector has no more than what the others leave."""
    c = ready(connectors=2).charge(1, "A")
    put(c, 0, wire((0, 20), id=1, purpose=MAX))
    put(c, 1, wire((0, 13), id=2, purpose=TX))
    assert limits(c) == [13000, 7000]
    c.plug(2)
    c.swipe("B", 2)
    for _ in range(300):
        c.run(0.02)
        assert sum(limits(c)) <= 20000
    assert limits(c) == [10000, 10000]


def test_watts_of_a_board_with_one_phase():
    c = ready(phases=1)
    put(c, 0, wire((0, 3680), unit="W", purpose=MAX))
    assert limits(c) == [16000]


# --- RemoteStartTransaction ----------------------------------------------------------------------


def remote(c, profile, tag="R"):
    request = {"connectorId": 1, "idTag": tag, "chargingProfile": profile}
    return c.status_of("RemoteStartTransaction", request) == "Accepted"


def test_a_remote_start_takes_only_a_tx_profile_without_a_transaction_id():
    """Erratum 3.41."""
    c = ready()
    assert not remote(c, wire((0, 10)))
    assert not remote(c, wire((0, 10), purpose=MAX))
    assert not remote(c, wire((0, 10), purpose=TX, transactionId=3))
    assert not remote(c, wire((1, 10), purpose=TX))
    for n in range(12):
        put(c, 0, wire((0, 20), id=n, level=n % 9, purpose=MAX if n > 8 else "TxDefaultProfile"))
    assert len(ids(c)) == 12
    assert not remote(c, wire((0, 10), id=20, purpose=TX))
    assert remote(c, wire((0, 10), id=3, purpose=TX))


def test_the_profile_of_a_remote_start_is_for_the_transaction_that_begins():
    """5.16.2; SetChargingProfile on the same level replaces it, on another stands beside it."""
    c = ready()
    assert remote(c, wire((0, 10), (60, 8), id=7, purpose=TX))
    c.plug()
    c.until(lambda: c.words() == ["Charging"])
    c.run(0.1)
    assert limits(c) == [10000] and ids(c) == [7]
    put(c, 1, wire((0, 12), id=8, level=1, purpose=TX, transactionId=41, duration=5))
    assert limits(c) == [12000] and ids(c) == [7, 8]
    put(c, 1, wire((0, 9), id=9, purpose=TX, transactionId=41))
    assert ids(c) == [8, 9]
    clear(c, id=8)
    assert limits(c) == [9000]
    c.unplug()
    c.run(15)
    assert ids(c) == [] and limits(c) == [32000]


def test_it_is_dropped_when_no_transaction_begins():
    c = ready(keys={"ConnectionTimeOut": "5"})
    assert remote(c, wire((0, 10), id=7, purpose=TX))
    c.run(3)
    assert ids(c) == [7]
    c.run(4)
    assert ids(c) == [] and limits(c) == [32000]
    c.charge(1, "R")
    assert limits(c) == [32000]


def test_it_is_not_for_the_transaction_of_another_card():
    c = ready()
    assert remote(c, wire((0, 10), id=7, purpose=TX))
    session = c.connectors[0].session
    session.deauthorise()
    session.authorise("TAG", None, c.now, 60000)
    c.plug()
    c.until(lambda: c.words() == ["Charging"])
    assert ids(c) == [] and limits(c) == [32000]


def test_a_second_remote_start_takes_the_place_of_the_first():
    """Also when the first was given up in the very same beat."""
    c = ready()
    room, one = c.station.smart_charging, c.connectors[0]
    for n in (7, 8):
        one.session.authorise("R", None, c.now, 60000)
        room.apply_remote(one, wire((0, n), id=n, level=n - 7, purpose=TX), "R", c.now)
    assert ids(c) == [8]


def test_it_waits_while_the_backend_is_asked():
    c = ready()
    c.configure("AuthorizeRemoteTxRequests", "true")
    c.backend.override["Authorize"] = None
    one = c.connectors[0]
    assert remote(c, wire((0, 10), id=7, purpose=TX))
    c.run(1)
    assert c.station.authorization.asked(one) and ids(c) == [7]
    c.run(40)
    assert not c.station.authorization.asked(one) and ids(c) == []


# --- what it costs -------------------------------------------------------------------------------


def test_a_beat_on_which_nothing_changes_allocates_nothing():
    c = ready(connectors=2).charge()
    put(c, 0, wire((0, 20), (4000, 10), id=1, purpose=MAX, kind="Absolute", start=at(-9)))
    put(c, 1, wire((0, 16), (2000, 10), id=2, purpose=TX))
    room, now = c.station.smart_charging, c.now
    room.tick(now)
    if not hasattr(gc, "mem_alloc"):
        return  # CPython counts otherwise; MicroPython's answer is the one that matters
    import micropython

    micropython.heap_lock()
    for _ in range(20):
        room.tick(now)
    micropython.heap_unlock()


def test_twelve_full_profiles_are_a_few_kilobytes():
    c = ready(connectors=2)
    for n in range(12):
        periods = [(k * 60, 6 + k) for k in range(24)]
        put(c, n % 2, wire(*periods, id=n, level=n // 2))
    assert len(ids(c)) == 12
    assert sum([len(p) for p in c.station.smart_charging.installed.profiles]) == 12 * 269

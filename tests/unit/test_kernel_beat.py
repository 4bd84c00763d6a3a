"""The kernel with an interrupt for a heart: a glance every millisecond, a step of the round."""

import sys

from tests.unit.evse_rig import Rig


def charging():
    return Rig(1, beats=True).charge()


def test_a_session_from_plug_to_unplug():
    """As with ticks: closes in C, and a car that goes leaves nothing behind."""
    rig = charging()
    assert rig.coil and rig.duty == 2667
    rig.revoke()
    rig.until(lambda: not rig.coil, 7000)
    rig.unplug()
    rig.run(1000)
    assert not rig.kernel.plugged and rig.kernel.unplugged == 1 and rig.duty == 10000


def test_c_to_anything_else_opens_in_10_ms():
    """IEC 61851-1 A.6 seq. 2.1, 8.1 leave 100 ms with the relay; the kernel takes ten of them."""
    for letter in "ABEF":
        rig = charging()
        rig.car.letter = letter
        assert rig.until(lambda rig=rig: not rig.coil, 11) <= 10, letter


def test_a_trip_opens_at_the_next_beat():
    rig = charging()
    rig.hw.residual_current.trip = True
    rig.tick()
    assert not rig.coil


def test_a_trip_of_one_beat_is_not_forgotten_by_the_rest_of_the_round():
    """However short: opened, state F, and closed only after the latch has let go."""
    for late in range(30):  # in every step of the round
        rig = charging()
        rig.run(late or 1)
        rig.hw.residual_current.trip = True
        rig.tick()
        rig.hw.residual_current.trip = False
        assert not rig.coil
        rig.run(60)
        assert rig.duty == 0, late  # table A.5
        rig.run(59000)
        assert not rig.coil, late


def test_a_glance_never_closes():
    """Only a decision may: with none, C for an hour leaves the coil as it is."""
    rig = Rig(1, beats=True).prepare()
    rig.car.letter = "C"
    while rig.kernel.facts.letter != "C":
        rig.tick()
    rig.kernel.wishes.close = False
    for _ in range(1000):
        rig.kernel._look(0)
    assert not rig.coil


def test_every_bound_is_kept_to_the_length_of_a_round():
    """F is held 320 ms to within a round; x1 is borne for 6 s."""
    rig = charging()
    rig.hw.ground.sound = False
    rig.until(lambda: rig.duty == 0, 60)
    rig.hw.ground.sound = True
    assert 300 <= rig.until(lambda: rig.duty != 0, 400) <= 375
    rig = charging()
    rig.car.follows = False
    rig.revoke()
    rig.until(lambda: rig.duty == 10000, 60)
    assert 6000 <= rig.until(lambda: not rig.coil, 6100) <= 6060


def test_a_session_allocates_nothing_in_the_interrupt():
    if sys.implementation.name != "micropython":
        return  # tests/unit/test_kernel_heap.py says why
    import micropython

    rig = Rig(1, beats=True)
    tick = rig.tick
    for act in (rig.plug, rig.grant, None, rig.revoke, rig.unplug):
        if act:
            act()
        else:
            rig.car.letter = "C"
        micropython.heap_lock()
        try:
            for _ in range(8000):
                tick(1)
        finally:
            micropython.heap_unlock()
    assert rig.kernel.unplugged == 1


def test_what_the_eye_has_seen_before_costs_no_glance():
    """A steady pilot: the driver is asked once a round, not once a millisecond."""
    rig = charging()
    rig.run(100)
    asked = [0]
    feed = rig.kernel._pilot.feed

    def counted(*sample):
        asked[0] += 1
        feed(*sample)

    rig.kernel._pilot.feed = counted
    rig.run(1000)
    rounds = 1000 // (2 * len(rig.kernel._round) + 2)
    assert rounds <= asked[0] <= rounds + 2, asked

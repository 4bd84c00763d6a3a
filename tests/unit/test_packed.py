import random

from firmware.ocpp.ledger import Messages
from firmware.store.packed import Packed


def same(packed, plain):
    assert len(packed) == len(plain)
    assert list(packed) == plain
    if plain:
        assert packed.first() == plain[0]


def test_like_a_sorted_list_of_tuples():
    """Any order of puts and takes, with and without the extra word."""
    for extra in (False, True):
        random.seed(7 + extra)
        packed, plain = Messages(2 + extra), []
        for step in range(1500):
            number = random.getrandbits(32) if step % 7 == 0 else random.randrange(900)
            known = [m for m in plain if m[0] == number]
            assert packed.find(number) == (known[0] if known else None)
            if known or (plain and random.randrange(100) < 30 + step // 40):
                number = number if known else plain[random.randrange(len(plain))][0]
                gone = next(m for m in plain if m[0] == number)
                assert packed.take(number) == gone
                assert packed.take(number) is None
                plain.remove(gone)
            else:
                message = (number, random.getrandbits(30), random.randrange(4))
                message += (random.getrandbits(32),) if extra else ()
                packed.put(*message)
                plain.append(message)
                plain.sort()
            if step % 10 == 0:
                same(packed, plain)
                after = random.randrange(900) - 1
                for t in [m[1] for m in plain[:3]] + [after]:
                    assert packed.about(t) == any([m[1] == t for m in plain])
                later = [m for m in plain if m[0] > after]
                assert packed.next(after) == (later[0] if later else None)
                assert list(packed.after(after)) == later


def test_rows():
    packed = Packed(4)
    for first in (5, 1 << 31, 0, 7):
        packed.put(first, 1, 2, (1 << 32) - 1)
    assert packed.take(5) == (5, 1, 2, (1 << 32) - 1)
    assert [row[0] for row in packed] == [0, 7, 1 << 31]


def test_a_queue_that_never_runs_empty_does_not_grow():
    packed = Messages()
    packed.put(0, 1, 0)
    for number in range(1, 1000):
        packed.put(number, 1, 3)
        assert packed.take(number - 1) == (number - 1, 1, 0 if number == 1 else 3)
        assert sum([len(piece) for piece in packed._pieces]) <= 2 * 2 * 64
    assert list(packed) == [(999, 1, 3)]


def test_an_empty_one():
    packed = Messages()
    assert list(packed) == [] and packed.take(1) is None and packed.find(1) is None
    try:
        packed.first()
    except IndexError:
        return
    raise AssertionError("there is none")


def test_in_order_and_from_the_front():
    """Thousands: what a backlog does, put at the end and take from the front."""
    packed = Messages()
    for number in range(3000):
        packed.put(number, number // 26, number & 3)
    assert packed.find(2999) == (2999, 115, 3)
    for number in range(3000):
        assert packed.first() == packed.take(number) == (number, number // 26, number & 3)
    assert len(packed) == 0 and packed._pieces == []

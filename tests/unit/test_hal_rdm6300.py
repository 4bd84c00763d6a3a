"""The RDM6300: frames in any split, the checksum, and one idTag for each presentation."""

import random

from hal.reader.rdm6300 import RDM6300

FRAME = b"\x020500A1B2C3D5\x03"  # 05 ^ 00 ^ A1 ^ B2 ^ C3 = D5
OTHER = b"\x020100000001" + b"00\x03"


def test_three_ways():
    whole = RDM6300()
    whole.feed(FRAME, 0)
    assert whole.next() == "0500A1B2C3" and whole.next() is None

    slow = RDM6300()
    for i in range(len(FRAME)):
        assert slow.next() is None
        slow.feed(FRAME[i:i + 1], i)
    assert slow.next() == "0500A1B2C3"

    neighbour = RDM6300()
    neighbour.feed(FRAME + OTHER, 0)
    assert neighbour.next() == "0500A1B2C3"
    assert neighbour.next() == "0100000001"


def test_reversed():
    reader = RDM6300(reversed_bytes=True)
    reader.feed(FRAME, 0)
    assert reader.next() == "C3B2A10005"


def test_resynchronises():
    for noise in (b"\x02", b"\x020500", b"\x03", b"\xff" * 40, FRAME[1:], FRAME[:-1] + b"\x04"):
        reader = RDM6300()
        reader.feed(noise + FRAME, 0)
        assert reader.next() == "0500A1B2C3" and reader.next() is None, noise


def test_no_flipped_bit_is_accepted():
    for bit in range(8 * len(FRAME)):
        broken = bytearray(FRAME)
        broken[bit // 8] ^= 1 << bit % 8
        reader = RDM6300()
        reader.feed(broken, 0)
        assert reader.next() is None, bit


def test_a_card_that_stays_is_one_event():
    """It repeats its frame about every 65 ms while the card is there."""
    reader = RDM6300()
    tags = []
    for now in list(range(0, 5000, 65)) + list(range(7000, 8000, 65)):
        reader.feed(FRAME, now)
        tag = reader.next()
        if tag is not None:
            tags.append((now, tag))
    assert tags == [(0, "0500A1B2C3"), (7000, "0500A1B2C3")]


def test_gone_for_a_second_is_gone():
    reader = RDM6300()
    tags = []
    for now in (0, 999, 1998, 2998, 3997):
        reader.feed(FRAME, now)
        if reader.next() is not None:
            tags.append(now)
    assert tags == [0, 2998]


def test_nobody_fetches():
    reader = RDM6300()
    for i in range(9):
        reader.feed(b"\x020000000%d" % i + b"00" + b"0%d" % i + b"\x03", i)
    tags = [reader.next() for _ in range(5)]
    assert tags == ["0000000%d00" % i for i in (5, 6, 7, 8)] + [None]


def test_fuzz():
    random.seed(125)
    reader = RDM6300()
    for now in range(3000):
        data = bytearray(FRAME)
        if random.getrandbits(1):
            data[random.getrandbits(8) % len(data)] = random.getrandbits(8)
        reader.feed(data[:random.getrandbits(4)], now)
        tag = reader.next()
        assert tag is None or len(tag) == 10
        assert len(reader._buf) < len(FRAME)
    assert reader.errors > 50

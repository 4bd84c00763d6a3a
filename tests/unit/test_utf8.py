"""firmware.wire.utf8 against the grammar of RFC 3629 §4 (which tests/host proves on CPython's)."""

import random

from firmware.wire.utf8 import UTF8
from tests.utf8_grammar import EDGES, verdict


def fed(pieces):
    check = UTF8()
    for piece in pieces:
        if not check.feed(piece):
            return None
    return check.complete()


def test_every_pair_of_bytes_has_the_verdict_of_the_grammar():
    for first in range(256):
        for second in range(0, 256, 1 if first >= 0x80 else 51):
            data = bytes((first, second))
            assert fed([data]) == verdict(data), data


def test_every_triple_of_edge_bytes_has_the_verdict_of_the_grammar():
    for first in EDGES:
        for second in EDGES:
            for third in EDGES:
                data = bytes((first, second, third))
                assert fed([data]) == verdict(data), data


def test_every_four_byte_character_of_edges_has_the_verdict_of_the_grammar():
    for first in (0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5):
        for second in EDGES:
            for third in (0x7F, 0x80, 0xBF, 0xC0):
                for fourth in (0x7F, 0x80, 0xBF, 0xC0):
                    data = bytes((first, second, third, fourth))
                    assert fed([data]) == verdict(data), data


def test_a_split_changes_no_verdict():
    random.seed(1)
    for _ in range(600):
        data = bytes([random.choice(EDGES) for _ in range(random.randrange(1, 7))])
        if random.getrandbits(1):
            data = "κόσμε€\U0010ffff".encode() + data
        for cut in range(len(data) + 1):
            assert fed([data[:cut], data[cut:]]) == verdict(data), (data, cut)
        assert fed([data[at : at + 1] for at in range(len(data))]) == verdict(data), data


def test_the_first_wrong_byte_is_enough():
    """Not its character, nor the end of the text."""
    for good, wrong in (
        (b"", b"\x80"),
        (b"", b"\xc0"),
        (b"", b"\xc1"),
        (b"", b"\xf5"),
        (b"", b"\xff"),
        (b"a\xc2", b"a"),
        (b"\xe0", b"\x9f"),
        (b"\xed", b"\xa0"),
        (b"\xf0", b"\x8f"),
        (b"\xf4", b"\x90"),
        (b"\xf4\x8f", b"\xc0"),
        (b"\xf0\x90\x80", b"\x00"),
    ):
        check = UTF8()
        assert check.feed(good)
        assert not check.feed(wrong), (good, wrong)


def test_characters_across_the_chunks_of_a_long_text():
    for lead in range(4):
        text = ("x" * lead + "€" * 700).encode()
        assert fed([text]) is True
        assert fed([text[:-1]]) is False
        assert fed([text + b"\xed\xa0"]) is None
        for wrong in (511, 512, 513, 1500):
            assert fed([text[:wrong] + b"\xff" + text[wrong:]]) is None

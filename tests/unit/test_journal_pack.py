"""Packing loses nothing: what comes back is what JSON would have given back."""

import json
import random
import sys

from firmware.store.pack import Codec
from firmware.ocpp.v16.vocabulary import SHAPES, WORDS
from tests.skip import Skip

CODEC = Codec(WORDS, SHAPES)
PLAIN = Codec()

# value, bytes with the words, bytes without
CASES = (
    (None, 1, 1),
    (True, 1, 1),
    (False, 1, 1),
    (0, 1, 1),
    (47, 1, 1),
    (48, 2, 2),
    (175, 2, 2),
    (176, 3, 3),
    (-1, 2, 2),
    (-128, 2, 2),
    (-129, 3, 3),
    (1 << 62, 10, 10),
    (-(1 << 80), 13, 13),
    (1.5, 5, 5),
    (-0.25, 7, 7),
    ("", 1, 1),
    ("MeterValues", 1, 12),
    ("Energy.Active.Import.Register", 1, 31),
    ("x" * 15, 16, 16),
    ("x" * 16, 18, 18),
    ("x" * 3000, 3003, 3003),
    ("grün", 6, 6),
    ("\u20ac\U0001f50c", 8, 8),
    ("\x00\x7f", 3, 3),
    ("0", 2, 2),
    ("1234567", 4, 4),
    ("-5", 2, 2),
    ("-0", 2, 2),
    ("230.1", 3, 3),
    ("0.05", 2, 2),
    ("-15.900", 3, 3),
    ("007", 4, 4),
    ("1.2345", 7, 7),
    ("1.", 3, 3),
    (".5", 3, 3),
    ("+1", 3, 3),
    ("1_0", 4, 4),
    (" 1", 3, 3),
    ("1 ", 3, 3),
    ("1e5", 4, 4),
    ("--1", 4, 4),
    ("-", 2, 2),
    ("\u0661\u0662", 5, 5),
    ("2026-11-22T23:16:53Z", 5, 5),
    ("2083-12-31T23:59:60Z", 5, 5),
    ("2026-11-22T23:16:53.007Z", 6, 6),
    ("2019-11-22T23:16:53Z", 22, 22),
    ("2084-11-22T23:16:53Z", 22, 22),
    ("2026-11-22T23:16:53+", 22, 22),
    ("2026-11-22T23:16: 3Z", 22, 22),
    ("2026-11-22 23:16:53Z", 22, 22),
    ("2026-1--22T23:16:53Z", 22, 22),
    ("2026-11-22T23:16:53.-07Z", 26, 26),
    ("00112233445566778899aabbccddeeff", 17, 17),
    ("00112233445566778899AABBCCDDEEFF", 18, 18),
    ("00112233445566778899aabbccddeeFF", 34, 34),
    ("123e4567-e89b-12d3-a456-426614174000", 17, 17),
    ("123E4567-e89b-12d3-a456-426614174000", 38, 38),
    ("123e4567-e89b-12d3-a45-6426614174000", 38, 38),
    ("04a2b3c4d5e6f7", 9, 9),
    ("007123", 5, 5),
    ("04A2B3C4D5E6F7", 9, 9),
    ("04A2B3C4D5E6F", 14, 14),
    ("abcdefgh", 9, 9),
    ([], 1, 1),
    ([1, 2], 3, 3),
    ([5, 6, 7], 5, 5),
    ([1000, 1001, 1001, 1003], 7, 7),
    ([7, 6, 5], 4, 4),
    ([True, 1, 2], 4, 4),
    ([0] * 20, 22, 22),
    (["x"] * 16, 34, 34),
    ({}, 2, 2),
    ({"": 1}, 4, 4),
    ({"12": 1}, 5, 5),
    ({"unit": "Wh"}, 4, 10),
    ({"timestamp": "2026-11-22T23:16:53Z", "sampledValue": []}, 7, 31),
)


def check(value):
    for codec in (CODEC, PLAIN):
        data = codec.encode(value)
        assert codec.decode(data) == json.loads(json.dumps(value)), value


def refused(call):
    try:
        call()
    except ValueError:
        return
    raise AssertionError("taken")


def test_every_kind_of_value():
    for value, packed, plain in CASES:
        check(value)
        assert len(CODEC.encode(value)) == packed, value
        assert len(PLAIN.encode(value)) == plain, value


def test_types_are_kept():
    """1, 1.0, True and "1" are four values."""
    for value in (1, 1.0, True, "1", 0, 0.0, False, None, "0"):
        assert type(CODEC.decode(CODEC.encode(value))) is type(value)
    assert CODEC.decode(CODEC.encode((1, (2, "a")))) == [1, [2, "a"]]


def test_what_json_cannot_hold_is_refused():
    loop = []
    loop.append(loop)
    for value in (object(), b"x", {1: 2}, {None: 1}, float("nan"), float("inf"), loop, {"a": {3}}):
        refused(lambda value=value: CODEC.encode(value))


def test_many_words_and_shapes():
    words = tuple("word%d" % i for i in range(300))
    shapes = tuple(("key%d" % i, "k") for i in range(40))
    codec = Codec(words, shapes)
    for i in range(300):
        data = codec.encode(words[i])
        assert codec.decode(data) == words[i] and len(data) <= 3
    for i in range(40):
        value = {"key%d" % i: i, "k": None}
        data = codec.encode(value)
        assert codec.decode(data) == value and len(data) <= 4


class Values:
    """Random JSON, of the kind that breaks packing."""

    CHARS = "0123456789abcdefABCDEF-:.TZ+ _x\u00e9"

    def value(self, depth):
        kind = random.randrange(9 if depth else 6)
        if kind < 3:
            return self.text()
        if kind == 3:
            return random.choice((None, True, False, 0.5, -2.25))
        if kind < 6:
            return (random.getrandbits(random.randrange(30) + 1) - 9) * random.choice((1, -1))
        count = random.randrange(5)
        if kind == 6:
            return [random.randrange(9) * k for k in range(count)]
        if kind == 7:
            return [self.value(depth - 1) for _ in range(count)]
        if random.getrandbits(1):
            return {key: self.value(depth - 1) for key in WORDS[:count]}
        return self.shaped(SHAPES[random.randrange(len(SHAPES))], depth)

    def shaped(self, shape, depth):
        value = {}
        for key in shape:
            if isinstance(key, str):
                value[key] = self.value(depth - 1)
            else:
                value[key[0]] = key[1] if random.randrange(8) else self.value(0)
        return value

    def text(self):
        kind = random.randrange(4)
        if kind == 0:
            return WORDS[random.randrange(len(WORDS))]
        text = random.choice(CASES[15:64])[0][:40]
        if kind == 1 and text:  # nearly right
            at = random.randrange(len(text))
            return text[:at] + random.choice(self.CHARS) + text[at + 1 :]
        if kind == 2:
            return text
        return "".join(random.choice(self.CHARS) for _ in range(random.randrange(26)))


def test_random_values_come_back():
    random.seed(7)
    values = Values()
    for _ in range(1500):
        check(values.value(3))


def test_damaged_bytes_are_an_error_or_a_value():
    """Nothing but ValueError, and always an end."""
    random.seed(8)
    values = Values()
    errors = 0
    for _ in range(400):
        data = CODEC.encode(values.value(3))
        for _ in range(4):
            bad = bytearray(data)
            bad[random.randrange(len(bad))] = random.getrandbits(8)
            for piece in (bad, bad[: random.randrange(len(bad) + 1)], bad + b"\x00"):
                try:
                    CODEC.decode(piece)
                except ValueError:
                    errors += 1
    assert errors > 1000
    for data in (b"", b"\xff", b"\xe7\xff\xff\xff\xff\x7f", b"\xe8\x01\x01\x01", b"\xc1" * 40):
        refused(lambda data=data: CODEC.decode(data))


def meter_values(samples):
    return {
        "connectorId": 1,
        "meterValue": [{"timestamp": "2026-11-22T23:16:53Z", "sampledValue": samples}],
    }


def queued(message_id, payload):
    return ("queued", message_id, "MeterValues", 4711, 3, 17, payload)


ENERGY = {
    "value": "1234567",
    "context": "Sample.Periodic",
    "measurand": "Energy.Active.Import.Register",
    "unit": "Wh",
}


def test_the_size_of_a_meter_value():
    """What the capacity stands on: docs/notes/0005-journal.md."""
    eight = [ENERGY, dict(ENERGY, value="11040", measurand="Power.Active.Import", unit="W")]
    for phase in ("L1", "L2", "L3"):
        eight.append(dict(ENERGY, value="15.9", measurand="Current.Import", unit="A", phase=phase))
        volts = dict(ENERGY, value="230.1", measurand="Voltage", unit="V", phase=phase + "-N")
        eight.append(volts)
    message_id = "00112233445566778899aabbccddeeff"
    for samples, size in (([ENERGY], 41), (eight, 82)):
        record = queued(message_id, meter_values(samples))
        assert len(CODEC.encode(record)) <= size, len(CODEC.encode(record))
        check(record)


def calls_deep(work, *arguments):
    """How many calls of Python stood on each other, at most."""
    depth = [0, 0]

    def seen(_, event, __):
        if event in ("call", "return"):
            depth[0] += 1 if event == "call" else -1
            depth[1] = max(depth)

    sys.setprofile(seen)
    try:
        work(*arguments)
    finally:
        sys.setprofile(None)
    return depth[1]


def test_what_is_nested_deeply_needs_no_deeper_stack():
    if not hasattr(sys, "setprofile"):
        raise Skip("counts calls by sys.setprofile")
    flat, nested = ["04A2B3C4D5E6F7"], "04A2B3C4D5E6F7"
    for _ in range(5):
        nested = {"a": [nested]}
    for work, one, other in (
        (CODEC.encode, flat, nested),
        (CODEC.decode, CODEC.encode(flat), CODEC.encode(nested)),
    ):
        assert calls_deep(work, other) <= calls_deep(work, one) + 1 <= 9


def test_the_head_of_a_list_is_as_in_the_whole():
    random.seed(9)
    values = [case[0] for case in CASES] + [[], [1, 2, 3], ["a", ["b", ["c"]]], {"idTag": "x"}]
    for codec in (CODEC, PLAIN):
        for _ in range(200):
            whole = ["queued"] + [random.choice(values) for _ in range(random.randrange(20))]
            packed = codec.encode(whole)
            for most in (1, 2, 5, 7):
                head = codec.decode(packed, {"running": 1, "queued": most})
                assert head == codec.decode(packed)[:most], (whole, most)
            assert codec.decode(packed, {"running": 1}) == codec.decode(packed)
        for value in ("a text", {"a": 1, "b": 2}, None, 7, [[1], 2], [{}, 2], [1, "a"], []):
            assert codec.decode(codec.encode(value), {"a": 1}) == value, "these have no head"


def test_the_head_of_a_list_that_is_torn_behind_it_is_still_there():
    packed = PLAIN.encode(["queued", 1, 2, 3, 4, "lost"])
    assert PLAIN.decode(packed[:-3], {"queued": 5}) == ["queued", 1, 2, 3, 4]
    for heads in ({"queued": 6}, {}, None):
        try:
            PLAIN.decode(packed[:-3], heads)
        except ValueError:
            continue
        raise AssertionError("half of what is wanted is none")

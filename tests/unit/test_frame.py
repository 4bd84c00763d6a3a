# heap: chip + 704k, frames of 64 KiB, more than one at once
"""firmware.wire.frame: every frame whole, byte by byte, and with a neighbour behind it."""

import random

from firmware.wire.frame import FrameReader, encode
from tests.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT
from tests.wire import bytes_of, frame, hear, split_at_random, three_ways

NEIGHBOUR = frame(PING, b"next")
BEHIND = ((True, PING, b"next"),)

# RFC 6455 §5.7
EXAMPLES = (
    (b"\x81\x05Hello", [(True, TEXT, b"Hello")]),
    (b"\x01\x03Hel\x80\x02lo", [(False, TEXT, b"Hel"), (True, CONTINUATION, b"lo")]),
    (b"\x89\x05Hello", [(True, PING, b"Hello")]),
    (b"\x8a\x05Hello", [(True, PONG, b"Hello")]),
    (b"\x82\x7e\x01\x00" + b"\x5a" * 256, [(True, BINARY, b"\x5a" * 256)]),
    (b"\x82\x7f\0\0\0\0\0\1\0\0" + b"\x5a" * 65536, [(True, BINARY, b"\x5a" * 65536)]),
)

# What may not be: the bytes, the close code
REFUSED = (
    ("reserved bit 1", b"\xc1\x00", 1002),
    ("reserved bit 2", b"\xa1\x00", 1002),
    ("reserved bit 3", b"\x91\x00", 1002),
    ("reserved bit of a control frame", b"\xd9\x00", 1002),
    ("masked frame of a server", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 1002),
    ("opcode 3", b"\x83\x00", 1002),
    ("opcode 7", b"\x87\x00", 1002),
    ("opcode 11", b"\x8b\x00", 1002),
    ("opcode 15", b"\x8f\x00", 1002),
    ("fragmented ping", b"\x09\x00", 1002),
    ("fragmented close", b"\x08\x00", 1002),
    ("ping of 126 bytes", b"\x89\x7e\x00\x7e" + b"x" * 126, 1002),
    ("pong with a 64-bit length", b"\x8a\x7f\0\0\0\0\0\1\0\0", 1002),
    ("continuation of nothing", b"\x80\x00", 1002),
    ("unfinished continuation of nothing", b"\x00\x01x", 1002),
    ("16 bits for 125 bytes", b"\x82\x7e\x00\x7d" + b"x" * 125, 1002),
    ("16 bits for nothing", b"\x82\x7e\x00\x00", 1002),
    ("64 bits for 65535 bytes", b"\x82\x7f\0\0\0\0\0\0\xff\xff", 1002),
    ("top bit of 64", b"\x82\x7f\x80\0\0\0\0\1\0\0", 1002),
    ("more than the limit", b"\x82\x7f\0\0\0\0\0\1\0\1", 1009),
    ("2**62 bytes", b"\x82\x7f\x40\0\0\0\0\0\0\0", 1009),
)


def reader():
    return FrameReader(65536)


def refusal(said):
    return said[-1][0] if len(said[-1]) == 2 else None


def test_examples_of_the_rfc():
    for data, frames in EXAMPLES:
        three_ways(reader, data, frames, NEIGHBOUR, BEHIND)


def test_a_client_masks_as_in_the_rfc():
    masked_hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
    assert encode(TEXT, b"Hello", b"\x37\xfa\x21\x3d") == masked_hello


def test_lengths_on_both_sides_of_every_form():
    for size in (0, 1, 125, 126, 127, 255, 256, 65535, 65536):
        payload = bytes(bytearray(size))
        three_ways(reader, frame(BINARY, payload), [(True, BINARY, payload)], NEIGHBOUR, BEHIND)


def test_masking_is_xor_with_the_mask_at_every_length():
    mask = b"\x01\x80\xff\x5a"
    for size in list(range(9)) + [125, 126, 511, 512, 513, 515, 1024, 1500, 65535, 65536]:
        payload = bytes(range(251)) * (size // 251 + 1)
        payload = payload[:size]
        for fin in (True, False):
            data = encode(BINARY, payload, mask, fin)
            plain = frame(BINARY, payload, fin)
            body = len(plain) - size
            assert data[0] == plain[0] and data[1] == plain[1] | 0x80
            assert data[2:body] == plain[2:body] and data[body : body + 4] == mask
            assert len(data) == body + 4 + size
            for at in range(size):
                assert data[body + 4 + at] == payload[at] ^ mask[at & 3], (size, at)


def test_what_may_not_be_is_refused_with_its_code():
    for name, data, code in REFUSED:
        for pieces in ([data], bytes_of(data), [data + NEIGHBOUR]):
            said = hear(reader(), pieces)
            assert len(said) == 1 and refusal(said) == code, (name, said)


def test_a_refusal_needs_no_byte_of_the_payload():
    """Too big, or out of place, shows in the header; waiting would only fill memory."""
    for data, code in (
        (b"\x82\x7e\x03\xe9", 1009),
        (frame(TEXT, b"x" * 600, fin=False) + b"\x80\x7e\x01\x91", 1009),
        (frame(TEXT, b"x", fin=False) + b"\x82\x7e\x01\x00", 1002),
    ):
        said = hear(FrameReader(1000), [data])
        assert refusal(said) == code, said


def test_limit_is_for_the_sum_of_the_fragments_and_begins_anew():
    exact = frame(BINARY, b"a" * 600, fin=False) + frame(CONTINUATION, b"b" * 400)
    frames = [(False, BINARY, b"a" * 600), (True, CONTINUATION, b"b" * 400)]
    three_ways(lambda: FrameReader(1000), exact + exact, frames + frames, NEIGHBOUR, BEHIND)


def test_control_frames_pass_at_any_limit():
    three_ways(lambda: FrameReader(0), frame(PING, b"x" * 125), [(True, PING, b"x" * 125)])


def test_control_frames_between_fragments_disturb_nothing():
    data = (
        frame(TEXT, "κ".encode()[:1], fin=False)
        + frame(PING, b"\xff")
        + frame(CONTINUATION, "κ".encode()[1:], fin=False)
        + frame(PONG, b"\xfe")
        + frame(CONTINUATION)
    )
    frames = [
        (False, TEXT, b"\xce"),
        (True, PING, b"\xff"),
        (False, CONTINUATION, b"\xba"),
        (True, PONG, b"\xfe"),
        (True, CONTINUATION, b""),
    ]
    three_ways(reader, data, frames, NEIGHBOUR, BEHIND)


def test_text_is_lost_at_its_first_wrong_byte():
    """RFC 6455 §8.1, failing as fast as Autobahn 6.4 asks: before the end of the frame."""
    head = b"\x01\x7e\x10\x00" + "κόσμε".encode()
    for wrong in (b"\xf4\x90", b"\xed\xa0", b"\xc0", b"\xff"):
        one = reader()
        assert hear(one, [head + wrong[:-1]]) == []
        assert refusal(hear(one, [wrong[-1:]])) == 1007, wrong


def test_text_that_ends_inside_a_character_is_lost():
    for data in (
        frame(TEXT, b"ab\xe2\x82"),
        frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION, b"\x82"),
        frame(TEXT, b"\xe2", fin=False) + frame(CONTINUATION),
    ):
        for pieces in ([data], bytes_of(data)):
            assert refusal(hear(reader(), pieces)) == 1007, data


def test_binary_and_the_text_after_it_are_judged_apart():
    data = frame(BINARY, b"\xe2\xff") + frame(TEXT, b"ok")
    three_ways(reader, data, [(True, BINARY, b"\xe2\xff"), (True, TEXT, b"ok")])


def test_the_caller_may_use_its_buffer_again():
    buffer = bytearray(b"\x81\x05He")
    one = reader()
    one.feed(memoryview(buffer)[:3])
    buffer[:] = b"elloX"
    one.feed(memoryview(buffer)[:3])
    assert one.next() is None
    one.feed(b"o")
    assert one.next() == (True, TEXT, b"Hello")


def valid_stream():
    data = frame(CLOSE, b"\x03\xe8bye")
    for _ in range(8):
        payload = b"x" * random.choice((0, 1, 125, 126, 300))
        kind = random.getrandbits(2)
        if kind == 0:
            data = frame(random.choice((TEXT, BINARY)), payload) + data
        elif kind == 1:
            data = frame(random.choice((PING, PONG)), payload[:125]) + data
        else:
            data = (
                frame(TEXT, "é€".encode() + payload, fin=False)
                + frame(PING, b"?")
                + frame(CONTINUATION, payload, fin=False)
                + frame(CONTINUATION, "\U0001f50c".encode())
                + data
            )
    return data


def test_any_split_of_any_stream_gives_the_same_frames():
    """Valid streams, mutated ones, noise: frames, then silence or one ProtocolError."""
    random.seed(6455)
    refused = 0
    for turn in range(150):
        data = valid_stream()
        if turn % 3 == 1:
            noisy = bytearray(data)
            noisy[random.randrange(len(noisy))] ^= 1 << random.getrandbits(3)
            data = bytes(noisy)
        elif turn % 3 == 2:
            data = bytes([random.getrandbits(8) for _ in range(60)])
        whole = hear(FrameReader(1000), [data])
        refused += bool(whole) and len(whole[-1]) == 2
        for _ in range(3):
            assert hear(FrameReader(1000), split_at_random(data)) == whole, data
    assert refused > 40, refused

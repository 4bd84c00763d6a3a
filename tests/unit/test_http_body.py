"""firmware.wire.body"""

import random

from firmware.wire import ProtocolError
from firmware.wire.body import Chunked, Sized
from tests.wire import bytes_of, split_at_random


def read(body, pieces):
    """(content, why it ended: "whole", "open" or the error)."""
    content = b""
    try:
        for piece in pieces:
            body.feed(piece)
            view = body.next()
            while view is not None:
                assert len(view)
                content += bytes(view)
                view = body.next()
    except ProtocolError as error:
        return content, error.reason
    return content, "whole" if body.ended else "open"


def each_way(make, data, content, end="whole"):
    """Whole, byte by byte, with a neighbour behind that must survive, and in random pieces."""
    assert read(make(), [data]) == (content, end), data
    assert read(make(), bytes_of(data)) == (content, end), data
    assert read(make(), split_at_random(data)) == (content, end), data
    if end == "whole" and data:
        body = make()
        assert read(body, [data + b"neigh", b"bour"]) == (content, end), data
        assert body.rest == b"neighbour"


def test_a_body_with_a_length():
    """RFC 9112 §6.3 rule 6"""
    each_way(lambda: Sized(5, 9), b"Hello", b"Hello")
    each_way(lambda: Sized(9, 9), b"Hello", b"Hello", "open")
    assert Sized(0, 9).ended and not Sized(1, 9).ended
    assert read(Sized(0, 0), []) == (b"", "whole")
    for pieces in ([b"Hell", b""], [b"", b"Hello"]):
        assert read(Sized(5, 9), pieces)[1] == "body cut short"
    assert read(Sized(5, 9), [b"Hello", b""]) == (b"Hello", "whole")


def test_a_body_until_the_peer_closes():
    """RFC 9112 §6.3 rule 8"""
    assert read(Sized(None, 9), [b"Hel", b"lo"]) == (b"Hello", "open")
    assert read(Sized(None, 9), [b"Hel", b"lo", b""]) == (b"Hello", "whole")
    assert read(Sized(None, 9), [b""]) == (b"", "whole")
    assert read(Sized(None, 5), [b"Hello", b""]) == (b"Hello", "whole")


def test_no_body_is_longer_than_the_bound():
    try:
        Sized(10, 9)
    except ProtocolError as error:
        assert error.reason == "body too long"
    else:
        raise AssertionError
    assert read(Sized(None, 9), [b"123456789", b"0"]) == (b"123456789", "body too long")
    assert read(Sized(None, 9), [b"1234567890"]) == (b"", "body too long")
    assert read(Chunked(9), [b"5\r\nHello\r\n4\r\n1234\r\n0\r\n\r\n"]) == (b"Hello1234", "whole")
    assert read(Chunked(9), [b"5\r\nHello\r\n5\r\n"]) == (b"Hello", "body too long")
    assert read(Chunked(9), [b"ffffffff\r\n"]) == (b"", "body too long")


CHUNKS = (
    (b"5\r\nHello\r\n0\r\n\r\n", b"Hello"),
    (b"0\r\n\r\n", b""),
    (b"000\r\n\r\n", b""),
    (b"1\r\nH\r\n4\r\nello\r\n0\r\n\r\n", b"Hello"),
    (b"A\r\n\r\n\r\n\r\n5\r\n0\r\n0\r\n\r\n", b"\r\n\r\n\r\n5\r\n0"),
    (b'a;x=y;z="q"\r\n0123456789\r\n00;x\r\n\r\n', b"0123456789"),
    (b"5 \r\nHello\r\n0\r\nX: a\r\nY: b\r\n\r\n", b"Hello"),
)


def test_chunks():
    """RFC 9112 §7.1"""
    for data, content in CHUNKS:
        each_way(lambda: Chunked(99), data, content)


def test_chunks_that_end_early():
    whole = CHUNKS[-1][0]
    for size in range(len(whole)):
        content, end = read(Chunked(99), [whole[:size], b""] if size else [b""])
        assert end == "body cut short" and b"Hello".startswith(content), size
        if size:
            assert read(Chunked(99), [whole[:size]]) == (content, "open")


def test_chunks_that_break_the_grammar():
    long_ = b"5;" + b"x" * 252
    for data, why in (
        (b"\r\n", "bad chunk size"),
        (b"g\r\n", "bad chunk size"),
        (b"-1\r\n", "bad chunk size"),
        (b"+1\r\n", "bad chunk size"),
        (b"0x1\r\n", "bad chunk size"),
        (b"1_0\r\n", "bad chunk size"),
        (b"5 5\r\n", "bad chunk size"),
        (b";x\r\n", "bad chunk size"),
        (b"000000001\r\n", "bad chunk size"),
        (b"5\n", "bad line end between chunks"),
        (b"2\r\nHello\r\n", "chunk longer than its size"),
        (b"5\r\nHello\n", "bad line end between chunks"),
        (b"5\r\nHello5\r\n", "chunk longer than its size"),
        (long_ + b"xx\r\n", "chunk line too long"),
        (b"0\r\n" + (b"X: " + b"y" * 200 + b"\r\n") * 20, "trailers too long"),
        (b"0\r\n" + b"x" * 300, "chunk line too long"),
    ):
        for pieces in ([data], bytes_of(data), split_at_random(data)):
            assert read(Chunked(99), pieces)[1] == why, data
    assert read(Chunked(99), [long_ + b"\r\nHello\r\n0\r\n\r\n"]) == (b"Hello", "whole")


def test_nothing_is_copied():
    data = b"5\r\nHello\r\n"
    body = Chunked(99)
    body.feed(data)
    assert isinstance(body.next(), memoryview)


def test_any_bytes_give_content_within_the_bound_or_a_reason():
    random.seed(12)
    for _ in range(1200):
        data = bytearray(CHUNKS[random.getrandbits(8) % len(CHUNKS)][0])
        for _ in range(random.getrandbits(2)):
            at = random.getrandbits(8) % len(data)
            if random.getrandbits(1):
                data[at] = random.getrandbits(8)
            else:
                data = data[:at] + bytes((random.getrandbits(8),)) + data[at:]
        data = bytes(data)
        whole = read(Chunked(20), [data, b""])
        assert len(whole[0]) <= 20 and whole[1] != "open"
        # however the network cuts it, it means the same
        assert read(Chunked(20), list(bytes_of(data)) + [b""]) == whole, data
        assert read(Chunked(20), split_at_random(data) + [b""]) == whole, data

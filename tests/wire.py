"""For the tests of firmware/wire: what a server says, as bytes, and the three ways to hear it."""

import random

from firmware.wire import ProtocolError

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, reserved=0):
    """Written from the picture in RFC 6455 §5.2, apart from our own encoder."""
    size = len(payload)
    head = bytes(((0x80 if fin else 0) | reserved << 4 | opcode,))
    if size < 126:
        head += bytes((size,))
    elif size < 65536:
        head += b"\x7e" + bytes((size >> 8, size & 255))
    else:
        head += b"\x7f\0\0\0\0\0" + bytes((size >> 16, size >> 8 & 255, size & 255))
    return head + payload


def hear(reader, pieces):
    """Everything next() has to say; a ProtocolError is said as (code, reason), and is the last."""
    said = []
    try:
        for piece in pieces:
            reader.feed(piece)
            event = reader.next()
            while event is not None:
                said.append(event)
                event = reader.next()
    except ProtocolError as error:
        said.append((error.code, error.reason))
    return said


def bytes_of(data):
    for at in range(len(data)):
        yield data[at : at + 1]


def split_at_random(data):
    pieces = []
    at = 0
    while at < len(data):
        size = 1 + random.getrandbits(random.getrandbits(3) + 1)
        pieces.append(data[at : at + size])
        at += size
    return pieces


def three_ways(make, data, expected, neighbour=b"", behind=()):
    """Whole; byte by byte; and with a neighbour behind, which must survive."""
    assert hear(make(), [data]) == expected, (data[:40], hear(make(), [data]), expected)
    said = hear(make(), bytes_of(data))
    assert said == expected, (data[:40], said, expected)
    said = hear(make(), [data + neighbour])
    assert said == expected + list(behind), (data[:40], said, expected)

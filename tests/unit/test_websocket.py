"""firmware.wire.websocket: all a server may say, in the order of Autobahn's cases."""

import random

from firmware.wire.websocket import (
    BINARY,
    CLOSED,
    CLOSING,
    CONNECTING,
    OPEN,
    PONG,
    REFUSED,
    REPLY,
    TEXT,
    Client,
)
from tests import wire
from tests.wire import bytes_of, frame, hear, split_at_random, three_ways

KEY = b"the sample nonce"
ANSWER = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
GREEK = "κόσμε"
WRONG = b"\xed\xa0\x80edited"


def client(limit=1000, protocols=()):
    # A mask of zeros leaves the payload of our frames readable.
    return Client("csms", "/", KEY, protocols, entropy=lambda n: bytes(bytearray(n)), limit=limit)


def connected(limit=1000):
    one = client(limit)
    assert hear(one, [ANSWER]) == [(OPEN, None)]
    return one


def sent(opcode, payload=b""):
    assert len(payload) < 126
    return bytes((0x80 | opcode, 0x80 | len(payload))) + b"\0\0\0\0" + payload


def reply(opcode, payload=b""):
    return (REPLY, sent(opcode, payload))


def failed(code):
    """What a failure looks like; the words of the reason are free."""
    return ("failed", code)


def without_words(said):
    """A close frame of ours that gives a reason, and the event behind it, as failed(code)."""
    if len(said) > 1 and said[-1][0] == CLOSED and said[-1][2] and said[-2][0] == REPLY:
        code = said[-1][1].to_bytes(2, "big")
        if said[-2] == reply(wire.CLOSE, code + said[-1][2].encode()):
            return said[:-2] + [failed(said[-1][1])]
    return said


def text(payload, fin=True):
    return frame(wire.TEXT, payload.encode() if isinstance(payload, str) else payload, fin)


def binary(payload, fin=True):
    return frame(wire.BINARY, payload, fin)


def more(payload=b"", fin=False):
    return frame(wire.CONTINUATION, payload, fin)


def last(payload=b""):
    return more(payload, True)


def ping(payload=b""):
    return frame(wire.PING, payload)


def pong(payload=b""):
    return frame(wire.PONG, payload)


def close(payload=b""):
    return frame(wire.CLOSE, payload)


def code(number, reason=b""):
    return number.to_bytes(2, "big") + reason


def closed(number, reason=""):
    return [reply(wire.CLOSE, code(number)), (CLOSED, number, reason)]


CASES = (
    # 1 Framing
    ("1 empty text", text(""), [(TEXT, "")]),
    ("1 text of 125", text("*" * 125), [(TEXT, "*" * 125)]),
    ("1 text of 126", text("*" * 126), [(TEXT, "*" * 126)]),
    ("1 empty binary", binary(b""), [(BINARY, b"")]),
    ("1 binary of 128", binary(b"\xfe" * 128), [(BINARY, b"\xfe" * 128)]),
    # 2 Pings and pongs
    ("2 ping without payload", ping(), [reply(wire.PONG)]),
    ("2 ping with text", ping(b"Hello"), [reply(wire.PONG, b"Hello")]),
    ("2 ping with no text", ping(b"\0\xff\xfe"), [reply(wire.PONG, b"\0\xff\xfe")]),
    ("2 ping of 125", ping(b"\xfe" * 125), [reply(wire.PONG, b"\xfe" * 125)]),
    ("2 ping of 126", b"\x89\x7e\x00\x7e" + b"x" * 126, [failed(1002)]),
    ("2 pong nobody asked for", pong(b"?") + ping(), [(PONG, b"?"), reply(wire.PONG)]),
    ("2 ten pings", ping(b"a") * 10, [reply(wire.PONG, b"a")] * 10),
    # 3 Reserved bits
    ("3 reserved 1 after text", text("a") + frame(1, b"b", True, 4), [(TEXT, "a"), failed(1002)]),
    ("3 reserved 2", frame(1, b"b", True, 2), [failed(1002)]),
    ("3 reserved in a ping", frame(9, b"", True, 7), [failed(1002)]),
    # 4 Opcodes
    ("4 reserved data opcode", text("a") + frame(3), [(TEXT, "a"), failed(1002)]),
    ("4 reserved data opcode with payload", frame(6, b"x"), [failed(1002)]),
    ("4 reserved control opcode", frame(11), [failed(1002)]),
    ("4 reserved control opcode 15", frame(15, b"x"), [failed(1002)]),
    # 5 Fragmentation
    ("5 ping in two fragments", frame(9, b"a", False) + more(b"b", True), [failed(1002)]),
    ("5 pong in two fragments", frame(10, b"a", False), [failed(1002)]),
    ("5 text in two", text("ab", False) + last(b"cd"), [(TEXT, "abcd")]),
    (
        "5 ping between fragments",
        text("ab", False) + ping(b"!") + last(b"cd"),
        [reply(wire.PONG, b"!"), (TEXT, "abcd")],
    ),
    ("5 continuation of nothing", last(b"x") + text("a"), [failed(1002)]),
    ("5 continuation behind a message", text("a") + more(b"x"), [(TEXT, "a"), failed(1002)]),
    ("5 text inside a text", text("a", False) + text("b"), [failed(1002)]),
    ("5 binary inside a text", text("a", False) + binary(b"b", False), [failed(1002)]),
    (
        "5 five fragments with pings, then the next",
        text("a", False) + more(b"b") + ping(b"1") + more(b"c") + more() + ping(b"2") + last(b"e")
        + binary(b"f", False) + last(),
        [reply(wire.PONG, b"1"), reply(wire.PONG, b"2"), (TEXT, "abce"), (BINARY, b"f")],
    ),
    ("5 nothing in three", text("", False) + more() + last(), [(TEXT, "")]),
    ("5 an empty one first", text("", False) + more() + last(b"x"), [(TEXT, "x")]),
    # 6 UTF-8
    ("6 text of many lengths", text("h€é\U0001f50c"), [(TEXT, "h€é\U0001f50c")]),
    ("6 a character in two", text(b"\xce", False) + last(b"\xba"), [(TEXT, "κ")]),
    (
        "6 a byte in each fragment",
        text(b"", False) + b"".join([more(bytes((byte,))) for byte in GREEK.encode()]) + last(),
        [(TEXT, GREEK)],
    ),
    ("6 zero is a character", text("a\0b"), [(TEXT, "a\0b")]),
    ("6 not a character", text("\ufffe\uffff\U0010ffff"), [(TEXT, "\ufffe\uffff\U0010ffff")]),
    ("6 surrogate", text(GREEK.encode() + WRONG), [failed(1007)]),
    ("6 surrogate in a fragment", text(GREEK, False) + more(WRONG), [failed(1007)]),
    ("6 overlong /", text(b"\xc0\xaf"), [failed(1007)]),
    ("6 overlong zero", text(b"\xf0\x80\x80\x80"), [failed(1007)]),
    ("6 above U+10FFFF", text(b"\xf4\x90\x80\x80"), [failed(1007)]),
    ("6 byte order of nobody", text(b"\xff\xfe"), [failed(1007)]),
    ("6 continuation first", text(b"\x80"), [failed(1007)]),
    ("6 ends in a character", text(b"a\xf0\x9f\x94"), [failed(1007)]),
    ("6 binary may be anything", binary(WRONG + b"\xff"), [(BINARY, WRONG + b"\xff")]),
    # 7 Close
    ("7 close without code", close(), [reply(wire.CLOSE), (CLOSED, 1005, "")]),
    ("7 close", close(code(1000)), closed(1000)),
    ("7 close with reason", close(code(1001, b"bye")), closed(1001, "bye")),
    ("7 close with a long reason", close(code(1000, b"*" * 123)), closed(1000, "*" * 123)),
    ("7 nothing is heard behind a close", close(code(1000)) + ping() + text("a"), closed(1000)),
    ("7 close inside a message", text("a", False) + close(code(1000)) + last(b"b"), closed(1000)),
    ("7 close of one byte", close(b"\x03"), [failed(1002)]),
    ("7 close of 126 bytes", b"\x88\x7e\x00\x7e" + b"\x03\xe8" + b"*" * 124, [failed(1002)]),
    ("7 reason that is not UTF-8", close(code(1000, WRONG)), [failed(1007)]),
    ("7 reason that ends in a character", close(code(1000, b"\xce")), [failed(1007)]),
    ("7 reason in Greek", close(code(1000, GREEK.encode())), closed(1000, GREEK)),
    # 9 Limits
    ("9 text of the limit", text("*" * 1000), [(TEXT, "*" * 1000)]),
    ("9 text over the limit", b"\x81\x7e\x03\xe9", [failed(1009)]),
    ("9 binary over the limit", b"\x82\x7f\0\0\0\0\0\1\0\0", [failed(1009)]),
    (
        "9 fragments of the limit",
        binary(b"a", False) + more(b"b" * 499) * 2 + last(b"c"),
        [(BINARY, b"a" + b"b" * 998 + b"c")],
    ),
    ("9 fragments over it", binary(b"a" * 600, False) + b"\x80\x7e\x01\x91", [failed(1009)]),
)

ALLOWED = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999)
FORBIDDEN = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)


def test_cases():
    for name, data, expected in CASES:
        if expected[-1][0] in (CLOSED, "failed"):
            neighbour, behind = ping(b"late"), []  # not heard any more
        else:
            neighbour, behind = ping(b"next"), [reply(wire.PONG, b"next")]
        assert without_words(hear(connected(), [data])) == expected, name
        assert without_words(hear(connected(), bytes_of(data))) == expected, name
        assert without_words(hear(connected(), [data + neighbour])) == expected + behind, name
        assert without_words(hear(client(), [ANSWER + data])) == [(OPEN, None)] + expected, name


def test_close_codes_the_rfc_allows_and_forbids():
    for number in ALLOWED:
        assert hear(connected(), [close(code(number))]) == closed(number), number
    for number in FORBIDDEN:
        assert without_words(hear(connected(), [close(code(number))])) == [failed(1002)], number


def test_text_fails_before_its_frame_or_message_is_complete():
    """Autobahn 6.4: each chop of the bytes, the failure at the first byte that is wrong."""
    head = b"\x81\x7e\x03\x00" + GREEK.encode()
    one = connected()
    assert hear(one, [head, b"\xf4"]) == []
    assert without_words(hear(one, [b"\x90"])) == [failed(1007)]
    one = connected()
    assert hear(one, [text(GREEK, False), more(b"\xf4")]) == []
    assert without_words(hear(one, [more(b"\x90")])) == [failed(1007)]


def test_a_long_message_in_pieces_of_64_bytes():
    """Autobahn 9.3 in small; the room for it grows, and ends at the limit."""
    data = binary(b"\x01" * 64, False) + more(b"\x02" * 64) * 62 + last(b"\x03" * 64)
    expected = [(BINARY, b"\x01" * 64 + b"\x02" * 3968 + b"\x03" * 64)]
    three_ways(lambda: connected(4096), data, expected, text("a"), [(TEXT, "a")])


def test_the_handshake_byte_by_byte_and_with_frames_behind_it():
    three_ways(client, ANSWER, [(OPEN, None)], text("first"), [(TEXT, "first")])


def test_subprotocol_is_told():
    answer = ANSWER[:-2] + b"Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n"
    three_ways(lambda: client(1000, ("ocpp1.6",)), answer, [(OPEN, "ocpp1.6")])
    three_ways(client, answer, [(REFUSED, 101, "subprotocol not offered")])


def test_refusals_are_final_and_told_with_the_status():
    for answer, event in (
        (b"HTTP/1.1 401 Unauthorized\r\nX: y\r\n\r\n", (REFUSED, 401, "Unauthorized")),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", (REFUSED, 404, "Not Found")),
        (b"HTTP/1.1 302 F\r\nLocation: wss://b/\r\n\r\n", (REFUSED, 302, "wss://b/")),
        (b"ICY 200 OK\r\n\r\n", (REFUSED, 0, "not HTTP/1.1")),
        (b"x" * 4097, (REFUSED, 0, "head too long")),
    ):
        three_ways(client, answer, [event], b"<html>" * 9)
        one = client()
        assert hear(one, [answer]) == [event] and one.state == CLOSED
        assert hear(one, [b""]) == []


def test_end_of_stream_without_close_is_1006():
    for make, data, before in (
        (client, b"", []),
        (client, ANSWER[:30], []),
        (connected, b"", []),
        (connected, text("a")[:2], []),
        (connected, text("a") + text("b", False), [(TEXT, "a")]),
    ):
        said = hear(make(), [data, b""] if data else [b""])
        assert said[:-1] == before and said[-1][:2] == (CLOSED, 1006) and said[-1][2], said


def test_end_of_stream_is_told_after_what_came_before_it():
    one = connected()
    one.feed(text("a") + close(code(1000)))
    one.feed(b"")
    assert hear(one, [b""]) == [(TEXT, "a")] + closed(1000)


def test_our_close_waits_for_theirs():
    one = connected()
    assert one.close(3001, "bye") == sent(wire.CLOSE, code(3001, b"bye"))
    assert one.state == CLOSING
    # What was under way still arrives; RFC 6455 §5.5.2: a ping is answered until they close
    said = hear(one, [text("late") + ping(b"!")])
    assert said == [(TEXT, "late"), reply(wire.PONG, b"!")]
    assert one.close() == b""
    assert hear(one, [close(code(3001))]) == [(CLOSED, 3001, "")]
    assert one.state == CLOSED and one.close() == b""


def test_one_close_frame_is_enough_even_when_they_fail_after_it():
    one = connected()
    one.close()
    said = hear(one, [b"\xff\xff"])
    assert len(said) == 1 and said[0][:2] == (CLOSED, 1002)


def test_states():
    one = client()
    assert one.state == CONNECTING and one.close() == b"" and one.state == CONNECTING
    hear(one, [ANSWER])
    assert one.state == OPEN
    hear(one, [close()])
    assert one.state == CLOSED


def test_what_we_say():
    one = connected()
    assert one.text("Hé") == sent(wire.TEXT, "Hé".encode())
    assert one.binary(b"\x00\xff") == sent(wire.BINARY, b"\x00\xff")
    assert one.ping() == sent(wire.PING)
    assert one.ping(b"x" * 125) == sent(wire.PING, b"x" * 125)
    assert one.close() == sent(wire.CLOSE, code(1000))


def test_each_frame_has_its_own_mask():
    """RFC 6455 §5.3"""
    drawn = []

    def entropy(n):
        drawn.append(n)
        return bytes([len(drawn)] * n)

    one = Client("csms", "/", KEY, entropy=entropy)
    hear(one, [ANSWER])
    assert one.text("a")[2:6] == b"\1\1\1\1"
    assert one.binary(b"")[2:6] == b"\2\2\2\2"
    assert hear(one, [ping(b"p")]) == [(REPLY, b"\x8a\x81\3\3\3\3" + bytes((0x70 ^ 3,)))]
    assert drawn == [4, 4, 4]


def misuse(function, *arguments):
    try:
        function(*arguments)
    except ValueError:
        return True
    return False


def test_our_own_mistakes_are_value_errors():
    one = connected()
    for number in FORBIDDEN + (-1, 70000):
        assert misuse(one.close, number), number
    assert misuse(one.close, 1000, "x" * 124)
    assert misuse(one.close, 1000, "é" * 62)
    assert misuse(one.ping, b"x" * 126)
    assert misuse(one.text, chr(0xD800))  # JSON can write it, UTF-8 cannot
    assert one.state == OPEN
    for other in (client(), one):
        if other is one:
            one.close()
        assert misuse(other.text, "a")
        assert misuse(other.binary, b"a")
        assert misuse(other.ping)


def random_stream():
    data = b""
    for _ in range(6):
        _, part, expected = random.choice(CASES)
        # mostly good ones, or no stream would come to its end
        if expected[-1][0] not in (CLOSED, "failed") or not random.getrandbits(3):
            data += part
    return data


def test_any_split_of_any_stream_gives_the_same_events():
    """Good streams, mutated ones, noise, from the handshake on: no raise, and always an end."""
    random.seed(1516)
    ends = {}
    for turn in range(240):
        data = ANSWER + random_stream()
        if turn % 4 == 1:
            noisy = bytearray(data)
            at = random.randrange(len(noisy) if turn % 8 == 1 else len(ANSWER))
            noisy[at] ^= 1 << random.getrandbits(3)
            data = bytes(noisy)
        elif turn % 4 == 2:
            data = ANSWER + bytes([random.getrandbits(8) for _ in range(80)])
        elif turn % 4 == 3:
            data = data[: random.randrange(len(data))]
        whole = hear(client(), [data, b""])
        assert whole[-1][0] in (CLOSED, REFUSED), data
        ends[whole[-1][1]] = ends.get(whole[-1][1], 0) + 1
        for _ in range(2):
            assert hear(client(), split_at_random(data) + [b""]) == whole, data
    assert len(ends) > 6, ends


def test_what_comes_after_the_end_costs_nothing():
    for ending in (close(code(1000)), b"\xff\xff", b"\x82\x7e\x03\xe9"):
        one = connected()
        hear(one, [ending])
        for _ in range(3):
            assert hear(one, [text("a") * 100, b""]) == []

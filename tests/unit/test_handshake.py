"""firmware.wire.head and firmware.wire.handshake: our request, and every answer to it."""

from firmware.wire import ProtocolError
from firmware.wire.handshake import accept, request, verify
from firmware.wire.head import HeadReader
from tests.wire import bytes_of, hear, three_ways

KEY = b"the sample nonce"  # RFC 6455 §1.3
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

FIELDS = {
    "upgrade": "websocket",
    "connection": "Upgrade",
    "sec-websocket-accept": ACCEPT,
}


def raised(kind, function, *arguments):
    try:
        function(*arguments)
    except kind as error:
        return error
    return None


def test_proof_of_the_server_is_that_of_the_rfc():
    assert accept(KEY) == ACCEPT


def test_smallest_request():
    assert request("csms.example", "/ocpp", KEY) == (
        b"GET /ocpp HTTP/1.1\r\nHost: csms.example\r\n"
        b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )


def test_request_with_everything():
    text = request(
        "csms:9000", "/a?b", KEY, ("ocpp2.0.1", "ocpp1.6"), "Basic QTpC", (("X-Serial", "7"),)
    )
    lines = text.split(b"\r\n")
    assert lines[:2] == [b"GET /a?b HTTP/1.1", b"Host: csms:9000"]
    assert lines[-5:] == [
        b"Sec-WebSocket-Protocol: ocpp2.0.1, ocpp1.6",
        b"Authorization: Basic QTpC",
        b"X-Serial: 7",
        b"",
        b"",
    ]


def test_a_setting_cannot_smuggle_a_line_into_the_request():
    for arguments in (
        ("csms\r\nX: y", "/", KEY),
        ("csms", "/\nX", KEY),
        ("csms", "/a HTTP/1.1", KEY),
        ("csms", "ocpp", KEY),
        ("csms", "", KEY),
        ("csms", "/", KEY, ("ocpp1.6\r\n",)),
        ("csms", "/", KEY, (), "Basic \r"),
        ("csms", "/", KEY, (), None, (("X", "y\nZ: w"),)),
        ("csms", "/", KEY[:15]),
    ):
        assert raised(ValueError, request, *arguments), arguments


def test_head_of_a_response():
    head = (
        b"HTTP/1.1 101 Switching Protocols\r\nUPGRADE: WebSocket\r\nX-Empty:\r\n"
        b"Connection:keep-alive, Upgrade \r\nconnection: x\r\n\r\n"
    )
    fields = {"upgrade": "WebSocket", "x-empty": "", "connection": "keep-alive, Upgrade, x"}
    three_ways(HeadReader, head, [(101, "Switching Protocols", fields)])
    three_ways(HeadReader, b"HTTP/1.1 204 \r\n\r\n", [(204, "", {})])
    three_ways(HeadReader, b"HTTP/1.1 204\r\n\r\n", [(204, "", {})])
    three_ways(HeadReader, b"HTTP/1.0 401 Non autoris\xe9\r\n\r\n", [(401, "Non autoris?", {})])


def test_what_follows_the_head_is_kept():
    reader = HeadReader()
    assert hear(reader, [b"HTTP/1.1 101 X\r\n\r\n\x81\x05He"]) == [(101, "X", {})]
    assert reader.rest == b"\x81\x05He"


def test_what_is_no_head_is_refused_with_the_status_if_there_was_one():
    for head, code in (
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 0),
        (b"\r\n\r\n", 0),
        (b"HTTP/2 200 OK\r\n\r\n", 0),
        (b"HTTP/1.1\r\n\r\n", 0),
        (b"HTTP/1.1 10 X\r\n\r\n", 0),
        (b"HTTP/1.1 1O1 X\r\n\r\n", 0),
        (b"HTTP/1.1 1011 X\r\n\r\n", 0),
        (b"HTTP/1.1 101 X\r\nno colon\r\n\r\n", 101),
        (b"HTTP/1.1 403 X\r\n: no name\r\n\r\n", 403),
        (b"HTTP/1.1 101 X\r\nUpgrade : websocket\r\n\r\n", 101),
        (b"HTTP/1.1 101 X\r\nUpgrade: a\r\n folded: b\r\n\r\n", 101),
    ):
        for pieces in ([head], bytes_of(head)):
            last = hear(HeadReader(), pieces)[-1]
            assert last[0] == code and len(last) == 2, (head, last)


def test_head_may_fill_the_limit_and_not_a_byte_more():
    for size, expected in ((256, [(200, "x" * 239, {})]), (257, [(0, "head too long")])):
        head = b"HTTP/1.1 200 " + b"x" * (size - 17) + b"\r\n\r\n"
        assert len(head) == size
        assert hear(HeadReader(256), [head]) == expected
        last = hear(HeadReader(256), [head[:-1], head[-1:]])
        assert last == expected, last
    # without an end in sight, whatever it says
    assert hear(HeadReader(256), [b"x" * 300])[-1][0] == 0


def test_an_answer_that_accepts():
    assert verify(101, "", FIELDS, KEY) is None
    assert verify(101, "", FIELDS, KEY, ("ocpp1.6",)) is None  # ours to judge, not the RFC's
    for name, value in (
        ("upgrade", "WebSocket"),
        ("connection", "keep-alive, UPGRADE"),
        ("sec-websocket-extensions", ""),
    ):
        fields = dict(FIELDS)
        fields[name] = value
        assert verify(101, "", fields, KEY) is None
    chosen = dict(FIELDS)
    chosen["sec-websocket-protocol"] = "ocpp1.6"
    assert verify(101, "", chosen, KEY, ("ocpp2.0.1", "ocpp1.6")) == "ocpp1.6"


def test_each_duty_of_the_client_refuses_alone():
    """RFC 6455 §4.1, the list of what the client MUST validate"""
    for name, value in (
        ("upgrade", None),
        ("upgrade", "h2c"),
        ("connection", None),
        ("connection", "close"),
        ("connection", "not-upgrade"),
        ("sec-websocket-accept", None),
        ("sec-websocket-accept", "S3PPLMBiTxaQ9kYGzzhZRbK+xOo="),
        ("sec-websocket-accept", ACCEPT + ", " + ACCEPT),
        ("sec-websocket-extensions", "permessage-deflate"),
        ("sec-websocket-protocol", "ocpp2.0.1"),
        ("sec-websocket-protocol", "OCPP1.6"),
        ("sec-websocket-protocol", "ocpp1.6, ocpp1.6"),
        ("sec-websocket-protocol", ""),
    ):
        fields = dict(FIELDS)
        if value is None:
            del fields[name]
        else:
            fields[name] = value
        error = raised(ProtocolError, verify, 101, "", fields, KEY, ("ocpp1.6",))
        assert error and error.code == 101, (name, value)


def test_another_status_is_told_and_a_redirect_tells_where():
    for status, reason, fields, told in (
        (200, "OK", FIELDS, "OK"),
        (401, "Unauthorized", {}, "Unauthorized"),
        (404, "Not Found", {"location": "elsewhere"}, "Not Found"),
        (301, "Moved", {"location": "wss://b/"}, "wss://b/"),
        (302, "Found", {}, "Found"),
    ):
        error = raised(ProtocolError, verify, status, reason, fields, KEY)
        assert (error.code, error.reason) == (status, told)

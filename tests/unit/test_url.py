"""firmware.wire.url"""

from firmware.wire.url import authority, parse, percent_encode

GOOD = (
    ("ws://csms.example", (False, "csms.example", 80, "/")),
    ("wss://csms.example", (True, "csms.example", 443, "/")),
    ("WSS://csms.example/ocpp/CP1", (True, "csms.example", 443, "/ocpp/CP1")),
    ("ws://10.0.0.1:9000/a/b?c=d&e", (False, "10.0.0.1", 9000, "/a/b?c=d&e")),
    ("ws://host?token=1/2", (False, "host", 80, "/?token=1/2")),
    ("ws://host:/x", (False, "host", 80, "/x")),  # RFC 3986 §6.2.3
    ("ws://host:65535", (False, "host", 65535, "/")),
    ("ws://[2001:db8::1]:9000/x", (False, "2001:db8::1", 9000, "/x")),
    ("wss://[::1]", (True, "::1", 443, "/")),
    ("ws://host/a:b@c", (False, "host", 80, "/a:b@c")),
)

BAD = (
    "",
    "csms.example",
    "ws:/host/",
    "http://host/",
    "ftp://host/",
    "ws://",
    "ws:///path",
    "ws://:9000",
    "ws://host:0",
    "ws://host:65536",
    "ws://host:-1",
    "ws://host:80a",
    "ws://host:1:2",
    "ws://user:secret@host/",
    "ws://host/#part",
    "ws://host/a b",
    "ws://host/\r\nX: y",
    "ws://host/ü",
    "ws://[::1",
    "ws://[::1]9000",
    "ws://[]:9000",
)


def raises(function, *arguments):
    try:
        function(*arguments)
    except ValueError:
        return True
    return False


def test_parts_of_a_url():
    for url, parts in GOOD:
        assert parse(url) == parts, (url, parse(url))


def test_what_is_no_websocket_url_is_refused():
    for url in BAD:
        assert raises(parse, url), url


def test_other_schemes_are_asked_for_by_name():
    assert parse("https://host/f.bin", "http", "https") == (True, "host", 443, "/f.bin")
    assert parse("http://host:8080/f", "http", "https") == (False, "host", 8080, "/f")
    assert raises(parse, "wss://host/", "http", "https")


def test_host_header_names_the_port_only_when_it_is_not_the_default():
    """RFC 6455 §4.1"""
    assert authority(False, "host", 80) == "host"
    assert authority(True, "host", 443) == "host"
    assert authority(False, "host", 443) == "host:443"
    assert authority(True, "host", 9000) == "host:9000"
    assert authority(True, "::1", 443) == "[::1]"
    assert authority(False, "::1", 9000) == "[::1]:9000"


def test_identity_in_a_path_is_percent_encoded():
    """OCPP-J 1.6 §3.1.1, its two examples, and what is not ASCII"""
    assert percent_encode("CP001") == "CP001"
    assert percent_encode("RDAM 123") == "RDAM%20123"
    assert percent_encode("a-b._~/?#%") == "a-b._~%2F%3F%23%25"
    assert percent_encode("ü€") == "%C3%BC%E2%82%AC"

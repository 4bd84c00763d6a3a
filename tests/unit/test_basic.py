from firmware.wire import basic


def test_the_example_of_the_specification():
    """OCPP-J 1.6 6.2.2: identity AL1000, key 0001020304050607 and twelve FF bytes."""
    key = basic.secret("0001020304050607" + "FF" * 12)
    header = basic.authorization("AL1000", key)
    assert header == "Basic QUwxMDAwOgABAgMEBQYH////////////////"


def test_a_plain_key_is_taken_as_text():
    """RFC 7617 section 2: Aladdin's open sesame."""
    key = basic.secret("open sesame")
    assert basic.authorization("Aladdin", key) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_a_long_key_that_is_no_hex_is_text():
    for key in ("g" * 32, "a" * 33, "a" * 31, " " * 32, "5a" * 16 + "  ", "0x" * 16):
        assert basic.secret(key) == key.encode()
    assert basic.secret("aB" * 16) == b"\xab" * 16


def test_without_a_key_there_is_no_header():
    assert basic.authorization("CP", b"") is None

"""firmware.crypto.name, instant and algorithm: the parts a certificate is made of"""

from firmware.crypto import algorithm, instant, name
from firmware.crypto.der import Reader, encode, encode_bits, encode_integer
from tests.unit.certificate_forge import ECDSA, PUBLIC, RSA, SHA256, refusal, rsa_key

PSS = RSA + b"\x0a"
MGF1 = encode(0x30, encode(0x06, RSA + b"\x08"), SHA256)
SHA384 = encode(0x30, encode(0x06, b"\x60\x86\x48\x01\x65\x03\x04\x02\x02"), encode(5))
N = (1 << 2047) + 1
TEXT = encode(0x0C, b"x")
UTC, GENERALIZED = 0x17, 0x18


def attribute(last, kind, value):
    return encode(
        0x31, encode(0x30, encode(0x06, b"\x55\x04" + bytes((last,))), encode(kind, value))
    )


def one(kind, value):
    return name.texts(encode(0x30, attribute(3, kind, value)))["CN"]


def test_texts_of_a_name():
    said = [
        attribute(last, 0x0C, text.encode())
        for last, text in ((6, "NL"), (10, "Org"), (11, "Unit"))
    ]
    said += [attribute(5, 0x13, b"0001"), attribute(7, 0x0C, b"Town"), attribute(3, 0x0C, b"CP")]
    assert name.texts(encode(0x30, *said)) == {
        "C": "NL",
        "O": "Org",
        "OU": "Unit",
        "serialNumber": "0001",
        "CN": "CP",
    }
    assert name.texts(encode(0x30)) == {}
    both = encode(0x30, attribute(3, 0x0C, b"first"), attribute(3, 0x0C, b"last"))
    assert name.texts(both) == {"CN": "last"}
    assert name.texts(name.encode("Org", "CP \u00fc")) == {"O": "Org", "CN": "CP \u00fc"}


def test_string_types():
    assert one(0x0C, "\u00fc\u20ac".encode()) == "\u00fc\u20ac"
    for kind in (0x12, 0x13, 0x16, 0x1A, 0x14):
        assert one(kind, b"a 0~") == "a 0~"
    assert one(0x14, b"\xfc") == "\u00fc" and one(0x1E, b"\x00a\x20\xac") == "a\u20ac"
    assert one(0x1C, b"\x00\x00\x00a") == "a"
    for kind, bad in (
        (0x0C, b"\xff"),
        (0x0C, b"\xc1\x81"),  # overlong
        (0x0C, b"\xed\xa0\x80"),  # a surrogate
        (0x13, b"\xfc"),
        (0x1E, b"a"),
        (0x1E, b"\xd8\x00"),
        (0x1C, b"\x00\x11\x00\x00"),
        (0x04, b"a"),
    ):
        assert refusal(one, kind, bad), (kind, bad)


def test_the_length_of_a_text_is_bounded():
    assert one(0x13, b"a" * 256) and one(0x1C, b"\x00\x00\x00a" * 64)
    for kind in (0x0C, 0x13, 0x14):
        assert refusal(one, kind, b"a" * 257) == "name: text too long"
    other = attribute(7, 0x0C, b"a" * 4000)  # a locality: nobody reads it
    assert name.texts(encode(0x30, other)) == {}


def test_no_control_character_ends_a_name_early():
    for kind, bad in (
        (0x0C, b"a\x00b"),
        (0x0C, b"\x7f"),
        (0x13, b"a\x7f"),
        (0x14, b"\n"),
        (0x1E, b"\x00\x1f"),
    ):
        assert refusal(one, kind, bad), bad


def test_shape_of_a_name():
    for bad in (
        encode(0x30, encode(0x31)),
        encode(0x30, encode(0x30)),
        encode(0x30, *[attribute(3, 0x0C, b"x")] * 33),
        encode(0x30, attribute(3, 0x0C, b"x")) + b"\x00",
        encode(0x30, encode(0x31, encode(0x30, encode(6, b"\x55\x04\x03")))),
        attribute(3, 0x0C, b"x").replace(b"x", b"x\x05\x00"),
        encode(0x30, encode(0x31, encode(0x30, encode(6, b"\x55\x04\x03"), TEXT, TEXT))),
    ):
        assert refusal(name.texts, bad), bad
    for bad in ("", "x" * 65):
        assert refusal(name.encode, "Org", bad) and refusal(name.encode, bad, "CP")


def at(kind, text):
    reader = Reader(encode(kind, text))
    return instant.read(reader)


def test_time():
    """RFC 5280 §4.1.2.5."""
    for kind, text, seconds in (
        (UTC, b"700101000000Z", 0),
        (UTC, b"500101000000Z", -631152000),
        (UTC, b"491231235959Z", 2524607999),
        (GENERALIZED, b"20500101000000Z", 2524608000),
        (GENERALIZED, b"20240229120000Z", 1709208000),
        (GENERALIZED, b"20000301000000Z", 951868800),
        (GENERALIZED, b"99991231235959Z", 253402300799),
    ):
        assert at(kind, text) == seconds, text


def test_what_is_no_time():
    for kind, text in (
        (UTC, b""),
        (UTC, b"7001010000Z"),
        (UTC, b"700101000000"),
        (UTC, b"700101000000+0000"),
        (UTC, b"70010100000 Z"),
        (UTC, b"700101000000z"),
        (UTC, b"701301000000Z"),
        (UTC, b"700001000000Z"),
        (UTC, b"700100000000Z"),
        (UTC, b"700132000000Z"),
        (UTC, b"230229000000Z"),
        (GENERALIZED, b"21000229000000Z"),
        (UTC, b"700431000000Z"),
        (UTC, b"700101240000Z"),
        (UTC, b"700101006000Z"),
        (UTC, b"700101000060Z"),
        (GENERALIZED, b"20240101000000.5Z"),
        (0x16, b"700101000000Z"),
    ):
        assert refusal(at, kind, text), text


def pss(*params):
    return algorithm.signature(encode(0x30, encode(6, PSS), *params))


def test_signatures_of_ours():
    assert algorithm.signature(ECDSA) == ("ecdsa-with-SHA256", None)
    pkcs1 = encode(6, RSA + b"\x0b")
    for good in (encode(0x30, pkcs1), encode(0x30, pkcs1, encode(5))):
        assert algorithm.signature(good) == ("sha256WithRSA", None)
    for bad in (
        encode(0x30, pkcs1, encode(4)),
        encode(0x30, pkcs1, encode(5, b"x")),
        encode(0x30, pkcs1, encode(5), encode(5)),
        encode(0x30, encode(6, b"\x2a\x86\x48\xce\x3d\x04\x03\x02"), encode(5)),
    ):
        assert refusal(algorithm.signature, bad), bad


def test_pss_is_all_sha256():
    """RFC 4055 §3.1: what is absent is SHA-1, a salt of 20 bytes, trailer 1."""
    digest, mask, salt = encode(0xA0, SHA256), encode(0xA1, MGF1), encode(0xA2, encode_integer(32))
    trailer = encode(0xA3, encode_integer(1))
    other = encode(0xA1, encode(0x30, encode(6, RSA + b"\x08"), SHA384))
    no_mask = encode(0xA1, encode(0x30, encode(6, RSA + b"\x09"), SHA256))
    assert pss(encode(0x30, digest, mask, salt)) == ("RSASSA-PSS", 32)
    assert pss(encode(0x30, digest, mask, salt, trailer)) == ("RSASSA-PSS", 32)
    assert pss(encode(0x30, digest, mask)) == ("RSASSA-PSS", 20)
    for params in (
        (),
        (encode(0x30),),
        (encode(0x30, digest),),
        (encode(0x30, digest, salt),),
        (encode(0x30, mask, salt),),
        (encode(0x30, encode(0xA0, SHA384), mask, salt),),
        (encode(0x30, digest, other, salt),),
        (encode(0x30, digest, no_mask, salt),),
        (encode(0x30, digest, mask, encode(0xA2, encode_integer(479))),),
        (encode(0x30, digest, mask, salt, encode(0xA3, encode_integer(2))),),
    ):
        said = pss(*params)
        assert said == ("RSASSA-PSS without SHA-256", None), params
        assert algorithm.signature_fault(said[0])
    for bad in (
        encode(0x30, digest, mask, salt, b"\x05\x00"),
        encode(0x30, encode(0xA0, SHA256, SHA256), mask),
        encode(0x30, digest, encode(0xA1, MGF1, MGF1)),
    ):
        assert refusal(pss, bad), bad


def test_others_are_refused_by_name():
    for oid, said in (
        (RSA + b"\x04", "md5WithRSA"),
        (RSA + b"\x05", "sha1WithRSA"),
        (b"\x2a\x86\x48\xce\x3d\x04\x01", "ecdsa-with-SHA1"),
        (b"\x55\x1d", "2.5.29"),
    ):
        assert algorithm.signature(encode(0x30, encode(6, oid))) == (said, None)
        assert algorithm.signature_fault(said) == "signature " + said
    for strong in ("ecdsa-with-SHA256", "sha256WithRSA", "RSASSA-PSS", "sha384WithRSA"):
        assert algorithm.signature_fault(strong) == ""


def ec(curve, point):
    oids = encode(0x30, encode(6, b"\x2a\x86\x48\xce\x3d\x02\x01"), curve)
    return algorithm.public_key(encode(0x30, oids, encode_bits(point)))[0]


def test_keys():
    p256 = encode(6, b"\x2a\x86\x48\xce\x3d\x03\x01\x07")
    assert ec(p256, PUBLIC) == ("EC", PUBLIC)
    assert algorithm.public_key(algorithm.encode_p256(PUBLIC)) == (("EC", PUBLIC), PUBLIC)
    assert ec(encode(6, b"\x2b\x81\x04\x00\x22"), b"") == ("P-384",)
    assert ec(p256, b"\x02" + bytes(32)) == ("P-256, not as an uncompressed point",)
    assert ec(p256, b"\x02" + bytes(64)) == ("P-256, not as an uncompressed point",)
    assert ec(encode(0x30), PUBLIC) == ("EC with its own parameters",)
    assert ec(b"", PUBLIC) == ("EC with its own parameters",)
    assert algorithm.public_key(rsa_key(N, 65537))[0] == ("RSA", N, 65537)
    assert refusal(ec, p256 + p256, PUBLIC)
    assert refusal(algorithm.public_key, rsa_key(N, 3) + b"\x00")


def test_how_strong_a_key_must_be():
    """A00.FR.502: RSA at least 2048 bits; A00.FR.503: elliptic curves at least 224."""
    for good in (("EC", PUBLIC), ("RSA", N, 65537), ("P-384",), ("RSA", (1 << 4095) + 1, 65537)):
        assert algorithm.key_fault(good) == "", good[0]
    for key, said in (
        (("RSA", (1 << 1023) + 1, 65537), "RSA key of 1024 bits"),
        (("RSA", (1 << 2046) + 1, 65537), "RSA key of 2047 bits"),
        (("RSA", (1 << 4096) + 1, 65537), "RSA key of 4097 bits"),
        (("RSA", N + 1, 65537), "RSA key that is even"),
        (("RSA", N, 65538), "RSA key that is even"),
        (("RSA", N, 65535), "RSA exponent"),
        (("RSA", N, (1 << 33) + 1), "RSA exponent"),
        (("P-192",), "key P-192"),
        (("DSA",), "key DSA"),
    ):
        assert algorithm.key_fault(key) == said

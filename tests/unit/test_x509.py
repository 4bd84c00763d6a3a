"""firmware.crypto.x509 and extension: fields of certificates, right and wrong ones"""

from binascii import unhexlify

from firmware.crypto import pem
from firmware.crypto.der import encode, encode_integer, whole
from firmware.crypto.x509 import Certificate, from_pem
from tests.unit import certificate_rig as rig
from tests.unit.certificate_forge import (
    AUTHORITY,
    CLIENT_AUTH,
    CODE_SIGNING,
    DIGITAL_SIGNATURE,
    ECDSA,
    PUBLIC,
    ca,
    extension,
    forged,
    parsed,
    purposes,
    refusal,
    usage,
)

POINT = (
    "04b179e7391919ef7f6660707bf303be992c53d2accbf0371d3fce92caf064d0a3"
    "0b4f158b2417618fe2c78105b1284e09ff439aee54c4abcd1bc18c3371f26129"
)
PATH_LEN_0 = ca(0)
DNS = encode(0x82, b"csms.example")
OTHER = encode(0xA4, encode(0x30))  # a directoryName


def refused(**fields):
    return refusal(lambda: parsed(**fields))


def test_fields_of_a_leaf():
    leaf = from_pem(rig.LEAF)[0]
    assert leaf.version == 3 and leaf.serial == 0x80AABB01020304050607
    assert leaf.signature_name == "ecdsa-with-SHA256" and leaf.salt_len is None
    assert leaf.subject_texts == {"C": "NL", "O": "Example CPO", "CN": "CP-0001"}
    assert leaf.issuer_texts == {"C": "NL", "O": "Example CPO", "CN": "Sub"}
    assert leaf.not_before == 1767225600 and leaf.not_after == 2398377600
    assert leaf.public_key == ("EC", unhexlify(POINT)) and leaf.key_bits == unhexlify(POINT)
    assert leaf.extensions.key_usage == 1 and leaf.extensions.purposes == [CLIENT_AUTH]
    assert not leaf.extensions.is_ca and not leaf.is_self_issued()
    assert pem.encode(leaf.der) == rig.LEAF
    assert len(leaf.tbs) < len(leaf.der) - len(leaf.signature)


def test_fields_of_authorities():
    root, sub, maker, signer = from_pem(rig.ROOT + rig.SUB + rig.MAKER + rig.SIGNER_PSS)
    assert root.is_self_issued() and root.not_after == 2556144000  # a GeneralizedTime
    assert root.extensions.is_ca and root.extensions.path_len == 1
    assert root.extensions.key_usage == 0x60 and root.extensions.purposes is None
    assert sub.issuer == root.subject and sub.extensions.path_len == 0
    assert len(root.extensions.subject_key_id) == 20
    assert sub.extensions.authority_key_id == root.extensions.subject_key_id
    assert maker.public_key[0] == "RSA" and maker.public_key[2] == 65537
    assert maker.public_key[1] >> 2047 == 1 and maker.extensions.path_len is None
    assert maker.signature_name == "sha256WithRSA" and len(maker.signature) == 256
    assert (signer.signature_name, signer.salt_len) == ("RSASSA-PSS", 32)
    assert signer.extensions.purposes == [CODE_SIGNING]


def test_older_versions_have_no_extensions():
    """RFC 5280 §4.1.2.1, and unique ids (§4.1.2.8) only from version 2 on."""
    ids = encode(0x81, b"\x00a") + encode(0x82, b"\x00b")
    version_2 = b"\xa0\x03\x02\x01\x01"
    assert parsed(version=b"", extensions=()).version == 1
    assert parsed(version=version_2, extensions=ids).version == 2
    assert parsed(extensions=ids).version == 3
    wrapped = encode(0xA3, encode(0x30, DIGITAL_SIGNATURE))
    for bad in (
        {"version": b"", "extensions": AUTHORITY},
        {"version": version_2, "extensions": AUTHORITY},
        {"version": b"", "extensions": ids},
        {"version": b"\xa0\x03\x02\x01\x00"},
        {"version": b"\xa0\x03\x02\x01\x03"},
        {"extensions": wrapped + wrapped},
        {"extensions": encode(0xA3, encode(0x30, usage(DIGITAL_SIGNATURE)) + b"\x05\x00")},
        {"extensions": encode(0xA3, encode(0x30))},
    ):
        assert refused(**bad), bad


def test_the_serial_number_has_at_most_20_bytes():
    """RFC 5280 §4.1.2.2."""
    for serial in (0, 1, 0x80, (1 << 160) - 1):
        assert parsed(serial=encode_integer(serial)).serial == serial
    assert refused(serial=encode_integer(1 << 160)) == "serial number too long"
    assert refused(serial=b"\x02\x01\x80") == "DER: negative integer"


def test_the_signature_algorithm_is_named_twice_alike():
    """RFC 5280 §4.1.1.2."""
    sha1 = encode(0x30, encode(0x06, b"\x2a\x86\x48\xce\x3d\x04\x01"))
    assert refused(inner=sha1) == "two signature algorithms"
    assert refused(outer=sha1) == "two signature algorithms"
    assert parsed(inner=sha1, outer=sha1).signature_name == "ecdsa-with-SHA1"


def test_nothing_before_or_after():
    good = forged()
    assert Certificate(good).der == good
    assert refusal(Certificate, good + b"\x00") and refusal(Certificate, good[1:])
    parts = whole(good)
    parts = [bytes(parts.raw(tag)) for tag in (0x30, 0x30, 3)]
    assert encode(0x30, *parts) == good
    assert refusal(Certificate, encode(0x30, *parts, b"\x05\x00"))
    for end in range(0, len(good), 7):
        assert refusal(Certificate, good[:end]), end
    assert refused(extensions=encode(0x05)) and refused(inner=ECDSA + ECDSA)
    assert refused(signature=bytes(8192)).startswith("certificate of 8")


def test_a_critical_extension_that_is_unknown_is_refused():
    """RFC 5280 §4.2: MUST reject."""
    assert parsed(extensions=(extension(99, b"x"),))
    assert refused(extensions=(extension(99, b"x", True),)) == "extension 2.5.29.99 not understood"
    assert parsed(extensions=(extension(32, b"x", True),))  # any policy will do
    assert "2.5.29.30" in refused(extensions=(extension(30, b"x"),))  # nameConstraints


def test_an_extension_stands_once():
    assert "twice" in refused(extensions=(usage(DIGITAL_SIGNATURE), usage(DIGITAL_SIGNATURE)))
    assert parsed(extensions=tuple([extension(100 - n, b"") for n in range(32)]))
    assert "too many" in refused(extensions=tuple([extension(100 - n, b"") for n in range(33)]))


def test_basic_constraints():
    """RFC 5280 §4.2.1.9. Many write the default FALSE although DER forbids it."""
    assert parsed(extensions=(ca(),)).extensions.is_ca
    assert parsed(extensions=(ca(3),)).extensions.path_len == 3
    assert not parsed(extensions=(ca(None, b"\x00"),)).extensions.is_ca
    assert not parsed(extensions=(extension(19, b"\x30\x00"),)).extensions.is_ca
    assert refused(extensions=(ca(0, b"\x00"),)) == "path length without CA"
    assert refused(extensions=(ca(None, b"\x01"),)) == "DER: bad boolean"
    for bad in (b"", b"\x30\x00\x00", b"\x30\x02\x05\x00", b"\x30\x06\x01\x01\xff\x02\x01\xff"):
        assert refused(extensions=(extension(19, bad),)), bad


def test_what_a_key_is_for():
    assert parsed().extensions.key_usage is None and parsed().extensions.purposes is None
    assert parsed(extensions=(usage(b"\x03\x02\x05\xa0"),)).extensions.key_usage == 5
    assert parsed(extensions=(purposes(b"\x2a"),)).extensions.purposes == [b"\x2a"]
    for bad in (usage(b"\x03\x01"), usage(b"\x03\x02\x05\xa0\x00"), purposes()):
        assert refused(extensions=(bad,)), bad
    assert refused(extensions=(purposes(*[b"\x2a"] * 65),))


def test_other_names():
    """RFC 5280 §4.2.1.6."""
    address = encode(0x87, b"\x0a\x00\x00\x01")
    said = encode(0x30, DNS, OTHER, address, encode(0x87, bytes(16)))
    read = parsed(extensions=(extension(17, said),)).extensions
    assert read.dns_names == ["csms.example"]
    assert read.addresses == [b"\x0a\x00\x00\x01", bytes(16)]
    for bad in (
        encode(0x30),
        encode(0x30, encode(0x82, b"csms.example\x00.evil")),
        encode(0x30, encode(0x82, b"\xc3\xbc.example")),
        encode(0x30, encode(0x82, b"a" * 257)),
        encode(0x30, encode(0x87, b"abc")),
        encode(0x30, DNS) + b"\x00",
        encode(0x30, *[DNS] * 65),
    ):
        assert refused(extensions=(extension(17, bad),)), bad


def test_key_identifiers():
    read = parsed(
        extensions=(
            extension(14, encode(0x04, b"subject")),
            extension(35, encode(0x30, encode(0x80, b"issuer"), encode(0x82, b"\x05"))),
        )
    ).extensions
    assert (read.subject_key_id, read.authority_key_id) == (b"subject", b"issuer")
    assert parsed(extensions=(extension(35, b"\x30\x00"),)).extensions.authority_key_id == b""
    assert refused(extensions=(extension(14, b"\x04\x01ab"),))
    assert refused(extensions=(extension(35, b"\x30\x02\x80\x01"),))


def test_a_key_of_another_certificate_is_no_key():
    assert parsed().public_key == ("EC", PUBLIC)
    assert refused(key=b"\x30\x00") and refused(key=PATH_LEN_0)


def test_mutants_are_refused_with_a_reason_and_nothing_else():
    """On this interpreter too; the host tests do it at length."""
    state, taken = 1, 0
    for good in from_pem(rig.ROOT + rig.LEAF + rig.MAKER + rig.SIGNER_PSS):
        for _ in range(250):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            data = bytearray(good.der)
            data[state % len(data)] ^= 1 << state // 4096 % 8
            if state & 0x100000:
                data[state // 64 % len(data)] = state >> 12 & 0xFF
            why = refusal(Certificate, data)
            taken += why is None
            assert why != "", data
    assert 100 < taken < 900, taken

"""firmware.crypto.csr and ec_key: the request, its answer, and the key as it is kept"""

import hashlib

from firmware.crypto import algorithm, csr, ec_key, name, pem, run, signature
from firmware.crypto.der import Reader, encode, whole
from firmware.crypto.x509 import from_pem
from tests.unit import certificate_rig as rig
from tests.unit.certificate_forge import KEYS, PUBLIC, entropy, parsed, refusal

PRIVATE = KEYS[0][0]


def request(serial_number="CP-0001", organization="Example CPO"):
    return run(csr.request(PRIVATE, PUBLIC, serial_number, organization, entropy))


def test_the_request():
    """RFC 2986 §4; A02.FR.13: O is CpoName; A00.FR.511: CN is the serial number."""
    text = request()
    assert len(text) <= csr.MOST_CHARACTERS
    outer = whole(pem.decode(text, pem.CERTIFICATE_REQUEST)[0])
    info = outer.raw(0x30)
    how = algorithm.signature(outer.raw(0x30))
    assert how == ("ecdsa-with-SHA256", None)
    signed = outer.take(3)[1:]
    outer.end()
    digest = hashlib.sha256(info).digest()
    assert run(signature.verify(("EC", PUBLIC), how[0], None, digest, signed))
    inside = whole(info)
    assert inside.take(2) == b"\x00"
    subject = inside.raw(0x30)
    assert subject == name.encode("Example CPO", "CP-0001")
    assert name.texts(subject) == {"O": "Example CPO", "CN": "CP-0001"}
    assert algorithm.public_key(inside.raw(0x30))[0] == ("EC", PUBLIC)
    assert len(inside.take(0xA0))
    inside.end()


def test_the_longest_names_still_fit():
    text = request("\u20ac" * 64, "\u20ac" * 64)
    assert len(text) < 1500


def test_names_no_certificate_may_carry():
    """A00.FR.511: not in the format of a URL or an IP address."""
    for bad in ("", "x" * 65, "wss://csms/CP", "a/b", "10.0.0.1", "2001:db8::1"):
        assert refusal(request, bad), bad
    for bad in ("", "x" * 65):
        assert refusal(request, "CP", bad), bad
    for good in ("CP-1.2.3", "1.2.3", "1.2.3.x", "\u00fc"):
        assert request(good)


def test_the_answer():
    """A02.FR.06."""
    leaf = from_pem(rig.LEAF)[0]
    public = leaf.public_key[1]
    assert csr.mismatch(leaf, public, "CP-0001", "Example CPO") == ""
    assert csr.mismatch(leaf, PUBLIC, "CP-0001", "Example CPO") == "another key"
    assert csr.mismatch(leaf, public, "CP-0002", "Example CPO") == "CN is not the serial number"
    assert csr.mismatch(leaf, public, "CP-0001", "Other CPO") == "O is not CpoName"
    nobody = parsed(subject=encode(0x30))
    assert csr.mismatch(nobody, PUBLIC, "", "") == "CN is not the serial number"
    maker = from_pem(rig.MAKER)[0]
    assert csr.mismatch(maker, PUBLIC, "Firmware Root", "Example Maker") == "another key"


def test_the_private_key_as_it_is_kept():
    """RFC 5915 §3."""
    for private, public in KEYS + [(1, PUBLIC)]:
        kept = ec_key.encode(private, public)
        assert len(kept) == 121 and ec_key.decode(kept) == (private, public)
    kept = ec_key.encode(PRIVATE, PUBLIC)
    assert Reader(kept).enter().take(2) == b"\x01"
    for at in range(len(kept)):
        assert refusal(ec_key.decode, kept[:at]) is not None, at
    assert refusal(ec_key.decode, kept + b"\x00")
    for old, new in (
        (b"\x02\x01\x01", b"\x02\x01\x02"),
        (b"\xce\x3d\x03\x01\x07", b"\xce\x3d\x03\x01\x06"),
    ):
        assert refusal(ec_key.decode, kept.replace(old, new)) == "no P-256 private key"
    short = encode(0x30, b"\x02\x01\x01\x04\x01\x05", kept[39:])
    assert refusal(ec_key.decode, short) == "no P-256 private key"
    assert refusal(ec_key.decode, ec_key.encode(1, PUBLIC[:-1])) == "no P-256 private key"

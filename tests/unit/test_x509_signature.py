"""firmware.crypto.signature: by which key and in which way, on signatures made elsewhere"""

from binascii import unhexlify

from firmware.crypto import run, signature
from firmware.crypto.algorithm import ECDSA, RSA_PKCS1, RSA_PSS
from firmware.crypto.der import encode, encode_integer
from firmware.crypto.x509 import from_pem
from tests.unit import certificate_rig as rig

ROOT, SUB, MAKER, SIGNER = from_pem(rig.ROOT + rig.SUB + rig.MAKER + rig.SIGNER)
PSS = from_pem(rig.SIGNER_PSS)[0]


def digest(certificate):
    return run(signature.digest(certificate.tbs))


def holds(key, certificate, name=None, salt_len=None):
    return run(
        signature.verify(
            key,
            name or certificate.signature_name,
            salt_len or certificate.salt_len,
            digest(certificate),
            certificate.signature,
        )
    )


def test_a_digest_in_pieces():
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert run(signature.digest(b"")) == unhexlify(empty)
    assert len(list(signature.digest(bytes(8192)))) == 4


def test_each_kind():
    assert holds(ROOT.public_key, SUB) and holds(MAKER.public_key, SIGNER)
    assert holds(MAKER.public_key, PSS)
    assert not holds(SUB.public_key, SUB) and not holds(ROOT.public_key, SIGNER)
    assert not holds(MAKER.public_key, SUB) and not holds(ROOT.public_key, ROOT, RSA_PKCS1)


def test_the_name_is_part_of_the_signature():
    assert not holds(MAKER.public_key, SIGNER, RSA_PSS, 32)
    assert not holds(MAKER.public_key, PSS, RSA_PKCS1) and not holds(MAKER.public_key, PSS, ECDSA)
    assert not holds(MAKER.public_key, PSS, RSA_PSS, 20)
    for name in ("sha1WithRSA", "sha384WithRSA", "2.5.29"):
        assert not holds(MAKER.public_key, SIGNER, name) and not holds(ROOT.public_key, SUB, name)


def test_a_weak_key_signs_nothing():
    _, n, _ = MAKER.public_key
    for key in (("RSA", n >> 1024, 65537), ("RSA", n, 1), ("RSA", n, 3), ("P-384",), ("DSA",)):
        assert not holds(key, SIGNER), key
        assert not run(signature.verify_file(key, digest(SIGNER), SIGNER.signature)), key


def test_a_file():
    """L01.FR.04: the way is not said, the key is."""
    for certificate in (SIGNER, PSS):
        key, hashed = MAKER.public_key, digest(certificate)
        assert run(signature.verify_file(key, hashed, certificate.signature))
        assert not run(signature.verify_file(key, digest(SUB), certificate.signature))
        assert not run(signature.verify_file(ROOT.public_key, hashed, certificate.signature))
    assert run(signature.verify_file(ROOT.public_key, digest(SUB), SUB.signature))
    assert not run(signature.verify_file(ROOT.public_key, digest(ROOT), SUB.signature))


def test_bytes_that_are_no_signature():
    one = encode_integer(1)
    good = bytes(SUB.signature)
    more = encode(0x30, good[2:], b"\x05\x00")
    assert encode(0x30, good[2:]) == good
    for garbage in (
        more,
        b"",
        b"\x30",
        bytes(64),
        bytes(256),
        encode(0x30, one),
        encode(0x30, one, one),
        encode(0x30, one, one, one),
        encode(0x30, one, b"\x02\x01\x80"),
        bytes(SUB.signature) + b"\x00",
        bytes(SUB.signature[:-1]),
    ):
        for key in (ROOT.public_key, MAKER.public_key):
            assert not run(signature.verify_file(key, digest(SUB), garbage)), garbage

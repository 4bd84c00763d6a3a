"""Our keys and signatures against the `cryptography` library: theirs here, and ours there."""

import os
import random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.asymmetric import rsa as their_rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from firmware.crypto import nonce, p256, rsa, run
from firmware.crypto.curve import ORDER

P256 = ec.SECP256R1()
SHA256 = hashes.SHA256()
GIVEN = utils.Prehashed(SHA256)
KEYS = 40
# OCPP 1.6 security whitepaper, A00.FR.502: 2048 bits are the least. 8k + 1 bits make the message
# of PSS a byte shorter than n.
BITS = (2048, 2049, 2056, 3071, 3072, 4095, 4096)


def point(key):
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def their_verdict(public, digest, r, s):
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(P256, public)
        key.verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(GIVEN))
    except (InvalidSignature, ValueError):
        return False
    return True


def test_their_key_is_ours():
    """The same private key has the same public one."""
    for _ in range(KEYS):
        key = ec.generate_private_key(P256)
        private = key.private_numbers().private_value
        assert run(p256.public_key(private, os.urandom)) == point(key.public_key())


def test_our_signatures_there():
    """A key and a signature made here are good there, and are the very ones that deterministic
    signing (RFC 6979) gives there."""
    for _ in range(KEYS):
        private, public = run(p256.generate(os.urandom))
        digest = os.urandom(32)
        r, s = run(p256.sign(private, digest, os.urandom))
        assert their_verdict(public, digest, r, s)
        key = ec.derive_private_key(private, P256)
        assert point(key.public_key()) == public
        theirs = key.sign(digest, ec.ECDSA(GIVEN, deterministic_signing=True))
        assert utils.decode_dss_signature(theirs) == (r, s)


def test_their_signatures_here():
    for _ in range(KEYS):
        key, digest = ec.generate_private_key(P256), os.urandom(32)
        public = point(key.public_key())
        r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(GIVEN)))
        assert run(p256.verify(public, digest, r, s))
        assert not run(p256.verify(public, os.urandom(32), r, s))
        assert not run(p256.verify(point(other_key()), digest, r, s))


def other_key():
    return ec.generate_private_key(P256).public_key()


def test_same_verdict_on_extreme_numbers():
    """Digests, keys and signatures of few bits, all bits, and those next to the order."""
    extremes = [1, 2, 3, ORDER - 1, ORDER - 2, ORDER >> 1, 1 << 255, (1 << 128) - 1]
    digests = [0, 1, ORDER - 1, ORDER, ORDER + 1, (1 << 256) - 1]
    dice = random.Random(6979)
    for _ in range(KEYS):
        private = dice.choice(extremes)
        public = run(p256.public_key(private, os.urandom))
        assert public == point(ec.derive_private_key(private, P256).public_key())
        digest = dice.choice(digests).to_bytes(32, "big")
        r, s = run(p256.sign(private, digest, os.urandom))
        cases = [(r, s), (r, ORDER - s), (s, r), (r, s ^ 1)]
        cases += [(dice.choice(extremes), dice.choice(extremes)), (0, s), (r, 0), (ORDER, s)]
        for r, s in cases:
            assert run(p256.verify(public, digest, r, s)) == their_verdict(public, digest, r, s)


def test_same_verdict_on_a_changed_key():
    """One bit of the point: no key at all there, False here."""
    key, digest = ec.generate_private_key(P256), os.urandom(32)
    r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(GIVEN)))
    for bit in range(0, 65 * 8, 5):
        public = bytearray(point(key.public_key()))
        public[bit // 8] ^= 1 << bit % 8
        assert not run(p256.verify(bytes(public), digest, r, s))
        assert not their_verdict(bytes(public), digest, r, s)


def test_nonce_of_another_order():
    """RFC 6979 3.2 step h.3: one that is not below the order is thrown away. Of P-256 nobody has
    seen it; of brainpoolP256r1 every third is."""
    order = 0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7
    curve = ec.BrainpoolP256R1()
    for _ in range(KEYS):
        key, digest = ec.generate_private_key(curve), os.urandom(32)
        private = key.private_numbers().private_value
        signature = key.sign(digest, ec.ECDSA(GIVEN, deterministic_signing=True))
        r, s = utils.decode_dss_signature(signature)
        theirs = (int.from_bytes(digest, "big") + r * private) * pow(s, -1, order) % order
        assert next(nonce.nonces(private, digest, order)) == theirs


def test_hmac():
    """RFC 2104, which the nonce stands on."""
    for size in (0, 1, 55, 64, 97):
        key, message = os.urandom(32), os.urandom(size)
        theirs = hmac.HMAC(key, SHA256)
        theirs.update(message)
        assert nonce._hmac(key, message) == theirs.finalize()


@pytest.fixture(scope="module", params=BITS)
def key(request):
    return their_rsa.generate_private_key(65537, request.param)


def numbers(key):
    public = key.public_key().public_numbers()
    return public.n, public.e


def test_their_pkcs1_here(key):
    for _ in range(4):
        digest = os.urandom(32)
        signature = key.sign(digest, padding.PKCS1v15(), GIVEN)
        assert run(rsa.verify_pkcs1(*numbers(key), digest, signature))
        assert not run(rsa.verify_pkcs1(*numbers(key), os.urandom(32), signature))
        assert not run(rsa.verify_pkcs1(*numbers(key), digest, flipped(signature)))
        assert not run(rsa.verify_pss(*numbers(key), digest, signature))


def test_their_other_hashes_here(key):
    """A signature over another hash is none over SHA-256 of the same 32 bytes."""
    message = os.urandom(64)
    for algorithm in (hashes.SHA512(), hashes.SHA384(), hashes.SHA3_256()):
        signature = key.sign(message, padding.PKCS1v15(), algorithm)
        hasher = hashes.Hash(algorithm)
        hasher.update(message)
        digest = hasher.finalize()[:32]
        assert not run(rsa.verify_pkcs1(*numbers(key), digest, signature))
        signature = key.sign(message, padding.PSS(padding.MGF1(algorithm), 32), algorithm)
        assert not run(rsa.verify_pss(*numbers(key), digest, signature))


@pytest.mark.parametrize("salt", [32, 0, 1, 20, 64, "longest"])
def test_their_pss_here(key, salt):
    salt_len = (key.key_size - 1 + 7) // 8 - 34 if salt == "longest" else salt
    pad = padding.PSS(padding.MGF1(SHA256), salt_len)
    digest = os.urandom(32)
    signature = key.sign(digest, pad, GIVEN)
    assert run(rsa.verify_pss(*numbers(key), digest, signature, salt_len))
    assert not run(rsa.verify_pss(*numbers(key), os.urandom(32), signature, salt_len))
    assert not run(rsa.verify_pss(*numbers(key), digest, flipped(signature), salt_len))
    assert not run(rsa.verify_pss(*numbers(key), digest, signature, salt_len + 1))
    assert not run(rsa.verify_pss(*numbers(key), digest, signature, salt_len - 1))
    assert not run(rsa.verify_pkcs1(*numbers(key), digest, signature))


def test_mask_of_another_hash(key):
    """MGF1 is that of SHA-256 too."""
    digest = os.urandom(32)
    signature = key.sign(digest, padding.PSS(padding.MGF1(hashes.SHA1()), 32), GIVEN)
    assert not run(rsa.verify_pss(*numbers(key), digest, signature, 32))


def flipped(signature):
    bit = random.randrange(len(signature) * 8)
    return (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(len(signature), "big")

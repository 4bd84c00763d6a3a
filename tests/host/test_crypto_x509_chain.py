"""Chains made by `cryptography`, good and with one thing wrong: trusted, or refused and why."""

import functools
import hashlib
import itertools

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ObjectIdentifier

from firmware.crypto import chain, run, signature
from firmware.crypto.x509 import Certificate
from tests.host.certificate_maker import (
    CA,
    CLIENT_AUTH,
    CODE_SIGNING,
    END,
    NOW,
    PSS,
    SERVER_AUTH,
    START,
    der,
    key,
    made,
    name,
    usage,
)

ROOT, SUB = name("Root"), name("Sub")
SIGNS = (usage("digital_signature"), True)
PURPOSES = {
    chain.CLIENT: CLIENT_AUTH,
    chain.SERVER: SERVER_AUTH,
    chain.FIRMWARE: CODE_SIGNING,
}


def limited(length):
    return ((x509.BasicConstraints(True, length), True), CA[1])


def for_purpose(*purposes):
    return SIGNS, (x509.ExtendedKeyUsage(purposes), False)


def three(root=(), sub=(), leaf=(), kinds=("P-256", "P-256", "P-256"), pads=(None, None, None)):
    """Root, intermediate and leaf, with what shall be different in each."""
    keys = [key(kind, n) for n, kind in enumerate(kinds)]
    good = (
        {"subject": ROOT, "own": keys[0], "extensions": CA, "rsa_padding": pads[0]},
        {
            "subject": SUB, "issuer": ROOT, "own": keys[1], "signer": keys[0],
            "extensions": CA, "rsa_padding": pads[0],
        },
        {
            "issuer": SUB, "own": keys[2], "signer": keys[1],
            "extensions": for_purpose(CLIENT_AUTH), "rsa_padding": pads[1],
        },
    )  # fmt: skip
    return [made(**{**one, **dict(other)}) for one, other in zip(good, (root, sub, leaf))]


def verdict(root, sub, leaf, at=NOW, purpose=chain.CLIENT):
    root, sub, leaf = [Certificate(der(one)) for one in (root, sub, leaf)]
    by, why = run(chain.verify([leaf, sub], [root], at, purpose))
    assert by is (root if why == "" else None)
    return why


@pytest.mark.parametrize("kinds", list(itertools.product(("P-256", "RSA-2048"), repeat=3)))
def test_keys_and_signatures_mixed(kinds):
    for pads in itertools.product((None, PSS), repeat=2):
        pads = [pad if kind[0] == "R" else None for pad, kind in zip(pads, kinds)]
        assert verdict(*three(kinds=kinds, pads=pads)) == ""


@pytest.mark.parametrize("bits", (3072, 4096))
def test_longer_rsa_keys(bits):
    assert verdict(*three(kinds=("RSA-%d" % bits, "P-256", "P-256"))) == ""
    assert verdict(*three(kinds=("RSA-%d" % bits, "P-256", "P-256"), pads=(PSS, None))) == ""


BAD = (
    ("expired", {"leaf": {"end": NOW - 1}}),
    ("expired", {"sub": {"end": NOW - 1}}),
    ("expired", {"root": {"end": NOW - 1}}),
    ("not yet valid", {"leaf": {"start": NOW + 1}}),
    ("not yet valid", {"sub": {"start": NOW + 1}}),
    ("not yet valid", {"root": {"start": NOW + 1}}),
    ("issuer unknown", {"leaf": {"issuer": name("Other")}}),
    ("issuer unknown", {"sub": {"issuer": name("Root", "Other")}}),
    ("issuer unknown", {"leaf": {"issuer": name("sub")}}),
    ("wrong signature", {"leaf": {"signer": key("P-256", 9)}}),
    ("wrong signature", {"sub": {"signer": key("P-256", 9)}}),
    ("issuer is not a CA", {"sub": {"extensions": CA[1:]}}),
    ("issuer is not a CA", {"root": {"extensions": ()}}),
    ("issuer is not a CA", {"sub": {"extensions": ((x509.BasicConstraints(False, None), True),)}}),
    ("issuer may not sign certificates", {"sub": {"extensions": (CA[0], SIGNS)}}),
    ("issuer may not sign certificates", {"root": {"extensions": (CA[0], SIGNS)}}),
    ("path too long", {"root": {"extensions": limited(0)}}),
    ("key usage", {"leaf": {"extensions": ((usage("key_agreement"), True),)}}),
    ("not for this purpose", {"leaf": {"extensions": for_purpose(SERVER_AUTH)}}),
    ("not for this purpose", {"sub": {"extensions": (*CA, for_purpose(SERVER_AUTH)[1])}}),
    ("a CA, not an end entity", {"leaf": {"extensions": CA}}),
    ("no organization in the subject", {"leaf": {"subject": name("CP", None)}}),
    # It says RSA, what it issued says ECDSA.
    (
        "key RSA, signature ecdsa-with-SHA256",
        {"root": {"own": key("RSA-2048"), "signer": key("P-256", 0)}},
    ),
    ("key P-192", {"leaf": {"own": key("P-192")}}),
    ("RSA key of 1024 bits", {"leaf": {"own": key("RSA-1024")}}),
    ("signature ecdsa-with-SHA384", {"leaf": {"digest": hashes.SHA384}}),
)
GOOD = (
    {"root": {"extensions": limited(1)}, "sub": {"extensions": limited(0)}},
    {"leaf": {"extensions": for_purpose(SERVER_AUTH, CLIENT_AUTH)}},
    {"leaf": {"extensions": ()}},
    {"root": {"extensions": CA[:1]}, "sub": {"extensions": CA[:1]}},
    {"leaf": {"start": NOW, "end": NOW}},
    {"leaf": {"own": key("P-384")}},
)


@pytest.mark.parametrize("why,wrong", BAD)
def test_one_thing_wrong(why, wrong):
    assert verdict(*three(**wrong)) == why


@pytest.mark.parametrize("other", GOOD)
def test_what_is_different_and_still_right(other):
    assert verdict(*three(**other)) == ""


def test_sizes_and_curves_of_issuers():
    """A00.FR.502, and the one curve that is verified here."""
    weak = three(kinds=("RSA-1024", "P-256", "P-256"))
    assert verdict(*weak) == "RSA key of 1024 bits"
    other = three(kinds=("P-384", "P-256", "P-256"))
    assert verdict(*other) == "key P-384, signature ecdsa-with-SHA256"
    other = three(kinds=("P-256", "P-521", "P-256"))
    assert verdict(*other) == "key P-521, signature ecdsa-with-SHA256"


def sha1(certificate):
    """cryptography signs nothing with SHA-1 any more: its name is written in, twice."""
    old, new = "2a8648ce3d040302", "2a8648ce3d0401"
    text = der(certificate).hex().replace("300a0608" + old, "30090607" + new)
    inner = bytes.fromhex(text)
    # Both lengths above are 8 bits or more: three bytes of header each.
    tbs = inner[4:]
    assert inner[:2] == b"\x30\x82" and tbs[:2] == b"\x30\x82"
    size, whole = int.from_bytes(tbs[2:4], "big") - 1, int.from_bytes(inner[2:4], "big") - 2
    return inner[:2] + whole.to_bytes(2, "big") + tbs[:2] + size.to_bytes(2, "big") + tbs[4:]


def test_sha1_is_refused():
    """A00.FR.506."""
    root, sub, leaf = three(leaf={"subject": name("x" * 60, "y" * 60)})
    chained = [Certificate(sha1(leaf)), Certificate(der(sub))]
    assert chained[0].signature_name == "ecdsa-with-SHA1"
    said = run(chain.verify(chained, [Certificate(der(root))], NOW, chain.CLIENT))
    assert said == (None, "signature ecdsa-with-SHA1")


def test_unknown_critical_extension():
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    certificate = made(extensions=((unknown, True),))
    with pytest.raises(ValueError, match=r"extension 1\.2\.3\.4 not understood"):
        Certificate(der(certificate))
    Certificate(der(made(extensions=((unknown, False),))))
    names = x509.NameConstraints([x509.DNSName("example.com")], None)
    for critical in (True, False):
        with pytest.raises(ValueError, match=r"extension 2\.5\.29\.30 not understood"):
            Certificate(der(made(extensions=(*CA, (names, critical)))))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_purpose_with_every_extended_key_usage(purpose):
    root = Certificate(der(made(ROOT, extensions=CA)))
    for wanted, oid in PURPOSES.items():
        leaf = made(None, ROOT, key("P-256", 2), key(), for_purpose(oid))
        _, why = run(chain.verify([Certificate(der(leaf))], [root], NOW, purpose))
        assert why == ("" if wanted == purpose else "not for this purpose")


@functools.cache
def every_bit():
    root, sub, leaf = three()
    return Certificate(der(root)), Certificate(der(sub)), der(leaf)


@pytest.mark.parametrize("part", range(8))
def test_no_bit_of_a_leaf_may_change(part):
    """Whatever byte is another one: not read, or not trusted."""
    root, sub, leaf = every_bit()
    for at in range(part, len(leaf), 8):
        changed = bytearray(leaf)
        changed[at] ^= 1 << at % 8
        try:
            certificate = Certificate(changed)
        except ValueError:
            continue
        by, why = run(chain.verify([certificate, sub], [root], NOW, chain.CLIENT))
        assert by is None and why, at


def test_a_small_exponent_is_refused_however_right_the_signature():
    """BSI TR-02102-1, by A00.FR.504."""
    small = rsa.generate_private_key(3, 2048)
    root = made(ROOT, own=small, extensions=CA)
    leaf = made(None, ROOT, key("P-256", 2), small)
    by = run(chain.verify([Certificate(der(leaf))], [Certificate(der(root))], NOW, chain.CLIENT))
    assert by == (None, "RSA exponent")
    own = Certificate(der(root))
    hashed = run(signature.digest(own.tbs))
    weak = own.public_key, own.signature_name, None, hashed, own.signature
    assert run(signature.verify(*weak)) is False


@pytest.mark.parametrize("bits", (2048, 3072, 4096))
def test_a_file_signed_in_any_way(bits):
    """L01.FR.04."""
    secret, digest = key("RSA-%d" % bits), hashes.SHA256()
    numbers = secret.public_key().public_numbers()
    own, hashed = ("RSA", numbers.n, numbers.e), hashlib.sha256(b"firmware").digest()
    for salt in (padding.PSS.DIGEST_LENGTH, padding.PSS.MAX_LENGTH, None, 20):
        way = padding.PKCS1v15()
        if salt is not None:
            way = padding.PSS(padding.MGF1(digest), salt)
        signed = secret.sign(b"firmware", way, digest)
        assert run(signature.verify_file(own, hashed, signed)) == (salt != 20)
        assert not run(signature.verify_file(own, bytes(32), signed))


def test_a_file_signed_with_p256():
    secret = key("P-256", 5)
    signed = secret.sign(b"firmware", ec.ECDSA(hashes.SHA256()))
    own = Certificate(der(made(own=secret))).public_key
    assert run(signature.verify_file(own, hashlib.sha256(b"firmware").digest(), signed))
    assert not run(signature.verify_file(own, hashlib.sha256(b"firmwarf").digest(), signed))


def test_roots_to_be_installed():
    """M05.FR.06: the certificate is invalid and/or incorrect: rejected."""

    def said(certificate, at=NOW):
        return run(chain.check_root(Certificate(der(certificate)), at))

    for kind in ("P-256", "P-384", "P-521", "RSA-2048", "RSA-4096", "Ed25519"):
        assert said(made(ROOT, own=key(kind), extensions=CA)) == ""
    for digest in (hashes.SHA384, hashes.SHA512):
        assert said(made(ROOT, own=key("RSA-2048"), extensions=CA, digest=digest)) == ""
    root = made(ROOT, extensions=CA)
    assert said(root, START - 1) == "not yet valid" and said(root, END + 1) == "expired"
    assert said(made(ROOT, own=key("RSA-1024"), extensions=CA)) == "RSA key of 1024 bits"
    assert said(made(ROOT, own=key("P-192"), extensions=CA)) == "key P-192"
    assert said(made(ROOT)) == "issuer is not a CA"
    assert said(made(ROOT, extensions=CA, signer=key("P-256", 9))) == "wrong signature"
    assert said(made(ROOT, SUB, extensions=CA)) == "not self-signed"

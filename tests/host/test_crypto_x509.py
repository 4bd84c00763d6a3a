"""Certificates made at random by `cryptography` read the same here; hash data as its OCSP says."""

import datetime
import ipaddress
import random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from firmware.crypto import chain, der, pem
from firmware.crypto.x509 import Certificate, from_pem
from tests.host import certificate_maker as maker

ATTRIBUTES = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COUNTRY_NAME: "C",
    NameOID.SERIAL_NUMBER: "serialNumber",
    NameOID.LOCALITY_NAME: None,
    NameOID.EMAIL_ADDRESS: None,
    NameOID.DOMAIN_COMPONENT: None,
}
LETTERS = {
    _ASN1Type.UTF8String: "abc XYZ09 \u00fc\u20ac\U0001f50c",
    _ASN1Type.PrintableString: "abc XYZ09 '()+,-./:=?",
    _ASN1Type.IA5String: "abc XYZ09 @_~!",
    _ASN1Type.BMPString: "abc \u00fc\u20ac",
    _ASN1Type.UniversalString: "abc \u00fc\u20ac\U0001f50c",
}
KEYS = ("P-256", "P-384", "P-521", "RSA-2048", "RSA-3072", "RSA-4096", "RSA-1024", "Ed25519")
PURPOSES = [
    *(getattr(ExtendedKeyUsageOID, n) for n in "SERVER_AUTH CLIENT_AUTH CODE_SIGNING".split()),
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    ObjectIdentifier("1.2.840.99999.4711.1"),
]


def random_name(rng):
    parts = []
    for oid in rng.sample(list(ATTRIBUTES), rng.randrange(1, 7)):
        kind = rng.choice(list(LETTERS))
        text = "".join(rng.choices(LETTERS[kind], k=rng.randrange(1, 17))).strip() or "x"
        if oid == NameOID.COUNTRY_NAME:
            kind, text = _ASN1Type.PrintableString, "NL"
        parts.append(x509.NameAttribute(oid, text, kind))
    if rng.random() < 0.2:
        return x509.Name([x509.RelativeDistinguishedName(parts)])
    return x509.Name(parts)


def random_extensions(rng):
    is_ca = rng.random() < 0.5
    limit = rng.choice((None, 0, 1, 7, 300)) if is_ca else None
    bits = rng.sample([bit for bit in maker.USAGES if not bit.endswith("_only")], 3)
    if "key_agreement" in bits:
        bits += rng.sample(["encipher_only", "decipher_only"], rng.randrange(3))
    public = maker.key().public_key()
    names = [
        x509.DNSName("csms.example"),
        x509.DNSName("*.example.com"),
        x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("2001:db8::7")),
        x509.RFC822Name("a@example.com"),
        x509.UniformResourceIdentifier("https://example.com"),
        x509.DirectoryName(maker.name()),
    ]
    every = [
        x509.BasicConstraints(is_ca, limit),
        maker.usage(*bits),
        x509.ExtendedKeyUsage(rng.sample(PURPOSES, rng.randrange(1, 5))),
        x509.SubjectAlternativeName(rng.sample(names, rng.randrange(1, 7))),
        x509.SubjectKeyIdentifier.from_public_key(public),
        x509.AuthorityKeyIdentifier.from_issuer_public_key(public),
        x509.AuthorityKeyIdentifier(b"id", [x509.DirectoryName(maker.name())], 7),
        x509.CRLDistributionPoints(
            [x509.DistributionPoint([x509.DNSName("crl")], None, None, None)]
        ),
        x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"any"),
    ]
    chosen = rng.sample(every, rng.randrange(len(every)))
    seen, kept = set(), []
    for one in chosen:
        if one.oid not in seen:
            seen.add(one.oid)
            kept.append((one, rng.random() < 0.5 and one in every[:4]))
    return kept


def random_certificate(rng):
    own, signer = maker.key(rng.choice(KEYS)), maker.key(rng.choice(KEYS))
    digest, pad = rng.choice((hashes.SHA256, hashes.SHA384, hashes.SHA512)), None
    if isinstance(signer, rsa.RSAPrivateKey) and rng.random() < 0.5:
        most = signer.key_size // 8 - 34
        pad = padding.PSS(padding.MGF1(hashes.SHA256()), rng.choice((0, 20, 32, most)))
        digest = hashes.SHA256
    start = rng.randrange(-631152000, 4000000000)  # from 1950 on
    return maker.made(
        random_name(rng), random_name(rng), own, signer, random_extensions(rng),
        start, start + rng.randrange(200000000000), digest, pad,
        rng.randrange(1, 1 << rng.randrange(1, 160)),
    )  # fmt: skip


def texts_of(names):
    return {ATTRIBUTES[one.oid]: one.value for one in names if ATTRIBUTES.get(one.oid) is not None}


def seconds(moment):
    return int((moment - datetime.datetime(1970, 1, 1)).total_seconds())


def key_of(public):
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return "RSA", numbers.n, numbers.e
    if isinstance(public, ec.EllipticCurvePublicKey):
        if isinstance(public.curve, ec.SECP256R1):
            return "EC", public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return ("P-%d" % public.curve.key_size,)
    return ("Ed25519",)


def signature_of(certificate):
    how, digest = certificate.signature_algorithm_parameters, certificate.signature_hash_algorithm
    if isinstance(how, padding.PSS):
        return "RSASSA-PSS", how._salt_length
    if isinstance(how, padding.PKCS1v15):
        return digest.name + "WithRSA", None
    return ("Ed25519" if digest is None else "ecdsa-with-" + digest.name.upper()), None


def extension_of(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def compare_extensions(own, theirs):
    constraints = extension_of(theirs, x509.BasicConstraints)
    assert own.is_ca == bool(constraints and constraints.ca)
    assert own.path_len == (constraints and constraints.path_length)
    used = extension_of(theirs, x509.KeyUsage)
    if used is None:
        assert own.key_usage is None
    else:
        bits = [bit for bit in maker.USAGES if getattr(used, "_" + bit)]
        assert own.key_usage == sum(1 << maker.USAGES.index(bit) for bit in bits)
    purposes = extension_of(theirs, x509.ExtendedKeyUsage)
    dotted = own.purposes and [der.dotted(oid) for oid in own.purposes]
    assert dotted == (purposes and [oid.dotted_string for oid in purposes])
    other = extension_of(theirs, x509.SubjectAlternativeName) or []
    assert own.dns_names == [n.value for n in other if isinstance(n, x509.DNSName)]
    assert own.addresses == [n.value.packed for n in other if isinstance(n, x509.IPAddress)]
    subject = extension_of(theirs, x509.SubjectKeyIdentifier)
    assert own.subject_key_id == (subject.digest if subject else b"")
    authority = extension_of(theirs, x509.AuthorityKeyIdentifier)
    assert own.authority_key_id == (authority.key_identifier if authority else b"")


def compare(own, theirs):
    assert own.version == theirs.version.value + 1 and own.serial == theirs.serial_number
    assert own.tbs == theirs.tbs_certificate_bytes and own.signature == theirs.signature
    assert own.issuer == theirs.issuer.public_bytes()
    assert own.subject == theirs.subject.public_bytes()
    assert own.is_self_issued() == (theirs.issuer == theirs.subject)
    assert own.subject_texts == texts_of(theirs.subject)
    assert own.issuer_texts == texts_of(theirs.issuer)
    assert own.not_before == seconds(theirs.not_valid_before)
    assert own.not_after == seconds(theirs.not_valid_after)
    assert own.public_key == key_of(theirs.public_key())
    assert (own.signature_name, own.salt_len) == signature_of(theirs)
    compare_extensions(own.extensions, theirs)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@pytest.mark.parametrize("seed", range(10))
def test_random_certificates_read_the_same(seed):
    rng = random.Random(seed)
    for _ in range(30):
        theirs = random_certificate(rng)
        compare(Certificate(maker.der(theirs)), theirs)
        assert from_pem(theirs.public_bytes(Encoding.PEM))[0].der == maker.der(theirs)
        assert pem.encode(maker.der(theirs)).encode() == theirs.public_bytes(Encoding.PEM)


@pytest.mark.parametrize("seed", range(20))
def test_hash_data_is_what_ocsp_asks_with(seed):
    """Edition 3, §6.1: follows RFC 6960."""
    rng = random.Random(seed)
    names = random_name(rng)
    own = maker.key(rng.choice(KEYS))
    root = maker.made(names, None, own, maker.key(), serial=rng.randrange(1, 1 << 159))
    leaf = maker.made(None, names, None, own, serial=rng.randrange(1, 1 << 159))
    for one in (root, leaf):
        asked = ocsp.OCSPRequestBuilder().add_certificate(one, root, hashes.SHA256()).build()
        assert chain.hash_data(Certificate(maker.der(one)), Certificate(maker.der(root))) == {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": asked.issuer_name_hash.hex().upper(),
            "issuerKeyHash": asked.issuer_key_hash.hex().upper(),
            "serialNumber": format(asked.serial_number, "X"),
        }

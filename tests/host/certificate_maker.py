"""Certificates by the cryptography package, each field as asked: the peer of firmware.crypto.

What is not given is a good one. Keys are made once: an RSA key takes seconds.
"""

import datetime
import functools

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = 1800000000
START, END = NOW - 86400, NOW + 86400
CLIENT_AUTH, SERVER_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH
CODE_SIGNING = ExtendedKeyUsageOID.CODE_SIGNING
USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
    "key_cert_sign crl_sign encipher_only decipher_only"
).split()
PSS = padding.PSS(padding.MGF1(hashes.SHA256()), 32)


@functools.cache
def key(kind="P-256", n=0):
    """The n-th private key of a kind; the same in the whole run."""
    if kind.startswith("RSA"):
        return rsa.generate_private_key(65537, int(kind[4:]))
    if kind == "Ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    curves = {"P-256": ec.SECP256R1, "P-384": ec.SECP384R1, "P-521": ec.SECP521R1}
    return ec.generate_private_key({**curves, "P-192": ec.SECP192R1}[kind]())


def name(common_name="Leaf", organization="Org"):
    pairs = ((NameOID.ORGANIZATION_NAME, organization), (NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in pairs if text])


def when(seconds):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)


def usage(*bits):
    return x509.KeyUsage(**{bit: bit in bits for bit in USAGES})


CA = ((x509.BasicConstraints(True, None), True), (usage("key_cert_sign", "crl_sign"), True))


def made(
    subject=None,
    issuer=None,
    own=None,
    signer=None,
    extensions=(),
    start=START,
    end=END,
    digest=hashes.SHA256,
    rsa_padding=None,
    serial=None,
):
    """A certificate of `cryptography`; `issuer` a Name, `own` and `signer` private keys."""
    own, subject = own or key(), subject or name()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(when(start))
        .not_valid_after(when(end))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    signer = signer or own
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else digest()
    return builder.sign(signer, algorithm, rsa_padding=rsa_padding)


def der(certificate):
    return certificate.public_bytes(Encoding.DER)

"""Requests made here, read and checked by `cryptography`, signed by an authority of its own."""

import secrets
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware.crypto import chain, csr, ec_key, p256, pem, run
from firmware.crypto.x509 import Certificate
from tests.host.certificate_maker import CA, NOW, der, key, made, name

NAMES = (("CP-0001", "Example CPO"), ("\u00fc" * 32, "\u20ac & Co. \u00e9, =+<>"), ("x", "y" * 64))
ENCODING = serialization.Encoding


@pytest.fixture(params=range(3))
def pair(request):
    return run(p256.generate(secrets.token_bytes))


def requested(pair, serial_number="CP-0001", organization="Example CPO"):
    text = run(csr.request(*pair, serial_number, organization, secrets.token_bytes))
    assert len(text) <= csr.MOST_CHARACTERS
    return x509.load_pem_x509_csr(text.encode())


@pytest.mark.parametrize("serial_number,organization", NAMES)
def test_the_request_says_what_it_should_and_is_signed(pair, serial_number, organization):
    """A02.FR.03, A02.FR.13, A00.FR.511."""
    theirs = requested(pair, serial_number, organization)
    assert theirs.is_signature_valid and theirs.signature_hash_algorithm.name == "sha256"
    assert [(one.oid, one.value) for one in theirs.subject] == [
        (NameOID.ORGANIZATION_NAME, organization),
        (NameOID.COMMON_NAME, serial_number),
    ]
    public = theirs.public_key()
    assert isinstance(public.curve, ec.SECP256R1)
    point = public.public_bytes(ENCODING.X962, serialization.PublicFormat.UncompressedPoint)
    assert point == pair[1]


def test_what_the_certificate_shall_be_limited_to(pair):
    """A00.FR.512."""
    extensions = requested(pair).extensions
    used = extensions.get_extension_for_class(x509.KeyUsage)
    assert used.critical and used.value.digital_signature
    assert not any((used.value.key_encipherment, used.value.key_agreement))
    assert not any((used.value.key_cert_sign, used.value.content_commitment))
    purposes = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert purposes == [ExtendedKeyUsageOID.CLIENT_AUTH] and len(extensions) == 2


def test_nothing_but_der():
    """The same request, encoded again by cryptography, is the same bytes."""
    pair = run(p256.generate(secrets.token_bytes))
    theirs = requested(pair)
    tbs = theirs.tbs_certrequest_bytes
    text = theirs.public_bytes(ENCODING.PEM)
    assert pem.encode(pem.decode(text, pem.CERTIFICATE_REQUEST)[0], "CERTIFICATE REQUEST") == (
        text.decode()
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(theirs.subject)
    for extension in theirs.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    loaded = serialization.load_der_private_key(ec_key.encode(*pair), None)
    again = builder.sign(loaded, theirs.signature_hash_algorithm)
    assert again.tbs_certrequest_bytes == tbs


def test_a_changed_request_is_not_valid(pair):
    theirs = requested(pair).public_bytes(ENCODING.DER).replace(b"CP-0001", b"CP-0002")
    assert not x509.load_der_x509_csr(theirs).is_signature_valid


def test_from_the_request_to_a_certificate_that_is_trusted(pair):
    """Use case A02, both ends."""
    theirs = requested(pair)
    authority = name("Root")
    root = Certificate(der(made(authority, extensions=CA)))
    builder = (
        x509.CertificateBuilder().subject_name(theirs.subject).issuer_name(authority)
        .public_key(theirs.public_key()).serial_number(7)
        .not_valid_before(made().not_valid_before_utc).not_valid_after(made().not_valid_after_utc)
    )  # fmt: skip
    for extension in theirs.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    signed = Certificate(der(builder.sign(key(), theirs.signature_hash_algorithm)))
    assert csr.mismatch(signed, pair[1], "CP-0001", "Example CPO") == ""
    assert run(chain.verify([signed], [root], NOW, chain.CLIENT)) == (root, "")
    assert run(chain.verify([signed], [root], NOW, chain.SERVER))[0] is None


def test_the_private_key_as_others_read_it(pair, tmp_path):
    """RFC 5915: cryptography and OpenSSL take it, and write the same."""
    kept = ec_key.encode(*pair)
    theirs = serialization.load_der_private_key(kept, None)
    assert theirs.private_numbers().private_value == pair[0]
    form = serialization.PrivateFormat.TraditionalOpenSSL
    plain = serialization.NoEncryption()
    assert theirs.private_bytes(ENCODING.DER, form, plain) == kept
    assert ec_key.decode(kept) == pair
    certificate = made(own=theirs)
    (tmp_path / "c").write_bytes(certificate.public_bytes(ENCODING.PEM))
    (tmp_path / "k").write_text(pem.encode(kept, "EC PRIVATE KEY"))
    ssl.create_default_context().load_cert_chain(tmp_path / "c", tmp_path / "k")


def test_keys_of_others_that_are_no_p256():
    form, plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    for kind in ("P-384", "RSA-2048"):
        with pytest.raises(ValueError, match=r"DER|P-256"):
            ec_key.decode(key(kind).private_bytes(ENCODING.DER, form, plain))

"""The published vectors of `cryptography`: its x509 folder, and in it NIST's PKITS.

Whatever `cryptography` refuses to read is refused here or has no key for us; what it reads and we
do not has a reason in REFUSED. PKITS: nothing called Invalid is ever trusted, except where the
reason is not ours to judge (revocation, policies).
"""

import re
import warnings
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography import x509

from firmware.crypto import chain, run
from firmware.crypto.x509 import Certificate, from_pem

FOLDER = Path(cryptography_vectors.__file__).parent / "x509"
PKITS = FOLDER / "PKITS_data" / "certs"
FILES = sorted(path for path in FOLDER.rglob("*") if path.suffix in (".pem", ".der", ".crt"))
NOW = 1318982400  # 2011-10-19: PKITS is valid from 2010 to 2030
REFUSED = (
    r"extension 2\.5\.29\.(30|33|36|54) not understood",  # constraints and policies, critical
    r"extension 1\.2\.3\.4 not understood|extension 2\.16\.840\.1\.101\.2\.1\.12\.2 not",
    r"extension 1\.3\.6\.1\.4\.1\.11129\.2\.4\.3 not understood",  # a precertificate
    r"extension 2\.5\.29\.19 twice",
    r"extension with 0 values",
    r"path length without CA",
    r"two signature algorithms",
    r"DER: negative integer",
    r"DER: bit string is not whole bytes",  # DSA signatures cut to odd bits by the vectors
    r"DER: bad bit string",
    r"PEM: another label, or no end",
    r"name: (text of type|bad UTF-8)",
    r"name: (not visible ASCII|text too long)",
)


def theirs(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if b"-----BEGIN" in data:
                return x509.load_pem_x509_certificates(data)
            return [x509.load_der_x509_certificate(data)]
        except (ValueError, x509.InvalidVersion):
            return None


def ours(data):
    try:
        return from_pem(data) if b"-----BEGIN" in data else [Certificate(data)], ""
    except ValueError as refusal:
        return None, str(refusal)


def test_every_certificate_that_was_published():
    read = refused = 0
    for path in FILES:
        data = path.read_bytes()
        own, why = ours(data)
        other = theirs(data)
        if own is None:
            refused += 1
            known = any(re.match(one, why) for one in REFUSED)
            assert other is None or known, (path.name, why)
            continue
        read += 1
        for mine, yours in zip(own, other or ()):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                issuer = yours.issuer.public_bytes()
            assert mine.serial == yours.serial_number and mine.signature == yours.signature
            assert mine.issuer == issuer, path.name
            assert mine.not_after == yours.not_valid_after_utc.timestamp()
            assert mine.tbs == yours.tbs_certificate_bytes
    assert read > 400 and refused > 50


def authorities():
    """Every CA of PKITS that can be read, by its subject."""
    found = {}
    for path in sorted(PKITS.glob("*.crt")):
        certificate, _ = ours(path.read_bytes())
        if certificate and certificate[0].extensions.is_ca:
            found.setdefault(bytes(certificate[0].subject), []).append(certificate[0])
    return found


AUTHORITIES = authorities()
ANCHOR = Certificate((PKITS / "TrustAnchorRootCertificate.crt").read_bytes())
ENDS = [path for path in sorted(PKITS.glob("*.crt")) if re.search(r"Test\d+EE", path.name)]
VALID = [path for path in ENDS if path.name.startswith("Valid")]
INVALID = [path for path in ENDS if path.name.startswith("Invalid")]
# Who is revoked is the Central System's to know (A00.FR.702): these are invalid by a CRL alone.
BY_CRL = re.compile(
    r"CRL|cRLSign|Revoked|IDPwith|only(Contains|SomeReasons)|distributionPoint|cRLIssuer"
    r"|LongSerialNumberTest18|BasicSelfIssued|SeparateCertificate"
)
# Valid, and refused all the same. Names are compared as they are written, not in lower case or
# without blanks; limits that are not checked are not passed over; four certificates are a chain.
NOT_OURS = (
    (r"nameConstraints|PolicyMapping|inhibit(Any)?Policy|requireExplicit", "issuer unknown"),
    (r"NameChaining|Rolloverfrom|CaseInsensitive", "issuer unknown"),
    (r"pathLenConstraintTest(13|17)", "issuer unknown"),
    (r"pathLenConstraintTest(8|14)|onlyContainsCACerts", "a CA, not an end entity"),
    (r"DSA", "key DSA"),
)


def trusted(path):
    """Whether any bundle of its issuers, at most three, leads up to PKITS' anchor."""
    own, why = ours(path.read_bytes())
    if own is None:
        return False, why
    bundle = [own[0]]
    for below in bundle:
        for above in AUTHORITIES.get(bytes(below.issuer), ()):
            if above not in bundle and above.der != ANCHOR.der and len(bundle) < 4:
                bundle.append(above)
    by, why = run(chain.verify(bundle, [ANCHOR], NOW, chain.SERVER))
    return by is ANCHOR, why


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_nothing_invalid_is_trusted(path):
    good, why = trusted(path)
    assert bool(why) != good
    assert not good or BY_CRL.search(path.stem)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_what_is_valid_is_trusted_or_said_why_not(path):
    good, why = trusted(path)
    wanted = [said for names, said in NOT_OURS if re.search(names, path.stem)]
    assert why == (wanted[0] if wanted else "")
    assert good == (not wanted)


def test_counts():
    trusted_now = sum(trusted(path)[0] for path in VALID)
    refused = sum(not trusted(path)[0] for path in INVALID)
    assert (len(ENDS), trusted_now, refused) == (223, 41, 71)

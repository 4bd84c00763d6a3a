"""The certificates room against an authority of the cryptography package: real requests, signed;
roots of every kind; the result speaks TLS."""

import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from tests.host.certificate_maker import CA, CLIENT_AUTH, PSS, SERVER_AUTH, key, made, name, usage
from tests.unit.trust_rig import CENTRAL, CPO, NOON, SERIAL, Station

DAY = 86400
PEM = serialization.Encoding.PEM
OURS = name(SERIAL, CPO)
FOR_CLIENTS = ((x509.ExtendedKeyUsage([CLIENT_AUTH]), False),)
TIMES = {"start": NOON - DAY, "end": NOON + 3650 * DAY}


def text(certificate):
    return certificate.public_bytes(PEM).decode()


def root(n=0, kind="P-256", **how):
    how = {"extensions": CA, **TIMES, **how}
    return made(name("Root %d" % n, CPO), own=key(kind, n), **how)


def requested(station):
    """The CSR of a station, as an authority reads it."""
    assert station.certificates.sign(station.now)
    while station.certificates.state == "making":
        station.run()
    station.run()
    (csr,) = station.csrs()
    assert len(csr) <= 5500
    station.certificates.answered({"status": "Accepted"}, station.now)
    request = x509.load_pem_x509_csr(csr.encode())
    assert request.is_signature_valid
    return request


class Signed:
    """What made() signs for is the public key of a request."""

    def __init__(self, request):
        self.public_key = request.public_key


def signed(request, issuer, signer, **how):
    how = {"extensions": FOR_CLIENTS, **TIMES, **how}
    subject = how.pop("subject", request.subject)
    return made(subject, issuer.subject, Signed(request), signer, **how)


def installed(*roots):
    station = Station()
    for one in roots:
        assert station.install(text(one)) == "Accepted"
    station.happened()
    return station


def scalar(station):
    """The private key that waits, as a number's bytes; it belongs to what was asked for."""
    private = serialization.load_pem_private_key(station.credentials.take_pending(), None)
    return private, private.private_numbers().private_value.to_bytes(32, "big")


def test_the_request_says_who_asks():
    """A02.FR.02, .03, .13, A00.FR.511: PKCS #10 in PEM; O = CpoName, CN = serial number; a fresh
    P-256 key each time, of which the file of the secrets has the last one only."""
    station = Station()
    numbers = []
    for _ in range(2):
        request = requested(station)
        assert request.subject == OURS
        assert request.public_key().curve.name == "secp256r1"
        private, number = scalar(station)
        assert private.public_key() == request.public_key()
        numbers.append(station.credentials.take_pending())
        (kept,) = station.secrets.names.values()
        assert [one in kept for one in numbers] == [False] * (len(numbers) - 1) + [True]
        assert station.files.names == {}
        assert number not in csr_bytes(request)


def csr_bytes(request):
    return request.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("P-256", {}),
        ("RSA-2048", {}),
        ("RSA-2048", {"rsa_padding": PSS}),
        ("RSA-4096", {}),
    ],
)
def test_a_real_authority_signs_it(kind, how):
    """A02.FR.06, .08; A00.FR.505: RSA-PSS or ECDSA, with an authority in between or without."""
    top = root(kind=kind, **how)
    between = made(
        name("Sub", CPO), top.subject, key("P-256", 7), key(kind, 0), CA, **TIMES, **how
    )
    for chain_of in (
        lambda request: [signed(request, top, key(kind, 0), **how)],
        lambda request: [signed(request, between, key("P-256", 7)), between],
        lambda request: [signed(request, between, key("P-256", 7)), between, top],
    ):
        station = installed(root(1), top)
        chain = chain_of(requested(station))
        assert station.signed(*[text(one) for one in chain]) == "Accepted"
        assert station.happened() == []
        offered = station.credentials.latest
        assert x509.load_pem_x509_certificates(offered.cert) == chain
        assert handshake(offered.cert, offered.private, top) == SERIAL


def handshake(cert, private, top):
    """The CN that a TLS server sees, which trusts `top` alone (profile 3)."""
    import tempfile

    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    mine = made(name("csms"), own=key("P-256", 9), start=NOON - DAY, end=NOON + 36500 * DAY)
    pkcs8 = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    with tempfile.NamedTemporaryFile() as file:
        file.write(text(mine).encode() + key("P-256", 9).private_bytes(PEM, *pkcs8))
        file.flush()
        server.load_cert_chain(file.name)
        file.seek(0)
        file.truncate()
        file.write(cert + private)
        file.flush()
        client.load_cert_chain(file.name)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=text(top))
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    one, other = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = server.wrap_bio(one, other, True), client.wrap_bio(other, one, False)
    for _ in range(4):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                pass
    subject = dict(pair for parts in ends[0].getpeercert()["subject"] for pair in parts)
    return subject["commonName"]


ISSUER = key("P-256", 3)


def stranger(request, top, **how):
    return [signed(request, top, key("P-256", 4), **how)]


@pytest.mark.parametrize(
    ("why", "chain_of"),
    [
        ("another key", lambda r, top: [made(OURS, top.subject, key("P-256", 5), ISSUER)]),
        ("P-384", lambda r, top: [made(OURS, top.subject, key("P-384", 5), ISSUER)]),
        ("RSA", lambda r, top: [made(OURS, top.subject, key("RSA-1024", 5), ISSUER)]),
        ("self-signed", lambda r, top: [made(OURS, OURS, Signed(r), key("P-256", 5))]),
        ("signed by a stranger", stranger),
        ("SHA-224", lambda r, top: [signed(r, top, ISSUER, digest=hashes.SHA224)]),
        ("SHA-384", lambda r, top: [signed(r, top, ISSUER, digest=hashes.SHA384)]),
        ("expired", lambda r, top: [signed(r, top, ISSUER, end=NOON - 1)]),
        ("CN", lambda r, top: [signed(r, top, ISSUER, subject=name("CP-0002", CPO))]),
        ("O", lambda r, top: [signed(r, top, ISSUER, subject=name(SERIAL, "Somebody"))]),
        ("no O", lambda r, top: [signed(r, top, ISSUER, subject=name(SERIAL, ""))]),
        (
            "for servers",
            lambda r, top: [
                signed(r, top, ISSUER, extensions=((x509.ExtendedKeyUsage([SERVER_AUTH]), False),))
            ],
        ),
        (
            "key usage",
            lambda r, top: [signed(r, top, ISSUER, extensions=((usage("key_agreement"), True),))],
        ),
        ("a CA", lambda r, top: [signed(r, top, ISSUER, extensions=CA)]),
        (
            "by an end entity",
            lambda r, top: [
                signed(r, made(name("E", CPO)), key()),
                made(name("E", CPO), top.subject, key(), ISSUER, **TIMES),
            ],
        ),
        (
            "by an expired authority",
            lambda r, top: [
                signed(r, made(name("E", CPO)), key()),
                made(name("E", CPO), top.subject, key(), ISSUER, CA, NOON - 2, NOON - 1),
            ],
        ),
    ],
)
def test_what_is_not_the_answer_is_refused(why, chain_of):
    """A02.FR.07: Rejected, discarded, InvalidChargePointCertificate; the right one is still
    taken."""
    top = made(name("Root 3", CPO), own=ISSUER, extensions=CA, **TIMES)
    station = installed(top)
    request = requested(station)
    assert station.signed(*[text(one) for one in chain_of(request, top)]) == "Rejected"
    assert station.happened() == ["InvalidChargePointCertificate"]
    assert station.credentials.latest.cert == b""
    assert station.signed(text(signed(request, top, ISSUER))) == "Accepted"


@pytest.mark.parametrize(
    ("status", "kind", "how"),
    [
        ("Accepted", "P-256", {}),
        ("Accepted", "RSA-2048", {}),
        ("Accepted", "RSA-2048", {"rsa_padding": PSS}),
        ("Accepted", "RSA-2048", {"digest": hashes.SHA384}),
        ("Accepted", "RSA-4096", {}),
        ("Accepted", "P-384", {"digest": hashes.SHA384}),
        ("Accepted", "P-521", {"digest": hashes.SHA512}),
        ("Rejected", "P-192", {}),
        ("Rejected", "RSA-1024", {}),
        ("Rejected", "RSA-2048", {"digest": hashes.SHA224}),
        ("Rejected", "P-256", {"digest": hashes.SHA224}),
        ("Rejected", "P-256", {"signer": key("P-256", 8)}),
        ("Rejected", "RSA-2048", {"signer": key("RSA-2048", 8)}),
        ("Rejected", "P-256", {"issuer": name("Another")}),
        ("Rejected", "P-256", {"extensions": ()}),
        ("Rejected", "P-256", {"extensions": ((x509.BasicConstraints(False, None), True),)}),
        ("Rejected", "P-256", {"extensions": (*CA[:1], (usage("digital_signature"), True))}),
        ("Rejected", "P-256", {"end": NOON - 1}),
        ("Rejected", "P-256", {"start": NOON + 60}),
        ("Accepted", "P-256", {"end": NOON + 3600}),
    ],
)
def test_roots_of_every_kind(status, kind, how):
    """M05.FR.02, .06; A00.FR.501 to .504; what TLS may use is kept though this room cannot
    verify with it."""
    station = Station()
    assert station.install(text(root(kind=kind, **how))) == status
    assert len(station.ids()) == (status == "Accepted")


def test_the_hash_data_is_that_of_ocsp():
    """§6.1: RFC 6960's CertID, by OpenSSL; the serial number without leading zeros."""
    from cryptography.x509 import ocsp

    for serial in (1, 0xFFF, 0x0102030405060708090A0B0C0D0E0F1011121314):
        top = root(serial=serial)
        asked = ocsp.OCSPRequestBuilder().add_certificate(top, top, hashes.SHA256()).build()
        (data,) = installed(top).ids(CENTRAL)
        assert data == {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": asked.issuer_name_hash.hex().upper(),
            "issuerKeyHash": asked.issuer_key_hash.hex().upper(),
            "serialNumber": "%X" % asked.serial_number,
        }

"""Certificates for a scenario, made on the spot: authorities, servers' contexts, client
certificates as the security whitepaper wants them (CN the serial number, O the operator)."""

import ssl
from datetime import datetime, timedelta, timezone

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

EC = trustme.KeyType.ECDSA
NAME = "localhost"
SUITES = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"


class Authority:
    """A root of its own."""

    def __init__(self, name="CSMS root"):
        self._root = trustme.CA(organization_name=name, key_type=EC)

    @property
    def pem(self):
        return self._root.cert_pem.bytes()

    def server(self, name=NAME, clients=None, newest=None, oldest=None, suites=None, **how):
        """The context of a server called `name`. `clients`: the Authority whose charge points may
        come in; `newest`, `oldest`: ssl.TLSVersion; `suites`: up to TLS 1.2."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(suites or SUITES)
        if oldest:
            context.minimum_version = oldest
        if newest:
            context.maximum_version = newest
        self._root.issue_cert(name, key_type=EC, **how).configure_cert(context)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(cadata=clients.pem.decode())
        return context

    def client(self, serial="CP001", days=300):
        """(certificate, private key) of a charge point, as PEM; without a name of the DNS, which
        it should not have (A00.FR.511)."""
        signer = serialization.load_pem_private_key(self._root.private_key_pem.bytes(), None)
        root = x509.load_pem_x509_certificate(self.pem)
        key = ec.generate_private_key(ec.SECP256R1())
        names = ((NameOID.ORGANIZATION_NAME, "Operator"), (NameOID.COMMON_NAME, serial))
        now = datetime.now(timezone.utc)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(*name) for name in names]))
            .issuer_name(root.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)
            .sign(signer, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        private = key.private_bytes(
            pem,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        return made.public_bytes(pem), private

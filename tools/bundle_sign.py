"""The signature of an update package, and what a CSMS puts into SignedUpdateFirmware.

Promise: a signature the charger accepts (firmware/ocpp/v16/proof.py), over every byte of the file
as it will be served: ECDSA for a P-256 key, RSASSA-PSS for an RSA one, both with SHA-256; with a
certificate, one of that very key and fit for it. Boundary: makes no key and no certificate; takes
no key that is protected by a password: sign where such keys live, over the same bytes.
"""

import base64
import datetime
import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

LONGEST_CERTIFICATE, LONGEST_SIGNATURE = 5500, 800  # security whitepaper 6.9
SALT = 32


def private_key(path):
    try:
        key = serialization.load_pem_private_key(Path(path).read_bytes(), None)
    except TypeError as e:
        raise ValueError(f"{path}: protected by a password") from e
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
        return key
    if isinstance(key, rsa.RSAPrivateKey) and 2048 <= key.key_size <= 4096:
        return key
    raise ValueError(f"{path}: neither P-256 nor RSA with 2048 to 4096 bits")


class Signer:
    """`key`, `certificate`: paths of PEM files. ValueError, OSError: it cannot be."""

    def __init__(self, key, certificate=None):
        self._key = private_key(key)
        self._certificate = None if certificate is None else self._fitting(certificate)

    def _fitting(self, path):
        """The PEM, once it is sure that the charger will not refuse it for what it says."""
        found = x509.load_pem_x509_certificate(Path(path).read_bytes())
        if found.public_key() != self._key.public_key():
            raise ValueError(f"{path}: of another key")
        if found.not_valid_after_utc < datetime.datetime.now(datetime.timezone.utc):
            raise ValueError(f"{path}: expired")
        pem = found.public_bytes(serialization.Encoding.PEM).decode()
        if len(pem) > LONGEST_CERTIFICATE:
            raise ValueError(f"{path}: longer than {LONGEST_CERTIFICATE} characters")
        return pem

    def signature(self, data):
        if isinstance(self._key, rsa.RSAPrivateKey):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), SALT)
            made = self._key.sign(data, pss, hashes.SHA256())
        else:
            made = self._key.sign(data, ec.ECDSA(hashes.SHA256()))
        text = base64.b64encode(made).decode()
        assert len(text) <= LONGEST_SIGNATURE
        return text

    def sign(self, bundle):
        """Writes BUNDLE.sig; the fields of the request as JSON, but for where and when."""
        signature = self.signature(bundle.read_bytes())
        bundle.with_name(bundle.name + ".sig").write_text(signature + "\n")
        fields = {"signature": signature}
        if self._certificate is not None:
            fields["signingCertificate"] = self._certificate
        return json.dumps({"firmware": fields}, indent=2)

"""A bundle signed by the tool, with the keys and certificates of another library, is what the
charger's own arithmetic accepts; and nothing else is."""

import base64
import datetime
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from firmware.crypto import chain, run, signature
from firmware.crypto.x509 import Certificate, from_pem
from tools import bundle
from tools.bundle_sign import Signer

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAY = datetime.timedelta(days=1)
KEYS = {
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
}
AUTHORITY = KEYS["ec"]()


def name(common_name):
    parts = [(NameOID.ORGANIZATION_NAME, "Maker"), (NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def certificate(subject, key, ca=False, end=NOW + 100 * DAY):
    usage = dict.fromkeys(
        "digital_signature content_commitment key_encipherment data_encipherment key_agreement "
        "key_cert_sign crl_sign encipher_only decipher_only".split(),
        False,
    )
    usage["key_cert_sign" if ca else "digital_signature"] = True
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name("Root"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - 200 * DAY)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(x509.KeyUsage(**usage), True)
    )
    if not ca:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
        builder = builder.add_extension(purpose, False)
    return builder.sign(AUTHORITY, hashes.SHA256())


def pem(key, password=None):
    lock = serialization.NoEncryption()
    if password:
        lock = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)


def files(folder, key, found):
    """The paths of key and certificate, as --sign takes them."""
    (folder / "key.pem").write_bytes(pem(key))
    (folder / "cert.pem").write_bytes(found.public_bytes(serialization.Encoding.PEM))
    return f"{folder / 'key.pem'},{folder / 'cert.pem'}"


def tool(into, *arguments):
    command = [sys.executable, str(ROOT / "tools/bundle.py"), "--into", str(into), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_what_the_tool_signs_the_charger_accepts(kind, tmp_path):
    """The whole way: certificate up to the root, signature over every byte of the file."""
    key = KEYS[kind]()
    found = certificate("Signer", key)
    ran = tool(tmp_path, "--version", "9.8.7", "--sign", files(tmp_path, key, found))
    assert ran.returncode == 0, ran.stderr
    first, _, rest = ran.stdout.partition("\n")
    path = Path(first.removeprefix("bundle: ").rpartition(",")[0])
    fields = json.loads(rest)["firmware"]
    assert set(fields) == {"signature", "signingCertificate"}
    assert Path(f"{path}.sig").read_text() == fields["signature"] + "\n"
    assert len(fields["signature"]) <= 800 and len(fields["signingCertificate"]) <= 5500

    root = Certificate(
        certificate("Root", AUTHORITY, True).public_bytes(serialization.Encoding.DER)
    )
    leaf = from_pem(fields["signingCertificate"])
    at = int(NOW.timestamp())
    assert run(chain.verify(leaf, [root], at, chain.FIRMWARE)) == (root, "")
    made = base64.b64decode(fields["signature"], validate=True)
    data = path.read_bytes()
    assert accepts(leaf[0].public_key, data, made)
    for at in (0, 130, 255, 256, len(data) // 2, len(data) - 1):
        assert not accepts(leaf[0].public_key, data[:at] + b"\x7e" + data[at + 1 :], made), at
    assert not accepts(leaf[0].public_key, data + b"\0", made)
    for at in (0, len(made) // 2, len(made) - 1):
        other = made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :]
        assert not accepts(leaf[0].public_key, data, other), at


def accepts(key, data, made):
    return run(signature.verify_file(key, hashlib.sha256(data).digest(), made))


def test_what_other_tools_sign():
    """L01.FR.04 names RSASSA-PSS and leaves the salt open; `openssl dgst -sign` makes PKCS #1
    v1.5, and many send that."""
    key = KEYS["rsa"]()
    public = key.public_key().public_numbers()
    data = b"a bundle" * 1000
    sha = hashes.SHA256()
    for scheme in (
        padding.PSS(padding.MGF1(sha), 32),
        padding.PSS(padding.MGF1(sha), padding.PSS.MAX_LENGTH),
        padding.PKCS1v15(),
    ):
        assert accepts(("RSA", public.n, public.e), data, key.sign(data, scheme, sha))
    for wrong in (hashes.SHA1(), hashes.SHA512()):
        for scheme in (padding.PSS(padding.MGF1(wrong), 20), padding.PKCS1v15()):
            assert not accepts(("RSA", public.n, public.e), data, key.sign(data, scheme, wrong))


def test_without_a_certificate(tmp_path):
    """It may live elsewhere: the signature alone."""
    (tmp_path / "key.pem").write_bytes(pem(AUTHORITY))
    path = tmp_path / "evse.bin"
    path.write_bytes(b"a bundle")
    fields = json.loads(Signer(tmp_path / "key.pem").sign(path))
    assert set(fields["firmware"]) == {"signature"}


def test_what_cannot_be_signed_makes_no_bundle(tmp_path):
    key = KEYS["ec"]()
    found = certificate("Signer", key)
    good = files(tmp_path, key, found)
    other = certificate("Signer", AUTHORITY)
    (tmp_path / "other.pem").write_bytes(other.public_bytes(serialization.Encoding.PEM))
    old = certificate("Signer", key, end=NOW - DAY)
    (tmp_path / "old.pem").write_bytes(old.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "p384.pem").write_bytes(pem(ec.generate_private_key(ec.SECP384R1())))
    (tmp_path / "small.pem").write_bytes(pem(rsa.generate_private_key(65537, 1024)))
    (tmp_path / "locked.pem").write_bytes(pem(key, b"word"))
    at = good.partition(",")[0]
    for sign, why in (
        (f"{at},{tmp_path / 'other.pem'}", "of another key"),
        (f"{at},{tmp_path / 'old.pem'}", "expired"),
        (str(tmp_path / "p384.pem"), "neither P-256"),
        (str(tmp_path / "small.pem"), "2048 to 4096"),
        (str(tmp_path / "locked.pem"), "protected by a password"),
        (str(tmp_path / "none.pem"), "none.pem"),
        (str(tmp_path / "cert.pem"), ""),
    ):
        into = tmp_path / "into"
        ran = tool(into, "--sign", sign)
        assert ran.returncode == 1 and ran.stderr.startswith("bundle: "), sign
        assert why in ran.stderr and not list(into.glob("*.bin")), ran.stderr


def test_an_old_signature_does_not_stay(tmp_path):
    """A bundle made again without SIGN has none beside it."""
    path = bundle.make("9.8.7", into=tmp_path)
    beside = path.with_name(path.name + ".sig")
    beside.write_text("old")
    assert bundle.main(["--version", "9.8.7", "--into", str(tmp_path)]) == 0
    assert not beside.exists()

"""SignedUpdateFirmware from end to end (security whitepaper L01): the manufacturer's root is
installed over OCPP, a bundle of this very firmware is signed with a certificate under it, and
everything that can be wrong with it is.
"""

import base64
import binascii
import struct
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.scenarios.conftest import charger
from tests.scenarios.test_firmware import (  # noqa: F401
    BROKEN,
    LONG_AGO,
    NEW,
    bills,
    cycle,
    files,
    good,
    maker,
    silent_traceback,
    version,
)

STATUS = "SignedFirmwareStatusNotification"
EVENT = "SecurityEventNotification"
GOOD = [
    "Downloading",
    "Downloaded",
    "SignatureVerified",
    "Installing",
    "InstallRebooting",
    "Installed",
]
BAD_CERTIFICATE = "InvalidFirmwareSigningCertificate"
BAD_SIGNATURE = "InvalidFirmwareSignature"
# The bench's time begins at 2026-11-22.
FIRST, LAST = datetime(2026, 1, 1), datetime(2036, 1, 1)


def pem(found):
    return found.public_bytes(serialization.Encoding.PEM).decode()


class Maker:
    """The manufacturer: a root, a signing key, and certificates good and bad."""

    def __init__(self, common_name="Root", rsa_key=False):
        self._root = ec.generate_private_key(ec.SECP256R1())
        self.common_name = common_name
        self.key = ec.generate_private_key(ec.SECP256R1())
        if rsa_key:
            self.key = rsa.generate_private_key(65537, 3072)
        self.root = self._certificate(common_name, self._root, True)
        self.certificate = self.issue()

    def issue(self, **how):
        return pem(self._certificate("Signer", self.key, False, **how))

    def _certificate(self, subject, key, ca, first=FIRST, last=LAST, purpose="CODE_SIGNING"):
        flags = (
            "digital_signature content_commitment key_encipherment data_encipherment "
            "key_agreement key_cert_sign crl_sign encipher_only decipher_only"
        ).split()
        usage = dict.fromkeys(flags, False)
        usage["key_cert_sign" if ca else "digital_signature"] = True
        builder = (
            x509.CertificateBuilder()
            .subject_name(self._name(subject))
            .issuer_name(self._name(self.common_name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(first)
            .not_valid_after(last)
            .add_extension(x509.BasicConstraints(ca, None), True)
            .add_extension(x509.KeyUsage(**usage), True)
        )
        if not ca:
            oid = getattr(ExtendedKeyUsageOID, purpose)
            builder = builder.add_extension(x509.ExtendedKeyUsage([oid]), False)
        return builder.sign(self._root, hashes.SHA256())

    def _name(self, common_name):
        parts = [(NameOID.ORGANIZATION_NAME, "Maker"), (NameOID.COMMON_NAME, common_name)]
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])

    def sign(self, data):
        if isinstance(self.key, rsa.RSAPrivateKey):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            made = self.key.sign(data, pss, hashes.SHA256())
        else:
            made = self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        return base64.b64encode(made).decode()

    def install(self, csms):
        """M05: its root."""
        answer = csms.call(
            "InstallCertificate",
            certificateType="ManufacturerRootCertificate",
            certificate=pem(self.root),
        )
        assert answer == {"status": "Accepted"}

    def delete(self, csms):
        """M04: as the CSMS finds it."""
        kind = "ManufacturerRootCertificate"
        found = csms.call("GetInstalledCertificateIds", certificateType=kind)
        for data in found["certificateHashData"]:
            answer = csms.call("DeleteCertificate", certificateHashData=data)
            assert answer == {"status": "Accepted"}


@pytest.fixture(scope="module")
def factory():
    return Maker()


def order(csms, factory, location, data, request_id=1, request=None, **firmware):
    """SignedUpdateFirmware; its status."""
    fields = {
        "location": location,
        "retrieveDateTime": LONG_AGO,
        "signingCertificate": factory.certificate,
        "signature": factory.sign(data),
        **firmware,
    }
    answer = csms.call(
        "SignedUpdateFirmware", requestId=request_id, firmware=fields, **(request or {})
    )
    return answer["status"]


def for_board(board, data):
    """The same bundle, with another name in its header (docs/update.md)."""
    head = data[:98] + board.encode().ljust(24, b"\0") + data[122:124]
    return head + struct.pack("<I", binascii.crc32(head)) + data[128:]


def told(csms):
    return [frame.payload["status"] for frame in csms.calls(STATUS, 0)]


def ids(csms):
    return {frame.payload["requestId"] for frame in csms.calls(STATUS, 0)}


def events(csms):
    """Of firmware; the others are told in their own scenarios."""
    kinds = [frame.payload["type"] for frame in csms.calls(EVENT, 0)]
    return [kind for kind in kinds if "Firmware" in kind]


def expect_event(csms, kind):
    """Before or after the status: they have no common order."""
    assert csms.wait(lambda: kind in events(csms), 60), events(csms)


def installed(rig, csms, timeout=300):
    csms.expect("BootNotification", timeout, firmwareVersion=NEW)
    csms.expect(STATUS, 60, status="Installed")
    bills(rig)


def refused(rig, csms, before, status="InvalidSignature", timeout=200):
    """Nothing was installed; the charger does its work."""
    csms.expect(STATUS, timeout, status=status)
    rig.bench.run(10)
    assert version(csms) == before and "Installing" not in told(csms)
    bills(rig)


# --- good ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_tc_080_signed_firmware(rig, csms, files, good, factory, kind):  # noqa: F811
    """OCTT TC_080: Downloading, Downloaded, SignatureVerified, Installing, InstallRebooting,
    BootNotification, Installed, each with the requestId; then FirmwareUpdated."""
    if kind == "rsa":
        factory = Maker(rsa_key=True)
    factory.install(csms)
    files.body["/fw.bin"] = good
    before = version(csms)
    assert order(csms, factory, files.url("/fw.bin"), good, 4711) == "Accepted"
    for status in GOOD[:5]:
        csms.expect(STATUS, 200, status=status, requestId=4711)
    installed(rig, csms)
    assert version(csms) == NEW != before
    assert told(csms) == GOOD and ids(csms) == {4711}
    assert csms.calls("FirmwareStatusNotification", 0) == []
    expect_event(csms, "FirmwareUpdated")
    assert events(csms) == ["FirmwareUpdated"]


def test_tc_080_at_its_hour(rig, csms, files, good, factory):  # noqa: F811
    """L01.FR.13, 16: DownloadScheduled, InstallScheduled."""
    factory.install(csms)
    files.body["/fw.bin"] = good
    download = (rig.utc() + timedelta(seconds=60)).replace(microsecond=0)
    install = download + timedelta(seconds=240)
    location = files.url("/fw.bin")
    when = {"retrieveDateTime": iso(download), "installDateTime": iso(install)}
    assert order(csms, factory, location, good, **when) == "Accepted"
    csms.expect(STATUS, 30, status="DownloadScheduled")
    assert not files.asked
    csms.expect(STATUS, 120, status="Downloading")
    assert rig.utc() >= download
    csms.expect(STATUS, 200, status="InstallScheduled")
    csms.expect(STATUS, 400, status="Installing")
    assert rig.utc() >= install
    installed(rig, csms)
    assert told(csms) == ["DownloadScheduled", *GOOD[:3], "InstallScheduled", *GOOD[3:]]


def iso(at):
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@charger(connectors=2)
def test_tc_080_waits_for_the_transaction(rig, csms, bench, files, good, factory):  # noqa: F811
    """L01.FR.06, 07: installed when the session has ended; the other connector is Unavailable."""
    factory.install(csms)
    files.body["/fw.bin"] = good
    files.stop_at = 50000
    assert order(csms, factory, files.url("/fw.bin"), good) == "Accepted"
    assert csms.wait(lambda: not files.flows.is_set(), 60)
    rig.begin()
    files.stop_at = None
    files.flows.set()
    csms.expect(STATUS, 300, status="InstallScheduled")
    csms.status("Unavailable", 2)
    bench.run(60)
    assert told(csms) == [*GOOD[:3], "InstallScheduled"]
    assert bench.connector(1)["contactor"]
    rig.finish()
    csms.expect("BootNotification", 120, firmwareVersion=NEW)
    csms.expect(STATUS, 60, status="Installed")
    rig.leave()
    bills(rig)


def test_canceled_by_another(rig, csms, files, good, factory):  # noqa: F811
    """L01.FR.26: AcceptedCanceled, and only the second is heard of."""
    factory.install(csms)
    files.body["/fw.bin"] = good
    files.stop_at = 20000
    assert order(csms, factory, files.url("/fw.bin"), good, 1) == "Accepted"
    csms.expect(STATUS, 120, status="Downloading", requestId=1)
    assert csms.wait(lambda: not files.flows.is_set(), 60)
    files.stop_at = None
    assert order(csms, factory, files.url("/fw.bin"), good, 2) == "AcceptedCanceled"
    files.flows.set()
    installed(rig, csms)
    assert [frame.payload["requestId"] for frame in csms.calls(STATUS, 0)] == [1] + [2] * 6


# --- bad -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["another key", "another file", "garbage", "a byte of the file"])
def test_tc_081_bad_signature(rig, csms, files, good, factory, how):  # noqa: F811
    """OCTT TC_081: Downloading, Downloaded, InvalidSignature; InvalidFirmwareSignature; nothing is
    installed."""
    factory.install(csms)
    before = version(csms)
    files.body["/fw.bin"] = good
    signature = factory.sign(good)
    if how == "another key":
        signature = Maker().sign(good)
    elif how == "another file":
        signature = factory.sign(good + b"\0")
    elif how == "garbage":
        signature = "bm8gc2lnbmF0dXJl"
    elif how == "a byte of the file":
        files.body["/fw.bin"] = good[:-1] + bytes([good[-1] ^ 1])
    location = files.url("/fw.bin")
    assert order(csms, factory, location, good, 9, signature=signature) == "Accepted"
    refused(rig, csms, before)
    assert told(csms) == [*GOOD[:2], "InvalidSignature"] and ids(csms) == {9}
    expect_event(csms, BAD_SIGNATURE)
    assert events(csms) == [BAD_SIGNATURE] and len(files.asked) == 1


@pytest.mark.parametrize(
    "how", ["wrong root", "same name", "expired", "early", "purpose", "nonsense", "deleted"]
)
def test_tc_081_bad_certificate(rig, csms, files, good, factory, how):  # noqa: F811
    """L01.FR.02, 24: InvalidCertificate, InvalidFirmwareSigningCertificate; nothing is fetched."""
    factory.install(csms)
    files.body["/fw.bin"] = good
    signer, certificate = factory, factory.certificate
    if how == "wrong root":
        signer = Maker("Another Root")
        certificate = signer.certificate
    elif how == "same name":
        signer = Maker()
        certificate = signer.certificate
    elif how == "expired":
        certificate = factory.issue(last=datetime(2026, 11, 21))
    elif how == "early":
        certificate = factory.issue(first=datetime(2026, 12, 24))
    elif how == "purpose":
        certificate = factory.issue(purpose="CLIENT_AUTH")
    elif how == "nonsense":
        certificate = "-----BEGIN CERTIFICATE-----\nMAMCAQU=\n-----END CERTIFICATE-----\n"
    elif how == "deleted":
        factory.delete(csms)
    status = order(csms, signer, files.url("/fw.bin"), good, signingCertificate=certificate)
    assert status == "InvalidCertificate"
    expect_event(csms, BAD_CERTIFICATE)
    rig.bench.run(30)
    assert told(csms) == [] and not files.asked and events(csms) == [BAD_CERTIFICATE]
    bills(rig)


def test_root_deleted_in_the_download(rig, csms, files, good, factory):  # noqa: F811
    """Revoked by deletion, as late as it can be."""
    factory.install(csms)
    before = version(csms)
    files.body["/fw.bin"] = good
    files.stop_at = 50000
    assert order(csms, factory, files.url("/fw.bin"), good) == "Accepted"
    csms.expect(STATUS, 120, status="Downloading")
    assert csms.wait(lambda: not files.flows.is_set(), 60)
    factory.delete(csms)
    files.stop_at = None
    files.flows.set()
    refused(rig, csms, before)
    expect_event(csms, BAD_SIGNATURE)
    assert events(csms) == [BAD_CERTIFICATE, BAD_SIGNATURE]


@pytest.mark.parametrize("how", ["closed", "short", "404", "board"])
def test_not_downloaded(rig, csms, files, good, factory, how):  # noqa: F811
    """Truncated, absent or for another board: DownloadFailed, and no signature is asked about."""
    factory.install(csms)
    before = version(csms)
    body = files.body["/fw.bin"] = good
    if how == "closed":
        files.faults = [1000] * 2
    elif how == "short":
        body = files.body["/fw.bin"] = good[:50000]
    elif how == "404":
        files.faults = [404] * 2
    elif how == "board":
        body = files.body["/fw.bin"] = for_board("OTHER", good)
    retry = {"retries": 1, "retryInterval": 5}
    assert order(csms, factory, files.url("/fw.bin"), body, request=retry) == "Accepted"
    refused(rig, csms, before, "DownloadFailed", 300)
    assert told(csms) == ["Downloading", "DownloadFailed"] and events(csms) == []


def test_signed_but_broken(rig, csms, files, maker, factory):  # noqa: F811
    """The manufacturer signs a firmware that does not start: what ran before comes back."""
    silent_traceback(rig)
    factory.install(csms)
    before = version(csms)
    body = files.body["/fw.bin"] = maker.make(name="main", source=BROKEN)
    assert order(csms, factory, files.url("/fw.bin"), body) == "Accepted"
    csms.expect(STATUS, 400, status="InstallationFailed")
    assert told(csms) == [*GOOD[:5], "InstallationFailed"] and version(csms) == before
    assert events(csms) == []
    bills(rig)


# --- unsigned ------------------------------------------------------------------------------------


def test_unsigned_updates_forbidden(rig, csms, files, good, factory):  # noqa: F811
    """L01.FR.20: NotSupported, over a reboot too, and never allowed again over the air."""
    factory.install(csms)
    files.body["/fw.bin"] = good

    def configure(value):
        answer = csms.call("ChangeConfiguration", key="UnsignedUpdates", value=value)
        return answer["status"]

    assert configure("false") == "Accepted"
    cycle(rig)
    csms.expect("BootNotification", 60)
    csms.expect("StatusNotification", 30)
    answer = csms.call("UpdateFirmware", location=files.url("/fw.bin"), retrieveDate=LONG_AGO)
    assert answer.code == "NotSupported"
    assert configure("true") == "Rejected"
    rig.bench.run(30)
    assert not files.asked
    assert order(csms, factory, files.url("/fw.bin"), good) == "Accepted"
    installed(rig, csms)


# --- the power goes ------------------------------------------------------------------------------


def test_power_cut_in_the_download(rig, csms, files, good, factory):  # noqa: F811
    """The plan keeps requestId, certificate and signature; the rest is fetched and verified."""
    factory.install(csms)
    files.body["/fw.bin"] = good
    files.stop_at = 100000
    assert order(csms, factory, files.url("/fw.bin"), good, 12) == "Accepted"
    assert csms.wait(lambda: files.sent >= 100000, 60)
    rig.bench.run(2)
    files.stop_at = None
    cycle(rig)
    files.flows.set()
    installed(rig, csms)
    assert told(csms) == ["Downloading", *GOOD] and ids(csms) == {12}
    assert len(files.asked) == 2 and files.asked[1] is not None


@pytest.mark.parametrize("status", GOOD[1:5])
def test_power_cut_after_each_status(rig, csms, files, good, factory, status):  # noqa: F811
    """Wherever it goes: verified again, installed, told."""
    factory.install(csms)
    files.body["/fw.bin"] = good
    assert order(csms, factory, files.url("/fw.bin"), good, 12) == "Accepted"
    csms.expect(STATUS, 200, status=status)
    cycle(rig)
    installed(rig, csms)
    assert ids(csms) == {12} and told(csms)[-1] == "Installed"
    assert told(csms).count("Installed") == 1
    expect_event(csms, "FirmwareUpdated")


def test_power_cut_and_the_root_is_gone(rig, csms, files, good, factory):  # noqa: F811
    """What was verified before the cut is not believed after it."""
    factory.install(csms)
    before = version(csms)
    files.body["/fw.bin"] = good
    install = rig.utc() + timedelta(seconds=600)
    when = {"installDateTime": iso(install)}
    assert order(csms, factory, files.url("/fw.bin"), good, **when) == "Accepted"
    csms.expect(STATUS, 300, status="InstallScheduled")
    factory.delete(csms)
    cycle(rig)
    refused(rig, csms, before)
    expect_event(csms, BAD_SIGNATURE)
    assert set(events(csms)) == {BAD_CERTIFICATE, BAD_SIGNATURE}

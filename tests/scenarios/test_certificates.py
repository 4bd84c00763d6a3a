"""Certificates over the air (security whitepaper, A02, M03 to M05): roots come and go, and the
charge point's own is made on the device, signed by an authority and shown to the CSMS."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.scenarios.authority import Authority
from tests.scenarios.conftest import charger
from tests.scenarios.test_security_changes import new_link, settled
from tests.scenarios.test_security_profiles import (
    KEY,
    SECOND,
    configure,
    lines,
    never_in,
    value,
)
from tools.csms_script import answer, deaf

PEM = serialization.Encoding.PEM
FIRST = datetime(2026, 1, 1)  # before the bench's time begins


class Operator(Authority):
    """An authority that signs what it is asked to."""

    def __init__(self, name="Operator's charge points"):
        super().__init__(name)
        self.subject = x509.load_pem_x509_certificate(self.pem).subject
        self.key = serialization.load_pem_private_key(self._root.private_key_pem.bytes(), None)

    def sign(self, subject, public_key, *extensions, first=FIRST, days=3650):
        """A certificate; each of `extensions` not critical."""
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(first)
            .not_valid_after(first + timedelta(days=days))
        )
        for extension in extensions:
            builder = builder.add_extension(extension, False)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(PEM)

    def answer(self, csr, subject=None, **how):
        """The certificate that was asked for."""
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        public = request.public_key()
        return self.sign(subject or request.subject, public, purpose, **how).decode()


OLD = Operator("CSMS root")
OPERATOR = Operator()
OTHER = Operator("Somebody else")
NAMED = dict(SECOND, CpoName="Operator")
CENTRAL, MANUFACTURER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"
CA = {"ca": OLD.pem}
SIGNED = {"server": OLD.server(), "tls": CA, "password": KEY, "keys": NAMED}
ONE_AT_A_TIME = dict(NAMED, AdditionalRootCertificateCheck="true")
EVENT = "SecurityEventNotification"


def install(csms, authority, kind=CENTRAL):
    pem = authority.pem.decode() if isinstance(authority, Authority) else authority
    return csms.call("InstallCertificate", certificateType=kind, certificate=pem)["status"]


def ids(csms, kind=CENTRAL):
    answer = csms.call("GetInstalledCertificateIds", certificateType=kind)
    found = answer.get("certificateHashData", [])
    assert answer["status"] == ("Accepted" if found else "NotFound")
    return found


def delete(csms, data):
    return csms.call("DeleteCertificate", certificateHashData=data)["status"]


def serial(authority):
    return "%X" % x509.load_pem_x509_certificate(authority.pem).serial_number


def requested(csms):
    """A02: triggered, made, sent; the CSR."""
    answer = csms.call("ExtendedTriggerMessage", requestedMessage="SignChargePointCertificate")
    assert answer == {"status": "Accepted"}
    return csms.expect("SignCertificate", 60).payload["csr"]


def answered(csms, chain):
    return csms.call("CertificateSigned", certificateChain=chain)["status"]


# --- the charge point's own ------------------------------------------------------------------


@charger(**SIGNED)
def test_tc_074_update_of_the_charge_point_certificate(rig, csms, bench):
    """OCTT TC_074, A02: a key pair made on the device, its CSR signed by an authority of the
    operator, and with that certificate security profile 3."""
    assert install(csms, OPERATOR) == "Accepted"
    csr = requested(csms)
    subject = x509.load_pem_x509_csr(csr.encode()).subject
    assert [part.value for part in subject] == ["Operator", "CP001"]
    assert answered(csms, OPERATOR.answer(csr)) == "Accepted"
    bench.run(10)
    assert len(csms.links) == 1  # profile 2 shows no certificate
    port = csms.port
    assert configure(csms, "SecurityProfile", "3") == "Accepted"
    csms.password = None
    csms.shut(port)
    csms.listen(OLD.server(clients=OPERATOR), port)
    settled(bench, "3 works")
    shown = dict(pair[0] for pair in csms.links[-1]["tls"][2]["subject"])
    assert shown == {"organizationName": "Operator", "commonName": "CP001"}
    # A02 again: the next one is used from the next connection on
    before = csms.links[-1]["tls"][2]["serialNumber"]
    links = len(csms.links)
    chain = OPERATOR.answer(requested(csms))
    assert answered(csms, chain) == "Accepted"
    link = new_link(rig, links + 1)
    assert link["tls"][2]["serialNumber"] != before
    settled(bench, "3 works")
    never_in(rig, bench, b"PRIVATE KEY", KEY)


@charger(**SIGNED)
def test_a_request_survives_a_power_cut(rig, csms, bench):
    """The key waits for its certificate over a reboot."""
    assert install(csms, OPERATOR) == "Accepted"
    chain = OPERATOR.answer(requested(csms))
    bench.run(1)
    bench.power(False)
    bench.power(True)
    rig.boot()
    assert answered(csms, chain) == "Accepted"
    assert answered(csms, chain) == "Rejected"  # it waits no more


@charger(**SIGNED)
def test_a_request_nobody_answers_is_repeated(rig, csms, bench):
    """The same request, until it is answered; then no more (A02, error handling)."""
    csms.bend("SignCertificate", deaf())
    csr = requested(csms)
    assert csms.expect("SignCertificate", 90).payload["csr"] == csr
    at = csms.mark()
    bench.run(300)
    csms.none("SignCertificate", at)


@charger(**SIGNED)
def test_a_rejected_request_is_not_repeated(rig, csms, bench):
    """A02.FR.12: and its key is forgotten."""
    assert install(csms, OPERATOR) == "Accepted"
    csms.bend("SignCertificate", answer({"status": "Rejected"}))
    csr = requested(csms)
    at = csms.mark()
    bench.run(300)
    csms.none("SignCertificate", at)
    assert answered(csms, OPERATOR.answer(csr)) == "Rejected"
    assert answered(csms, OPERATOR.answer(requested(csms))) == "Accepted"


@charger(**SIGNED)
def test_a_certificate_is_used_when_it_is_valid(rig, csms, bench):
    """A02.FR.08: "as soon as the current date and time is after the 'Not valid before' field"."""
    assert install(csms, OPERATOR) == "Accepted"
    csr = requested(csms)
    begins = rig.utc().replace(tzinfo=None, microsecond=0) + timedelta(seconds=60)
    assert answered(csms, OPERATOR.answer(csr, first=begins)) == "Accepted"
    assert configure(csms, "SecurityProfile", "3") == "Rejected"  # it has none yet
    bench.run(70)
    assert configure(csms, "SecurityProfile", "3") == "Accepted"


@charger(**dict(SIGNED, keys=dict(SECOND, CpoName="")))
def test_no_request_without_a_name(csms):
    """A02, prerequisite: "CpoName MUST be set"."""
    question = {"requestedMessage": "SignChargePointCertificate"}
    assert csms.call("ExtendedTriggerMessage", **question) == {"status": "Rejected"}
    assert configure(csms, "CpoName", "Operator") == "Accepted"
    assert requested(csms)


@charger(**SIGNED)
def test_tc_077_an_invalid_charge_point_certificate(rig, csms, bench):
    """OCTT TC_077, A02.FR.07: Rejected, and InvalidChargePointCertificate; the link stays, and the
    right certificate is still taken."""
    assert install(csms, OPERATOR) == "Accepted"
    csr = requested(csms)
    stranger = x509.load_pem_x509_certificate(OTHER.pem).subject
    for chain in (
        "no certificate",
        csr.replace(" REQUEST", "")[:-30] + "A" * 9500,
        OTHER.answer(csr),
        OPERATOR.answer(csr, subject=stranger),
        OPERATOR.answer(csr, days=30),
        OPERATOR.client("CP001")[0].decode(),
    ):
        at = csms.mark()
        assert answered(csms, chain) == "Rejected"
        csms.expect(EVENT, type="InvalidChargePointCertificate")
        assert at is None or len(csms.links) == 1
    assert answered(csms, OPERATOR.answer(csr)) == "Accepted"


# --- roots -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [MANUFACTURER, CENTRAL])
@charger(**SIGNED)
def test_tc_075_a_root_is_installed(rig, csms, bench, kind):
    """OCTT TC_075_1, TC_075_2, M05: Accepted, listed (M03), there after a power cut; and the link
    comes back, whoever's root was installed."""
    came = [serial(OLD)] if kind == CENTRAL else []
    assert [data["serialNumber"] for data in ids(csms, kind)] == came
    assert install(csms, OPERATOR, kind) == "Accepted"
    csms.expect(EVENT, type="ReconfigurationOfSecurityParameters")
    bench.power(False)
    bench.power(True)
    rig.boot()
    assert [data["serialNumber"] for data in ids(csms, kind)] == [*came, serial(OPERATOR)]
    assert len(csms.links) == 2
    assert not lines(bench, "InvalidCentralSystemCertificate")


@charger(**SIGNED)
def test_no_root_is_rejected(csms):
    """M05.FR.06, M05.FR.03."""
    ours = csms.links[0]
    for pem in ("", "no certificate", OPERATOR.client()[0].decode(), OLD.pem.decode() * 2):
        assert install(csms, pem) == "Rejected"
    for number in range(7):
        assert install(csms, Authority("Root %d" % number)) == "Accepted"
    assert install(csms, OPERATOR) == "Rejected"  # CertificateStoreMaxLength, the eight are there
    assert value(csms, "CertificateStoreMaxLength") == "8" == str(len(ids(csms)))
    assert csms.links == [ours]


@charger(**SIGNED)
def test_tc_076_a_root_is_deleted(rig, csms, bench):
    """OCTT TC_076, M04: deleted by its hash data; NotFound then; never the one in use (FR.06)."""
    assert install(csms, OPERATOR) == install(csms, OPERATOR, MANUFACTURER) == "Accepted"
    used, other = ids(csms)
    assert used["serialNumber"] == serial(OLD)
    assert delete(csms, used) == "Failed"
    assert delete(csms, dict(other, hashAlgorithm="SHA512")) == "NotFound"
    assert delete(csms, other) == "Accepted"
    assert delete(csms, other) == "NotFound"
    assert ids(csms) == [used] and ids(csms, MANUFACTURER) == []
    bench.power(False)
    bench.power(True)
    rig.boot()
    assert ids(csms) == [used]


@charger(**SIGNED)
def test_a_root_is_replaced_and_the_old_one_revoked(rig, csms, bench):
    """The CSMS moves to another authority: install, move, delete; a server of the old one is then
    a stranger, over a power cut too."""
    assert install(csms, OPERATOR) == "Accepted"
    old = ids(csms)[0]
    port = csms.port
    csms.shut(port)
    csms.listen(OPERATOR.server(), port)
    new_link(rig, 2)
    assert delete(csms, old) == "Accepted"
    csms.shut(port)
    csms.listen(OLD.server(), port)
    bench.run(60)
    assert len(csms.links) == 2 and not bench.state()["online"]
    assert len(lines(bench, "security: InvalidCentralSystemCertificate")) == 1
    bench.power(False)
    bench.power(True)
    bench.run(60)
    assert len(csms.links) == 2
    csms.shut(port)
    csms.listen(OPERATOR.server(), port)
    rig.boot()
    assert [data["serialNumber"] for data in ids(csms)] == [serial(OPERATOR)]


@charger(**dict(SIGNED, keys=ONE_AT_A_TIME))
def test_a_new_root_is_signed_by_the_one_it_replaces(rig, csms, bench):
    """M05.FR.08 to .13: a stranger's root is Rejected; one that the old one signed is kept beside
    it until it has verified a connection, and no longer."""
    old = ids(csms)[0]
    assert install(csms, OPERATOR) == "Rejected"
    constraints = x509.BasicConstraints(True, None)
    crossed = OLD.sign(OPERATOR.subject, OPERATOR.key.public_key(), constraints).decode()
    assert install(csms, crossed) == "Accepted"
    assert len(ids(csms)) == 2
    csms.drop()
    new_link(rig, 2)  # FR.13: a server of the old one is still known
    assert len(ids(csms)) == 2 and delete(csms, old) == "Failed"
    port = csms.port
    csms.shut(port)
    csms.listen(OPERATOR.server(), port)
    new_link(rig, 3)
    (left,) = ids(csms)
    assert left["issuerKeyHash"] == old["issuerKeyHash"] and left != old
    assert delete(csms, left) == "Failed"
    csms.shut(port)
    csms.listen(OLD.server(), port)
    bench.run(30)
    assert len(csms.links) == 3  # FR.12: it is removed

"""The security profiles over a real TLS backend: who is let in, by whom, and what worked comes
back when a change does not."""

import ssl
from datetime import datetime

import pytest

from tests.scenarios.authority import Authority
from tests.scenarios.conftest import charger

ROOT = Authority()
STRANGER = Authority("Somebody else")
OWNER = Authority("Operator's charge points")
KEY = bytes(range(20))
NEW_KEY = bytes(range(100, 120))
CLIENT = OWNER.client("CP001")
BASIC = {"AuthorizationKey": KEY.hex(), "SecurityProfile": "1"}
SECOND = {"AuthorizationKey": KEY.hex(), "SecurityProfile": "2"}
CA = {"ca": ROOT.pem}
OURS = dict(CA, cert=CLIENT[0], key=CLIENT[1])
OLD = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def configure(csms, key, value):
    return csms.call("ChangeConfiguration", key=key, value=value)["status"]


def value(csms, key):
    (entry,) = csms.call("GetConfiguration", key=[key])["configurationKey"]
    return entry.get("value")


def lines(bench, *words):
    return [line for line in bench.console.splitlines() if all(word in line for word in words)]


def never_in(rig, bench, *secrets):
    """Not on the console, not in the state."""
    told = bench.console + str(bench.state())
    for secret in secrets:
        for form in (secret.hex(), secret.hex().upper(), str(secret)[2:-1]):
            assert form not in told, form


def refused(rig, bench, kind, seconds=40):
    """No link for so long, and the event was told once."""
    bench.run(seconds)
    assert not rig.csms.links and bench.state()["online"] is False
    assert len(lines(bench, "security: " + kind)) == 1, bench.console[-3000:]


# --- profile 1 ------------------------------------------------------------------------------


@charger(password=KEY, keys=BASIC)
def test_tc_085_basic_authentication(rig, csms, bench):
    """OCTT TC_085, A00.FR.204: the user is the charge point's identity, the key goes as bytes."""
    assert csms.links[0]["authorization"] == "Basic Q1AwMDE6AAECAwQFBgcICQoLDA0ODxAREhM="
    assert csms.knocks[0][:2] == ("CP001", "CP001") and csms.links[0]["tls"] is None
    assert value(csms, "SecurityProfile") == "1"
    assert value(csms, "AuthorizationKey") is None
    never_in(rig, bench, KEY)


@charger(password=b"another password", keys=BASIC, booted=False)
def test_tc_085_a_wrong_key_is_told_once_and_tried_again(rig, csms, bench):
    """FailedToAuthenticateAtCentralSystem; the CSMS may learn the key later."""
    refused(rig, bench, "FailedToAuthenticateAtCentralSystem")
    csms.password = KEY
    rig.boot()


# --- profile 2 ------------------------------------------------------------------------------


@charger(server=ROOT.server(), tls=CA, password=KEY, keys=SECOND)
def test_tc_086_a_server_with_a_good_certificate(rig, csms, bench):
    """OCTT TC_086: TLS 1.2 or above with a suite of A00.FR.318, Basic auth inside."""
    version, suite, client = csms.links[0]["tls"]
    assert version in ("TLSv1.2", "TLSv1.3") and "GCM" in suite and not client
    assert csms.links[0]["authorization"]
    never_in(rig, bench, KEY)


@charger(server=ROOT.server(newest=ssl.TLSVersion.TLSv1_2), tls=CA, password=KEY, keys=SECOND)
def test_tls_1_2_with_a_suite_of_the_whitepaper(rig, csms):
    """A00.FR.312, A00.FR.318."""
    assert csms.links[0]["tls"][:2] in (
        ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
        ("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    )


WRONG = {
    "wrong host": ROOT.server("elsewhere.example"),
    "unknown CA": STRANGER.server(),
    "expired": ROOT.server(not_after=datetime(2020, 1, 1)),
    "not yet valid": ROOT.server(
        not_before=datetime(2090, 1, 1),
        not_after=datetime(2091, 1, 1),
    ),
}


@pytest.mark.parametrize("case", list(WRONG))
@charger(tls=CA, password=KEY, keys=SECOND, booted=False)
def test_tc_086_a_server_nobody_should_believe(request, case):
    """A00.FR.307 to 310: not connected, not a byte of the password, and the event."""
    request.node.add_marker(charger(server=WRONG[case]))
    rig = request.getfixturevalue("rig")
    refused(rig, rig.bench, "InvalidCentralSystemCertificate")
    assert not rig.csms.knocks


@charger(server=ROOT.server(), password=KEY, keys=SECOND, booted=False)
def test_without_a_root_nobody_is_trusted(rig, csms, bench):
    """No open door where none was provisioned."""
    refused(rig, bench, "InvalidCentralSystemCertificate")


@charger(tls=CA, keys=SECOND, password=KEY, booted=False)
def test_profile_2_never_goes_without_tls(rig, csms, bench):
    """A00.FR.003: ws:// was provisioned, profile 2 too: the CSMS never hears the key."""
    bench.run(40)
    assert not csms.links and not csms.knocks


@OLD
@charger(tls=CA, password=KEY, keys=SECOND, booted=False)
def test_tls_1_1_only(request):
    """A00.FR.315: InvalidTLSVersion, terminated."""
    context = ROOT.server(
        oldest=ssl.TLSVersion.TLSv1, newest=ssl.TLSVersion.TLSv1_1, suites="ALL:@SECLEVEL=0"
    )
    request.node.add_marker(charger(server=context))
    rig = request.getfixturevalue("rig")
    refused(rig, rig.bench, "InvalidTLSVersion")


@charger(
    server=ROOT.server(newest=ssl.TLSVersion.TLSv1_2, suites="ECDHE-ECDSA-AES128-SHA"),
    tls=CA,
    password=KEY,
    keys=SECOND,
    booted=False,
)
def test_weak_suites_only(rig, bench):
    """A00.FR.318, 322: InvalidTLSCipherSuite, terminated."""
    refused(rig, bench, "InvalidTLSCipherSuite")


# --- profile 3 ------------------------------------------------------------------------------

THIRD = {"SecurityProfile": "3", "AuthorizationKey": KEY.hex()}
VERSIONS = pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])


def client_rig(request, version, clients):
    newest = getattr(ssl.TLSVersion, version)
    request.node.add_marker(charger(server=ROOT.server(clients=clients, newest=newest)))
    return request.getfixturevalue("rig")


@VERSIONS
@charger(tls=OURS, keys=THIRD)
def test_tc_087_client_certificate(request, version):
    """OCTT TC_087, A00.FR.401: known by its certificate; no password is shown."""
    rig = client_rig(request, version, OWNER)
    link = rig.csms.links[0]
    subject = dict(pair[0] for pair in link["tls"][2]["subject"])
    assert subject["commonName"] == "CP001" and link["tls"][0] == version.replace("_", ".")
    assert link["authorization"] is None
    never_in(rig, rig.bench, KEY, b"PRIVATE KEY", CLIENT[1].splitlines()[1])


@VERSIONS
@charger(tls=OURS, keys=THIRD, booted=False)
def test_tc_087_a_client_certificate_the_csms_does_not_know(request, version):
    """A00.FR.407: the CSMS terminates; InvalidChargePointCertificate where it says why."""
    rig = client_rig(request, version, STRANGER)
    refused(rig, rig.bench, "InvalidChargePointCertificate")


@charger(tls=CA, keys=THIRD, booted=False, server=ROOT.server(clients=OWNER))
def test_profile_3_without_a_certificate(rig, bench):
    """Nothing to show: no link, and no password in its place."""
    bench.run(40)
    assert not rig.csms.knocks

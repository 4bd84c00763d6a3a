"""Changes of key, profile, address and certificate over the air: taken when they work, and what
worked comes back by itself when they do not."""

import io
import socket
import tarfile

import pytest

from tests.scenarios.authority import Authority
from tests.scenarios.conftest import charger
from tests.scenarios.file_server import Files
from tests.scenarios.test_security_profiles import (
    BASIC,
    CA,
    CLIENT,
    KEY,
    NEW_KEY,
    OURS,
    OWNER,
    ROOT,
    SECOND,
    STRANGER,
    configure,
    lines,
    never_in,
    value,
)

BACK = "is back: what was asked for did not work"


def new_link(rig, number, seconds=120):
    rig.csms.expect_link(number, seconds)
    return rig.csms.links[-1]


def settled(bench, words, seconds=200):
    """Until the charger has said so."""
    for _ in range(seconds):
        if lines(bench, "security: profile", words):
            return
        bench.run(1)
    raise AssertionError("not said: %s\n%s" % (words, bench.console[-3000:]))


# --- the key (A01) --------------------------------------------------------------------------


@charger(password=KEY, keys=BASIC)
def test_tc_073_a_new_key_is_used_from_the_next_connection_on(rig, csms, bench):
    """OCTT TC_073, A01.FR.02: Accepted, disconnected, connected with the new password; nothing
    of it is ever told."""
    at = len(csms.frames)
    assert configure(csms, "AuthorizationKey", NEW_KEY.hex()) == "Accepted"
    csms.password = NEW_KEY
    assert new_link(rig, 2)["authorization"] != csms.links[0]["authorization"]
    assert csms.links[0]["closed"] == 1000
    settled(bench, "works")
    csms.none("BootNotification", at)  # OCPP-J 5.4
    bench.power(False)
    bench.power(True)
    rig.boot()
    assert len(csms.links) == 3 and value(csms, "AuthorizationKey") is None
    never_in(rig, bench, KEY, NEW_KEY)


@charger(password=KEY, keys=BASIC)
def test_a_key_as_text(rig, csms):
    """16 plain characters are 16 bytes."""
    csms.passwords["CP001"] = "0123456789abcdef"
    assert configure(csms, "AuthorizationKey", "0123456789abcdef") == "Accepted"
    new_link(rig, 2)


@charger(password=KEY, keys=BASIC)
def test_malformed_keys_are_rejected(rig, csms, bench):
    """A00.FR.205: 16 to 20 bytes, or as many in hexadecimal digits; the link stays."""
    for key in ("", "short", "ab" * 15, "ab" * 21, "ab" * 16 + "a", "xy" * 16, "z" * 21):
        assert configure(csms, "AuthorizationKey", key) == "Rejected", key
    bench.run(5)
    assert len(csms.links) == 1


@charger(password=KEY, keys=BASIC)
def test_a_key_the_csms_does_not_know_falls_back(rig, csms, bench):
    """A01: a key nobody accepts costs a while, not the charger."""
    assert configure(csms, "AuthorizationKey", NEW_KEY.hex()) == "Accepted"
    assert new_link(rig, 2, 300)["authorization"] == csms.links[0]["authorization"]
    settled(bench, BACK)
    assert len(lines(bench, "security: FailedToAuthenticateAtCentralSystem")) == 1
    tried = [user for _, user, _ in csms.knocks]
    assert 5 <= len(tried) - 2 <= 6, tried
    bench.run(60)
    assert len(csms.links) == 2
    never_in(rig, bench, KEY, NEW_KEY)


@charger(password=KEY, keys=BASIC)
def test_a_transaction_goes_on_over_a_new_key(rig, csms, bench):
    """A reconnect is no reason to stop: one Start, one Stop, the bill right."""
    rig.begin()
    assert configure(csms, "AuthorizationKey", NEW_KEY.hex()) == "Accepted"
    csms.password = NEW_KEY
    new_link(rig, 2)
    assert bench.connector()["contactor"]
    rig.finish()
    assert len(csms.ledger.transactions) == 1


@charger(password=KEY, keys=BASIC)
def test_an_outage_is_not_the_candidates_fault(rig, net, csms, bench):
    """However long the network is away: the new key is still tried when it is back."""
    csms.vanish_on(lambda frame: frame.payload == {"status": "Accepted"})
    assert configure(csms, "AuthorizationKey", NEW_KEY.hex()) == "Accepted"
    csms.password = NEW_KEY
    bench.run(320)
    net.cut("reset")
    bench.run(20)
    knocks = len(csms.knocks)
    csms.listen(port=csms.port)
    net.mend()
    settled(bench, "works")
    assert len(csms.knocks) == knocks + 1, "the first one that got through was the new key's"


@charger(password=KEY, keys=BASIC)
def test_power_cut_while_a_key_is_tried(rig, csms, bench):
    """What worked comes back, however often the power goes meanwhile."""
    assert configure(csms, "AuthorizationKey", NEW_KEY.hex()) == "Accepted"
    for _ in range(4):
        knocks = len(csms.knocks)
        assert csms.wait(lambda seen=knocks: len(csms.knocks) > seen, 20)
        bench.power(False)
        bench.power(True)
    settled(bench, BACK)
    new_link(rig, 2)


@charger(password=KEY, keys=BASIC)
def test_power_cut_before_the_new_key_is_tried(rig, csms, bench):
    """Accepted means kept: after the cut the first connection has the new key."""
    csms.vanish_on(lambda frame: frame.payload == {"status": "Accepted"})
    assert configure(csms, "AuthorizationKey", NEW_KEY.hex()) == "Accepted"
    bench.power(False)
    csms.password = NEW_KEY
    csms.listen(port=csms.port)
    bench.power(True)
    new_link(rig, 2)
    settled(bench, "works")


@charger(password=KEY, keys=BASIC, tls=OURS)
def test_no_secret_leaves_with_the_diagnostics(rig, csms, bench):
    """A01.FR.12: nor in the archive, whatever was tried; nor in a file but their own."""
    assert configure(csms, "AuthorizationKey", NEW_KEY.hex()) == "Accepted"
    settled(bench, BACK)
    new_link(rig, 2)
    files = Files()
    try:
        name = csms.call("GetDiagnostics", location=files.url("/in"))["fileName"]
        csms.expect("DiagnosticsStatusNotification", 60, status="Uploaded")
        data = files.brought["/in/" + name]
    finally:
        files.close()
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        texts = [tar.extractfile(one).read() for one in tar.getmembers()]
    assert any(b"AuthorizationKey" in text for text in texts)
    for text in texts:
        for secret in (KEY, NEW_KEY, CLIENT[1].splitlines()[1]):
            for form in (secret, secret.hex().encode(), secret.hex().upper().encode()):
                assert form not in text


# --- the profile (A05) ----------------------------------------------------------------------


@charger(password=KEY, keys=BASIC, tls=OURS)
def test_tc_083_the_profile_rises(rig, csms, bench):
    """OCTT TC_083, A05: 1 to 2 to 3, each time disconnected and connected anew; never down."""
    port = csms.listen(ROOT.server())
    url = csms.url_of(port, True)
    assert configure(csms, "CentralSystemUrl", url) == "Accepted"
    assert new_link(rig, 2)["port"] == port
    settled(bench, "works")
    assert configure(csms, "SecurityProfile", "2") == "Accepted"
    link = new_link(rig, 3)
    assert link["tls"] and link["authorization"]
    settled(bench, "2 works")
    assert value(csms, "SecurityProfile") == "2"
    for profile in ("1", "2", "0", "4", "-1", "x"):
        assert configure(csms, "SecurityProfile", profile) == "Rejected", profile
    assert configure(csms, "CentralSystemUrl", csms.url_of(csms.port)) == "Rejected"
    assert configure(csms, "SecurityProfile", "3") == "Accepted"
    csms.password = None
    csms.shut(port)
    csms.listen(ROOT.server(clients=OWNER), port)
    settled(bench, "3 works")
    link = csms.links[-1]
    assert link["tls"][2] and link["authorization"] is None
    assert value(csms, "SecurityProfile") == "3"
    never_in(rig, bench, KEY, CLIENT[1].splitlines()[1])


@charger(password=KEY, keys=BASIC, tls=CA)
def test_the_same_port_with_tls(rig, csms, bench):
    """The scheme follows the profile; a port that is named stays."""
    assert configure(csms, "SecurityProfile", "2") == "Accepted"
    csms.shut(csms.port)
    csms.listen(ROOT.server("127.0.0.1"), csms.port)
    settled(bench, "2 works")
    assert value(csms, "CentralSystemUrl").startswith("wss://127.0.0.1:")


@charger(keys={"SecurityProfile": "0"})
def test_prerequisites_of_a_profile(rig, csms):
    """A05.FR.02 to 04: no key, no root, no certificate: Rejected, and the link stays."""
    for profile in ("1", "2", "3"):
        assert configure(csms, "SecurityProfile", profile) == "Rejected"
    assert configure(csms, "CentralSystemUrl", "wss://localhost/ocpp") == "Rejected"
    assert configure(csms, "AuthorizationKey", KEY.hex()) == "Accepted"
    new_link(rig, 2)
    for profile in ("2", "3"):
        assert configure(csms, "SecurityProfile", profile) == "Rejected"
    assert configure(csms, "SecurityProfile", "1") == "Accepted"
    new_link(rig, 3)
    assert configure(csms, "SecurityProfile", "1") == "Rejected"


@charger(password=KEY, keys=BASIC, tls=CA)
def test_a_profile_the_csms_does_not_speak_falls_back(rig, csms, bench):
    """A05.FR.08: fallback to the previous security profile."""
    assert configure(csms, "SecurityProfile", "2") == "Accepted"
    settled(bench, "1 " + BACK)
    new_link(rig, 2)
    assert value(csms, "SecurityProfile") == "1"
    assert csms.links[-1]["tls"] is None


# --- the address ----------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["nobody", "refused", "no name", "silent"])
@charger(password=KEY, keys=BASIC)
def test_an_address_that_does_not_work_falls_back(rig, csms, bench, way):
    silent = socket.create_server(("127.0.0.1", 0))
    port = csms.listen()
    if way == "nobody":
        csms.shut(port)
    url = {
        "nobody": csms.url_of(port),
        "refused": csms.url_of(port).replace("/ocpp", "/elsewhere"),
        "no name": "ws://does-not-exist.invalid/ocpp",
        "silent": "ws://127.0.0.1:%d/ocpp" % silent.getsockname()[1],
    }[way]
    csms.missing = ["/elsewhere"]
    assert configure(csms, "CentralSystemUrl", url) == "Accepted"
    settled(bench, BACK, 400)
    assert new_link(rig, 2)["port"] == csms.port
    assert value(csms, "CentralSystemUrl") == csms.url
    silent.close()


@charger(password=KEY, keys=BASIC)
def test_an_address_that_works_stays(rig, csms, bench):
    port = csms.listen()
    assert configure(csms, "CentralSystemUrl", csms.url_of(port) + "/") == "Accepted"
    assert new_link(rig, 2)["path"] == "/ocpp/CP001"
    settled(bench, "works")
    bench.power(False)
    bench.power(True)
    assert new_link(rig, 3)["port"] == port


@charger(password=KEY, keys=BASIC)
def test_what_is_no_address_is_rejected(rig, csms):
    for url in (
        "",
        "http://h/",
        "ws://",
        "ws://u:p@h/x",
        "ws://h/a b",
        "ws://h:0/",
        "ws://h/?t=1",
    ):
        assert configure(csms, "CentralSystemUrl", url) == "Rejected", url
    assert configure(csms, "CentralSystemUrl", "ws://h/" + "a" * 300) == "Rejected"


# --- certificates ---------------------------------------------------------------------------


@charger(server=ROOT.server(), tls=CA, password=KEY, keys=SECOND)
def test_a_stranger_at_the_new_address(rig, csms, bench):
    """A server whose certificate nobody vouches for gets neither the key nor the charger."""
    port = csms.listen(STRANGER.server())
    knocks = len(csms.knocks)
    assert configure(csms, "CentralSystemUrl", csms.url_of(port, True)) == "Accepted"
    settled(bench, BACK)
    assert new_link(rig, 2)["port"] == csms.port and len(csms.knocks) == knocks + 1
    assert len(lines(bench, "security: InvalidCentralSystemCertificate")) == 1


@charger(server=ROOT.server(), tls=OURS, password=KEY, keys=SECOND)
def test_a_certificate_the_csms_refuses_falls_back(rig, csms, bench):
    """A05.FR.08 with profile 3: the CSMS wants charge points of somebody else."""
    port = csms.port
    assert configure(csms, "SecurityProfile", "3") == "Accepted"
    csms.shut(port)
    csms.listen(ROOT.server(clients=Authority()), port)
    bench.run(60)
    csms.shut(port)
    csms.listen(ROOT.server(), port)
    settled(bench, "2 " + BACK)
    assert new_link(rig, 2)["authorization"]
    assert len(lines(bench, "security: InvalidChargePointCertificate")) == 1

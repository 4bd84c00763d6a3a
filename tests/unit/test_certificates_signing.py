# heap: chip + 40k, stations that sign, all frames kept
from firmware.crypto import pem, x509
from firmware.ocpp.rpc import CallError
from tests.unit.authority_rig import (
    FIRST,
    OWN,
    OWN_FOR_SERVERS,
    OWN_LATER,
    OWN_SOON_OVER,
    PRIVATE,
    SECOND,
)
from tests.unit.certificate_rig import LEAF, ROOT, SUB
from tests.unit.id_rig import Cut
from tests.unit.trust_rig import NOON, Station

INVALID = ["InvalidChargePointCertificate"]
DAY = 86400


def waiting(key=PRIVATE, roots=(FIRST,), **how):
    """A station whose request was accepted; the key is that of OWN."""
    station = Station(**how)
    for root in roots:
        assert station.install(root) == "Accepted"
    station.happened()
    station.credentials.pending(key.encode())
    return station


# --- the request -----------------------------------------------------------------------------


def made(station):
    """The CSR that follows sign()."""
    assert station.certificates.sign(station.now)
    assert station.certificates.state == "making"
    beats = 0
    while station.certificates.state == "making":
        station.run()
        beats += 1
        assert beats < 5000
    station.run()
    requests = station.csrs()
    assert len(requests) == 1 and station.certificates.state == "asking"
    return requests[0]


def test_a_request_is_made_and_its_key_kept():
    """A02.FR.02, .03, .05: a new pair, a CSR, and the private key in the file of the secrets and
    nowhere else; a second trigger meanwhile starts nothing new."""
    station = Station()
    assert station.certificates.sign(0) and station.certificates.sign(0)
    first = made(station)
    assert pem.decode(first, pem.CERTIFICATE_REQUEST, 1)
    assert station.certificates.sign(station.now)
    station.run()
    assert station.csrs() == []
    key = station.credentials.take_pending()
    assert b"EC PRIVATE KEY" in key
    assert station.files.names == {}
    for told in (repr(station.credentials), station.certificates.state, first):
        assert key.decode() not in told
    station.certificates.answered({"status": "Accepted"}, station.now)
    assert station.certificates.state == "signing"
    assert Station(secrets=station.secrets).credentials.take_pending() == key
    # A02.FR.02: each request its own key pair
    assert made(station) != first
    assert station.credentials.take_pending() != key


def test_no_request_without_a_name():
    """A02, prerequisite: CpoName must be set; A00.FR.511: the serial number must be there."""
    station = Station(keys={"CpoName": ""})
    assert not station.certificates.sign(0)
    station = Station()
    station.serial_number = ""
    assert not station.certificates.sign(0)
    station = Station()
    station.security_profile = None
    assert not station.certificates.sign(0)
    assert station.certificates.state == "idle"


def test_a_name_no_certificate_may_carry():
    """A00.FR.511: "SHALL NOT be in the format of a URL or an IP address"."""
    station = Station()
    station.serial_number = "192.168.0.1"
    station.certificates.sign(0)
    while station.certificates.state == "making":
        station.run()
    assert station.certificates.state == "idle"
    assert station.csrs() == [] and station.credentials.take_pending() is None


def asking():
    """A station that has said its request; without the work of making one."""
    station = Station()
    station.credentials.pending(PRIVATE.encode())
    signing = station.certificates._signing
    signing._request = "CSR"
    station.run()
    assert station.csrs() == ["CSR"] and signing.state == "asking"
    return station


def test_a_request_nobody_answers_is_repeated():
    """With a back-off, some times; the key stays, the certificate may still come."""
    station = asking()
    waits = []
    for _ in range(6):
        station.certificates.unanswered(station.now)
        began = station.now
        while not station.outbox.said:
            station.run(60 if waits and waits[-1] >= 100 else 1)
            assert station.now - began < 7200000
        assert station.csrs() == ["CSR"]
        waits.append((station.now - began) // 1000)
    assert waits[:2] == [30, 60], waits
    assert all([120 <= wait for wait in waits[2:]]) and waits[5] >= 960, waits
    station.certificates.unanswered(station.now)
    station.run(7200)
    assert station.csrs() == []
    assert station.certificates.state == "idle"
    assert station.credentials.take_pending()


def test_without_a_link_no_try_is_lost():
    station = asking()
    for _ in range(50):
        station.online = station.reachable = False
        station.certificates.unanswered(station.now)
        station.run(40)
        assert station.csrs() == []
        station.online = station.reachable = True
        station.run()
        assert station.csrs() == ["CSR"]
    assert station.certificates.state == "asking"


def test_accepted_is_not_repeated():
    """A02, error handling: "NOT RECOMMENDED to let the Charge Point retry"."""
    station = asking()
    station.certificates.answered({"status": "Accepted"}, station.now)
    station.run(7 * DAY)
    assert station.csrs() == []
    assert station.certificates.state == "signing"
    assert station.credentials.take_pending()


def test_rejected_is_the_end():
    """A02.FR.12."""
    station = asking()
    station.certificates.answered({"status": "Rejected"}, station.now)
    station.run(7 * DAY)
    assert station.csrs() == []
    assert station.certificates.state == "idle"
    assert station.credentials.take_pending() is None


def test_a_key_that_cannot_be_kept_asks_for_nothing():
    station = Station()
    assert station.certificates.sign(0)

    def full(operation):
        raise OSError(28, "full")

    station.secrets.before = full
    while station.certificates.state == "making":
        station.run()
    assert station.certificates.state == "idle"
    assert station.csrs() == []
    assert station.credentials.take_pending() is None


# --- CertificateSigned -----------------------------------------------------------------------


def test_its_certificate_is_taken():
    """A02.FR.06, .08: the whole chain and its key are offered as credentials, and the key waits
    no more."""
    for chain, key, roots in (
        ((OWN,), PRIVATE, (FIRST,)),
        ((OWN, FIRST), PRIVATE, (ROOT, FIRST)),
        ((LEAF, SUB), key_of(LEAF), (ROOT,)),
        (("a comment\n" + LEAF, SUB, ROOT), key_of(LEAF), (FIRST, ROOT)),
    ):
        station = waiting(key, roots)
        assert station.signed(*chain) == "Accepted"
        assert station.happened() == []
        ((_, offered),) = station.security_profile.offered
        assert offered["private"] == key.encode()
        assert x509.from_pem(offered["cert"])[0].der == x509.from_pem(chain[0])[0].der
        assert offered["cert"].count(b"BEGIN") == len(chain)
        assert station.credentials.take_pending() is None
        assert station.credentials.latest.cert == offered["cert"]
        assert station.signed(*chain) == "Rejected"  # no request waits any more
        assert station.happened() == INVALID


def key_of(certificate):
    """A pending key whose public half is that of a certificate; the other half is nobody's."""
    from firmware.crypto import ec_key

    public = x509.from_pem(certificate)[0].public_key[1]
    return pem.encode(ec_key.encode(1, public), "EC PRIVATE KEY")


def test_what_was_not_asked_for_is_rejected():
    """A02.FR.07: discarded, and InvalidChargePointCertificate; the key goes on waiting."""
    base = OWN.split("\n")
    turned = "A" if base[-3][0] != "A" else "B"
    altered = "\n".join(base[:-3] + [turned + base[-3][1:]] + base[-2:])
    cases = (
        ("", "empty"),
        ("hello", "no PEM"),
        (OWN[:-40], "cut off"),
        (LEAF, "another key"),
        (altered, "wrong signature"),
        (OWN_FOR_SERVERS, "not for a client"),
        (FIRST, "a root"),
        (FIRST + OWN, "the wrong way round"),
        (OWN + PRIVATE, "with a private key"),
        (OWN + SUB * 4, "five certificates"),
        (SECOND, "a CA"),
    )
    station = waiting()
    for text, why in cases:
        assert station.signed(text) == "Rejected", why
        assert station.happened() == INVALID, why
        assert station.credentials.take_pending() == PRIVATE.encode()
    assert station.security_profile.offered == []
    assert station.signed(OWN) == "Accepted"


def test_the_hierarchy_is_that_of_an_installed_root():
    """A02.FR.06: "part of the Charge Point Operator certificate hierarchy"; a root that was
    deleted is none."""
    for roots in ((), (ROOT,)):
        station = waiting(roots=roots)
        assert station.signed(OWN, FIRST) == "Rejected"
        assert station.happened() == INVALID
    station = waiting(roots=(FIRST, ROOT))
    assert station.delete(station.ids()[0]) == "Accepted"
    station.happened()
    assert station.signed(OWN) == "Rejected"
    station = waiting(roots=())
    assert station.install(FIRST, "ManufacturerRootCertificate") == "Accepted"
    assert station.signed(OWN) == "Rejected"


def test_the_names_are_ours():
    """A00.FR.509, .511: O is CpoName, CN the serial number."""
    station = waiting()
    station.serial_number = "CP-0002"
    assert station.signed(OWN) == "Rejected"
    station = waiting(keys={"CpoName": "Example"})
    assert station.signed(OWN) == "Rejected"


def test_the_period_is_judged_by_the_known_time():
    for at, status in (
        (2398377600, "Accepted"),
        (2398377601, "Rejected"),
        (None, "Rejected"),
    ):
        station = waiting()
        station.set_clock(at)
        assert station.signed(OWN) == status, at
        assert station.happened() == ([] if status == "Accepted" else INVALID)


def test_a_chain_that_is_too_long():
    """§7.3: CertificateSignedMaxChainSize limits the characters of certificateChain."""
    size = len(OWN)
    for limit, status in ((size, "Accepted"), (size - 1, "Rejected")):
        station = waiting(keys={"CertificateSignedMaxChainSize": str(limit)})
        assert station.signed(OWN) == status
        assert station.happened() == ([] if status == "Accepted" else INVALID)


def test_credentials_that_cannot_be_kept():
    """Rejected: it will not be used; no event, the certificate is good. It can be sent again."""
    station = waiting()
    station.security_profile.full = True
    assert station.signed(OWN) == "Rejected"
    assert station.happened() == []
    station.security_profile.full = False
    assert station.signed(OWN) == "Accepted"


def test_a_root_that_cannot_be_read():
    station = waiting()
    real, station.files.open = station.files.open, None

    def broken(path, mode):
        raise OSError(5, "dead")

    station.files.open = broken
    try:
        station.signed(OWN)
    except CallError as error:
        assert error.code == "InternalError"
    else:
        raise AssertionError("answered")
    station.files.open = real
    assert station.signed(OWN) == "Accepted"


def test_a_key_made_meanwhile_makes_it_another_ones():
    station = waiting()
    poll = station.call("CertificateSigned", certificateChain=OWN)
    station.run()
    station.credentials.pending(key_of(LEAF).encode())
    assert station.finish("CertificateSigned", poll) == {"status": "Rejected"}
    assert station.security_profile.offered == []


# --- not valid yet, and expiring -------------------------------------------------------------


def test_it_is_used_as_soon_as_it_is_valid():
    """A02.FR.08: "as soon as the current date and time is after the 'Not valid before' field";
    over a reboot too."""
    for reboot in (False, True):
        station = waiting()
        begins = NOON + 4 * DAY + DAY // 2
        assert station.signed(OWN_LATER) == "Accepted"
        assert station.certificates.state == "waiting"
        assert station.security_profile.offered == []
        if reboot:
            station = Station(station.files, secrets=station.secrets)
            assert station.certificates.state == "waiting"
            station.set_clock(None)
            station.run()
            assert station.security_profile.offered == []
        station.set_clock(begins - 1)
        station.run()
        assert station.security_profile.offered == []
        station.set_clock(begins)
        station.run()
        ((_, offered),) = station.security_profile.offered
        assert offered["private"] == PRIVATE.encode()
        assert x509.from_pem(offered["cert"])[0].not_before == begins
        assert station.credentials.take_pending() is None
        assert station.certificates.state == "idle"
        after = Station(station.files, secrets=station.secrets, at=begins)
        after.run()
        assert after.certificates.state == "idle" and after.security_profile.offered == []


def test_it_may_not_begin_in_a_year():
    station = waiting(at=NOON - 40 * DAY, roots=())
    station.certificates.store.put(
        "CentralSystemRootCertificate", b"x", x509.from_pem(FIRST)[0].der
    )
    assert station.signed(OWN_LATER) == "Rejected"
    assert station.happened() == INVALID


def test_power_cuts_while_one_waits():
    """At each operation of the files: it waits or it does not, and is offered once at the end."""
    cuts = 0
    for left in range(12):
        station = waiting()
        station.files.left = left
        try:
            station.signed(OWN_LATER)
            station.set_clock(NOON + 5 * DAY)
            station.run()
        except Cut:
            cuts += 1
        else:
            break
        station.files.left = None
        after = Station(station.files, secrets=station.secrets, at=NOON + 5 * DAY)
        after.run()
        # it is either still asked for, or in the credentials
        assert (after.credentials.take_pending() is None) == bool(after.credentials.latest.cert)
        assert after.certificates.state == "idle"
        assert not [name for name in after.files.names if "own" in name]
    assert cuts == 7, cuts


def test_a_new_request_discards_what_waits():
    station = waiting()
    station.signed(OWN_LATER)
    made(station)
    assert not [name for name in station.files.names if "own" in name]
    station.set_clock(NOON + 10 * DAY)
    station.run()
    assert station.security_profile.offered == []


def expiring(at, cert=OWN_SOON_OVER):
    station = Station(at=at)
    station.credentials.offer(cert=cert.encode(), private=PRIVATE.encode())
    return station


def test_a_month_before_the_end_it_asks_by_itself():
    """A03.FR.02: "will expire in one month"; once, then again each week while nothing comes."""
    end = 1771113600  # 2026-02-15
    station = expiring(end - 30 * DAY - 7200)
    station.run(3600)
    assert station.certificates.state == "idle"
    station.run(7200)
    assert station.certificates.state in ("making", "asking")
    while station.certificates.state == "making":
        station.run()
    station.run()
    assert len(station.csrs()) == 1
    station.certificates.answered({"status": "Accepted"}, station.now)
    station.run(6 * DAY)
    assert station.csrs() == []
    station.run(2 * DAY)
    assert station.certificates.state in ("making", "asking")


def test_nothing_is_renewed_without_need():
    for station in (
        expiring(NOON, OWN),
        expiring(NOON, "broken"),
        Station(at=NOON),  # none
        expiring(None),
    ):
        station.run(3 * 3600)
        assert station.certificates.state == "idle" and station.csrs() == []


def test_the_certificate_of_now_counts():
    """One that was replaced in the meantime is not asked about."""
    station = expiring(1771113600 - 20 * DAY, OWN)
    station.run(7200)
    assert station.certificates.state == "idle"
    station.credentials.offer(cert=OWN_SOON_OVER.encode(), private=PRIVATE.encode())
    station.run(7200)
    assert station.certificates.state in ("making", "asking")


def test_a_request_that_survived_a_reboot_gets_its_time():
    """The answer to a request of before the reboot is still taken, and not made worthless by a
    new one."""
    station = expiring(1771113600 - 5 * DAY)
    station.credentials.pending(PRIVATE.encode())
    after = Station(station.files, secrets=station.secrets, at=1771113600 - 5 * DAY)
    assert after.install(FIRST) == "Accepted"
    after.run(DAY)
    assert after.certificates.state == "idle" and after.csrs() == []
    assert after.signed(OWN) == "Accepted"

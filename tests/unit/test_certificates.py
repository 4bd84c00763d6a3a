from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16 import certificates
from tests.unit.authority_rig import EXPIRED, FIRST, NO_CA, OWN, PRIVATE, SECOND, SHORT_KEY, THIRD
from tests.unit.certificate_rig import LEAF, MAKER, ROOT, SUB
from tests.unit.id_rig import Cut
from tests.unit.trust_rig import CENTRAL, MAKER as MAKERS, Station

ONE_AT_A_TIME = {"AdditionalRootCertificateCheck": "true"}
CHANGED = ["ReconfigurationOfSecurityParameters"]


def der(station, kind=CENTRAL, n=-1):
    return station.certificates.store.roots(kind)[n]


# --- InstallCertificate ----------------------------------------------------------------------


def test_a_root_is_installed_listed_and_there_after_a_boot():
    """M05.FR.02, M03.FR.03, .04; both kinds, P-256 and RSA."""
    station = Station()
    assert station.ids() == station.ids(MAKERS) == []
    assert station.install(FIRST) == "Accepted"
    assert station.install(ROOT) == "Accepted"
    assert station.install(MAKER, MAKERS) == "Accepted"
    assert station.happened() == CHANGED * 3
    for found in (station, Station(station.files)):
        assert found.serials() == ["A1", "1"]
        assert found.serials(MAKERS) == ["2"]
        for data in found.ids() + found.ids(MAKERS):
            assert data["hashAlgorithm"] == "SHA256"
            assert len(data["issuerNameHash"]) == len(data["issuerKeyHash"]) == 64


def test_what_is_no_good_root_is_rejected():
    """M05.FR.06: "the certificate is invalid and/or incorrect". Nothing is kept of it."""
    base = FIRST.split("\n")
    turned = "A" if base[-3][0] != "A" else "B"
    altered = "\n".join(base[:-3] + [turned + base[-3][1:]] + base[-2:])
    cases = (
        ("", "empty"),
        ("hello", "no PEM"),
        (FIRST[:-40], "cut off"),
        (FIRST.replace("CERTIFICATE", "X509 CRL"), "another label"),
        (FIRST.replace(base[3][5], "*", 1), "no base64"),
        (altered, "wrong signature"),
        (FIRST + ROOT, "two of them"),
        (PRIVATE, "a private key"),
        (FIRST + PRIVATE, "with a private key"),
        (EXPIRED, "expired"),
        (SHORT_KEY, "RSA-1024"),
        (NO_CA, "no CA"),
        (SUB, "not self-signed"),
        (OWN, "an end entity"),
        (LEAF, "another one"),
        (FIRST[:60] + "A" * 5400 + FIRST[60:-40], "huge"),
    )
    for text, why in cases:
        station = Station()
        assert station.install(text[:5500]) == "Rejected", why
        assert station.ids() == [] and station.happened() == [], why
        assert list(station.files.names) == [], why


def test_validity_is_judged_by_the_known_time():
    """RFC 5280 §4.1.2.5. A clock that was never set judges nothing."""
    for at, status in (
        (1767225599, "Rejected"),  # FIRST begins one second later
        (1767225600, "Accepted"),
        (2398377600, "Accepted"),
        (2398377601, "Rejected"),
        (None, "Failed"),
    ):
        station = Station(at=at)
        assert station.install(FIRST) == status, at
        assert len(station.ids()) == (status == "Accepted")


def test_what_is_there_is_accepted_again():
    """Nothing is written twice: a backend repeats itself."""
    station = Station()
    assert station.install(FIRST) == station.install(ROOT) == "Accepted"
    written = station.files.ops
    assert station.install(FIRST) == "Accepted"
    assert station.files.ops == written
    assert station.serials() == ["A1", "1"]
    assert station.install(FIRST, MAKERS) == "Accepted"  # another kind
    assert station.serials(MAKERS) == ["A1"]


def test_no_more_than_there_may_be():
    """M05.FR.03: no room is Rejected; §6.3 says so too."""
    station = Station(keys={"CertificateStoreMaxLength": "2"})
    assert station.install(FIRST) == station.install(MAKER, MAKERS) == "Accepted"
    station.happened()
    assert station.install(ROOT) == "Rejected"
    assert station.install(FIRST) == "Accepted"  # it is there
    assert station.happened() == []
    assert station.delete(station.ids(MAKERS)[0]) == "Accepted"
    assert station.install(ROOT) == "Accepted"


def test_a_flash_that_refuses_is_a_failure():
    """M05.FR.04: Failed where it is not the certificate's fault; then nothing has changed."""
    for left in range(3):
        station = Station()
        station.files.left, station.files.fail = left, True
        assert station.install(FIRST) == "Failed"
        assert station.ids() == [] and station.happened() == []
        station.files.left = None
        assert station.install(FIRST) == "Accepted"


def test_a_power_cut_leaves_it_installed_or_not():
    outcomes = []
    for left in range(12):
        station = Station()
        station.install(ROOT)
        station.files.left = left
        try:
            station.install(FIRST)
            station.delete(station.ids()[0])
        except Cut:
            pass
        else:
            break
        station.files.left = None
        after = Station(station.files)
        assert after.serials() in (["1"], ["1", "A1"], ["A1"]), left
        outcomes.append(len(after.serials()))
        assert after.install(FIRST) == "Accepted" and "A1" in after.serials()
    assert outcomes == [1] * 6 + [2], outcomes


def test_calls_wait_for_each_other():
    """However many signatures there are to verify, one at a time; a fifth call is refused."""
    station = Station()
    polls = []
    for text in (FIRST, ROOT, SHORT_KEY, EXPIRED):
        polls.append(station.call("InstallCertificate", certificateType=CENTRAL, certificate=text))
    try:
        station.call("InstallCertificate", certificateType=CENTRAL, certificate=FIRST)
    except CallError as error:
        assert error.code == "GenericError"
    else:
        raise AssertionError("a fifth was taken")
    statuses = [station.finish("InstallCertificate", poll)["status"] for poll in polls]
    assert statuses == ["Accepted", "Accepted", "Rejected", "Rejected"]
    assert station.serials() == ["A1", "1"]


# --- AdditionalRootCertificateCheck ----------------------------------------------------------


def test_a_new_root_is_signed_by_the_one_it_replaces():
    """M05.FR.09 to .12: signed by the old one, which stays until the new one has worked."""
    station = Station(keys=ONE_AT_A_TIME)
    assert station.install(FIRST) == "Accepted"  # there is none to replace
    old = der(station)
    assert station.install(ROOT) == "Rejected"  # a good root, not signed by FIRST
    assert station.install(THIRD) == "Rejected"  # signed by another
    assert station.install(SECOND) == "Accepted"
    assert station.serials() == ["A1", "A2"]
    assert station.install(SECOND) == station.install(FIRST) == "Accepted"  # they are there
    assert station.install(THIRD) == "Rejected"  # FR.08: SECOND has not worked yet
    new = der(station)
    station.certificates.connected(old, 0)  # M05.FR.13: it fell back
    assert station.serials() == ["A1", "A2"]
    station = Station(station.files, keys=ONE_AT_A_TIME)
    station.certificates.connected(new, 0)
    assert station.serials() == ["A2"]
    assert Station(station.files).serials() == ["A2"]
    assert station.install(THIRD) == "Accepted"
    assert station.install(ROOT, MAKERS) == station.install(MAKER, MAKERS) == "Accepted"


def test_the_hash_of_a_signed_root_is_that_of_its_issuer():
    """§6.1: issuerKeyHash is over the issuer's key; the issuer goes, the name stays."""
    station = Station(keys=ONE_AT_A_TIME)
    station.install(FIRST)
    station.install(SECOND)
    first, second = station.ids()
    for field in ("issuerNameHash", "issuerKeyHash"):
        assert first[field] == second[field]
    station.certificates.connected(der(station), 0)
    assert station.ids() == [second]
    assert station.delete(second) == "Failed"  # in use
    station.certificates.connected(None, 0)
    assert station.delete(second) == "Accepted"


def test_an_unproven_root_can_be_taken_back():
    station = Station(keys=ONE_AT_A_TIME)
    station.install(FIRST)
    station.install(SECOND)
    station.certificates.connected(der(station, n=0), 0)
    assert station.delete(station.ids()[1]) == "Accepted"
    assert station.install(SECOND) == "Accepted"


def test_any_root_beside_another_without_the_check():
    """The key is false: "It is allowed to have multiple certificates of the same type" (M05)."""
    station = Station()
    assert station.install(FIRST) == station.install(ROOT) == "Accepted"
    assert station.install(SECOND) == "Rejected"  # no root by itself
    station.certificates.connected(der(station), 0)
    assert station.serials() == ["A1", "1"]


def test_a_root_deleted_meanwhile_signs_nothing():
    station = Station(keys=ONE_AT_A_TIME)
    station.install(FIRST)
    poll = station.call("InstallCertificate", certificateType=CENTRAL, certificate=SECOND)
    station.run()
    assert station.delete(station.ids()[0]) == "Accepted"
    assert station.finish("InstallCertificate", poll) == {"status": "Failed"}
    assert station.ids() == []


# --- DeleteCertificate -----------------------------------------------------------------------


def test_deleted_by_its_hash():
    """M04.FR.02, .04: spelled in any case, leading zeros or not (§6.5: case insensitive)."""
    for change in (str.upper, str.lower):
        station = Station()
        station.install(FIRST)
        station.install(ROOT)
        station.happened()
        data = station.ids()[0]
        for field in ("issuerNameHash", "issuerKeyHash", "serialNumber"):
            data[field] = change(data[field])
        data["serialNumber"] = "00" + data["serialNumber"]
        assert station.delete(data) == "Accepted"
        assert station.happened() == CHANGED
        assert station.delete(data) == "NotFound"
        assert station.serials() == Station(station.files).serials() == ["1"]


def test_what_is_not_there_is_not_found():
    """M04.FR.04; no hash but SHA-256 is ever given out, so no other can be asked for."""
    station = Station()
    station.install(FIRST)
    for field, value in (
        ("hashAlgorithm", "SHA384"),
        ("hashAlgorithm", "SHA512"),
        ("issuerNameHash", "00" * 32),
        ("issuerNameHash", "00" * 31),
        ("issuerNameHash", ""),
        ("issuerNameHash", "xy" * 32),
        ("issuerKeyHash", "00" * 32),
        ("issuerKeyHash", "0" * 65),
        ("serialNumber", "A2"),
        ("serialNumber", ""),
        ("serialNumber", "0xA1"),
    ):
        data = station.ids()[0]
        data[field] = value
        assert station.delete(data) == "NotFound", (field, value)
    data = station.ids()[0]
    joined = data["issuerNameHash"] + data["issuerKeyHash"]
    data["issuerNameHash"], data["issuerKeyHash"] = joined[:62], joined[62:]
    assert station.delete(data) == "NotFound"
    assert station.serials() == ["A1"]


def test_what_verifies_the_link_is_not_deleted():
    """M04.FR.06: "currently in use for validation of the connection"; others may go, and all of
    them where the link needs none (M04, remarks)."""
    station = Station()
    station.install(FIRST)
    station.install(ROOT)
    first, other = station.ids()
    station.certificates.connected(der(station, n=0), 0)
    assert station.delete(first) == "Failed"
    assert station.delete(other) == "Accepted"
    assert station.delete(first) == "Failed"
    assert station.serials() == ["A1"]
    station.certificates.connected(b"another", 0)
    assert station.delete(first) == "Accepted"
    station.install(FIRST)
    station.certificates.connected(der(station), 0)
    station.certificates.connected(None, 0)  # a link without TLS
    assert station.delete(first) == "Accepted"


def test_a_flash_that_keeps_it_is_a_failure():
    """M04.FR.03."""
    station = Station()
    station.install(FIRST)
    station.files.left, station.files.fail = 0, True
    assert station.delete(station.ids()[0]) == "Failed"
    assert station.serials() == ["A1"]
    assert station.delete(station.ids()[0]) == "Accepted"


# --- what it came with -----------------------------------------------------------------------


def test_the_roots_it_came_with_are_like_others():
    """Listed, deleted for good; PEM or DER. What somebody provisions anew is taken anew."""
    station = Station()
    assert station.certificates.seed(CENTRAL, (FIRST + ROOT).encode)
    assert station.serials() == ["A1", "1"]
    assert station.delete(station.ids()[0]) == "Accepted"
    again = Station(station.files)
    written = again.files.ops
    assert again.certificates.seed(CENTRAL, (FIRST + ROOT).encode)
    assert again.serials() == ["1"]
    assert again.files.ops == written
    assert again.certificates.seed(CENTRAL, (FIRST + ROOT + "\n").encode)
    assert again.serials() == ["1", "A1"]
    one = der(station)
    station = Station()
    assert station.certificates.seed(MAKERS, lambda: one)
    assert station.serials(MAKERS) == ["1"]


def test_what_cannot_be_taken_is_said():
    """False: the provisioned file still counts; it can be taken at the next boot."""

    def missing():
        raise OSError(2, "no such file")

    reads = (
        missing,
        lambda: b"",
        lambda: b"hello",
        lambda: SUB.encode(),  # nobody knows its issuer's key
        lambda: (FIRST + ROOT + MAKER).encode(),  # more than there is room for
    )
    for read in reads:
        station = Station(keys={"CertificateStoreMaxLength": "2"})
        assert not station.certificates.seed(CENTRAL, read)
        assert not station.certificates.store.seeded(CENTRAL)
        assert station.ids() == []
        assert station.certificates.seed(CENTRAL, FIRST.encode)
        # A file that is gone costs nothing that was taken; another one, not taken, counts itself.
        assert station.certificates.seed(CENTRAL, read) == (read is missing)
        assert station.certificates.store.seeded(CENTRAL) == (read is missing)
        assert station.serials() == ["A1"]
        assert Station(station.files).certificates.store.seeded(CENTRAL)


# --- the room --------------------------------------------------------------------------------


def test_a_broken_file_costs_one_certificate():
    station = Station()
    station.install(FIRST)
    station.install(ROOT)
    name = sorted(station.files.names)[0]
    station.files.names[name][100] ^= 1
    assert Station(station.files).serials() == ["1"]
    station.files.names[sorted(station.files.names)[1]][100] ^= 1
    assert station.install(FIRST) == "Accepted"


def test_without_files_there_is_no_room():
    station = Station()
    station.files = None
    assert certificates.build(station) is None
    assert certificates.PROFILE is None


def test_cpo_name_is_one_text():
    """§7.5; RFC 5280 appendix A.1: an organization name has at most 64 characters."""
    settings = Station().settings
    for text, kept in (
        ("Example, Inc., and others", True),
        ("Société Électrique", True),
        ("," * 64, True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("a\nb", False),
        ("a\x7fb", False),
    ):
        assert settings.change("CpoName", text) == kept, text
        assert (settings.text("CpoName") == text) == kept

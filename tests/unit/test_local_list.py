from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16 import id_tag_info, local_list, messages
from firmware.store import settings as rows
from firmware.store.id_table import IdTable
from firmware.store.settings import Settings
from tests.unit.id_rig import Cut, RamFiles

LENGTHS = {"LocalAuthListMaxLength": "100", "SendLocalListMaxLength": "50"}


class Station:
    """What the handlers use of it."""

    def __init__(self, built=True, files=None):
        self.settings = Settings(local_list.ROWS, LENGTHS)
        self.files = files or RamFiles()
        limit = self.settings.number("LocalAuthListMaxLength")
        self.local_list = IdTable("list", self.files, limit) if built else None


def send(station, version, entries=None, kind="Full"):
    """SendLocalList to its answer: (status, calls it took). `entries`: a list of requests' own."""
    request = {"listVersion": version, "updateType": kind}
    if entries is not None:
        request["localAuthorizationList"] = entries
    assert messages.check_request("SendLocalList", request) is None
    answer = local_list.on_send_local_list(station, request, 0)
    calls = 1
    while not isinstance(answer, dict):
        got = answer(calls)
        calls += 1
        answer = got or answer
    assert messages.check_response("SendLocalList", answer, True) is None
    return answer["status"], calls


def version(station):
    answer = local_list.on_get_local_list_version(station, {}, 0)
    assert messages.check_response("GetLocalListVersion", answer, True) is None
    return answer["listVersion"]


def item(id_tag, status="Accepted", **more):
    info = {"status": status}
    info.update(more)
    return {"idTag": id_tag, "idTagInfo": info}


def many(first, count):
    return [item("%08d" % n) for n in range(first, first + count)]


def test_the_version_is_minus_one_without_a_list():
    """TC_042_1, §5.10: "-1 SHALL be used to indicate that it does not support" lists."""
    station = Station(built=False)
    assert version(station) == -1
    assert send(station, 1, many(0, 1))[0] == "NotSupported"
    station = Station()
    send(station, 5, many(0, 1))
    station.settings.change("LocalAuthListEnabled", "false")
    assert version(station) == -1
    station.settings.change("LocalAuthListEnabled", "true")
    assert version(station) == 5


def test_the_version_is_zero_for_an_empty_list():
    """TC_042_2, §5.10: "0 (zero) SHALL be used to indicate that the list is empty"."""
    station = Station()
    assert version(station) == 0
    for entries in (None, []):
        assert send(station, 4, many(0, 3)) == ("Accepted", 1)
        assert version(station) == 4
        assert send(station, 6, entries) == ("Accepted", 1)
        assert (version(station), station.local_list.count) == (0, 0)


def test_not_supported_when_disabled():
    """TC_043_1, §7.46 NotSupported."""
    station = Station()
    station.settings.change("LocalAuthListEnabled", "false")
    for kind in ("Full", "Differential"):
        assert send(station, 1, many(0, 1), kind) == ("NotSupported", 1)
    assert station.local_list.count == 0 and station.files.ops == 0


def test_a_full_and_a_differential_update():
    """TC_043: the fields arrive as they were sent; absent idTagInfo deletes (§7.1)."""
    station = Station()
    expiry = "2030-06-01T12:00:00+02:00"
    full = [item("aa", parentIdTag="Fleet", expiryDate=expiry), item("BB", "Blocked"), item("CC")]
    assert send(station, 1, full) == ("Accepted", 1)
    got = station.local_list.get("AA")
    assert got[:2] == ("Accepted", "Fleet")
    assert format_time(got[2]) == "2030-06-01T10:00:00Z"
    differential = [{"idTag": "bb"}, item("AA", "Expired"), item("DD", "ConcurrentTx")]
    assert send(station, 2, differential, "Differential") == ("Accepted", 1)
    for id_tag, expected in (
        ("AA", ("Expired", None, None)),
        ("BB", None),
        ("CC", ("Accepted", None, None)),
        ("DD", ("ConcurrentTx", None, None)),
    ):
        assert station.local_list.get(id_tag) == expected
    assert (version(station), station.local_list.count) == (2, 3)
    assert send(station, 3, None, "Differential")[0] == "Accepted"
    assert (version(station), station.local_list.count) == (3, 3)


def test_version_mismatch():
    """TC_043_2, §7.46: the version "for a differential update is less or equal" to the current;
    a full update may go back."""
    station = Station()
    send(station, 5, many(0, 2))
    for old in (1, 4, 5):
        assert send(station, old, many(5, 1), "Differential")[0] == "VersionMismatch"
        assert (version(station), station.local_list.count) == (5, 2)
    assert send(station, 6, many(5, 1), "Differential")[0] == "Accepted"
    assert send(station, 2, many(0, 1))[0] == "Accepted"
    assert version(station) == 2


def test_versions_that_mean_something_else():
    """Erratum 3.52: listVersion "SHALL NOT be -1 or 0 as these have a special meaning"."""
    station = Station()
    send(station, 5, many(0, 2))
    for kind in ("Full", "Differential"):
        for bad in (0, -1, -7):
            assert send(station, bad, many(0, 1), kind)[0] == "Failed"
    assert (version(station), station.local_list.count) == (5, 2)


def test_failed_changes_nothing():
    """TC_043_3, §6.41: "MUST be unique"; §7.1: idTagInfo "Required when UpdateType is Full";
    §9.2.3: no more than SendLocalListMaxLength; §9.2.2: no more than the list can hold."""
    station = Station()
    assert send(station, 1, many(0, 50))[0] == "Accepted"
    ops = station.files.ops
    for kind, entries in (
        ("Full", [item("a"), item("A")]),
        ("Differential", [item("a"), item("b"), {"idTag": "A"}]),
        ("Full", [item("a"), {"idTag": "b"}]),
        ("Full", many(0, 51)),
        ("Differential", many(50, 51)),
    ):
        station.local_list.failure = ""
        assert send(station, 2, entries, kind)[0] == "Failed", entries
        assert station.local_list.failure or len(entries) > 50
    assert (version(station), station.local_list.count, station.files.ops) == (1, 50, ops)
    assert send(station, 2, many(50, 50), "Differential")[0] == "Accepted"
    assert send(station, 3, [item("one more")], "Differential")[0] == "Failed"
    assert station.local_list.failure == "too many idTags"
    assert (version(station), station.local_list.count) == (2, 100)
    assert list(station.files.names) == ["list"]


def test_a_long_update_is_answered_later():
    """Between the steps other work is done: 150 records are too many for one beat."""
    station = Station()
    send(station, 1, many(0, 50))
    status, calls = send(station, 2, many(50, 50), "Differential")
    assert status == "Accepted" and calls >= 3
    request = {"listVersion": 3, "updateType": "Differential"}
    answer = local_list.on_send_local_list(station, request, 0)
    assert callable(answer) and answer(1) is None
    assert version(station) == 2
    # Another one begins before the end: the first has failed.
    assert send(station, 4, many(0, 10))[0] == "Accepted"
    assert answer(2) == {"status": "Failed"}
    assert (version(station), station.local_list.count) == (4, 10)


def test_a_flash_that_fails():
    station = Station()
    send(station, 1, many(0, 5))
    for left in range(4):
        station.files.left, station.files.fail = left, True
        assert send(station, 2, many(0, 9))[0] == "Failed", left
        assert station.local_list.failure
        assert (version(station), station.local_list.count) == (1, 5)
    station.files.left, station.files.fail = 0, True
    assert send(station, 2, [])[0] == "Failed"
    assert version(station) == 1


def test_a_power_cut_before_the_answer():
    """What was answered Accepted is there after a power cut at any time later."""
    counted = Station()
    send(counted, 1, many(0, 50))
    before = counted.files.copy()
    left = 0
    status = None
    while status is None:
        station = Station(files=RamFiles({n: bytearray(before[n]) for n in before}, left))
        try:
            status = send(station, 2, many(50, 10), "Differential")[0]
        except Cut:
            again = Station(files=RamFiles(station.files.copy()))
            assert (version(again), again.local_list.count) == (1, 50), left
        left += 1
    again = Station(files=RamFiles(station.files.copy()))
    assert status == "Accepted"
    assert (version(again), again.local_list.count) == (2, 60)


def test_a_parent_is_told_from_the_entry():
    for info, expected in (
        ({"status": "Accepted"}, ("Accepted", None, None)),
        ({"status": "Blocked", "parentIdTag": "P"}, ("Blocked", "P", None)),
        ({"status": "Accepted", "expiryDate": "1970-01-02T00:00:00Z"}, ("Accepted", None, 86400)),
    ):
        assert id_tag_info.read(info) == expected


def test_the_configuration_keys():
    """§9.2: LocalAuthListEnabled RW; LocalAuthListMaxLength, SendLocalListMaxLength R, required;
    §9.1.2 AuthorizationCacheEnabled RW."""
    settings = Settings(local_list.ROWS)
    for key, kind, access in (
        ("AuthorizationCacheEnabled", rows.BOOL, rows.WRITE),
        ("LocalAuthListEnabled", rows.BOOL, rows.WRITE),
        ("LocalAuthListMaxLength", rows.INT, rows.READ),
        ("SendLocalListMaxLength", rows.INT, rows.READ),
    ):
        row = settings.row(key)
        assert row[1:3] == (kind, access)
        assert settings.change(key, settings.text(key))
    assert settings.number("LocalAuthListMaxLength") >= 1000
    assert settings.flag("LocalAuthListEnabled") and settings.flag("AuthorizationCacheEnabled")

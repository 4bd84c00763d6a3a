# heap: chip + 152k, files in RAM, lists as sent
"""The local list and the cache in a whole station: what goes over the wire, and what does not."""

from firmware.ocpp.timestamp import format_time
from tests.unit.id_rig import RamFiles
from tests.unit.station_rig import NOON, ready


def built(**how):
    return ready(files=RamFiles(), **how)


def item(id_tag, status="Accepted", **more):
    info = {"status": status}
    info.update(more)
    return {"idTag": id_tag, "idTagInfo": info}


def send(charger, version, entries, kind="Full"):
    request = {"listVersion": version, "updateType": kind, "localAuthorizationList": entries}
    return charger.status_of("SendLocalList", request, 1)


def with_list(*entries, **how):
    charger = built(**how)
    assert send(charger, 1, list(entries)) == "Accepted"
    return charger


def starts(charger, id_tag):
    """Plugged and swiped; whether a transaction began, and whether the CSMS was asked."""
    mark = charger.mark()
    charger.plug()
    charger.run(1)
    charger.swipe(id_tag)
    charger.run(3)
    return charger.connectors[0].session.transaction is not None, charger.actions(mark).count(
        "Authorize"
    )


def test_the_version_over_the_wire():
    """TC_042, TC_043."""
    charger = built()
    assert charger.ask("GetLocalListVersion") == {"listVersion": 0}
    assert send(charger, 3, [item("%04d" % n) for n in range(32)]) == "Accepted"
    more = [item("%04d" % n) for n in range(32, 64)]
    assert send(charger, 4, more, "Differential") == "Accepted"
    assert charger.ask("GetLocalListVersion") == {"listVersion": 4}
    assert charger.station.local_list.count == 64
    assert send(charger, 4, more, "Differential") == "VersionMismatch"
    assert charger.configure("LocalAuthListEnabled", "false") == "Accepted"
    assert charger.ask("GetLocalListVersion") == {"listVersion": -1}
    assert send(charger, 9, more) == "NotSupported"


def test_a_listed_card_starts_without_a_question():
    """TC_008: LocalPreAuthorize, id in the local list: no Authorize."""
    charger = with_list(item("TAG"), keys={"LocalPreAuthorize": "true"})
    assert starts(charger, "tag") == (True, 0)


def test_a_cached_card_starts_without_a_question():
    """TC_007: LocalPreAuthorize, id in the cache: no Authorize."""
    charger = built(keys={"LocalPreAuthorize": "true"})
    assert starts(charger, "TAG") == (True, 1)
    charger.swipe("TAG")
    charger.run(3)
    charger.unplug()
    charger.run(3)
    assert starts(charger, "TAG") == (True, 0)


def test_a_blocked_card_in_the_list_is_asked_about():
    """3.5.1 and TC_023: not valid here, perhaps valid there by now; the conflict is told."""
    charger = with_list(item("TAG", "Blocked"), keys={"LocalPreAuthorize": "true"})
    mark = charger.mark()
    assert starts(charger, "TAG") == (True, 1)
    told = [p for p in charger.calls("StatusNotification", mark) if p["connectorId"] == 0]
    assert told[0]["errorCode"] == "LocalListConflict" and told[-1]["errorCode"] == "NoError"
    assert charger.station.cache.count == 0


def test_offline_the_list_and_the_cache_decide():
    """3.5, TC_037."""
    past = format_time(NOON - 10)
    entries = [item("GOOD"), item("BAD", "Blocked"), item("OLD", expiryDate=past)]
    for allowed, id_tag, expected in (
        ("false", "GOOD", True),
        ("true", "BAD", False),
        ("true", "OLD", False),
        ("false", "NEW", False),
        ("true", "NEW", True),
    ):
        charger = with_list(*entries, keys={"AllowOfflineTxForUnknownId": allowed})
        charger.link(False)
        assert starts(charger, id_tag) == (expected, 0), id_tag


def test_a_card_of_the_group_stops_offline():
    """TC_069: the parent comes from the list, also without the CSMS."""
    group = [item(tag, parentIdTag=parent) for tag, parent in (("A", "G"), ("B", "g"), ("C", "H"))]
    charger = with_list(*group)
    charger.link(False)
    assert starts(charger, "A") == (True, 0)
    for tag, runs in (("C", True), ("X", True), ("B", False)):
        charger.swipe(tag)
        charger.run(5)
        assert (charger.connectors[0].session.transaction is not None) is runs, tag


def test_every_answer_teaches_the_cache():
    """3.5.1: Authorize.conf, StartTransaction.conf and StopTransaction.conf."""
    charger = built()
    charger.backend.start_info = {"status": "ConcurrentTx"}
    info = {"status": "Blocked"}
    charger.backend.override["StopTransaction"] = {"idTagInfo": info}
    assert starts(charger, "TAG")[1] == 1
    charger.run(20)
    assert charger.station.cache.get("TAG", None)[0] == "Blocked"


def test_clear_cache():
    """TC_061: Accepted, and the card is asked about again."""
    charger = built(keys={"LocalPreAuthorize": "true"})
    charger.station.cache.put("TAG", ("Accepted", None, None), 0)
    assert charger.status_of("ClearCache") == "Accepted"
    assert starts(charger, "TAG") == (True, 1)
    charger.configure("AuthorizationCacheEnabled", "false")
    assert charger.station.cache.count == 0
    assert charger.status_of("ClearCache") == "Rejected"


def test_a_link_that_breaks_ends_an_update():
    charger = with_list(*[item("%04d" % n) for n in range(32)])
    for k in range(1, 8):
        more = [item("%04d" % n) for n in range(32 * k, 32 * k + 32)]
        assert send(charger, k + 1, more, "Differential") == "Accepted"
    charger.send("SendLocalList", {"listVersion": 50, "updateType": "Differential"})
    charger.run(0.06)
    assert "list.new" in charger.files.names
    charger.link(False)
    assert list(charger.files.names) == ["list"]
    assert charger.station.local_list.version == 8

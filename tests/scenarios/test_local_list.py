"""The local authorisation list over the wire: versions, updates, limits, and what it decides."""

from tests.scenarios.conftest import TAG, charger

OTHER = "DEADBEEF"
KEYS = {
    "LocalPreAuthorize": "true",
    "WebSocketPingInterval": "5",
    "MessageTimeout": "5",
}


def item(id_tag, status="Accepted", **more):
    """One entry of SendLocalList; status None takes the idTag out."""
    entry = {"idTag": id_tag}
    if status is not None:
        entry["idTagInfo"] = dict(more, status=status)
    return entry


def send(csms, version, entries, kind="Full"):
    return csms.call(
        "SendLocalList", listVersion=version, updateType=kind, localAuthorizationList=entries
    )["status"]


def version(csms):
    return csms.call("GetLocalListVersion")["listVersion"]


def change(csms, key, value):
    return csms.call("ChangeConfiguration", key=key, value=value)["status"]


def offline(net, bench):
    net.cut("reset")
    bench.until(online=False, timeout=60)


def test_tc_042_list_version(csms):
    """OCTT TC_042_1, TC_042_2: -1 while the list is switched off, 0 while it is empty."""
    assert version(csms) == 0
    assert change(csms, "LocalAuthListEnabled", "false") == "Accepted"
    assert version(csms) == -1
    assert change(csms, "LocalAuthListEnabled", "true") == "Accepted"
    assert version(csms) == 0


def test_tc_043_send_local_list(csms):
    """OCTT TC_043: a full list, then a differential update: each Accepted, the version is the
    backend's; an empty full list is version 0 again."""
    assert send(csms, 1, [item(TAG), item(OTHER, "Blocked")]) == "Accepted"
    assert version(csms) == 1
    assert send(csms, 7, [item(OTHER, None), item("NEW")], "Differential") == "Accepted"
    assert version(csms) == 7
    assert send(csms, 3, [item(TAG)]) == "Accepted"
    assert version(csms) == 3, "a full update may go back"
    assert send(csms, 9, []) == "Accepted"
    assert version(csms) == 0


def test_tc_043_1_to_3_send_local_list_refused(csms):
    """OCTT TC_043_1 NotSupported, TC_043_2 VersionMismatch, TC_043_3 Failed: the old list
    stays."""
    assert send(csms, 5, [item(TAG)]) == "Accepted"
    for old in (5, 4):
        assert send(csms, old, [item(OTHER)], "Differential") == "VersionMismatch"
    assert send(csms, 6, [item(OTHER), item(OTHER.lower())]) == "Failed", "an idTag twice"
    assert send(csms, 6, [item("%04d" % n) for n in range(33)]) == "Failed", "too many"
    for never in (0, -1):
        assert send(csms, never, [item(OTHER)]) == "Failed", "erratum 3.52"
    assert send(csms, 6, [item(OTHER, None)]) == "Failed", "no idTagInfo in a full update"
    assert version(csms) == 5
    assert change(csms, "LocalAuthListEnabled", "false") == "Accepted"
    assert send(csms, 6, [item(OTHER)]) == "NotSupported"
    assert change(csms, "LocalAuthListEnabled", "true") == "Accepted"
    assert version(csms) == 5


@charger(keys=KEYS)
def test_tc_008_id_in_the_local_list(rig, csms, bench):
    """OCTT TC_008: LocalPreAuthorize and a listed card: charging without an Authorize."""
    assert send(csms, 1, [item(TAG), item(OTHER)]) == "Accepted"
    rig.begin(tag=TAG.lower())
    csms.none("Authorize")
    bench.run(10)
    rig.finish()


@charger(keys=dict(KEYS, LocalPreAuthorize="false"))
def test_list_without_pre_authorization(rig, csms):
    """OCPP 1.6 9.1 LocalPreAuthorize false: a listed card is asked about as long as there is
    somebody to ask."""
    assert send(csms, 1, [item(TAG)]) == "Accepted"
    rig.begin()
    assert len(csms.calls("Authorize")) == 1
    rig.finish()


@charger(keys=KEYS, tags={TAG: "Blocked"})
def test_tc_023_blocked_in_the_local_list(car, card, csms, bench):
    """OCTT TC_023 with a list: a card that is Blocked here is asked about (3.5.1); it is Blocked
    there too and starts nothing."""
    assert send(csms, 1, [item(TAG, "Blocked")]) == "Accepted"
    car.plug()
    csms.status("Preparing")
    card.swipe(TAG)
    csms.expect("Authorize", idTag=TAG)
    bench.never(10, coil=True)
    csms.none("StartTransaction")
    csms.none("StatusNotification", errorCode="LocalListConflict")


@charger(keys=KEYS, tags={TAG: "Blocked"})
def test_conflict_with_the_list_is_told(rig, csms, bench):
    """OCPP 1.6 3.5.2: the backend contradicts the list it has sent: LocalListConflict."""
    assert send(csms, 1, [item(TAG)]) == "Accepted"
    bench.plug(1)
    csms.status("Preparing")
    bench.swipe(TAG)
    csms.expect("StartTransaction", idTag=TAG)
    csms.expect("StopTransaction", reason="DeAuthorized")
    csms.expect("StatusNotification", connectorId=0, errorCode="LocalListConflict")
    csms.expect("StatusNotification", connectorId=0, errorCode="NoError")


@charger(keys=KEYS)
def test_tc_037_1_offline_start_of_a_listed_card(rig, net, csms, bench):
    """OCTT TC_037_1: LocalAuthorizeOffline: a listed card starts offline, with the time it
    happened; online again the transaction goes on."""
    assert send(csms, 1, [item(TAG), item(OTHER, "Blocked")]) == "Accepted"
    offline(net, bench)
    rig.register[1] = bench.connector()["meter_wh"]
    bench.plug(1)
    bench.swipe("STRANGER")
    bench.swipe(OTHER)
    bench.never(8, coil=True)
    bench.swipe(TAG)
    started = bench.until(contactor=True)["utc"]
    bench.run(20)
    net.mend()
    start = csms.expect("StartTransaction", timeout=150, idTag=TAG)
    assert start.payload["timestamp"] <= started
    rig.charging()
    bench.run(10)
    assert rig.finish().wh > 100


@charger(keys=dict(KEYS, LocalAuthorizeOffline="false", AllowOfflineTxForUnknownId="true"))
def test_offline_list_that_may_not_decide(rig, net, csms, bench):
    """OCPP 1.6 3.5, LocalAuthorizeOffline false: the list lets nobody in; what it refuses is
    refused all the same, unknown cards allowed or not."""
    assert send(csms, 1, [item(TAG), item(OTHER, "Invalid")]) == "Accepted"
    assert change(csms, "AllowOfflineTxForUnknownId", "false") == "Accepted"
    offline(net, bench)
    bench.plug(1)
    bench.swipe(TAG)
    bench.never(8, coil=True)
    net.mend()
    bench.until(online=True, timeout=120)
    assert change(csms, "AllowOfflineTxForUnknownId", "true") == "Accepted"
    offline(net, bench)
    bench.swipe(OTHER)
    bench.never(8, coil=True)
    bench.swipe("STRANGER")
    bench.until(contactor=True)


@charger(keys=KEYS)
def test_tc_069_group_card_stops_offline(rig, net, csms, bench):
    """OCTT TC_069 offline: the list knows the group: a card of it stops, another one does not."""
    group = [item(TAG, parentIdTag="P"), item(OTHER, parentIdTag="p"), item("X", parentIdTag="Q")]
    assert send(csms, 1, group) == "Accepted"
    rig.begin()
    offline(net, bench)
    bench.swipe("X")
    bench.never(6, contactor=False)
    bench.swipe(OTHER)
    bench.until(contactor=False)
    net.mend()
    csms.expect("StopTransaction", timeout=150, reason="Local", idTag=OTHER)
    rig.right()


@charger(keys=KEYS)
def test_tc_008_2_list_survives_a_power_cut(rig, power, csms, bench):
    """Accepted is on flash: power may go the moment after; the list decides after the boot."""
    for number in range(4):
        entries = [item("%04d" % (32 * number + n)) for n in range(32)]
        assert send(csms, number + 1, entries, "Differential") == "Accepted"
    assert send(csms, 5, [item(TAG)], "Differential") == "Accepted"
    power.cut()
    power.restore()
    rig.boot()
    assert version(csms) == 5
    rig.begin()
    csms.none("Authorize")
    rig.finish()
    rig.leave()
    csms.status("Available")
    rig.begin(tag="0077")
    csms.none("Authorize")
    rig.finish(tag="0077")

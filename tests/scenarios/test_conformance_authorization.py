"""The conformance cases about who may charge: cache, offline, refused, one reader for two."""

from tests.scenarios.conftest import TAG, charger
from tools import csms_script as script

OTHER = "DEADBEEF"
PRE = {"LocalPreAuthorize": "true"}
LINK = {"WebSocketPingInterval": "5", "MessageTimeout": "5"}


def offline(net, bench):
    net.cut("reset")
    bench.until(online=False, timeout=60)


def again(rig, csms):
    """The car leaves; what follows is another session."""
    rig.leave()
    csms.status("Available")
    csms.mark()


@charger(keys=PRE)
def test_tc_007_cached_id(rig, csms):
    """OCTT TC_007: LocalPreAuthorize and a cached card: the second session needs no Authorize."""
    rig.begin()
    assert len(csms.calls("Authorize")) == 1
    rig.finish()
    again(rig, csms)
    rig.begin()
    csms.none("Authorize")
    rig.finish()


@charger(keys=PRE)
def test_tc_061_clear_cache(rig, csms, bench):
    """OCTT TC_061: ClearCache is Accepted and the card is asked about again; with the cache
    switched off it is Rejected."""
    rig.begin()
    rig.finish()
    again(rig, csms)
    assert csms.call("ClearCache") == {"status": "Accepted"}
    cleared = len(csms.frames)
    rig.begin()
    assert len(csms.calls("Authorize", cleared, idTag=TAG)) == 1
    rig.finish()
    key = {"key": "AuthorizationCacheEnabled", "value": "false"}
    assert csms.call("ChangeConfiguration", **key) == {"status": "Accepted"}
    assert csms.call("ClearCache") == {"status": "Rejected"}


@charger(keys=dict(LINK, AllowOfflineTxForUnknownId="true"), tags={OTHER: "Blocked"})
def test_tc_037_1_offline_start_of_a_cached_card(rig, net, csms, bench):
    """OCTT TC_037_1 with the cache: who was Accepted online starts offline, who was Blocked does
    not, unknown cards allowed or not."""
    bench.plug(1)
    csms.status("Preparing")
    bench.swipe(OTHER)
    csms.expect("Authorize", idTag=OTHER)
    bench.run(2)
    rig.register[1] = 0
    bench.swipe(TAG)
    csms.expect("StartTransaction")
    rig.charging()
    rig.finish()
    key = {"key": "AllowOfflineTxForUnknownId", "value": "false"}
    assert csms.call("ChangeConfiguration", **key) == {"status": "Accepted"}
    again(rig, csms)
    offline(net, bench)
    rig.register[1] = bench.connector()["meter_wh"]
    bench.plug(1)
    bench.swipe(OTHER)
    bench.never(6, coil=True)
    bench.swipe(TAG)
    bench.until(contactor=True)
    bench.run(10)
    net.mend()
    csms.expect("StartTransaction", timeout=150, idTag=TAG)
    rig.charging()
    bench.swipe(TAG)
    rig.right(1, 2)


@charger(
    keys=dict(LINK, AllowOfflineTxForUnknownId="true", StopTransactionOnInvalidId="false"),
)
def test_tc_037_2_offline_start_turns_out_invalid(rig, net, csms, bench):
    """OCTT TC_037_2: the backend refuses a card that started offline, StopTransactionOnInvalidId
    false: the transaction stays, its energy stops (SuspendedEVSE)."""
    csms.tags = {TAG: "Invalid"}
    offline(net, bench)
    rig.register[1] = 0
    bench.plug(1)
    bench.swipe(TAG)
    bench.until(contactor=True)
    bench.run(10)
    net.mend()
    csms.expect("StartTransaction", timeout=150)
    csms.status("SuspendedEVSE")
    bench.until(contactor=False)
    csms.none("StopTransaction")
    still = bench.connector()["meter_wh"]
    bench.run(10)
    assert bench.connector()["meter_wh"] == still > 0
    rig.finish()


def refuse(payload):
    return dict(payload, idTagInfo={"status": "Invalid"})


@charger(keys={"StopTransactionOnInvalidId": "false", "MaxEnergyOnInvalidId": "200"})
def test_tc_037_2_max_energy_on_invalid_id(rig, car, card, csms, bench):
    """OCPP 1.6 9.1 MaxEnergyOnInvalidId: so many Wh after the refusal, to a reading of the meter;
    then SuspendedEVSE until somebody stops it."""
    rig.register[1] = bench.connector()["meter_wh"]
    csms.bend("StartTransaction", script.altered(refuse))
    car.plug()
    csms.status("Preparing")
    card.swipe(TAG)
    csms.expect("StartTransaction")
    csms.status("Charging")
    csms.status("SuspendedEVSE", timeout=90)
    bench.until(contactor=False)
    csms.none("StopTransaction")
    bill = rig.finish()
    assert 200 <= bill.wh <= 240


@charger(keys={"UnlockConnectorOnEVSideDisconnect": "false"})
def test_cable_is_held_for_its_owner(rig, csms, bench):
    """OCPP 1.6 9.1 UnlockConnectorOnEVSideDisconnect false: pulled at the car the transaction
    ends, the cable stays locked until its owner is back."""
    rig.begin()
    bench.run(10)
    bench.unplug(1, force=True)
    csms.expect("StopTransaction", reason="EVDisconnected")
    csms.status("Finishing")
    rig.right()
    bench.never(10, locked=False)
    bench.swipe(TAG)
    bench.until(locked=False)
    rig.leave()
    csms.status("Available")


@charger(board={"socket": False})
def test_tc_018_2_unlock_of_a_fixed_cable_in_a_transaction(rig, csms, bench):
    """OCTT TC_018_2: UnlockConnector on a fixed cable: NotSupported, and charging goes on."""
    rig.begin()
    assert csms.call("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
    bench.run(5)
    assert bench.connector()["contactor"]
    csms.none("StopTransaction")
    rig.finish()


def test_tc_032_power_failure(rig, power, csms, bench):
    """OCTT TC_032_2: mains lost while charging: after the boot StopTransaction PowerLoss, and the
    bill is the meter's."""
    rig.begin()
    bench.run(20)
    power.cut()
    bench.run(5)
    csms.mark()
    power.restore()
    csms.expect("BootNotification", 60)
    csms.expect("StopTransaction", 60, reason="PowerLoss", transactionId=1)
    assert rig.right().wh > 50
    bench.until(queue=0)
    assert len(csms.calls("StopTransaction")) == 1


@charger(connectors=2, board={"shared_reader": True})
def test_tc_006_one_reader_for_two_connectors(rig, csms, bench):
    """OCTT TC_006: a card belongs to the plugged connector, or to the next one plugged in; it
    stops what it has started; the other connector is left alone."""
    rig.register = {1: 0, 2: 0}
    bench.plug(2)
    csms.status("Preparing", 2)
    bench.swipe(TAG)
    csms.expect("StartTransaction", connectorId=2, idTag=TAG)
    rig.charging(2)
    bench.swipe(OTHER)
    csms.status("Preparing", 1)
    bench.plug(1)
    csms.expect("StartTransaction", connectorId=1, idTag=OTHER)
    rig.charging(1)
    bench.run(10)
    bench.swipe(TAG)
    csms.expect("StopTransaction", transactionId=1, reason="Local")
    rig.right(2, 1)
    assert bench.connector(1)["contactor"]
    bench.swipe(OTHER)
    rig.right(1, 2)


@charger(connectors=2, board={"shared_reader": True}, keys={"ConnectionTimeOut": "20"})
def test_tc_006_card_first(rig, csms, bench):
    """OCTT TC_006, card first: offered at both connectors; after ConnectionTimeOut at neither; the
    plug takes it to its own."""
    bench.swipe(TAG)
    for number in (1, 2):
        csms.status("Preparing", number)
    for number in (1, 2):
        csms.status("Available", number)
    bench.swipe(TAG)
    for number in (1, 2):
        csms.status("Preparing", number)
    bench.plug(2)
    csms.expect("StartTransaction", connectorId=2, idTag=TAG)
    csms.status("Available", 1)
    csms.none("StartTransaction", connectorId=1)
    rig.charging(2)

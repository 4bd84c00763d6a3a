"""Every configuration key over the wire: type, range, access, and that Accepted is kept; what an
operator sees and does of messages the backend does not take."""

import json

from tests.scenarios.conftest import TAG, charger
from tools import csms_script as script

# key: (a value it takes and that is not its default, values it must refuse)
BOOL = ("maybe", "", "1", "truefalse")
WRITABLE = {
    "AllowOfflineTxForUnknownId": ("true", BOOL),
    "AuthorizationCacheEnabled": ("false", BOOL),
    "AuthorizeRemoteTxRequests": ("true", BOOL),
    "ClockAlignedDataInterval": ("900", ("-1", "x", "86401")),
    "CpoName": ("Example CPO", ("x" * 65,)),
    "ConnectionTimeOut": ("45", ("0", "-1", "", "1.5")),
    "ConnectorPhaseRotation": ("1.RTS", ("RST", "2.RST", "1.ABC", "-1.RST")),
    "HeartbeatInterval": ("600", ("0", "-1", "soon")),
    "LocalAuthListEnabled": ("false", BOOL),
    "LocalAuthorizeOffline": ("false", BOOL),
    "LocalPreAuthorize": ("true", BOOL),
    "MaxEnergyOnInvalidId": ("500", ("-1", "much", "1000001")),
    "MessageTimeout": ("20", ("0", "-1", "601")),
    "MeterValuesAlignedData": ("Voltage", ("SoC", "Voltage.L4")),
    "MeterValuesSampledData": ("Voltage,Frequency", ("SoC", "Voltage,Moon")),
    "MeterValueSampleInterval": ("30", ("-1", "")),
    "MinimumStatusDuration": ("1", ("-1", "3601")),
    "ParkUnansweredAfter": ("7", ("-1", "1001")),
    "ResetRetries": ("3", ("-1", "11")),
    "ResumeWindow": ("60", ("-1", "3601")),
    "StopTransactionOnEVSideDisconnect": ("false", BOOL),
    "StopTransactionOnInvalidId": ("false", BOOL),
    "StopTxnAlignedData": ("Energy.Active.Import.Register", ("SoC",)),
    "StopTxnSampledData": ("Energy.Active.Import.Register", ("SoC",)),
    "TransactionMessageAttempts": ("5", ("0", "-1", "101")),
    "TransactionMessageRetryInterval": ("30", ("-1", "86401")),
    "UnlockConnectorOnEVSideDisconnect": ("false", BOOL),
    "WebSocketPingInterval": ("90", ("-1", "86401")),
}
READ_ONLY = """
ConnectorPhaseRotationMaxLength GetConfigurationMaxKeys LocalAuthListMaxLength
MeterValuesAlignedDataMaxLength MeterValuesSampledDataMaxLength NumberOfConnectors ParkedMessages
SendLocalListMaxLength StopTransactionMaxMeterValues StopTxnAlignedDataMaxLength
StopTxnSampledDataMaxLength SupportedFeatureProfiles WearFiles WearJournal WearOther
AdditionalRootCertificateCheck CertificateSignedMaxChainSize CertificateStoreMaxLength
""".split()
# A change is tried before it counts: test_security_changes.py.
TRIED = {"AuthorizationKey", "CentralSystemUrl", "SecurityProfile"}
# What comes with a profile that SupportedFeatureProfiles names.
WRITABLE_OF = {
    "FirmwareManagement": {
        "UpdateDuringTransaction": ("true", BOOL),
        "UnsignedUpdates": ("false", BOOL),
        "UpdateTrialTimeout": ("300", ("59", "86401", "soon")),
    },
}
READ_ONLY_OF = {
    "FirmwareManagement": ["SupportedFileTransferProtocols"],
    "Reservation": ["ReserveConnectorZeroSupported"],
    "SmartCharging": """
ChargeProfileMaxStackLevel ChargingScheduleAllowedChargingRateUnit ChargingScheduleMaxPeriods
ConnectorSwitch3to1PhaseSupported MaxChargingProfilesInstalled
""".split(),
}
VENDOR = "evse.micropython"


def known(csms):
    return {one["key"]: one for one in csms.call("GetConfiguration")["configurationKey"]}


def change(csms, key, value):
    return csms.call("ChangeConfiguration", key=key, value=value)["status"]


def test_tc_021_every_key(rig, power, csms, bench):
    """OCTT TC_019, TC_021, TC_040 for every key: what is writable takes a new value, refuses a bad
    one unchanged, and keeps it over a power cut; the rest refuses everything."""
    bench.run(2)
    keys = known(csms)
    writable, read_only = dict(WRITABLE), set(READ_ONLY)
    for profile in keys["SupportedFeatureProfiles"]["value"].split(","):
        writable.update(WRITABLE_OF.get(profile, {}))
        read_only.update(READ_ONLY_OF.get(profile, ()))
    assert {key for key in keys if keys[key]["readonly"]} == read_only
    assert {key for key in keys if not keys[key]["readonly"]} == set(writable) | TRIED
    for key, (good, bad) in writable.items():
        before = keys[key]["value"]
        assert before != good, key
        for value in bad:
            assert change(csms, key, value) == "Rejected", (key, value)
        assert change(csms, key, good) == "Accepted", (key, good)
    for key in sorted(read_only):
        assert change(csms, key, keys[key].get("value", "1")) == "Rejected", key
    power.cut()
    csms.mark()
    power.restore()
    csms.expect("BootNotification", 60)
    csms.status("Available")
    kept = known(csms)
    told = {key: kept[key]["value"] for key in writable}
    wanted = {key: good for key, (good, _) in writable.items()}
    wanted["HeartbeatInterval"] = told["HeartbeatInterval"]  # BootNotification.conf's is newer
    assert told == wanted
    for key in read_only - {"WearFiles", "WearJournal", "WearOther"}:
        assert kept[key] == keys[key], key


@charger(keys={"TransactionMessageAttempts": "1"})
def test_tc_062_parked_messages(rig, csms, bench):
    """OCTT TC_062 for our own vendor: what the backend has refused for good is seen in a key and a
    DataTransfer, sent again on request, and booked once."""

    def transfer(message_id, **data):
        return csms.call("DataTransfer", vendorId=VENDOR, messageId=message_id, **data)

    csms.bend("StopTransaction", script.error("InternalError", "as scripted"))
    rig.begin()
    bench.run(10)
    bench.swipe(TAG)
    bench.until(parked=1, timeout=60)
    told = known(csms)["ParkedMessages"]["value"]
    assert told.startswith("1; ") and "StopTransaction" in told and "InternalError" in told
    page = json.loads(transfer("ParkedMessages")["data"])
    number, action = page["messages"][0][:2]
    assert (page["count"], action) == (1, "StopTransaction")
    assert transfer("Nope") == {"status": "UnknownMessageId"}
    assert transfer("Reinject", data="999999") == {"status": "Rejected"}
    assert transfer("Reinject", data=str(number)) == {"status": "Accepted"}
    rig.right()
    bench.until(queue=0, parked=0)
    assert known(csms)["ParkedMessages"]["value"] == "0"
    assert len({frame.id for frame in csms.calls("StopTransaction")}) == 1


@charger(keys={"ParkUnansweredAfter": "2", "MessageTimeout": "6"})
def test_operator_gives_up_on_silence(rig, csms, bench):
    """ParkUnansweredAfter: a Stop the backend never answers is parked after two sends, the next
    session is billed; sent again on request, the first bill is right too."""
    csms.bend("StopTransaction", script.deaf(), times=2)
    rig.begin()
    bench.run(5)
    bench.swipe(TAG)
    bench.until(parked=1, queue=0, timeout=60)
    first_wh = bench.connector()["meter_wh"]
    rig.leave()
    csms.status("Available")
    rig.begin()
    bench.run(5)
    bench.swipe(TAG)
    rig.right(1, 2)
    answer = csms.call("DataTransfer", vendorId=VENDOR, messageId="ParkedMessages")
    number = json.loads(answer["data"])["messages"][0][0]
    answer = csms.call("DataTransfer", vendorId=VENDOR, messageId="Reinject", data=str(number))
    assert answer == {"status": "Accepted"}
    assert csms.bill(1).meter_stop == first_wh
    bench.until(parked=0, queue=0)


def test_http_404_is_tried_again(csms, bench):
    """OCPP-J 3.4: a backend that does not know the identity yet (404) is tried again, with
    pauses."""
    csms.refuse = 404
    csms.drop()
    bench.until(online=False)
    bench.run(40)
    csms.refuse = None
    bench.until(online=True, timeout=150)
    csms.none("BootNotification")

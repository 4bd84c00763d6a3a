"""Configuration keys over the wire (OCPP 1.6 5.3, 5.8 and chapter 9)."""

import pytest

from tests.scenarios.conftest import TAG, charger

# Chapter 9.1: what every charge point must have.
REQUIRED = """
AuthorizeRemoteTxRequests ClockAlignedDataInterval ConnectionTimeOut ConnectorPhaseRotation
GetConfigurationMaxKeys HeartbeatInterval LocalAuthorizeOffline LocalPreAuthorize
MeterValuesAlignedData MeterValuesSampledData MeterValueSampleInterval NumberOfConnectors
ResetRetries StopTransactionOnEVSideDisconnect StopTransactionOnInvalidId StopTxnAlignedData
StopTxnSampledData SupportedFeatureProfiles TransactionMessageAttempts
TransactionMessageRetryInterval UnlockConnectorOnEVSideDisconnect
""".split()

BAD = [
    ("HeartbeatInterval", "-1"),
    ("HeartbeatInterval", "soon"),
    ("MeterValueSampleInterval", "-5"),
    ("ConnectionTimeOut", ""),
    ("AuthorizeRemoteTxRequests", "maybe"),
    ("WebSocketPingInterval", "-1"),
    ("MeterValuesSampledData", "Energy.Active.Import.Register,Moon.Phase"),
    ("StopTxnSampledData", "Voltage.L9"),
    ("ConnectorPhaseRotation", "0.ABC"),
    ("TransactionMessageAttempts", "1.5"),
    ("ClockAlignedDataInterval", "1e3"),
    ("ResetRetries", "99999999999999999999"),
]


def values(csms, *keys):
    """key -> value, as GetConfiguration tells."""
    answer = csms.call("GetConfiguration", **({"key": list(keys)} if keys else {}))
    return {one["key"]: one.get("value") for one in answer.get("configurationKey", ())}


def change(csms, key, value):
    return csms.call("ChangeConfiguration", key=key, value=value)["status"]


@charger(connectors=2)
def test_tc_019_1_get_all(csms):
    """OCTT TC_019_1: without keys all are told, the required ones among them; no secret."""
    answer = csms.call("GetConfiguration")
    known = {one["key"]: one for one in answer["configurationKey"]}
    assert not set(REQUIRED) - set(known)
    assert known["NumberOfConnectors"] == {
        "key": "NumberOfConnectors",
        "readonly": True,
        "value": "2",
    }
    assert known["HeartbeatInterval"]["readonly"] is False
    assert len(known) <= int(known["GetConfigurationMaxKeys"]["value"])
    assert "Core" in known["SupportedFeatureProfiles"]["value"].split(",")
    assert not known.get("AuthorizationKey", {}).get("value")
    assert not answer.get("unknownKey")


def test_tc_019_2_get_some(csms):
    """OCTT TC_019_2: known keys with their values, the rest as unknownKey; keys are CiStrings."""
    answer = csms.call(
        "GetConfiguration", key=["heartbeatinterval", "NoSuchKey", "NumberOfConnectors"]
    )
    known = {one["key"].lower() for one in answer["configurationKey"]}
    assert known == {"heartbeatinterval", "numberofconnectors"}
    assert answer["unknownKey"] == ["NoSuchKey"]


@charger(
    keys={
        "ConnectionTimeOut": "33",
        "AuthorizationKey": "00112233445566778899aabbccddeeff00112233",
    }
)
def test_factory_values(csms):
    """Factory values are in force from the first boot; the AuthorizationKey is never told."""
    told = values(csms, "ConnectionTimeOut", "AuthorizationKey")
    assert told["ConnectionTimeOut"] == "33" and not told.get("AuthorizationKey")


def test_tc_021_change_survives_a_reset(csms, bench):
    """OCTT TC_021: a changed key is Accepted, in force, and kept over a reboot."""
    assert change(csms, "MeterValueSampleInterval", "17") == "Accepted"
    assert values(csms, "MeterValueSampleInterval") == {"MeterValueSampleInterval": "17"}
    csms.call("Reset", type="Soft")
    csms.expect("BootNotification", 60)
    csms.status("Available", 1)
    assert values(csms, "MeterValueSampleInterval") == {"MeterValueSampleInterval": "17"}


def test_change_survives_a_power_cut(csms, power, bench):
    """OCPP 1.6 9: what was Accepted is on flash: power may go the moment after."""
    assert change(csms, "ConnectionTimeOut", "77") == "Accepted"
    power.cut()
    power.restore()
    csms.expect("BootNotification", 60)
    csms.status("Available", 1)
    assert values(csms, "ConnectionTimeOut") == {"ConnectionTimeOut": "77"}


def test_heartbeat_interval_acts(csms):
    """OCPP 1.6 5.3: HeartbeatInterval takes effect immediately."""
    assert change(csms, "HeartbeatInterval", "10") == "Accepted"
    csms.expect("Heartbeat", 15)
    csms.expect("Heartbeat", 15)


def test_tc_040_1_unknown_key(csms):
    """OCTT TC_040_1: an unknown key: NotSupported."""
    assert change(csms, "NoSuchKey", "1") == "NotSupported"


@pytest.mark.parametrize(
    "key", ["NumberOfConnectors", "SupportedFeatureProfiles", "GetConfigurationMaxKeys"]
)
def test_read_only_key(csms, key):
    """OCPP 1.6 5.3: a read-only key is Rejected and keeps its value."""
    before = values(csms, key)
    assert change(csms, key, "3") == "Rejected"
    assert values(csms, key) == before


def test_tc_040_2_bad_values(csms):
    """OCTT TC_040_2, erratum 3.14.4: a value that does not fit is Rejected and changes nothing."""
    for key, value in BAD:
        before = values(csms, key)
        assert change(csms, key, value) == "Rejected", (key, value)
        assert values(csms, key) == before, (key, value)


def test_authorize_remote_tx_requests_acts(rig, car, csms):
    """OCPP 1.6 9.1.2: the change is in force for the next remote start."""
    assert change(csms, "AuthorizeRemoteTxRequests", "true") == "Accepted"
    car.plug()
    csms.status("Preparing")
    csms.call("RemoteStartTransaction", idTag=TAG, connectorId=1)
    csms.expect("Authorize", idTag=TAG)
    csms.expect("StartTransaction", idTag=TAG)

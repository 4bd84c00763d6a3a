# heap: chip + 48k, all frames kept
from firmware.ocpp.v16 import configuration, messages, rooms
from firmware.store.settings import READ, Settings
from tests.unit.id_rig import RamFiles
from tests.unit.station_rig import ready

# OCPP 1.6 chapter 9: required of Core, and what may be there (errata 3.81, 3.83, 3.91).
REQUIRED = (
    "AuthorizeRemoteTxRequests ClockAlignedDataInterval ConnectionTimeOut "
    "ConnectorPhaseRotation GetConfigurationMaxKeys HeartbeatInterval LocalAuthorizeOffline "
    "LocalPreAuthorize MeterValuesAlignedData MeterValuesSampledData MeterValueSampleInterval "
    "NumberOfConnectors ResetRetries StopTransactionOnInvalidId StopTxnAlignedData "
    "StopTxnSampledData SupportedFeatureProfiles TransactionMessageAttempts "
    "TransactionMessageRetryInterval UnlockConnectorOnEVSideDisconnect"
).split()
# Their presence would claim what is not built.
ABSENT = ("BlinkRepeat", "LightIntensity")
# What comes with a profile, and only with it (§9.2 to §9.4).
PROFILE_KEYS = {
    "LocalAuthListManagement": (
        "AuthorizationCacheEnabled LocalAuthListEnabled LocalAuthListMaxLength "
        "SendLocalListMaxLength"
    ).split(),
    "Reservation": ["ReserveConnectorZeroSupported"],
    "SmartCharging": (
        "ChargeProfileMaxStackLevel ChargingScheduleAllowedChargingRateUnit "
        "ChargingScheduleMaxPeriods MaxChargingProfilesInstalled"
    ).split(),
    "FirmwareManagement": ["SupportedFileTransferProtocols"],
    "RemoteTrigger": [],
}
LISTS = (
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "StopTxnAlignedData",
    "StopTxnSampledData",
)


def all_keys(charger):
    answer = charger.ask("GetConfiguration")
    assert "unknownKey" not in answer
    return {entry["key"]: entry for entry in answer["configurationKey"]}


def value(charger, key):
    answer = charger.ask("GetConfiguration", {"key": [key]})
    return answer["configurationKey"][0].get("value")


def test_every_default_fits_its_own_row():
    settings = Settings(configuration.ROWS)
    for row in configuration.ROWS:
        if row[3]:
            assert settings.change(row[0], row[3]), row[0]


def judge_keys(charger):
    """The keys there are: those of the profiles it says it has, and no others."""
    keys = all_keys(charger)
    for key in REQUIRED:
        assert key in keys, key
    for key in ABSENT:
        assert key not in keys, key
    profiles = keys["SupportedFeatureProfiles"]["value"].split(",")
    for profile in PROFILE_KEYS:
        for key in PROFILE_KEYS[profile]:
            assert (key in keys) == (profile in profiles), key
    assert profiles[0] == "Core" and len(set(profiles)) == len(profiles)
    assert not set(profiles[1:]) - {module.PROFILE for _, module in rooms.built()}
    return keys


def test_all_required_keys_and_no_false_claims():
    """§9: the presence of an optional key claims its function."""
    keys = judge_keys(ready())
    assert "LocalAuthListManagement" not in keys["SupportedFeatureProfiles"]["value"]
    keys = judge_keys(ready(files=RamFiles()))
    assert "LocalAuthListManagement" in keys["SupportedFeatureProfiles"]["value"]
    assert keys["NumberOfConnectors"]["value"] == "1"


def test_all_keys_fit_into_one_answer():
    """§9.1: GetConfigurationMaxKeys; what all rooms together have is not cut."""
    every = [row for row in configuration.ROWS + rooms.rows(rooms.built()) if row[2] != "-"]
    assert len(every) <= int(value(ready(), "GetConfigurationMaxKeys"))


def test_named_keys_and_unknown_ones():
    """§5.8: unrecognised keys SHALL be placed in unknownKey; keys are CiStrings."""
    charger = ready()
    answer = charger.ask("GetConfiguration", {"key": ["heartbeatinterval", "Nope", "Inoperative"]})
    assert answer == {
        "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}],
        "unknownKey": ["Nope", "Inoperative"],
    }


def test_an_empty_list_asks_for_all():
    """§5.8: empty or missing: all configuration settings."""
    charger = ready()
    assert charger.ask("GetConfiguration", {"key": []}) == charger.ask("GetConfiguration")


def test_too_many_keys_are_cut():
    charger = ready()
    most = int(value(charger, "GetConfigurationMaxKeys"))
    asked = ["Key%d" % n for n in range(most + 10)]
    assert charger.ask("GetConfiguration", {"key": asked})["unknownKey"] == asked[:most]


def test_secrets_and_our_own_rows_are_never_shown():
    """Whitepaper A01: the AuthorizationKey is never readable."""
    charger = ready(keys={"AuthorizationKey": "hush-hush-hush-hush"})
    keys = all_keys(charger)
    assert "value" not in keys["AuthorizationKey"]
    assert "Inoperative" not in keys
    assert charger.configure("Inoperative", "1") == "NotSupported"
    assert charger.configure("AuthorizationKey", "another-key-of-16") == "Accepted"
    assert "value" not in all_keys(charger)["AuthorizationKey"]


def test_answers_to_a_change():
    """§5.3 and TC_040: unknown NotSupported, read-only or unfit Rejected."""
    charger = ready()
    for key, text, status in (
        ("HeartbeatInterval", "60", "Accepted"),
        ("HEARTBEATINTERVAL", "61", "Accepted"),
        ("HeartbeatInterval", "-1", "Rejected"),
        ("HeartbeatInterval", "0", "Rejected"),
        ("HeartbeatInterval", "", "Rejected"),
        ("WebSocketPingInterval", "0", "Accepted"),
        ("MeterValueSampleInterval", "-1", "Rejected"),
        ("NumberOfConnectors", "2", "Rejected"),
        ("SupportedFeatureProfiles", "Core", "Rejected"),
        ("UnlockConnectorOnEVSideDisconnect", "false", "Accepted"),
        ("MaxEnergyOnInvalidId", "500", "Accepted"),
        ("MaxEnergyOnInvalidId", "-1", "Rejected"),
        ("ParkedMessages", "0", "Rejected"),
        ("SecurityProfile", "1", "Rejected"),
        ("AuthorizationCacheEnabled", "true", "NotSupported"),
        ("Nope", "1", "NotSupported"),
        ("", "", "NotSupported"),
        ("LocalPreAuthorize", "true", "Accepted"),
        ("LocalPreAuthorize", "maybe", "Rejected"),
        ("ConnectorPhaseRotation", "1.RST", "Accepted"),
        ("ConnectorPhaseRotation", "0.RST, 1.TSR", "Accepted"),
        ("ConnectorPhaseRotation", "2.RST", "Rejected"),
        ("ConnectorPhaseRotation", "1.ABC", "Rejected"),
        ("ConnectorPhaseRotation", "-1.RST", "Rejected"),
        ("ConnectorPhaseRotation", "RST", "Rejected"),
        ("ConnectorPhaseRotation", "", "Rejected"),
    ):
        assert charger.configure(key, text) == status, (key, text)
    assert value(charger, "HeartbeatInterval") == "61"
    assert value(charger, "ConnectorPhaseRotation") == "0.RST, 1.TSR"


def test_read_only_is_what_it_says():
    """What GetConfiguration calls writable takes its own value back, the rest is Rejected."""
    charger = ready()
    keys = all_keys(charger)
    for key in keys:
        if key in ("AuthorizationKey", "SecurityProfile"):
            continue  # whitepaper A05.FR.01: its own value is Rejected
        entry = keys[key]
        status = charger.configure(key, entry.get("value", "x"))
        if key in LISTS or not entry["readonly"]:
            assert status == "Accepted", key
        else:
            assert status == "Rejected", key


def test_a_fixed_cable_has_nothing_to_unlock():
    """Erratum 3.84: always false, and not to be changed."""
    charger = ready(connectors=2, socket=False)
    key = "UnlockConnectorOnEVSideDisconnect"
    assert all_keys(charger)[key] == {"key": key, "readonly": True, "value": "false"}
    assert charger.configure(key, "true") == "Rejected"
    assert all_keys(ready())[key]["value"] == "true"


def test_phase_rotation_names_each_connector():
    """§9.1.7: Unknown (not yet known), per connector, until an installer says more."""
    assert value(ready(connectors=2), "ConnectorPhaseRotation") == "1.Unknown,2.Unknown"


def test_an_unsupported_measurand_changes_nothing():
    """§3.16.4: Rejected, no changes SHALL be made."""
    charger = ready()
    for key in LISTS:
        before = value(charger, key)
        for text in ("SoC", "Voltage,SoC", "Voltage.L9", "Power.Factor"):
            assert charger.configure(key, text) == "Rejected", text
            assert value(charger, key) == before
        assert charger.configure(key, "Voltage.L1,Temperature,Frequency") == "Accepted"
        assert charger.configure(key, "") == "Accepted"
    many = ",".join(["Voltage"] * 17)
    assert charger.configure("MeterValuesSampledData", many) == "Rejected"


def test_a_change_survives_the_next_station():
    charger = ready()
    charger.configure("MeterValueSampleInterval", "11")
    other = ready(settings=charger.settings)
    assert value(other, "MeterValueSampleInterval") == "11"


def test_every_row_reads_and_bounds():
    for row in configuration.ROWS:
        key, access, default = row[0], row[2], row[3]
        assert len(key) <= 50 and len(default) <= 500
        assert access in (READ, "RW", "-")
        entry = {"key": key, "readonly": True, "value": default}
        wrong = messages.check_response("GetConfiguration", {"configurationKey": [entry]}, True)
        assert wrong is None, key

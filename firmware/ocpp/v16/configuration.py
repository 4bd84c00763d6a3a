"""The configuration keys of OCPP 1.6 chapter 9 that there are here, and the messages on them."""

from micropython import const

from firmware.ocpp.v16 import parked, sample
from firmware.store.settings import READ

HIDDEN = "-"  # kept with the settings, no key of OCPP
_MAX_KEYS = const(64)  # one GetConfiguration; more than we have
_MAX_ITEMS = const(16)  # of a measurand list
_MAX_ROTATIONS = const(10)
_MAX_METER_VALUES = const(12)  # of a StopTransaction
_ROTATIONS = ("NotApplicable", "Unknown", "RST", "RTS", "SRT", "STR", "TRS", "TSR")
_DAY_S = const(86400)
_MEASURANDS = (
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "StopTxnAlignedData",
    "StopTxnSampledData",
)


def _rotation(text: str):
    for item in text.split(","):
        number, _, rotation = item.strip().partition(".")
        if rotation not in _ROTATIONS or number not in _NUMBERS:
            raise ValueError("ConnectorPhaseRotation: " + item)


_NUMBERS = tuple(str(number) for number in range(_MAX_ROTATIONS))


def _profiles(text: str):
    """The build says which profiles there are."""


# key, kind, access, default, low (or check), high (or most items).  A key stands here only if the
# firmware does what it says; what it has no choice about is "R", with the one value it may have.
# Literals: a row of nothing else stays in flash when it is frozen (docs/memory.md).
ROWS = (
    ("AllowOfflineTxForUnknownId", "bool", "RW", "false", 0, 0),
    ("AuthorizeRemoteTxRequests", "bool", "RW", "false", 0, 0),
    ("ClockAlignedDataInterval", "int", "RW", "0", 0, _DAY_S),
    ("ConnectionTimeOut", "int", "RW", "60", 1, _DAY_S),
    # The installer's knowledge, kept for whoever asks: Station names each connector, as Unknown.
    ("ConnectorPhaseRotation", "list", "RW", "", _rotation, _MAX_ROTATIONS),
    (
        "ConnectorPhaseRotationMaxLength",
        "int",
        "R",
        "10",
        _MAX_ROTATIONS,
        _MAX_ROTATIONS,
    ),
    ("GetConfigurationMaxKeys", "int", "R", "64", _MAX_KEYS, _MAX_KEYS),
    ("HeartbeatInterval", "int", "RW", "3600", 1, _DAY_S),
    # Both are required, both are about identifiers this station knows by itself.  A build without
    # a cache and a list (their keys are absent) knows none, so either value is obeyed.
    ("LocalAuthorizeOffline", "bool", "RW", "true", 0, 0),
    ("LocalPreAuthorize", "bool", "RW", "false", 0, 0),
    ("MaxEnergyOnInvalidId", "int", "RW", "0", 0, 1000000),
    ("MessageTimeout", "int", "RW", "30", 1, 600),
    ("MeterValuesAlignedData", "list", "RW", sample.SUPPORTED[0], sample.items, _MAX_ITEMS),
    ("MeterValuesAlignedDataMaxLength", "int", "R", "16", _MAX_ITEMS, _MAX_ITEMS),
    (
        "MeterValuesSampledData",
        "list",
        "RW",
        "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage",
        sample.items,
        _MAX_ITEMS,
    ),
    ("MeterValuesSampledDataMaxLength", "int", "R", "16", _MAX_ITEMS, _MAX_ITEMS),
    ("MeterValueSampleInterval", "int", "RW", "60", 0, _DAY_S),
    ("MinimumStatusDuration", "int", "RW", "0", 0, 3600),
    ("NumberOfConnectors", "int", "R", "1", 1, 99),
    ("ResetRetries", "int", "RW", "2", 0, 10),
    ("StopTransactionMaxMeterValues", "int", "R", "12", 2, _MAX_METER_VALUES),
    ("StopTransactionOnEVSideDisconnect", "bool", "RW", "true", 0, 0),
    ("StopTransactionOnInvalidId", "bool", "RW", "true", 0, 0),
    ("StopTxnAlignedData", "list", "RW", "", sample.items, _MAX_ITEMS),
    ("StopTxnAlignedDataMaxLength", "int", "R", "16", _MAX_ITEMS, _MAX_ITEMS),
    ("StopTxnSampledData", "list", "RW", "", sample.items, _MAX_ITEMS),
    ("StopTxnSampledDataMaxLength", "int", "R", "16", _MAX_ITEMS, _MAX_ITEMS),
    ("SupportedFeatureProfiles", "list", "R", "Core", _profiles, 6),
    ("TransactionMessageAttempts", "int", "RW", "3", 1, 100),
    ("TransactionMessageRetryInterval", "int", "RW", "60", 0, _DAY_S),
    # Station fixes it to false where there is no socket (erratum 3.84).
    ("UnlockConnectorOnEVSideDisconnect", "bool", "RW", "true", 0, 0),
    ("WebSocketPingInterval", "int", "RW", "60", 0, _DAY_S),
    # ours
    # Seconds after boot in which a car must be seen for a transaction to go on that a power cut
    # interrupted; 0: it is stopped with PowerLoss. Who came while it was dark nobody knows.
    ("ResumeWindow", "int", "RW", "0", 0, 3600),
    # Sends of one message that the backend leaves unanswered until it is parked; 0: never.
    ("ParkUnansweredAfter", "int", "RW", "0", 0, 1000),
    (parked.KEY, "text", "R", "", None, 0),
    # erases, programs and bytes since the flash is new
    ("WearFiles", "text", "R", "", None, 0),
    ("WearJournal", "text", "R", "", None, 0),
    ("WearOther", "text", "R", "", None, 0),
    ("Inoperative", "text", "-", "", None, 0),  # connectors taken out of use, 0 the whole
)


def on_get_configuration(station, request: dict, now: int) -> dict:
    """5.8: all keys, or those asked for; the rest comes back as unknownKey."""
    settings = station.settings
    known, unknown = [], []
    asked = request.get("key")
    for key in (asked or settings.keys())[:_MAX_KEYS]:
        row = settings.row(key)
        if row is not None and row[2] != HIDDEN:
            known.append(_key_value(settings, row))
        elif asked:
            unknown.append(key)
    answer = {"configurationKey": known}
    if unknown:
        answer["unknownKey"] = unknown
    return answer


def _key_value(settings, row) -> dict:
    entry = {"key": row[0], "readonly": settings.access(row) == READ}
    value = settings.readable(row)
    if value is not None:
        entry["value"] = value
    return entry


def on_change_configuration(station, request: dict, now: int) -> dict:
    """5.3: a value that does not fit changes nothing (3.16.4)."""
    settings = station.settings
    row = settings.row(request["key"])
    if row is None or row[2] == HIDDEN:
        return {"status": "NotSupported"}
    value = request["value"]
    room = station.security_profile
    if room is not None and room.owns(row[0]):  # what could lock out the CSMS is tried first
        return {"status": room.change(row[0], value, now)}
    if settings.access(row) == READ or not _meant_here(station, row[0], value):
        return {"status": "Rejected"}
    before = settings.text(row[0])
    if not settings.change(row[0], value):
        return {"status": "Rejected"}
    if station.events is not None and settings.text(row[0]) != before:
        station.events.add("configuration changed", row[0], now)
    station.settings_changed(row[0], now)
    return {"status": "Accepted"}


def _meant_here(station, key: str, value: str) -> bool:
    """What the table cannot know: this station's meters and its number of connectors."""
    if key == "UnsignedUpdates":  # once forbidden, for good: a factory value alone allows them
        return value.strip().lower() != "true" or station.settings.flag(key)
    try:
        if key in _MEASURANDS:
            return sample.supported(station.connectors, value)
        if key == "ConnectorPhaseRotation":
            for item in value.split(","):
                if int(item.strip().partition(".")[0]) > len(station.connectors):
                    return False
    except ValueError:
        return False
    return True

from firmware.ocpp.v16.messages import check_request, check_response

SCHEDULE = {
    "chargingRateUnit": "A",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.1}, {"startPeriod": 60, "limit": 8}],
}
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": SCHEDULE,
}
TIME = "2024-01-01T00:00:00Z"
MISSING = "OccurenceConstraintViolation"
TYPE = "TypeConstraintViolation"
VALUE = "PropertyConstraintViolation"
FORM = "FormationViolation"


def but(payload, path, value):
    """A copy of the payload with another value at the path; "del" deletes."""
    copy = payload.copy()
    if len(path) > 1:
        copy[path[0]] = but(copy[path[0]], path[1:], value)
    elif value == "del":
        if isinstance(copy, dict):
            del copy[path[0]]
        else:
            copy.pop(path[0])
    else:
        copy[path[0]] = value
    return copy


def test_good_requests():
    for action, payload in (
        ("Heartbeat", {}),
        ("ClearCache", {}),
        ("Reset", {"type": "Soft"}),
        ("GetConfiguration", {}),
        ("GetConfiguration", {"key": []}),
        ("GetConfiguration", {"key": ["a", "x" * 50]}),
        ("RemoteStartTransaction", {"idTag": "x" * 20, "chargingProfile": PROFILE}),
        ("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": PROFILE}),
        ("SendLocalList", {"listVersion": 1, "updateType": "Full"}),
        ("UpdateFirmware", {"location": "ftp://u:p@host/f?x=%20", "retrieveDate": TIME}),
        ("RemoteStopTransaction", {"transactionId": 2**31}),
        ("RemoteStopTransaction", {"transactionId": -(2**63)}),
        ("DataTransfer", {"vendorId": "x" * 255, "data": "\u00fc" * 5000}),
    ):
        assert check_request(action, payload) is None, (action, payload)


def test_profile_errors_name_the_path():
    request = {"connectorId": 1, "csChargingProfiles": PROFILE}
    at = ["csChargingProfiles", "chargingSchedule"]
    period = at + ["chargingSchedulePeriod", 1]
    deep = "csChargingProfiles.chargingSchedule.chargingSchedulePeriod"
    for path, value, code, text in (
        (["connectorId"], "del", MISSING, "connectorId: missing"),
        (at, "del", MISSING, "csChargingProfiles.chargingSchedule: missing"),
        (at, [], TYPE, "csChargingProfiles.chargingSchedule: not an object"),
        (period + ["startPeriod"], "del", MISSING, deep + "[1].startPeriod: missing"),
        (period + ["limit"], 16.15, VALUE, deep + "[1].limit: more than one fraction digit"),
        (at + ["chargingSchedulePeriod"], [], MISSING, deep + ": empty"),
        (
            ["csChargingProfiles", "chargingProfilePurpose"], "txprofile", VALUE,
            "csChargingProfiles.chargingProfilePurpose: not one of ChargingProfilePurpose",
        ),
        (at + ["x"], 1, FORM, "csChargingProfiles.chargingSchedule.x: unknown property"),
        (at[:1] + ["validFrom"], "x", VALUE, "csChargingProfiles.validFrom: not a dateTime"),
    ):
        bad = check_request("SetChargingProfile", but(request, path, value))
        assert bad == (code, text), (path, bad)
    assert check_request("SetChargingProfile", request) is None


def test_codes():
    """J §4.2.3 table 7."""
    for action, payload, code in (
        ("Reset", {}, MISSING),
        ("Reset", {"type": "soft"}, VALUE),
        ("Reset", {"type": ""}, VALUE),
        ("Reset", {"type": "Soft Hard"}, VALUE),
        ("Reset", {"type": None}, TYPE),
        ("Reset", {"type": 1}, TYPE),
        ("Reset", {"type": "Soft", "now": True}, FORM),
        ("Reset", {"type": "Soft", 1: True}, FORM),
        ("ClearCache", {"x": None}, FORM),
        ("Reset", [], TYPE),
        ("Reset", None, TYPE),
        ("RemoteStopTransaction", {"transactionId": True}, TYPE),
        ("RemoteStopTransaction", {"transactionId": 1.0}, TYPE),
        ("RemoteStopTransaction", {"transactionId": "1"}, TYPE),
        ("RemoteStopTransaction", {"transactionId": 2**63}, VALUE),
        ("RemoteStartTransaction", {"idTag": "x" * 21}, VALUE),
        ("RemoteStartTransaction", {"idTag": "caf\u00e9"}, VALUE),
        ("RemoteStartTransaction", {"idTag": "a\x00"}, VALUE),
        ("RemoteStartTransaction", {"idTag": "a", "connectorId": None}, TYPE),
        ("GetConfiguration", {"key": "a"}, TYPE),
        ("GetConfiguration", {"key": [1]}, TYPE),
        ("GetConfiguration", {"key": ["x" * 51]}, VALUE),
        ("GetDiagnostics", {"location": "no uri"}, VALUE),
        ("GetDiagnostics", {"location": "nouri"}, VALUE),
        ("GetDiagnostics", {"location": ""}, VALUE),
        ("GetDiagnostics", {"location": "9a:b"}, VALUE),
        ("GetDiagnostics", {"location": "a_b:c"}, VALUE),
        ("GetDiagnostics", {"location": "http://host/a b"}, VALUE),
    ):
        bad = check_request(action, payload)
        assert bad and bad[0] == code, (action, payload, bad)


def test_only_messages_are_actions():
    """J §4.2.3: NotImplemented, "Requested Action is not known by receiver"."""
    for action in (
        "Nonsense", "", "reset", "Reset ", "Reset.conf", "@IdTagInfo", "#Reason", "\n", "Reset:",
        "ResetType", "IdTagInfo", "Reset: type=#ResetType\nReset", "idTag",
    ):  # fmt: skip
        assert check_request(action, {})[0] == "NotImplemented", action
        assert check_response(action, {})[0] == "NotImplemented", action


def test_limits_in_tenths():
    """§7.14: limit "accepts at most one digit fraction (e.g. 8.1)", whatever floats make of it."""
    def judge(limit):
        profile = but(PROFILE, ["chargingSchedule", "chargingSchedulePeriod", 0, "limit"], limit)
        request = {"connectorId": 0, "csChargingProfiles": profile}
        bad = check_request("SetChargingProfile", request)
        return bad and bad[0]

    for tenths in range(-20, 2300):
        assert judge(tenths / 10) is None, tenths
    for limit in (0.3, 32.7, 22000.1, 11039.9, 1e6, 0, -1, 10**30, 99999.9):
        assert judge(limit) is None, limit
    for limit in (8.15, 0.01, 16.05, 1000.55, 22000.05):
        assert judge(limit) == VALUE, limit
    for limit in (float("inf"), -float("inf"), float("nan")):
        assert judge(limit) == VALUE
    for limit in ("16", True, None, [16]):
        assert judge(limit) == TYPE


def test_answers_are_read_forgivingly():
    """What the peer has done is done: only what we need must be right."""
    info = {"status": "Accepted", "parentIdTag": None, "expiryDate": None, "vendor": {"x": 1}}
    for action, payload in (
        ("Authorize", {"idTagInfo": info}),
        ("StartTransaction", {"idTagInfo": info, "transactionId": 7.0, "extra": 1}),
        ("BootNotification", {"status": "Accepted", "currentTime": TIME, "interval": 300.0}),
        ("StopTransaction", {"idTagInfo": None}),
        ("Heartbeat", {"currentTime": "2024-01-01T00:00:00.123456"}),
    ):
        assert check_response(action, payload) is None, action
        strict = check_response(action, payload, strict=True)
        assert (strict is None) == (action == "Heartbeat"), action
    for action, payload, code in (
        ("Authorize", {}, MISSING),
        ("Authorize", {"idTagInfo": None}, TYPE),
        ("Authorize", {"idTagInfo": {"status": None}}, TYPE),
        ("Authorize", {"idTagInfo": {"status": "accepted"}}, VALUE),
        ("StartTransaction", {"idTagInfo": {"status": "Blocked"}, "transactionId": 7.5}, TYPE),
        ("StartTransaction", {"idTagInfo": {"status": "Blocked"}}, MISSING),
        ("Heartbeat", {"currentTime": "yesterday"}, VALUE),
    ):
        bad = check_response(action, payload)
        assert bad and bad[0] == code, (action, bad)


def test_misspelled_words_stay():
    """J errata 2.1, 3.86: Celcius and Celsius are both taken; frequency has no unit."""
    def judge(unit):
        sample = {"value": "21.5", "measurand": "Temperature", "unit": unit}
        value = {"timestamp": TIME, "sampledValue": [sample]}
        bad = check_request("MeterValues", {"connectorId": 1, "meterValue": [value]})
        return bad and bad[0]

    assert judge("Celcius") is None
    assert judge("Celsius") is None
    assert judge("Hertz") == VALUE

# heap: chip + 16k, all frames kept
import random

from firmware.ocpp.v16 import messages
from firmware.ocpp.v16.station import CallError
from tests.unit.id_rig import RamFiles
from tests.unit.station_rig import ready

# A valid request of each call the CSMS makes.
GOOD = (
    ("ChangeAvailability", {"connectorId": 1, "type": "Operative"}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}),
    ("ClearCache", {}),
    ("DataTransfer", {"vendorId": "v", "messageId": "m", "data": "d"}),
    ("GetConfiguration", {"key": ["HeartbeatInterval"]}),
    ("RemoteStartTransaction", {"connectorId": 1, "idTag": "TAG"}),
    ("RemoteStopTransaction", {"transactionId": 41}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat", "connectorId": 1}),
    ("UnlockConnector", {"connectorId": 1}),
    ("Reset", {"type": "Soft"}),
)
LISTS = (
    ("GetLocalListVersion", {}),
    ("SendLocalList", {"listVersion": 1, "updateType": "Full"}),
)
# What the CSMS may call beside Core.
PROFILES = (
    ("LocalAuthListManagement", ("GetLocalListVersion", "SendLocalList")),
    ("Reservation", ("CancelReservation", "ReserveNow")),
    ("SmartCharging", ("ClearChargingProfile", "GetCompositeSchedule", "SetChargingProfile")),
    ("FirmwareManagement", ("GetDiagnostics", "UpdateFirmware")),
    ("RemoteTrigger", ("TriggerMessage",)),
)


def code(charger, action, payload):
    try:
        charger.station.call(action, payload, charger.now)
    except CallError as error:
        return error.code
    return None


def supported(charger):
    answer = charger.ask("GetConfiguration", {"key": ["SupportedFeatureProfiles"]})
    return answer["configurationKey"][0]["value"].split(",")


def test_what_is_not_built_and_what_is_not_known():
    """OCPP-J §4.2.3: NotSupported: recognised, not supported; NotImplemented: not known. A call of
    a profile is supported where SupportedFeatureProfiles says so."""
    charger = ready()
    assert code(charger, "Heartbeat", {}) == "NotSupported"
    full = ready(files=RamFiles())
    for each in (charger, full):
        profiles = supported(each)
        for profile, actions in PROFILES:
            for action in actions:
                refused = code(each, action, {"no such field": 0}) == "NotSupported"
                assert refused == (profile not in profiles), action
    assert "LocalAuthListManagement" not in supported(charger)
    for action, payload in LISTS:
        assert code(full, action, payload) is None, action
    for action in ("", "Nope", "reset", "Reset.conf", "#Reason", "@IdTagInfo", "Reset: type"):
        assert code(charger, action, {}) == "NotImplemented", action


def test_malformed_payloads_have_their_codes():
    """OCPP-J §4.2.3: what is wrong decides the code; nothing is changed by it."""
    charger = ready()
    availability = "ChangeAvailability"
    for action, payload, wanted in (
        (availability, {"connectorId": 1}, "OccurenceConstraintViolation"),
        (availability, {"connectorId": "1", "type": "Operative"}, "TypeConstraintViolation"),
        (availability, {"connectorId": True, "type": "Operative"}, "TypeConstraintViolation"),
        (availability, {"connectorId": 1, "type": "operative"}, "PropertyConstraintViolation"),
        ("ChangeConfiguration", {"key": "a" * 51, "value": ""}, "PropertyConstraintViolation"),
        ("ChangeConfiguration", {"key": "a", "value": "b" * 501}, "PropertyConstraintViolation"),
        ("ChangeConfiguration", {"key": "a", "value": 1}, "TypeConstraintViolation"),
        ("GetConfiguration", {"key": "a"}, "TypeConstraintViolation"),
        ("GetConfiguration", {"key": None}, "TypeConstraintViolation"),
        ("GetConfiguration", {"keys": []}, "FormationViolation"),
        ("RemoteStartTransaction", {"idTag": "a" * 21}, "PropertyConstraintViolation"),
        ("RemoteStopTransaction", {"transactionId": 1.5}, "TypeConstraintViolation"),
        ("Reset", {"type": "Warm"}, "PropertyConstraintViolation"),
        ("TriggerMessage", {"requestedMessage": "Everything"}, "PropertyConstraintViolation"),
        ("ClearCache", {"all": True}, "FormationViolation"),
        ("UnlockConnector", {}, "OccurenceConstraintViolation"),
        ("DataTransfer", {"vendorId": ["v"]}, "TypeConstraintViolation"),
    ):
        assert code(charger, action, payload) == wanted, (action, payload)
    charger.run(2)
    assert charger.reboots == 0
    assert charger.words() == ["Available"]


def anything(depth=0):
    """A JSON value no schema expects."""
    kind = random.getrandbits(4)
    if kind < 4:
        return (None, True, False, {})[kind]
    if kind < 8:
        return random.getrandbits(30) - (1 << 29) << random.getrandbits(6)
    if kind == 8:
        return 1.5
    if kind < 13 or depth > 2:
        return "".join([chr(random.getrandbits(7)) for _ in range(random.getrandbits(5))])
    if kind < 15:
        return [anything(depth + 1) for _ in range(random.getrandbits(2))]
    return {"k%d" % n: anything(depth + 1) for n in range(random.getrandbits(2))}


def mutated(payload):
    payload = dict(payload)
    for _ in range(1 + random.getrandbits(1)):
        names = sorted(payload) or ["x"]
        name = names[random.getrandbits(8) % len(names)]
        kind = random.getrandbits(2)
        if kind == 0:
            payload.pop(name, None)
        elif kind == 1:
            payload["extra"] = anything()
        else:
            payload[name] = anything()
    return payload


def test_any_payload_gives_an_answer_or_a_call_error():
    """No payload of a CSMS raises anything but a CallError, and every answer is a valid one."""
    random.seed(16)
    charger = ready(connectors=2)
    charger.charge()
    answers = errors = 0
    for _ in range(1500):
        action, payload = GOOD[random.getrandbits(16) % (len(GOOD) - 1)]  # no Reset
        payload = mutated(payload)
        try:
            answer = charger.station.call(action, payload, charger.now)
        except CallError as error:
            errors += 1
            assert error.code.endswith("Violation") and error.description
            continue
        answers += 1
        if callable(answer):
            answer = answer(charger.now + 15000)
        assert messages.check_response(action, answer, True) is None, (action, payload, answer)
    assert answers > 100 and errors > 100
    charger.run(30)


def test_every_good_call_has_a_good_answer():
    for action, payload in GOOD:
        charger = ready()
        assert isinstance(charger.ask(action, payload), dict), action

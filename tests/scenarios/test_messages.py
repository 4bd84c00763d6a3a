"""Calls that are not what they should be get the CALLERROR of OCPP-J 4.2.3; the link and the
charger live on."""

import pytest

from tests.scenarios.conftest import charger
from tools.csms_frame import ERROR, RESULT

PROFILES = {
    "LocalAuthListManagement": [
        ("GetLocalListVersion", {}),
        ("SendLocalList", {"listVersion": 1, "updateType": "Full"}),
    ],
    "Reservation": [("CancelReservation", {"reservationId": 1})],
    "SmartCharging": [
        ("ClearChargingProfile", {}),
        ("GetCompositeSchedule", {"connectorId": 1, "duration": 60}),
    ],
    "FirmwareManagement": [("GetDiagnostics", {"location": "ftp://127.0.0.1/x"})],
}

WRONG = [
    ("FlyToTheMoon", {}, {"NotImplemented"}),
    ("", {}, {"NotImplemented"}),
    ("Reset.conf", {"status": "Accepted"}, {"NotImplemented"}),
    ("Reset", {}, {"OccurenceConstraintViolation"}),
    ("Reset", {"type": 1}, {"TypeConstraintViolation"}),
    ("Reset", {"type": "Warm"}, {"PropertyConstraintViolation"}),
    ("Reset", {"type": None}, {"TypeConstraintViolation"}),
    ("ChangeAvailability", {"connectorId": "1", "type": "Operative"}, {"TypeConstraintViolation"}),
    (
        "ChangeAvailability",
        {"connectorId": True, "type": "Operative"},
        {"TypeConstraintViolation"},
    ),
    ("ChangeAvailability", {"connectorId": 1.5, "type": "Operative"}, {"TypeConstraintViolation"}),
    (
        "RemoteStartTransaction",
        {"idTag": "x" * 21},
        {"PropertyConstraintViolation", "TypeConstraintViolation"},
    ),
    ("RemoteStartTransaction", {"idTag": {}}, {"TypeConstraintViolation"}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval"}, {"OccurenceConstraintViolation"}),
    (
        "ChangeConfiguration",
        {"key": "k" * 51, "value": "1"},
        {"PropertyConstraintViolation", "TypeConstraintViolation"},
    ),
    ("GetConfiguration", {"key": "HeartbeatInterval"}, {"TypeConstraintViolation"}),
    ("GetConfiguration", {"key": [1]}, {"TypeConstraintViolation"}),
    ("TriggerMessage", {"requestedMessage": "Everything"}, {"PropertyConstraintViolation"}),
    (
        "UnlockConnector",
        {"connector": 1},
        {"OccurenceConstraintViolation", "FormationViolation", "PropertyConstraintViolation"},
    ),
    (
        "ClearCache",
        {"really": True},
        {"FormationViolation", "PropertyConstraintViolation", "OccurenceConstraintViolation"},
    ),
]


def alive(csms, bench):
    """The same link still serves."""
    assert len(csms.links) == 1
    assert (
        csms.call("GetConfiguration", key=["NumberOfConnectors"])["configurationKey"][0]["value"]
        == "1"
    )
    assert bench.state()["boots"] == 1


def test_wrong_calls(csms, bench):
    """OCPP-J 4.2.3: unknown, incomplete, mistyped, out of range: each is answered with its
    error code."""
    for action, payload, codes in WRONG:
        answer = csms.ask(action, payload)
        assert answer.kind == ERROR and answer.code in codes, (action, payload, answer.text)
    alive(csms, bench)


def test_profiles_that_are_not_here(csms, bench):
    """OCPP-J 4.2.3: a message of a profile this build has not: NotSupported; of one it has: a
    result."""
    told = csms.call("GetConfiguration", key=["SupportedFeatureProfiles"])["configurationKey"][0][
        "value"
    ].split(",")
    for profile, messages in PROFILES.items():
        for action, payload in messages:
            answer = csms.ask(action, payload)
            if profile in told:
                assert answer.kind == RESULT, (action, answer.text)
            else:
                assert answer.kind == ERROR and answer.code == "NotSupported", (
                    action,
                    answer.text,
                )
    alive(csms, bench)


def test_call_that_is_no_call(csms, bench):
    """OCPP-J 4.2.3: a CALL with too few or too many elements: FormationViolation under its id."""
    for text in (
        '[2,"a1","ClearCache"]',
        '[2,"a1","ClearCache",{},{}]',
        '[2,"a1",7,{}]',
        '[2,"a1","ClearCache",[]]',
    ):
        answer = csms.ask_raw(text, "a1")
        assert answer.kind == ERROR and answer.code in ("FormationViolation", "ProtocolError"), (
            text,
            answer.text,
        )
    alive(csms, bench)


def test_message_id_too_long(csms, bench):
    """OCPP-J 4.2.3 case 2: a message id of more than 36 characters is answered with a CALLERROR
    under that id."""
    long = "i" * 37
    csms.say('[2,"%s","ClearCache",{}]' % long)
    assert csms.wait(
        lambda: any(frame.id == long and frame.kind == ERROR for frame in csms.frames), 6
    )
    for frame in csms.frames:
        if frame.id == long:
            frame.violation = None  # the long id is the backend's own
    alive(csms, bench)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{}",
        "[]",
        "[2]",
        "null",
        '[7,"a","b",{}]',
        '[3,"nobody-asked",{}]',
        '[4,"nobody-asked","GenericError","",{}]',
        '[2,"x","ClearCache",{}',
        '["2","x","ClearCache",{}]',
        "[" * 600,
        "\u0000\uffff",
        '[2,null,"ClearCache",{}]',
    ],
    ids=range(14),
)
def test_garbage(csms, bench, text):
    """OCPP-J 4.1.3: what is no message of OCPP-J is ignored or refused, and never believed."""
    csms.mark()
    csms.say(text)
    alive(csms, bench)


def test_answer_nobody_waits_for(rig, csms, bench):
    """OCPP-J 4.1.1: an answer to another message id is not taken for ours; charging is not
    disturbed."""
    rig.begin()
    csms.say('[3,"not-yours",{"transactionId":99,"idTagInfo":{"status":"Blocked"}}]')
    bench.run(5)
    assert bench.connector()["contactor"]
    assert rig.finish().id == 1


@charger(keys={"WebSocketPingInterval": "5"})
def test_binary_frame(rig, csms, bench):
    """OCPP-J 4: OCPP is text; after a binary frame the charge point still works, on this link
    or the next."""
    rig.begin()
    csms.say(b"\x00\x01\x02")
    bench.run(5)
    assert bench.connector()["contactor"]
    bench.until(online=True, timeout=90)
    rig.finish()


def test_large_call(csms, bench):
    """A call of several kilobytes is taken; GetConfiguration answers for every key asked."""
    keys = ["Key%046d" % n for n in range(50)]
    answer = csms.call("GetConfiguration", key=keys)
    assert answer["unknownKey"] == keys
    alive(csms, bench)

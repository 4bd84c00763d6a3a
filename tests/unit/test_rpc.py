# heap: chip + 16k, hostile texts with all that is made of them
import json
import random

from firmware.ocpp.rpc import CALL, CODES, ERROR, GARBAGE, RESULT, RPC, STRAY, TIMEOUT


def rpc_with_call():
    rpc = RPC(lambda: "id-1")
    rpc.call("Heartbeat", {}, 1000, 30000)
    return rpc


def test_a_call_has_four_elements():
    """J §4.2.1: [<MessageTypeId>, "<UniqueId>", "<Action>", {<Payload>}]"""
    rpc = RPC(lambda: "19223201")
    text = rpc.call("BootNotification", {"chargePointVendor": "VendorX"}, 0, 30000)
    said = [2, "19223201", "BootNotification", {"chargePointVendor": "VendorX"}]
    assert json.loads(text) == said
    assert rpc.in_flight == ("19223201", "BootNotification")


def test_one_call_at_a_time():
    """J §4.1.1: no CALL unless all CALLs before have been responded to or have timed out."""
    rpc = rpc_with_call()
    try:
        rpc.call("Heartbeat", {}, 1000, 30000)
    except ValueError:
        assert rpc.in_flight == ("id-1", "Heartbeat")
        return
    raise AssertionError("a second call")


def test_a_retry_keeps_its_id():
    """J erratum 3.1: the id of a retried message MAY be identical to the original's."""
    rpc = RPC(lambda: "new")
    assert json.loads(rpc.call("StopTransaction", {}, 0, 1, "old"))[1] == "old"


def test_own_id_too_long():
    rpc = RPC(lambda: "x" * 37)
    try:
        rpc.call("Heartbeat", {}, 0, 1)
    except ValueError:
        assert rpc.in_flight is None
        return
    raise AssertionError("37 characters")


def test_result_ends_the_call():
    rpc = rpc_with_call()
    event = rpc.receive('[3,"id-1",{"currentTime":"x"}]', 1500)
    assert event == (RESULT, "id-1", "Heartbeat", {"currentTime": "x"})
    assert rpc.in_flight is None
    assert rpc.receive('[3,"id-1",{}]', 1600) == (STRAY, "id-1")


def test_null_is_an_empty_payload():
    """J §4.2.1, §4.2.2: "JSON allows for two different notations: null or an empty object"."""
    rpc = rpc_with_call()
    assert rpc.receive('[2,"a","ClearCache",null]', 0) == (CALL, "a", "ClearCache", {})
    assert rpc.receive('[3,"id-1",null]', 0) == (RESULT, "id-1", "Heartbeat", {})


def test_stray_answers_leave_the_call_in_flight():
    for text in ('[3,"other",{}]', '[4,"other","GenericError","",{}]', '[3,"",7]', '[4,"other"]'):
        rpc = rpc_with_call()
        assert rpc.receive(text, 0) == (STRAY, json.loads(text)[1])
        assert rpc.in_flight == ("id-1", "Heartbeat")


def test_call_error():
    rpc = rpc_with_call()
    event = rpc.receive('[4,"id-1","NotSupported","no",{"a":1}]', 0)
    assert event == (ERROR, "id-1", "Heartbeat", "NotSupported", "no", {"a": 1})
    assert rpc.in_flight is None


def test_a_deformed_call_error_is_still_one():
    """J erratum 3.3: CALLERROR is how a server reports a failure to process the message."""
    for tail, code, description in (
        ("", "GenericError", ""),
        (',"InternalError"', "InternalError", ""),
        (',"InternalError","x"', "InternalError", "x"),
        (',"InternalError","x",null', "InternalError", "x"),
        (',null,null,[]', "GenericError", ""),
        (',"InternalError","x",{},1', "InternalError", "x"),
    ):
        event = rpc_with_call().receive('[4,"id-1"' + tail + "]", 0)
        assert event == (ERROR, "id-1", "Heartbeat", code, description, {})


def test_an_unusable_result_neither_delivers_nor_counts():
    """It is no CALLERROR and no CALLRESULT: the call waits on, the timeout will end it."""
    for tail in ("", ",[]", ',"x"', ",false", ",{},1"):
        text = '[3,"id-1"' + tail + "]"
        rpc = rpc_with_call()
        event = rpc.receive(text, 0)
        assert event[:2] == (GARBAGE, None), text
        assert rpc.in_flight == ("id-1", "Heartbeat")
        assert rpc.tick(31000) == (TIMEOUT, "id-1", "Heartbeat")


# text, the id a CALLERROR goes to or None
BROKEN = (
    ("", None), ("x", None), ("1", None), ("null", None), ("{}", None), ('"[2]"', None),
    ("[]", None), ("[2]", None), ("[2,3]", None), ('[2,null,"Reset",{}]', None),
    ('["2","a","Reset",{}]', None), ("[true]", None), ("[null]", None), ("[[2]]", None),
    ("[3]", None), ("[4]", None), ("[3,1,{}]", None), ("[4,null]", None),
    ('[2,"a"]', "a"), ('[2,"a","Reset"]', "a"), ('[2,"a","Reset",{},{}]', "a"),
    ('[2,"a",5,{}]', "a"), ('[2,"a",null,{}]', "a"),
    ('[2,"a","Reset",[]]', "a"), ('[2,"a","Reset","x"]', "a"), ('[2,"a","Reset",0]', "a"),
    ('[2,"a","Reset",{"type":}', "a"), (' [ 2 , "a","Reset",{', "a"), ('[2,"a","Reset",{}', "a"),
    ('[2,"a","Reset",{}] x', "a"), ('[3,"a",{', None), ('[2,"a\\"b","Reset",{', None),
    ('[2,"a', None),
)  # fmt: skip


def test_broken_texts():
    """J §4.2.3: CALLERROR when the content does not meet the requirements for a proper message."""
    for text, message_id in BROKEN:
        kind, reply, reason = RPC(str).receive(text, 0)
        assert kind == GARBAGE and reason, text
        if message_id is None:
            assert reply is None, text
        else:
            reply = json.loads(reply)
            assert reply == [4, message_id, "FormationViolation", reason, {}], text


def test_a_cut_off_message_is_not_taken():
    """MicroPython's json takes [1,2 for [1,2]; half a message must not pass for a whole one."""
    text = '[2,"a","ChangeConfiguration",{"key":"k","value":"v"}]'
    for n in range(len(text)):
        assert RPC(str).receive(text[:n], 0)[0] == GARBAGE, text[:n]
    assert RPC(str).receive(text, 0)[0] == CALL


def test_unknown_message_types_are_ignored():
    """J §4.1.3: "When a server receives a message with a Message Type Number not in this list, it
    SHALL ignore the message payload"."""
    for number in (0, 1, 5, 6, -2, 99, 2**70):
        rpc = rpc_with_call()
        event = rpc.receive(json.dumps([number, "id-1", "Reset", {}]), 0)
        assert event == (GARBAGE, None, "unknown message type")
        assert rpc.in_flight


def test_an_id_too_long_is_answered():
    """J §4.2.3 case 2: "unique identifier too long" is a reason for a CALLERROR, which must carry
    "the exact same id"."""
    for length, answered in ((36, None), (37, True), (255, True), (256, False)):
        message_id = "x" * length
        event = RPC(str).receive(json.dumps([2, message_id, "Reset", {}]), 0)
        if answered is None:
            assert event == (CALL, message_id, "Reset", {})
        elif answered:
            assert json.loads(event[1])[1:3] == [message_id, "FormationViolation"]
        else:
            assert event == (GARBAGE, None, "no message id")


def test_nesting_and_size_do_no_harm():
    for text in (
        "[" * 20000, '[2,"a","Reset",' + "[" * 12000, '{"a":' * 6000, "[" * 9000 + "]" * 9000,
        "1" * 5000, "[1e999999]", '[2,"a","Reset",{"x":' + "9" * 5000,
    ):  # fmt: skip
        rpc = rpc_with_call()
        event = rpc.receive(text, 0)
        assert event[0] == GARBAGE, text[:20]
        assert rpc.in_flight == ("id-1", "Heartbeat")
        if event[1] is not None:
            assert json.loads(event[1])[:2] == [4, "a"]


def test_error_text():
    """J §4.2.3: errorDescription at most 255 characters, errorDetails an empty object if none."""
    text = RPC(str).error("a", "GenericError", "x" * 300)
    assert json.loads(text) == [4, "a", "GenericError", "x" * 255, {}]
    for code in CODES:
        assert json.loads(RPC(str).error("a", code))[2] == code
    try:
        RPC(str).error("a", "FormatViolation")
    except ValueError:
        return
    raise AssertionError("a code of OCPP 2")


def test_what_we_say_is_ascii():
    """J §4.1.2: SHOULD only use US-ASCII. And a surrogate half is not even UTF-8."""
    sentence = '[2,"a","DataTransfer",{"data":"\\u00fc\\ud83d\\ude00 \u20ac\U0001f600 \\ud83d"}]'
    payload = RPC(str).receive(sentence, 0)[3]
    text = RPC(str).result("a", payload)
    assert max(text) <= "~"
    assert text == '[3,"a",{"data":"\\u00fc\\ud83d\\ude00 \\u20ac\\ud83d\\ude00 \\ud83d"}]'


def test_timeout_once():
    rpc = rpc_with_call()
    assert rpc.tick(30999) is None
    assert rpc.tick(31000) == (TIMEOUT, "id-1", "Heartbeat")
    assert rpc.tick(99999) is None
    assert rpc.receive('[3,"id-1",{}]', 99999) == (STRAY, "id-1")


def test_an_answer_counts_until_the_timeout_is_declared():
    rpc = rpc_with_call()
    assert rpc.receive('[3,"id-1",{}]', 99999)[0] == RESULT


def test_a_lost_link_gives_the_call_back():
    rpc = rpc_with_call()
    assert rpc.drop() == ("id-1", "Heartbeat")
    assert rpc.drop() is None
    assert rpc.in_flight is None


def test_a_late_answer_meets_the_repeated_call():
    """Same id on retry: the answer to the first sending answers the second."""
    rpc = rpc_with_call()
    rpc.tick(31000)
    rpc.call("Heartbeat", {}, 32000, 30000, "id-1")
    assert rpc.receive('[3,"id-1",{}]', 32001)[0] == RESULT


def test_any_text_is_an_event():
    random.seed(16)
    alphabet = '[]{}",:234 \\u0Ee-.ntf'
    base = '[2,"a","Reset",{"type":"Soft"}]'
    for _ in range(1500):
        text = list(base if random.getrandbits(1) else '[3,"id-1",{"x":[1,2.5e3,null]}]')
        for _ in range(random.randrange(6)):
            i = random.randrange(len(text) + 1)
            text[i : i + random.randrange(3)] = [alphabet[random.randrange(len(alphabet))]]
        rpc = rpc_with_call()
        event = rpc.receive("".join(text), 0)
        assert event[0] in (CALL, RESULT, ERROR, STRAY, GARBAGE)
        assert (rpc.in_flight is None) == (event[0] in (RESULT, ERROR))

"""Any text yields an event and nothing is raised (CPython's json, hypothesis)."""

import json

from hypothesis import given
from hypothesis import strategies as st

from firmware.ocpp.rpc import CALL, CODES, ERROR, GARBAGE, RESULT, RPC, STRAY

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(), inner, max_size=4),
)
NEAR = st.lists(ANYTHING | st.sampled_from([2, 3, 4, "id-1", "Reset", {}]), max_size=6)


def hear(text):
    rpc = RPC(lambda: "id-1")
    rpc.call("Heartbeat", {}, 0, 1)
    event = rpc.receive(text, 0)
    assert event[0] in (CALL, RESULT, ERROR, STRAY, GARBAGE)
    assert (rpc.in_flight is None) == (event[0] in (RESULT, ERROR))
    if event[0] == GARBAGE and event[1] is not None:
        kind, message_id, code, description, details = json.loads(event[1])
        assert kind == 4 and isinstance(message_id, str) and code in CODES
        assert len(description) <= 255 and details == {}
    return event


@given(st.text())
def test_any_text(text):
    hear(text)


@given(ANYTHING | NEAR)
def test_any_json(value):
    hear(json.dumps(value))


@given(st.sampled_from([2, 3, 4]), NEAR, st.integers(0, 60))
def test_any_json_cut_off(kind, rest, n):
    hear(json.dumps([kind, *rest])[:n])


@given(st.text(max_size=36), st.text(), st.dictionaries(st.text(), ANYTHING))
def test_a_good_call_is_heard_as_it_was_said(message_id, action, payload):
    text = json.dumps([2, message_id, action, payload])
    # Compared as text: NaN is not equal to itself.
    assert json.dumps(hear(text)) == json.dumps([CALL, message_id, action, payload])

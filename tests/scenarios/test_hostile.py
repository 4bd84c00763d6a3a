"""A backend that means harm, or a stranger in its place: whatever it sends, the car goes on being
charged, the bill is right, and the charger is back with its backend when that is back.
"""

import json
import random

import pytest

from tests.host.test_messages_schemas import Generator, schema_of
from tests.scenarios import hostile
from tests.scenarios.conftest import TAG, charger
from tools.csms_frame import CALL

KEYS = {"WebSocketPingInterval": "20", "MessageTimeout": "10", "MeterValueSampleInterval": "5"}
FRAMES = 10000
BATCH = 40
HEAP = 24 * 1024  # bytes: a collection at 16 KiB, and what the log keeps
SLACK_S = 200

CALLS = (
    "CancelReservation ChangeAvailability ChangeConfiguration ClearCache ClearChargingProfile "
    "DataTransfer DeleteCertificate ExtendedTriggerMessage GetCompositeSchedule GetConfiguration "
    "GetDiagnostics GetInstalledCertificateIds GetLog GetLocalListVersion RemoteStartTransaction "
    "RemoteStopTransaction ReserveNow Reset SendLocalList SetChargingProfile "
    "SignedUpdateFirmware TriggerMessage UnlockConnector UpdateFirmware"
).split()


def broken(rng, action):
    """A payload that its schema refuses, at one place of many; None: it has none."""
    schema = schema_of(action)
    for at in (rng.randrange(12), 0):
        made = Generator(rng, break_at=at)
        payload = made.make(schema)
        if made.broken is not None:
            return payload
    return None


def mutated(rng, text):
    """Some characters changed, taken out or put in, or the end cut off."""
    data = list(text)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data))
        data[at : at + rng.randrange(2)] = [chr(rng.randrange(32, 127))] * rng.randrange(3)
        if not data:
            return ""
    return "".join(data[: rng.randrange(1, len(data) + 1)] if rng.random() < 0.3 else data)


def shapes(rng, number):
    """JSON that is no message, and messages nobody waits for."""
    return rng.choice(
        (
            "[]", "{}", "null", "7", '"x"', "[2]", "[2,1,2,3]", '[2,"a"]', "[9,1,{}]",
            '[3,"nobody%d",{}]' % number,
            '[4,"nobody%d","GenericError","",{}]' % number,
            '[2,"s%d","Nonsense",{}]' % number,
            '[2,"s%d","Heartbeat",{}]' % number,
            '[2,"%s","GetConfiguration",{}]' % ("l" * 60),
            '[2,"s%d","GetConfiguration",[]]' % number,
            "[" * rng.randrange(1, 200),
            '[2,"s%d","DataTransfer",{"vendorId":%s}]' % (number, "[" * 30 + "]" * 30),
        )
    )  # fmt: skip


def frames(rng):
    """What 10,000 frames of such a backend look like."""
    for number in range(FRAMES):
        kind = rng.random()
        if kind < 0.5:
            action = rng.choice(CALLS)
            payload = broken(rng, action)
            if payload is not None:
                yield json.dumps([2, "f%d" % number, action, payload])
                continue
        if kind < 0.8:
            good = json.dumps([2, "m%d" % number, "GetConfiguration", {"key": ["Heartbeat"]}])
            yield mutated(rng, good) or "x"
        elif kind < 0.95:
            yield shapes(rng, number)
        else:
            yield "".join(chr(rng.randrange(32, 127)) for _ in range(rng.randrange(1, 400)))


def settled_heap(bench):
    """Free bytes, at best over some seconds: what is garbage comes and goes."""
    best = 0
    for _ in range(8):
        bench.run(1)
        best = max(best, bench.state()["heap_free"])
    return best


@charger(keys=KEYS)
def test_ten_thousand_bad_frames(rig, csms, bench):
    """Random and mutated frames, most of them from the schemas with one thing wrong: an answer or
    none, no reboot, no other state, and after each forty an honest question is answered."""
    rng = random.Random(16)
    rig.begin()
    free, boots = settled_heap(bench), bench.state()["boots"]
    sent = 0
    for text in frames(rng):
        csms.say(text)
        sent += 1
        if sent % BATCH == 0:
            assert csms.call("GetLocalListVersion") == {"listVersion": 0}, sent
            state = bench.state()
            assert state["connectors"][0]["contactor"] and not state["hung"], sent
    assert sent == FRAMES
    assert bench.state()["boots"] == boots and len(csms.links) == 1
    assert settled_heap(bench) > free - HEAP
    for frame in csms.record.violations():  # answers to what was thrown past the record
        assert frame.kind != CALL, frame
        frame.violation = None
    rig.finish()


HARMS = (
    hostile.slow_loris,
    hostile.endless_headers,
    hostile.frame_of_16_mib,
    hostile.deflate,
    hostile.deflated_frame,
    hostile.ping_flood,
    hostile.masked_frame,
)


@charger(keys=KEYS)
def test_a_message_too_big_is_refused_with_a_close_that_arrives(rig, csms, bench):
    """RFC 6455 7.1.1: also when more is on the way, the peer reads 1009 and no reset."""
    rig.begin()
    port = csms.port
    csms.shut(port)
    server = hostile.Hostile(port, hostile.too_big_and_more)
    try:
        for _ in range(SLACK_S):
            if len(server.codes) >= 2:
                break
            bench.run(1)
        assert server.codes[:2] == [1009, 1009]
    finally:
        server.close()
    csms.listen(port=port)
    csms.expect_link(2, 120)
    bench.until(online=True, timeout=120)
    rig.finish()


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
@charger(keys=KEYS)
def test_a_stranger_in_the_backends_place(rig, csms, bench, harm):
    """It is left within a bound, the car is charged meanwhile, and the backend is found again."""
    rig.begin()
    free, boots = settled_heap(bench), bench.state()["boots"]
    port = csms.port
    csms.shut(port)
    server = hostile.Hostile(port, harm)
    try:
        for _ in range(SLACK_S):
            if server.met >= 2:
                break
            bench.run(1)
            assert bench.connector()["contactor"]
        assert server.met >= 2, "it never gave the first one up"
    finally:
        server.close()
    csms.listen(port=port)
    csms.expect_link(2, 120)
    bench.until(online=True, timeout=120)
    state = bench.state()
    assert state["boots"] == boots and state["connectors"][0]["contactor"]
    assert settled_heap(bench) > free - HEAP
    bench.swipe(TAG)
    stop = csms.expect("StopTransaction", 120, reason="Local")
    rig.right(1, stop.payload["transactionId"])

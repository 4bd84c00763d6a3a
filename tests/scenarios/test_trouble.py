"""A backend in trouble: it answers late, wrong, with errors, not at all, or with garbage.

The charge point keeps charging, loses and doubles nothing, and comes back by itself.
"""

from itertools import pairwise

import pytest

from tests.scenarios.conftest import TAG, charger
from tools import csms_script as script

KEYS = {
    "MessageTimeout": "5",
    "TransactionMessageRetryInterval": "3",
    "MeterValueSampleInterval": "10",
    "WebSocketPingInterval": "10",
}
ACTIONS = ("Authorize", "StartTransaction", "MeterValues", "StopTransaction", "StatusNotification")

# What the backend does instead of answering rightly; each is made anew for every use.
BENDS = {
    "lost": script.lost,
    "deaf": script.deaf,
    "list": lambda: script.answer([]),
    "wrong_id": lambda: script.wrong_id(
        {"transactionId": 77, "idTagInfo": {"status": "Accepted"}}
    ),
    "garbage": lambda: script.garbage('{"no": ocpp'),
    "binary": lambda: script.garbage(b"\xde\xad\xbe\xef"),
    "close": script.closes,
}

# A CALLRESULT without what it must say. It is an answer all the same.
ODD = {
    "empty": lambda: script.answer({}),
    "null": lambda: script.answer(None),
    "wrong_types": lambda: script.answer(
        {"transactionId": "one", "idTagInfo": "yes", "currentTime": 7}
    ),
}


def made(how):
    return script.error() if how == "error" else (BENDS.get(how) or ODD[how])()


def once(rig, csms, bench):
    """One session; whatever went wrong, it is one line in the ledger and the bill is right."""
    before = rig.register.setdefault(1, bench.connector()["meter_wh"])
    bench.plug(1)
    bench.swipe(TAG)
    bench.until(contactor=True, timeout=60)
    bench.run(25)
    assert bench.connector()["contactor"], "trouble of the backend is no reason to stop"
    bench.swipe(TAG)
    bench.until(contactor=False)
    csms.expect("StopTransaction", timeout=120)
    assert csms.wait(
        lambda: any(one.meter_stop is not None for one in csms.ledger.transactions.values()),
        csms.wall(120),
    ), csms.ledger.transactions
    bench.until(queue=0, timeout=120)
    bill = rig.right()
    assert bill.wh == bench.connector()["meter_wh"] - before > 50
    return bill


def retries_keep_their_id(csms, action):
    """J erratum 3.1: the same message under the same id, so that a backend sees the repetition."""
    frames = csms.calls(action)
    assert len({frame.id for frame in frames}) == 1
    return len(frames)


@pytest.mark.parametrize("how", list(BENDS))
@pytest.mark.parametrize("action", ["StartTransaction", "StopTransaction"])
@charger(keys=KEYS)
def test_billable_message_not_answered_rightly(rig, csms, bench, action, how):
    """OCPP 1.6 3.7.1, J erratum 3.3: no usable answer is no failure to process: it is said
    again until it is taken."""
    csms.bend(action, BENDS[how](), times=2)
    once(rig, csms, bench)
    assert retries_keep_their_id(csms, action) >= 3
    assert len(csms.ledger.transactions) == 1


@pytest.mark.parametrize("how", list(ODD))
@charger(keys=KEYS)
def test_start_answered_oddly(rig, csms, bench, how):
    """A CALLRESULT that says too little is an answer: said again the Start might be booked
    twice. Without an id from the backend the rest goes out with -1 (erratum 3.18), and the
    energy is told."""
    csms.bend("StartTransaction", ODD[how]())
    bench.plug(1)
    bench.swipe(TAG)
    bench.until(contactor=True, timeout=60)
    bench.run(25)
    assert bench.connector()["contactor"], "trouble of the backend is no reason to stop"
    bench.swipe(TAG)
    stop = csms.expect("StopTransaction", timeout=60, transactionId=-1)
    assert stop.payload["meterStop"] == bench.connector()["meter_wh"] > 50
    assert retries_keep_their_id(csms, "StartTransaction") == 1
    assert csms.wait(lambda: csms.ledger.strays, 6)  # booked a moment after the frame is recorded
    csms.ledger.strays.clear()  # a Stop with -1 belongs to no transaction of ours, rightly


@pytest.mark.parametrize("how", list(ODD))
@charger(keys=KEYS)
def test_stop_answered_oddly(rig, csms, bench, how):
    """A CALLRESULT to StopTransaction ends the matter whatever it says; the next session is not
    disturbed."""
    csms.bend("StopTransaction", ODD[how]())
    rig.begin()
    bench.run(10)
    bench.swipe(TAG)
    stop = csms.expect("StopTransaction", transactionId=1)
    assert stop.payload["meterStop"] == bench.connector()["meter_wh"]
    bench.run(20)
    assert retries_keep_their_id(csms, "StopTransaction") == 1
    rig.leave()
    csms.status("Available")
    rig.begin()
    bench.swipe(TAG)
    rig.right(1, 2)


@charger(keys=dict(KEYS, MessageTimeout="30"))
def test_late_answers(rig, csms, bench):
    """An answer that takes 20 s is still the answer: nothing is repeated, energy flows
    meanwhile."""
    for action in ("StartTransaction", "StopTransaction"):
        csms.bend(action, script.late(20 / csms.speed))
    once(rig, csms, bench)
    assert not csms.ledger.repeated


@charger(keys=KEYS)
def test_answer_after_the_time_out(rig, csms, bench):
    """An answer later than MessageTimeout: the message is repeated under its id and booked
    once."""
    held = csms.bend("StartTransaction", script.hold())
    rig.register[1] = 0
    bench.plug(1)
    bench.swipe(TAG)
    csms.expect("StartTransaction")
    csms.expect("StartTransaction", timeout=60)
    held.release()
    rig.charging()
    bench.run(10)
    rig.finish()
    assert retries_keep_their_id(csms, "StartTransaction") >= 2
    assert len(csms.ledger.transactions) == 1


@charger(keys=dict(KEYS, TransactionMessageAttempts="3"))
@pytest.mark.parametrize("action", ["StartTransaction", "MeterValues", "StopTransaction"])
def test_callerror_is_tried_again(rig, csms, bench, action):
    """OCPP 1.6 3.7.1: after a CALLERROR the message waits RetryInterval x attempts and is sent
    again."""
    csms.bend(action, script.error("InternalError"), times=2)
    once(rig, csms, bench)
    frames = [frame for frame in csms.calls(action) if frame.id == csms.calls(action)[0].id]
    assert len(frames) == 3
    first, second = (b.at - a.at for a, b in pairwise(frames))
    assert first >= 3 / csms.speed * 0.8 and second >= 6 / csms.speed * 0.8


@charger(keys=dict(KEYS, TransactionMessageAttempts="2"))
def test_start_that_is_never_taken(rig, csms, bench):
    """Erratum 3.18: a Start that failed for good is parked, not lost; what follows goes out
    with transactionId -1."""
    csms.bend("StartTransaction", script.error("InternalError"), times=None)
    bench.plug(1)
    bench.swipe(TAG)
    bench.until(contactor=True, timeout=60)
    bench.until(parked=1, timeout=60)
    bench.run(12)
    assert bench.connector()["contactor"]
    bench.swipe(TAG)
    stop = csms.expect("StopTransaction", timeout=60, transactionId=-1)
    assert stop.payload["meterStop"] == bench.connector()["meter_wh"]
    assert len(csms.calls("StartTransaction")) == 2
    bench.until(queue=0)
    assert csms.wait(lambda: csms.ledger.strays, 6)  # booked a moment after the frame is recorded
    csms.ledger.strays.clear()  # a Stop with -1 belongs to no transaction of ours, rightly


@charger(keys=dict(KEYS, TransactionMessageAttempts="2"))
def test_stop_that_is_never_taken(rig, csms, bench):
    """OCPP 1.6 3.7.1: after the last attempt the next message follows; the Stop is parked,
    where it can be seen."""
    csms.bend("StopTransaction", script.error("InternalError"), times=2)
    rig.begin()
    bench.run(10)
    bench.swipe(TAG)
    bench.until(parked=1, timeout=60)
    rig.leave()
    csms.status("Available")
    rig.begin()
    bench.run(5)
    bench.swipe(TAG)
    assert rig.right(1, 2).wh > 0
    assert bench.state()["parked"] == 1


@pytest.mark.parametrize("how", ["error", "deaf", "empty", "wrong_types", "garbage"])
@charger(keys=dict(KEYS, AllowOfflineTxForUnknownId="false"))
def test_authorize_not_answered_rightly(rig, car, card, csms, bench, how):
    """OCPP 1.6 4.1: without a usable answer the card is not accepted; presented again it is."""
    csms.bend("Authorize", made(how))
    car.plug()
    csms.status("Preparing")
    card.swipe(TAG)
    csms.expect("Authorize")
    bench.never(12, coil=True)
    csms.none("StartTransaction")
    rig.register[1] = 0
    card.swipe(TAG)
    csms.expect("StartTransaction", timeout=60)
    rig.charging()
    rig.finish()


@pytest.mark.parametrize("how", ["error", "deaf", "wrong_types", "close"])
@charger(keys=KEYS)
def test_boot_not_answered_rightly(csms, power, bench, how):
    """OCPP 1.6 4.2: BootNotification is repeated until there is an answer."""
    power.cut()
    csms.mark()
    csms.bend("BootNotification", made(how))
    power.restore()
    csms.expect("BootNotification", 60)
    csms.expect("BootNotification", 150)
    csms.status("Available", 1)


@charger(keys=KEYS)
def test_status_not_answered(rig, csms, bench):
    """A StatusNotification that nobody took is told again with what is true then."""
    csms.bend("StatusNotification", script.deaf())
    bench.plug(1)
    csms.status("Preparing")
    csms.status("Preparing", timeout=60)


@charger(keys=KEYS)
def test_backend_restarts(rig, csms, bench):
    """The backend closes with 1001 and shuts its door for a while: charging goes on, the bill
    follows."""
    rig.begin()
    bench.run(5)
    csms.refuse = 503
    csms.drop(1001)
    bench.until(online=False)
    bench.run(20)
    assert bench.connector()["contactor"]
    bench.swipe(TAG)
    bench.until(contactor=False)
    bench.run(20)
    csms.refuse = None
    csms.expect("StopTransaction", timeout=150)
    rig.right()
    csms.none("BootNotification")


@charger(keys=KEYS)
def test_chaos(rig, csms, bench):
    """Everything wrong at once, then right again: one transaction, the right bill."""
    csms.bend("StartTransaction", script.error("GenericError"))
    csms.bend("StartTransaction", script.lost())
    csms.bend("MeterValues", script.garbage("[3,"))
    csms.bend("StatusNotification", script.answer([1]))
    csms.bend("StopTransaction", script.closes())
    csms.bend("StopTransaction", script.lost())
    once(rig, csms, bench)
    assert len(csms.ledger.transactions) == 1

import json

from firmware.ocpp.conversation import Conversation, Silence
from firmware.ocpp.outbox import Outbox
from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16 import billable
from firmware.store.volatile import Volatile


class Settings:
    def number(self, key):
        return {"MessageTimeout": 30}[key]


class Registration:
    accepted = True
    state = "Accepted"


class Station:
    """Answers what a test puts into `answers`; remembers what it was told."""

    def __init__(self):
        self.settings = Settings()
        self.registration = Registration()
        self.outbox = Outbox(Volatile(), new_ids(), billable, lambda: (3, 60), lambda b, ms: "t")
        self.answers = {}
        self.told = []
        self.makes_sense = True
        self.security_events = None

    def call(self, action, payload, now):
        answer = self.answers[action]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sensible(self, entry, payload):
        return self.makes_sense

    def answered(self, entry, payload, now):
        self.told.append(("answered", entry.action))

    def unanswered(self, entry, now):
        self.told.append(("unanswered", entry.action))


def new_ids():
    count = [0]

    def new_id():
        count[0] += 1
        return "m%d" % count[0]

    return new_id


def talk():
    station = Station()
    reports = []
    return station, Conversation(station, new_ids(), reports.append), reports


def said(texts):
    return [json.loads(text) for text in texts]


def test_one_call_at_a_time_and_its_answer_goes_to_the_station():
    """OCPP-J 4.1.1: no further CALL before the first is answered."""
    station, talking, _ = talk()
    station.outbox.put("Heartbeat", {})
    station.outbox.put("Authorize", {"idTag": "a"})
    (call,) = said(talking.due(0))
    assert call[2] == "Heartbeat" and talking.due(10) == []
    assert talking.heard('[3,"%s",{}]' % call[1], 20) == []
    assert station.told == [("answered", "Heartbeat")]
    assert said(talking.due(30))[0][2] == "Authorize"


def test_a_call_gets_exactly_one_answer():
    station, talking, reports = talk()
    station.answers = {
        "Good": {"status": "Accepted"},
        "Bad": CallError("NotSupported", "Bad"),
        "Broken": ValueError("a room is wrong"),
    }
    for action, answer in (
        ("Good", [3, "x", {"status": "Accepted"}]),
        ("Bad", [4, "x", "NotSupported", "Bad", {}]),
        ("Broken", [4, "x", "InternalError", "ValueError", {}]),
    ):
        assert said(talking.heard('[2,"x","%s",{}]' % action, 0)) == [answer]
    assert [str(error) for error in reports] == ["a room is wrong"]


def test_an_answer_may_come_later_but_only_four_wait():
    station, talking, _ = talk()
    done = []
    station.answers = {"Slow": lambda now: {"status": "Unlocked"} if done else None}
    for k in range(4):
        assert talking.heard('[2,"s%d","Slow",{}]' % k, 0) == []
    assert said(talking.heard('[2,"s4","Slow",{}]', 0))[0][2] == "GenericError"
    assert talking.due(10) == []
    done.append(True)
    answers = said(talking.due(20))
    assert sorted(answer[1] for answer in answers) == ["s0", "s1", "s2", "s3"]
    assert talking.due(30) == []


def test_a_rejected_station_is_silent():
    """OCPP 1.6 4.2: while Rejected nothing is answered."""
    station, talking, _ = talk()
    station.registration.state = "Rejected"
    station.registration.accepted = False
    station.answers = {"Good": {}}
    assert talking.heard('[2,"x","Good",{}]', 0) == []


def test_silence_is_no_attempt_and_asks_for_another_connection_after_three():
    station, talking, _ = talk()
    station.outbox.put_billable("StartTransaction", {"timestamp": "t"}, 1, 0)
    ids, now = [], 0
    try:
        while True:
            for text in talking.due(now):
                ids.append(json.loads(text)[1])
            now += 1000
    except Silence as silence:
        assert "StartTransaction" in str(silence)
    assert len(ids) == 3 and len(set(ids)) == 1 and now == 90000
    assert station.outbox.pending == 1 and station.outbox.parked == 0


def test_a_callerror_is_an_attempt_and_a_lost_link_is_none():
    station, talking, _ = talk()
    station.outbox.put_billable("StopTransaction", {"timestamp": "t"}, 1, 0)
    (call,) = said(talking.due(0))
    talking.lost(10)
    (again,) = said(talking.due(20))
    assert again[1] == call[1]
    talking.heard('[4,"%s","InternalError","",{}]' % call[1], 30)
    assert station.told == [("unanswered", "StopTransaction")] * 2
    assert talking.due(60029) == [] and len(talking.due(60030)) == 1


def test_a_senseless_answer_to_a_live_message_is_none():
    station, talking, _ = talk()
    station.makes_sense = False
    station.outbox.put("Heartbeat", {})
    (call,) = said(talking.due(0))
    talking.heard('[3,"%s",{}]' % call[1], 10)
    assert station.told == [("unanswered", "Heartbeat")]


def test_garbage_is_answered_where_it_can_be_and_strays_are_not():
    _, talking, _ = talk()
    assert said(talking.heard('[2,"x"]', 0))[0][:3] == [4, "x", "FormationViolation"]
    for text in ("", "{}", "[9]", '[3,"nobody",{}]', '[4,"nobody","GenericError","",{}]'):
        assert talking.heard(text, 0) == [], text


def test_a_late_answer_that_fails_is_an_error_and_costs_no_link():
    """A long verification may run out of memory: the peer hears InternalError, the others still
    get their answers."""
    station, talking, reports = talk()
    station.security = lambda kind, text, now: station.told.append((kind, text))

    def fails(now):
        raise MemoryError("heap")

    station.answers = {"Fails": fails, "Good": lambda now: {"status": "Unlocked"}}
    assert talking.heard('[2,"1","Fails",{}]', 0) == []
    assert talking.heard('[2,"2","Good",{}]', 0) == []
    answers = [answer for answer in said(talking.due(1)) if answer[1] in ("1", "2")]
    assert [answer[:3] for answer in answers] == [
        [4, "1", "InternalError"],
        [3, "2", {"status": "Unlocked"}],
    ]
    assert ("MemoryExhaustion", "heap: answering a call") in station.told and reports
    assert not [answer for answer in said(talking.due(2)) if answer[1] in ("1", "2")]

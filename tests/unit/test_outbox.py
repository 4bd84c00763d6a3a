# heap: chip + 88k, thousands of messages kept to compare
import random

from firmware.ocpp.outbox import Outbox
from firmware.ocpp.v16 import billable
from firmware.store.volatile import Volatile


class Lazy(Volatile):
    """A store that shows discarded records until it reclaims them, oldest first, as a ring on
    flash does."""

    def __init__(self, limit_bytes=1 << 20):
        super().__init__(limit_bytes)
        self.gone = {}

    def discard(self, number):
        self.gone[number] = True

    def append(self, record, outcome=False):
        for number in sorted(self._texts):
            if number in self.gone:
                if random.getrandbits(2) == 0:
                    break
                super().discard(number)
        return super().append(record, outcome)


class Ids:
    def __init__(self):
        self.last = 0

    def __call__(self):
        self.last += 1
        return "m%d" % self.last


def stamp(boot, ms):
    return "boot %d ms %d" % (boot, ms)


def outbox_on(store, attempts=3, interval_s=60, ids=None, boot=0, **more):
    settings = (attempts, interval_s)
    return Outbox(store, ids or Ids(), billable, lambda: settings, stamp, boot, **more)


def parked_of(outbox):
    return list(outbox.parked_messages())


def start(n=0, connector=1):
    return {"connectorId": connector, "idTag": "tag", "meterStart": n, "timestamp": "t"}


def stop(n=0):
    return {"meterStop": n, "timestamp": "t"}


def meter(n=0, context="Sample.Periodic"):
    sample = {"value": str(n), "context": context}
    return {"connectorId": 1, "meterValue": [{"timestamp": "t", "sampledValue": [sample]}]}


def put_transaction(outbox, transaction, values=1):
    outbox.put_billable("StartTransaction", start(), transaction, 0)
    for n in range(values):
        outbox.put_billable("MeterValues", meter(n), transaction, 0)
    outbox.put_billable("StopTransaction", stop(), transaction, 0)


def speak(outbox, now=0):
    entry = outbox.next(now)
    assert entry is not None
    return entry


def refuse_until_parked(outbox, now=0):
    while True:
        parked = outbox.parked
        entry = speak(outbox, now)
        outbox.refused(entry, "InternalError", "no", now)
        if outbox.parked > parked:
            return entry, now
        now += 1000000


def test_the_transaction_id_is_filled_in_when_spoken():
    outbox = outbox_on(Volatile())
    put_transaction(outbox, 1)
    entry = speak(outbox)
    assert (entry.action, entry.transaction) == ("StartTransaction", 1)
    assert "transactionId" not in entry.payload
    outbox.confirmed(entry, {"transactionId": 77}, 0)
    assert (outbox.transaction_id(1), outbox.transaction(77)) == (77, 1)
    for action in ("MeterValues", "StopTransaction"):
        entry = speak(outbox)
        assert (entry.action, entry.payload["transactionId"]) == (action, 77)
        outbox.confirmed(entry, {}, 0)
    assert outbox.next(0) is None
    assert (outbox.pending, outbox.transaction_id(1)) == (0, None)


def test_nothing_overtakes_an_unconfirmed_start():
    """§3.7: transaction-related messages in chronological order, over all connectors."""
    outbox = outbox_on(Volatile())
    put_transaction(outbox, 1)
    put_transaction(outbox, 2)
    for now in range(5):
        entry = speak(outbox, now)
        assert (entry.action, entry.message_id) == ("StartTransaction", "m1")
        assert outbox.next(now) is None
        outbox.unanswered(entry, now)
    assert outbox.pending == 6


def test_silence_is_no_attempt():
    """J erratum 3.3: only a CALLERROR reports a failure to process the message."""
    outbox = outbox_on(Volatile(), attempts=1, stall_after=5)
    put_transaction(outbox, 1)
    for n in range(50):
        assert outbox.stalled == (n >= 5)
        outbox.unanswered(speak(outbox), 0)
    assert (outbox.pending, outbox.parked, outbox.silences) == (3, 0, 50)
    outbox.confirmed(speak(outbox), {"transactionId": 1}, 0)
    assert not outbox.stalled


def test_the_operators_rule_for_a_message_never_answered():
    """So many silences in a row, of one message: then it is parked, in sight, and the queue goes
    on. Silence of a live message does not count, an answer begins anew, the rule acts at once."""
    store = Volatile()
    outbox = outbox_on(store)
    rule = [0]
    outbox.park_after = lambda: rule[0]
    put_transaction(outbox, 1)
    for _ in range(20):
        outbox.unanswered(speak(outbox), 0)
    assert (outbox.parked, outbox.stalled) == (0, True)
    outbox.refused(speak(outbox), "InternalError", "", 0)
    assert not outbox.stalled, "it was heard"
    rule[0] = 3
    now = 1000000
    for n in range(3):
        assert (outbox.parked, outbox.silences) == (0, n)
        outbox.put("Heartbeat", {})
        for _ in range(2):
            outbox.unanswered(speak(outbox, now), now)
    assert [p[1:] for p in parked_of(outbox)] == [("StartTransaction", 1, "", "no answer")]
    assert (outbox.silences, outbox.stalled) == (0, False)
    entry = speak(outbox, now)
    assert (entry.action, entry.payload["transactionId"]) == ("MeterValues", -1)
    outbox = outbox_on(store)
    assert (outbox.parked, outbox.pending) == (1, 2)
    outbox.reinject(parked_of(outbox)[0][0])
    assert speak(outbox, now).message_id == "m1"


def test_the_example_of_the_specification():
    """§3.7.1: attempts 3, interval 60: waits 60 s, then 120 s, then goes on with the next."""
    outbox = outbox_on(Volatile())
    put_transaction(outbox, 1)
    outbox.refused(speak(outbox, 5), "InternalError", "1", 1000)
    assert outbox.next(60999) is None
    entry = speak(outbox, 61000)
    assert entry.message_id == "m1"
    outbox.refused(entry, "InternalError", "2", 62000)
    assert outbox.next(181999) is None
    entry = speak(outbox, 182000)
    assert entry.message_id == "m1"
    outbox.refused(entry, "InternalError", "x" * 500, 183000)
    assert speak(outbox, 183000).message_id == "m2"
    parked = parked_of(outbox)
    assert [p[1:] for p in parked] == [("StartTransaction", 1, "InternalError", "x" * 80)]


def test_settings_act_at_once():
    values = [3, 60]
    outbox = Outbox(Volatile(), Ids(), billable, lambda: values, None)
    outbox.put_billable("StartTransaction", start(), 1, 0)
    outbox.refused(speak(outbox), "InternalError", "", 0)
    assert outbox.next(10000) is None
    values[1] = 10
    entry = speak(outbox, 10000)
    values[0] = 2
    outbox.refused(entry, "InternalError", "", 10000)
    assert outbox.parked == 1


def test_minus_one_when_the_start_was_never_confirmed():
    """Erratum 3.18: the Charge Point SHALL send any Transaction related messages for this
    transaction with a transactionId = -1."""
    outbox = outbox_on(Volatile())
    put_transaction(outbox, 1)
    _, now = refuse_until_parked(outbox)
    for action in ("MeterValues", "StopTransaction"):
        entry = speak(outbox, now)
        assert (entry.action, entry.payload["transactionId"]) == (action, -1)
        outbox.confirmed(entry, {}, now)
    assert (outbox.pending, outbox.parked) == (0, 1)


def test_a_parked_start_is_begun_and_a_parked_stop_is_a_stop():
    """What a reboot takes for unfinished: by pending and parked messages, not by one of both."""
    store = Volatile()
    outbox = outbox_on(store)
    outbox.put_billable("StartTransaction", start(7), 1, 0)
    _, now = refuse_until_parked(outbox)
    assert [(t, note["meterStart"]) for t, note in outbox_on(store).unfinished()] == [(1, 7)]
    outbox.put_billable("StopTransaction", stop(), 1, 0)
    assert outbox_on(store).unfinished() == []
    refuse_until_parked(outbox, now)
    outbox.reinject(parked_of(outbox)[0][0])
    assert (outbox.pending, outbox.parked, outbox_on(store).unfinished()) == (1, 1, [])


def test_an_answer_without_an_id_is_not_repeated():
    """It was delivered: to say it again might bill it twice. It is parked, in sight."""
    for answer in ({}, {"transactionId": None}, {"transactionId": "7"}, {"transactionId": True}):
        outbox = outbox_on(Volatile())
        put_transaction(outbox, 1)
        outbox.confirmed(speak(outbox), answer, 0)
        assert parked_of(outbox)[0][3:] == ("", "answered without a transactionId")
        assert speak(outbox).payload["transactionId"] == -1


def test_a_parked_message_goes_out_again_under_its_id():
    store = Volatile()
    outbox = outbox_on(store)
    put_transaction(outbox, 1, values=2)
    parked, now = refuse_until_parked(outbox)
    outbox.confirmed(speak(outbox, now), {}, now)
    number = parked_of(outbox)[0][0]
    outbox.reinject(number)
    assert (outbox.pending, outbox.parked) == (3, 0)
    entry = speak(outbox, now)
    assert (entry.message_id, entry.action) == (parked.message_id, "StartTransaction")
    outbox.refused(entry, "GenericError", "", now)
    assert outbox.parked == 0, "attempts count anew"
    outbox = outbox_on(store)
    assert (outbox.pending, outbox.parked) == (3, 0)
    assert outbox.next(now) is None, "after a reboot the wait begins anew"
    now += 60000
    outbox.confirmed(speak(outbox, now), {"transactionId": 9}, now)
    assert speak(outbox, now).payload["transactionId"] == 9
    try:
        outbox.reinject(number)
    except KeyError:
        return
    raise AssertionError("not parked any more")


def test_only_the_operator_gives_up():
    store = Volatile()
    outbox = outbox_on(store)
    put_transaction(outbox, 1, values=0)
    _, now = refuse_until_parked(outbox)
    outbox.confirmed(speak(outbox, now), {}, now)
    outbox.dismiss(parked_of(outbox)[0][0])
    assert (outbox.parked, list(store.records())) == (0, [])


def test_a_parked_message_keeps_its_transaction_known():
    """Said again after the transaction has ended, it still goes under the right id."""
    store = Volatile()
    outbox = outbox_on(store)
    put_transaction(outbox, 1)
    outbox.confirmed(speak(outbox), {"transactionId": 77}, 0)
    _, now = refuse_until_parked(outbox)
    outbox.confirmed(speak(outbox, now), {}, now)
    outbox = outbox_on(store)
    outbox.reinject(parked_of(outbox)[0][0])
    entry = speak(outbox, now)
    assert (entry.action, entry.payload["transactionId"]) == ("MeterValues", 77)
    outbox.confirmed(entry, {}, now)
    assert list(store.records()) == []


def test_a_reused_id_names_the_newest_transaction():
    outbox = outbox_on(Volatile())
    for transaction in (1, 2, 3):
        outbox.put_billable("StartTransaction", start(), transaction, 0)
        outbox.confirmed(speak(outbox), {"transactionId": 7}, 0)
    assert (outbox.transaction(7), outbox.transaction(8)) == (3, None)


def test_a_dismissed_stop_ends_its_transaction():
    store = Volatile()
    outbox = outbox_on(store)
    put_transaction(outbox, 1, values=0)
    outbox.confirmed(speak(outbox), {"transactionId": 77}, 0)
    refuse_until_parked(outbox)
    outbox = outbox_on(store)
    assert outbox.transaction(77) == 1
    outbox.dismiss(parked_of(outbox)[0][0])
    assert outbox.transaction(77) is None
    assert list(store.records()) == []


def test_live_and_backlog_take_turns():
    outbox = outbox_on(Volatile(), live_capacity=4)
    put_transaction(outbox, 1, values=20)
    said = []
    for _ in range(12):
        for _ in range(3):  # a flood
            outbox.put("Authorize", {"idTag": "x"})
        entry = speak(outbox)
        said.append(entry.number is None)
        outbox.confirmed(entry, {"transactionId": 1}, 0)
    assert said == [True, False] * 6
    assert outbox.live == 4 and outbox.dropped > 0
    assert outbox.pending == 22 - 6


def test_a_refused_message_does_not_hold_up_live_ones():
    outbox = outbox_on(Volatile())
    put_transaction(outbox, 1)
    outbox.refused(speak(outbox), "InternalError", "", 0)
    for _ in range(3):
        outbox.put("Heartbeat", {})
        outbox.confirmed(speak(outbox), {}, 0)
    assert outbox.next(0) is None


def test_a_newer_status_takes_the_place_of_an_older_one():
    outbox = outbox_on(Volatile())
    outbox.put("StatusNotification", {"status": "Preparing"}, "status 1")
    outbox.put("StatusNotification", {"status": "Faulted"}, "status 2")
    outbox.put("StatusNotification", {"status": "Charging"}, "status 1")
    said = []
    while outbox.live:
        entry = speak(outbox)
        said.append((entry.key, entry.payload["status"]))
        outbox.confirmed(entry, {}, 0)
    assert said == [("status 1", "Charging"), ("status 2", "Faulted")]
    assert outbox.dropped == 0


def test_an_unanswered_status_is_said_again_unless_a_newer_one_waits():
    outbox = outbox_on(Volatile())
    outbox.put("StatusNotification", {"status": "Preparing"}, "status 1")
    outbox.put("Authorize", {})
    first = speak(outbox)
    outbox.unanswered(first, 0)
    assert speak(outbox) is first
    outbox.put("StatusNotification", {"status": "Charging"}, "status 1")
    outbox.unanswered(first, 0)
    authorize = speak(outbox)
    outbox.unanswered(authorize, 0)
    assert outbox.dropped == 1, "nobody waits for that answer any more"
    for _ in range(3):
        outbox.unanswered(speak(outbox), 0)
    assert (outbox.next(0), outbox.dropped) == (None, 2)


def test_what_was_not_said_when_the_link_broke_is_not_said_an_hour_later():
    """§4.9: after an outage the present status is told, not the history of statuses."""
    outbox = outbox_on(Volatile())
    put_transaction(outbox, 1)
    outbox.put("StatusNotification", {"status": "Preparing"})
    outbox.put("Authorize", {"idTag": "tag"})
    assert [entry.action for entry in outbox.recall()] == ["StatusNotification", "Authorize"]
    assert (outbox.live, outbox.pending, outbox.recall()) == (0, 3, [])
    assert speak(outbox).action == "StartTransaction"


def test_before_acceptance_only_boot_notification():
    """§4.2: no other message before the station is accepted, unless triggered while Pending."""
    outbox = outbox_on(Volatile(), live_capacity=3)
    put_transaction(outbox, 1)
    outbox.put("BootNotification", {})
    for n in range(10):
        outbox.put("StatusNotification", {}, n)
    assert outbox.next(0, boot_accepted=False, online=False) is None
    entry = outbox.next(0, boot_accepted=False)
    assert entry.action == "BootNotification"
    outbox.confirmed(entry, {}, 0)
    assert outbox.next(0, boot_accepted=False) is None
    outbox.put("Heartbeat", {}, early=True)
    assert outbox.next(0, boot_accepted=False).action == "Heartbeat"


def test_an_entry_comes_back_once():
    outbox = outbox_on(Volatile())
    put_transaction(outbox, 1)
    entry = speak(outbox)
    outbox.unanswered(entry, 0)
    for again in (
        lambda: outbox.confirmed(entry, {}, 0),
        lambda: outbox.refused(entry, "", "", 0),
        lambda: outbox.unanswered(entry, 0),
    ):
        try:
            again()
        except ValueError:
            continue
        raise AssertionError("twice")
    assert outbox.pending == 3


def test_times_before_the_clock_was_known_are_resolved_when_spoken():
    store = Volatile()
    outbox = outbox_on(store, boot=4)
    payload = stop()
    payload["timestamp"] = 1500
    payload["transactionData"] = [{"timestamp": 1400, "sampledValue": []}]
    outbox.put_billable("StopTransaction", payload, 1, 0)
    outbox.put("StatusNotification", {"timestamp": 7})
    outbox = outbox_on(store, boot=5)
    status = {"timestamp": 8}
    outbox.put("StatusNotification", status)
    entry = speak(outbox)
    assert entry.payload == {"timestamp": "boot 5 ms 8"}
    assert status == {"timestamp": 8}, "the caller's own"
    outbox.confirmed(entry, {}, 0)
    spoken = speak(outbox).payload
    assert spoken["timestamp"] == "boot 4 ms 1500"
    assert spoken["transactionData"][0]["timestamp"] == "boot 4 ms 1400"
    assert payload["timestamp"] == 1500


def values_of(outbox):
    said = []
    while outbox.pending:
        entry = speak(outbox)
        if entry.action == "MeterValues":
            sample = entry.payload["meterValue"][0]["sampledValue"][0]
            said.append((sample["context"], sample["value"]))
        outbox.confirmed(entry, {"transactionId": 1}, 0)
    return said


def test_thinning_keeps_begin_and_end():
    """Erratum 3.91: drop intermediates, 1st, 3rd, 5th ..., never those of start and stop."""
    store = Volatile()
    outbox = outbox_on(store, capacity=20)
    outbox.put_billable("StartTransaction", start(), 1, 0)
    outbox.put_billable("MeterValues", meter(0, "Transaction.Begin"), 1, 0)
    for n in range(13):
        outbox.put_billable("MeterValues", meter(n), 1, 0)
    assert (outbox.pending, outbox.thinned) == (15, 0)
    outbox.put_billable("MeterValues", meter(13), 1, 0)
    assert (outbox.pending, outbox.thinned) == (9, 7)
    for n in range(14, 500):
        outbox.put_billable("MeterValues", meter(n), 1, 0)
        assert not outbox.full
    outbox.put_billable("MeterValues", meter(500, "Transaction.End"), 1, 0)
    outbox.put_billable("StopTransaction", stop(), 1, 0)
    pending = outbox.pending
    assert pending + outbox.thinned == 1 + 1 + 500 + 1 + 1
    outbox = outbox_on(store, capacity=20)
    assert outbox.pending == pending
    said = values_of(outbox)
    assert said[0] == ("Transaction.Begin", "0") and said[-1] == ("Transaction.End", "500")
    order = [int(value) for context, value in said[1:-1]]
    assert order == sorted(order) and len(order) == pending - 4
    assert list(store.records()) == []


def test_what_is_in_flight_is_not_thinned():
    outbox = outbox_on(Volatile(), capacity=20)
    for n in range(15):
        outbox.put_billable("MeterValues", meter(n), 1, 0)
    entry = speak(outbox)
    outbox.put_billable("MeterValues", meter(15), 1, 0)
    assert (outbox.pending, outbox.thinned) == (9, 7)
    outbox.confirmed(entry, {}, 0)
    assert outbox.pending == 8


def test_full_refuses_no_running_transaction():
    store = Volatile(6000)
    outbox = outbox_on(store, capacity=1000)
    transaction = 0
    while not outbox.full:
        transaction += 1
        outbox.put_billable("StartTransaction", start(), transaction, 0)
    assert transaction > 5
    outbox.put_billable("MeterValues", meter(), transaction, 0)
    assert (outbox.pending, outbox.thinned) == (transaction, 1)
    outbox.put_billable("StopTransaction", stop(), transaction, 0)
    assert outbox.pending == transaction + 1


def test_a_full_store_can_always_be_emptied():
    """Room is set aside for the outcome of each record: parked or delivered, never stuck."""
    for parking in (False, True):
        store = Volatile(4000)
        outbox = outbox_on(store, attempts=2, interval_s=0)
        count = 0
        while True:
            try:
                outbox.put_billable("StartTransaction", start(), count, 0)
            except OSError:
                break
            count += 1
        assert outbox.pending == count > 5
        while outbox.pending:
            entry = speak(outbox)
            if parking:
                outbox.refused(entry, "InternalError" * 9, "e" * 300, 0)
            else:
                outbox.confirmed(entry, {"transactionId": count}, 0)
        assert outbox.parked == (count if parking else 0)
        for message in parked_of(outbox):
            outbox.reinject(message[0])
        assert outbox.pending == (count if parking else 0)


class Failing(Volatile):
    broken = False

    def append(self, record, outcome=False):
        if self.broken:
            raise OSError(5)
        return super().append(record, outcome)


def test_a_failing_store_changes_nothing():
    store = Failing()
    outbox = outbox_on(store)
    put_transaction(outbox, 1)
    entry = speak(outbox)
    store.broken = True
    for act in (
        lambda: outbox.put_billable("StopTransaction", stop(), 2, 0),
        lambda: outbox.confirmed(entry, {"transactionId": 1}, 0),
    ):
        try:
            act()
        except OSError:
            assert outbox.pending == 3
            continue
        raise AssertionError("kept nothing, said nothing")
    store.broken = False
    assert speak(outbox).message_id == entry.message_id


def test_numbers_of_transactions_are_never_used_twice():
    for store in (Volatile(), Lazy()):
        seen = []
        for _ in range(20):
            outbox = outbox_on(store)
            for _ in range(3):
                transaction = outbox.new_transaction()
                assert transaction not in seen
                seen.append(transaction)
                put_transaction(outbox, transaction, values=0)
            while outbox.pending:
                outbox.confirmed(speak(outbox), {"transactionId": 1}, 0)


class Walk:
    """Random events against an outbox, and beside it a plain list of what must be true."""

    def __init__(self, seed, store):
        random.seed(seed)
        self.kinds = "ccer" if seed % 2 else "ceee"  # a fair backend, one that mostly refuses
        self.store = store
        self.ids = Ids()
        self.now = 0
        self.put = []  # every billable message: [marker, action, transaction]
        self.todo = []  # those neither confirmed nor parked, in order
        self.parked = []
        self.parkings = 0
        self.errors = {}  # marker: CALLERRORs
        self.message_ids = {}
        self.csms = {}  # transaction: id
        self.open = []
        self.entry = None
        self.due = 0
        self.boot()

    def boot(self):
        self.outbox = outbox_on(self.store, ids=self.ids, capacity=100000, live_capacity=5)
        self.entry = None
        self.due = None  # the retry wait runs from the first look after a reboot

    def queue(self, action, payload, transaction):
        marker = len(self.put)
        payload["timestamp"] = str(marker)
        self.outbox.put_billable(action, payload, transaction, self.now)
        self.put.append((marker, action, transaction))
        self.todo.append(marker)

    def event_put(self):
        if len(self.open) < 3 and random.getrandbits(1):
            transaction = self.outbox.new_transaction()
            self.open.append(transaction)
            self.queue("StartTransaction", start(), transaction)
        elif self.open:
            i = random.randrange(len(self.open))
            if random.getrandbits(1):
                self.queue("MeterValues", meter(), self.open[i])
            else:
                self.queue("StopTransaction", stop(), self.open.pop(i))

    def event_live(self):
        self.outbox.put("StatusNotification", {"timestamp": "live"}, random.randrange(3))

    def event_restart(self):
        before = (self.outbox.pending, self.outbox.parked, sorted(self.outbox.parked_messages()))
        self.boot()
        after = (self.outbox.pending, self.outbox.parked, sorted(self.outbox.parked_messages()))
        assert before == after

    def event_wait(self):
        self.now += random.randrange(300000)

    def event_reinject(self):
        if not self.parked:
            return
        marker = self.parked.pop(random.randrange(len(self.parked)))
        for number, action, transaction, code, _ in self.outbox.parked_messages():
            if self.outbox._backlog.message(number)[2]["timestamp"] == str(marker):
                assert (marker, action, transaction) == self.put[marker] and code == "E"
                self.outbox.reinject(number)
                break
        else:
            raise AssertionError("parked and not in sight")
        self.errors[marker] = 0
        self.todo.append(marker)
        self.todo.sort()

    def event_speak(self):
        if self.entry is not None:
            return
        head = self.todo[0] if self.todo else None
        errors = self.errors.get(head, 0)
        if errors and (self.due is None or self.due[0] != head):
            self.due = (head, self.now)
        entry = self.entry = self.outbox.next(self.now)
        waiting = errors and self.now - self.due[1] < 60000 * errors
        if entry is None:
            assert head is None or waiting, "held back"
        elif entry.number is not None:
            assert not waiting, "too early"
            self.check(entry, head)

    def check(self, entry, head):
        assert entry.payload["timestamp"] == str(head), "out of order"
        _, action, transaction = self.put[head]
        assert (entry.action, entry.transaction) == (action, transaction)
        assert self.message_ids.setdefault(head, entry.message_id) == entry.message_id
        if action == "StartTransaction":
            assert "transactionId" not in entry.payload
        else:
            assert entry.payload["transactionId"] == self.csms.get(transaction, -1)

    def event_answer(self, only_good=False):
        entry, self.entry = self.entry, None
        if entry is None:
            return
        kind = "c" if only_good else self.kinds[random.randrange(4)]
        billed = entry.number is not None
        if kind == "c":
            answer = {"transactionId": 1000 + self.now} if billed else {}
            if billed:
                self.todo_remove(entry)
                if entry.action == "StartTransaction":
                    self.csms[entry.transaction] = 1000 + self.now
            self.outbox.confirmed(entry, answer, self.now)
        elif kind == "e":
            self.outbox.refused(entry, "E", "d", self.now)
            if billed:
                marker = int(entry.payload["timestamp"])
                self.errors[marker] = self.errors.get(marker, 0) + 1
                self.due = (marker, self.now)
                if self.errors[marker] == 3:
                    self.parked.append(self.todo_remove(entry))
                    self.parkings += 1
        else:
            self.outbox.unanswered(entry, self.now)

    def todo_remove(self, entry):
        marker = int(entry.payload["timestamp"])
        self.todo.remove(marker)
        return marker

    def run(self, steps):
        events = [
            self.event_put, self.event_put, self.event_live, self.event_wait, self.event_speak,
            self.event_speak, self.event_answer, self.event_answer, self.event_answer,
        ]  # fmt: skip
        for _ in range(steps):
            chance = random.randrange(60)
            if chance == 0:
                self.event_restart()
            elif chance == 1:
                self.event_reinject()
            else:
                events[random.randrange(len(events))]()
            assert self.outbox.pending == len(self.todo)
            assert self.outbox.parked == len(self.parked)

    def drain(self):
        while self.open:
            self.queue("StopTransaction", stop(), self.open.pop())
        while self.todo or self.parked or self.outbox.live or self.entry:
            self.event_reinject()
            self.event_answer(only_good=True)
            self.now += 1000000
            self.event_speak()
        assert (self.outbox.pending, self.outbox.parked) == (0, 0)


def test_random_walks():
    """Order, ids, attempts, -1, restarts: whatever happens, and nothing billable vanishes."""
    for seed in range(12):
        walk = Walk(seed, Volatile(1 << 20))
        walk.run(400)
        walk.drain()
        assert len(walk.put) > 30 and (seed % 2 or walk.parkings)
        assert list(walk.store.records()) == [], "settled to nothing"


def test_random_walks_on_a_lazy_store():
    for seed in range(12, 24):
        walk = Walk(seed, Lazy())
        walk.run(400)
        walk.drain()
        walk.event_restart()
        assert walk.outbox.next(walk.now) is None

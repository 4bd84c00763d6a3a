# heap: chip + 72k, a flash and its twin in RAM
"""The outbox on the journal: nothing billable is lost or doubled by a power cut, order is kept."""

import gc
import random

from firmware.store.journal import Journal
from tests.unit.flash_rig import Cut, Flash
from firmware.ocpp.v16.vocabulary import SHAPES, WORDS
from tests.unit.test_outbox import Ids, Walk, meter, outbox_on, parked_of, start, stop


FLASH = Flash(12, 1024)


def fresh():
    """One for all: MicroPython does not easily find another large piece of memory."""
    gc.collect()
    FLASH.cut_in = None
    for block in range(FLASH.blocks):
        FLASH.ioctl(6, block)
    FLASH.erases = [0] * FLASH.blocks
    journal = Journal(FLASH, WORDS, SHAPES)
    for _ in range(380):  # history, so that the walk begins near the end of a lap
        journal.discard(journal.append(("attempt", 999999, 1)))
    return FLASH


class OnFlash(Walk):
    """The walk of the outbox, where a restart finds only what is on the flash."""

    def __init__(self, seed):
        self.flash = fresh()
        super().__init__(seed, None)

    def boot(self):
        self.store = Journal(self.flash, WORDS, SHAPES)
        super().boot()

    def event_wait(self):
        super().event_wait()
        self.store.prepare(2)


def test_random_walks_go_on_after_each_restart():
    erases = 0
    for seed in range(6):
        walk = OnFlash(seed)
        walk.run(400)
        walk.drain()
        assert len(walk.put) > 20 and (seed % 2 or walk.parkings)
        assert list(walk.store.records()) == [], "settled to nothing"
        walk.event_restart()
        assert walk.outbox.next(walk.now) is None
        erases += sum(walk.flash.erases)
    assert erases > 3, erases


class Station:
    """A station whose power fails at any flash operation, and the backend that hears it."""

    def __init__(self, seed):
        random.seed(seed)
        self.flash = fresh()
        self.ids = Ids()
        self.kept = []  # markers of messages the outbox took
        self.open = []  # (transaction)
        self.heard = []  # markers, each once, in the order the backend heard them first
        self.done = []  # markers whose answer the outbox took
        self.under = {}  # marker: message id
        self.given = {}  # message id of a start: the backend's answer
        self.ids_of = {}  # transaction: what the backend calls it
        self.marker = self.cuts = self.now = 0
        self.boot()

    def boot(self):
        self.journal = Journal(self.flash, WORDS, SHAPES)
        self.outbox = outbox_on(self.journal, attempts=1000, interval_s=0, ids=self.ids)

    def put(self, action, payload, transaction):
        self.marker += 1
        payload["timestamp"] = str(self.marker)
        self.outbox.put_billable(action, payload, transaction, self.now)
        self.kept.append(self.marker)

    def event(self):
        if len(self.open) < 2:
            transaction = self.outbox.new_transaction()
            self.put("StartTransaction", start(), transaction)
            self.open.append(transaction)
        elif random.randrange(4):
            self.put("MeterValues", meter(), random.choice(self.open))
        else:
            self.put("StopTransaction", stop(), self.open[0])
            self.open.pop(0)

    def speak(self):
        entry = self.outbox.next(self.now)
        if entry is None:
            return
        marker = int(entry.payload["timestamp"])
        self.hear(entry, marker)
        kind = random.randrange(6)
        if kind == 0:
            self.outbox.unanswered(entry, self.now)
        elif kind == 1:
            self.outbox.refused(entry, "InternalError", "later", self.now)
        else:
            self.answer(entry, marker)

    def hear(self, entry, marker):
        assert marker not in self.done, "said again after its answer was kept"
        assert self.under.setdefault(marker, entry.message_id) == entry.message_id
        if marker not in self.heard:
            assert not self.heard or marker > self.heard[-1], "out of order"
            self.heard.append(marker)
        assert marker == self.heard[-1], "an older one again"
        if entry.action != "StartTransaction":
            assert entry.payload["transactionId"] == self.ids_of[entry.transaction]

    def answer(self, entry, marker):
        answer = {}
        if entry.action == "StartTransaction":
            answer["transactionId"] = self.given.setdefault(entry.message_id, 1000 + marker)
            self.ids_of[entry.transaction] = answer["transactionId"]
        self.outbox.confirmed(entry, answer, self.now)
        self.done.append(marker)

    def step(self):
        chance = random.randrange(20)
        self.now += 1000
        try:
            if chance < 9:
                self.event()
            elif chance < 18:
                self.speak()
            else:
                self.journal.prepare(2)
        except Cut:
            self.cuts += 1
            self.flash.cut_in = None
            self.boot()

    def run(self, steps):
        for _ in range(steps):
            if self.flash.cut_in is None:
                self.flash.cut_in = random.randrange(12)
            self.step()
        self.flash.cut_in = None
        self.boot()
        while self.outbox.pending:
            self.speak()
            self.now += 1000


def test_power_cuts_anywhere():
    """What the outbox took is heard, in order; what was answered is never said again."""
    cuts = 0
    for seed in range(12):
        station = Station(seed)
        station.run(250)
        assert all(marker in station.heard for marker in station.kept), "lost"
        assert station.outbox.parked == 0 and len(station.kept) > 50
        cuts += station.cuts
    assert cuts > 150, cuts


def test_a_full_journal_can_always_be_emptied():
    """Room is set aside for the outcome of each record: parked or delivered, never stuck."""
    for parking in (False, True):
        flash = Flash(6)
        journal = Journal(flash, WORDS, SHAPES, outcome_bytes=152)
        outbox = outbox_on(journal, attempts=2, interval_s=0)
        count = 0
        while True:
            try:
                outbox.put_billable("StartTransaction", start(), count, 0)
            except OSError:
                break
            count += 1
        assert outbox.pending == count > 5
        while outbox.pending:
            entry = outbox.next(0)
            if parking:
                outbox.refused(entry, "InternalError" * 9, "e" * 300, 0)
            else:
                outbox.confirmed(entry, {"transactionId": count}, 0)
        assert outbox.parked == (count if parking else 0)
        for message in parked_of(outbox):
            outbox.reinject(message[0])
        assert outbox.pending == (count if parking else 0)


def test_a_backlog_of_thousands_lets_others_breathe():
    """Read after a boot, and thinned out while a car charges: neither may hold the kernel up."""
    breaths = []
    flash = Flash(16)
    outbox = outbox_on(Journal(flash), breathe=lambda: breaths.append(1))
    transaction = outbox.new_transaction()
    outbox.put_billable("StartTransaction", start(), transaction, 0)
    while not outbox.thinned:
        before = outbox.pending, len(breaths)
        outbox.put_billable("MeterValues", meter(before[0]), transaction, 0)
    gone = before[0] + 1 - outbox.pending
    assert gone > 30 and len(breaths) - before[1] >= gone
    breaths.clear()
    again = outbox_on(Journal(flash), breathe=lambda: breaths.append(1))
    assert again.pending == outbox.pending and len(breaths) >= before[0]

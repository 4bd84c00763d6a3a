"""The power goes at every program and erase of the event history, half-way through it."""

import random

from firmware.store.events import NUMBER, TEXT, Events
from tests.unit.flash_rig import Cut, Flash

HOUR = 3600000


def on(flash):
    return Events(flash, 1, lambda ms: None, flash.align)


def numbers(events):
    return [row[NUMBER] for row in events.records()]


def sound(events, last, oldest):
    """Everything from `oldest` (or what a begun release has left) to `last`, word for word."""
    found = list(events.records())
    first = found[0][NUMBER] if found else last + 1
    assert [row[NUMBER] for row in found] == list(range(first, events.next_number)), "a gap"
    for row in found:
        assert row[TEXT] == "event %d" % row[NUMBER], "another text"
    assert events.next_number - 1 in (last, last + 1), "lost, or never added"
    assert first <= oldest, "older ones are gone"


def one(events, number):
    events.add("link lost", "event %d" % number, number * HOUR)
    assert events.error is None


def test_a_cut_at_every_operation():
    """Any power cut leaves all earlier records readable; the history then goes on."""
    random.seed(11)
    flash, cut = Flash(4, 1024), Flash(4, 1024)
    acknowledged = [0, 1]  # the last number; the oldest that must be there
    counts = {"program": 0, "erase": 0}

    def before(operation):
        counts[operation[0]] += 1
        for _ in range(4):
            cut.copy(flash)
            cut.half(operation)
            events = on(cut)
            sound(events, acknowledged[0], acknowledged[1])
            last = events.next_number - 1
            events.prepare(0)
            one(events, last + 1)
            sound(on(cut), last + 1, last + 1)

    flash.before = before
    events = on(flash)
    for number in range(1, 321):
        # What the next record may push out with its block is allowed to go while it is written.
        ring = events._ring
        release = not ring.room(40) and len(ring.order) == 3
        acknowledged[1] = ring.first[ring.order[1]] if release else (numbers(events) or [1])[0]
        one(events, number)
        acknowledged[0] = number
        acknowledged[1] = numbers(events)[0]
        events.prepare(number * HOUR)
    assert counts["program"] > 330 and counts["erase"] >= 7, counts
    assert events.forced_erases == 0


def test_cut_after_cut():
    """A cut while the last one is being cleared up, for a long life."""
    random.seed(12)
    for align in (4, 16):
        flash = Flash(4, 1024, align)
        last = 0
        cuts = 0
        for _ in range(120):
            flash.cut_in = None
            events = on(flash)
            found = numbers(events)
            assert found == list(range(found[0], found[-1] + 1)) if found else last == 0
            assert not found or found[-1] in (last, last + 1)
            assert len(found) >= min(last, 1)
            for row in events.records():
                assert row[TEXT] == "event %d" % row[NUMBER]
            last = events.next_number - 1
            flash.cut_in = random.randrange(1, 30)
            try:
                for _ in range(20):
                    events.prepare(last * HOUR)
                    one(events, last + 1)
                    last += not events._waiting
            except Cut:
                cuts += 1
        assert cuts > 60 and last > 400, (cuts, last)

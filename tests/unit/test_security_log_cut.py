"""The power goes at every program and erase of the security log, half-way through it, while events
happen and a CSMS is told of them.
"""

import random

from firmware.ocpp.v16.security_log import SecurityLog
from firmware.store.events import NUMBER, TEXT
from tests.unit.flash_rig import Cut, Flash

HOUR = 3600000
KIND = "SettingSystemTime"


def on(flash):
    return SecurityLog(flash, 1, lambda ms: None, flash.align)


class CSMS:
    """What it has answered. Events are numbered in their text, from 0 on."""

    def __init__(self):
        self.heard = []
        self.last = -1
        self.twice = 0

    def hears(self, text):
        number = int(text)
        assert number <= self.last + 1, "one is missing before %d" % number
        assert number >= self.last, "out of order: %d after %d" % (number, self.last)
        self.twice += number == self.last
        self.last = number


def tell(log, csms, most):
    """Up to `most` events: each is answered, then the log knows it."""
    for _ in range(most):
        row = log.next()
        if row is None:
            return
        csms.hears(row[TEXT])
        log.tell(row[NUMBER], 0)


def skip(log, csms):
    """Lives without a CSMS, and a block less after each cut: a loss that is seen."""
    if log.overwritten:
        csms.last = int(log.next()[TEXT]) - 1
    return log.overwritten


def test_a_cut_at_every_operation():
    """At each cut what was answered, or all but the last of it, is known to be; nothing that was
    on flash and not answered is lost; the order stays."""
    random.seed(21)
    flash, cut = Flash(4, 1024), Flash(4, 1024)
    csms = CSMS()
    acknowledged = [-1]  # the last event that was added
    counts = {"program": 0, "erase": 0}

    def before(operation):
        counts[operation[0]] += 1
        for _ in range(4):
            cut.copy(flash)
            cut.half(operation)
            log = on(cut)
            row = log.next()
            said = csms.last
            if row is None:
                assert said in (acknowledged[0], acknowledged[0] + 1) or said == -1
            else:
                assert int(row[TEXT]) in (said, said + 1), (row, said)
            pending = [int(row[TEXT]) for row in log.history(log.told)]
            end = pending[-1] if pending else said
            assert end in (acknowledged[0], acknowledged[0] + 1), "lost"
            if pending:
                assert pending == list(range(pending[0], end + 1)), "a gap"
            log.prepare(0)
            log.add(KIND, "%d" % (end + 1), (end + 1) * HOUR)
            again = on(cut)
            left = [int(row[TEXT]) for row in again.history(again.told)]
            assert left == pending + [end + 1], "it goes on"

    flash.before = before
    log = on(flash)
    for number in range(350):
        log.add(KIND, "%d" % number, number * HOUR)
        acknowledged[0] = number
        assert log.error is None
        log.prepare(number * HOUR)
        if number % 7 == 6:
            tell(log, csms, 7)
    assert csms.last > 340 and csms.twice == 0, csms.last
    assert counts["program"] > 600 and counts["erase"] >= 10, counts


def test_cut_after_cut():
    """For a long life: each event at least once, in order; twice only when the power went between
    the answer and its record."""
    random.seed(22)
    for align in (4, 16):
        flash = Flash(4, 1024, align)
        csms = CSMS()
        last = -1  # the last event that was added and not lost with RAM
        cuts = between = 0
        for _ in range(150):
            flash.cut_in = None
            log = on(flash)
            found = [int(row[TEXT]) for row in log.history()]
            if found:
                assert found == list(range(found[0], found[-1] + 1)), "a gap"
                assert found[-1] in (last, last + 1), "lost"
                last = found[-1]
            flash.cut_in = random.randrange(1, 30)
            answered = False
            try:
                for _ in range(20):
                    log.prepare(0)
                    log.add(KIND, "%d" % (last + 1), (last + 1) * HOUR)
                    last += not log._waiting
                    while log.next() is not None:
                        row = log.next()
                        csms.hears(row[TEXT])
                        answered = True
                        log.tell(row[NUMBER], 0)
                        answered = False
            except Cut:
                cuts += 1
                between += answered
        assert csms.twice <= between, (csms.twice, between)
        assert cuts > 80 and csms.twice and csms.last > 400, (cuts, csms.twice, csms.last)


def test_cut_after_cut_behind_a_dead_link():
    """The CSMS is there now and then only; what was torn costs a block each."""
    random.seed(23)
    flash = Flash(8, 1024)
    csms = CSMS()
    last = -1
    losses = 0
    for life in range(120):
        flash.cut_in = None
        log = on(flash)
        losses += skip(log, csms)
        found = [int(row[TEXT]) for row in log.history()]
        last = max(found) if found else last
        flash.cut_in = random.randrange(1, 40)
        try:
            for _ in range(random.randrange(12)):
                log.prepare(0)
                log.add(KIND, "%d" % (last + 1), (last + 1) * HOUR)
                last += not log._waiting
            if life % 3 == 2:
                tell(log, csms, 1000)
        except Cut:
            pass
    flash.cut_in = None
    log = on(flash)
    skip(log, csms)
    tell(log, csms, 1000)
    assert csms.last in (last, last + 1) and last > 300, (csms.last, last)
    assert losses < 10, losses

"""The backend as a test reads it: expect() frames in their order, and the rules that hold over
every scenario.

Times are seconds of the charge point's clock; the wall gets PATIENCE times as long, so that a
busy machine fails nothing.
"""

import json

from tests.transitions import permitted
from tools.csms_backend import Backend, matches
from tools.csms_frame import CALL, ERROR, FROM, RESULT

PATIENCE = 4
LEAST_S = 6

WORDS_OF_0 = ("Available", "Unavailable", "Faulted")


class CSMS(Backend):
    """The backend with the patience and the memory of a test."""

    def __init__(self, speed, **rest):
        super().__init__(**rest)
        self.speed = speed
        self.cursor = 0  # what came before mark() is done with
        self.cursors = {}  # stream -> where its expect() goes on

    def wall(self, seconds):
        return max(LEAST_S, seconds / self.speed * PATIENCE)

    def expect(self, action, timeout=30, **fields):
        """The next call of `action` with these fields; what came before it is passed over. ->
        its Frame

        Statuses of each connector are read for themselves: they and the queue of bills have no
        common order.
        """
        stream = (
            ("status", fields.get("connectorId")) if action == "StatusNotification" else "calls"
        )
        found = []

        def look():
            frames = self.record.frames
            for at in range(self.cursors.get(stream, self.cursor), len(frames)):
                if matches(frames[at], action, fields):
                    found.append((at, frames[at]))
                    return True
            return False

        if not self.wait(look, self.wall(timeout)):
            wanted = ", ".join(["%s" % action] + ["%s=%s" % pair for pair in fields.items()])
            since = self.frames[self.cursors.get(stream, self.cursor) :]
            raise AssertionError(
                "%s did not come within %g s. What came since:\n%s"
                % (wanted, timeout, told(since) or "  nothing")
            )
        self.cursors[stream] = found[0][0] + 1
        return found[0][1]

    def status(self, status, connector=1, timeout=30, **fields):
        """The next StatusNotification of this connector that says `status`."""
        return self.expect(
            "StatusNotification", timeout, connectorId=connector, status=status, **fields
        )

    def expect_link(self, number, timeout=60):
        """Waits until so many links have been opened since the beginning, and the last one is
        open."""
        assert self.wait(lambda: len(self.links) >= number and self.online, self.wall(timeout)), (
            "no link number %d: %s" % (number, self.links)
        )

    def none(self, action, since=None, **fields):
        """No such call since the mark."""
        start = self.cursor if since is None else since
        found = self.calls(action, start, **fields)
        assert not found, "this should not have been said:\n" + told(found)

    def mark(self):
        """From here on: what came so far is done with."""
        self.cursor = len(self.record.frames)
        self.cursors = {}
        return self.cursor

    def bill(self, transaction_id=None):
        """The only (or the named) transaction of the ledger, stopped."""
        ledger = self.ledger.transactions
        if transaction_id is None:
            assert len(ledger) == 1, ledger
            transaction_id = next(iter(ledger))
        assert self.wait(lambda: ledger[transaction_id].meter_stop is not None, self.wall(60)), (
            "never stopped: %s" % ledger[transaction_id]
        )
        return ledger[transaction_id]


def told(frames):
    return "\n".join("  " + str(frame) for frame in frames)


def wrong_words(frames):
    """StatusNotifications outside the table. A new link or boot starts from whatever is told
    first."""
    before, wrong = {}, []
    for frame in frames:
        if frame.kind != CALL or frame.direction != FROM:
            continue
        if frame.action == "BootNotification":
            before = {}
        if frame.action != "StatusNotification":
            continue
        number, word = frame.payload["connectorId"], frame.payload["status"]
        if number == 0 and word not in WORDS_OF_0:
            wrong.append("connector 0 is %s: %s" % (word, frame))
        link, last = before.get(number, (None, None))
        if link == frame.link and last != word and not permitted(last, word):
            wrong.append("%s to %s: %s" % (last, word, frame))
        before[number] = (frame.link, word)
    return wrong


def double_ids(frames):
    """Message ids that stand for two different things (OCPP-J erratum 3.1: only a retry may
    repeat one)."""
    seen, wrong = {}, []
    for frame in frames:
        if frame.kind == CALL and frame.direction == FROM:
            text = json.dumps([frame.action, frame.payload], sort_keys=True)
            if seen.setdefault(frame.id, text) != text:
                wrong.append(str(frame))
    return wrong


def two_at_once(frames):
    """Calls of the charge point sent while another one waited for its answer on the same link
    (OCPP-J 4.1.1)."""
    wrong, open_ = [], {}
    for frame in frames:
        if frame.kind == CALL and frame.direction == FROM:
            waiting = open_.get(frame.link)
            if waiting is not None and time_left(waiting, frame):
                wrong.append("%s while %s waits" % (frame, waiting.id))
            open_[frame.link] = frame
        elif frame.direction != FROM and frame.kind in (RESULT, ERROR):
            waiting = open_.get(frame.link)
            if waiting is not None and waiting.id == frame.id:
                open_[frame.link] = None
    return wrong


def time_left(waiting, frame):
    """Within MessageTimeout: after it the charge point may give up and speak again. Wall
    seconds of any speed."""
    return frame.at - waiting.at < 0.2

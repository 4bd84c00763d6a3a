"""The backend: what a central system knows, and whatever it may say to a charge point.

Promise: takes any charge point, keeps a ledger of transactions, records every frame. A question
by the book is judged by the `ocpp` library in both directions, a raw one goes out as it is.
Usable from other threads. Boundary: a test peer, nothing is stored; sockets are in csms_server.py.
"""

import json
import threading
import time
import uuid
from datetime import datetime, timezone

import websockets
from ocpp.charge_point import camel_to_snake_case
from ocpp.v16 import call

from tools.csms_frame import CALL, FROM
from tools.csms_server import NoAnswer, Server
from tools.csms_station import ANSWER_S, Ledger, Station


def utc(moment):
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Backend(Server):
    """A Server with the knowledge of a central system.

    `tags`: idTag -> status, or a whole idTagInfo; others get `other_tags`. `clock`: UTC as a
    datetime. `password`: Basic auth is then required, any user. `tls`: an ssl.SSLContext, which
    may ask for client certificates. `interval_s` goes into BootNotification.conf.
    """

    def __init__(
        self, host="127.0.0.1", port=0, clock=None, interval_s=300, password=None, tls=None
    ):
        super().__init__(host, port, password, lambda cpid, tap: Station(cpid, tap, self), tls)
        self.interval_s = interval_s
        self.tags = {}
        self.other_tags = "Accepted"
        self.boots = []  # (status, interval) of the next BootNotifications, then Accepted
        self.ledger = Ledger()
        self._clock = clock or (lambda: datetime.now(timezone.utc))
        self._lock = threading.Lock()

    # --- what the library's handlers ask ----------------------------------------------------

    def now(self):
        return utc(self._clock())

    def registration(self):
        return self.boots.pop(0) if self.boots else ("Accepted", self.interval_s)

    def tag_info(self, id_tag):
        known = {tag.lower(): info for tag, info in self.tags.items()}
        info = known.get(id_tag.lower(), self.other_tags)
        return {"status": info} if isinstance(info, str) else dict(info)

    def book_start(self, *what):
        with self._lock:
            return self.ledger.start(*what)

    def book_stop(self, *what):
        with self._lock:
            self.ledger.stop(*what)

    # --- what tests and people say ----------------------------------------------------------

    @property
    def frames(self):
        return list(self.record.frames)

    def call(self, action, **payload):
        """A question by the book, camelCase; the answer's payload, or the Frame of a CALLERROR."""
        question = getattr(call, action)(**camel_to_snake_case(payload))
        tap = self._tap()
        message_id = str(uuid.uuid4())
        try:
            self._do(self._ask(tap, question, message_id), ANSWER_S + 1)
        except websockets.ConnectionClosed:
            raise NoAnswer("the link was lost") from None
        for frame in reversed(self.record.frames):
            if frame.id == message_id and frame.direction == FROM:
                return frame if frame.code else frame.payload
        raise NoAnswer("no answer to %s" % action)

    def ask(self, action, payload, message_id=None):
        """A question nobody checks; the Frame that answers it."""
        message_id = message_id or str(uuid.uuid4())
        return self.ask_raw(json.dumps([2, message_id, action, payload]), message_id, action)

    def ask_raw(self, text, message_id, action=None, timeout_s=10):
        return self._do(self._tap().ask(text, message_id, action), timeout_s)

    def say(self, data):
        """Any text or bytes onto the wire; no answer is waited for."""
        self._do(self._tap().write(data), 5)

    def drop(self, code=1001):
        """Closes every link, as a backend does that restarts."""
        for tap in list(self._taps):
            self._do(tap.socket.close(code), 5)

    def bend(self, action, bend, times=1):
        """The next `times` calls of `action` (None: all to come) are answered in this way; see
        csms_script."""
        self.script.add(action, bend, times)
        return bend

    def wait(self, condition, timeout_s):
        """True once condition() holds; looked at after every frame and change of link."""
        end = time.monotonic() + timeout_s
        with self.record.changed:
            while not condition():
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self.record.changed.wait(min(left, 0.2))
        return True

    def calls(self, action=None, since=0, **fields):
        """Frames of calls from the charge point that match."""
        return [frame for frame in self.frames[since:] if matches(frame, action, fields)]


def matches(frame, action, fields):
    """A call of the charge point with these fields; a callable is asked, other values are
    compared."""
    if frame.kind != CALL or frame.direction != FROM or action not in (None, frame.action):
        return False
    payload = frame.payload if isinstance(frame.payload, dict) else {}
    for name, wanted in fields.items():
        value = payload.get(name)
        if not (wanted(value) if callable(wanted) else value == wanted):
            return False
    return True

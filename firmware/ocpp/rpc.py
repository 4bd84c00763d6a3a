"""OCPP-J 1.6 §4: CALL, CALLRESULT, CALLERROR. Text in, one event out; builders return text.

One CALL of ours in flight, its timeout, and what to do with everything a peer can get wrong.
No socket, no clock, no field of any message: payloads are `v16/messages.py`.

    (CALL, message_id, action, payload)                            the peer asks
    (RESULT, message_id, action, payload)                          it answers our call
    (ERROR, message_id, action, code, description, details)        it refuses our call
    (STRAY, message_id)                                            it answers nothing we wait for
    (GARBAGE, reply or None, reason)                               it broke the grammar
    (TIMEOUT, message_id, action)                                  from tick(): it does not answer

MicroPython's json is lax: commas and colons may be missing, doubled or swapped, brackets need
not match, `[1}` and `01` and raw control characters pass, "\\q" is "q". Such a text says what
it evidently means and the field table still judges it, so a second scanner is not paid for.
Only a text that does not end in "]" is refused here, because a cut-off message would pass too.
"""

import json

from micropython import const

CALL = const(2)  # the first three are the MessageTypeNumbers of §4.1.3
RESULT = const(3)
ERROR = const(4)
STRAY = const(5)
GARBAGE = const(6)
TIMEOUT = const(7)

# §4.2.3 table 7. Two are misspelled and stay so (J errata 5.1, 5.2).
CODES = (
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
)

_ID_LIMIT = const(36)  # §4.1.4
_ECHO_LIMIT = const(255)  # longer ids are not sent back: the answer must fit in memory
_DESCRIPTION_LIMIT = const(255)


class CallError(Exception):
    """A handler cannot serve a request: becomes a CALLERROR."""

    def __init__(self, code: str, description: str):
        self.code = code
        self.description = description


class RPC:
    """One connection's calls. `new_id` returns message ids never used before by this station
    (J erratum 3.1: over all connections, so over reboots too)."""

    def __init__(self, new_id):
        self._new_id = new_id
        self.in_flight = None  # (message_id, action)
        self._sent_ms = 0
        self._timeout_ms = 0

    def call(
        self,
        action: str,
        payload: dict,
        now: int,
        timeout_ms: int,
        message_id: "str | None" = None,
    ) -> str:
        """The text of a CALL, which is in flight from now on. A retry passes its old id."""
        # §4.1.1: no second CALL until the first is answered or has timed out.
        if self.in_flight is not None:
            raise ValueError("a CALL is in flight")
        if message_id is None:
            message_id = self._new_id()
        if len(message_id) > _ID_LIMIT:
            raise ValueError("message id is longer than 36")
        text = _text([CALL, message_id, action, payload])
        self.in_flight = (message_id, action)
        self._sent_ms = now
        self._timeout_ms = timeout_ms
        return text

    def result(self, message_id: str, payload: dict) -> str:
        """The text of a CALLRESULT."""
        return _text([RESULT, message_id, payload])

    def error(
        self, message_id: str, code: str, description: str = "", details: "dict | None" = None
    ) -> str:
        """The text of a CALLERROR."""
        if code not in CODES:
            raise ValueError("no such error code")
        # §4.2.3: no details is an empty object, never null.
        return _text([ERROR, message_id, code, description[:_DESCRIPTION_LIMIT], details or {}])

    def receive(self, text: str, now: int) -> tuple:
        """The event in a text. Any text gives one; nothing is raised. `now` ends no wait:
        an answer that came counts, however late; tick() is what gives up."""
        try:
            message = json.loads(text)
        except MemoryError:
            return self._refuse(_call_id(text), "InternalError", "message exceeds memory")
        except (ValueError, OverflowError, RuntimeError):  # RuntimeError: nested too deeply
            return self._refuse(_call_id(text), "FormationViolation", "not JSON")
        if text.strip()[-1:] != "]":
            if isinstance(message, list):
                return self._refuse(_call_id(text), "FormationViolation", "not JSON")
            return (GARBAGE, None, "not an array")
        if not isinstance(message, list) or not message:
            return (GARBAGE, None, "not an array")
        kind = message[0]
        if isinstance(kind, bool) or not isinstance(kind, int):
            return (GARBAGE, None, "message type is not an integer")
        if kind == CALL:
            return self._called(message)
        if kind in (RESULT, ERROR):
            return self._answered(message)
        # §4.1.3: a number not in the list: SHALL ignore.
        return (GARBAGE, None, "unknown message type")

    def tick(self, now: int) -> "tuple | None":
        """TIMEOUT once, when the call in flight has waited long enough."""
        if self.in_flight is None or now - self._sent_ms < self._timeout_ms:
            return None
        message_id, action = self.drop()
        return (TIMEOUT, message_id, action)

    def drop(self) -> "tuple | None":
        """The link is gone: forget and return the call in flight."""
        call = self.in_flight
        self.in_flight = None
        return call

    def _refuse(self, message_id: "str | None", code: str, reason: str) -> tuple:
        reply = None if message_id is None else self.error(message_id, code, reason)
        return (GARBAGE, reply, reason)

    def _called(self, message: list) -> tuple:
        message_id = message[1] if len(message) > 1 else None
        if not isinstance(message_id, str) or len(message_id) > _ECHO_LIMIT:
            # Nothing to answer to: a CALLERROR must carry "the exact same id".
            return (GARBAGE, None, "no message id")
        # §4.2.3 case 2 names "unique identifier too long" as a reason for a CALLERROR.
        if len(message_id) > _ID_LIMIT:
            return self._refuse(message_id, "FormationViolation", "message id is longer than 36")
        if len(message) != 4:
            return self._refuse(message_id, "FormationViolation", "a CALL has 4 elements")
        action = message[2]
        if not isinstance(action, str):
            return self._refuse(message_id, "FormationViolation", "action is not a string")
        payload = {} if message[3] is None else message[3]  # §4.2.1: null is "no payload"
        if not isinstance(payload, dict):
            return self._refuse(message_id, "FormationViolation", "payload is not an object")
        return (CALL, message_id, action, payload)

    def _answered(self, message: list) -> tuple:
        message_id = message[1] if len(message) > 1 else None
        if not isinstance(message_id, str):
            return (GARBAGE, None, "no message id")
        if self.in_flight is None or self.in_flight[0] != message_id:
            return (STRAY, message_id)
        if message[0] == ERROR:
            return self._refused(message)
        payload = message[2] if len(message) == 3 else False
        payload = {} if payload is None else payload  # §4.2.2: null is "no payload"
        if not isinstance(payload, dict):
            # The id is ours but the answer says nothing. It is no CALLERROR, so it must not
            # use up an attempt; it is no result, so nothing may be ticked off as delivered.
            # The call stays in flight: the timeout will end it as unanswered, and the same
            # id goes out again, which lets the peer see the repetition.
            return (GARBAGE, None, "payload is not an object")
        action = self.drop()[1]
        return (RESULT, message_id, action, payload)

    def _refused(self, message: list) -> tuple:
        # However deformed: the peer says that it failed to process our call (J erratum 3.3).
        message_id, action = self.drop()
        code = _element(message, 2, str, "GenericError")
        description = _element(message, 3, str, "")
        details = _element(message, 4, dict, {})
        return (ERROR, message_id, action, code, description, details)


def _element(message: list, i: int, kind: type, default: object) -> object:
    return message[i] if i < len(message) and isinstance(message[i], kind) else default


def _call_id(text: str) -> "str | None":
    """The id of what begins like a CALL but is no JSON."""
    parts = text[:64].split('"', 2)
    if len(parts) < 3 or "".join(parts[0].split()) != "[2,":
        return None
    message_id = parts[1]
    return None if "\\" in message_id or len(message_id) > _ID_LIMIT else message_id


def _text(message: list) -> str:
    """JSON in ASCII. CPython's json writes ASCII by itself, MicroPython's does not, and it lets
    through the halves of surrogate pairs it read as \\uD83D\\uDE00: they are no UTF-8, and the
    peer would close the link (RFC 6455 §8.1) each time it hears such an idTag again."""
    text = json.dumps(message, separators=(",", ":"))
    if len(text) == len(text.encode()):
        return text
    out = bytearray()
    for c in text:
        n = ord(c)
        if n < 0x80:
            out.append(n)
        elif n < 0x10000:
            out.extend(("\\u%04x" % n).encode())
        else:
            n -= 0x10000
            out.extend(("\\u%04x\\u%04x" % (0xD800 | n >> 10, 0xDC00 | n & 0x3FF)).encode())
    return str(out, "ascii")

"""One OCPP-J message on the wire: its parts, read from the text, and what the official schemas
say of it.

Promise: any text or bytes make a Frame; one that is no OCPP message stays GARBAGE or BINARY. A
violation is said in words. Boundary: one frame at a time; which question an answer belongs to
is known in csms_wire.py.
"""

import json
import time
from dataclasses import dataclass, field
from decimal import Decimal

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]
from ocpp.messages import get_validator

CALL, RESULT, ERROR, GARBAGE, BINARY = "CALL", "RESULT", "ERROR", "GARBAGE", "BINARY"
KINDS = {2: CALL, 3: RESULT, 4: ERROR}
LENGTHS = {CALL: 4, RESULT: 3, ERROR: 5}
FROM, TO = ">", "<"  # from the charge point, to it

# The error codes of OCPP-J 1.6 section 4.2.3, spelt as there.
ERROR_CODES = (
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


@dataclass
class Frame:
    """One message as it passed. `id`, `action`, `payload` as far as they can be read from it."""

    direction: str
    text: object
    link: int
    at: float = field(default_factory=time.monotonic)
    kind: str = GARBAGE
    id: object = None
    action: object = None
    payload: object = None
    code: object = None
    violation: object = None

    def __str__(self):
        return "%d %s %s" % (self.link, self.direction, self.text)


def parse(frame):
    """Fills in what the text says. A text that is no OCPP message stays GARBAGE."""
    if isinstance(frame.text, bytes):
        frame.kind = BINARY
        return frame
    try:
        message = json.loads(frame.text)
    except ValueError:
        return frame
    if not isinstance(message, list) or not message or message[0] not in KINDS:
        return frame
    kind = KINDS[message[0]]
    if len(message) != LENGTHS[kind]:
        return frame
    frame.kind, frame.id = kind, message[1]
    if kind == CALL:
        frame.action, frame.payload = message[2], message[3]
    elif kind == RESULT:
        frame.payload = message[2]
    else:
        frame.code, frame.payload = message[2], message[4]
    return frame


def schema_violation(frame):
    """Why this frame of the charge point breaks OCPP-J or its schema, None when it does not."""
    if frame.kind in (GARBAGE, BINARY):
        return "no OCPP message"
    if not isinstance(frame.id, str) or len(frame.id) > 36:
        return "message id %r" % (frame.id,)
    if frame.kind == ERROR:
        return None if frame.code in ERROR_CODES else "unknown error code %r" % (frame.code,)
    if frame.action is None:
        return "an answer to no question"
    # 8.1 is a multiple of 0.1, the float nearest to it is not: as the ocpp library, in Decimals.
    payload = json.loads(json.dumps(frame.payload), parse_float=Decimal)
    kind = 2 if frame.kind == CALL else 3
    try:
        get_validator(kind, frame.action, "1.6", parse_float=Decimal).validate(payload)
    except OSError:
        return "unknown action %r" % (frame.action,)
    except ValidationError as e:
        return e.message
    return None

"""DataTransfer (4.3, 5.6): vendors and their messages, each with the function that answers it.

Ours are below; docs/data-transfer.md shows each. A module of an integrator registers its own when
it is imported and needs no change here.
"""

import json

from micropython import const

from firmware.ocpp.epoch import when
from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16 import parked
from firmware.store import events

VENDOR = "evse.micropython"
_MOST = const(32)  # messages of all vendors: a module that registers in a loop is found early
_EVENTS = const(10)  # of one answer
_ANSWER = const(1500)  # characters

_handlers = []  # (vendor in lower case, message, handler)


def register(vendor: str, message: "str | None", handler):
    """`handler(station, data, now)` answers `message` of `vendor` (None: a request without a
    messageId). It returns the response, or a function(now) polled until that returns one.
    ValueError: taken already, or the table is full."""
    vendor = vendor.lower()
    if len(_handlers) == _MOST or _find(vendor, message) is not None:
        raise ValueError("DataTransfer: %s %s cannot be registered" % (vendor, message))
    _handlers.append((vendor, message, handler))


def _find(vendor: str, message: "str | None"):
    for row in _handlers:
        if row[0] == vendor and row[1] == message:
            return row[2]
    return None


def on_data_transfer(station, request: dict, now: int):
    """The vendor is known, whatever its case (CiString), then the message, letter for letter."""
    vendor = request["vendorId"].lower()
    handler = _find(vendor, request.get("messageId"))
    if handler is not None:
        return handler(station, request.get("data"), now)
    known = [row for row in _handlers if row[0] == vendor]
    return {"status": "UnknownMessageId" if known else "UnknownVendorId"}


def number(data) -> "int | None":
    """Digits as a number; None for anything else."""
    if not data or len(data) > 9:
        return None
    for c in data:
        if not "0" <= c <= "9":  # isdigit() takes other scripts, too
            return None
    return int(data)


def accepted(data) -> dict:
    return {"status": "Accepted", "data": json.dumps(data)}


REJECTED = {"status": "Rejected"}

# --- ours -----------------------------------------------------------------------------------


def _parked_messages(station, data, now: int) -> dict:
    """Those after the number `data`, the oldest first; "more" asks for the next page."""
    after = number(data) if data else 0
    return REJECTED if after is None else accepted(parked.page(station.outbox, after))


def _reinject(station, data, now: int) -> dict:
    """The parked message of that number goes out again."""
    wanted = number(data)
    if wanted is None:
        return REJECTED
    try:
        station.outbox.reinject(wanted)
    except (KeyError, OSError):
        return REJECTED  # not parked, or flash will not take it: nothing has changed
    return {"status": "Accepted"}


def _wear_ledger(station, data, now: int) -> dict:
    """[name, erases, programs, bytes] of each counted part of the flash since it is new."""
    if station.wear is None:
        return REJECTED
    from firmware.ocpp import archive  # for a technician: imported when one asks

    return accepted({"parts": [list(part) for part in archive.wear(station)]})


def _event_history(station, data, now: int) -> dict:
    """Without data the newest, the newest first; else those after the number `data`, the oldest
    first."""
    after = number(data) if data else -1
    if station.events is None or after is None:
        return REJECTED
    history = station.events
    rows = history.newest(_EVENTS) if after < 0 else history.records(after)
    told = []
    more = False
    size = 0
    for row in rows:
        at = when(station, row)
        item = list(row)
        item[events.AT] = None if at is None else format_time(at)
        size += len(json.dumps(item)) + 2
        more = len(told) == _EVENTS or size > _ANSWER
        if more:
            break
        told.append(item)
    if after < 0:
        more = bool(told) and told[-1][0] > 1
    return accepted({"last": history.last, "more": more, "events": told})


register(VENDOR, "ParkedMessages", _parked_messages)
register(VENDOR, "Reinject", _reinject)
register(VENDOR, "WearLedger", _wear_ledger)
register(VENDOR, "EventHistory", _event_history)

"""What the CSMS has refused for good: an operator sees it and sends it again.

A key of ours tells it, DataTransfer lists it and puts it back in the queue. Nothing parked ever
leaves flash by itself.
"""

import json

from micropython import const

VENDOR = "evse.micropython"
KEY = "ParkedMessages"
_LONGEST = const(500)  # KeyValue.value is a CiString500
_MOST = const(10)  # of one DataTransfer: some 1.5 kB


def told(outbox) -> str:
    """How many, then number action transaction error of each as far as there is room."""
    text = str(outbox.parked)
    for number, action, transaction, code, description in outbox.parked_messages():
        item = "; %d %s of %d: %s" % (number, action, transaction, code or description)
        if len(text) + len(item) > _LONGEST:
            break
        text += item
    return text


def on_data_transfer(station, request: dict, now: int):
    """5.6: the vendor ours or unknown; then the message."""
    if request["vendorId"].lower() != VENDOR:
        return {"status": "UnknownVendorId"}
    message_id = request.get("messageId")
    if message_id == "ParkedMessages":
        return _list(station.outbox, request.get("data"))
    if message_id == "Reinject":
        return _reinject(station.outbox, request.get("data"))
    return {"status": "UnknownMessageId"}


def _number(data):
    """Digits as a number; None for anything else."""
    return int(data) if data and len(data) < 10 and data.isdigit() else None


def _list(outbox, data) -> dict:
    """Those after the number `data`, the oldest first; "more" asks for the next page."""
    after = _number(data) if data else 0
    if after is None:
        return {"status": "Rejected"}
    messages = []
    for number, action, transaction, code, description in outbox.parked_messages():
        if number > after and len(messages) <= _MOST:
            messages.append([number, action, transaction, code, description])
    page = {"count": outbox.parked, "more": len(messages) > _MOST, "messages": messages[:_MOST]}
    return {"status": "Accepted", "data": json.dumps(page)}


def _reinject(outbox, data) -> dict:
    number = _number(data)
    if number is None:
        return {"status": "Rejected"}
    try:
        outbox.reinject(number)
    except (KeyError, OSError):
        return {"status": "Rejected"}  # not parked, or flash will not take it: nothing has changed
    return {"status": "Accepted"}

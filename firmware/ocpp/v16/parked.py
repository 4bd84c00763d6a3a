"""What the CSMS has refused for good, for an operator to see and send again.

A key of ours tells it, DataTransfer lists it (data_transfer.py) and puts it back in the queue.
Nothing parked ever leaves flash by itself.
"""

from micropython import const

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


def page(outbox, after: int) -> dict:
    """Those after a number, the oldest first; "more" says that there is another page."""
    messages = []
    for number, action, transaction, code, description in outbox.parked_messages():
        if number > after and len(messages) <= _MOST:
            messages.append([number, action, transaction, code, description])
    return {"count": outbox.parked, "more": len(messages) > _MOST, "messages": messages[:_MOST]}

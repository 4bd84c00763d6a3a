# heap: chip + 16k, a document and a journal in RAM
"""DataTransfer (4.3, 5.6): vendors, messages, and those of our own as the document shows them."""

import json

from firmware.ocpp.v16 import data_transfer
from firmware.store.events import Events
from tests.unit.flash_rig import Flash
from tests.unit.station_rig import NOON, ready

VENDOR = data_transfer.VENDOR
HOUR = 3600000


def history(count=0, text="cause %d"):
    events = Events(Flash(4, 1024), 41, lambda ms: NOON + ms // 1000)
    for i in range(count):
        events.add("link lost", text % i, i * HOUR)
        events.prepare(i * HOUR)
    return events


def transfer(charger, message_id, data=None, vendor=VENDOR):
    request = {"vendorId": vendor, "messageId": message_id}
    if data is not None:
        request["data"] = data
    return charger.ask("DataTransfer", request)


def told(charger, message_id, data=None):
    answer = transfer(charger, message_id, data)
    assert answer["status"] == "Accepted"
    return json.loads(answer["data"])


def examples():
    """(request, answer) of docs/data-transfer.md."""
    with open("docs/data-transfer.md") as file:
        parts = file.read().split("```json\n")[1:]
    found = [json.loads(part.split("```")[0]) for part in parts]
    return list(zip(found[::2], found[1::2]))


def test_the_document_tells_the_truth():
    """Every request of docs/data-transfer.md gets the answer that stands behind it."""
    charger = ready(keys={"TransactionMessageAttempts": "1"})
    charger.charge()
    charger.backend.override["StopTransaction"] = "InternalError"
    charger.swipe()
    charger.until(lambda: charger.outbox.parked == 1)
    del charger.backend.override["StopTransaction"]
    station = charger.station
    station.wear = lambda: [("Files", 12, 340, 51200), ("Journal", 4, 96, 3001)]
    station.events = history()
    station.events.add("boot", "power on, 0.1.0", 0)
    station.events.add("fault set", "1 GroundFailure", 61000)
    number = next(charger.outbox.parked_messages())[0]
    pairs = examples()
    assert len(pairs) == 9
    for request, answer in pairs:
        # The number of a message is whatever the store has counted to.
        if request.get("data") == "9" and "EventHistory" not in request["messageId"]:
            request["data"] = str(number)
        got = charger.ask("DataTransfer", request)
        assert got["status"] == answer["status"], (request, got)
        if "data" in answer:
            told = json.loads(answer["data"].replace("[[9,", "[[%d," % number))
            assert json.loads(got["data"]) == told, (got, told)
        assert ("data" in got) is ("data" in answer)


def test_unknown_vendors_and_messages():
    """§4.3: no implementation for the vendorId: UnknownVendorId; for the messageId:
    UnknownMessageId; data must not be present."""
    charger = ready()
    for vendor in ("com.example", "evse", VENDOR + "x", ""):
        assert transfer(charger, "WearLedger", "x", vendor) == {"status": "UnknownVendorId"}
    for message_id in ("", "Nope", "wearledger", "WearLedger "):
        assert transfer(charger, message_id, "x") == {"status": "UnknownMessageId"}
    answer = charger.ask("DataTransfer", {"vendorId": VENDOR})
    assert answer == {"status": "UnknownMessageId"}


def test_a_module_registers_its_own():
    """By vendor (CiString) and message; None for a request without messageId; later answers."""
    seen = []

    def show(station, data, now):
        seen.append((station, data))
        return {"status": "Accepted", "data": "shown"}

    def slow(station, data, now):
        return lambda at: {"status": "Rejected"} if at - now >= 1000 else None

    before = list(data_transfer._handlers)
    try:
        data_transfer.register("Com.Example", "Show", show)
        data_transfer.register("com.example", None, slow)
        charger = ready()
        answer = transfer(charger, "Show", "hello", "com.EXAMPLE")
        assert answer == {"status": "Accepted", "data": "shown"}
        assert seen == [(charger.station, "hello")]
        assert transfer(charger, "show", "", "com.example") == {"status": "UnknownMessageId"}
        request = {"vendorId": "com.example"}
        assert charger.ask("DataTransfer", request, 0.5) is None
        assert charger.ask("DataTransfer", request, 1.5) == {"status": "Rejected"}
        refused("com.example", "Show", show)
        refused(VENDOR.upper(), "Reinject", show)
        for i in range(len(data_transfer._handlers), 32):
            data_transfer.register("com.example", str(i), show)
        refused("com.example", "one more", show)
        assert told(charger, "ParkedMessages")["count"] == 0
    finally:
        data_transfer._handlers[:] = before


def refused(vendor, message, handler):
    try:
        data_transfer.register(vendor, message, handler)
    except ValueError:
        return
    raise AssertionError("registered")


def test_a_number_is_digits():
    """Anything else is Rejected and changes nothing."""
    charger = ready()
    charger.station.events = history(1)
    for data in ("x", "-1", "1.5", "+1", " 1", "1 ", "1_0", "9" * 10, "\u0661"):
        for message_id in ("ParkedMessages", "Reinject", "EventHistory"):
            assert transfer(charger, message_id, data) == {"status": "Rejected"}, data
    for data in (None, "", "7"):
        assert transfer(charger, "Reinject", data) == {"status": "Rejected"}
    assert told(charger, "ParkedMessages", "") == {"count": 0, "more": False, "messages": []}


def test_a_board_without_history_or_counts():
    charger = ready()
    assert charger.station.events is None and charger.station.wear is None
    assert transfer(charger, "EventHistory") == {"status": "Rejected"}
    assert transfer(charger, "WearLedger") == {"status": "Rejected"}


def test_reinject_says_when_flash_refuses():
    """OSError of the store: Rejected, and the message stays parked."""
    charger = ready()

    class Outbox:
        def reinject(self, number):
            raise OSError(5)

    outbox, charger.station.outbox = charger.station.outbox, Outbox()
    answer = data_transfer._reinject(charger.station, "7", 0)
    charger.station.outbox = outbox
    assert answer == {"status": "Rejected"}


def test_the_history_in_pages():
    """From the beginning to the newest; an answer stays below 1.6 kB however long the texts."""
    charger = ready()
    for text, full in (("cause %d", 10), ("\u00e4" * 36 + "%d", 3)):
        charger.station.events = None
        charger.station.events = history(150, text)
        first = next(charger.station.events.records())[0]
        seen, after, more = [], "0", True
        while more:
            charger.frames.clear()
            answer = transfer(charger, "EventHistory", after)
            assert len(answer["data"]) <= 1600
            page = json.loads(answer["data"])
            assert page["last"] == 150 and len(page["events"]) <= 10
            assert len(page["events"]) >= full or not page["more"]
            seen += [row[0] for row in page["events"]]
            after, more = str(seen[-1]), page["more"]
        assert seen == list(range(first, 151)) and first > 1
        assert told(charger, "EventHistory", "150") == {"last": 150, "more": False, "events": []}
        page = told(charger, "EventHistory")
        newest = [row[0] for row in page["events"]]
        assert newest == list(range(150, 150 - len(newest), -1)) and page["more"]


def test_an_event_without_a_clock_has_no_time():
    charger = ready()
    events = Events(Flash(4, 1024), 41, lambda ms: None)
    events.add("boot", "", 0)
    charger.station.events = events
    (row,) = told(charger, "EventHistory")["events"]
    assert row == [1, 41, 0, None, "boot", "", 1]

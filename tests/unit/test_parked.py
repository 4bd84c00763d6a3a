"""What is parked, told in a key and in pages."""

from firmware.ocpp.v16 import parked


class Outbox:
    """So many parked messages; number 100 first."""

    def __init__(self, count, description="x", code="InternalError"):
        self.parked = count
        self._code, self._description = code, description

    def parked_messages(self):
        for i in range(self.parked):
            yield 100 + i, "StopTransaction", 7 + i, self._code, self._description


def test_the_key_tells_how_many_and_the_first_of_them():
    """KeyValue.value is a CiString500: the count, then as many as fit."""
    assert parked.told(Outbox(0)) == "0"
    assert parked.told(Outbox(1)) == "1; 100 StopTransaction of 7: InternalError"
    assert parked.told(Outbox(1, "no answer", "")) == "1; 100 StopTransaction of 7: no answer"
    for length in range(1, 80):
        text = parked.told(Outbox(60, "x" * length, ""))
        one = len("; 100 StopTransaction of 7: ") + length
        assert text.startswith("60; 100 ") and 500 - one - 1 <= len(text) <= 500
    assert len(parked.told(Outbox(1, "x" * 471, ""))) == 500, "to the last character"
    assert parked.told(Outbox(1, "x" * 472, "")) == "1"


def test_pages_follow_each_other():
    """Ten at most, behind a number; "more" as long as there is another."""
    for count in (0, 1, 9, 10, 11, 20, 23):
        seen, more, after = [], True, 0
        while more:
            page = parked.page(Outbox(count), after)
            assert page["count"] == count and len(page["messages"]) <= 10
            seen += [message[0] for message in page["messages"]]
            more = page["more"]
            assert len(page["messages"]) == 10 or not more
            after = seen[-1] if seen else 0
        assert seen == list(range(100, 100 + count))
    message = parked.page(Outbox(1), 99)["messages"]
    assert message == [[100, "StopTransaction", 7, "InternalError", "x"]]

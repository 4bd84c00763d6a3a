"""Every input has a bound, and beyond it happens what docs/security.md says: each line of its
table is a test here, against the real code.
"""

import json
import re
import subprocess

import pytest

from firmware import stores
from firmware.ocpp import rpc
from firmware.ocpp.conversation import Conversation
from firmware.ocpp.live import Entry, Live
from firmware.ocpp.v16 import data_transfer, messages
from firmware.store import events, log
from firmware.store.bundle import read_header
from firmware.store.redact import redact
from firmware.store.repeat import Repeat
from firmware.tasks.pace import Pace
from firmware.wire import ProtocolError, http, websocket
from firmware.wire.body import Chunked, Sized
from firmware.wire.frame import FrameReader
from firmware.wire.head import HeadReader
from firmware.wire.location import Location
from firmware.wire.reply import ReplyReader
from hal.modbus import Reply
from hal.reader.pn532 import PN532, FrameReader as CardFrames
from hal.reader.rdm6300 import RDM6300
from tests.conftest import ROOT, interpreter
from tests.unit.id_rig import RamFiles
from tests.unit.station_rig import Charger, ready

MESSAGE = 16384
BOUNDS = {}


def bound(name, limit):
    """The line of the table that the function proves, and the number that is in it."""

    def keep(function):
        BOUNDS[name] = (limit, function)
        return function

    return keep


def frame(opcode, size, fin=True):
    """A server's frame, without its payload."""
    head = bytes([opcode | 0x80 * fin])
    if size < 126:
        return head + bytes([size])
    if size < 65536:
        return head + b"\x7e" + size.to_bytes(2, "big")
    return head + b"\x7f" + size.to_bytes(8, "big")


def refused(function, *arguments):
    """The reason of the ProtocolError or ValueError that it must be."""
    with pytest.raises((ProtocolError, ValueError)) as raised:
        function(*arguments)
    return getattr(raised.value, "reason", str(raised.value))


# --- the link -----------------------------------------------------------------------------------


@bound(
    "WebSocket message, all its frames together",
    "16384 bytes; on a small board a 24th of its heap, 8192 at least",
)
def message():
    limit = MESSAGE
    for head in (frame(1, limit + 1), frame(1, 16 << 20), frame(2, (1 << 62) + 1)):
        reader = FrameReader(limit)
        reader.feed(head)
        assert refused(reader.next) == "message too big"
        assert reader._payload is None, "no room is made for what is refused"
    reader = FrameReader(limit)
    reader.feed(frame(1, limit - 1, False) + b"a" * (limit - 1))
    assert len(reader.next()[2]) == limit - 1
    reader.feed(frame(0, 2))
    assert refused(reader.next) == "message too big"
    reader = FrameReader(limit)
    reader.feed(frame(1, limit) + b"a" * limit)
    assert len(reader.next()[2]) == limit


@bound("WebSocket control frame", "125 bytes")
def control():
    for opcode in (8, 9, 10):
        reader = FrameReader(MESSAGE)
        reader.feed(frame(opcode, 126))
        assert "control frame" in refused(reader.next)


@bound("WebSocket extension", "none")
def extension():
    reader = FrameReader(MESSAGE)
    reader.feed(b"\xc1\x05hello")  # the bit of permessage-deflate
    assert refused(reader.next) == "reserved bit set"
    client = websocket.Client("h", "/p", bytes(16), entropy=bytes)
    client.request()
    accept = websocket.handshake.accept(bytes(16))
    client.feed(
        b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: %s\r\n\r\n"
        % accept.encode()
    )
    assert client.next() == (websocket.REFUSED, 101, "extension not offered")


@bound("head of an HTTP answer", "4096 bytes")
def head():
    for endless in (b"HTTP/1.1 101 S\r\n" + b"A: b\r\n" * 4000, b"x" * 5000):
        reader = HeadReader()
        with pytest.raises(ProtocolError, match="head too long"):
            for at in range(0, len(endless), 100):
                assert len(reader._data) <= 4096 + 100
                reader.feed(endless[at : at + 100])
                reader.next()
    whole = b"HTTP/1.1 200 OK\r\nA: %s\r\n\r\n"
    reader = HeadReader()
    reader.feed(whole % (b"a" * (4096 - len(whole) + 2)))
    assert reader.next()[0] == 200


# --- OCPP ---------------------------------------------------------------------------------------


@bound("JSON nesting", "what a message holds")
def nesting():
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        text = opening * (MESSAGE // 6) + closing * (MESSAGE // 6)
        for body in (text, '[2,"1","Heartbeat",%s]' % text):
            event = rpc.RPC(lambda: "1").receive(body, 0)
            assert event[0] in (rpc.GARBAGE, rpc.CALL)
    assert redact('[2,"1","X",' + "[" * 100 + "]" * 100 + ',"password"]').endswith("bytes)")


@bound("message id", "36 characters")
def message_id():
    talk = rpc.RPC(lambda: "1")
    long = json.dumps([2, "x" * 37, "Heartbeat", {}])
    assert json.loads(talk.receive(long, 0)[1])[2] == "FormationViolation"
    assert talk.receive(json.dumps([2, "x" * 256, "Heartbeat", {}]), 0)[1] is None
    assert talk.receive(json.dumps([2, "x" * 36, "Heartbeat", {}]), 0)[0] == rpc.CALL


@bound("integer", "64 bits")
def integer():
    def check(number):
        return messages.check_request("UnlockConnector", {"connectorId": number})

    assert check((1 << 63) - 1) is None and check(-(1 << 63)) is None
    for number in (1 << 63, 10**4000, -(1 << 63) - 1):
        assert check(number)[0] == "PropertyConstraintViolation"


@bound("text of a message", "its field's length")
def text():
    def check(id_tag):
        payload = {"idTag": id_tag, "connectorId": 1}
        return messages.check_request("RemoteStartTransaction", payload)

    assert check("x" * 20) is None
    assert check("x" * 21)[0] == "PropertyConstraintViolation"


@bound("calls that wait for their answer", "4")
def deferred():
    charger = Charger(online=False)
    charger.station.call = lambda *_: lambda now: None
    talk = Conversation(charger.station, lambda: "1", print)
    told = [talk.heard('[2,"%d","Reset",{}]' % k, 0) for k in range(1000)]
    assert told[:4] == [[]] * 4 and len(talk._deferred) == 4
    assert all("too many calls wait" in answer[0] for answer in told[4:])
    talk.lost(0)
    assert talk._deferred == []


@bound("messages waiting to be said, bills apart", "12")
def live():
    queue = Live(12)
    for k in range(5000):
        queue.put(Entry(str(k), "Heartbeat", {}))
    assert len(queue) == 12 and queue.dropped == 5000 - 12


@bound("TriggerMessage, again and again", "12")
def triggers():
    """Whatever is asked for without a pause, no more than the queue holds is ever waiting."""
    charger = ready(connectors=2)
    charger.backend.silent = True
    wanted = ("Heartbeat", "StatusNotification", "MeterValues", "BootNotification")
    for k in range(400):
        charger.send("TriggerMessage", {"requestedMessage": wanted[k % 4]})
        if k % 50 == 49:
            charger.run(0.1)
            assert charger.outbox.live <= 12 and charger.station._after == []
    assert charger.outbox.pending == 0, "nothing billable came of it"


@bound("keys of one GetConfiguration", "64")
def configuration_keys():
    charger = ready()
    asked = ["HeartbeatInterval"] * 65
    answer = charger.ask("GetConfiguration", {"key": asked})
    assert len(answer["configurationKey"]) == 64
    assert len(charger.ask("GetConfiguration", {})["configurationKey"]) <= 64


@bound("value of a configuration key", "500 characters")
def configuration_value():
    charger = ready()
    row = ("T", 2, "RW", "", None, 0)
    assert charger.settings.text("HeartbeatInterval")
    assert refused(type(charger.settings).factory.__globals__["check"], row, "x" * 501)
    answer = charger.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "1" * 501})
    assert answer in ("PropertyConstraintViolation", {"status": "Rejected"})


@bound("entries of one SendLocalList", "32")
def local_list():
    charger = ready(files=RamFiles())

    def send(count):
        entries = [{"idTag": "T%d" % k, "idTagInfo": {"status": "Accepted"}} for k in range(count)]
        request = {"listVersion": count, "updateType": "Full", "localAuthorizationList": entries}
        return charger.status_of("SendLocalList", request, 2)

    assert send(32) == "Accepted" and send(33) == "Failed"


@bound("local list", "1000 idTags")
def whole_list():
    charger = ready(files=RamFiles())
    answers = []
    for part in range(34):
        entries = [
            {"idTag": "P%dT%d" % (part, k), "idTagInfo": {"status": "Accepted"}} for k in range(30)
        ]
        request = {
            "listVersion": part + 1,
            "updateType": "Differential",
            "localAuthorizationList": entries,
        }
        answers.append(charger.status_of("SendLocalList", request, 5))
    assert answers == ["Accepted"] * 33 + ["Failed"]


@bound("charging profiles", "12 of 24 periods")
def profiles():
    charger = ready(files=RamFiles())

    def profile(number, periods=1):
        rows = [{"startPeriod": 60 * k, "limit": 16.0} for k in range(periods)]
        return {
            "connectorId": 1,
            "csChargingProfiles": {
                "chargingProfileId": number,
                "stackLevel": number % 9,
                "chargingProfilePurpose": "TxDefaultProfile" if number < 9 else "TxProfile",
                "chargingProfileKind": "Relative",
                "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": rows},
            },
        }

    assert charger.status_of("SetChargingProfile", profile(1, 24)) == "Accepted"
    assert charger.status_of("SetChargingProfile", profile(2, 25)) == "Rejected"
    installed = charger.station.smart_charging.installed
    for connector in (0, 1):
        for number in range(9):
            request = profile(100 * connector + number)
            request["connectorId"] = connector
            request["csChargingProfiles"].update(
                stackLevel=number, chargingProfilePurpose="TxDefaultProfile"
            )
            charger.status_of("SetChargingProfile", request)
    assert len(installed.profiles) == 12


@bound("answer to a DataTransfer of ours", "1500 characters of events")
def vendor_data():
    charger = ready()

    class History:
        last = 100

        def newest(self, most):
            return [(k, 1, 2, 3, "security", "x" * 400, 1) for k in range(most)]

    charger.station.events = History()
    request = {"vendorId": data_transfer.VENDOR, "messageId": "EventHistory"}
    answer = data_transfer.on_data_transfer(charger.station, request, 0)
    assert len(answer["data"]) <= 1500 + 100 and json.loads(answer["data"])["more"]


# --- files --------------------------------------------------------------------------------------


@bound("URL of a file, redirected or not", "2048 characters")
def url():
    Location("http://h/" + "a" * (2048 - 9))
    assert refused(Location, "http://h/" + "a" * 2040) == "URL is too long"
    assert refused(Location("http://h/").follow, "/" + "a" * 2048) == "URL is too long"


@bound("redirects", "3")
def redirects():
    from firmware.tasks import transfer_http

    count = 0
    for _ in range(3):
        count = transfer_http._counted(count, 302)
    assert refused(transfer_http._counted, count, 302) == "too many redirects"
    assert "redirect from https to http" in refused(Location("https://h/").follow, "http://h/")


@bound("interim answers of HTTP", "8")
def interims():
    reader = http.AnswerReader()
    reader.feed(b"HTTP/1.1 103 X\r\n\r\n" * 9)
    assert refused(reader.next) == "HTTP 103"


@bound("body of a download", "4 MiB")
def download():
    most = 1 << 22
    assert "too long" in refused(Sized, most + 1, most)
    body = Sized(None, 1000)
    body.feed(bytes(1001))
    assert "too long" in refused(body.next)
    body = Chunked(1000)
    body.feed(b"3e9\r\n")
    assert "too long" in refused(body.next)
    from firmware.ocpp.job import Job

    assert Job("x", sink=object()).limit == most


@bound("line between chunks", "256 bytes")
def chunk_line():
    body = Chunked(1000)
    body.feed(b"1;" + b"x" * 300)
    assert refused(body.next) == "chunk line too long"


@bound("trailers", "4096 bytes")
def trailers():
    body = Chunked(1000)
    body.feed(b"0\r\n" + b"a: b\r\n" * 1000)
    assert refused(body.next) == "trailers too long"


@bound("reply of an FTP server", "512 bytes a line, 4096 in all")
def ftp():
    reader = ReplyReader()
    reader.feed(b"2" * 513)
    assert "too long" in refused(reader.next)
    reader = ReplyReader()
    reader.feed(b"220-x\r\n" * 1000)
    assert "too long" in refused(reader.next)


@bound("bundle", "the slot")
def bundle():
    from tests.unit.slot_rig import Flash, bundle as make, slots_on

    flash = Flash()
    sink = slots_on(flash).sink()
    while not sink.ready():
        sink.prepare()
    data = make("1", bytes(6 * 1024))
    sink.begin(None, "")
    assert read_header(data), "well formed, and too long"
    with pytest.raises(ValueError) as raised:
        sink.write(memoryview(data))
    assert str(raised.value) == "too large"


@bound("silence in a transfer", "30 s")
def silence():
    pace = Pace(0)
    pace.wait("answer", 0)
    assert pace.late(29999) is None and "no answer" in pace.late(30000)
    pace.flow(0)
    now = 0
    while pace.late(now) is None:
        now += 1000
        pace.moved(200, now)  # never silent, always slow
    assert pace.late(now) == "too slow" and now <= 60000


# --- what is kept -------------------------------------------------------------------------------


@bound("log of the console, log of the frames", "1 to 4 KiB each, by the heap of the board")
def logs():
    assert stores._LOG[1:] == (1024, 4096)
    kept = log.Log(4096, 240)
    for k in range(2000):
        kept.keep("%d " % k + "x" * (k % 1000) + "\nforged line")
    assert len(kept._ring) == 4096 and max(len(line) for line in kept.lines()) <= 260
    assert not [line for line in kept.lines() if line.startswith("forged")]


@bound("a frame in the log", "2048 bytes")
def logged_frame():
    body = json.dumps([2, "1", "DataTransfer", {"vendorId": "v", "data": "x" * 3000}])
    assert redact(body) == "(%d bytes)" % len(body)


@bound("event history", "100 records an hour")
def history():
    written = []
    repeat = Repeat(lambda kind, text, ms, times: written.append(ms))
    for ms in range(0, 3600000, 100):
        repeat.add(ms % len(events.KINDS), "text %d" % ms, ms)
    assert 19 < len(written) < 100, "a flood of every kind, a new text each time"


# --- serial lines -------------------------------------------------------------------------------


@bound("unread bytes of the meter's line", "512")
def meter():
    reply = Reply(1, 4, 76)
    for _ in range(1000):
        reply.feed(b"\x01\x04" * 50)
        assert len(reply._buf) <= 512
    while reply.next() is not None:
        pass
    assert len(reply._buf) <= 512


@bound("unread bytes of the reader's line", "69")
def reader():
    noise = (b"\x00\xff\x40\xc0" + bytes(60), b"\x00\xff", b"\xff" * 64, b"\x00" * 64)
    frames, card, near = CardFrames(), PN532(), RDM6300()
    for k in range(2000):
        frames.feed(noise[k % 4])
        while frames.next() is not None:
            pass
        card.feed(noise[k % 4], k)
        near.feed(b"\x02" * 64, k)
        assert len(frames._buf) <= 69 and len(card._frames._buf) <= 69 and len(near._buf) < 14


FLOOD = """
import asyncio
from firmware.tasks.card import cards
from firmware.tasks.metering import metering
class Line:
    n = 0
    def read(self, n):
        Line.n += n
        return bytes(n)
class Driver:
    def feed(self, data, now): pass
    def tick(self, now): pass
    def next(self): pass
class Uptime:
    def ms(self): return 0
async def main():
    asyncio.create_task(%s)
    await asyncio.sleep_ms(5)
    print(Line.n)
asyncio.run(main())
"""


def read_in_one_beat(task):
    """The line never falls silent: everything else goes on."""
    command = [interpreter(), "-c", FLOOD % task]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    return done.stdout.strip() or done.stderr


@bound("bytes read from the reader in one beat", "512")
def reader_beat():
    told = read_in_one_beat("cards(Line(), Driver(), lambda: None, None, None, Uptime())")
    assert told == "512"


@bound("bytes read from the meter in one beat", "256")
def meter_beat():
    assert read_in_one_beat("metering(Line(), Driver(), {}, Uptime())") == "256"


# --- all of them --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(BOUNDS))
def test_bound(name):
    _, function = BOUNDS[name]
    function()


def test_the_document_tells_the_truth():
    """The table names each of them, with its number, and no other."""
    text = (ROOT / "docs/security.md").read_text()
    part = text[text.index("<!-- bounds -->") : text.index("<!-- /bounds -->")]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", part, re.M)
    assert rows[0][0] == "input"
    assert dict(rows[1:]) == {name: limit for name, (limit, _) in BOUNDS.items()}

"""firmware.wire.ftp and firmware.wire.reply"""

import random

from firmware.wire import ProtocolError
from firmware.wire.ftp import END, OPEN, READY, SAY, START, Dialogue
from firmware.wire.reply import ReplyReader
from tests.wire import bytes_of, hear, split_at_random, three_ways

REPLIES = (
    (b"220 ready\r\n", [(220, b"ready")]),
    (b"220 \r\n", [(220, b"")]),
    (b"220\r\n", [(220, b"")]),
    (b"220 bare\n", [(220, b"bare")]),
    (b"230-a\r\nb\r\n230 c\r\n", [(230, b"c")]),
    (b"230-a\r\n220 b\r\n 230 b\r\n230-b\r\n230\r\n", [(230, b"")]),
    (b"331 a\r\n230-\r\n230 b\r\n", [(331, b"a"), (230, b"b")]),
)


def test_replies_of_one_line_and_of_many():
    """RFC 959 §4.2"""
    for data, expected in REPLIES:
        three_ways(ReplyReader, data, expected, b"500 next\r\n", [(500, b"next")])


def test_what_is_no_reply():
    for data in (
        b"SSH-2.0\r\n",
        b"\r\n",
        b"2 \r\n",
        b"22x a\r\n",
        b"099 a\r\n",
        b"600 a\r\n",
        b"2200 a\r\n",
        b"220a\r\n",
        b"HTTP/1.1 400 X\r\n",
    ):
        for pieces in ([data], bytes_of(data)):
            assert hear(ReplyReader(), pieces) == [(0, "not FTP")], data


def test_a_reply_is_bounded():
    line = b"220 " + b"x" * 506 + b"\r\n"
    assert hear(ReplyReader(), [line]) == [(220, b"x" * 506)]
    assert hear(ReplyReader(), [b"x" + line])[-1] == (0, "FTP reply too long")
    assert hear(ReplyReader(), [b"x" * 513])[-1] == (0, "FTP reply too long")
    many = b"220-\r\n" + b"x" * 398 + b"\r\n"
    assert hear(ReplyReader(), [many, b"220 a\r\n"]) == [(220, b"a")]
    assert hear(ReplyReader(), [many] + [b"y" * 400 + b"\r\n"] * 10)[-1][1] == "FTP reply too long"
    # one after the other is no end, but each is bounded
    reader = ReplyReader()
    for _ in range(20):
        reader.feed(b"220 ok\r\n" * 60)
        for _ in range(60):
            assert reader.next() == (220, b"ok")


class Server:
    """Answers each command from a table; keeps what was said."""

    def __init__(self, dialogue, answers, greeting=b"220 a\r\n", split=None):
        self.dialogue = dialogue
        self.answers = answers
        self.said = []
        self.split = split or (lambda data: [data])
        self.waiting = [greeting]

    def event(self):
        """The next event that is not SAY; None when nobody has anything to say."""
        while True:
            event = self.dialogue.next()
            if event is None:
                if not self.waiting:
                    return None
                self.waiting[:1] = self.split(self.waiting[0])
                self.dialogue.feed(self.waiting.pop(0))
            elif event[0] == SAY:
                line = event[1]
                assert line.endswith(b"\r\n") and line.count(b"\n") == 1
                self.said.append(line[:-2])
                answer = self.answers.get(bytes(line[:4]).strip(), b"")
                if answer:
                    self.waiting.append(answer)
            else:
                return event


BOOK = {
    b"USER": b"331 a\r\n",
    b"PASS": b"230 a\r\n",
    b"TYPE": b"200 a\r\n",
    b"SIZE": b"213 9\r\n",
    b"MDTM": b"213 20260102030405\r\n",
    b"EPSV": b"229 a (|||4000|)\r\n",
    b"PASV": b"227 a (10,0,0,1,16,1)\r\n",
    b"REST": b"350 a\r\n",
    b"RETR": b"150 a\r\n226 b\r\n",
    b"STOR": b"125 a\r\n250 b\r\n",
}


def other(**answers):
    table = dict(BOOK)
    for command in answers:
        table[command.encode()] = answers[command]
    return table


def fetch(answers, offset=0, split=None, **more):
    """(events, lines said) of a download; an error is the last event."""
    server = Server(Dialogue("u", "p", "d/f", False), answers, split=split, **more)
    events = []
    try:
        event = server.event()
        while event is not None:
            events.append(event)
            if event[0] == READY:
                server.dialogue.go(offset)
            elif event[0] == OPEN:
                server.dialogue.opened()
            elif event[0] == END:
                break
            event = server.event()
    except ProtocolError as error:
        events.append((error.code, error.reason))
    return events, server.said


def test_a_download():
    events, said = fetch(BOOK)
    assert events == [(READY, 9, "9/20260102030405"), (OPEN, 4000), (START, 0), (END,)]
    assert said == [
        b"USER u",
        b"PASS p",
        b"TYPE I",
        b"SIZE d/f",
        b"MDTM d/f",
        b"EPSV",
        b"RETR d/f",
    ]
    for split in (lambda data: list(bytes_of(data)), split_at_random):
        assert fetch(BOOK, split=split) == (events, said)


def test_a_download_goes_on():
    """RFC 3659 §5"""
    events, said = fetch(BOOK, 4)
    assert events[-2:] == [(START, 4), (END,)] and said[-2:] == [b"REST 4", b"RETR d/f"]
    events, said = fetch(other(REST=b"502 a\r\n"), 4)
    assert events[-2:] == [(START, 0), (END,)] and said[-2:] == [b"REST 4", b"RETR d/f"]


def test_an_upload():
    server = Server(Dialogue("", "", "f", True), BOOK)
    assert server.event() == (READY, None, "")
    server.dialogue.go(0)
    assert server.event() == (OPEN, 4000)
    server.dialogue.opened()
    assert server.event() == (START, 0) and server.event() == (END,) and server.event() is None
    assert server.said == [
        b"USER anonymous", b"PASS anonymous@", b"TYPE I", b"EPSV", b"STOR f",
    ]  # fmt: skip


def test_the_port_is_taken_and_the_address_is_not():
    """RFC 1123 §4.1.2.6: scan for the digits."""
    for text in (b"(10,0,0,1,16,1)", b"10,0,0,1,16,1", b"= (10,0,0,1,16,1).", b"10,0,0,1,16,1."):
        answers = other(EPSV=b"502 a\r\n", PASV=b"227 a " + text + b"\r\n")
        events, said = fetch(answers)
        assert events[1] == (OPEN, 4097) and said[-3:] == [b"EPSV", b"PASV", b"RETR d/f"], text
    for delimiter in b"|!~":
        mark = bytes((delimiter,))
        reply = b"229 (" + mark * 3 + b"4000" + mark + b")\r\n"
        assert fetch(other(EPSV=reply))[0][1] == (OPEN, 4000)


def test_bad_ports():
    for text in (
        b"",
        b"()",
        b"(|||x|)",
        b"(|||0|)",
        b"(|||65536|)",
        b"(|||123456|)",
        b"(||4000|)",
        b"(|1|::1|4000|",
        b"|||-1|",
    ):
        assert fetch(other(EPSV=b"229 " + text + b"\r\n"))[0][-1][1] == "bad FTP port", text
    for text in (
        b"",
        b"(1,2,3,4,5)",
        b"(1,2,3,4,5,6,7)",
        b"(1,2,3,4,256,0)",
        b"(1,2,3,4,0,0)",
        b"(1,2,3,4,-5,6)",
        b"(a,2,3,4,5,6)",
        b"(1,2,3,4,0005,6)",
    ):
        answers = other(EPSV=b"500 a\r\n", PASV=b"227 " + text + b"\r\n")
        assert fetch(answers)[0][-1][1] == "bad FTP port", text


def test_what_a_server_need_not_know():
    """RFC 3659: SIZE and MDTM are extensions. Without both there is nothing to resume by."""
    for answers, ready in (
        (other(SIZE=b"500 a\r\n"), (READY, None, "")),
        (other(SIZE=b"550 a\r\n"), (READY, None, "")),
        (other(MDTM=b"502 a\r\n"), (READY, 9, "")),
        (other(MDTM=b"213 yesterday\r\n"), (READY, 9, "")),
        (other(MDTM=b"213 20260102030405.678\r\n"), (READY, 9, "9/20260102030405")),
    ):
        events, _ = fetch(answers)
        assert events[0] == ready and events[-1] == (END,)


def test_each_refusal_is_told_by_code_and_command():
    for command, reply, why in (
        ("USER", b"530 u may not\r\n", "FTP 530 to USER"),
        ("PASS", b"530 p is wrong\r\n", "FTP 530 to PASS"),
        ("PASS", b"332 a\r\n", "FTP 332 to PASS"),
        ("TYPE", b"504 a\r\n", "FTP 504 to TYPE"),
        ("SIZE", b"421 a\r\n", "FTP 421 to SIZE"),
        ("SIZE", b"250 a\r\n", "FTP 250 to SIZE"),
        ("SIZE", b"213 -1\r\n", "bad FTP size"),
        ("SIZE", b"213 1234567890123\r\n", "bad FTP size"),
        ("MDTM", b"421 a\r\n", "FTP 421 to MDTM"),
        ("EPSV", b"421 a\r\n", "FTP 421 to EPSV"),
        ("EPSV", b"200 a\r\n", "FTP 200 to EPSV"),
        ("EPSV", b"229 (|||9|)\r\n200 b\r\n", "FTP reply to nothing"),
        ("EPSV", b"229 (|||9|)\r\n421 b\r\n", "FTP 421 to EPSV"),
        ("REST", b"421 a\r\n", "FTP 421 to REST"),
        ("RETR", b"550 a\r\n", "FTP 550 to RETR"),
        ("RETR", b"226 a\r\n", "FTP 226 to RETR"),
        ("RETR", b"150 a\r\n426 b\r\n", "FTP 426 to RETR"),
        ("RETR", b"150 a\r\n350 b\r\n", "FTP 350 to RETR"),
    ):
        events, _ = fetch(other(**{command: reply}), 4)
        if "to nothing" in why or "421 to EPSV" in why:
            # what the caller has not yet asked for comes while it connects
            server = Server(Dialogue("u", "p", "f", False), other(**{command: reply}))
            server.event()
            server.dialogue.go(0)
            try:
                while server.event() is not None:
                    pass
            except ProtocolError as error:
                assert error.reason == why
            else:
                raise AssertionError(why)
            continue
        assert events[-1][1] == why, (command, reply, events)


def test_a_preliminary_reply_is_waited_out():
    """RFC 959 §5.4: 120 before 220."""
    events, _ = fetch(BOOK, greeting=b"120 soon\r\n220 a\r\n")
    assert events[-1] == (END,)
    assert fetch(other(USER=b"230 a\r\n"))[1][:2] == [b"USER u", b"TYPE I"]
    assert fetch(BOOK, greeting=b"421 full\r\n")[0] == [(421, "FTP 421 to CONNECT")]


def test_a_server_that_hangs_up():
    for command in ("USER", "PASS", "TYPE", "SIZE", "MDTM", "EPSV", "RETR"):
        server = Server(Dialogue("u", "p", "f", False), other(**{command: b""}))
        server.waiting.append(b"")
        events = []
        try:
            while True:
                event = server.event()
                events.append(event)
                if event is None:
                    server.waiting.append(b"")
                elif event[0] == READY:
                    server.dialogue.go(0)
                elif event[0] == OPEN:
                    server.dialogue.opened()
        except ProtocolError as error:
            assert error.reason == "FTP closed after " + server.said[-1].split()[0].decode()


def test_a_line_break_never_becomes_a_command():
    for arguments in (
        ("u\r\nDELE x", "p", "f"),
        ("u", "p\n", "f"),
        ("u", "p", "f\rX"),
        ("u", "p", "f\0"),
        ("u", "p", ""),
        ("u", "p", "d/"),
    ):
        try:
            Dialogue(arguments[0], arguments[1], arguments[2], False)
        except ValueError as error:
            assert "DELE" not in str(error)
        else:
            raise AssertionError(arguments)


def test_any_bytes_give_events_or_a_reason():
    random.seed(13)
    greeting = b"220 a\r\n"
    for _ in range(600):
        answers = dict(BOOK)
        for command in answers:
            data = bytearray(answers[command])
            if not random.getrandbits(2):
                data[random.getrandbits(8) % len(data)] = random.getrandbits(8)
            answers[command] = bytes(data)
        events, said = fetch(answers, 4, greeting=greeting)
        assert (events, said) == fetch(answers, 4, split_at_random, greeting=greeting)
        assert (
            events == []
            or len(events[-1]) == 1
            or isinstance(events[-1][1], (int, str))
            or (events[-1][0] == READY)
        )
        for event in events:
            if event[0] == OPEN and len(event) == 2 and isinstance(event[1], int):
                assert 0 < event[1] < 65536

"""Our WebSocket client and its echo tool against the `websockets` library, over real sockets."""

import contextlib
import itertools
import os
import socket
import subprocess
import threading
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from firmware.wire.url import authority
from firmware.wire.websocket import BINARY, CLOSED, OPEN, PONG, REFUSED, REPLY, TEXT, Client
from tests.conftest import ROOT, interpreter
from tests.utf8_grammar import EDGES, verdict

WAIT_S = 10
TEXTS = ["", "Hello", "κόσμε €\U0001f50c", "x" * 125, "y" * 126, "z" * 65535, "ü" * 40000]


@contextmanager
def server(handler, **options):
    with serve(handler, "127.0.0.1", 0, **options) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield running.socket.getsockname()[1]
        finally:
            running.shutdown()
            thread.join(WAIT_S)


class Link:
    """The client on a socket; it reads in small pieces, so that frames are split anywhere."""

    def __init__(self, port, piece=97, **options):
        options.setdefault("limit", 200_000)
        host = authority(False, "127.0.0.1", port)
        self.client = Client(host, "/ocpp/CP1?a=b", os.urandom(16), entropy=os.urandom, **options)
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_S)
        self.piece = piece
        self.say(self.client.request())

    def say(self, data):
        self.socket.sendall(data)

    def hear(self):
        """The next event that is not a REPLY; those are written."""
        while True:
            event = self.client.next()
            if event is None:
                self.client.feed(self.socket.recv(self.piece))
            elif event[0] == REPLY:
                self.say(event[1])
            else:
                return event

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """As the firmware does: with bytes unread a close would be a reset."""
        self.socket.settimeout(WAIT_S)
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
            while self.socket.recv(4096):
                pass
        self.socket.close()


def echo(connection):
    for message in connection:
        connection.send(message)


def test_messages_of_every_length_come_back():
    with server(echo) as port, Link(port, piece=4096) as link:
        assert link.hear() == (OPEN, None)
        for text in TEXTS:
            link.say(link.client.text(text))
            assert link.hear() == (TEXT, text)
            link.say(link.client.binary(text.encode() + b"\xff"))
            assert link.hear() == (BINARY, text.encode() + b"\xff")
        link.say(link.client.close(1000, "done"))
        assert link.hear()[:2] == (CLOSED, 1000)


def test_fragments_of_the_server_become_one_message():
    def fragments(connection):
        connection.send(["κόσ", "", "με", "x" * 70000])
        connection.send([b"\x00", b"\xff" * 300, b""])

    with server(fragments) as port, Link(port) as link:
        assert link.hear() == (OPEN, None)
        assert link.hear() == (TEXT, "κόσμε" + "x" * 70000)
        assert link.hear() == (BINARY, b"\x00" + b"\xff" * 300)
        assert link.hear() == (CLOSED, 1000, "")


def test_pings_are_answered_both_ways():
    answered = []

    def pinging(connection):
        answered.append(connection.ping(b"\x00are you there\xff").wait(WAIT_S))
        connection.send("next")
        connection.recv(WAIT_S)

    with server(pinging) as port, Link(port) as link:
        assert link.hear() == (OPEN, None)
        assert link.hear() == (TEXT, "next")
        link.say(link.client.ping(b"and you"))
        assert link.hear() == (PONG, b"and you")
        link.say(link.client.text("bye"))
        assert link.hear() == (CLOSED, 1000, "")
    assert answered == [True]


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 3000, 4999])
def test_close_codes_of_the_server_are_told_and_echoed(code):
    seen = []

    def closing(connection):
        connection.close(code, "because €")
        seen.append((connection.close_code, connection.protocol.close_rcvd.code))

    with server(closing) as port, Link(port) as link:
        assert link.hear() == (OPEN, None)
        assert link.hear() == (CLOSED, code, "because €")
    assert seen == [(code, code)]


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_our_close_is_understood(code):
    seen = []

    def listening(connection):
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(WAIT_S)
        seen.append((caught.value.rcvd.code, caught.value.rcvd.reason))

    with server(listening) as port, Link(port) as link:
        assert link.hear() == (OPEN, None)
        link.say(link.client.close(code, "going €"))
        assert link.hear()[:2] == (CLOSED, code)
    assert seen == [(code, "going €")]


def test_a_message_too_big_for_us_is_answered_with_1009():
    seen = []

    def big(connection):
        with pytest.raises(ConnectionClosed) as caught:
            connection.send(["x" * 600, "y" * 401])
            connection.recv(WAIT_S)
        seen.append(caught.value.rcvd.code)

    with server(big) as port, Link(port, limit=1000) as link:
        assert link.hear() == (OPEN, None)
        assert link.hear()[:2] == (CLOSED, 1009)
    assert seen == [1009]


def test_a_message_too_big_for_the_server_is_told():
    with server(echo, max_size=1000) as port, Link(port) as link:
        assert link.hear() == (OPEN, None)
        link.say(link.client.text("x" * 1001))
        assert link.hear()[:2] == (CLOSED, 1009)


def test_the_server_chooses_a_subprotocol_of_ours():
    with server(echo, subprotocols=["ocpp1.6"]) as port:
        with Link(port, protocols=("ocpp2.0.1", "ocpp1.6")) as link:
            assert link.hear() == (OPEN, "ocpp1.6")


def test_a_server_that_speaks_no_protocol_of_ours_refuses():
    with server(echo, subprotocols=["ocpp2.0.1"]) as port:
        with Link(port, protocols=("ocpp1.6",)) as link:
            assert link.hear()[:2] == (REFUSED, 400)


def test_a_subprotocol_nobody_offered_is_refused_by_us():
    with server(echo, select_subprotocol=lambda *_: "soap") as port:
        with Link(port, protocols=("ocpp1.6",)) as link:
            assert link.hear() == (REFUSED, 101, "subprotocol not offered")


def test_the_request_as_the_server_reads_it_and_its_refusal():
    seen = []

    def guard(connection, request):
        seen.append((request.path, request.headers["Authorization"], request.headers["X-Serial"]))
        return connection.respond(HTTPStatus.UNAUTHORIZED, "who are you?")

    with server(echo, process_request=guard) as port:
        with Link(port, authorization="Basic Q1AxOnB3", headers=(("X-Serial", "7"),)) as link:
            assert link.hear() == (REFUSED, 401, "Unauthorized")
    assert seen == [("/ocpp/CP1?a=b", "Basic Q1AxOnB3", "7")]


def test_a_dead_server_is_1006():
    with server(lambda connection: connection.socket.shutdown(socket.SHUT_RDWR)) as port:
        with Link(port) as link:
            assert link.hear() == (OPEN, None)
            assert link.hear()[:2] == (CLOSED, 1006)


def wsecho(port, *options):
    command = [interpreter(), "-X", "heapsize=4M", str(ROOT / "tools/wsecho.py"), *options]
    command.insert(4, f"ws://127.0.0.1:{port}")
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_the_echo_tool_in_micropython_returns_what_it_is_told():
    heard = []

    def asking(connection):
        for text in TEXTS:
            for message in (text, text.encode() + b"\xff", [text, "", "|" + text]):
                connection.send(message)
                heard.append(connection.recv(WAIT_S))
        assert connection.ping(b"?").wait(WAIT_S)
        connection.close(3001, "thanks")

    with server(asking, max_size=None) as port:
        output, _ = wsecho(port).communicate(timeout=60)
    said = [(text, text.encode() + b"\xff", f"{text}|{text}") for text in TEXTS]
    assert heard == [message for messages in said for message in messages]
    assert output.splitlines()[-1] == "3001 thanks"


def test_the_echo_tool_runs_the_cases_of_a_fuzzing_server():
    """The protocol of Autobahn's fuzzingserver, with two cases."""
    asked = []

    def fuzzing(connection):
        path = connection.request.path
        asked.append(path)
        if path == "/getCaseCount":
            connection.send("2")
        elif path.startswith("/runCase?"):
            connection.send(path)
            assert connection.recv(WAIT_S) == path
            asked.append("echoed")

    with server(fuzzing) as port:
        output, _ = wsecho(port, "--agent", "our agent").communicate(timeout=60)
    assert asked == [
        "/getCaseCount",
        "/runCase?case=1&agent=our%20agent",
        "echoed",
        "/runCase?case=2&agent=our%20agent",
        "echoed",
        "/updateReports?agent=our%20agent",
    ], output


def decodes(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_the_grammar_of_the_utf8_tests_is_that_of_cpython():
    """The unit tests compare with tests/utf8_grammar.py, because MicroPython's decoder is lax."""
    seconds = (b"\x80", b"\x90", b"\xa0")
    ways_on = [second + b"\x80" * more for second in seconds for more in range(3)]
    pairs = itertools.product(range(256), repeat=2)
    for some in itertools.chain(pairs, itertools.product(EDGES, repeat=3)):
        data = bytes(some)
        expected = True if decodes(data) else None
        if not expected and any(decodes(data + rest) for rest in ways_on):
            expected = False
        assert verdict(data) is expected, data
    for some in itertools.product(EDGES, repeat=4):
        data = bytes(some)
        assert (verdict(data) is True) == decodes(data), data

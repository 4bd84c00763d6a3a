"""A server that means harm: it stands where the backend stood and does one bad thing to whoever
comes.

Promise: a real socket, bytes as they are; close() leaves nothing. Boundary: knows HTTP and
WebSocket enough to be let in, nothing of OCPP.
"""

import base64
import hashlib
import socket
import threading
import time

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Hostile:
    """`harm(sock)`: what is done to each connection, in a thread of its own, until `over`."""

    def __init__(self, port, harm):
        self.met = 0  # connections
        self.codes = []  # of the close frames that were read, where a harm reads them
        self.over = threading.Event()
        self._harm = harm
        self._threads = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(0.05)
        self._start(self._accept)

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.over.is_set():
            try:
                sock, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.met += 1
            self._start(self._meet, sock)

    def _meet(self, sock):
        with sock:
            sock.settimeout(0.05)
            try:
                self._harm(self, sock)
            except OSError:
                return  # it has had enough of us: that is what it should do

    def close(self):
        self.over.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()


def send(server, sock, data):
    """All of it, unless the other side does not read or it is over."""
    view = memoryview(data)
    while view and not server.over.is_set():
        try:
            view = view[sock.send(view) :]
        except TimeoutError:
            continue


def request(server, sock):
    """The head of its request."""
    data = b""
    while b"\r\n\r\n" not in data and not server.over.is_set():
        try:
            piece = sock.recv(4096)
        except TimeoutError:
            continue
        if not piece:
            raise OSError("it went")
        data += piece
    return data


def let_in(server, sock, more=b""):
    """The handshake, as it should be but for the fields `more`."""
    head = request(server, sock)
    key = head.lower().split(b"sec-websocket-key:")[1].split(b"\r\n")[0].strip()
    at = head.lower().index(b"sec-websocket-key:") + len(b"sec-websocket-key:")
    key = head[at:].split(b"\r\n")[0].strip()
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    lines = [
        b"HTTP/1.1 101 Switching Protocols",
        b"Upgrade: websocket",
        b"Connection: Upgrade",
        b"Sec-WebSocket-Protocol: ocpp1.6",
        b"Sec-WebSocket-Accept: " + accept,
    ]
    send(server, sock, b"\r\n".join(lines) + b"\r\n" + more + b"\r\n")


# --- harm -----------------------------------------------------------------------------------


def slow_loris(server, sock):
    """A handshake that drips for ever."""
    request(server, sock)
    for byte in b"HTTP/1.1 101 Switching Protocols\r\nX-Slow: " + b"x" * 100000:
        if server.over.wait(0.02):
            return
        send(server, sock, bytes([byte]))


def endless_headers(server, sock):
    request(server, sock)
    send(server, sock, b"HTTP/1.1 101 Switching Protocols\r\n")
    while not server.over.is_set():
        send(server, sock, b"X-More: " + b"y" * 200 + b"\r\n")


def frame_of_16_mib(server, sock):
    """It is announced, and some of it is sent."""
    let_in(server, sock)
    send(server, sock, b"\x81\x7f" + (16 << 20).to_bytes(8, "big"))
    while not server.over.is_set():
        send(server, sock, b"z" * 4096)


def too_big_and_more(server, sock):
    """A message above any limit, more behind it, and then it reads what it is told."""
    let_in(server, sock)
    send(server, sock, b"\x81\x7f" + (70000).to_bytes(8, "big") + b"z" * 70000)
    send(server, sock, b"\x81\x02[]" * 100)
    server.codes.append(close_code(server, sock))


def close_code(server, sock):
    """Of the first close frame that comes; None: the connection ended without one."""
    data = b""
    while not server.over.is_set():
        try:
            piece = sock.recv(4096)
        except TimeoutError:
            continue
        except ConnectionError:
            return None
        if not piece:
            return None
        data += piece
        while len(data) >= 2 and len(data) >= 6 + (data[1] & 127):
            size = data[1] & 127  # all a client says here is short, and masked
            mask, body = data[2:6], data[6 : 6 + size]
            if data[0] & 15 == 8:
                return int.from_bytes(bytes([body[0] ^ mask[0], body[1] ^ mask[1]]), "big")
            data = data[6 + size :]
    return None


def deflate(server, sock):
    """An extension nobody offered, and a frame that uses it (RSV1)."""
    let_in(server, sock, b"Sec-WebSocket-Extensions: permessage-deflate\r\n")
    send(server, sock, b"\xc1\x05hello")
    _linger(server)


def deflated_frame(server, sock):
    let_in(server, sock)
    send(server, sock, b"\xc1\x05hello")
    _linger(server)


def ping_flood(server, sock):
    """Pings, and never a byte is read of the answers."""
    let_in(server, sock)
    while not server.over.is_set():
        send(server, sock, (b"\x89\x7d" + bytes(125)) * 8)
        time.sleep(0.002)


def masked_frame(server, sock):
    """RFC 6455 section 5.1: a server must not mask."""
    let_in(server, sock)
    send(server, sock, b"\x81\x82\0\0\0\0[]")
    _linger(server)


def _linger(server):
    server.over.wait(30)

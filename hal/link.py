"""TCP and TLS of every port, straight to the peer or through a bench's proxy.

A bench can pull the cable at its proxy: one line `CONNECT host port`, answered by `OK` or
`ERR text`; after that the bytes are the peer's, TLS included. Never blocks the event loop, but
for a name that must be looked up (lwIP and libc know no other way).
Boundary: bytes; what they mean is not known here, nor how the network under it came up.
"""

import asyncio
import errno
import socket

_ANSWER_LIMIT = 200
_BEAT_MS = 5  # of a handshake
_MSG_PEEK = 2
# TLS records (RFC 8446 5.1)
_ALERT = 21
_HANDSHAKE = 22

# The suites of the security whitepaper (A00.FR.318), the same with forward secrecy for a server
# with an RSA certificate, and those of TLS 1.3 with the same ciphers. No CBC, no SHA-1, no PSK.
SUITES = (
    "TLS1-3-AES-128-GCM-SHA256",
    "TLS1-3-AES-256-GCM-SHA384",
    "TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256",
    "TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384",
    "TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256",
    "TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384",
    "TLS-RSA-WITH-AES-128-GCM-SHA256",
    "TLS-RSA-WITH-AES-256-GCM-SHA384",
)


class Link:
    """An open connection. `socks`: TLS and what it goes over, or TCP alone. TLS shakes hands in
    the first write; reads wait for that."""

    def __init__(self, stream, *socks):
        self._stream = stream
        self._socks = socks
        self._shaking = len(socks) > 1
        self._hello = False  # the server has begun its part
        self.session = None  # (suite, version) of TLS
        # How the server broke the handshake off, in the clear: (after its hello, RFC 8446 alert)
        self.alert = None

    async def read(self, n):
        """Up to n bytes, b"" at the end."""
        while self._shaking:
            await asyncio.sleep_ms(_BEAT_MS)
        return await self._stream.read(n)

    async def write(self, data):
        """Returns when the bytes are with the network."""
        if self._shaking:
            data = await self._shake(data)
        if data:
            self._stream.write(data)
            await self._stream.drain()

    async def _shake(self, data):
        """The handshake, driven by what is to be written first; what is left of that."""
        tls = self._socks[0]
        while True:
            self._peek()
            size = tls.write(data)
            if size:
                break
            await asyncio.sleep_ms(_BEAT_MS)
        self.session = tls.cipher()
        self._shaking = False
        return data[size:]

    def _peek(self):
        """Mbed TLS tells of an alert, but not which."""
        try:
            head = self._socks[1].recv(7, _MSG_PEEK)
        except OSError:
            return  # nothing there; or broken, which the handshake is about to say
        except TypeError:
            return  # MicroPython's lwIP (1.25) cannot look without taking: no alert is known there
        if head and head[0] == _HANDSHAKE:
            self._hello = True
        elif len(head) == 7 and head[0] == _ALERT and head[3:5] == b"\x00\x02":
            self.alert = self._hello, head[6]

    def close(self):
        # A failed handshake has let go of the socket under it: each is closed by itself.
        for sock in self._socks:
            sock.close()


class Context:
    """A client's: every server is verified. `root`: what the last one was verified by (DER)."""

    def __init__(self, context):
        self._context = context
        self._depth = -1
        self.root = None
        context.verify_callback = self._verified

    def wrap_socket(self, sock, **how):
        self._depth = -1
        return self._context.wrap_socket(sock, **how)

    def _verified(self, certificate, depth):
        """Called from the root down. What Mbed TLS has found wrong stays wrong."""
        if depth > self._depth:
            self._depth = depth
            self.root = bytes(certificate)
        return 0


async def connect(host, port, tls_context, server_hostname, proxy=None):
    """A Link: TCP to host:port, with TLS over it when a context is given. `proxy`: (host, port)
    of a bench."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        stream = await _open(sock, proxy or (host, port))
        if proxy:
            await _through(stream, host, port)
        if tls_context is None:
            return Link(stream, sock)
        tls = tls_context.wrap_socket(sock, server_hostname=server_hostname or host,
                                      do_handshake_on_connect=False)
        tls.setblocking(False)
        return Link(asyncio.StreamWriter(tls), tls, sock)
    except BaseException:
        # Also when a time-out cancels us: a socket left open would be a connection nobody reads.
        sock.close()
        raise


async def _open(sock, address):
    sock.setblocking(False)
    try:
        sock.connect(socket.getaddrinfo(address[0], address[1])[0][-1])
    except OSError as err:
        if err.errno != errno.EINPROGRESS:
            raise
    # What has not connected shows in the first write: lwIP's as ENOTCONN, libc's as its own.
    return asyncio.StreamWriter(sock)


async def _through(stream, host, port):
    stream.write(("CONNECT %s %d\n" % (host, port)).encode())
    await stream.drain()
    answer = b""
    # Byte by byte: what follows the line belongs to the peer.
    while not answer.endswith(b"\n"):
        byte = await stream.read(1)
        if not byte or len(answer) > _ANSWER_LIMIT:
            raise OSError(errno.ECONNRESET)
        answer += byte
    if answer != b"OK\n":
        raise OSError(errno.ECONNREFUSED, answer[4:].decode().strip())


def tls(files):
    """A client context that trusts only "ca" of `files`, with our own "cert" and "key" if there.

    Each is PEM or DER, a path or the bytes; "ca" may be a list of such. Without a CA nothing is
    trusted and every handshake fails: no open door.
    """
    import tls as mbedtls

    context = mbedtls.SSLContext(mbedtls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = mbedtls.CERT_REQUIRED  # type: ignore[attr-defined]
    try:
        context.set_ciphers(SUITES)
    except OSError:
        # A chip's Mbed TLS ends at TLS 1.2, and refuses the list for one name it does not know.
        context.set_ciphers([name for name in SUITES if not name.startswith("TLS1-3")])
    roots = files.get("ca") or ()
    for root in roots if isinstance(roots, (list, tuple)) else (roots,):
        context.load_verify_locations(_bytes(root))
    if files.get("cert"):
        context.load_cert_chain(_bytes(files["cert"]), _bytes(files["key"]))
    return Context(context)


def _bytes(source):
    if isinstance(source, bytes):
        return source
    with open(source, "rb") as file:
        return file.read()

"""TCP and TLS through the bench's proxy: the only way out of this port, so that the bench can
pull the cable.

One line `CONNECT host port`, answered by `OK` or `ERR text`; after that the bytes are the
peer's, TLS included. Never blocks the event loop.
Boundary: bytes; what they mean is not known here.
"""

import asyncio
import errno
import socket

_ANSWER_LIMIT = 200


class Link:
    """An open connection. `socks`: TLS and what it goes over, or TCP alone."""

    def __init__(self, stream, *socks):
        self._stream = stream
        self._socks = socks

    async def read(self, n):
        """Up to n bytes, b"" at the end."""
        return await self._stream.read(n)

    async def write(self, data):
        """Returns when the bytes are with the network."""
        self._stream.write(data)
        await self._stream.drain()

    def close(self):
        # A failed handshake has let go of the socket under it: each is closed by itself.
        for sock in self._socks:
            sock.close()


async def connect(proxy, host, port, tls_context, server_hostname):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        return await _connect(sock, proxy, host, port, tls_context, server_hostname)
    except BaseException:
        # Also when a time-out cancels us: a socket left open would be a connection nobody reads.
        sock.close()
        raise


async def _connect(sock, proxy, host, port, tls_context, server_hostname):
    sock.setblocking(False)
    try:
        sock.connect(socket.getaddrinfo(proxy[0], proxy[1])[0][-1])
    except OSError as err:
        if err.errno != errno.EINPROGRESS:
            raise
    stream = asyncio.StreamWriter(sock)
    stream.write(("CONNECT %s %d\n" % (host, port)).encode())
    await stream.drain()
    answer = b""
    # Byte by byte: what follows the line belongs to the peer.
    while not answer.endswith(b"\n"):
        byte = await stream.read(1)  # type: ignore[attr-defined]
        if not byte or len(answer) > _ANSWER_LIMIT:
            raise OSError(errno.ECONNRESET)
        answer += byte
    if answer != b"OK\n":
        raise OSError(errno.ECONNREFUSED, answer[4:].decode().strip())
    if tls_context is None:
        return Link(stream, sock)
    tls = tls_context.wrap_socket(sock, server_hostname=server_hostname or host,
                                  do_handshake_on_connect=False)
    tls.setblocking(False)
    return Link(asyncio.StreamWriter(tls), tls, sock)


def tls(files):
    """A client context that trusts only `files`["ca"], with our own "cert" and "key" if named.

    PEM or DER files. Without a CA nothing is trusted and every handshake fails: no open door.
    """
    import tls as mbedtls

    context = mbedtls.SSLContext(mbedtls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = mbedtls.CERT_REQUIRED  # type: ignore[attr-defined]
    if files.get("ca"):
        context.load_verify_locations(_bytes(files["ca"]))
    if files.get("cert"):
        context.load_cert_chain(_bytes(files["cert"]), _bytes(files["key"]))
    return context


def _bytes(path):
    with open(path, "rb") as file:
        return file.read()

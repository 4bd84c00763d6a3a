"""Who knocks at the server: identity, login, encryption.

Promise: what is read from a request or a socket is told as it is, judged by csms_server.py; a TLS
handshake that is turned down says why. Boundary: one connection at a time.
"""

import asyncio
import asyncio.sslproto
import base64
import time
import urllib.parse


class Saying(asyncio.sslproto.SSLProtocol):
    """asyncio's TLS, with the alert it keeps to itself: a server that turns a handshake down says
    why (RFC 8446 6.2), as those of other people do."""

    def _on_handshake_complete(self, handshake_exc):
        if handshake_exc is not None:
            self._process_outgoing()  # type: ignore[attr-defined]
        super()._on_handshake_complete(handshake_exc)


asyncio.sslproto.SSLProtocol = Saying  # type: ignore[misc]


def basic_login(header):
    """(user, password) of an Authorization header; (None, None) when it is not the Basic
    scheme."""
    word, _, text = header.partition(" ")
    try:
        data = base64.b64decode(text, validate=True) if word == "Basic" else b""
    except ValueError:
        data = b""
    user, colon, password = data.partition(b":")
    return (user.decode("utf-8", "replace"), password) if colon else (None, None)


def named(path):
    """The charge point's identity in the path of its URL."""
    return urllib.parse.unquote(path.rpartition("/")[2])


def encryption(socket):
    """(version, suite, certificate of the client) of a link, None without TLS."""
    layer = socket.transport.get_extra_info("ssl_object")
    return layer and (layer.version(), layer.cipher()[0], layer.getpeercert())


def arrival(socket):
    """What is known of a link when it opens."""
    request = socket.request
    return {
        "path": request.path,
        "cpid": named(request.path),
        "port": socket.local_address[1],
        "tls": encryption(socket),
        "subprotocol": socket.subprotocol,
        "closed": None,
        "authorization": request.headers.get("Authorization"),
        "at": time.monotonic(),
    }

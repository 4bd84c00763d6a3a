"""RFC 6455 §4: the opening request as bytes; does the server's answer accept it? No state."""

import binascii
import hashlib

from firmware.wire import ProtocolError, head

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # §1.3


def request(
    host: str, path: str, key: bytes, protocols=(), authorization=None, headers=()
) -> bytes:
    """§4.1. `host`: with the port if not the default. `key`: 16 bytes. `headers`: pairs."""
    if len(key) != 16:
        raise ValueError("key must be 16 bytes")
    lines = [
        "GET %s HTTP/1.1" % path,
        "Host: " + host,
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: " + str(_base64(key), "utf-8"),
        "Sec-WebSocket-Version: 13",
    ]
    if protocols:
        lines.append("Sec-WebSocket-Protocol: " + ", ".join(protocols))
    if authorization:
        lines.append("Authorization: " + authorization)
    if not path.startswith("/") or " " in path:
        raise ValueError("bad path")
    return head.request(lines, headers)


def verify(status: int, reason: str, fields: dict, key: bytes, protocols=()) -> "str | None":
    """§4.1: the subprotocol chosen, or None; ProtocolError(status, reason) if refused."""
    if status != 101:
        if 300 <= status < 400:
            # Not followed, but where it points helps the operator.
            reason = fields.get("location", reason)
        raise ProtocolError(status, reason)
    protocol = fields.get("sec-websocket-protocol")
    connection = [token.strip() for token in fields.get("connection", "").lower().split(",")]
    wrong = None
    if fields.get("upgrade", "").lower() != "websocket":
        wrong = "no upgrade to websocket"
    elif "upgrade" not in connection:
        wrong = "no connection upgrade"
    elif fields.get("sec-websocket-accept") != accept(key):
        wrong = "Sec-WebSocket-Accept does not match"
    elif fields.get("sec-websocket-extensions"):
        wrong = "extension not offered"
    elif protocol is not None and protocol not in protocols:
        wrong = "subprotocol not offered"
    if wrong:
        raise ProtocolError(status, wrong)
    return protocol


def accept(key: bytes) -> str:
    """§4.2.2: proof that a WebSocket server has read our key, not a cache or a form handler."""
    return str(_base64(hashlib.sha1(_base64(key) + _GUID).digest()), "utf-8")


def _base64(raw: bytes) -> bytes:
    return binascii.b2a_base64(raw).strip()

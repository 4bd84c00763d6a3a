"""HTTP Basic authentication (RFC 7617); the key of a charge point as password (OCPP-J 6.2).

Text in, text out. The password is bytes, as it goes over the wire.
"""

from binascii import b2a_base64, unhexlify

from micropython import const

_HEX_DIGITS = const(32)  # 16 bytes, the shortest key the security whitepaper allows


def secret(key: str) -> bytes:
    """The bytes of a provisioned key: hex when it looks like hex, else the characters."""
    if len(key) >= _HEX_DIGITS:
        try:
            data = unhexlify(key)
            if len(data) * 2 == len(key):  # MicroPython's passes over white space
                return data
        except ValueError:
            pass  # 32 characters that are no hex are a pass phrase
    return key.encode()


def authorization(user: str, key: bytes) -> "str | None":
    """The value of the Authorization header; None without a key."""
    if not key:
        return None
    return "Basic " + b2a_base64(user.encode() + b":" + key).decode().strip()

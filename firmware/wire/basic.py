"""HTTP Basic authentication (RFC 7617); the key of a charge point as password (OCPP-J 6.2).

Text in, text out.
"""

from binascii import b2a_base64, unhexlify

from micropython import const

_HEX_DIGITS = const(32)  # 16 bytes, the shortest key the security whitepaper allows


def secret(key: str) -> bytes:
    """The bytes of an AuthorizationKey: hex when it looks like hex, else the characters."""
    if len(key) >= _HEX_DIGITS and len(key) % 2 == 0:
        try:
            return unhexlify(key)
        except ValueError:
            pass  # 32 characters that are no hex are a pass phrase
    return key.encode()


def authorization(user: str, key: str) -> "str | None":
    """The value of the Authorization header; None without a key."""
    if not key:
        return None
    return "Basic " + b2a_base64(user.encode() + b":" + secret(key)).decode().strip()

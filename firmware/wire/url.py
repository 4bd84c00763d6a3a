"""URLs of servers (RFC 3986, RFC 6455 §3): text in, parts out. Nothing is looked up."""

from micropython import const

# RFC 3986 §2.3
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_PLAIN_PORT = const(80)
_SECURE_PORT = const(443)


def parse(url: str, plain: str = "ws", secure: str = "wss") -> tuple:
    """(secure, host, port, path with query); ValueError. Give "http", "https" for those."""
    if not all([33 <= ord(character) <= 126 for character in url]):
        raise ValueError("URL has characters that must be percent-encoded")
    if "#" in url:
        raise ValueError("URL has a fragment")  # RFC 6455 §3: MUST NOT
    scheme, _, rest = url.partition("://")
    if scheme.lower() not in (plain, secure):
        raise ValueError("URL must begin with %s:// or %s://" % (plain, secure))
    end = len(rest)
    for mark in ("/", "?"):
        if mark in rest:
            end = min(end, rest.find(mark))
    path = rest[end:]
    encrypted = scheme.lower() == secure
    if "@" in rest[:end]:
        raise ValueError("URL has a user name; the password is a setting of its own")
    host, port = split(rest[:end])
    if port is None:
        port = _SECURE_PORT if encrypted else _PLAIN_PORT
    return encrypted, host, port, path if path.startswith("/") else "/" + path


def split(authority: str) -> tuple:
    """(host, port or None); ValueError. Without user information."""
    if authority.startswith("["):  # RFC 3986 §3.2.2: an IPv6 address
        host, bracket, port = authority[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise ValueError("bad IPv6 address in URL")
        port = port[1:]
    else:
        host, _, port = authority.partition(":")
    if not host:
        raise ValueError("URL has no host")
    if not port:
        return host, None
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("bad port in URL")
    return host, int(port)


def authority(secure: bool, host: str, port: int) -> str:
    """What the Host header says: the port only when it is not the default (RFC 6455 §4.1)."""
    if ":" in host:
        host = "[%s]" % host
    return host if port == (_SECURE_PORT if secure else _PLAIN_PORT) else "%s:%d" % (host, port)


def percent_encode(text: str) -> str:
    """One path segment, such as a charge point identity (OCPP-J 1.6 §3.1.1)."""
    data = text.encode()
    return "".join([chr(byte) if byte in _UNRESERVED else "%%%02X" % byte for byte in data])

"""Where a file is: http, https and ftp URLs apart, with user information (RFC 3986, RFC 1738 §3.2)
and relative to one another. Text in, parts out; nothing is looked up.

The texts of the ValueErrors never repeat the URL: it may hold a password.
"""

from binascii import b2a_base64

from micropython import const

from firmware.wire import url

_PORTS = {"http": 80, "https": 443, "ftp": 21}
_HEX = "0123456789abcdefABCDEF"
_LONGEST = const(2048)  # of a redirect too; OCPP 1.6 sets no bound


class Location:
    """`target` is still percent-encoded, `user` and `password` are decoded; user "": none."""

    def __init__(self, text: str):
        if len(text) > _LONGEST:
            raise ValueError("URL is too long")
        if not all([33 <= ord(character) <= 126 for character in text]):
            raise ValueError("URL has characters that must be percent-encoded")
        # A fragment is for whom gets the file, never for the server (RFC 9110 §7.1).
        text = text.partition("#")[0]
        scheme, mark, rest = text.partition("://")
        self.scheme = scheme.lower()
        if not mark or self.scheme not in _PORTS:
            raise ValueError("URL must begin with http://, https:// or ftp://")
        end = _first_of("/?", rest)
        user, _, place = rest[:end].rpartition("@")
        user, _, password = user.partition(":")
        self.user = decode(user)
        self.password = decode(password)
        self.host, port = url.split(place)
        self.port = _PORTS[self.scheme] if port is None else port
        target = rest[end:]
        self.target = target if target.startswith("/") else "/" + target

    def secure(self) -> bool:
        return self.scheme == "https"

    def authority(self) -> str:
        """What the Host header says (RFC 9110 §7.2)."""
        return url.authority(self.secure(), self.host, self.port)

    def basic(self) -> "str | None":
        """RFC 7617 §2: the Authorization of the user in the URL; None without one."""
        if not self.user:
            return None
        pair = (self.user + ":" + self.password).encode()
        return "Basic " + b2a_base64(pair).decode().strip()

    def file(self) -> str:
        """The path as an FTP server wants it (RFC 1738 §3.2.2): relative to the directory after
        the login; one that begins with //, or /%2F, is absolute.
        """
        path = self.target[1:]
        cut = path.rfind(";type=")
        return decode(path if cut < 0 or "/" in path[cut:] else path[:cut])

    def within(self, name: str) -> "Location":
        """The file `name` in this directory (OCPP 1.6 §6.19). One with a query says it all: it
        is signed as it stands. An empty name is this location itself.
        """
        if not name or ("?" in self.target and self.scheme != "ftp"):
            return self
        slash = "" if self.target.endswith("/") else "/"
        return self._moved(self.target + slash + url.percent_encode(name))

    def follow(self, reference: str) -> "Location":
        """RFC 3986 §5.2, for a redirect of HTTP. Credentials stay with the origin they are for:
        scheme, host and port (RFC 9110 §15.4).
        """
        reference = reference.partition("#")[0]
        if 0 <= reference.find(":") < _first_of("/?", reference):
            return self._checked(Location(reference))
        if reference.startswith("//"):
            return self._checked(Location(self.scheme + ":" + reference))
        path, _, query = self.target.partition("?")
        if reference.startswith("/"):
            path = reference
        elif reference.startswith("?"):
            path += reference
        elif reference:
            path = path[: path.rfind("/") + 1] + reference
        else:
            path = self.target
        path, mark, query = path.partition("?")
        return self._moved(_without_dots(path) + mark + query)

    def _moved(self, target: str) -> "Location":
        """Another file of the same server."""
        host = "[%s]" % self.host if ":" in self.host else self.host
        place = Location("%s://%s:%d%s" % (self.scheme, host, self.port, target))
        place.user = self.user
        place.password = self.password
        return place

    def _checked(self, other: "Location") -> "Location":
        if other.scheme == "ftp" or (self.secure() and not other.secure()):
            # Who can answer for a server by plain HTTP could send us anything.
            raise ValueError("redirect from %s to %s" % (self.scheme, other.scheme))
        same = (self.scheme, self.host.lower(), self.port)
        if not other.user and same == (other.scheme, other.host.lower(), other.port):
            other.user = self.user
            other.password = self.password
        return other


def decode(text: str) -> str:
    """RFC 3986 §2.1. What decodes to a control character would be a second command, a second
    header field, or the end of a name in C: refused, so that no builder need think of it.
    """
    data = bytearray()
    at = 0
    while at < len(text):
        code = ord(text[at])
        if code == 37:
            digits = text[at + 1 : at + 3]
            if len(digits) < 2 or digits[0] not in _HEX or digits[1] not in _HEX:
                raise ValueError("URL has a bad percent-encoding")
            code = int(digits, 16)
            at += 2
        if code < 32 or code == 127:
            raise ValueError("URL has an encoded control character")
        data.append(code)
        at += 1
    try:
        return bytes(data).decode()
    except UnicodeError:
        raise ValueError("URL is not UTF-8")


def _first_of(marks: str, text: str) -> int:
    """Where the first of them stands; the length without one."""
    end = len(text)
    for mark in marks:
        if mark in text[:end]:
            end = text.find(mark)
    return end


def _without_dots(path: str) -> str:
    """RFC 3986 §5.2.4"""
    kept: list = []
    segments = path.split("/")
    for segment in segments[1:]:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)

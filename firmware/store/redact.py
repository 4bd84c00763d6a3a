"""A frame as others may read it: without its secrets, of an idTag only the end.

Text in, text out. JSON that is not whole, too long or too deep is not guessed at: then only its
length is left. What is taken out and why: docs/diagnostics.md.
"""

import json

from micropython import const

_LONGEST = const(2048)  # bytes: a longer frame would hold up too long whoever logs it
_DEPTH = const(12)  # of OCPP's own messages: 7
_TAIL = const(4)  # characters of an idTag that stay
_TAG_LEAST = const(8)  # of a shorter one these would be most of it
_QUOTE = const(34)
_BACKSLASH = const(92)
_MASK = "***"
_WORDS = (
    "authorizationkey",
    "authkey",
    "apikey",
    "credential",
    "passphrase",
    "password",
    "passwd",
    "privatekey",
    "secret",
    "token",
)
# What alone tells nothing, so that a list of keys stays readable.
_NAMES = ("authorizationkey", "basicauthpassword", "password")
_NAMING = ("key", "name", "variable")  # members whose value says what the others are
_TAGS = ("idtag", "parentidtag")
# Without one of these there is nothing to take out, of whatever is cut off.
_WARY = (b"\\", b"key", b"pass", b"secret", b"token", b"credential")
_SIGNS = _WARY + (b"://", b"@", b"idtag", b"value", b"data")
_BLANK = b" \t\r\n"
_BRACKET = const(93)  # what closes an array
_BRACE = const(125)  # and an object
_NUMBER = b"+-.0123456789eE"


def redact(text: str) -> str:
    """`text`, a frame, without its secrets; "(n bytes)" where that cannot be told."""
    try:
        data = text.encode()
    except UnicodeError:
        return "(%d characters)" % len(text)
    if len(data) <= _LONGEST:
        folded = data.lower()
        if not _any(_SIGNS, folded):
            return text
        try:
            return _Frame(data, _any(_WARY, folded)).without()
        except (ValueError, IndexError):  # no JSON, or no longer
            pass
    return "(%d bytes)" % len(data)


def is_secret(name: str) -> bool:
    """May what is called so be told to nobody?"""
    return _any(_WORDS, _fold(name))


def _any(words: tuple, text) -> bool:
    for word in words:
        if word in text:
            return True
    return False


def without_login(text: str) -> str:
    """Of addresses in `text` neither user, password nor query: that may be a signature."""
    at = text.find("://")
    user = text.rfind("@")
    if at < 0 or 0 <= user < at:
        colon = text.find(":")
        return _MASK + text[user:] if 0 <= colon < user or 0 <= user < at else text
    query = text.find("?", at)
    if user > at:
        if 0 <= query < user:
            return text[: at + 3] + _MASK  # which of both begins where, nobody can tell
        text = text[: at + 3] + _MASK + text[user:]
        query = text.find("?", at)
    return text if query < 0 else text[: query + 1] + _MASK


def tail(id_tag: str) -> str:
    """Enough of an idTag to tell one's own card by, not enough to copy it."""
    return _MASK + (id_tag[-_TAIL:] if len(id_tag) >= _TAG_LEAST else "")


def _fold(name: str) -> str:
    for blank in "-_. ":
        name = name.replace(blank, "")
    return name.lower()


class _Value:
    """Begun at `start` behind so many cuts, as the member `name`. `members`: (start, end, names
    the secret) of each in an object; `secret`: one of them does."""

    def __init__(self, start: int, name: str, first: int, kind: bytes):
        self.start = start
        self.name = name
        self.first = first
        self.kind = kind
        self.closing = _BRACE if kind == b"{" else _BRACKET if kind == b"[" else None
        self.members = []
        self.secret = False

    def took(self, start: int, end: int, naming: bool):
        if self.closing == _BRACE:
            self.members.append((start, end, naming))
            self.secret = self.secret or naming


class _Frame:
    """JSON from front to back, once; ValueError or IndexError where it is none. `wary`: it may
    name a secret."""

    def __init__(self, data: bytes, wary: bool):
        self._data = data
        self._wary = wary
        self._cuts = []  # (start, end, text in its place)
        self._naming = False  # the value just read is the name of a secret

    def without(self) -> str:
        data = self._data
        end = self._blank(self._all(self._blank(0)))
        if end != len(data):
            raise ValueError("more than one value")
        parts = []
        at = 0
        for start, end, text in self._cuts:
            parts.append(data[at:start])
            parts.append(text.encode())
            at = end
        parts.append(data[at:])
        return b"".join(parts).decode()

    def _all(self, at: int) -> int:
        """One value with all that is in it. Returns its end. Nothing recurses: a chip's stack has
        room for some thirty calls."""
        name, around = "", []  # of the member that begins at `at`; what it is in, outermost first
        while True:
            value = _Value(at, name, len(self._cuts), self._data[at : at + 1])
            if value.closing is None:
                at = self._plain(value)
            elif len(around) == _DEPTH:
                raise ValueError("too deep")
            else:
                at = self._blank(at + 1)
                if self._data[at] != value.closing:
                    around.append(value)
                    at, name = self._next(value, at)
                    continue
                at += 1
                self._naming = False
            while True:
                self._ended(value, at)
                if not around:
                    return at
                inside, value = value, around[-1]
                value.took(inside.start, at, self._naming)
                at = self._blank(at)
                if self._data[at] != value.closing:
                    at, name = self._next(value, self._blank(self._expect(at, b",")))
                    break
                around.pop()
                at += 1
                if value.secret:
                    self._hide(value.first, value.members)
                # A level higher the value of a name in an object may stand beside it.
                self._naming = value.secret

    def _next(self, value, at: int) -> tuple:
        """(where the next value in this one begins, the name of its member)."""
        if value.closing == _BRACKET:
            return at, value.name
        end = self._end(self._expect(at, b'"') - 1)
        start = self._blank(self._expect(self._blank(end + 1), b":"))
        return start, self._read(at, end)

    def _plain(self, value) -> int:
        """A text, a number, true, false or null. Returns its end."""
        if value.kind == b'"':
            return self._text(value.start, value.name.lower())
        return self._literal(value.start)

    def _ended(self, value, end: int):
        # What a vendor's data says nobody here knows.
        folded = value.name.lower()
        tag = value.kind != b'"' and folded in _TAGS
        if folded == "data" or tag or self._secret(value.name):
            self._mask(value.first, value.start, end)

    def _blank(self, at: int) -> int:
        while at < len(self._data) and self._data[at] in _BLANK:
            at += 1
        return at

    def _secret(self, name: str) -> bool:
        return self._wary and is_secret(name)

    def _mask(self, first: int, start: int, end: int):
        del self._cuts[first:]
        self._cuts.append((start, end, '"' + _MASK + '"'))

    def _literal(self, at: int) -> int:
        data, start = self._data, at
        while at < len(data) and data[at] not in b",]} \t\r\n":
            at += 1
        word = data[start:at]
        if word not in (b"true", b"false", b"null"):
            if not word:
                raise ValueError("no value")
            for c in word:
                if c not in _NUMBER:
                    raise ValueError("no value")
        self._naming = False
        return at

    def _end(self, at: int) -> int:
        """Of the text that begins at `at`: its closing quote."""
        data, end = self._data, at
        while True:
            end = data.find(b'"', end + 1)
            if end < 0:
                raise ValueError("cut off")
            back = end
            while data[back - 1] == _BACKSLASH:
                back -= 1
            if not (end - back) & 1:
                return end

    def _read(self, at: int, end: int) -> str:
        raw = self._data[at + 1 : end]
        return json.loads(b'"' + raw + b'"') if b"\\" in raw else raw.decode()

    def _text(self, at: int, name: str) -> int:
        end = self._end(at)
        text = self._read(at, end)
        secret = self._secret(text)
        known = secret and _fold(text) in _NAMES
        self._naming = known or (secret and name in _NAMING)
        told = text
        if name in _TAGS:
            told = tail(text)
        elif secret and not known:
            told = _MASK
        elif "@" in text or "://" in text:
            told = without_login(text)
        if told != text:
            self._cuts.append((at, end + 1, json.dumps(told)))
        return end + 1

    def _hide(self, first: int, values: list):
        """All of an object but the name of the secret and what is only yes or no."""
        del self._cuts[first:]
        for start, end, naming in values:
            value = self._data[start:end]
            plain = naming and _fold(value.decode().strip('"')) in _NAMES
            if not plain and value not in (b"true", b"false"):
                self._cuts.append((start, end, '"' + _MASK + '"'))

    def _expect(self, at: int, sign: bytes) -> int:
        if self._data[at : at + 1] != sign:
            raise ValueError("no JSON")
        return at + 1

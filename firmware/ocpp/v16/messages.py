"""Holds an OCPP 1.6 payload against the field table; names the CALLERROR code and the field.

Structure, types, lengths, enumerations. Not the meaning: ranges of connectorId, which message
may come when, and so on belong to the handlers. Reads the payload, keeps and changes nothing.
"""

from firmware.ocpp.timestamp import parse_time
from firmware.ocpp.v16.fields import FIELDS

# JSON knows no width. 64 bits hold every counter in the field and every number the journal
# stores; a 4000-digit integer is an attack on the heap.
_INTEGER_LIMIT = 1 << 63


def row(name: str) -> "list[str] | None":
    """The words of one line of the table, None when there is no such line."""
    start = FIELDS.find("\n" + name + ":")
    if start < 0:
        return None
    start += len(name) + 2
    return FIELDS[start : FIELDS.index("\n", start)].split()


def split_field(word: str) -> "tuple[str, bool, str]":
    """("name", required, "type") of one field word of the table."""
    i = word.find("=")
    required = i > 0
    if not required:
        i = word.index("?")
    return word[:i], required, word[i + 1 :]


def check_request(action: str, payload: dict, strict: bool = True) -> "tuple[str, str] | None":
    """None, or (CALLERROR code, "path: reason")."""
    return _check(action, "", payload, strict)


def check_response(action: str, payload: dict, strict: bool = False) -> "tuple[str, str] | None":
    """As check_request, but forgiving: what an answer says too much or too loosely is ignored.

    Refusing an answer helps nobody: the peer has acted already. So unless strict, unknown
    properties are ignored, null is an absent optional field (common serialisers write it),
    300.0 is an integer (the first schemas said number, J errata 2.4 and 2.5), and any
    character is allowed in a CiString.
    """
    return _check(action, ".conf", payload, strict)


def _check(action: str, suffix: str, payload: object, strict: bool) -> "tuple[str, str] | None":
    name = action + suffix
    # Letters only, or a peer could name a response, a class, or a whole piece of the table.
    if not action.isalpha() or row(name) is None:
        return "NotImplemented", action + ": unknown action"
    bad = _Check(strict).members(name, payload)
    if bad is None:
        return None
    code, text = bad
    return code, text[1:] if text[0] == "." else "payload" + text


def _type(expected: str) -> "tuple[str, str]":
    return "TypeConstraintViolation", ": not " + expected


def _property(reason: str) -> "tuple[str, str]":
    return "PropertyConstraintViolation", ": " + reason


class _Check:
    """One check. Errors travel up as (code, text); each level puts its name before the text,
    so that a good payload never pays for building a path."""

    def __init__(self, strict: bool):
        self.strict = strict
        self.rows = {}  # parsed lines: a local list names the same class a hundred times

    def fields(self, name: str) -> "list[tuple[str, bool, str]]":
        fields = self.rows.get(name)
        if fields is None:
            fields = self.rows[name] = [split_field(word) for word in row(name)]
        return fields

    def members(self, name: str, value: object) -> "tuple[str, str] | None":
        if not isinstance(value, dict):
            return _type("an object")
        known = 0
        for field, required, kind in self.fields(name):
            if field not in value:
                if required:
                    return "OccurenceConstraintViolation", "." + field + ": missing"
                continue
            known += 1
            item = value[field]
            if item is None and not required and not self.strict:
                continue
            bad = self.members(kind, item) if kind[0] == "@" else self.value(kind, item)
            if bad:
                return bad[0], "." + field + bad[1]
        if self.strict and known != len(value):
            return self.unknown(name, value)
        return None

    def unknown(self, name: str, value: dict) -> "tuple[str, str]":
        # J erratum 3.2: extra fields are not allowed, in inner objects neither.
        known = [field for field, _, _ in self.fields(name)]
        extra = [str(key) for key in value if key not in known]
        return "FormationViolation", "." + min(extra) + ": unknown property"

    def value(self, kind: str, value: object) -> "tuple[str, str] | None":
        """Of any type but a class."""
        letter = kind[0]
        if letter in "*+":
            return self.array(kind, value)
        if letter == "i":
            return self.integer(value)
        if letter == "n":
            return _decimal(value)
        if letter == "b":
            return None if isinstance(value, bool) else _type("a boolean")
        if not isinstance(value, str):
            return _type("a string")
        return self.string(kind, value)

    def array(self, kind: str, value: object) -> "tuple[str, str] | None":
        if not isinstance(value, list):
            return _type("an array")
        if not value and kind[0] == "+":
            return "OccurenceConstraintViolation", ": empty"
        kind = kind[1:]
        for i in range(len(value)):
            item = value[i]
            bad = self.members(kind, item) if kind[0] == "@" else self.value(kind, item)
            if bad:
                return bad[0], "[" + str(i) + "]" + bad[1]
        return None

    def integer(self, value: object) -> "tuple[str, str] | None":
        if isinstance(value, float) and not self.strict and value % 1 == 0:
            return None
        # CPython counts a bool as an int, MicroPython does not.
        if isinstance(value, bool) or not isinstance(value, int):
            return _type("an integer")
        if not -_INTEGER_LIMIT <= value < _INTEGER_LIMIT:
            return _property("beyond 64 bits")
        return None

    def string(self, kind: str, value: str) -> "tuple[str, str] | None":
        letter = kind[0]
        if letter == "#":
            return None if value in self.words(kind) else _property("not one of " + kind[1:])
        if letter == "t":
            return _time(value)
        if letter == "u":
            return _uri(value)
        if letter in "cx":
            if len(value) > int(kind[1:]):
                return _property("longer than " + kind[1:])
            # OCPP 1.6 §2.2: CiString, "only printable ASCII allowed". An idTag that could not
            # be spoken again would block the StartTransaction that carries it.
            if letter == "c" and self.strict and not _printable(value, " "):
                return _property("not printable ASCII")
        return None

    def words(self, kind: str) -> "list[str]":
        words = self.rows.get(kind)
        if words is None:
            words = self.rows[kind] = row(kind)
        return words


def _printable(text: str, lowest: str) -> bool:
    for c in text:
        if not lowest <= c <= "~":
            return False
    return True


def _decimal(value: object) -> "tuple[str, str] | None":
    """OCPP 1.6 §7.13, §7.14: a number, "at most one digit fraction"."""
    if isinstance(value, int) and not isinstance(value, bool):
        return None
    if not isinstance(value, float):
        return _type("a number")
    if value - value != 0:
        return _property("not finite")
    tenths = abs(value * 10)
    # 8.1 has no exact float and ESP32 and RP2040 hold 24 bits of it: allow two units in the
    # last of those. Beyond 2**21 a single-precision float cannot tell tenths any more.
    if tenths < 20000000.0 and abs(tenths - round(tenths)) > 0.001 + tenths * 0.00000025:
        return _property("more than one fraction digit")
    return None


def _time(text: str) -> "tuple[str, str] | None":
    try:
        parse_time(text)
    except ValueError:
        return _property("not a dateTime")
    return None


def _uri(text: str) -> "tuple[str, str] | None":
    scheme = text[: text.find(":")] if ":" in text else ""
    if not scheme or not _printable(text, "!"):
        return _property("not a URI")
    # RFC 3986 §3.1: scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
    for c in scheme.lower():
        if not ("a" <= c <= "z" or c in "0123456789+-."):
            return _property("not a URI")
    return None if "a" <= scheme[0].lower() <= "z" else _property("not a URI")

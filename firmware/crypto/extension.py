"""The extensions of a certificate (RFC 5280 §4.2) that decide what it may be used for.

Read are basicConstraints, keyUsage, extKeyUsage, subjectAltName and the two key identifiers. An
extension that is not known and says it is critical makes the certificate ValueError, and so does
nameConstraints even where it is not critical: a limit nobody here checks must not be passed over.
What purpose needs what is for chain.py.
"""

from micropython import const

from firmware.crypto import der
from firmware.crypto.name import visible

# keyUsage, bit n of RFC 5280 §4.2.1.3 as 1 << n
DIGITAL_SIGNATURE = const(0x01)
KEY_ENCIPHERMENT = const(0x04)
KEY_CERT_SIGN = const(0x20)

_PURPOSE = b"\x2b\x06\x01\x05\x05\x07\x03"  # 1.3.6.1.5.5.7.3
ANY_PURPOSE = b"\x55\x1d\x25\x00"
SERVER_AUTH = _PURPOSE + b"\x01"
CLIENT_AUTH = _PURPOSE + b"\x02"
CODE_SIGNING = _PURPOSE + b"\x03"

_MOST = const(32)
_MOST_VALUES = const(64)  # names or purposes
_ID = b"\x55\x1d"  # 2.5.29
KEY_USAGE = _ID + b"\x0f"
EXT_KEY_USAGE = _ID + b"\x25"
_SUBJECT_KEY_ID = _ID + b"\x0e"
_ALT_NAME = _ID + b"\x11"
_BASIC_CONSTRAINTS = _ID + b"\x13"
_NAME_CONSTRAINTS = _ID + b"\x1e"
_POLICIES = _ID + b"\x20"
_AUTHORITY_KEY_ID = _ID + b"\x23"
_DNS = const(0x82)
_ADDRESS = const(0x87)


class Extensions:
    """What the extensions say, and what their absence means."""

    def __init__(self):
        self.is_ca = False
        self.path_len: "int | None" = None  # None: no limit
        self.key_usage: "int | None" = None  # None: not limited
        self.purposes: "list | None" = None  # None: not limited
        self.dns_names = []
        self.addresses = []  # 4 or 16 bytes each
        self.subject_key_id = b""
        self.authority_key_id = b""

    def read(self, values):
        """Takes what the Reader `values` has, to its end."""
        seen = []
        if values.peek() < 0:
            raise ValueError("extensions: none in it")
        while values.peek() >= 0:
            one = values.enter()
            oid = der.oid(one.take(der.OID))
            critical = one.peek() == der.BOOLEAN and der.boolean(one.take(der.BOOLEAN))
            value = one.take(der.OCTET_STRING)
            one.end()
            if oid in seen or len(seen) == _MOST:  # RFC 5280 §4.2
                raise ValueError("extension %s twice, or too many" % der.dotted(oid))
            seen.append(oid)
            known = _READERS.get(oid)
            if known:
                known(self, value)
            # Any policy will do here, so certificatePolicies cannot fail (RFC 5280 §6.1.1).
            elif (critical and oid != _POLICIES) or oid == _NAME_CONSTRAINTS:
                raise ValueError("extension %s not understood" % der.dotted(oid))

    def _basic_constraints(self, value):
        inside = der.whole(value)
        if inside.peek() == der.BOOLEAN:
            self.is_ca = der.boolean(inside.take(der.BOOLEAN))
        if inside.peek() == der.INTEGER:
            self.path_len = der.small(inside.take(der.INTEGER))
            if not self.is_ca:  # RFC 5280 §4.2.1.9
                raise ValueError("path length without CA")
        inside.end()

    def _key_usage(self, value):
        outer = der.Reader(value)
        self.key_usage = der.flags(outer.take(der.BIT_STRING))
        outer.end()

    def _ext_key_usage(self, value):
        self.purposes = [der.oid(contents) for tag, contents in _values(value) if tag == der.OID]

    def _alt_name(self, value):
        for tag, contents in _values(value):
            if tag == _DNS:
                self.dns_names.append(visible(contents))
            elif tag == _ADDRESS:
                if len(contents) not in (4, 16):
                    raise ValueError("address of %d bytes" % len(contents))
                self.addresses.append(bytes(contents))

    def _subject_key_id(self, value):
        outer = der.Reader(value)
        self.subject_key_id = bytes(outer.take(der.OCTET_STRING))
        outer.end()

    def _authority_key_id(self, value):
        inside = der.whole(value)
        if inside.peek() == der.CONTEXT:
            self.authority_key_id = bytes(inside.take(der.CONTEXT))


def _values(value) -> list:
    """(tag, contents) of each value in a SEQUENCE that may not be empty."""
    inside = der.whole(value)
    found = []
    while inside.peek() >= 0:
        tag = inside.peek()
        found.append((tag, inside.take(tag)))
    if not 1 <= len(found) <= _MOST_VALUES:
        raise ValueError("extension with %d values" % len(found))
    return found


_READERS = {
    _BASIC_CONSTRAINTS: Extensions._basic_constraints,
    KEY_USAGE: Extensions._key_usage,
    EXT_KEY_USAGE: Extensions._ext_key_usage,
    _ALT_NAME: Extensions._alt_name,
    _SUBJECT_KEY_ID: Extensions._subject_key_id,
    _AUTHORITY_KEY_ID: Extensions._authority_key_id,
}

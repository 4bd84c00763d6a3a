"""A certificate (X.509, RFC 5280) apart: who, by whom, from when to when, which key, what for.

Certificate(der) promises that the bytes are one whole certificate with every field where it
belongs, or ValueError with a short reason; that nothing critical in it was passed over; and that
its signature names inside and outside are the same. It promises nothing about trust: whether the
signature is right, whether it is valid now and good for a purpose, is chain.py's. Fields are
views of the one copy of the DER that it keeps.
"""

from micropython import const

from firmware.crypto import algorithm, der, instant, name, pem
from firmware.crypto.extension import Extensions

_MOST_SERIAL_BYTES = const(20)  # RFC 5280 §4.1.2.2
_ISSUER_UNIQUE_ID = const(0x81)
_SUBJECT_UNIQUE_ID = const(0x82)


class Certificate:
    """The fields of one certificate.

    .der .tbs (what is signed) .version (1..3) .serial (int)
    .signature_name, .salt_len (algorithm.signature)   .signature
    .issuer .subject (the DER of the Names)   .issuer_texts .subject_texts ({"CN": ...})
    .not_before .not_after (UTC s)   .public_key, .key_bits (algorithm.public_key)
    .extensions (extension.Extensions)
    """

    def __init__(self, data):
        if len(data) > pem.MOST_BYTES:
            raise ValueError("certificate of %d bytes" % len(data))
        self.der = bytes(data)
        outer = der.whole(self.der)
        self.tbs = outer.raw(der.SEQUENCE)
        signed_with = outer.raw(der.SEQUENCE)
        self.signature = der.octets(outer.take(der.BIT_STRING))
        outer.end()
        self.signature_name, self.salt_len = algorithm.signature(signed_with)
        self.extensions = Extensions()
        self._read_tbs(der.whole(self.tbs), signed_with)

    def _read_tbs(self, tbs, signed_with):
        self.version = self._version(tbs)
        self.serial = self._serial(tbs.take(der.INTEGER))
        if tbs.raw(der.SEQUENCE) != signed_with:  # RFC 5280 §4.1.1.2
            raise ValueError("two signature algorithms")
        self.issuer = tbs.raw(der.SEQUENCE)
        self.issuer_texts = name.texts(self.issuer)
        validity = tbs.enter()
        self.not_before = instant.read(validity)
        self.not_after = instant.read(validity)
        validity.end()
        self.subject = tbs.raw(der.SEQUENCE)
        self.subject_texts = name.texts(self.subject)
        self.public_key, self.key_bits = algorithm.public_key(tbs.raw(der.SEQUENCE))
        for unique_id in (_ISSUER_UNIQUE_ID, _SUBJECT_UNIQUE_ID):
            if self.version > 1 and tbs.peek() == unique_id:
                tbs.take(unique_id)
        if self.version == 3 and tbs.peek() == der.CONSTRUCTED | 3:
            wrapped = tbs.enter(der.CONSTRUCTED | 3)
            self.extensions.read(wrapped.enter())
            wrapped.end()
        tbs.end()

    def _version(self, tbs) -> int:
        if tbs.peek() != der.CONSTRUCTED:
            return 1
        wrapped = tbs.enter(der.CONSTRUCTED)
        version = der.small(wrapped.take(der.INTEGER)) + 1
        wrapped.end()
        if version not in (2, 3):  # X.690 §11.5: version 1 is the default, so never written
            raise ValueError("certificate of version %d" % version)
        return version

    def _serial(self, contents) -> int:
        serial = der.integer(contents)
        if serial >> 8 * _MOST_SERIAL_BYTES:
            raise ValueError("serial number too long")
        return serial

    def is_self_issued(self) -> bool:
        return self.issuer == self.subject


def from_pem(text, most: int = pem.MOST_BLOCKS) -> list:
    """The certificates in a PEM text, in their order."""
    return [Certificate(block) for block in pem.decode(text, pem.CERTIFICATE, most)]

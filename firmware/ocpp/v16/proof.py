"""Whose firmware is in the slot: the signing certificate up to a root of the manufacturer, and its
signature over every byte as it was served (security whitepaper L01).

Long work is a generator (see slices.py). Nothing it finds is kept over a reboot, and what it finds
holds only while the roots it knew are still installed and nothing has expired. Revocation is not
looked up: that is the Central System's (A00.FR.706); the operator revokes by deleting the root.
"""

from binascii import a2b_base64

from firmware.crypto import chain, signature, x509
from firmware.ocpp.v16.verification import CERTIFICATE, Refused
from firmware.store.certificates import MANUFACTURER
from firmware.store.log import note

_SIGNATURE = "InvalidFirmwareSignature"


class Proof:
    """`entries`: the roots that were installed; `until`: UTC s when the first certificate ends."""

    def __init__(self, entries: list, until: int):
        self._entries = entries
        self._until = until

    def holds(self, station, now: int) -> bool:
        at = station.clock.at(now)
        if at is None or at > self._until:
            return False
        installed = _entries(station)
        return all([entry in installed for entry in self._entries])


def trusted(station, text: str, now: int):
    """A generator of (certificate, end of the first to expire in UTC s, "") for a PEM text, else
    (None, 0, why not)."""
    try:
        certificates = x509.from_pem(text)
        roots = yield from _roots(station)
    except (ValueError, OSError) as error:
        return None, 0, str(error)
    root, why = yield from chain.verify(certificates, roots, station.clock.at(now), chain.FIRMWARE)
    if root is None:
        return None, 0, why
    return certificates[0], min(certificates[0].not_after, root.not_after), ""


def check(station, signed, now: int):
    """A generator of the Proof of what the spare slot holds; Refused. OSError: flash."""
    entries = _entries(station)
    certificate, until, why = yield from trusted(station, signed.certificate, now)
    if certificate is None:
        # L01 has no status for it so late: the signature is what it is worth.
        raise Refused((CERTIFICATE, _SIGNATURE), why)
    hashed = yield from station.slots.digest()
    good = yield from signature.verify_file(
        certificate.public_key, hashed, _signature(signed.signature)
    )
    if not good:
        raise Refused((_SIGNATURE,), "signature")
    return Proof(entries, until)


def _signature(text: str) -> bytes:
    """Nothing for what is no base64: no key has made that, so it ends as a bad signature does."""
    try:
        return a2b_base64(text)
    except ValueError:
        return b""


def _entries(station) -> list:
    room = station.certificates
    return [] if room is None else room.store.entries(MANUFACTURER)


def _roots(station):
    """A generator of the roots there are. One that is broken proves nothing, and does no more."""
    found = []
    for entry in _entries(station):
        try:
            found.append(x509.Certificate(station.certificates.store.der(entry)))
        except ValueError as error:
            note("update: root certificate:", error)
        yield
    return found

"""With what the link connects, and what the end of a connection says about it.

Promise: each connection has one set of credentials, its success or failure is told to the store
once, and what the security whitepaper calls an event is told once per outage. Profile 2 and 3
never go without TLS, profile 3 never shows a password.
Boundary: no byte is sent here; the TLS context comes from the port. Nothing secret is logged.
"""

from micropython import const

from firmware.store import log
from firmware.store.access import Access as Set
from firmware.wire import basic, url

_BEFORE, _CONNECTING, _CONNECTED, _ACCEPTED = const(0), const(1), const(2), const(3)

# Mbed TLS
_ALERT = const(-0x7780)
_NO_ROOTS = const(-0x7680)
_VERIFY_FAILED = const(-0x2700)
_OLD_VERSION = const(-0x6E80)
_ILLEGAL = (-0x6600, -0x6E00)  # a suite we did not offer, no common parameters
# RFC 8446 6.2
_HANDSHAKE_FAILURE = const(40)
_PROTOCOL_VERSION = const(70)
_INSUFFICIENT = const(71)
_OF_CERTIFICATES = (40, 41, 42, 43, 44, 45, 46, 48, 49, 116)
_TLS = ("TLSv1.2", "TLSv1.3")


class Access:
    """`credentials`: store/credentials.py; `tls(set)`: the TLS context, it trusts the roots and
    has the certificate of a set of profile 3."""

    def __init__(self, station, credentials, cpid: str, tls):
        self._station = station
        self._room = station.security_profile
        self._credentials = credentials
        self._cpid = cpid
        self._tls = tls
        self._stage = _BEFORE
        self._set: "Set" = None
        self._where: "tuple | None" = None  # (host, port)
        self._told = []  # kinds of events of this outage

    # --- one connection ---------------------------------------------------------------------

    def begin(self, now: int) -> tuple:
        """(host, port, TLS context or None, name of the server or None) of the next one."""
        self._stage = _BEFORE
        if self._room is not None:
            self._room.renewing()
        self._set = chosen = self._credentials.attempt(now)
        secure, host, port, _ = address(chosen)
        context = self._tls(chosen) if secure else None
        self._stage = _CONNECTING
        self._where = (host, port)
        return host, port, context, host if secure else None

    def request(self) -> tuple:
        """(Host, path, Authorization or None) of the upgrade."""
        self._stage = _CONNECTED
        secure, host, port, path = address(self._set)
        key = self._set.key if self._set.profile < 3 else b""
        return (
            url.authority(secure, host, port),
            path.rstrip("/") + "/" + url.percent_encode(self._cpid),
            basic.authorization(self._cpid, key),
        )

    def agreed(self, session):
        """The handshake is over: (suite, version) of TLS, None without. A00.FR.313: checked."""
        if session is not None and session[1] not in _TLS:
            self._event("InvalidTLSVersion", session[1], None)
            raise OSError("TLS is too old: " + session[1])

    def opened(self, context, now: int):
        """HTTP 101. A candidate asks for more than that: an answer, or a link that stays."""
        if self._station.certificates is not None:
            self._station.certificates.connected(None if context is None else context.root, now)
        if self._credentials.trying and self._room is not None:
            self._room.probe()

    def accepted(self, now: int):
        """The CSMS has spoken, or keeps the link: said as often as it does."""
        if self._stage == _ACCEPTED:
            return
        self._stage = _ACCEPTED
        self._told = []
        outcome = self._credentials.proved()
        if outcome and self._room is not None:
            self._room.settled(outcome, now)

    @property
    def secure(self) -> bool:
        """The next connection is likely one of TLS: the first, or as the last."""
        return self._set is None or address(self._set)[0]

    def due(self, now: int) -> bool:
        """The connection is to make way for one with other credentials."""
        return self._room is not None and self._room.due(now)

    def ended(self, now: int, error, status: int, alert):
        """The connection is over. `status`: of an HTTP answer that refused it, else 0; `alert`:
        see the port's Link."""
        if self._stage == _ACCEPTED:
            return
        kind = suspicion(error, status, alert, self._set is not None and self._set.profile == 3)
        if kind:
            self._event(kind, reason(error, alert), now)
        self._credentials.failed(now, self._stage == _CONNECTING and self._shared())

    def _shared(self) -> bool:
        """Nobody answered where the other set would have knocked, too."""
        candidate = self._credentials.candidate
        if candidate is None:
            return False
        other = self._credentials.proven if self._credentials.trying else candidate
        return address(other)[1:3] == self._where

    def _event(self, kind: str, text: str, now):
        if kind in self._told:
            return  # knocking again is no news
        self._told.append(kind)
        log.note("security: %s: %s" % (kind, text))
        self._station.security(kind, text, now)


def address(chosen) -> tuple:
    """(secure, host, port, path). The scheme follows the profile, up, never down."""
    where = chosen.url
    if chosen.profile >= 2 and where[:5].lower() == "ws://":
        where = "wss" + where[2:]
    return url.parse(where)


def reason(error, alert) -> str:
    """What the event says more. Some ports give a number only."""
    if alert is not None:
        return "alert %d of the server" % alert[1]
    if error.args and error.args[0] == _ALERT:
        return "alert of the server"
    return str(error).strip().split("\n")[0]


def suspicion(error, status: int, alert, client_certificate: bool) -> str:
    """The security event that the end of a connection which was never accepted amounts to; ""
    when it may as well be the network. `alert`: (after the server's hello, description)."""
    if status in (401, 403):
        return "FailedToAuthenticateAtCentralSystem"
    if isinstance(error, ValueError):
        # What is wrong with the server's certificate Mbed TLS says on lines of their own; what
        # with ours, or with our key, in two words.
        text = str(error)
        if text.startswith("\n"):
            return "InvalidCentralSystemCertificate"
        return "InvalidChargePointCertificate" if text.startswith("invalid ") else ""
    code = error.args[0] if isinstance(error, OSError) and error.args else 0
    if code in (_NO_ROOTS, _VERIFY_FAILED):
        return "InvalidCentralSystemCertificate"
    if code == _OLD_VERSION:
        return "InvalidTLSVersion"
    if code in _ILLEGAL:
        return "InvalidTLSCipherSuite"
    if alert is not None:
        return _of_alert(alert[0], alert[1], client_certificate)
    # After our handshake an alert is encrypted; then only our certificate was left to judge.
    return "InvalidChargePointCertificate" if code == _ALERT and client_certificate else ""


def _of_alert(hello: bool, description: int, client_certificate: bool) -> str:
    if description == _PROTOCOL_VERSION:
        return "InvalidTLSVersion"
    if not hello and description in (_HANDSHAKE_FAILURE, _INSUFFICIENT):
        return "InvalidTLSCipherSuite"
    if hello and client_certificate and description in _OF_CERTIFICATES:
        return "InvalidChargePointCertificate"
    return ""

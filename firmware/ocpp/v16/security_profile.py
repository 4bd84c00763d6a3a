"""The security profile and what it needs (whitepaper A00, A01, A05): the keys AuthorizationKey,
SecurityProfile and, our own, CentralSystemUrl.

What the CSMS sets becomes a candidate (store/credentials.py) and the link is renewed; it is in
force once a connection with it was accepted, and is dropped by itself when none is. The scheme of
the URL follows the profile: 2 and 3 are wss only, and what is encrypted stays so.
Boundary: says what is wanted; tasks/csms.py connects and tells what came of it.
"""

from binascii import unhexlify

from micropython import const

from firmware.store import log

PROFILE = None  # no feature profile of OCPP 1.6
HANDLERS = ()
ROWS = (
    # true: a new root must be signed by the one it replaces (M05.FR.08); provisioned
    ("AdditionalRootCertificateCheck", "bool", "R", "false", 0, 0),
    ("AuthorizationKey", "secret", "RW", "", None, 0),
    # ours: where the CSMS is, without the charge point's identity
    ("CentralSystemUrl", "text", "RW", "", None, 0),
    ("SecurityProfile", "int", "RW", "0", 0, 3),
)
_KEYS = ("AuthorizationKey", "CentralSystemUrl", "SecurityProfile")
_LEAST = const(16)  # bytes of a key: A00.FR.205
_MOST = const(20)
_LONGEST_URL = const(255)
_PATIENCE_MS = const(5000)  # for the answer to what is in flight, before the link is renewed
_EVENT = "ReconfigurationOfSecurityParameters"


def password(text: str) -> bytes:
    """The bytes of an AuthorizationKey: 32 to 40 hex digits, or 16 to 20 bytes of text as it
    stands. ValueError for anything else; it does not say the key (A01.FR.12)."""
    data = text.encode()
    if _LEAST <= len(data) <= _MOST:
        return data
    if 2 * _LEAST <= len(text) <= 2 * _MOST:
        data = unhexlify(text)
        if len(data) * 2 == len(text):  # MicroPython's passes over white space
            return data
    raise ValueError("neither 32 to 40 hex digits nor 16 to 20 bytes")


def build(station):
    """None where nothing keeps credentials."""
    if station.credentials is None:
        return None
    return SecurityProfile(station, station.credentials)


class SecurityProfile:
    """`credentials`: see store/credentials.py."""

    def __init__(self, station, credentials):
        self._station = station
        self._credentials = credentials
        self._renew_at = None  # when at the latest; None: the link may stay
        self._tell()

    # --- ChangeConfiguration ----------------------------------------------------------------

    def owns(self, key: str) -> bool:
        """A change of this key is ours to answer."""
        return key in _KEYS

    def change(self, key: str, value: str, now: int) -> str:
        """The status of ChangeConfiguration.conf."""
        try:
            changes = self._wanted(key, value)
        except ValueError as error:
            log.note("security: %s rejected: %s" % (key, error))
            return "Rejected"
        return "Accepted" if self.offer(key, now, **changes) else "Rejected"

    def offer(self, what: str, now: int, **changes) -> bool:
        """Take these parameters (see store/credentials.Access), a candidate if a connection uses
        them; `what` is said of it, no value. False: the flash does not take it."""
        try:
            other = self._credentials.offer(**changes)
        except OSError as error:
            log.note("security: not kept:", error)
            return False
        if other:
            self._renew_at = now + _PATIENCE_MS
        self._tell()
        if self._station.events is not None:
            self._station.events.add("configuration changed", what, now)
        self._station.security(_EVENT, what, now)  # A01.FR.11
        return True

    def _wanted(self, key: str, value: str) -> dict:
        """The changes; ValueError when they cannot be."""
        latest = self._credentials.latest
        if key == "AuthorizationKey":
            return {"key": password(value)}
        if key == "CentralSystemUrl":
            return {"url": self._url(value.strip(), latest)}
        profile = value.strip()
        if profile not in ("0", "1", "2", "3") or int(profile) <= latest.profile:
            raise ValueError("it can only rise")  # A05.FR.01
        return self._raised(int(profile), latest)

    def _raised(self, profile: int, latest) -> dict:
        """A05.FR.02 to 04: what the profile needs must be here."""
        if profile < 3 and not _LEAST <= len(latest.key) <= _MOST:
            raise ValueError("no AuthorizationKey")
        if profile == 3 and not (latest.cert and latest.private):
            raise ValueError("no charge point certificate")
        if profile == 1:
            return {"profile": 1}
        self._need_root()
        return {"profile": profile, "url": encrypted(latest.url)}

    def _url(self, value: str, latest) -> str:
        if len(value) > _LONGEST_URL or "?" in value:
            raise ValueError("too long, or with a query")
        secure = self._station.parse_url(value)[0]
        if secure:
            self._need_root()
        elif latest.profile >= 2 or self._station.parse_url(latest.url)[0]:
            raise ValueError("what is encrypted stays so")  # A00.FR.005
        return value

    def _need_root(self):
        if not self._station.trusted():
            raise ValueError("no root certificate to know the CSMS by")

    # --- what the link asks and tells -------------------------------------------------------

    def due(self, now: int) -> bool:
        """The link is to be renewed now: what was said is answered, or took too long."""
        if self._renew_at is None:
            return False
        return self._station.outbox.in_flight is None or now >= self._renew_at

    def renewing(self):
        """A new connection is made, for whatever reason."""
        self._renew_at = None

    def probe(self):
        """A candidate's link stands: ask for the time, so that there is an answer."""
        if self._station.registration.accepted:
            self._station.outbox.put("Heartbeat", {}, "Heartbeat")

    def settled(self, outcome: str, now: int):
        """A connection was accepted: "proven" or "dropped" (see Credentials.proved)."""
        text = "profile %d " % self._credentials.proven.profile
        text += "works" if outcome == "proven" else "is back: what was asked for did not work"
        log.note("security:", text)
        self._tell()
        if outcome == "dropped":
            self._station.security(_EVENT, text, now)

    def _tell(self):
        """GetConfiguration says what works. Also to know the profile if the file is ever lost."""
        proven = self._credentials.proven
        self._station.settings.change("SecurityProfile", str(proven.profile))
        self._station.settings.change("CentralSystemUrl", proven.url)


def encrypted(url: str) -> str:
    """The same address by wss://; a port that is named stays."""
    return "wss" + url[2:] if url[:5].lower() == "ws://" else url

"""With what each connection is made, and what its end is taken for."""

from firmware.store.access import Access as Set
from firmware.store.credentials import Credentials
from firmware.tasks.csms_access import Access, address, suspicion

KEY = b"a key of 16 byte"
ALERT = -0x7780
HELLO, EARLY = True, False


class Station:
    """What a link needs of it; `room` None: no security room is built."""

    def __init__(self, room=True):
        self.security_profile = self if room else None
        self.certificates = self if room else None
        self.told = []
        self.roots = []
        self.outcomes = []
        self.probes = 0
        self.renewed = 0
        self.wanted = False

    def security(self, kind, text, now):
        self.told.append((kind, text))

    def connected(self, root, now):
        self.roots.append(root)

    def settled(self, outcome, now):
        self.outcomes.append(outcome)

    def probe(self):
        self.probes += 1

    def renewing(self):
        self.renewed += 1

    def due(self, now):
        return self.wanted


class Context:
    root = b"ROOT"


def link(room=True, **provisioned):
    made = Access(Station(room), None, "CP 1", lambda chosen: Context)
    made.station = made._station
    made.credentials = made._credentials = Credentials("", None, Set(**provisioned))
    return made


def test_each_profile_connects_in_its_own_way():
    """Whitepaper, table 2: Basic auth in 1 and 2, TLS in 2 and 3, no password in 3."""
    basic = "Basic Q1AgMTphIGtleSBvZiAxNiBieXRl"
    for profile, base, host, port, secure, header in (
        (0, "ws://h/ocpp/", "h", 80, False, basic),  # OCPP-J 6.2, without the whitepaper
        (0, "wss://h/ocpp", "h", 443, True, basic),
        (1, "ws://h:81/ocpp", "h:81", 81, False, basic),
        (2, "wss://h/ocpp", "h", 443, True, basic),
        (2, "ws://h/ocpp", "h", 443, True, basic),
        (2, "WS://h:80/ocpp", "h:80", 80, True, basic),
        (3, "wss://h:444/ocpp", "h:444", 444, True, None),
        (3, "ws://h/ocpp", "h", 443, True, None),
    ):
        made = link(profile=profile, url=base, key=KEY)
        assert made.begin(0) == ("h", port, Context if secure else None, "h" if secure else None)
        assert made.request() == (host, "/ocpp/CP%201", header)


def test_without_a_key_no_password():
    made = link(url="ws://h")
    made.begin(0)
    assert made.request() == ("h", "/CP%201", None)


def test_a_candidate_is_probed_and_settled_once():
    made = link(url="ws://h", profile=1, key=KEY)
    made.begin(0)
    made.opened(None, 0)
    made.accepted(0)
    assert made.station.probes == 0 and made.station.roots == [None]
    made.credentials.offer(key=b"another of 16 by")
    made.begin(0)
    made.opened(Context, 0)
    assert made.station.probes == 1 and made.station.roots[1] == b"ROOT"
    assert made.station.outcomes == [] and made.credentials.candidate is not None
    made.accepted(0)
    made.accepted(1)
    assert made.station.outcomes == ["proven"] and made.station.renewed == 2


def failing(made, stage, count, error=None, status=0):
    """Keys of connections that end so: before TCP stands, after, or after HTTP has opened."""
    keys = []
    error = error or OSError(104)
    for now in range(count):
        made.begin(now)
        keys.append(made._set.key)
        if stage > 0:
            made.request()
        if stage > 1:
            made.opened(None, now)
        made.ended(now, error, status, None)
    return keys


def test_where_nobody_answers_both_are_innocent():
    """The same host and port: the other one would not get further."""
    made = link(url="ws://h", profile=1, key=KEY)
    made.credentials.offer(key=b"another of 16 by")
    assert failing(made, 0, 20) == [b"another of 16 by"] * 20
    assert KEY in failing(made, 1, 6)
    made = link(url="ws://h", profile=1, key=KEY)
    made.credentials.offer(key=b"another of 16 by")
    assert KEY in failing(made, 2, 6), "HTTP alone is no answer"
    made = link(url="ws://h", profile=1, key=KEY)
    made.credentials.offer(key=b"another of 16 by", profile=2)  # another port
    assert KEY in failing(made, 0, 6)


def test_a_context_that_cannot_be_made_is_a_failure():
    made = link(url="wss://h", profile=2, key=KEY, cert=b"C", private=b"P")
    made.credentials.offer(profile=3)

    def broken(chosen):
        if chosen.profile == 3:
            raise ValueError("invalid cert")
        return Context

    made._tls = broken
    profiles = []
    for now in range(6):
        try:
            made.begin(now)
        except ValueError as error:
            made.ended(now, error, 0, None)
        profiles.append(made._set.profile)
    assert profiles == [3] * 5 + [2]
    assert made.station.told == [("InvalidChargePointCertificate", "invalid cert")]


def test_an_event_is_told_once_in_an_outage():
    made = link(url="ws://h", profile=1, key=KEY)
    failing(made, 1, 3, OSError("refused 401 Unauthorized"), 401)
    failing(made, 1, 3, OSError("closed"))
    failing(made, 1, 2, OSError("refused 403 Forbidden"), 403)
    kind = "FailedToAuthenticateAtCentralSystem"
    assert made.station.told == [(kind, "refused 401 Unauthorized")]
    made.begin(0)
    made.request()
    made.accepted(0)
    made.ended(0, OSError("closed"), 0, None)
    failing(made, 1, 2, OSError("refused 403 Forbidden"), 403)
    assert made.station.told[1:] == [(kind, "refused 403 Forbidden")]


def test_an_end_after_success_is_no_suspicion():
    made = link(url="wss://h", profile=3)
    made.begin(0)
    made.request()
    made.accepted(0)
    made.ended(0, OSError(ALERT), 0, (HELLO, 48))
    assert made.station.told == []


def test_tls_below_1_2_is_not_spoken():
    """A00.FR.313, 315: the version is checked, whatever the library lets pass."""
    made = link(url="wss://h", profile=2, key=KEY)
    made.begin(0)
    made.request()
    made.agreed(None)
    made.agreed(("TLS-RSA-WITH-AES-128-GCM-SHA256", "TLSv1.2"))
    made.agreed(("TLS1-3-AES-128-GCM-SHA256", "TLSv1.3"))
    for version in ("TLSv1.1", "TLSv1.0", "SSLv3", "DTLSv1.2"):
        try:
            made.agreed(("X", version))
        except OSError:
            continue
        raise AssertionError(version)
    assert made.station.told == [("InvalidTLSVersion", "TLSv1.1")]


def test_what_an_end_is_taken_for():
    """Whitepaper A00.FR.309, 315, 318, 407 and table of events; a network is no suspect."""
    server, client = "InvalidCentralSystemCertificate", "InvalidChargePointCertificate"
    version, suite = "InvalidTLSVersion", "InvalidTLSCipherSuite"
    login = "FailedToAuthenticateAtCentralSystem"
    for error, status, alert, own, kind in (
        (OSError("refused 401 Unauthorized"), 401, None, False, login),
        (OSError("refused 403 Forbidden"), 403, None, True, login),
        (OSError("refused 404 Not Found"), 404, None, False, ""),
        (OSError("refused 500"), 500, None, False, ""),
        (ValueError("\nThe certificate validity has expired\n"), 0, None, False, server),
        (ValueError("\nUsage does not match the keyUsage extension\n"), 0, None, False, server),
        (OSError(-0x7680, "SSL - No CA Chain is set"), 0, None, True, server),
        (OSError(-0x2700), 0, None, False, server),
        (ValueError("invalid cert"), 0, None, True, client),
        (ValueError("invalid key"), 0, None, True, client),
        (ValueError("bad port in URL"), 0, None, True, ""),
        (OSError(-0x6E80), 0, None, False, version),
        (OSError(ALERT), 0, (EARLY, 70), False, version),
        (OSError(ALERT), 0, (EARLY, 40), True, suite),
        (OSError(ALERT), 0, (EARLY, 71), False, suite),
        (OSError(-0x6600), 0, None, False, suite),
        (OSError(-0x6E00), 0, None, False, suite),
        (OSError(ALERT), 0, (HELLO, 48), True, client),
        (OSError(ALERT), 0, (HELLO, 40), True, client),
        (OSError(ALERT), 0, (HELLO, 116), True, client),
        (OSError(ALERT), 0, (HELLO, 48), False, ""),
        (OSError(ALERT), 0, (EARLY, 80), True, ""),
        (OSError(ALERT), 0, (EARLY, 48), True, ""),
        (OSError(ALERT), 0, None, True, client),
        (OSError(ALERT), 0, None, False, ""),
        (OSError(-29312), 0, None, True, ""),
        (OSError(104), 0, None, True, ""),
        (OSError(), 0, None, True, ""),
        (Exception("timeout"), 0, None, True, ""),
    ):
        assert suspicion(error, status, alert, own) == kind, (error, status, alert)


def test_nothing_is_needed_of_rooms_that_are_not_built():
    made = link(False, url="wss://h", profile=2, key=KEY)
    made.credentials.offer(key=b"another of 16 by")
    made.begin(0)
    made.opened(Context, 0)
    assert not made.due(0)
    made.accepted(0)
    made.ended(0, OSError(104), 0, None)
    assert address(made.credentials.proven)[:3] == (True, "h", 443)

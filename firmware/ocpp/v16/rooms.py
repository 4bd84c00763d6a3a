"""The feature profiles beside Core: which of them are on this board, and what they are given.

A profile is a module of this package that a small board leaves out of its manifest. It has
`PROFILE` (its name in SupportedFeatureProfiles; None for what the security whitepaper adds),
`HANDLERS` ((action, handler), ...), `ROWS` (configuration keys, see configuration.py) and
`build(station)`: the object kept as
station.<module's name>, None where it cannot be on this board. An object with `tick(now)` is
called on each beat of the station.
"""

NAMES = (
    "security_events",  # before those that have an event to tell while they are built
    "firmware_management",
    "local_list",
    "reservation",
    "smart_charging",
    "remote_trigger",
    "security_profile",
    "certificates",
    "signed_update",  # after those it stands on
)


class Plant:
    """What the composition root has for the rooms; None: not on this board.

    files: the file system (see store/id_file.py); slots: the A/B slots (store/slots.py); events:
    the event history (store/events.py); wear: a function, (name, erases, programs, bytes) of
    each counted part of the flash; archive: archive(start_s, stop_s, now), the source of a
    GetDiagnostics (ocpp/archive.py), and facts(): what else that says of this charge point;
    nominal_v, phases: of the supply; credentials: store/credentials.py; trusted(): is there a root
    certificate to know the CSMS by; parse_url: see wire/url.py; entropy(n): n random bytes;
    ticks_us(): a clock for slices of long work; serial_number: of this charge point;
    security_ring: the log of security events (security_log.py); message_bytes: of the longest
    message that can come."""

    def __init__(
        self,
        files=None,
        slots=None,
        events=None,
        wear=None,
        archive=None,
        facts=None,
        nominal_v=230,
        phases=3,
        credentials=None,
        trusted=None,
        parse_url=None,
        entropy=None,
        ticks_us=None,
        serial_number=None,
        security_ring=None,
        message_bytes=16384,
    ):
        self.files = files
        self.slots = slots
        self.events = events
        self.wear = wear
        self.archive = archive
        self.facts = facts
        self.nominal_v = nominal_v
        self.phases = phases
        self.credentials = credentials
        self.trusted = trusted
        self.parse_url = parse_url
        self.entropy = entropy
        self.ticks_us = ticks_us
        self.serial_number = serial_number
        self.security_ring = security_ring
        self.message_bytes = message_bytes


def built() -> list:
    """(name, module) of every profile whose module is here."""
    found = []
    for name in NAMES:
        try:
            module = __import__("firmware.ocpp.v16." + name, None, None, ("PROFILE",))
        except ImportError as error:
            # What is missing inside a room that is here is a broken build, not a small one.
            if "v16.%s'" % name not in str(error):
                raise
            continue
        found.append((name, module))
    return found


def rows(rooms: list) -> tuple:
    """The configuration keys of `rooms`."""
    keys = ()
    for _, module in rooms:
        keys += module.ROWS
    return keys

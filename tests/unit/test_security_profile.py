"""ChangeConfiguration of what the link connects with: taken, rejected, tried, told."""

from firmware.ocpp.v16 import rooms, security_profile
from firmware.store.access import Access
from firmware.store.credentials import Credentials
from firmware.wire import url
from tests.unit.disk_rig import Files
from tests.unit.station_rig import Charger

KEY = "000102030405060708090a0b0c0d0e0f10111213"
HERE = "ws://csms.example/ocpp"


class Recorder:
    """In the place of the room that sends security events."""

    def __init__(self):
        self.told = []

    def add(self, kind, text, now):
        self.told.append((kind, text))


def charger(root=False, files=None, **provisioned):
    access = Access(**dict({"url": HERE}, **provisioned))
    credentials = Credentials("secrets", files, access)
    plant = rooms.Plant(credentials=credentials, trusted=lambda: root, parse_url=url.parse)
    made = Charger(plant=plant)
    made.run(2)
    made.station.security_events = made.recorder = Recorder()
    made.credentials = credentials
    return made


def value(made, key):
    (entry,) = made.ask("GetConfiguration", {"key": [key]})["configurationKey"]
    assert not entry["readonly"]
    return entry.get("value")


def connected(made):
    """The link is renewed and its connection accepted."""
    room = made.station.security_profile
    made.run(1)
    assert room.due(made.now)
    room.renewing()
    made.credentials.attempt(made.now)
    room.settled(made.credentials.proved(), made.now)
    assert not room.due(made.now + 60000)


def test_keys_of_16_to_20_bytes():
    """A00.FR.205: at least 16 bytes, up to 40 hexadecimal digits for 20."""
    for size in range(16, 21):
        assert security_profile.password("5a" * size) == b"\x5a" * size
        assert security_profile.password("z" * size) == b"z" * size
        assert security_profile.password("0" * size) == b"0" * size  # characters, not digits
    assert security_profile.password("ä" * 8) == ("ä" * 8).encode()
    example = "0001020304050607" + "FF" * 12  # OCPP-J 6.2.2
    assert security_profile.password(example) == bytes(range(8)) + b"\xff" * 12


def test_any_other_key_is_refused_and_not_named():
    sizes = list(range(16)) + list(range(21, 32)) + list(range(33, 41, 2)) + [42, 64]
    keys = ["5" * size for size in sizes]
    keys += ["g" * 32, "5a" * 15 + "5g", "5a" * 15 + " 5", "+5" * 16, "0x" * 16, "ä" * 16]
    keys += [" " * 32, "5a" * 10 + "  " * 6, "5a" * 18 + "\n\n"]
    for key in keys:
        try:
            security_profile.password(key)
        except ValueError as error:
            assert not key or key not in str(error)
        else:
            raise AssertionError(key)


def test_a_key_is_tried_then_kept():
    """A01.FR.02, 11, 12: Accepted, a new connection; the change is logged, the key is not."""
    made = charger(profile=1, key=b"a key of 16 byte")
    assert made.configure("AuthorizationKey", KEY) == "Accepted"
    assert made.recorder.told == [("ReconfigurationOfSecurityParameters", "AuthorizationKey")]
    assert value(made, "AuthorizationKey") is None
    assert made.credentials.proven.key == b"a key of 16 byte"
    connected(made)
    assert made.credentials.proven.key == bytes(range(20))
    assert made.settings.text("AuthorizationKey") == ""
    assert len(made.recorder.told) == 1


def test_the_same_key_again_needs_no_connection():
    made = charger(profile=1, key=bytes(range(20)))
    assert made.configure("AuthorizationKey", KEY) == "Accepted"
    made.run(10)
    assert not made.station.security_profile.due(made.now)


def test_malformed_keys():
    made = charger(profile=1, key=b"a key of 16 byte")
    for key in ("", "short", KEY[:-1], KEY + "00", "xy" * 20, " " + KEY):
        assert made.configure("AuthorizationKey", key) == "Rejected", key
    assert made.credentials.candidate is None and made.recorder.told == []


def test_a_profile_only_rises():
    """A05.FR.01: lower or equal is Rejected, and so is what is no profile."""
    made = charger(True, profile=2, url="wss://h/", key=bytes(16), cert=b"C", private=b"P")
    for text in ("0", "1", "2", "4", "-1", "", "two", "3.0", "03", "+3"):
        assert made.configure("SecurityProfile", text) == "Rejected", text
    assert value(made, "SecurityProfile") == "2"
    assert made.configure("SecurityProfile", "3") == "Accepted"
    assert value(made, "SecurityProfile") == "2", "not before it has worked"
    assert made.configure("SecurityProfile", "3") == "Rejected", "it has been asked for"
    connected(made)
    assert value(made, "SecurityProfile") == "3"


def test_prerequisites():
    """A05.FR.02: a key for 1 and 2; FR.03: a root for 2 and 3; FR.04: a certificate for 3."""
    own = {"cert": b"C", "private": b"P"}
    key = {"key": bytes(16)}
    for root, provisioned, accepted in (
        (True, own, "3"),
        (True, {"key": bytes(15)}, ""),
        (True, {"key": bytes(21)}, ""),
        (False, key, "1"),
        (True, key, "12"),
        (True, dict(key, cert=b"C"), "12"),
        (True, dict(key, private=b"P"), "12"),
        (False, dict(own, **key), "1"),
        (True, dict(own, **key), "123"),
    ):
        for profile in "123":
            made = charger(root, **provisioned)
            status = made.configure("SecurityProfile", profile)
            assert status == ("Accepted" if profile in accepted else "Rejected"), (profile, root)


def test_the_scheme_follows_the_profile():
    """Profiles 2 and 3 are TLS; a port that is named stays."""
    made = charger(True, url="WS://h:8080/x", key=bytes(16))
    made.configure("SecurityProfile", "1")
    assert made.credentials.latest.url == "WS://h:8080/x"
    made.configure("SecurityProfile", "2")
    assert made.credentials.latest.url == "wss://h:8080/x"
    assert value(made, "CentralSystemUrl") == "WS://h:8080/x"
    connected(made)
    assert value(made, "CentralSystemUrl") == "wss://h:8080/x"


def test_addresses():
    """What is encrypted stays so (A00.FR.005); TLS needs a root."""
    for root, provisioned, address, status in (
        (False, {}, "ws://other/", "Accepted"),
        (False, {}, " ws://other:9000/a/b ", "Accepted"),
        (False, {}, "wss://other/", "Rejected"),
        (True, {}, "wss://other/", "Accepted"),
        (True, {"url": "wss://h/"}, "ws://h/", "Rejected"),
        (True, {"profile": 2}, "ws://h/", "Rejected"),
        (True, {"profile": 2}, "WSS://h/", "Accepted"),
        (True, {}, "http://h/", "Rejected"),
        (True, {}, "ws://h/?token=1", "Rejected"),
        (True, {}, "ws://u:p@h/", "Rejected"),
        (True, {}, "ws://h/" + "a" * 249, "Rejected"),
        (True, {}, "ws://h/" + "a" * 248, "Accepted"),
        (True, {}, "", "Rejected"),
    ):
        made = charger(root, **provisioned)
        assert made.configure("CentralSystemUrl", address) == status, address
        if status == "Accepted":
            assert made.credentials.latest.url == address.strip()


def test_what_falls_back_is_told():
    made = charger(profile=1, key=b"a key of 16 byte")
    made.configure("AuthorizationKey", KEY)
    made.station.security_profile.renewing()
    for _ in range(5):
        made.credentials.attempt(made.now)
        made.credentials.failed(made.now)
    made.credentials.attempt(made.now)
    made.station.security_profile.settled(made.credentials.proved(), made.now)
    assert made.recorder.told[1:] == [
        (
            "ReconfigurationOfSecurityParameters",
            "profile 1 is back: what was asked for did not work",
        )
    ]


def test_the_link_waits_for_what_is_in_flight():
    """A reconnect loses no answer that is about to come, and waits for none that is not."""
    made = charger(profile=1, key=b"a key of 16 byte")
    made.backend.silent = True
    made.station.outbox.put("Heartbeat", {}, "Heartbeat")
    made.run(1)
    room = made.station.security_profile
    assert made.station.outbox.in_flight is not None
    assert room.change("AuthorizationKey", KEY, made.now) == "Accepted"
    assert not room.due(made.now) and not room.due(made.now + 4999) and room.due(made.now + 5000)


def test_a_flash_that_refuses_is_a_rejection():
    files = Files({})
    made = charger(files=files, profile=1, key=b"a key of 16 byte")

    def full(_):
        raise OSError(28)

    files.before = full
    assert made.configure("AuthorizationKey", KEY) == "Rejected"
    assert made.credentials.candidate is None and made.recorder.told == []
    assert not made.station.security_profile.due(made.now + 99999)


def test_a_candidate_asks_for_an_answer():
    made = charger()
    made.station.security_profile.probe()
    made.run(1)
    assert made.calls("Heartbeat"), "the time is asked for"

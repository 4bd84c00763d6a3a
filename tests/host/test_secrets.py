"""What must be told to nobody is told to nobody: canaries go in by every door, and come out at
none. Console, bench state, configuration, archive, event history, every frame the charger says.
"""

import base64
import io
import json
import tarfile
from datetime import datetime, timedelta, timezone

import pytest

from firmware.ocpp import archive
from firmware.store import log
from firmware.store.events import Events
from firmware.store.settings import SECRET, Settings
from firmware.wire import ProtocolError, basic, ftp, handshake
from firmware.wire.location import Location
from tests.scenarios.backend import CSMS
from tests.scenarios.file_server import Files
from tests.unit.flash_rig import Flash
from tests.unit.station_rig import ready
from tools.csms_frame import FROM
from tools.sim_bench import Bench

CPID = "CP001"
KEY = "qZ7-canary-key-18x"  # AuthorizationKey, as provisioned
OTHER = "qZ7-canary-other"  # as the backend would have it
USER, PASSWORD = "qZ7user", "qZ7-canary-url-pw"
QUERY = "qZ7canarysignature"
VENDOR = "qZ7-canary-vendor"
PRIVATE = base64.b64encode(b"qZ7-canary-private-key-of-this-device").decode()
CANARIES = (KEY, OTHER, USER, PASSWORD, QUERY, VENDOR, PRIVATE)
EPOCH = datetime(2026, 11, 22, 6, 0, 0, tzinfo=timezone.utc)


def forms(secret):
    """As it stands, and as it might travel."""
    raw = secret.encode()
    yield secret
    yield raw.hex()
    for text in (raw, CPID.encode() + b":" + raw, USER.encode() + b":" + raw):
        yield base64.b64encode(text).decode().rstrip("=")


def clean(where, text):
    folded = text.lower()
    for secret in CANARIES:
        for form in forms(secret):
            assert form.lower() not in folded, (where, secret, form)


class Charger:
    """A bench with canaries in its provisioning, and a backend that knows the key."""

    def __init__(self, folder):
        for name in ("key", "cert"):
            pem = "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (name, PRIVATE, name)
            (folder / (name + ".pem")).write_text(pem)
        self.clock = EPOCH
        self.csms = CSMS(20, clock=self.now, password=KEY)
        self.csms.start()
        self.files = Files()
        config = {
            "url": self.csms.url,
            "cpid": CPID,
            "keys": {"AuthorizationKey": KEY, "WebSocketPingInterval": "0"},
            "tls": {"cert": "cert.pem", "key": "key.pem"},
        }
        self.bench = Bench(config, folder, 20)

    def now(self):
        self.clock += timedelta(seconds=1)
        return self.clock

    def __enter__(self):
        self.bench.start()
        self.csms.expect("BootNotification", 120)
        self.bench.until(queue=0, online=True)
        return self

    def __exit__(self, *_):
        self.bench.stop()
        self.csms.stop()
        self.files.close()

    def provoke(self):
        """Every door that a secret goes in by, and what goes wrong behind it."""
        call = self.csms.call
        call("ChangeConfiguration", key="authorizationkey", value=OTHER[:9] + "\n")
        call("ChangeConfiguration", key="AuthorizationKey", value=OTHER * 20)
        call("ChangeConfiguration", key="NoSuchPassword", value=OTHER)
        call("DataTransfer", vendor_id="x", data=json.dumps({"key": VENDOR}))
        login = "%s:%s@" % (USER, PASSWORD)
        port = self.files.url("/x", login).rpartition(":")[2]
        for location in (
            self.files.url("/nothing?sig=" + QUERY, login),
            "http://%s127.0.0.1:1/x?sig=%s" % (login, QUERY),
            "https://%s127.0.0.1:%s?sig=%s" % (login, port, QUERY),
            "ftp://%s127.0.0.1:%s" % (login, port),
            "sftp://%s127.0.0.1/x" % login,
            "http://%s127.0.0.1:99999/%%0d?sig=%s" % (login, QUERY),
        ):
            when = "2026-01-01T00:00:00Z"
            call("UpdateFirmware", location=location, retrieve_date=when, retries=0)
            self.csms.expect("FirmwareStatusNotification", 60, status="DownloadFailed")
            call("GetDiagnostics", location=location, retries=0)
            self.bench.run(5)

    def rekey(self):
        """The key that the backend wants from now on: told, tried, and used."""
        links = len(self.csms.links)
        answer = self.csms.call("ChangeConfiguration", key="AuthorizationKey", value=OTHER)
        assert answer == {"status": "Accepted"}
        self.csms.password = OTHER
        self.csms.expect_link(links + 1)
        self.bench.until(online=True, queue=0)

    def archive(self):
        name = self.csms.call("GetDiagnostics", location=self.files.url("/in"))["fileName"]
        self.csms.expect("DiagnosticsStatusNotification", 60, status="Uploaded")
        with tarfile.open(fileobj=io.BytesIO(self.files.brought["/in/" + name])) as tar:
            return {i.name: tar.extractfile(i).read().decode() for i in tar.getmembers()}


def test_a_whole_charger(tmp_path):
    """The real firmware on the bench, from its provisioning to its archive."""
    with Charger(tmp_path) as charger:
        charger.provoke()
        charger.rekey()
        members = charger.archive()
        assert set(members) >= {"log.txt", "frames.txt", "configuration.txt", "events.txt"}
        for name in members:
            clean(name, members[name])
        told = charger.csms.call("GetConfiguration")
        keys = {row["key"]: row for row in told["configurationKey"]}
        assert "value" not in keys["AuthorizationKey"]
        clean("GetConfiguration", json.dumps(told))
        history = charger.csms.call(
            "DataTransfer", vendor_id="evse.micropython", message_id="EventHistory"
        )
        clean("EventHistory", json.dumps(history))
        clean("state", json.dumps(charger.bench.state()))
        clean("console", charger.bench.console)
        said = [frame for frame in charger.csms.frames if frame.direction == FROM]
        assert len(said) > 10
        for frame in said:
            clean("said", json.dumps(frame.payload) + str(frame))
        assert "AuthorizationKey" in charger.bench.console, "what was asked is there, without it"
        assert "DataTransfer" in charger.bench.console


# --- in one piece -------------------------------------------------------------------------------


@pytest.fixture
def station(capsys):
    """A station whose every key has a canary where a text may be, logging as it does."""
    log.LOG.__init__(4096, 240)
    log.FRAMES.__init__(4096, 640)
    charger = ready(keys={"AuthorizationKey": KEY})
    charger.station.events = Events(Flash(4, 1024), 41, charger.station.clock.at)
    charger.capsys = capsys
    return charger


def everything(charger):
    """All that anybody could read of it."""
    source = archive.build(charger.station, CPID, charger.now)
    parts = []
    while not parts or parts[-1]:
        parts.append(source.read(512))
    told = [json.dumps(frame.payload) for frame in charger.frames if frame.ours]
    told += [line for ring in (log.LOG, log.FRAMES) for line in ring.lines()]
    told += [str(row) for row in charger.station.events.records()]
    console = charger.capsys.readouterr()
    return b"".join(parts).decode() + "\n".join(told) + console.out + console.err


def test_every_secret_key_of_the_table(station):
    """A key that a table calls secret is answered without a value, in GetConfiguration and in the
    archive, also where the backend asks for it by name in another case."""
    secrets = [row[0] for row in station.settings._rows if row[1] == SECRET]
    assert "AuthorizationKey" in secrets
    for key in secrets:
        for name in (key, key.upper()):
            answer = station.ask("GetConfiguration", {"key": [name]})
            assert [row.get("value") for row in answer["configurationKey"]] == [None]
    clean("all", everything(station))


def test_frames_in_the_log(station):
    """In whatever order and formatting a backend writes it."""
    for text in (
        '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"%s"}]' % KEY,
        '[2,"1","ChangeConfiguration", {"value" : "%s","key":"authorizationKEY"}]' % KEY,
        '[2,"1","ChangeConfiguration",{"key":"Authorization\\u004bey","value":"%s"}]' % KEY,
        '[2,"1","UpdateFirmware",{"location":"ftp://%s:%s@h/f"}]' % (USER, PASSWORD),
        '[2,"1","UpdateFirmware",{"location":"https:\\/\\/h\\/f?sig=%s"}]' % QUERY,
        '[2,"1","DataTransfer",{"vendorId":"v","data":"%s"}]' % VENDOR,
        '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"%s"' % KEY,
    ):
        log.frame("<", text)
    clean("frames", everything(station))


def test_lines_of_the_log(station):
    for url in ("http://%s:%s@h/f", "see ws://%s:%s@h:1/x?y"):
        log.note("transfer:", url % (USER, PASSWORD))
    log.note("update: https://h/f?sig=" + QUERY)
    clean("log", everything(station))


def test_exceptions_hold_no_secret():
    """Whatever is wrong with a URL, a key or a request: the words do not repeat it."""
    login = "%s:%s@" % (USER, PASSWORD)
    found = []

    def fails(function, *arguments):
        with pytest.raises((ValueError, ProtocolError)) as raised:
            function(*arguments)
        found.append(repr(raised.value) + str(raised.value))

    for url in (
        "sftp://%sh/" % login,
        "http://%sh:99999/" % login,
        "http://%s[::1/" % login,
        "http://%s/x" % login,
        "http://%%zz%sh/" % login,
        "http://%%0a%sh/" % login,
        "http://\xe4%sh/" % login,
        "http://%sh/" % login + QUERY * 200,
    ):
        fails(Location, url)
    place = Location("https://%sh/a?%s" % (login, QUERY))
    fails(place.follow, "http://%sh/" % login)
    fails(ftp.Dialogue, USER + "\n", PASSWORD, "f", False)
    header = basic.authorization(CPID, KEY.encode())
    fails(handshake.request, "h", "/", bytes(16), (), header + "\r\nX: y")
    dialogue = ftp.Dialogue(USER, PASSWORD, "f", False)
    dialogue.feed(b"220 hello\r\n331 %s?\r\n530 no %s\r\n" % (USER.encode(), PASSWORD.encode()))
    with pytest.raises(ProtocolError) as raised:
        while True:
            dialogue.next()
    found.append(str(raised.value) + raised.value.reason)
    clean("exceptions", "\n".join(found))


def test_factory_values_that_do_not_fit():
    """What provisioning got wrong is said by its key; the value stays with who wrote it."""
    rows = (("AuthorizationKey", SECRET, "R", "", None, 0), ("N", "int", "R", "0", 0, 9))
    settings = Settings(rows)
    said = settings.factory({"AuthorizationKey": KEY * 40, "N": KEY, "Unknown": KEY})
    assert len(said) == 3
    clean("factory", "\n".join(said) + repr(settings) + str(settings.readable(rows[0])))

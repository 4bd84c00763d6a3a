"""A station of the certificates room alone: real settings, files, credentials and answers; the
clock stands where a test puts it, and the entropy is a counter (no key of it is used anywhere)."""

from hashlib import sha256

from firmware.ocpp.v16 import certificates, messages
from firmware.store.access import Access
from firmware.store.credentials import Credentials
from firmware.store.settings import BOOL, READ, Settings
from tests.unit.disk_rig import Files
from tests.unit.id_rig import RamFiles

NOON = 1768478400  # 2026-01-15T12:00:00Z
CPO = "Example CPO"
SERIAL = "CP-0001"
CENTRAL, MAKER = "CentralSystemRootCertificate", "ManufacturerRootCertificate"
_CHECK = (("AdditionalRootCertificateCheck", BOOL, READ, "false", 0, 0),)
OWN_KEYS = {"CpoName": CPO}


class Entropy:
    def __init__(self):
        self.count = 0

    def __call__(self, n):
        out = b""
        while len(out) < n:
            self.count += 1
            out += sha256(b"%d" % self.count).digest()
        return out[:n]


class Clock:
    def __init__(self, at):
        self.utc = at  # at 0 ms

    def at(self, now):
        return None if self.utc is None else self.utc + now // 1000


class Outbox:
    def __init__(self):
        self.said = []

    def put(self, action, payload, key=None, early=False):
        assert messages.check_request(action, payload, True) is None, payload
        assert key == action and not early
        self.said.append((action, payload))


class Profile:
    """Takes what is offered, as security_profile.py does; `full`: the flash does not."""

    def __init__(self, credentials):
        self.credentials = credentials
        self.full = False
        self.offered = []

    def offer(self, what, now, **changes):
        if self.full:
            return False
        self.offered.append((now, changes))
        self.credentials.offer(**changes)
        return True


class Station:
    """`secrets`: the file of the credentials; None: there are none."""

    def __init__(self, files=None, keys=None, at=NOON, secrets=None, profile=2):
        self.files = files or RamFiles()
        self.settings = Settings(certificates.ROWS + _CHECK)
        assert self.settings.factory(dict(OWN_KEYS, **(keys or {}))) == []
        self.clock = Clock(at)
        self.entropy = Entropy()
        self.ticks_us = None
        self.serial_number = SERIAL
        self.outbox = Outbox()
        self.online = self.reachable = True
        self.events = []
        self.secrets = secrets or Files({})
        self.credentials = Credentials("secret", self.secrets, Access(profile, "wss://x/"))
        self.security_profile = Profile(self.credentials)
        self.certificates = certificates.build(self)
        self.now = 0

    def security(self, kind, tech_info="", now=None):
        assert now is not None and tech_info and len(tech_info) <= 255
        self.events.append(kind)

    def happened(self):
        """The kinds of the security events since the last look."""
        events, self.events = self.events, []
        return events

    def set_clock(self, at):
        """UTC s of now; None: not known."""
        self.clock.utc = None if at is None else at - self.now // 1000

    def run(self, seconds=0.0):
        """At least one beat."""
        end = self.now + int(seconds * 1000)
        while True:
            self.now += 20 if seconds < 60 else 60000
            self.certificates.tick(self.now)
            if self.now >= end:
                return

    def call(self, action, **request):
        """The answer of a handler, or a function that polls it."""
        assert messages.check_request(action, request, True) is None, action
        for name, handler in certificates.HANDLERS:
            if name == action:
                return handler(self, request, self.now)
        raise AssertionError(action)

    def finish(self, action, answer):
        beats = 0
        while not isinstance(answer, dict):
            self.run()
            beats += 1
            assert beats < 5000, "no answer"
            answer = answer(self.now) or answer
        assert messages.check_response(action, answer, True) is None, answer
        return answer

    def ask(self, action, **request):
        return self.finish(action, self.call(action, **request))

    def install(self, certificate, kind=CENTRAL):
        return self.ask("InstallCertificate", certificateType=kind, certificate=certificate)[
            "status"
        ]

    def ids(self, kind=CENTRAL):
        """The hash data of the installed ones."""
        answer = self.ask("GetInstalledCertificateIds", certificateType=kind)
        found = answer.get("certificateHashData", [])
        assert answer["status"] == ("Accepted" if found else "NotFound")
        return found

    def serials(self, kind=CENTRAL):
        return [one["serialNumber"] for one in self.ids(kind)]

    def delete(self, data):
        return self.ask("DeleteCertificate", certificateHashData=data)["status"]

    def signed(self, *chain):
        return self.ask("CertificateSigned", certificateChain="".join(chain))["status"]

    def csrs(self):
        """The requests said since the last look."""
        said, self.outbox.said = self.outbox.said, []
        return [payload["csr"] for _, payload in said]

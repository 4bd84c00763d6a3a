"""The charger of update_rig with a manufacturer: roots, signing certificates, signatures.

`fake()` puts simple arithmetic in the place of the real, with the same slices and answers, for
what is done a hundred times: a chain is good when a root has the issuer's name, a signature when
it is the digest.
"""

import binascii
import hashlib

from firmware.crypto import chain, pem, run, signature
from firmware.crypto.algorithm import encode_p256
from firmware.crypto.der import SEQUENCE, encode, encode_integer
from firmware.crypto.name import encode as name
from firmware.crypto.p256 import sign
from firmware.ocpp.v16 import proof
from firmware.store.certificates import MANUFACTURER
from tests.unit.certificate_forge import (
    AUTHORITY,
    CODE_SIGNING,
    DIGITAL_SIGNATURE,
    KEYS,
    entropy,
    forged,
    purposes,
    usage,
)
from tests.unit.update_rig import FILE, HOME, Box, Cut

SIGNED = "SignedFirmwareStatusNotification"
GOOD = [
    "Downloading",
    "Downloaded",
    "SignatureVerified",
    "Installing",
    "InstallRebooting",
    "Installed",
]
ENDS = (
    "Installed",
    "InstallationFailed",
    "DownloadFailed",
    "InvalidSignature",
    "InstallVerificationFailed",
)
SIGNER = name("Maker", "Signer")
ROOT_NAME = name("Maker", "Root")
ROOT = forged(
    subject=ROOT_NAME,
    issuer=ROOT_NAME,
    key=encode_p256(KEYS[0][1]),
    extensions=AUTHORITY,
    signer=KEYS[0][0],
)
OTHER_ROOT = forged(
    subject=name("Other", "Root"),
    issuer=name("Other", "Root"),
    key=encode_p256(KEYS[2][1]),
    extensions=AUTHORITY,
    signer=KEYS[2][0],
)
TAG = b"root of the maker"


def certificate(**fields):
    """The PEM of a signing certificate; `fields` as in certificate_forge."""
    good = {
        "subject": SIGNER,
        "issuer": ROOT_NAME,
        "key": encode_p256(KEYS[1][1]),
        "extensions": (usage(DIGITAL_SIGNATURE), purposes(CODE_SIGNING)),
        "signer": KEYS[0][0],
    }
    good.update(fields)
    return pem.encode(forged(**good))


CERTIFICATE = certificate()


def base64(data):
    return binascii.b2a_base64(data).decode().rstrip()


def signed(body, private=KEYS[1][0]):
    """ECDSA, as `openssl dgst -sha256 -sign` would say it."""
    r, s = run(sign(private, hashlib.sha256(body).digest(), entropy))
    return base64(encode(SEQUENCE, encode_integer(r), encode_integer(s)))


class Chain:
    """See fake()."""

    FIRMWARE = chain.FIRMWARE

    def verify(self, certificates, roots, at, purpose):
        yield
        if at is None or at > certificates[0].not_after:
            return None, "expired"
        for root in roots:
            if root.subject == certificates[0].issuer:
                return root, ""
        return None, "issuer unknown"


class Signature:
    def verify_file(self, key, hashed, made):
        yield
        return made == hashed


def fake():
    proof.chain, proof.signature = Chain(), Signature()


def real():
    proof.chain, proof.signature = chain, signature


def faked(body):
    return base64(hashlib.sha256(body).digest())


class Signing(Box):
    """`security`: (kind, text) of the security events of all boots."""

    def __init__(self, **how):
        self.security = []
        Box.__init__(self, **how)

    def boot(self):
        Box.boot(self)
        self.charger.station.security = self.event

    def event(self, kind, text="", now=None):
        self.security.append((kind, text))

    def kinds(self):
        return [kind for kind, _ in self.security]

    def install(self, der=ROOT, tag=TAG):
        self.charger.station.certificates.store.put(MANUFACTURER, tag, der)
        return self

    def delete(self, tag=TAG):
        store = self.charger.station.certificates.store
        for entry in store.find(tag):
            store.remove(entry)

    def order(self, request_id=7, firmware=None, **fields):
        """SignedUpdateFirmware; its status, None if the power goes."""
        whole = {
            "location": HOME,
            "retrieveDateTime": "2020-01-01T00:00:00Z",
            "signingCertificate": CERTIFICATE,
            "signature": faked(self.server.body),
        }
        whole.update(firmware or {})
        request = {"requestId": request_id, "firmware": whole}
        request.update(fields)
        self.asked.append(len(self.calls()))
        try:
            c = self.charger
            message_id = c.send("SignedUpdateFirmware", request)
            c.until(lambda: c.reply(message_id) is not None, 120, 20)
            answer = c.reply(message_id)
            return answer if isinstance(answer, str) else answer["status"]
        except Cut:
            self.gone()
            return None

    def told(self, action=SIGNED):
        return Box.told(self, action)

    def ids(self):
        """The requestId of each status."""
        return [payload.get("requestId") for name, payload in self.calls() if name == SIGNED]

    def finals(self):
        return [status for status in self.told() if status in ENDS]

    def untouched(self):
        """Nothing was installed, the slot holds nothing any more, the next update is taken."""
        slots = self.charger.station.slots
        assert self.tree == "factory" and not slots.on_trial and slots.pending is None
        assert not slots.sink().complete and slots.failed is None
        slots.release()
        return self


def ready(**how):
    return Signing(**how).run(3).install()


def held(box):
    """It waits for the end of a transaction."""
    box.server.faults = ["404 Not Found"]
    assert box.order(retryInterval=40) == "Accepted"
    box.until(lambda: box.server.jobs)
    box.charger.charge()
    box.until(lambda: "InstallScheduled" in box.told(), 60, 20)
    return box.run(10, 20)


def over(box, count=1):
    """So many requests have ended, and nothing is left of them."""
    return lambda: len(box.finals()) >= count and FILE not in box.names

# heap: chip + 312k, slots and a signed bundle in RAM
"""SignedUpdateFirmware (security whitepaper L01): from the request to Installed, and whatever the
signature or the certificate has against it."""

from firmware.crypto import pem
from firmware.crypto.der import SEQUENCE, encode
from firmware.crypto.name import encode as name
from tests.unit.certificate_forge import KEYS, SERVER_AUTH, purposes
from tests.unit.signed_rig import (
    CERTIFICATE,
    ENDS,
    GOOD,
    OTHER_ROOT,
    SIGNED,
    base64,
    certificate,
    fake,
    faked,
    held,
    over,
    ready,
    real,
    signed,
)
from tests.unit.update_rig import HOME, bundle

PLAIN = "FirmwareStatusNotification"
EXPIRED = encode(SEQUENCE, encode(0x17, b"250101000000Z"), encode(0x17, b"251231235959Z"))
EARLY = encode(SEQUENCE, encode(0x17, b"270101000000Z"), encode(0x17, b"460101000000Z"))
SOON = encode(SEQUENCE, encode(0x17, b"260101000000Z"), encode(0x17, b"260101130500Z"))
BAD_CERTIFICATE = "InvalidFirmwareSigningCertificate"
BAD_SIGNATURE = "InvalidFirmwareSignature"


def flipped(body, at):
    return body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]


# --- good ----------------------------------------------------------------------------------------


def test_from_the_request_to_the_new_firmware():
    """L01: every new state is told, each with the requestId; then FirmwareUpdated. All of it with
    the real arithmetic."""
    real()
    box = ready()
    assert box.order(4711, {"signature": signed(box.server.body)}) == "Accepted"
    box.until(over(box), 300)
    assert box.told() == GOOD and box.ids() == [4711] * 6
    assert box.told(PLAIN) == []
    assert box.tree == "a" and box.boots == 2
    assert box.security == [("FirmwareUpdated", "0.2.0")]
    names = [action for action, _ in box.calls()]
    last_boot = len(names) - 1 - names[::-1].index("BootNotification")
    assert names[last_boot:].count(SIGNED) == 1
    box.run(5)
    assert box.told() == GOOD


def test_a_signature_of_another_key_with_the_real_arithmetic():
    """L01.FR.12: it must be the key of the certificate; here it is the root's."""
    real()
    box = ready()
    assert box.order(1, {"signature": signed(box.server.body, KEYS[0][0])}) == "Accepted"
    box.until(over(box), 300)
    assert box.told() == GOOD[:2] + ["InvalidSignature"]
    assert box.security == [(BAD_SIGNATURE, "signature")]
    box.untouched()


def test_an_update_after_the_other():
    fake()
    box = ready()
    assert box.order(1) == "Accepted"
    box.until(over(box))
    box.server.body = bundle("0.3.0")
    assert box.order(2) == "Accepted"
    box.until(over(box, 2))
    assert box.told() == GOOD * 2 and box.ids() == [1] * 6 + [2] * 6
    assert box.tree == "b" and box.kinds() == ["FirmwareUpdated"] * 2


def test_an_unsigned_update_has_its_own_words():
    """And FirmwareUpdated is said of it too: edition 3, 6.16 is about any update."""
    fake()
    box = ready()
    assert box.ask() == {}
    box.until(lambda: "Installed" in box.told(PLAIN))
    assert box.told(PLAIN) == ["Downloading", "Downloaded", "Installing", "Installed"]
    assert box.told() == [] and box.kinds() == ["FirmwareUpdated"]


# --- the certificate -----------------------------------------------------------------------------


def test_a_certificate_that_is_not_good_is_answered_so():
    """L01.FR.02, 23, 24: before anything is accepted, and nothing is fetched. Each for a reason
    of its own."""
    real()
    box = ready()
    bad = {
        "expired": certificate(validity=EXPIRED),
        "not yet valid": certificate(validity=EARLY),
        "issuer unknown": certificate(issuer=name("Other", "Root")),
        "wrong signature": certificate(signer=KEYS[2][0]),
        "not for this purpose": certificate(extensions=(purposes(SERVER_AUTH),)),
        "PEM: no certificate in it": "no certificate",
        "2 certificates": CERTIFICATE + certificate(),
        "DER": pem.encode(b"\x30\x03\x02\x01\x05"),
    }
    for why in bad:
        assert box.order(3, {"signingCertificate": bad[why]}) == "InvalidCertificate", why
        kind, text = box.security.pop()
        assert kind == BAD_CERTIFICATE and box.security == [], why
        if why not in ("2 certificates", "DER"):
            assert text == why, text
    box.run(20)
    assert box.server.jobs == [] and box.told() == []
    box.untouched()


def test_a_deleted_root_vouches_for_nothing():
    """M04: the root is deleted, and with it all that it signed."""
    real()
    box = ready()
    box.delete()
    assert box.order() == "InvalidCertificate"
    assert box.security == [(BAD_CERTIFICATE, "issuer unknown")]


def test_a_root_that_cannot_be_read_harms_no_other():
    fake()
    box = ready()
    box.install(b"\x30\x01\x00", b"broken")
    assert box.order() == "Accepted"


def test_what_runs_goes_on_when_another_is_refused():
    """L01: what is not accepted replaces nothing."""
    fake()
    box = ready()
    assert box.order(1, {"retrieveDateTime": "2026-01-01T13:02:00Z"}) == "Accepted"
    other = certificate(issuer=name("Other", "Root"))
    assert box.order(2, {"signingCertificate": other}) == "InvalidCertificate"
    box.until(over(box), 200)
    assert box.told() == ["DownloadScheduled"] + GOOD and set(box.ids()) == {1}


def test_a_root_deleted_in_the_download():
    """The certificate is verified again with the signature."""
    fake()
    box = ready()
    box.server.faults = ["404"]
    assert box.order(retryInterval=5) == "Accepted"
    box.until(lambda: box.server.jobs)
    box.delete()
    box.until(over(box))
    assert box.told() == GOOD[:2] + ["InvalidSignature"]
    assert box.kinds() == [BAD_CERTIFICATE, BAD_SIGNATURE]
    box.untouched()


def test_a_root_deleted_while_it_waits_for_a_transaction():
    """Verified, and not any more: nothing is installed."""
    fake()
    box = held(ready())
    assert box.told()[-2:] == ["SignatureVerified", "InstallScheduled"]
    box.delete()
    box.charger.unplug()
    box.until(over(box), 60, 20)
    assert box.finals() == ["InvalidSignature"] and "Installing" not in box.told()
    assert box.charger.words() == ["Available"]
    box.untouched()


def test_another_root_changes_nothing():
    fake()
    box = held(ready())
    box.install(OTHER_ROOT, b"another")
    count = box.told().count("SignatureVerified")
    box.charger.unplug()
    box.until(over(box), 60, 20)
    assert box.finals() == ["Installed"]
    assert box.told().count("SignatureVerified") == count == 1


def test_a_certificate_that_expires_while_it_waits():
    """The boot was at 13:00."""
    fake()
    box = ready()
    soon = {
        "signingCertificate": certificate(validity=SOON),
        "installDateTime": "2026-01-01T13:06:00Z",
    }
    assert box.order(1, soon) == "Accepted"
    box.until(over(box), 600)
    assert box.told() == GOOD[:3] + ["InstallScheduled", "Downloaded", "InvalidSignature"]
    assert box.security[0] == (BAD_CERTIFICATE, "expired")
    box.untouched()


# --- the signature -------------------------------------------------------------------------------


def test_every_byte_is_signed():
    """L01.FR.04: over the entire firmware file. What the digest inside does not cover, and what it
    does: InvalidSignature, and it is not fetched again."""
    fake()
    for at in (130, 255, 256 + 300, len(bundle()) - 1):
        box = ready()
        good = faked(box.server.body)
        box.server.body = flipped(box.server.body, at)
        assert box.order(1, {"signature": good}, retries=3) == "Accepted"
        box.until(over(box))
        assert box.told() == GOOD[:2] + ["InvalidSignature"], at
        assert box.kinds() == [BAD_SIGNATURE] and len(box.server.jobs) == 1
        box.untouched()


def test_what_is_no_signature_at_all():
    """L01, 5: as if it were missing."""
    fake()
    for made in ("", "AAAA", "no base64 %%%", "\xe9", base64(b"x" * 500)):
        box = ready()
        assert box.order(1, {"signature": made}) == "Accepted"
        box.until(over(box))
        assert box.told()[-1] == "InvalidSignature", made
        box.untouched()


def test_signed_and_yet_no_firmware():
    """The manufacturer has signed a bundle whose own digest is wrong: InstallVerificationFailed,
    without another attempt."""
    fake()
    box = ready()
    box.server.body = flipped(box.server.body, 700)
    assert box.order() == "Accepted"
    box.until(over(box))
    assert box.told() == GOOD[:3] + ["InstallVerificationFailed"]
    assert len(box.server.jobs) == 1
    box.untouched()


def test_flash_that_cannot_be_read_is_read_again():
    """After Downloaded nothing is a failed download any more."""
    fake()
    for times, last in ((2, "Installed"), (9, "InstallVerificationFailed")):
        box = ready()
        slots = box.charger.station.slots
        whole = slots.digest

        def digest(times=[times], whole=whole):  # noqa: B006
            if times[0]:
                times[0] -= 1
                raise OSError(5)
            return whole()

        slots.digest = digest
        assert box.order(retryInterval=1) == "Accepted"
        box.until(over(box))
        assert box.finals() == [last] and len(box.server.jobs) == 1


def test_what_is_never_all_there_is_not_downloaded():
    """Truncated, of another board, no bundle: no signature is looked at, no event."""
    fake()
    good = bundle()
    strange = (bundle(board="OTHER"), bundle(mpy=5), b"<html>" * 99)
    for body in (good[:2000], good + b"more") + strange:
        box = ready()
        box.server.body = body
        box.server.length = len(body)
        assert box.order(retries=1, retryInterval=1) == "Accepted"
        box.until(over(box))
        assert box.told() == ["Downloading", "DownloadFailed"] and box.security == []
        box.untouched()


def test_the_next_good_one_is_installed():
    """Nothing of a bad one is left in its way."""
    fake()
    box = ready()
    good = box.server.body
    box.server.body = flipped(good, 600)
    assert box.order(1, {"signature": faked(good)}) == "Accepted"
    box.until(over(box))
    box.server.body = good
    assert box.order(2) == "Accepted"
    box.until(over(box, 2))
    assert box.finals() == ["InvalidSignature", "Installed"] and box.tree == "a"


def test_a_firmware_that_does_not_start():
    fake()
    box = ready()
    box.imports = False
    assert box.order() == "Accepted"
    box.until(over(box))
    assert box.told() == GOOD[:5] + ["InstallationFailed"] and box.tree == "factory"
    assert set(box.ids()) == {7} and box.security == []


# --- when ----------------------------------------------------------------------------------------


def test_download_scheduled():
    """L01.FR.13: retrieveDateTime in the future."""
    fake()
    box = ready()
    assert box.order(1, {"retrieveDateTime": "2026-01-01T13:02:00Z"}) == "Accepted"
    box.run(100)
    assert box.server.jobs == [] and box.told() == ["DownloadScheduled"]
    box.until(over(box))
    assert box.told() == ["DownloadScheduled"] + GOOD
    assert 119000 <= box.server.jobs[0][0] <= 122000


def test_download_scheduled_while_a_car_charges():
    """L01.FR.13, note: busy charging. The slot is not erased then."""
    fake()
    box = ready()
    box.charger.charge()
    assert box.order() == "Accepted"
    box.run(20)
    assert box.server.jobs == [] and box.told() == ["DownloadScheduled"]
    box.charger.unplug()
    box.until(over(box), 60, 20)
    assert box.told() == ["DownloadScheduled"] + GOOD


def test_download_paused():
    """L01.FR.14: it begins anew, for which nothing can be erased while a car charges."""
    fake()
    box = ready()
    box.server.resumes = False
    box.server.faults = [1500]
    assert box.order(retryInterval=30) == "Accepted"
    box.until(lambda: box.server.jobs and box.server.job is None)
    box.charger.charge()
    box.until(lambda: len(box.server.jobs) == 2, 60, 20)
    box.run(5, 20)
    assert box.told() == ["Downloading", "DownloadPaused"]
    box.charger.unplug()
    box.until(over(box), 60, 20)
    assert box.told() == ["Downloading", "DownloadPaused"] + GOOD


def test_install_scheduled():
    """L01.FR.16, 17: not before installDateTime; nothing is out of service until then."""
    fake()
    box = ready()
    assert box.order(1, {"installDateTime": "2026-01-01T13:03:00Z"}) == "Accepted"
    box.until(lambda: "InstallScheduled" in box.told())
    box.run(60)
    assert box.told() == GOOD[:3] + ["InstallScheduled"]
    assert box.charger.words() == ["Available"]
    box.until(lambda: "Installing" in box.told(), 200)
    assert 179000 <= box.charger.now <= 182000
    box.until(over(box))
    assert box.told() == GOOD[:3] + ["InstallScheduled"] + GOOD[3:]


def test_it_waits_for_transactions():
    """L01.FR.06, 07, 18, 19: the other connector is Unavailable meanwhile."""
    fake()
    box = held(ready(connectors=2))
    assert box.told()[-1] == "InstallScheduled"
    assert box.charger.words()[1] == "Unavailable"
    box.charger.unplug()
    box.until(over(box), 60, 20)
    assert box.told()[-3:] == GOOD[3:]


# --- one after the other -------------------------------------------------------------------------


def test_one_that_runs_is_replaced():
    """L01.FR.26: AcceptedCanceled; the first is not heard of again."""
    fake()
    box = ready()
    assert box.order(1, {"retrieveDateTime": "2026-01-01T13:05:00Z"}) == "Accepted"
    box.run(5)
    assert box.order(2) == "AcceptedCanceled"
    box.until(over(box))
    box.run(400)
    assert box.told() == ["DownloadScheduled"] + GOOD and box.ids() == [1] + [2] * 6


def test_an_unsigned_one_is_replaced():
    fake()
    box = ready()
    box.ask(retrieveDate="2026-01-01T13:05:00Z")
    assert box.order() == "AcceptedCanceled"
    box.until(over(box))
    assert box.told() == GOOD and box.told(PLAIN) == []


def test_one_that_is_over_is_not_canceled():
    fake()
    box = ready()
    box.server.body = b"<html>" * 100
    assert box.order(1) == "Accepted"
    box.until(over(box))
    box.server.body = bundle()
    assert box.order(2) == "Accepted"


def test_one_whose_end_is_not_told_yet_is_not_canceled():
    fake()
    box = ready()
    box.charger.backend.override[SIGNED] = lambda payload: (
        None if payload["status"] in ENDS else {}
    )
    assert box.order(1, {"signature": "AAAA"}) == "Accepted"
    box.until(box.finals)
    assert box.order(2) == "Accepted"


def test_one_that_is_verified_is_replaced_too():
    """The proof of the first is none of the second."""
    fake()
    box = held(ready())
    assert box.order(2, {"signature": "AAAA"}) == "AcceptedCanceled"
    box.charger.unplug()
    box.until(over(box), 60, 20)
    assert box.finals() == ["InvalidSignature"] and box.ids()[-1] == 2
    box.untouched()


def test_one_that_is_being_installed_is_not():
    """L01.FR.27."""
    fake()
    box = ready()
    assert box.order() == "Accepted"
    box.until(lambda: "Installing" in box.told(), 60, 20)
    assert box.order(8) == "Rejected"
    box.until(over(box))
    assert box.told() == GOOD


def test_one_that_began_while_the_certificate_was_looked_at():
    """It is decided when the answer is."""
    real()
    box = held_for_real()
    c = box.charger
    message_id = c.send("SignedUpdateFirmware", box.wanted)
    box.run(0.1, 20)
    assert c.reply(message_id) is None
    c.unplug()
    c.backend.override[SIGNED] = None  # it takes its time
    box.until(lambda: "Installing" in box.told(), 60, 20)
    assert c.reply(message_id) is None
    box.until(lambda: c.reply(message_id) is not None, 60, 20)
    assert c.reply(message_id) == {"status": "Rejected"}


def held_for_real():
    fake()
    box = held(ready())
    real()
    box.wanted = {
        "requestId": 9,
        "firmware": {
            "location": HOME,
            "retrieveDateTime": "2020-01-01T00:00:00Z",
            "signingCertificate": CERTIFICATE,
            "signature": "AAAA",
        },
    }
    return box


def test_what_cannot_be_kept_is_rejected():
    fake()
    box = ready()

    def full(change):
        raise OSError(28)

    box.charger.station.files.before = full
    assert box.order() == "Rejected"
    box.run(20)
    assert box.told() == [] and box.server.jobs == []


def test_below_zero():
    fake()
    box = ready()
    assert box.order(retries=-1) == "PropertyConstraintViolation"
    assert box.order(retryInterval=-1) == "PropertyConstraintViolation"


# --- unsigned ones -------------------------------------------------------------------------------


def test_unsigned_updates_can_be_forbidden():
    """L01.FR.20: NotSupported; and over the air for good."""
    fake()
    box = ready()
    c = box.charger
    assert c.configure("UnsignedUpdates", "true") == "Accepted"
    assert c.configure("UnsignedUpdates", "perhaps") == "Rejected"
    assert c.configure("UnsignedUpdates", "false") == "Accepted"
    assert box.ask() == "NotSupported"
    for value in ("true", " TRUE "):
        assert c.configure("UnsignedUpdates", value) == "Rejected"
    assert c.configure("UnsignedUpdates", "false") == "Accepted"
    box.run(20)
    assert box.server.jobs == []
    assert box.order() == "Accepted"
    box.until(over(box))
    assert box.told() == GOOD


# --- what is asked for ---------------------------------------------------------------------------


def triggered(box, message="FirmwareStatusNotification"):
    before = len(box.calls())
    box.charger.station.firmware_management.trigger(message)
    box.run(0.3, 20)
    return box.calls()[before:]


def test_a_trigger_of_a_signed_update():
    """5.19, L01.FR.28, 29: the last status with its requestId; Idle after Installed, without."""
    fake()
    box = ready()
    assert box.order(1, {"retrieveDateTime": "2026-01-01T13:01:00Z"}) == "Accepted"
    box.run(2)
    scheduled = (SIGNED, {"status": "DownloadScheduled", "requestId": 1})
    assert triggered(box) == triggered(box, SIGNED) == [scheduled]
    box.until(over(box))
    box.run(3)
    assert triggered(box) == [(PLAIN, {"status": "Idle"})]
    assert triggered(box, SIGNED) == [(SIGNED, {"status": "Idle"})]


def test_a_trigger_after_a_failure():
    """L01.FR.29: last sent was not Installed."""
    fake()
    box = ready()
    assert box.order(1, {"signature": "AAAA"}) == "Accepted"
    box.until(over(box))
    box.run(3)
    assert triggered(box) == [(SIGNED, {"status": "InvalidSignature", "requestId": 1})]
    assert box.order(2) == "Accepted"
    box.until(over(box, 3))
    assert box.finals() == ["InvalidSignature"] * 2 + ["Installed"]

# heap: chip + 432k, slots and a signed bundle in RAM, twice
"""The power goes at every write of a signed update, half-way through it: it goes on and is
verified again, or is refused again; nothing unverified is ever put on trial."""

import random

from tests.unit.signed_rig import (
    ENDS,
    GOOD,
    Signing,
    certificate,
    fake,
    faked,
    held,
    over,
    ready,
    real,
)
from tests.unit.signed_rig import signed as sealed
from tests.unit.update_rig import FILE, bundle

BODY = bundle(pages=4)
BAD = BODY[:700] + bytes([BODY[700] ^ 1]) + BODY[701:]
BAD_CERTIFICATE = "InvalidFirmwareSigningCertificate"
BAD_SIGNATURE = "InvalidFirmwareSignature"


def watched(box):
    """Each trial must have been proved in the boot that begins it."""
    boot = box.boot

    def again():
        boot()
        watch(box)

    box.boot = again
    watch(box)
    return box


def watch(box):
    slots = box.charger.station.slots
    verify, begin = slots.verify, slots.begin_trial
    state = []

    def verified():
        assert box.told()[-1] in ("Downloaded", "SignatureVerified") or not box.charger.linked
        yield from verify()
        state.append(1)

    def begun():
        assert state, "on trial without a proof of this boot"
        begin()

    slots.verify, slots.begin_trial = verified, begun


def writes(box, **fields):
    """How many writes it takes when nothing disturbs it, and of which kind."""
    before = box.power.writes
    assert box.order(**fields) == "Accepted"
    box.until(over(box))
    return box.power.writes - before, box.power.seen[before:]


def cut_at(cut, body, good, **fields):
    """Refused or not, it is asked for until the charger has taken it."""
    box = watched(ready(body=body))
    box.power.cut_in = cut
    request = {"signature": faked(good)}
    request.update(fields)
    if box.order(1, dict(request)) is None:
        box.run(3)
        if FILE not in box.names:
            assert box.order(1, dict(request)) == "Accepted"
    box.until(over(box), 300)
    box.run(2)
    assert box.power.cut_in is None, cut
    return box


def test_the_power_goes_at_every_write():
    fake()
    count, kinds = writes(ready(body=BODY))
    assert count >= 20
    assert {"program", "erase", "file write", "file rename", "file remove"} == set(kinds)
    for cut in range(count):
        box = cut_at(cut, BODY, BODY)
        assert box.tree == "a" and not box.charger.station.slots.on_trial, cut
        assert set(box.finals()) == {"Installed"} and set(box.ids()) == {1}, (cut, box.told())
        assert set(box.kinds()) == {"FirmwareUpdated"}, cut
        for before, word in zip(GOOD, GOOD[1:]):
            assert word == "Installed" or before in box.told(), (cut, box.told())


def test_the_power_goes_at_every_write_of_a_bad_one():
    """It is refused however often it comes to that, and the event is never missed."""
    fake()
    count, _ = writes(ready(body=BAD), firmware={"signature": faked(BODY)})
    assert count >= 12
    for cut in range(count):
        box = cut_at(cut, BAD, BODY)
        assert set(box.finals()) == {"InvalidSignature"}, (cut, box.told())
        assert "SignatureVerified" not in box.told() and "Installing" not in box.told()
        assert set(box.kinds()) == {BAD_SIGNATURE}, cut
        box.untouched()


def test_the_power_goes_while_it_is_verified():
    """The real arithmetic, and a cut in the middle of it."""
    real()
    for pieces in (1, 3, 200, 700):
        box = watched(ready(body=BODY))
        assert box.order(1, {"signature": sealed(BODY)}) == "Accepted"
        box.until(lambda box=box: "Downloaded" in box.told(), 60, 20)
        box.run(pieces * 0.02, 20)
        box.off()
        box.until(over(box), 300)
        assert box.finals() == ["Installed"] and box.told().count("Downloaded") == 2
        assert len(box.server.jobs) == 1


def test_verified_before_the_cut_is_not_verified_now():
    """The plan says that all was fetched, never that it was good: the root has gone since."""
    fake()
    box = held(watched(ready()))
    assert "SignatureVerified" in box.told()
    box.delete()
    box.off()
    box.until(over(box), 60)
    assert box.finals() == ["InvalidSignature"] and "Installing" not in box.told()
    assert box.kinds() == [BAD_CERTIFICATE, BAD_SIGNATURE]
    box.untouched()


def test_what_stands_in_the_slot_after_the_cut_is_what_counts():
    """Somebody has changed the flash of a charger that lay open."""
    fake()
    box = held(watched(ready()))
    box.off()
    box.devices[0].data[700] ^= 1
    box.until(over(box), 60)
    assert box.finals() == ["InvalidSignature"] and box.kinds() == [BAD_SIGNATURE]
    box.untouched()


def test_the_time_is_waited_for():
    """After a reboot offline nobody knows whether a certificate has expired."""
    fake()
    box = held(watched(ready()))
    box.linked = False
    box.off()
    box.run(60)
    assert not box.charger.station.clock.known and box.kinds() == []
    box.linked = True
    box.charger.link(True)
    box.until(over(box), 60)
    assert box.finals() == ["Installed"]


def test_it_waits_on_for_its_hour():
    """installDateTime and requestId outlive the cut."""
    fake()
    box = watched(ready())
    assert box.order(5, {"installDateTime": "2026-01-01T16:30:00Z"}) == "Accepted"
    box.until(lambda: "InstallScheduled" in box.told())
    for _ in range(2):  # 14:00, 15:00
        box.off()
        box.run(30)
    assert "Installing" not in box.told()
    box.until(over(box), 7200, 1000)
    assert set(box.ids()) == {5} and box.finals() == ["Installed"]
    assert len(box.server.jobs) == 1


def test_the_certificate_expires_while_the_power_is_gone():
    fake()
    soon = certificate(validity=VALIDITY)
    box = held_with(soon)
    box.off()  # 14:00
    box.until(over(box), 60)
    assert box.finals() == ["InvalidSignature"] and box.kinds()[0] == BAD_CERTIFICATE
    box.untouched()


VALIDITY = b"\x30\x1e\x17\x0d260101000000Z\x17\x0d260101133000Z"


def held_with(text):
    box = watched(ready())
    request = {"signingCertificate": text, "installDateTime": "2026-01-01T20:00:00Z"}
    assert box.order(1, request) == "Accepted"
    return box.until(lambda: "InstallScheduled" in box.told())


def test_the_file_forgets_what_it_does_not_need():
    """And a failure that is not told yet is told after the cut, with its requestId."""
    fake()
    box = ready(body=BAD)
    box.charger.backend.override["SignedFirmwareStatusNotification"] = lambda payload: (
        None if payload["status"] == "InvalidSignature" else {}
    )
    assert box.order(77, {"signature": faked(BODY)}) == "Accepted"
    box.until(lambda: "InvalidSignature" in box.told())
    text = box.names[FILE].decode()
    assert "CERTIFICATE" not in text and "secret" not in text and faked(BODY) not in text
    box.off()
    box.until(over(box))
    assert box.finals() == ["InvalidSignature"] * 2 and set(box.ids()) == {77}


def test_a_file_that_cannot_be_understood_is_none():
    for left in (
        b'[2, "fetching", "http://h/f", 0, 9, 9, 0, "", 1, 0, "c"]',
        b'[2, "fetching", "http://h/f", 0, 9, 9, 0, "", 1, 0, "c", 7]',
        b'[2, "fetching", "http://h/f", 0, 9, 9, 0, "", {}, 0, "c", "s"]',
        b'[1, "fetching", "http://h/f", 0, 9, 9, 0, "", 1, 0, "c", "s"]',
        b'[3, "fetching", "http://h/f", 0, 9, 9, 0, "", 1, 0, "c", "s"]',
        b'[2, "fetching", "http://h/f", 0, 9, 9, 0, ""]',
    ):
        fake()
        box = ready()
        box.off()
        box.names[FILE] = left
        box.run(20)
        assert box.told() == [] and box.server.jobs == []
        assert box.order() == "Accepted"
        box.until(over(box))
        assert box.told() == GOOD


def test_an_unsigned_plan_is_what_the_firmware_before_reads():
    """A trial may end in it: no word more than it knows."""
    fake()
    box = ready()
    box.ask(retrieveDate="2026-01-01T13:05:00Z")
    assert box.names[FILE].decode().startswith("[1, ")
    box.order(1, {"retrieveDateTime": "2026-01-01T13:05:00Z"})
    assert box.names[FILE].decode().startswith("[2, ")


def test_a_plan_without_a_good_certificate_installs_nothing():
    """Whoever can write the file has still to sign."""
    fake()
    box = watched(ready())
    box.off()
    box.names[FILE] = b'[2, "fetched", "http://h/f", 0, 9, 9, 0, "", 1, 0, "c", "s"]'
    box.until(over(box), 120)
    assert box.finals() == ["InvalidSignature"] and box.kinds()[0] == BAD_CERTIFICATE
    box.untouched()


def happens(box):
    """One thing or another; True: a request was taken."""
    event = random.randrange(7)
    if event < 2 and box.charger.linked and FILE not in box.names:
        box.server.faults = list([(), ("404",), (700,), ("404",) * 9][random.randrange(4)])
        box.imports = random.randrange(3) > 0
        box.server.body = BAD if random.randrange(3) == 0 else BODY
        box.order(len(box.asked), {"signature": faked(BODY)}, retries=2, retryInterval=5)
    elif event < 4:
        box.power.cut_in = random.randrange(12)
    elif event == 4:
        box.off()
    elif event == 5:
        box.charger.link(not box.charger.linked)
    elif event == 6 and box.charger.words() == ["Available"]:
        box.charger.charge() if box.charger.linked else None
        box.charger.unplug()
        box.run(2, 20)


def test_any_order_of_events():
    """Nothing bad is ever installed, each request has one end, the charger is in service."""
    fake()
    random.seed(8)
    for _ in range(6):
        box = watched(Signing(body=BODY)).run(3)
        if not box.on:
            box.step()
        box.install()
        for _ in range(12):
            if box.on:
                happens(box)
            box.run(random.randrange(20))
        box.power.cut_in = None
        box.run(1)
        box.charger.unplug()
        if not box.charger.linked:
            box.charger.link(True)
        box.run(60, 50)
        box.until(lambda box=box: FILE not in box.names, 300)
        box.run(3)
        ends = {}
        for name, payload in box.calls():
            if name == "SignedFirmwareStatusNotification" and payload["status"] in ENDS:
                ends.setdefault(payload["requestId"], set()).add(payload["status"])
        assert all([len(found) == 1 for found in ends.values()]), ends
        assert box.charger.words() == ["Available"]

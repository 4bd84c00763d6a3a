# heap: chip + 72k, files in RAM, all frames kept
"""Profiles over power cycles (erratum 3.37), what a cut leaves of them, and what is written."""

from firmware.ocpp.v16.profile_set import PATH, heard, told
from tests.unit.disk_rig import Files
from tests.unit.flash_rig import Cut
from tests.unit.test_smart_charging import MAX, TX, at, charger, clear, ids, limits, put
from tests.unit.test_smart_charging import ready, wire
from tests.unit.test_schedule import make

AGAIN = 900  # seconds


def again(c, files, seconds=1.5, **how):
    """Power off, power on."""
    how.setdefault("store", c.store)
    how.setdefault("settings", c.settings)
    c = charger(files=files, connectors=len(c.connectors), **how)
    return c.run(seconds)


class Writes:
    """Files that count what is written to the profiles' file."""

    def __init__(self):
        self.files = Files({}, self.seen)
        self.count = 0
        self.fail = False
        self.failed = 0

    def seen(self, change):
        if change[1].startswith(PATH):
            if self.fail:
                self.failed += 1
                raise OSError(28, "full")
            self.count += change[0] == "rename"


def test_profiles_survive_a_power_cycle():
    w = Writes()
    c = ready(files=w.files, connectors=2)
    put(c, 0, wire((0, 31), (5, 25), id=1, purpose=MAX, kind="Absolute", start=at(0), least=8.1))
    put(c, 2, wire((0, 20, 1), id=2, level=3, unit="W", validFrom=at(-3), validTo=at(9999)))
    put(c, 1, wire((0, 10), id=3, duration=600))
    before = c.station.smart_charging.installed.profiles
    c = again(c, w.files)
    assert c.station.smart_charging.installed.profiles == before and len(before) == 3
    assert limits(c) == [10000, 0]
    clear(c, id=3)
    c = again(c, w.files)
    assert ids(c) == [1, 2] and limits(c)[0] >= 25000
    clear(c)
    assert ids(again(c, w.files)) == []


def test_limits_hold_after_a_boot_without_a_backend():
    """3.13.6, before the clock is known: the whole with its lowest limit."""
    w = Writes()
    c = ready(files=w.files)
    put(c, 0, wire((0, 20), (60, 12), id=1, purpose=MAX, kind="Absolute", start=at(0)))
    put(c, 0, wire((0, 16), id=2))
    assert limits(c) == [16000]
    c = again(c, w.files, online=False)
    assert limits(c) == [12000]


def test_at_every_cut_the_old_set_or_the_new_one():
    class Power:
        def __init__(self):
            self.left = None

        def seen(self, change):
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise Cut

    for left in range(3):
        power = Power()
        files = Files({}, power.seen)
        c = ready(files=files)
        put(c, 0, wire((0, 20), id=1))
        put(c, 0, wire((0, 19), id=2, level=1))
        old = dict(files.names)
        power.left = left
        cut = False
        try:
            put(c, 0, wire((0, 18), id=1, level=1))
        except Cut:
            cut = True
        power.left = None
        assert cut == (left < 2), "a file and a rename"
        files.names.setdefault(PATH, old[PATH])
        c = again(c, files)
        assert (ids(c), limits(c)) in (([1, 2], [19000]), ([1], [18000]))
        if left == 2:
            assert ids(c) == [1]


def test_whatever_the_file_holds_the_station_boots():
    """Set aside, whatever byte is wrong and wherever it ends; the next set is kept again."""
    files = Files({})
    c = ready(files=files)
    put(c, 0, wire((0, 20), (9, 10), id=1))
    put(c, 0, wire((0, 19), id=2, level=1))
    good = files.names[PATH]
    broken = [good[:n] for n in range(len(good))] + [good + b"x", b"\xff" * 300]
    for n in range(len(good)):
        broken.append(good[:n] + bytes([good[n] ^ 0x84]) + good[n + 1 :])
    from firmware.ocpp.v16.profile_set import ProfileSet

    for data in broken:
        files = Files({PATH: data})
        installed = ProfileSet(files, 12, bool)
        assert installed.profiles == [] and installed.why
        assert files.names == {PATH + ".corrupt": data}
    files = Files({PATH: good[:-1]})
    c = ready(files=files)
    assert limits(c) == [32000]
    assert put(c, 0, wire((0, 20), id=1)) == "Accepted"
    assert ids(again(c, files)) == [1]


def test_a_flash_that_fails_leaves_all_as_it_was():
    w = Writes()
    c = ready(files=w.files)
    put(c, 0, wire((0, 20), id=1))
    w.fail = True
    assert put(c, 0, wire((0, 10), id=1)) == "Rejected"
    assert put(c, 0, wire((0, 10), id=2, level=1)) == "Rejected"
    assert clear(c) == "Unknown"
    assert ids(c) == [1] and limits(c) == [20000]
    w.fail = False
    assert clear(c) == "Accepted" and limits(c) == [32000]


def test_without_files_they_work_until_the_power_goes():
    c = ready(files=False)
    put(c, 0, wire((0, 20), id=1))
    assert limits(c) == [20000]


# --- wear ----------------------------------------------------------------------------------------


def test_the_same_said_again_writes_nothing():
    w = Writes()
    c = ready(files=w.files)
    for _ in range(5):
        put(c, 0, wire((0, 20), id=1))
        put(c, 0, wire((0, 20), id=2, purpose=MAX))
        c.run(2)
    assert w.count == 2


def test_while_a_contactor_is_closed_no_file_is_written_and_nothing_is_lost():
    """An erase masks interrupts: the notes of the journal have it until the contactor opens."""
    w = Writes()
    c = ready(files=w.files)
    put(c, 0, wire((0, 20), id=1))
    put(c, 0, wire((0, 30), id=2, level=1))
    assert w.count == 2
    c.charge()
    for n in range(30):
        put(c, 0, wire((0, 20 + n % 5), id=3, purpose=MAX))
        assert limits(c) == [20000 + n % 5 * 1000]
    clear(c, id=2)
    assert w.count == 2 and c.words() == ["Charging"]
    c = again(c, w.files, 0.5)
    assert ids(c) == [1, 3] and limits(c) == [20000]
    c.run(30)
    assert w.count == 3
    c = again(c, w.files)
    assert ids(c) == [1, 3] and limits(c) == [20000] and w.count == 3


def two_notes(w, order):
    """Two transactions; the note of order[1] has the last set, that of order[0] the one before."""
    c = ready(files=w.files, connectors=2).charge(1, "A").charge(2, "B")
    put(c, 0, wire((0, 20), id=1))
    keep, stuck = c.station.billing.keep, [0]

    def keep_others(connector):
        if connector.number != stuck[0]:
            keep(connector)

    c.station.billing.keep = keep_others
    for stuck[0] in (order[1], order[0]):  # the note of this one stays as it is
        put(c, 0, wire((0, 20 + order.index(stuck[0])), id=1))
    return c


def test_of_the_sets_in_several_notes_the_newest_counts():
    for order in ((1, 2), (2, 1)):
        w = Writes()
        c = two_notes(w, order)
        assert limits(c) == [20000, 20000]
        c.station.billing.keep = lambda connector: None
        assert limits(again(c, w.files, 0.5)) == [20000, 20000]


def test_a_file_that_is_newer_than_the_notes_counts():
    for order in ((1, 2), (2, 1)):
        w = Writes()
        c = two_notes(w, order)
        c.station.billing.keep = lambda connector: None
        c.station.smart_charging.installed._waits = bool
        put(c, 0, wire((0, 25), id=1))
        assert w.count == 1
        assert limits(again(c, w.files, 0.5)) == [25000, 25000]


def test_what_waits_is_written_when_the_contactor_opens():
    w = Writes()
    c = ready(files=w.files).charge()
    put(c, 0, wire((0, 10), id=1))
    put(c, 0, wire((0, 12), id=1))
    assert w.count == 0
    c.unplug()
    c.run(15)
    assert w.count == 1
    c = again(c, w.files)
    assert limits(c) == [12000]


def test_what_returns_to_what_is_kept_is_not_written():
    w = Writes()
    c = ready(files=w.files)
    put(c, 0, wire((0, 20), id=1))
    c.charge()
    for limit in (22, 20):
        put(c, 0, wire((0, limit), id=1))
    c.unplug()
    c.run(15)
    assert w.count == 1 and c.connectors[0].session.transaction is None


def test_a_late_write_that_fails_is_tried_again():
    w = Writes()
    c = ready(files=w.files).charge()
    put(c, 0, wire((0, 20), id=1))
    w.fail = True
    c.unplug()
    c.run(15)
    assert w.count == 0 and w.failed == 1
    w.fail = False
    c.skip(AGAIN - 20)
    assert w.count == 0
    c.skip(20)
    assert w.count == 1


def test_a_tx_profile_writes_no_file():
    """It is kept with its transaction's note."""
    w = Writes()
    c = ready(files=w.files).charge()
    for n in range(5):
        put(c, 1, wire((0, 20 + n), id=1, purpose=TX))
    c.skip(600)
    assert w.count == 0


# --- transactions that a power cut interrupts ----------------------------------------------------


def test_a_transaction_that_goes_on_has_its_profiles_and_its_age():
    w = Writes()
    c = ready(files=w.files, keys={"ResumeWindow": "60"}).charge()
    put(c, 0, wire((0, 30), (90, 9), id=1))
    put(c, 1, wire((0, 16), (60, 8), id=2, purpose=TX, duration=80))
    c.skip(40)
    c.backend.at += c.now // 1000 + 2
    at_noon = c.backend.at
    c = charger(files=w.files, store=c.store, settings=c.settings, online=False)
    c.backend.at = at_noon
    c.plug()
    c.run(3)
    assert c.connectors[0].session.transaction is not None
    assert ids(c) == [1, 2] and limits(c) == [16000]  # since the boot, as far as is known
    c.link(True)
    c.run(20)
    assert limits(c) == [8000]  # more than 60 s old
    c.skip(20)
    assert limits(c) == [30000]
    c.skip(15)
    assert limits(c) == [9000]
    c.unplug()
    c.run(15)
    assert ids(c) == [1]


def test_a_transaction_that_ends_by_a_power_cut_takes_its_profile_along():
    w = Writes()
    c = ready(files=w.files).charge()
    put(c, 1, wire((0, 16), id=2, purpose=TX))
    c = again(c, w.files, seconds=30)
    assert c.connectors[0].session.transaction is None
    assert ids(c) == [] and limits(c) == [32000]


def test_the_profile_of_a_remote_start_survives_with_its_transaction():
    from tests.unit.test_smart_charging_limits import remote

    w = Writes()
    c = ready(files=w.files, keys={"ResumeWindow": "60"})
    remote(c, wire((0, 10), id=7, purpose=TX))
    c.plug()
    c.until(lambda: c.words() == ["Charging"])
    c = charger(files=w.files, store=c.store, settings=c.settings)
    c.plug()
    c.run(5)
    assert ids(c) == [7] and limits(c) == [10000]


def test_a_tx_profile_that_was_cleared_does_not_come_back():
    w = Writes()
    c = ready(files=w.files, keys={"ResumeWindow": "60"}).charge()
    put(c, 1, wire((0, 16), id=2, purpose=TX))
    clear(c, id=2)
    c = charger(files=w.files, store=c.store, settings=c.settings)
    c.plug()
    c.run(5)
    assert c.connectors[0].session.transaction is not None
    assert ids(c) == [] and limits(c) == [32000]


def test_what_a_remote_start_replaces_does_not_come_back():
    """The same id: 5.16.3."""
    w = Writes()
    c = ready(files=w.files)
    put(c, 0, wire((0, 20), id=7))
    request = {"connectorId": 1, "idTag": "R", "chargingProfile": wire((0, 10), id=7, purpose=TX)}
    assert c.status_of("RemoteStartTransaction", request) == "Accepted"
    assert ids(c) == [7] and limits(c) == [10000]
    assert ids(again(c, w.files)) == []


def test_a_note_holds_what_json_and_a_block_of_flash_can():
    profiles = [make([(n, n) for n in range(count)]) for count in (1, 2, 24, 11)]
    texts = told(profiles)
    assert heard(texts) == profiles
    assert max([len(text) for text in texts]) <= 256  # so it lies as bytes (store/digits.py)
    assert told([]) == [] and heard([]) == []
    full = told([make([(n, n) for n in range(24)])] * 12)
    assert sum([len(text) // 2 + 3 for text in full]) < 3500
    for wrong in (["00"], ["zz"], texts[1:2] + ["0011"]):
        try:
            heard(wrong)
        except ValueError:
            continue
        raise AssertionError(wrong)

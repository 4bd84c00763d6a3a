import os
import random
import sys

from firmware.store import id_record
from firmware.store.id_cache import IdCache
from tests.skip import Skip
from tests.unit.id_rig import BlockDevice, Cut, RamFiles, Stuck

ACCEPTED = ("Accepted", None, None)
BLOCKED = ("Blocked", None, None)
INTERVAL_MS = 900000
SOON_MS = 10000


def cache_on(files, limit=5):
    return IdCache("cache", files, limit, INTERVAL_MS)


def filled(files, limit=5, count=5):
    cache = cache_on(files, limit)
    for n in range(count):
        cache.put("C%d" % n, ACCEPTED, 0)
    return cache


def known(cache, utc=None):
    """{idTag: entry} of the idTags these tests use."""
    names = ["C%d" % n for n in range(12)]
    return {name: cache.get(name, utc) for name in names if cache.get(name, utc)}


def fails(call):
    try:
        call()
    except OSError:
        return True
    return False


def test_it_keeps_the_latest_word_on_every_id_tag():
    """§3.5.1: "The Cache contains all the latest received identifiers (i.e. valid and NOT-valid)"
    and "When an IdTagInfo is received for an identifier in the Cache, it SHALL be updated"."""
    cache = cache_on(RamFiles())
    assert cache.get("Card", None) is None
    for n, status in enumerate(id_record.WORDS):
        info = (status, "Group" if n % 2 else None, None if n % 2 else 2000000000)
        for spelling in ("Card", "CARD", "card"):
            cache.put(spelling, info, 0)
            assert cache.get("cARD", None) == info
            assert cache.count == 1
    assert cache.get("Car", None) is None and cache.get("Card1", None) is None


def test_an_id_tag_is_not_found_in_the_middle_of_others():
    """A parent, or the end of one field and the beginning of the next, is no idTag."""
    cache = cache_on(RamFiles())
    cache.put("one", ("Accepted", "two", None), 0)
    cache.put("ab" * 10, ("Accepted", "ab" * 10, None), 0)
    assert cache.get("two", None) is None
    assert cache.get("", None) is None
    cache.put("two", BLOCKED, 0)
    cache.put("", ("Invalid", None, None), 0)
    assert cache.get("two", None) == BLOCKED
    assert cache.get("", None) == ("Invalid", None, None)
    assert cache.get("one", None) == ("Accepted", "two", None)


def test_when_full_first_the_not_valid_go():
    """§3.5.1: "SHALL remove any NOT-valid entries, and then, if necessary, the oldest valid"."""
    cache = filled(RamFiles())
    cache.put("C1", BLOCKED, 0)
    cache.put("C3", ("Invalid", None, None), 0)
    cache.put("C7", ACCEPTED, 0)
    assert sorted(known(cache)) == ["C0", "C2", "C4", "C7"]


def test_when_full_of_valid_the_oldest_goes():
    """The oldest is the one the CSMS has not spoken of for the longest time."""
    cache = filled(RamFiles())
    cache.put("C0", ACCEPTED, 0)
    cache.put("C2", ("Accepted", "Group", None), 0)
    order = ["C1", "C3", "C4", "C0", "C2"]
    for n in range(5):
        cache.put("D%d" % n, ACCEPTED, 0)
        assert sorted(known(cache)) == sorted(order[n + 1 :]), n
        assert cache.count == 5


def test_expired_counts_as_not_valid_when_full():
    cache = cache_on(RamFiles(), 3)
    cache.put("C0", ACCEPTED, 0)
    cache.put("C1", ("Accepted", None, 1000), 0)
    cache.put("C2", ("Accepted", None, 3000), 0)
    cache.put("C3", ACCEPTED, 0, 2000)
    assert sorted(known(cache)) == ["C0", "C2", "C3"]


def test_validity_that_ends_becomes_expired():
    """§3.5.1: "When the validity of a Cache entry expires, it SHALL be changed to expired"."""
    files = RamFiles()
    cache = cache_on(files)
    cache.put("C0", ("Accepted", "G", 1000), 0)
    cache.put("C1", ("Blocked", None, 1000), 0)
    assert cache.get("C0", 999)[0] == "Accepted"
    # Without a clock nothing is apparently expired (§3.5.4).
    assert cache.get("C0", None)[0] == "Accepted"
    assert cache.get("C0", 1000) == ("Expired", "G", 1000)
    assert cache.get("C1", 1000)[0] == "Blocked"
    # Seen once, it stays so, also without a clock and after a reboot.
    assert cache.get("C0", None)[0] == "Expired"
    cache.save()
    assert cache_on(files).get("C0", None)[0] == "Expired"


def test_what_nobody_presents_expires_in_flash_too():
    """A reboot without a clock must not bring an expired card back to life."""
    files = RamFiles()
    cache = cache_on(files)
    cache.put("C0", ("Accepted", None, 1000), 0)
    assert cache.flush(INTERVAL_MS, 500)
    assert not cache.flush(INTERVAL_MS * 2, 1000)
    assert cache.flush(INTERVAL_MS * 3, 1001)
    assert cache_on(files).get("C0", None)[0] == "Expired"
    # Seen expired by a lookup: written as well, without another word of the CSMS.
    cache.put("C1", ("Accepted", None, 2000), INTERVAL_MS * 3)
    assert cache.flush(INTERVAL_MS * 4, 1500)
    assert cache.get("C1", 2000)[0] == "Expired"
    cache.flush(INTERVAL_MS * 5, 2000)
    assert cache.flush(INTERVAL_MS * 6, 2000)
    assert cache_on(files).get("C1", None)[0] == "Expired"


def test_it_is_persisted_across_reboots():
    """§3.5.1: "SHOULD be persisted across reboots and power outages"; the order as well."""
    files = RamFiles()
    cache = filled(files)
    cache.put("C0", ("Invalid", "Group", 253402300799), 0)
    assert cache.save() and not cache.save()
    again = cache_on(files)
    assert again.corrupt is None and again.count == 5
    assert known(again) == known(cache)
    again.put("C8", ACCEPTED, 0)  # C0 is not valid
    again.put("C9", ACCEPTED, 0)  # C1 is the oldest
    assert sorted(known(again)) == ["C2", "C3", "C4", "C8", "C9"]


def test_a_smaller_cache_keeps_the_latest():
    files = RamFiles()
    filled(files).save()
    assert sorted(known(cache_on(files, 2))) == ["C3", "C4"]
    assert sorted(known(cache_on(files, 9))) == ["C0", "C1", "C2", "C3", "C4"]


def test_writes_wait_for_company():
    """A day of a busy station, a card a minute: one write an interval, none when idle."""
    files = RamFiles()
    cache = cache_on(files, 200)
    writes = 0
    for minute in range(24 * 60):
        cache.put("C%d" % (minute % 300), ACCEPTED, minute * 60000)
        writes += cache.flush(minute * 60000)
    assert 85 <= writes <= 96, writes
    assert files.ops == writes * 4  # open, records, seal, rename
    cache.flush(24 * 60 * 60000)
    ops = files.ops
    for minute in range(24 * 60, 48 * 60):
        assert not cache.flush(minute * 60000 + INTERVAL_MS)
    assert files.ops == ops


def test_the_same_word_again_is_not_written():
    files = RamFiles()
    cache = filled(files)
    cache.save()
    ops = files.ops
    for n in range(5):
        cache.put("C%d" % n, ACCEPTED, n)
        cache.get("C%d" % n, 5)
    assert not cache.flush(INTERVAL_MS * 9) and not cache.save()
    assert files.ops == ops


def test_a_card_that_lost_its_validity_is_written_soon():
    """A power cut minutes later must not make a blocked card good again; but a card held to the
    reader over and over must not wear the flash out."""
    for status, soon in (
        ("Blocked", True),
        ("Invalid", True),
        ("Expired", True),
        ("ConcurrentTx", False),  # passes by itself
    ):
        files = RamFiles()
        cache = filled(files, 9)
        cache.save()
        cache.put("C1", (status, None, None), 1000)
        cache.put("C9", BLOCKED, 1000)
        assert not cache.flush(1000 + SOON_MS - 1)
        assert cache.flush(1000 + SOON_MS) is soon, status
        assert cache.flush(1000 + INTERVAL_MS) is not soon
        assert cache_on(files, 9).get("C1", None)[0] == status


def test_one_refusal_for_another_does_not_hurry():
    cache = filled(RamFiles())
    cache.put("C1", BLOCKED, 0)
    cache.save()
    cache.put("C1", ("Invalid", None, None), 0)
    assert not cache.flush(SOON_MS) and cache.flush(INTERVAL_MS)


def test_strangers_do_not_hurry_the_flash():
    files = RamFiles()
    cache = cache_on(files)
    writes = 0
    for second in range(900):
        cache.put("X%d" % second, ("Invalid", None, None), second * 1000)
        writes += cache.flush(second * 1000)
    assert writes == 0


def test_clear_empties_it_at_once_and_for_good():
    """§5.4: "The response SHALL indicate whether the Charge Point was able to clear its cache"."""
    files = RamFiles()
    cache = filled(files)
    cache.save()
    cache.clear()
    assert (cache.count, known(cache), files.names) == (0, {}, {})
    assert cache_on(files).count == 0
    ops = files.ops
    cache.clear()
    assert not cache.flush(INTERVAL_MS * 9)
    assert files.ops == ops
    cache.put("C1", BLOCKED, 0)
    cache.save()
    assert known(cache_on(files)) == {"C1": BLOCKED}


def test_a_clear_that_fails_is_said_and_repeated():
    files = RamFiles()
    cache = filled(files)
    cache.save()
    files.left, files.fail = 0, True
    assert fails(cache.clear)
    assert cache.count == 0
    assert cache_on(files).count == 5
    assert cache.flush(1)
    assert files.names == {} and cache_on(files).count == 0


def test_forgotten_for_the_local_list():
    """§3.5.3: "Identifiers known in the Local Authorization List SHALL NOT be added"."""
    files = RamFiles()
    cache = filled(files)
    cache.save()
    cache.forget("c1", 0)
    cache.forget("unknown", 0)
    assert sorted(known(cache)) == ["C0", "C2", "C3", "C4"]
    assert cache.flush(INTERVAL_MS)
    assert known(cache_on(files)) == known(cache)
    for n in (0, 2, 3, 4):
        cache.forget("C%d" % n, 0)
    cache.save()
    assert files.names == {}


def test_a_write_that_fails_is_tried_again_later():
    good = RamFiles()
    filled(good).save()
    for left in range(4):
        files = RamFiles(good.copy(), left, True)
        cache = cache_on(files)
        cache.put("C0", BLOCKED, 0)
        assert fails(lambda c=cache: c.flush(SOON_MS)), left
        assert cache_on(RamFiles(files.copy())).get("C0", None) == ACCEPTED
        assert not cache.flush(SOON_MS + 1)  # not in a loop
        assert cache.flush(SOON_MS + INTERVAL_MS)
        assert cache_on(files).get("C0", None) == BLOCKED


def test_a_power_cut_at_any_write_leaves_the_old_or_the_new_cache():
    good = RamFiles()
    old = known(filled(good))
    filled(good).save()
    new = dict(old)
    new["C0"] = BLOCKED
    for change, after, ops in (
        (lambda cache: cache.put("C0", BLOCKED, 0), new, 4),
        (lambda cache: cache.clear(), {}, 1),
    ):
        for left in range(ops + 1):
            files = RamFiles(good.copy(), left)
            cache = cache_on(files)
            cut = False
            try:
                change(cache)
                cache.save()
            except Cut:
                cut = True
            assert cut is (left < ops)
            rebooted = RamFiles(files.copy())
            cache = cache_on(rebooted)
            assert cache.corrupt is None and "cache.new" not in rebooted.names
            assert known(cache) == (old if cut else after), left


def test_a_broken_file_is_set_aside():
    good = RamFiles()
    filled(good).save()
    data = good.names["cache"]
    for n in range(len(data)):
        torn = bytearray(data)
        torn[n] ^= 4
        for broken in (torn, data[:n]):
            files = RamFiles({"cache": bytearray(broken)})
            cache = cache_on(files)
            assert cache.corrupt and cache.count == 0 and known(cache) == {}
            assert list(files.names) == ["cache.corrupt"]
    cache.put("C1", BLOCKED, 0)
    cache.save()
    assert known(cache_on(files)) == {"C1": BLOCKED}


def test_a_dead_flash_does_not_stop_the_boot():
    good = RamFiles()
    filled(good).save()
    cache = cache_on(Stuck({"cache": bytearray(b"junk")}))
    assert cache.corrupt and cache.count == 0
    cache = cache_on(Stuck(good.copy(), False))
    assert cache.corrupt and cache.count == 0
    names = good.copy()
    names["cache.new"] = bytearray(b"left behind")
    cache = cache_on(Stuck(names))
    assert cache.corrupt and cache.count == 5


def test_a_list_is_no_cache():
    """Each file has its kind: a list renamed by hand is not taken for a cache."""
    from firmware.store.id_table import IdTable
    from tests.unit.id_rig import apply

    files = RamFiles()
    apply(IdTable("cache", files, 9), 1, {"C1": ACCEPTED}, True)
    cache = cache_on(files)
    assert cache.corrupt and cache.count == 0


def model_put(model, id_tag, info, limit):
    """The rule of §3.5.1 on a list of (idTag, info), the latest last."""
    kept = [pair for pair in model if pair[0] != id_tag]
    if len(kept) == len(model) and len(model) == limit:
        kept = [pair for pair in model if pair[1][0] == "Accepted"]
        if len(kept) == limit:
            kept.pop(0)
    kept.append((id_tag, info))
    return kept


def test_random_words_against_a_model():
    random.seed(353)
    for _ in range(40):
        files = RamFiles()
        limit = 1 + random.randrange(8)
        cache = cache_on(files, limit)
        model = []
        for n in range(120):
            id_tag = "C%d" % random.randrange(12)
            info = (
                random.choice(("Accepted", "Accepted", "Accepted", "Blocked", "Invalid")),
                random.choice((None, "Group")),
                random.choice((None, 1 + random.getrandbits(20))),
            )
            cache.put(id_tag if n % 2 else id_tag.lower(), info, n)
            model = model_put(model, id_tag, info, limit)
            assert known(cache) == dict(model), (n, model)
            assert files.opened == 0
            if random.getrandbits(3) == 0:
                cache.save()
            if random.getrandbits(5) == 0:
                # Order alone is not saved: write it, so that the model holds.
                cache.forget("never", n)
                cache.put("C0", ("ConcurrentTx", None, n + 1), n)
                model = model_put(model, "C0", ("ConcurrentTx", None, n + 1), limit)
                cache.save()
                cache = cache_on(files, limit)


def test_ram_is_taken_once():
    if sys.implementation.name != "micropython":
        raise Skip("CPython does not count its heap")
    import gc

    gc.collect()
    before = gc.mem_alloc()
    cache = IdCache("cache", RamFiles(), 200)
    gc.collect()
    empty = gc.mem_alloc() - before
    assert empty < 200 * id_record.SIZE + 1024, empty
    for n in range(1000):
        cache.put("%d" % n, ("Accepted", "Group", n), n)
    gc.collect()
    assert cache.count == 200
    assert gc.mem_alloc() - before <= empty + 128  # numbers beyond the small ones
    assert cache.get("999", 0) == ("Accepted", "Group", 999)


def test_littlefs_survives_a_cut_at_every_erase_and_program():
    if sys.implementation.name != "micropython":
        raise Skip("LittleFS is MicroPython's")
    device = BlockDevice(24, 512)
    os.VfsLfs2.mkfs(device)
    filled(os.VfsLfs2(device), 40, 40).save()
    image = bytes(device.data)
    outcomes = [0, 0]
    left = 0
    done = False
    while not done:
        device.data[:] = image
        device.left = None
        cache = cache_on(os.VfsLfs2(device), 40)
        cache.put("C0", BLOCKED, 0)
        device.left = left
        try:
            cache.save()
            done = True
        except OSError:
            done = False
        device.left = None
        cache = cache_on(os.VfsLfs2(device), 40)
        assert cache.corrupt is None and cache.count == 40, left
        outcomes[cache.get("C0", None) == BLOCKED] += 1
        left += 1
    assert outcomes[0] > 5 and outcomes[1] >= 1, outcomes

import os
import random
import sys

from firmware.store import id_merge, id_record
from firmware.store.id_table import IdTable
from tests.skip import Skip
from tests.unit.id_rig import (
    BlockDevice,
    Cut,
    RamFiles,
    Stuck,
    accepted,
    apply,
    changes_of,
)

LIMIT = 1000
OLD = {
    "AA01": ("Accepted", "Fleet", None),
    "BB02": ("Blocked", None, 1750000000),
    "CC03": ("Accepted", None, 253402300799),
    "EE05": ("Accepted", "Fleet", None),
}
# Put in before, between and behind; replace, take out, take out what is not there.
CHANGES = {
    "0000": ("Invalid", None, None),
    "AA01": ("Expired", None, 5),
    "CC03": None,
    "CD99": None,
    "DD04": ("ConcurrentTx", "Other", None),
    "FF06": ("Accepted", None, None),
}
NEW = {
    "0000": CHANGES["0000"],
    "AA01": CHANGES["AA01"],
    "BB02": OLD["BB02"],
    "DD04": CHANGES["DD04"],
    "EE05": OLD["EE05"],
    "FF06": CHANGES["FF06"],
}


class Real:
    """The files of this machine, counted."""

    def __init__(self):
        self.reads = 0

    def open(self, path, mode):
        return Counted(self, open(path, mode))

    def rename(self, old, new):
        os.rename(old, new)

    def remove(self, path):
        os.remove(path)


class Counted:
    def __init__(self, files, file):
        self._files = files
        self._file = file
        self.seek, self.read, self.write = file.seek, file.read, file.write
        self.close = file.close

    def readinto(self, buffer):
        self._files.reads += 1
        return self._file.readinto(buffer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


def with_path(name, test):
    path = (os.getenv("TMPDIR") or "/tmp") + "/evse-" + name
    for end in ("", ".new", ".corrupt"):
        try:
            os.remove(path + end)
        except OSError:
            continue
    try:
        test(path)
    finally:
        os.remove(path)


def filled(entries, version=7, limit=LIMIT):
    files = RamFiles()
    table = IdTable("list", files, limit)
    apply(table, version, entries, True)
    return files, table


def holds(table, entries, version):
    """The list is exactly these entries."""
    known = dict(OLD)
    known.update(NEW)
    known.update(entries)
    for id_tag in known:
        if table.get(id_tag) != entries.get(id_tag):
            return False
    return (table.count, table.version) == (len(entries), version)


def refused(call, error):
    try:
        call()
    except error:
        return True
    return False


def test_records_keep_what_they_are_given():
    """§7.27: "If expiryDate is not given, the status has no end date"; §7.28 idTags have 20."""
    for status in id_record.WORDS:
        for parent in (None, "A", "Group of 20 chars..."):
            for expires_at in (None, 1, 4294967296, 253402300799):
                record = id_record.pack("x" * 20, status, parent, expires_at)
                assert len(record) == id_record.SIZE
                assert id_record.unpack(record) == (status, parent, expires_at)
                padded = b"..." + record + b"..."
                assert id_record.unpack(padded, 3) == (status, parent, expires_at)
    # The year 1, a common "never was": long over, not "no end".
    assert id_record.unpack(id_record.pack("x", "Accepted", None, -62135596800))[2] == 1


def test_what_is_no_id_tag_is_refused():
    """§2.2: CiString, "only printable ASCII allowed"; erratum 3.74: CiString20."""
    for bad in ("x" * 21, "caf\u00e9", "a\x00", "\x7f", "\u212a"):
        assert refused(lambda bad=bad: id_record.key(bad), ValueError), bad
        assert refused(lambda bad=bad: id_record.pack("x", "Accepted", bad), ValueError), bad
        assert not id_record.fits(bad)
    assert refused(lambda: id_record.pack("x", "accepted"), ValueError)
    assert id_record.fits("") and id_record.fits(" ~")


def test_expired_by_the_passage_of_time():
    """§3.5.4: "Identifiers that were valid but are apparently expired due to passage of time"."""
    for entry, utc, expected in (
        (("Accepted", None, 100), 99, "Accepted"),
        (("Accepted", None, 100), 100, "Expired"),
        (("Accepted", None, 100), None, "Accepted"),
        (("Accepted", None, None), 1 << 40, "Accepted"),
        (("Blocked", None, 100), 200, "Blocked"),
    ):
        assert id_record.standing(entry, utc) == expected, (entry, utc)


def test_an_empty_list_is_no_file_and_version_0():
    """§5.10: "A version number of 0 (zero) SHALL be used to indicate that the list is empty"."""
    files = RamFiles()
    table = IdTable("list", files, LIMIT)
    assert (table.version, table.count, table.corrupt, table.get("AA01")) == (0, 0, None, None)
    apply(table, 3, {}, True)
    apply(table, 3, {}, False)
    apply(table, 3, {"AA01": None}, False)
    assert (table.version, files.names, files.ops) == (0, {}, 0)


def test_id_tags_are_compared_without_case():
    """§7.28: "IdToken is case insensitive"."""
    _, table = filled({"AbC1": ("Accepted", "GrouP", None)})
    for spelling in ("abc1", "ABC1", "AbC1"):
        assert table.get(spelling) == ("Accepted", "GrouP", None)
    for other in ("abc", "abc11", "bbc1", "", "zzzz"):
        assert table.get(other) is None, other
    apply(table, 8, {"ABC1": ("Blocked", None, None)})
    assert (table.get("abc1"), table.count) == (("Blocked", None, None), 1)
    apply(table, 9, {"aBC1": None})
    assert (table.get("AbC1"), table.count, table.version) == (None, 0, 0)


def test_a_differential_update_adds_replaces_and_deletes():
    """§7.1: present: "added or updated in the list"; absent: "the entry SHALL be deleted"."""
    files, table = filled(OLD)
    assert holds(table, OLD, 7)
    apply(table, 8, CHANGES)
    assert holds(table, NEW, 8)
    assert holds(IdTable("list", files, LIMIT), NEW, 8)


def test_a_full_update_replaces():
    """§7.48 Full: "the current list must be replaced by the values in this message"."""
    files, table = filled(OLD)
    apply(table, 5, NEW, True)
    assert holds(table, NEW, 5)
    assert holds(IdTable("list", files, LIMIT), NEW, 5)


def test_a_full_update_without_entries_clears():
    """§6.41: "If no list is given and the updateType is Full, all identifications are removed"."""
    files, table = filled(OLD)
    apply(table, 9, {}, True)
    assert holds(table, {}, 0) and files.names == {}
    files, table = filled(OLD)
    apply(table, 9, {id_tag: None for id_tag in OLD})
    assert holds(table, {}, 0) and files.names == {}


def test_a_differential_update_without_entries_moves_the_version():
    """§6.41: it "will have no effect on the list"; the version is that "after the update"."""
    files, table = filled(OLD)
    apply(table, 8, {})
    assert holds(table, OLD, 8)
    assert holds(IdTable("list", files, LIMIT), OLD, 8)


def test_versions_beyond_32_bits():
    """Backends use the date and time as listVersion."""
    files, _ = filled(OLD, 20260101123000)
    assert IdTable("list", files, LIMIT).version == 20260101123000


def test_duplicates_are_refused():
    """§6.41: "All idTags in the localAuthorizationList MUST be unique"."""
    for twice in (("a", "A"), ("a", "a"), ("ab", "b", "AB")):
        changes = [id_merge.change(id_tag, ("Accepted", None, None)) for id_tag in twice]
        changes.append(id_merge.change("c"))
        assert refused(lambda c=changes: id_merge.sort(c), ValueError)
    mixed = [id_merge.change("a"), id_merge.change("A", ("Blocked", None, None))]
    assert refused(lambda: id_merge.sort(mixed), ValueError)


def test_more_than_the_limit_is_refused_and_the_old_list_stays():
    """§9.2.2: "Maximum number of identifications that can be stored"."""
    files, table = filled(OLD, limit=5)
    assert refused(lambda: apply(table, 8, NEW, True), ValueError)
    assert refused(lambda: apply(table, 8, accepted("F1", "F2")), ValueError)
    assert holds(table, OLD, 7) and list(files.names) == ["list"]
    assert table.failure == "too many idTags"
    apply(table, 8, dict(accepted("F1", "F2"), AA01=None))
    assert table.count == 5
    assert IdTable("list", files, 5).version == 8


def test_nothing_is_written_when_nothing_changes():
    files, table = filled(OLD)
    ops = files.ops
    apply(table, 7, dict(OLD), True)
    for _ in range(3):
        IdTable("list", files, LIMIT).get("AA01")
    assert files.ops == ops and holds(table, OLD, 7)
    # One bit, the version, one entry less: each is a change.
    for version, entries in ((7, dict(OLD, AA01=("Accepted", "fleet", None))), (8, OLD)):
        apply(table, version, entries, True)
        assert files.ops > ops and holds(table, entries, version)
        ops = files.ops
    fewer = {id_tag: OLD[id_tag] for id_tag in ("AA01", "BB02")}
    apply(table, 8, fewer, True)
    assert holds(table, fewer, 8)


def test_an_update_is_a_rename_of_what_was_written_once():
    """1 open, one write a record, 1 seal, 1 rename: nothing is written twice."""
    files, table = filled(OLD)
    ops, written = files.ops, files.written
    apply(table, 8, CHANGES)
    assert files.ops - ops == 1 + len(NEW) + 1 + 1
    assert files.written - written == len(NEW) * id_record.SIZE + 24


def test_a_later_update_ends_an_earlier_one():
    files, table = filled(OLD)
    many = accepted(*["N%03d" % n for n in range(50)])
    first = table.begin(8, changes_of(many), False)
    assert table.step(first) is False
    assert table.get("AA01") == OLD["AA01"]  # the old list serves meanwhile
    assert table.get("N001") is None
    apply(table, 9, CHANGES)
    assert holds(table, NEW, 9)
    assert refused(lambda: table.step(first), ValueError)
    assert holds(table, NEW, 9) and list(files.names) == ["list"]
    assert files.opened == 0


def test_an_update_is_done_once():
    _, table = filled(OLD)
    update = table.begin(8, changes_of(CHANGES), False)
    assert table.step(update) is True
    assert refused(lambda: table.step(update), ValueError)
    assert holds(table, NEW, 8)


def test_an_abandoned_update_leaves_nothing():
    files, table = filled(OLD)
    update = table.begin(8, changes_of(accepted(*["N%03d" % n for n in range(50)])), False)
    assert table.step(update) is False and len(files.names) == 2
    table.abandon()
    assert holds(table, OLD, 7) and list(files.names) == ["list"]
    table.abandon()
    assert refused(lambda: table.step(update), ValueError)


UPDATES = (
    (8, CHANGES, False, NEW, 8),
    (6, NEW, True, NEW, 6),
    (9, {}, True, {}, 0),
    (9, {id_tag: None for id_tag in OLD}, False, {}, 0),
)


def test_a_power_cut_at_any_write_leaves_the_old_or_the_new_list():
    """§5.15: the answer says whether the update was accepted; there is no third state."""
    before, _ = filled(OLD)
    for version, entries, full, after, after_version in UPDATES:
        counted = RamFiles(before.copy())
        apply(IdTable("list", counted, LIMIT), version, entries, full)
        news = 0
        for left in range(counted.ops + 1):
            files = RamFiles(before.copy(), left)
            try:
                apply(IdTable("list", files, LIMIT), version, entries, full)
                assert left == counted.ops
            except Cut:
                assert left < counted.ops
            rebooted = RamFiles(files.copy())
            table = IdTable("list", rebooted, LIMIT)
            assert table.corrupt is None
            if holds(table, after, after_version):
                news += 1
            else:
                assert holds(table, OLD, 7), (version, left)
            for name in rebooted.names:
                assert name == "list"
            # And it takes the update now, whatever was left behind.
            apply(table, 100, NEW, True)
            assert holds(IdTable("list", rebooted, LIMIT), NEW, 100)
        assert 1 <= news < counted.ops + 1


def test_a_write_that_fails_leaves_the_old_list():
    """§7.46 Failed: "Failed to update the Local Authorization List"."""
    before, _ = filled(OLD)
    for version, entries, full, after, after_version in UPDATES:
        counted = RamFiles(before.copy())
        apply(IdTable("list", counted, LIMIT), version, entries, full)
        failures = 0
        for left in range(counted.ops):
            files = RamFiles(before.copy(), left, True)
            table = IdTable("list", files, LIMIT)
            if refused(lambda t=table, v=version, e=entries, f=full: apply(t, v, e, f), OSError):
                failures += 1
                assert holds(table, OLD, 7), (version, left)
                assert table.failure
            assert list(files.names) == ["list"] and files.opened == 0
            apply(table, version, entries, full)
            assert holds(table, after, after_version)
        assert failures == counted.ops


def test_a_broken_file_is_set_aside():
    """Every byte of the file, changed; every length, cut: never taken for a list, never fatal."""
    good, _ = filled(OLD)
    data = good.names["list"]
    broken = [data[:n] for n in range(len(data))]
    for n in range(len(data)):
        changed = bytearray(data)
        changed[n] ^= 1 << n % 8
        broken.append(changed)
    broken.append(data + b"\x00")
    broken.append(data[:-24] + bytes(id_record.SIZE) + data[-24:])
    for torn in broken:
        files = RamFiles({"list": bytearray(torn)})
        table = IdTable("list", files, LIMIT)
        assert table.corrupt and holds(table, {}, 0)
        assert files.names == {"list.corrupt": torn}
        assert IdTable("list", files, LIMIT).corrupt is None
    apply(table, 9, NEW, True)
    assert holds(IdTable("list", files, LIMIT), NEW, 9)


def test_a_file_that_ends_too_soon_is_no_answer():
    """A read that fails is an error, never "not in the list"."""
    files, table = filled(OLD)
    files.names["list"] = bytearray()
    assert refused(lambda: table.get("AA01"), OSError)
    assert files.opened == 0


def test_what_changed_under_way_is_never_sealed_again():
    files, table = filled(OLD)
    files.names["list"][50] ^= 1
    assert refused(lambda: apply(table, 8, CHANGES), ValueError)
    assert table.corrupt and holds(table, {}, 0)
    assert list(files.names) == ["list.corrupt"]
    apply(table, 9, NEW, True)
    assert holds(IdTable("list", files, LIMIT), NEW, 9)


def test_a_dead_flash_does_not_stop_the_boot():
    good, _ = filled(OLD)
    table = IdTable("list", Stuck({"list": bytearray(b"junk")}), LIMIT)
    assert table.corrupt and holds(table, {}, 0)
    table = IdTable("list", Stuck(good.copy(), False), LIMIT)
    assert table.corrupt and table.count == 0
    # A good list stays one, also where nothing can be tidied up.
    names = good.copy()
    names["list.new"] = bytearray(b"left behind")
    table = IdTable("list", Stuck(names), LIMIT)
    assert table.corrupt and holds(table, OLD, 7)


def random_id(n):
    text = "".join(random.choice("abcdefghij") for _ in range(1 + random.getrandbits(2)))
    return text.upper() if n % 2 else text


def random_entry():
    return (
        random.choice(id_record.WORDS),
        random.choice((None, "Group", "G2")),
        random.choice((None, random.getrandbits(30) + 1)),
    )


def test_random_updates_against_a_dict():
    """Sixty lives of a list: what a dict holds after the same changes, the list holds."""
    random.seed(35)
    for _ in range(60):
        files = RamFiles()
        table = IdTable("list", files, LIMIT)
        oracle = {}
        for version in range(1, 9):
            full = random.getrandbits(3) == 0
            update = {}
            for n in range(random.randrange(40)):
                delete = not full and random.getrandbits(1)
                update[random_id(n).lower()] = None if delete else random_entry()
            spelled = {(k.upper() if random.getrandbits(1) else k): update[k] for k in update}
            apply(table, version, spelled, full)
            if full:
                oracle = {}
            oracle.update(update)
            oracle = {k: oracle[k] for k in oracle if oracle[k] is not None}
            if random.getrandbits(1):
                table = IdTable("list", files, LIMIT)
            assert table.count == len(oracle) and files.opened == 0
            assert table.version == (version if oracle else 0)
            for id_tag in oracle:
                assert table.get(id_tag) == oracle[id_tag]
            for n in range(10):
                id_tag = random_id(n)
                assert table.get(id_tag) == oracle.get(id_tag.lower())


def thousand(table):
    """A thousand entries, fifty a request, as a CSMS sends them."""
    for start in range(0, 1000, 50):
        part = accepted(*["%016X" % (n * 7919 % 1000) for n in range(start, start + 50)])
        apply(table, start + 1, part)


def test_a_lookup_among_a_thousand_reads_ten_records():
    def test(path):
        files = Real()
        table = IdTable(path, files, 1000)
        thousand(table)
        assert table.count == 1000
        most = 0
        for n in range(0, 1000, 3):
            files.reads = 0
            assert table.get("%016x" % n) == ("Accepted", None, None)
            most = max(most, files.reads)
        files.reads = 0
        assert table.get("%016x" % 1000) is None
        assert most == 10 and files.reads <= 10
        assert refused(lambda: apply(table, 5000, accepted("one more")), ValueError)
        assert IdTable(path, files, 1000).count == 1000
    with_path("list", test)


def test_ram_does_not_grow_with_the_list():
    if sys.implementation.name != "micropython":
        raise Skip("CPython does not count its heap")
    import gc

    def used(path):
        gc.collect()
        before = gc.mem_alloc()
        table = IdTable(path, Real(), 1000)
        gc.collect()
        return table, gc.mem_alloc() - before

    def test(path):
        table, empty = used(path)
        thousand(table)
        table = None
        table, full = used(path)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        table.get("%016X" % 500)
        lookup = gc.mem_alloc() - before
        gc.enable()
        assert table.count == 1000
        # Counted on a 64-bit machine: a chip needs half.
        assert full <= empty + 64 and full < 1024, (empty, full)
        assert lookup < 4096, lookup
    with_path("list-ram", test)


def lfs_table(device, mount=True):
    files = os.VfsLfs2(device)
    return IdTable("list", files, 200)


def test_littlefs_survives_a_cut_at_every_erase_and_program():
    """On MicroPython's own LittleFS, on flash that dies after N operations, torn in the middle."""
    if sys.implementation.name != "micropython":
        raise Skip("LittleFS is MicroPython's")
    device = BlockDevice(24, 512)
    os.VfsLfs2.mkfs(device)
    base = accepted(*["%04X" % (n * 3) for n in range(30)])
    changed = accepted("0001", "0004", "FFFF")
    changed["0003"] = None
    apply(lfs_table(device), 7, base, True)
    image = bytes(device.data)
    outcomes = {7: 0, 8: 0}
    left = 0
    done = False
    while not done:
        device.data[:] = image
        device.left = None
        table = lfs_table(device)
        device.left = left
        try:
            apply(table, 8, changed)
            done = True
        except OSError:
            done = False
        device.left = None
        table = lfs_table(device)
        assert table.corrupt is None, (left, table.corrupt)
        new = table.version == 8
        assert table.count == (32 if new else 30), left
        assert (table.get("0001") is not None) == new, left
        assert (table.get("0003") is None) == new, left
        assert table.get("0006") is not None
        outcomes[table.version] += 1
        left += 1
    assert outcomes[7] > 10 and outcomes[8] >= 1, outcomes

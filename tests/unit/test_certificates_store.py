# heap: chip + 16k, certificates in RAM, more than are kept
import os
import struct
import sys
from binascii import crc32

from firmware.store import certificates, sealed_file
from firmware.store.certificates import CENTRAL_SYSTEM, MANUFACTURER, Certificates, Full
from tests.skip import Skip
from tests.unit.id_rig import BlockDevice, Cut, RamFiles, Stuck


MARK = b"mark 123"


def opened(files, limit=4):
    return Certificates("root", files, limit)


def content(store):
    """{kind: [(tag, der)...]}, the oldest first."""
    found = {}
    for kind in (CENTRAL_SYSTEM, MANUFACTURER):
        tags = [entry[2] for entry in store.entries(kind)]
        found[kind] = list(zip(tags, store.roots(kind)))
    return found


def der(n):
    return bytes([n]) * (300 + n)


def filled(count, files=None, limit=4):
    store = opened(files or RamFiles(), limit)
    for n in range(count):
        store.put(MANUFACTURER if n % 2 else CENTRAL_SYSTEM, b"tag %d" % n, der(n))
    return store


def test_what_is_put_is_there_after_a_boot():
    files = RamFiles()
    before = content(filled(4, files))
    assert before[CENTRAL_SYSTEM] == [(b"tag 0", der(0)), (b"tag 2", der(2))]
    assert before[MANUFACTURER] == [(b"tag 1", der(1)), (b"tag 3", der(3))]
    store = opened(files)
    assert content(store) == before
    assert store.corrupt == []
    assert files.opened == 0


def test_there_is_room_for_so_many():
    """Whitepaper §7.4: CertificateStoreMaxLength, "maximum number of Root/CA certificates"."""
    files = RamFiles()
    store = filled(4, files)
    before = files.copy()
    for kind in (CENTRAL_SYSTEM, MANUFACTURER):
        try:
            store.put(kind, b"tag 9", der(9))
        except Full:
            continue
        raise AssertionError("a fifth of four")
    assert files.names == before
    store.remove(store.find(b"tag 1")[0])
    store.put(CENTRAL_SYSTEM, b"tag 9", der(9))
    assert [entry[2] for entry in opened(files).entries(CENTRAL_SYSTEM)] == [
        b"tag 0",
        b"tag 2",
        b"tag 9",
    ]
    for limit in (certificates.MOST, 99):  # never more than there are files
        store = filled(certificates.MOST, limit=limit)
        try:
            store.put(CENTRAL_SYSTEM, b"tag 99", der(9))
        except Full:
            continue
        raise AssertionError("more than there are files")


def test_a_limit_that_was_lowered_hides_nothing():
    files = RamFiles()
    filled(4, files)
    store = opened(files, 2)
    assert len(store.entries()) == 4
    store.remove(store.entries()[0])
    try:
        store.put(CENTRAL_SYSTEM, b"tag 9", der(9))
    except Full:
        return
    raise AssertionError("more than the limit")


def test_one_tag_is_one_certificate_of_a_kind():
    files = RamFiles()
    store = filled(3, files)
    store.put(CENTRAL_SYSTEM, b"tag 0", der(7))
    store.put(MANUFACTURER, b"tag 0", der(8))
    assert [entry[0] for entry in store.find(b"tag 0")] == [CENTRAL_SYSTEM, MANUFACTURER]
    for found in (store, opened(files)):
        assert content(found) == {
            CENTRAL_SYSTEM: [(b"tag 2", der(2)), (b"tag 0", der(7))],
            MANUFACTURER: [(b"tag 1", der(1)), (b"tag 0", der(8))],
        }
    assert store.find(b"tag 9") == []


def test_removed_is_removed():
    files = RamFiles()
    store = filled(3, files)
    store.remove(store.find(b"tag 0")[0])
    assert store.find(b"tag 0") == []
    assert content(store) == content(opened(files))
    assert [entry[2] for entry in store.entries()] == [b"tag 1", b"tag 2"]


# --- power and flash -------------------------------------------------------------------------


def put(store):
    store.put(CENTRAL_SYSTEM, b"tag 9", der(9))


def put_over(store):
    store.put(CENTRAL_SYSTEM, b"tag 0", der(9))


def remove(store):
    store.remove(store.find(b"tag 1")[0])


def seed(store):
    store.seed(CENTRAL_SYSTEM, MARK, [(b"tag 8", der(8))])


CHANGES = (put, put_over, remove, seed)


def outcomes(change):
    """What there is before and after a change that nothing disturbs."""
    files = RamFiles()
    store = filled(3, files)
    before = content(store)
    change(store)
    return files, before, content(store)


def test_a_power_cut_leaves_the_old_or_the_new():
    """At each operation of the files, a write torn in its middle too."""
    cuts = 0
    for change in CHANGES:
        _, before, after = outcomes(change)
        for left in range(20):
            files = RamFiles()
            store = filled(3, files)
            files.left = left
            try:
                change(store)
            except Cut:
                cuts += 1
            else:
                break
            files.left = None
            store = opened(files)
            assert content(store) in (before, after), (change, left)
            assert store.corrupt == []
            # what was begun is done again, whole, and nothing lies about
            if change is not remove or store.find(b"tag 1"):
                change(store)
            assert content(opened(files)) == after
            wanted, _, _ = outcomes(change)
            assert sorted(files.names) == sorted(wanted.names)
    assert cuts == 6 + 6 + 1 + 12, cuts


def test_a_flash_that_refuses_changes_nothing():
    for change in CHANGES:
        _, before, after = outcomes(change)
        for left in range(20):
            files = RamFiles()
            store = filled(3, files)
            files.left, files.fail = left, True
            try:
                change(store)
            except OSError:
                pass
            else:
                break
            assert "root-new" not in files.names
            found = content(store)
            # of a seed that is cut the certificates may be there already
            assert found == before or (change is seed and found == after), (change, left)
            assert content(opened(files)) == found
            files.left = None
            change(store)
            assert content(opened(files)) == after
        assert left


def test_littlefs_survives_a_cut_at_every_erase_and_program():
    """On MicroPython's own LittleFS, on flash that dies after N operations, torn in the middle."""
    if sys.implementation.name != "micropython":
        raise Skip("LittleFS is MicroPython's")
    device = BlockDevice(40, 512)
    os.VfsLfs2.mkfs(device)
    before = content(filled(3, os.VfsLfs2(device)))
    image = bytes(device.data)
    for change in (put, put_over, remove):
        _, _, after = outcomes(change)
        seen = [0, 0]
        done = False
        while not done:
            device.data[:] = image
            device.left = None
            store = opened(os.VfsLfs2(device))
            device.left = sum(seen)
            try:
                change(store)
                done = True
            except OSError:
                pass
            device.left = None
            store = opened(os.VfsLfs2(device))
            assert store.corrupt == [], (change, seen)
            found = content(store)
            assert found in (before, after), (change, seen)
            seen[found == after] += 1
        assert found == after and min(seen) >= 1, (change, seen)
        assert sum(seen) > 3 or change is remove, (change, seen)  # that is one program


def broken(whole):
    for k in (0, 1, 11, 15, 16, 100, len(whole) - 1):
        yield whole[:k]
    yield whole + b"\0"
    yield b"\xff" * 20000
    for k in range(len(whole)):
        yield whole[:k] + bytes([whole[k] ^ 1]) + whole[k + 1 :]


def test_a_broken_file_is_set_aside():
    """Whatever byte changed, whatever was cut off: the others stay, and it can be put again."""
    files = RamFiles()
    before = content(filled(3, files))
    name = "root-16"
    whole = bytes(files.names[name])
    for data in broken(whole):
        files.names[name] = bytearray(data)
        store = opened(files)
        assert len(store.corrupt) == 1 and name in store.corrupt[0]
        assert bytes(files.names.pop(name + ".corrupt")) == data
        assert content(store) == {CENTRAL_SYSTEM: before[CENTRAL_SYSTEM], MANUFACTURER: []}
        assert opened(files).corrupt == []
    store.put(MANUFACTURER, b"tag 1", der(1))
    assert content(opened(files)) == before


def test_what_changes_under_our_feet_is_not_trusted():
    files = RamFiles()
    store = filled(3, files)
    files.names["root-1"][40] ^= 1
    assert store.roots(CENTRAL_SYSTEM) == [der(0)]
    assert len(store.corrupt) == 1
    del files.names["root-0"]
    assert store.roots(CENTRAL_SYSTEM) == []
    # another certificate in its place is not the one that was asked for
    store = filled(3, files)
    files.names["root-0"] = files.names["root-1"]
    assert store.roots(CENTRAL_SYSTEM) == [der(2)]


def test_a_dead_flash_boots_without_certificates():
    for reads in (True, False):
        files = RamFiles()
        filled(2, files)
        files.names["root-16"][20] ^= 1
        files.names["root-new"] = bytearray(b"x")
        store = opened(Stuck(files.names, reads))
        assert len(store.entries()) == (1 if reads else 0)
        assert store.corrupt
    store = opened(None)
    assert store.roots(CENTRAL_SYSTEM) == []
    try:
        put(store)
    except Full:
        return
    raise AssertionError("kept in nothing")


# --- what it came with -----------------------------------------------------------------------


def test_the_first_roots_are_taken_once():
    """M04, remarks: a deleted root stays deleted, the provisioned one too."""
    files = RamFiles()
    store = filled(1, files)
    came = [(b"tag 0", der(0)), (b"tag 5", der(5))]
    assert not store.seeded(CENTRAL_SYSTEM)
    store.seed(CENTRAL_SYSTEM, MARK, came)
    assert content(store)[CENTRAL_SYSTEM] == came
    store = opened(files)
    assert store.seeded(CENTRAL_SYSTEM) and not store.seeded(MANUFACTURER)
    store.remove(store.find(b"tag 5")[0])
    store.remove(store.find(b"tag 0")[0])
    store = opened(files)
    assert store.seeded(CENTRAL_SYSTEM) and store.seed_of(CENTRAL_SYSTEM) == MARK
    assert store.entries() == []
    store.seed(MANUFACTURER, b"MARK 456", came)
    store = opened(files)
    assert store.seeded(CENTRAL_SYSTEM) and store.seeded(MANUFACTURER)
    assert store.seed_of(CENTRAL_SYSTEM) == MARK
    assert store.seed_of(MANUFACTURER) == b"MARK 456"
    assert content(store) == {CENTRAL_SYSTEM: [], MANUFACTURER: came}


def test_more_than_there_is_room_for_is_not_taken():
    files = RamFiles()
    store = filled(3, files)
    before = content(store)
    try:
        store.seed(CENTRAL_SYSTEM, MARK, [(b"tag %d" % n, der(n)) for n in (5, 6)])
    except Full:
        pass
    else:
        raise AssertionError("five of four")
    for found in (store, opened(files)):
        assert content(found) == before
        assert not found.seeded(CENTRAL_SYSTEM)


def test_what_flash_lost_is_taken_again():
    """A flipped bit is no command of the CSMS: it must not cost the last root for ever."""
    for others in (0, 1):
        files = RamFiles()
        store = opened(files)
        store.seed(CENTRAL_SYSTEM, MARK, [(b"tag %d" % n, der(n)) for n in range(1 + others)])
        store.seed(MANUFACTURER, MARK, [(b"tag 5", der(5))])
        store.remove(store.find(b"tag 5")[0])
        assert opened(files).seeded(CENTRAL_SYSTEM) and opened(files).seeded(MANUFACTURER)
        files.names["root-0"][30] ^= 4
        store = opened(files)
        assert store.seeded(CENTRAL_SYSTEM) == bool(others)  # another one is left, or none
        assert store.seeded(MANUFACTURER)  # that one was deleted
        if not others:
            store.seed(CENTRAL_SYSTEM, MARK, [(b"tag 0", der(0))])
        assert len(store.entries(CENTRAL_SYSTEM)) == 1
        assert opened(files).seeded(CENTRAL_SYSTEM)


def test_a_sealed_file_has_its_bounds():
    files = RamFiles()
    for size, fits in ((12288 - 16, True), (12288 - 15, False)):
        try:
            sealed_file.write(files, "x", "x-new", (1, 2, b"", b"z" * size))
            assert fits
        except ValueError:
            assert not fits
    assert sealed_file.read(files, "x") == (1, 2, b"", b"z" * (12288 - 16))
    sealed_file.write(files, "x", "x-new", (1, 2, b"tag", b"body"))
    data = b"sea2" + bytes(files.names["x"][4:-4])
    files.names["x"] = bytearray(data + struct.pack("<I", crc32(data)))
    try:
        sealed_file.read(files, "x")
    except ValueError:
        return
    raise AssertionError("of another version")

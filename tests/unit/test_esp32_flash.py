"""The storage area on an ESP32: a partition of ours, or a stock one that nobody uses."""

from tests.unit import fake_esp32 as fake

flash = fake.hal("esp32_flash")
chip = fake.chip
Board = fake.Board
BLOCK = 4096


def fresh(**partitions):
    chip.power_on()
    chip.partitions = partitions
    return flash.storage(Board())


def refused(*words, **partitions):
    try:
        flash.storage(Board())
    except OSError as error:
        for word in words:
            assert word in str(error), error
        return
    raise AssertionError("taken")


def read(device, block, size, offset=0):
    data = bytearray(size)
    device.readblocks(block, data, offset)
    return bytes(data)


def superblock(device, blocks):
    """What mkfs leaves (littlefs SPEC.md)."""
    for block in (0, 1):
        device.writeblocks(block, b"\xf0\x0f\xff\xf7littlefs/\xe0\x00\x10", 4)
        device.writeblocks(block, blocks.to_bytes(4, "little"), 28)


def test_a_part_is_a_device_of_its_own():
    whole = fresh(evse=384)
    part = whole.part(4, 2)
    part.writeblocks(1, b"\x12\x34", 10)
    assert read(whole, 5, 2, 10) == b"\x12\x34" and read(part, 1, 1, 9) == b"\xff"
    assert part.ioctl(4, 0) == 2 and part.ioctl(5, 0) == BLOCK and part.ioctl(3, 0) == 0
    part.ioctl(6, 1)
    assert read(whole, 5, 2, 10) == b"\xff\xff"
    inner = part.part(1, 1)
    inner.writeblocks(0, b"\x55" * BLOCK)
    assert read(whole, 5, BLOCK) == b"\x55" * BLOCK
    for first, count in ((383, 2), (-1, 1), (0, 385)):
        try:
            whole.part(first, count)
        except ValueError:
            continue
        raise AssertionError((first, count))


def test_nothing_reaches_beyond_a_part():
    part = fresh(evse=384).part(4, 2)
    buf = bytearray(2)
    for call in (
        lambda: part.readblocks(1, buf, BLOCK - 1),
        lambda: part.readblocks(2, buf, 0),
        lambda: part.writeblocks(-1, buf, 0),
        lambda: part.writeblocks(0, buf, -1),
        lambda: part.writeblocks(1, bytes(2 * BLOCK)),
        lambda: part.ioctl(6, 2),
    ):
        try:
            call()
        except OSError:
            continue
        raise AssertionError("no error")
    assert not chip.flash


def test_wear_is_counted_in_each_part_and_the_whole():
    """Erases, pages of 256 bytes touched, bytes."""
    whole = fresh(evse=384)
    own, other = [0, 0, 0], [0, 0, 0]
    part = whole.part(0, 8, own)
    part.writeblocks(0, bytes(120), 200)  # crosses a page
    part.writeblocks(1, bytes(512), 1024)
    part.writeblocks(2, bytes(2 * BLOCK))
    whole.part(8, 8, other).ioctl(6, 0)
    assert part.wear() == (2, 2 + 2 + 32, 120 + 512 + 8192) == tuple(own)
    assert other == [1, 0, 0]
    assert whole.wear() == (3, 36, 8824)


def test_our_partition_comes_first():
    whole = fresh(evse=384, vfs=512)
    whole.writeblocks(0, b"\x00", 0)  # whatever is in it, it is ours
    assert flash.storage(Board()).ioctl(4, 0) == 384


def test_a_blank_stock_partition_is_taken():
    assert fresh(vfs=512).ioctl(4, 0) == 512


def test_a_stock_partition_with_a_file_system_of_our_size_is_ours():
    """The rest behind it is raw."""
    superblock(fresh(vfs=512), 64)
    assert flash.storage(Board()).ioctl(4, 0) == 512


def test_somebodys_file_system_is_left_alone():
    """The stock _boot makes one over the whole partition: no word of it is changed, and the
    error says how to prepare."""
    whole = fresh(vfs=512)
    superblock(whole, 512)
    before = {block: bytes(chip.flash[block]) for block in chip.flash}
    refused("512 blocks", "not 64", "evse", "erase_region")
    assert before == {block: bytes(chip.flash[block]) for block in chip.flash}


def test_what_is_no_file_system_is_left_alone_too():
    """FAT, or the remains of something: both blocks are looked through."""
    whole = fresh(vfs=512)
    whole.writeblocks(1, b"\x7f", BLOCK - 1)
    refused("not ours")


def test_one_of_two_superblocks_is_enough():
    """A power cut while the other is written."""
    whole = fresh(vfs=512)
    superblock(whole, 512)
    whole.ioctl(6, 0)
    refused("512 blocks")


def test_too_small_or_not_there():
    chip.power_on()
    chip.partitions = {"evse": 91}
    refused("91", "92")
    chip.partitions = {"nvs": 6}
    refused("evse", "vfs")


def test_littlefs_lives_on_it():
    """Made, mounted, and found again with its size; by MicroPython's own LittleFS."""
    import sys

    if sys.implementation.name != "micropython":
        from tests.skip import Skip

        raise Skip("only MicroPython has LittleFS")
    import vfs

    whole = fresh(evse=384)
    part = whole.part(0, 64)
    assert part.littlefs_blocks() is None and part.blank(2)
    vfs.VfsLfs2.mkfs(part)
    assert part.littlefs_blocks() == 64 and not part.blank(2)
    system = vfs.VfsLfs2(part)
    with system.open("note", "w") as file:
        file.write("kept" * 1000)
    with vfs.VfsLfs2(flash.storage(Board()).part(0, 64)).open("note", "r") as file:
        assert file.read() == "kept" * 1000
    # Why a stock image cannot share a partition: another size does not mount.
    try:
        vfs.VfsLfs2(whole)
    except OSError:
        return
    raise AssertionError("mounted")

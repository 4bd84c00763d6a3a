# needs: ffi
"""The flash of the unix port behaves as NOR flash does. Only MicroPython has ffi and littlefs."""

import sys

from tests.skip import Skip

if sys.implementation.name != "micropython":
    raise Skip("the flash of the unix port needs MicroPython's ffi")

import os

from hal.unix_flash import Flash

BLOCKS = 16
BLOCK = 4096
IOCTL_COUNT, IOCTL_SIZE, IOCTL_ERASE = 4, 5, 6


def image(name):
    path = (os.getenv("TMPDIR") or "/tmp") + "/evse-" + name + ".img"
    with open(path, "wb") as file:
        file.write(b"\xff" * (BLOCKS * BLOCK))
    return path


def with_flash(name, check):
    path = image(name)
    try:
        check(Flash(path, [0, 0, 0], 0), path)
    finally:
        os.remove(path)


def read(flash, block, size, offset=0):
    data = bytearray(size)
    flash.readblocks(block, data, offset)
    return bytes(data)


def test_programming_only_clears_bits():
    """NOR flash: a program is an AND, only an erase sets bits, and only those of its own block."""
    def check(flash, path):
        flash.writeblocks(1, b"\xf0\x0f", 10)
        flash.writeblocks(1, b"\x3c\xff", 10)
        assert read(flash, 1, 4, 9) == b"\xff\x30\x0f\xff"
        flash.writeblocks(2, b"\x00", 0)
        flash.ioctl(IOCTL_ERASE, 1)
        assert read(flash, 1, BLOCK) == b"\xff" * BLOCK
        assert read(flash, 2, 2) == b"\x00\xff"
        with open(path, "rb") as file:
            file.seek(2 * BLOCK)
            assert file.read(2) == b"\x00\xff"
    with_flash("bits", check)


def test_plain_block_protocol_erases_first():
    def check(flash, _):
        flash.writeblocks(3, b"\x00" * BLOCK)
        flash.writeblocks(3, b"\x55" * BLOCK)
        assert read(flash, 3, BLOCK) == b"\x55" * BLOCK
    with_flash("plain", check)


def test_everything_is_counted_by_page():
    """Erases, page programs of at most 256 bytes that never cross a page, bytes."""
    path = image("count")
    counters = [7, 0, 0, 0]
    flash = Flash(path, counters, 1)
    flash.ioctl(IOCTL_ERASE, 0)
    flash.writeblocks(0, b"\x00" * 120, 200)
    flash.writeblocks(0, b"\x00" * 512, 1024)
    os.remove(path)
    assert counters == [7, 1, 4, 632]


def test_a_part_is_counted_with_the_whole_and_by_itself():
    path = image("parts")
    counters = [0, 0, 0, 5, 0, 0, 7]
    flash = Flash(path, counters, 0)
    part = flash.part(2, 2, 3)
    part.ioctl(IOCTL_ERASE, 1)
    part.writeblocks(1, b"\x00" * 300, 0)
    flash.ioctl(IOCTL_ERASE, 0)
    told = flash.wear(), part.wear(), flash.part(0, 1).wear()
    os.remove(path)
    assert counters == [2, 2, 300, 6, 2, 300, 7]
    assert told == ((2, 2, 300), (6, 2, 300), (2, 2, 300))


def test_out_of_range_is_an_error():
    def check(flash, _):
        for block, size, offset in ((BLOCKS, 1, 0), (-1, 1, 0), (BLOCKS - 1, 2, BLOCK - 1)):
            try:
                flash.writeblocks(block, bytes(size), offset)
            except OSError:
                continue
            raise AssertionError((block, size, offset))
    with_flash("range", check)


def test_a_part_is_a_device_of_its_own():
    def check(flash, _):
        part = flash.part(4, 2)
        part.writeblocks(1, b"\x12", 0)
        assert read(flash, 5, 1) == b"\x12"
        assert part.ioctl(IOCTL_COUNT, 0) == 2 and part.ioctl(IOCTL_SIZE, 0) == BLOCK
        for call in (lambda: flash.part(15, 2), lambda: part.part(0, 3)):
            try:
                call()
            except ValueError:
                continue
            raise AssertionError("no error")
    with_flash("part", check)


def test_littlefs_lives_on_it():
    """mkfs, mount, write; found again by its superblock."""
    def check(flash, path):
        assert not flash.has_littlefs()
        os.VfsLfs2.mkfs(flash)
        assert flash.has_littlefs()
        os.mount(os.VfsLfs2(flash), "/unix_flash")
        try:
            with open("/unix_flash/note", "w") as file:
                file.write("kept")
        finally:
            os.umount("/unix_flash")
        again = os.VfsLfs2(Flash(path, [0, 0, 0], 0))
        with again.open("note", "r") as file:
            assert file.read() == "kept"
    with_flash("lfs", check)

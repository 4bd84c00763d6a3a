"""Whether an ESP32 was provisioned, and its input inside the enclosure, over a chip in RAM."""

import sys

from tests.unit import fake_esp32 as fake
from tests.unit.fake_esp32 import BLOCK, Board, chip

FILES = Board.file_blocks


def base(**facts):
    return fake.hal("esp32_base").Base(Board(**facts))


def mounted(write=None):
    """A boot that has mounted its files, and written one."""
    chip.power_on()
    chip.partitions = {"evse": 384}
    board = Board()
    fake.World(board)
    fake.hal().Port(board).mount(board.file_blocks)
    if write and sys.implementation.name == "micropython":
        with open("/flash/" + write, "w") as file:
            file.write("{}")
    elif write:
        chip.files.add("/" + write)


def test_a_new_chip_is_not_provisioned():
    chip.power_on()
    chip.partitions = {"evse": 384}
    assert base().provisioned is False
    assert not chip.flash, "and nothing is written to find out"


def test_only_by_the_file():
    mounted()
    assert base().provisioned is False
    mounted("root.der")
    assert base().provisioned is False
    mounted("provision.json")
    assert base().provisioned is True


def test_a_file_system_that_cannot_be_read_may_have_the_file():
    if sys.implementation.name != "micropython":
        return  # the fake's cannot break
    mounted("provision.json")
    for block in (0, 1):
        chip.flash[block][24:] = bytes(BLOCK - 24)
    assert base().provisioned is True


def test_somebody_elses_file_system_is_none_of_ours():
    if sys.implementation.name != "micropython":
        return  # the fake's has no size of its own
    import vfs

    chip.power_on()
    chip.partitions = {"evse": 384}
    vfs.VfsLfs2.mkfs(base().flash.part(0, FILES + 1))
    assert base().provisioned is False


def test_the_input_inside():
    chip.power_on()
    assert base().unlock is None
    board = Board()
    for active in (0, 1):
        board.pins["unlock"] = (4, "UNLOCK", "in", active)
        button = fake.hal("esp32_base").Base(board).unlock
        assert not button.pressed(), "pulled to the other level"
        chip.drives[4] = active
        assert button.pressed()
        del chip.drives[4]

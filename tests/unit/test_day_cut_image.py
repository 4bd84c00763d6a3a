# heap: chip + 680k, as test_day_cut.py
# needs: ffi
"""The day of test_day_cut.py on the bench's own flash: an image file that can only clear bits."""

import os
import random
import sys

from tests.skip import Skip

if sys.implementation.name != "micropython":
    raise Skip("hal/unix_flash.py needs MicroPython's ffi")

from hal.unix_flash import Flash as Image
from tests.unit.day_rig import World
from tests.unit.flash_rig import Flash
from tests.unit.test_day_cut import Sweep, evening, judge, morning, night, noon

BLOCKS = 4
BLOCK_BYTES = 4096  # what hal/unix_flash.py has


class ImageFlash(Flash):
    """Reads, programs and erases go through the image; what a cut leaves is put into the file.
    The rig's own memory is the witness: each read of the image must agree with it."""

    def __init__(self, name):
        super().__init__(BLOCKS, BLOCK_BYTES)
        self._path = "build/" + name
        with open(self._path, "wb") as file:
            file.write(self.data)
        self._image = Image(self._path, [0, 0, 0], 0)

    def copy(self, other):
        super().copy(other)
        self._put(0, len(self.data))

    def readblocks(self, block, buf, offset):
        super().readblocks(block, buf, offset)
        wanted = bytes(buf)
        self._image.readblocks(block, buf, offset)
        assert bytes(buf) == wanted, "the image has something else"

    def writeblocks(self, block, buf, offset):
        super().writeblocks(block, buf, offset)
        self._image.writeblocks(block, buf, offset)

    def ioctl(self, op, argument):
        super().ioctl(op, argument)
        return self._image.ioctl(op, argument)

    def half(self, operation):
        super().half(operation)
        at = operation[1] // BLOCK_BYTES * BLOCK_BYTES
        self._put(at, BLOCK_BYTES)

    def _put(self, at, size):
        with open(self._path, "r+b") as file:
            file.seek(at)
            file.write(memoryview(self.data)[at : at + size])


class ImageSweep(Sweep):
    def __init__(self, world):
        super().__init__(world)
        self.flash = ImageFlash("day_clone.img")


def test_a_day_cut_at_every_operation_of_the_image_device():
    """Every program, erase and file operation of the day, done half, on the bench's image."""
    random.seed(4)
    world = World(blocks=1)
    world.flash = ImageFlash("day.img")
    sweep = ImageSweep(world)
    morning(sweep)
    box = night(night(evening(sweep, noon(sweep))))  # two: 4 KiB blocks fill slowly
    world.flash.before = box.disk.before = None
    judge(world, False)
    print("cut points on the image: %d, %s" % (sweep.points, sweep.kinds))
    assert sweep.points > 600 and sweep.kinds["erase"] > 3 and sweep.resumed and sweep.again
    os.remove("build/day.img")
    os.remove("build/day_clone.img")

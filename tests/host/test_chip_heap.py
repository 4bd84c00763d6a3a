"""The heap a chip has, as a budget: with every room loaded and built, by a chip's object sizes.

What grows past it is to be seen here, not on a board (docs/memory.md). Skipped, saying so, where
the 32-bit unix port cannot be built.
"""

import functools

import pytest

from tools.figures import chip_heap
from tools.image_key import NotHere

# Of an RP2040 image's 217 KB, TLS needs 50 and a port with its network 20.
ALL_BYTES = 110_000
MOST_BYTES = {  # no room and no object grows without being asked
    "interpreter, asyncio": 8_500,
    "firmware/evse": 7_000,
    "v16: Core": 25_000,
    "cache of 71 idTags": 4_000,
    "station and its rooms": 4_500,
}


@functools.cache
def rows():
    try:
        return dict(chip_heap.measure())
    except NotHere as e:
        return str(e)


@pytest.fixture
def heap():
    found = rows()
    if isinstance(found, str):
        pytest.skip(found)
    return found


def test_the_whole_firmware_fits(heap):
    assert 60_000 < sum(heap.values()) <= ALL_BYTES, heap


@pytest.mark.parametrize("name", MOST_BYTES)
def test_no_room_grows_unasked(heap, name):
    assert 0 < heap[name] <= MOST_BYTES[name]

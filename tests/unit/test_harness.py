"""The harness itself: one file, two interpreters; what one of them lacks is a skip, and seen."""

import sys

from tests.skip import Skip

MICROPYTHON = sys.implementation.name == "micropython"


def test_const_is_there():
    from micropython import const

    assert const(5) == 5


def test_asserts_are_compiled_in():
    try:
        assert 1 == 2, "seen"
    except AssertionError as e:
        assert "seen" in str(e)
        return
    raise RuntimeError("asserts do nothing here: every test would pass")


def test_heap_lock_refuses_allocation():
    if not MICROPYTHON:
        raise Skip("CPython has no heap_lock")
    import micropython

    micropython.heap_lock()
    try:
        kept = [1, 2, 3] + [4]
    except MemoryError:
        kept = None
    finally:
        micropython.heap_unlock()
    assert kept is None


def test_heap_is_a_chips():
    if not MICROPYTHON:
        raise Skip("CPython's heap has no limit")
    wider = 6 if sys.maxsize >> 32 else 1  # tests/port.py: where no 32-bit build can be had
    try:
        bytearray(141_276 * wider)
    except MemoryError:
        return
    raise RuntimeError("a heap of more than a chip's 141,276 bytes")

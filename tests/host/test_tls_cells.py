"""The memory Mbed TLS is given on an RP2040 (boards/rp2/tls_cells.c), compiled for this machine:
no two pieces overlap, each is zero when it is given, and what no cell holds comes from the heap.
"""

import ctypes
import random
import subprocess

import pytest

from tests.conftest import ROOT

HEAP = """
#include <stdlib.h>
int from_heap;
void *m_tracked_calloc(size_t count, size_t size) { from_heap++; return calloc(count, size); }
void m_tracked_free(void *ptr) { from_heap -= ptr != NULL; free(ptr); }
"""


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    (folder / "py").mkdir()
    (folder / "py/mpconfig.h").write_text("#define MICROPY_SSL_MBEDTLS 1\n#include <stddef.h>\n")
    (folder / "py/misc.h").write_text("#define MP_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))\n")
    (folder / "heap.c").write_text(HEAP)
    made = folder / "cells.so"
    sources = [ROOT / "boards/rp2/tls_cells.c", folder / "heap.c"]
    flags = ["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I", folder]
    subprocess.run(["cc", *flags, "-o", made, *sources], check=True)
    library = ctypes.CDLL(str(made))
    library.evse_tls_calloc.restype = ctypes.c_void_p
    library.evse_tls_calloc.argtypes = [ctypes.c_size_t, ctypes.c_size_t]
    library.evse_tls_free.argtypes = [ctypes.c_void_p]
    library.evse_tls_forget()
    library.heap = ctypes.c_int.in_dll(library, "from_heap")
    return library


def test_any_order_of_asking_and_freeing(cells):
    rng = random.Random(3)
    held = {}  # address: (bytes, what was written)
    for turn in range(20000):
        if rng.random() < 0.55 and len(held) < 400:
            size = rng.choice((1, 16, 31, 32, 33, 64, 79, 80, 81, 200, 1000))
            at = cells.evse_tls_calloc(*rng.choice(((1, size), (size, 1))))
            assert at and at % 8 == 0
            assert ctypes.string_at(at, size) == bytes(size), "as calloc gives it"
            ctypes.memset(at, turn % 251 + 1, size)
            held[at] = size, turn % 251 + 1
        elif held:
            at = rng.choice(list(held))
            size, mark = held.pop(at)
            assert ctypes.string_at(at, size) == bytes([mark]) * size, "somebody else wrote there"
            cells.evse_tls_free(at)
    for at in held:
        cells.evse_tls_free(at)
    assert cells.heap.value == 0, "all is back where it came from"


def test_numbers_of_a_handshake_take_nothing_of_the_heap(cells):
    """Of P-256, our own key among them: counted in the emulator."""
    held = [cells.evse_tls_calloc(*how) for how in [(8, 4)] * 33 + [(3, 16)] * 3 + [(20, 4)] * 39]
    assert len(set(held)) == 75 and cells.heap.value == 0
    for at in held:
        cells.evse_tls_free(at)


def test_what_finds_no_cell_comes_from_the_heap(cells):
    held = [cells.evse_tls_calloc(1, 32) for _ in range(200)]
    assert len(set(held)) == 200 and cells.heap.value == 200 - 128
    large = cells.evse_tls_calloc(2, 41)
    assert cells.heap.value == 200 - 128 + 1
    for at in [*held, large, None]:
        cells.evse_tls_free(at)
    assert cells.heap.value == 0
    again = [cells.evse_tls_calloc(1, 80) for _ in range(64)]
    assert cells.heap.value == 0
    for at in again:
        cells.evse_tls_free(at)


def test_a_product_that_overflows_is_not_small(cells):
    assert not cells.evse_tls_calloc(1 << 63, 2), "left to the heap, which refuses"
    cells.heap.value -= 1


def test_after_a_soft_reset_all_cells_are_free(cells):
    for _ in range(128):
        cells.evse_tls_calloc(1, 20)
    cells.evse_tls_forget()
    assert cells.evse_tls_calloc(1, 20) and cells.heap.value == 0
    cells.evse_tls_forget()

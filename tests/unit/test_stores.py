"""What a store takes of the heap follows the board's, between its bounds."""

from firmware import stores


class Heap:
    def __init__(self, used, free):
        self.used, self.free = used, free

    def mem_alloc(self):
        return self.used

    def mem_free(self):
        return self.free


def shares(used, free):
    real, stores.gc = stores.gc, Heap(used, free)
    try:
        return stores.share(160, 1024, 4096)
    finally:
        stores.gc = real


def test_a_part_of_the_heap_used_or_not():
    assert shares(100000, 109000) == shares(209000, 0) == 209000 // 160


def test_not_less_and_not_more_than_its_bounds():
    assert shares(10000, 50000) == 1024
    assert shares(100000, 4000000) == 4096

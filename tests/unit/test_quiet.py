"""Handshakes wait for an open contactor, a quarter of an hour at most."""

import sys

from tests.skip import Skip

if sys.implementation.name != "micropython":
    raise Skip("asyncio.sleep_ms is MicroPython's")

import asyncio

from firmware.tasks import quiet


class Kernel:
    def __init__(self):
        self.facts = self.wishes = self
        self.closed = self.close = False


class Uptime:
    """Each look is a minute."""

    def __init__(self):
        self.now = 0
        self.then = None

    def ms(self):
        self.now += 60000
        if self.then is not None and self.now >= self.then[0]:
            self.then[1]()
        return self.now


def waited(stalls_ms, kernels, then=None):
    """Minutes until `wait()` returned."""
    port = type("Port", (), {"stalls_ms": stalls_ms})()
    uptime = Uptime()
    uptime.then = then
    real, asyncio.sleep_ms = asyncio.sleep_ms, lambda ms: real(0)
    try:
        asyncio.run(quiet.Quiet(port, kernels, uptime).wait())
    finally:
        asyncio.sleep_ms = real
    return uptime.now // 60000


def test_nobody_waits_with_open_contactors():
    assert waited(1500, [Kernel(), Kernel()]) == 1


def test_nobody_waits_where_the_kernel_is_an_interrupt():
    kernel = Kernel()
    kernel.closed = True
    assert waited(0, [kernel]) == 1


def opens(kernel, name):
    setattr(kernel, name, True)
    return waited(1500, [Kernel(), kernel], (300000, lambda: setattr(kernel, name, False)))


def test_until_the_contactor_is_open():
    """Also one that is being closed, or that the feedback still shows."""
    assert opens(Kernel(), "closed") == 5
    assert opens(Kernel(), "close") == 5


def test_not_for_ever():
    kernel = Kernel()
    kernel.closed = True
    assert waited(1500, [kernel]) == 16

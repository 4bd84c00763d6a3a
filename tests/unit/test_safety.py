"""The safety task: heart of the kernels, or the one who watches an interrupt that is."""

import asyncio
import sys

from firmware.tasks.safety import PERIOD_MS, Safety

_LOST_MS = 10000
if not hasattr(asyncio, "sleep_ms"):  # CPython
    asyncio.sleep_ms = lambda ms: asyncio.sleep(ms / 1000)  # type: ignore[attr-defined]
TOLD: list = []
if not hasattr(sys, "print_exception"):  # CPython: told here instead of on the console
    sys.print_exception = TOLD.append  # type: ignore[attr-defined]


class Kernel:
    def __init__(self):
        self.welded = False
        self.ticked_ms = self.beats = 0
        self.failed = self.breaks = False
        self.round_ms = 26

    def tick(self, dt_ms):
        self.ticked_ms += dt_ms
        self._break()

    def beat(self, ms, news):
        self.beats += 1
        self._break()
        return self.beats % 13 == 0

    def _break(self):
        if self.breaks:
            raise ValueError("kernel")

    def fail(self):
        self.failed = True


class Port:
    """`heart`: it has an interrupt."""

    stalls_ms = 0

    def __init__(self, heart):
        self.retained = 0
        self.fed = 0
        self.armed_ms = 0
        self.tick = None
        self.beat = self._install if heart else None

    def _install(self, tick):
        self.tick = tick

    def arm_watchdog(self, timeout_ms):
        self.armed_ms = timeout_ms

    def feed_watchdog(self):
        self.fed += 1


class Uptime:
    def __init__(self):
        self.now = 0

    def ms(self):
        self.now += 3
        return self.now


def safety(heart, count=1):
    kernels = [Kernel() for _ in range(count)]
    return Safety(Port(heart), kernels, Uptime()), kernels


def run_for(task, ms):
    async def main():
        running = asyncio.create_task(task.run())
        await asyncio.sleep(ms / 1000)
        running.cancel()

    asyncio.run(main())


def test_without_an_interrupt_the_task_ticks_the_kernels_and_feeds():
    task, (one, two) = safety(False, 2)
    run_for(task, 5 * PERIOD_MS)
    assert one.ticked_ms == two.ticked_ms > 0 and one.beats == 0
    assert task._port.fed > 0 and task._port.armed_ms == 2000


def test_with_an_interrupt_only_the_interrupt_moves_the_kernels():
    task, (one,) = safety(True)
    run_for(task, 5 * PERIOD_MS)
    assert (one.ticked_ms, one.beats, task._port.fed) == (0, 0, 0)
    for _ in range(26):
        task._port.tick(2, False)
    assert (one.beats, task._port.fed) == (26, 2)  # once a round


def test_the_watchdog_outlasts_the_longest_stall():
    """An ESP32's handshake of 1.5 s, once more for a bad day: 4 s."""
    task, _ = safety(False)
    task._port.stalls_ms = 1500
    run_for(task, 1)
    assert task._port.armed_ms == 4000


def test_time_nobody_looked_is_no_time_the_pilot_agreed():
    """After a stall of a second one tick is told of 25 ms: C for 500 ms has to be seen so long."""
    task, (one,) = safety(False)
    told = []
    one.tick = told.append
    task._uptime.ms = lambda: len(told) * 1000
    run_for(task, 3 * PERIOD_MS)
    assert told and max(told) == 25


def test_a_loop_that_hangs_is_left_to_the_watchdog():
    """The interrupt lives, the rest does not: after 10 s nobody feeds."""
    task, (one,) = safety(True)
    run_for(task, 2 * PERIOD_MS)
    for _ in range(_LOST_MS):
        task._port.tick(2, False)
    assert one.beats == _LOST_MS  # the car is still watched
    assert (_LOST_MS - 26) // 26 <= task._port.fed <= _LOST_MS // 26


def test_a_kernel_that_fails_opens_and_is_fed_no_more():
    for heart in (False, True):
        task, (bad, good) = safety(heart, 2)
        bad.breaks = True
        for _ in range(3):
            task.beat(2, False) if heart else task.tick(10)
        assert bad.failed and not good.failed
        assert (good.beats, good.ticked_ms) == ((3, 0) if heart else (0, 30))
        assert task._port.fed == 0 and isinstance(task.faulted, ValueError)


def test_the_interrupt_prints_nothing_and_the_task_tells_once():
    task, (bad,) = safety(True)
    bad.breaks = True
    TOLD.clear()
    task.beat(2, False)
    assert TOLD == [] and bad.failed
    task.look()
    task.look()
    if sys.implementation.name != "micropython":  # whose console cannot be read from here
        assert [type(error) for error in TOLD] == [ValueError]


def test_a_weld_outlives_a_reset():
    task, (_, two) = safety(True, 2)
    two.welded = True
    task.look()
    assert task._port.retained == 2


def test_who_takes_long_breathes_for_the_loop():
    """A journal is read for minutes: with an interrupt the watchdog goes on being fed."""
    task, _ = safety(True)
    run_for(task, 2 * PERIOD_MS)
    for _ in range(3 * _LOST_MS // 26):
        for _ in range(26):
            task._port.tick(2, False)
        task.breathe()
    assert task._port.fed == 3 * _LOST_MS // 26 * 2


def test_who_takes_long_gives_the_kernels_their_turn():
    """Without an interrupt the kernels tick every 10 ms, however often somebody breathes."""
    task, (one,) = safety(False)
    run_for(task, 1)
    before, began = one.ticked_ms, task._uptime.now
    fed = task._port.fed
    for _ in range(300):
        task.breathe()  # 3 ms each
    passed = task._uptime.now - began
    assert passed == 900
    assert passed - PERIOD_MS <= one.ticked_ms - before <= passed + 2 * PERIOD_MS
    assert passed // PERIOD_MS // 2 <= task._port.fed - fed <= passed // PERIOD_MS

"""The firmware's process: born, given the clock, watched, killed. It never outlives the bench.

Promise: turn() gives the firmware the new moment and returns when it has nothing left to do at
it, or when it is hung: burned CPU_S of CPU without coming to rest, is stopped, or sat BLOCKED_S
without using any CPU. A hung one is not waited for until it comes to rest again.
Boundary: the process and its pipes, not what the lines mean.
"""

import asyncio
import ctypes
import os
import signal
import subprocess
import time

# more than any step of the firmware takes, however busy the machine: CPU, not wall time
CPU_S = 1.5
BLOCKED_S = 1.0
LOOK_S = 0.02
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)
_TICKS = os.sysconf("SC_CLK_TCK")


def _die_with(parent):
    """In the child before exec: the kernel kills it when the bench dies, in whatever way."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(71)


def usage(pid):
    """(state letter, CPU seconds) of a process."""
    with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return fields[0], (int(fields[11]) + int(fields[12])) / _TICKS


class Process:
    """on_output(bytes) gets what the firmware prints."""

    def __init__(self, wires, command, environment, folder, on_output):
        self._wires = wires
        self._folder = folder
        self._command = command
        self._environment = environment
        self._on_output = on_output
        self._child = None
        self._waiter = None
        self._given = 0  # the moment the firmware was last given
        self.hung = False
        self.why = ""  # how the last one hung

    @property
    def pid(self):
        return self._child.pid if self._child else None

    def start(self, clock_ms):
        tick_read, self._tick = os.pipe2(os.O_CLOEXEC)
        self._idle, idle_write = os.pipe2(os.O_CLOEXEC)
        for fd in (self._tick, self._idle, idle_write):
            os.set_blocking(fd, False)
        environment = dict(
            self._environment, EVSE_TICK_FD=str(tick_read), EVSE_IDLE_FD=str(idle_write)
        )
        self._wires.set_idle_at(-1)
        parent = os.getpid()
        self._child = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(tick_read, idle_write),
            env=environment,
            cwd=self._folder,
            start_new_session=True,
            preexec_fn=lambda: _die_with(parent),
        )
        os.close(tick_read)
        os.close(idle_write)
        self.hung, self._given = False, clock_ms
        for pipe in (self._child.stdout, self._child.stdin):
            os.set_blocking(pipe.fileno(), False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._idle, self._rested)
        loop.add_reader(self._child.stdout.fileno(), self.drain)

    def drain(self):
        """Takes what has been printed up to now."""
        if self._child is None:
            return
        while True:
            try:
                data = os.read(self._child.stdout.fileno(), 65536)
            except BlockingIOError:
                return
            if not data:
                asyncio.get_running_loop().remove_reader(self._child.stdout.fileno())
                self._wake()
                return
            self._on_output(data)

    def type(self, data):
        """To the firmware's console; what a full pipe refuses is lost, as on a UART."""
        if self._child is not None:
            try:
                os.write(self._child.stdin.fileno(), data)
            except (BlockingIOError, BrokenPipeError):
                return

    def _rested(self):
        try:
            if not os.read(self._idle, 4096):
                # its end of the pipe: it is dead
                asyncio.get_running_loop().remove_reader(self._idle)
        except BlockingIOError:
            return
        self._wake()

    def _wake(self):
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def turn(self, clock_ms):
        """The clock has moved to clock_ms. True when the firmware has come to rest at it."""
        try:
            os.write(self._tick, b"t")
        except (BlockingIOError, BrokenPipeError):
            pass  # full: it has enough ticks to wake up; broken: it is dead, exited() says so
        if self.hung and self._wires.idle_at() >= self._given:
            self.hung = False  # it came to rest at the moment before
        self._given = clock_ms
        burned = moved = None
        while self._wires.idle_at() < clock_ms:
            if self.hung or self._child is None or self._child.poll() is not None:
                return False  # it may lose its power while it is waited for
            await self._pause()
            state, cpu = self._usage()
            if burned is None:
                burned, last, moved = cpu, cpu, time.monotonic()
            if cpu != last or state in "RD":
                last, moved = cpu, time.monotonic()
            still = time.monotonic() - moved
            if state in "Tt" or cpu - burned > CPU_S or still > BLOCKED_S:
                self.hung = self._wires.idle_at() < clock_ms
                self.why = "state %s, %.1f s of CPU, still for %.1f s" % (
                    state,
                    cpu - burned,
                    still,
                )
        self.drain()
        return True

    def _usage(self):
        try:
            return usage(self.pid or 0)
        except OSError:
            return "X", 0.0  # gone: the next look at it says so

    async def _pause(self):
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        look = loop.call_later(LOOK_S, self._wake)
        await self._waiter
        look.cancel()
        self._waiter = None

    def exited(self):
        """The exit status once it has died, else None. Its pipes are closed by then."""
        if self._child is None or self._child.poll() is None:
            return None
        self.drain()
        status = self._child.returncode
        self._close()
        return status

    def kill(self):
        """SIGKILL, and gone when this returns."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self.drain()
            self._close()

    def _close(self):
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._idle)
        loop.remove_reader(self._child.stdout.fileno())
        for fd in (self._idle, self._tick):
            os.close(fd)
        self._child.stdout.close()
        self._child.stdin.close()
        self._child = None
        self._wake()

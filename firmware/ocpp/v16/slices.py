"""Long work in short pieces: the cryptography of a call, without holding up the station.

A generator of firmware/crypto yields after each piece of at most about 2 ms. Slices drives one,
some pieces a call; Queue drives several, one after the other, so that however many calls wait a
beat of the station never pays for more than one of them.
"""

from micropython import const

_BUDGET_US = const(3000)  # and the piece begun before it is over: 5 ms a call
_MASK = const(0x3FFFFFFF)  # every port's ticks_us() counts up to this at least


class Slices:
    """`generator`: the work; `ticks_us`: the port's clock, None where there is none (then one
    piece a call)."""

    def __init__(self, generator, ticks_us=None):
        self._generator = generator
        self._ticks_us = ticks_us

    def step(self) -> tuple:
        """(True, what it returned) once it has ended, (False, None) before. Its exceptions come
        through."""
        began = self._ticks_us() if self._ticks_us else 0
        while True:
            try:
                next(self._generator)
            except StopIteration as end:
                return True, end.value
            if not self._ticks_us or (self._ticks_us() - began) & _MASK >= _BUDGET_US:
                return False, None


class Job:
    """One piece of work in a queue: poll it until it is done."""

    def __init__(self, generator, ticks_us):
        self._slices = Slices(generator, ticks_us)
        self.done = False
        self._result = None
        self._error = None

    def step(self):
        try:
            self.done, self._result = self._slices.step()
        except Exception as error:
            # It belongs to whoever polls this job, not to whoever drives the queue.
            self.done, self._error = True, error

    def result(self):
        """What the work returned, or its exception. Only once it is done."""
        if self._error is not None:
            raise self._error
        return self._result


class Queue:
    """Jobs in the order they came, `most` at once."""

    def __init__(self, ticks_us=None, most: int = 4):
        self._ticks_us = ticks_us
        self._most = most
        self._jobs = []

    def put(self, generator) -> "Job | None":
        """None: too many wait."""
        if len(self._jobs) >= self._most:
            return None
        job = Job(generator, self._ticks_us)
        self._jobs.append(job)
        return job

    def step(self):
        """Drive the first one on."""
        if self._jobs:
            self._jobs[0].step()
            if self._jobs[0].done:
                self._jobs.pop(0)

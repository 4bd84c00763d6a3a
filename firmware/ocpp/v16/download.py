"""One attempt to bring a bundle: the job, and the sink as this job may use it."""

from firmware.ocpp.job import Job


class Download(Job):
    """`ended(job, error, now)` hears of its end, unless it was cancelled."""

    def __init__(self, location: str, sink, ended):
        Job.__init__(self, location, sink=_Landing(sink))
        self._ended = ended

    @property
    def unfit(self) -> bool:
        """What came can never be installed here: the same file again would be no better."""
        return self.sink.unfit

    def cancel(self):
        """Nothing of it reaches the slot any more, however late the transfer notices."""
        self.cancelled = self.sink.closed = True

    def finished(self, error, now: int):
        self._ended(self, error, now)


class _Landing:
    def __init__(self, sink):
        self._sink = sink
        self.closed = False
        self.unfit = False

    @property
    def offset(self) -> int:
        return self._sink.offset

    @property
    def tag(self) -> str:
        return self._sink.tag

    def ready(self) -> bool:
        return not self.closed and self._sink.ready()

    def restart(self):
        self._check()
        self._sink.restart()

    def begin(self, size, tag: str):
        self._check()
        try:
            self._sink.begin(size, tag)
        except ValueError:
            if self._sink.offset:
                self._sink.restart()  # another file than the one begun: the next attempt takes it
            else:
                self.unfit = True
            raise

    def write(self, data):
        self._check()
        try:
            self._sink.write(data)
        except ValueError:
            self.unfit = True
            raise

    def _check(self):
        if self.closed:
            raise OSError("cancelled")

"""The turn-taking of one RS-485 line: which meter is asked next, and when the line is free.

Sans-I/O: .tick(now) says what to write, .feed(data, now) takes what was read, .next() names a
meter with a new reading. `now` is monotonic milliseconds. One question is in flight at a time.
"""


class Poller:
    """`timeout_ms` is the meter's time to think; the time on the wire is added to it.

    A question that fails costs its meter this cycle and is counted there (.timeouts, .refusals);
    the meter is asked again at its next turn.
    """

    def __init__(self, meters, interval_ms: int = 1000, timeout_ms: int = 200, baud: int = 9600):
        self._meters = list(meters)
        self._due: list = [None] * len(self._meters)
        self._interval_ms = interval_ms
        self._timeout_ms = timeout_ms
        self._char_us = -(-11_000_000 // baud)  # 11 bits a character (V1.02 §2.5.1)
        # 3.5 characters of silence, 1.75 ms above 19200 baud (§2.5.1.1), and a millisecond for
        # the grain of the clock.
        silence_us = 1750 if baud > 19200 else self._char_us * 7 // 2
        self._gap_ms = 1 + -(-silence_us // 1000)
        self._at = len(self._meters) - 1
        self._meter = None
        self._finished = None
        self._quiet_at: "int | None" = None
        self._deadline = 0

    def tick(self, now: int) -> "bytes | None":
        """A question to write now, or None."""
        if self._meter is not None and self._meter.expects:
            if now < self._deadline:
                return None
            self._meter.timeout()
        if self._quiet_at is not None and now - self._quiet_at < self._gap_ms:
            return None
        request = self._meter.next_request() if self._meter is not None else None
        if request is None:
            self._meter = self._choose(now)
            if self._meter is None:
                return None
            self._meter.start()
            request = self._meter.next_request()
        wire_us = (len(request) + self._meter.expects) * self._char_us
        self._deadline = now + self._timeout_ms + wire_us // 1000 + 1
        return request

    def feed(self, data, now: int) -> None:
        """Bytes from the line. What nobody asked for only makes the line busy."""
        if not data:
            return
        self._quiet_at = now
        if self._meter is not None:
            self._meter.feed(data, now)
            if self._meter.next() is not None:
                self._finished = self._meter

    def next(self):
        """The meter whose .reading is new, once; else None."""
        meter = self._finished
        self._finished = None
        return meter

    def _choose(self, now: int):
        """The next meter that is due, in turn."""
        for _ in self._meters:
            self._at = (self._at + 1) % len(self._meters)
            due = self._due[self._at]
            if due is None or now >= due:
                # Keep the beat; a line too slow for it does not owe the beats it missed.
                late = due is None or now - due >= self._interval_ms
                self._due[self._at] = (now if late else due) + self._interval_ms
                return self._meters[self._at]
        return None

"""One connector: kernel, session, last reading and the word spoken of it. No OCPP message."""

from firmware.evse import status
from firmware.evse.session import Session

_READY_MS = 10000  # a reading older than this starts no transaction


class Connector:
    """What the tasks and the words above share.  `number` counts from 1."""

    def __init__(self, number: int, kernel):
        self.number = number
        self.kernel = kernel
        self.session = Session(kernel)
        self.reading = None  # hal.meter Reading, as last read
        self.read_at = 0  # monotonic ms when the meter was asked for it: no value is older
        self.operative = True
        self.withdrawn = False  # out of use for a while: an update waits to be installed
        self.reserved = False
        self.scheduled = None  # availability to take when the transaction is over
        self.word = "Available"
        self.error = "NoError"

    def metered(self, reading, asked: int):
        """A fresh reading arrived; the meter was asked for it at `asked`."""
        self.reading = reading
        self.read_at = asked
        amps = [ma for ma in reading.current_ma if ma is not None]
        volts = [dv for dv in reading.voltage_dv if dv is not None and dv > 500]
        self.kernel.meter_read(max(amps) if amps else 0, min(volts) if volts else 0)

    def tick(self, now: int):
        """Let the session see the world; returns its event or None."""
        energy_wh = None
        if self.reading is not None and (
            self.session.transaction is not None or now - self.read_at < _READY_MS
        ):
            energy_wh = self.reading.energy_wh
        event = self.session.tick(now, energy_wh, self.read_at)
        if self.scheduled is not None and self.session.transaction is None:
            self.operative = self.scheduled
            self.scheduled = None
        return event

    def speak(self):
        """(word, error code) when the status to be told has changed, else None; one step of the
        way at a time, so that only the 53 permitted changes are ever spoken."""
        target = status.derive(
            self.session, self.operative and not self.withdrawn, self.reserved, self.word
        )
        word = status.step(self.word, target)
        error = status.error_code(self.kernel, word)
        if word == self.word and error == self.error:
            return None
        self.word = word
        self.error = error
        return word, error

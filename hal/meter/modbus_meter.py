"""One meter on a Modbus line: asks its questions one by one and builds a Reading of the answers.

Sans-I/O. A Reading is made of one whole cycle or not at all: values of different moments are
never mixed. Whose turn it is on the line is the poller's.
"""

from hal import ProtocolError
from hal.meter.reading import Reading
from hal.meter.register_map import apply
from hal.modbus import Reply, read_request


class ModbusMeter:
    """.reading is the last whole one and .fresh_at its time in ms, both None before the first."""

    def __init__(self, register_map: tuple, unit: int = 1):
        if not 1 <= unit <= 247:
            raise ValueError("modbus unit")
        self._function, self._questions, self._rows = register_map
        self.unit = unit
        self.reading: "Reading | None" = None
        self.fresh_at: "int | None" = None
        self.timeouts = 0
        self.refusals = 0
        self.refused: "int | None" = None  # the last exception code
        self._finished: "Reading | None" = None
        self._draft: "Reading | None" = None  # of the cycle that is running
        self._asked = 0
        self._reply: "Reply | None" = None  # to the question that is open

    @property
    def expects(self) -> int:
        """Bytes the answer in flight will have, 0 when no question is open."""
        return self._reply.size if self._reply else 0

    def start(self) -> None:
        """Begin a cycle, whatever became of the last one."""
        self._draft = Reading()
        self._asked = 0
        self._reply = None

    def next_request(self) -> "bytes | None":
        """The next question of the cycle, None while one is open or when the cycle has ended."""
        if self._draft is None or self._reply is not None:
            return None
        start, count = self._questions[self._asked]
        self._reply = Reply(self.unit, self._function, count)
        return read_request(self.unit, self._function, start, count)

    def feed(self, data, now: int) -> None:
        """Bytes from the line. `now` becomes the time of the Reading when they complete it."""
        if self._reply is None:
            return
        self._reply.feed(data)
        try:
            registers = self._reply.next()
        except ProtocolError as e:
            self.refusals += 1
            self.refused = e.code
            self._give_up()
            return
        if registers is not None:
            self._take(self._draft, registers, now)

    def next(self) -> "Reading | None":
        """A Reading that was just completed, once."""
        reading = self._finished
        self._finished = None
        return reading

    def timeout(self) -> None:
        """The open question stays unanswered: the cycle is lost."""
        if self._reply is not None:
            self.timeouts += 1
            self._give_up()

    def _take(self, draft, registers: list, now: int) -> None:
        apply(self._rows, self._questions[self._asked][0], registers, draft)
        self._reply = None
        self._asked += 1
        if self._asked == len(self._questions):
            draft.at_ms = now
            self.reading = self._finished = draft
            self.fresh_at = now
            self._draft = None

    def _give_up(self) -> None:
        self._reply = None
        self._draft = None

"""The kernel of a satellite, as the charge point sees it: the face of kernel.Kernel, its facts
told by a line. Decides nothing about a contactor; grants, reads, and says when it hears nothing.

`line` is the charge point's end of the line (poll, send, due, lost, said, heard, reboots).
"""

from micropython import const

from firmware.evse import fault
from firmware.evse.face import Face

_LETTERS = "?ABCDEF"
_NO_READING = const(-32768)
_LONG_MS = const(86400000)


def fill(report, kernel, release: int):
    """What the satellite tells of its kernel."""
    facts, wishes, limit = kernel.facts, kernel.wishes, kernel.limit
    report.letter = _LETTERS.find(facts.letter)
    report.diode_seen = facts.diode_seen
    report.closed = facts.closed
    report.locked = facts.locked
    report.tested = facts.tested
    report.waking = facts.waking
    report.plugged = kernel.plugged
    report.welded = kernel.welded
    report.pilot_off = wishes.pilot_off
    report.close = wishes.close
    report.lock = wishes.lock
    report.socket = limit.socket
    report.warnings = kernel.warnings
    report.faults = facts.faults
    report.ceiling_ma = facts.ceiling_ma
    report.offered_ma = wishes.offered_ma
    report.permit_ma = facts.permit_ma
    report.rating_ma = limit.max_ma
    report.cable_ma = kernel.cable_ma
    celsius_dc = kernel.temperature_dc
    report.temperature_dc = _NO_READING if celsius_dc is None else celsius_dc
    report.unplugged = kernel.unplugged & 0xFFFF
    report.release = release


class RemoteKernel(Face):
    """`facts` and `wishes` as kernel.Kernel has them; a session writes facts.armed, .held and
    .permit_ma. `limit` is what the charge point knows; the satellite's own may be lower."""

    def __init__(self, line, limit):
        super().__init__(limit)
        self._line = line
        self._told = fault.METER  # warnings, as last told
        self._faults = 0  # as last told
        self._said: "tuple | None" = None  # of the last report, what is believed at the second
        self._met = False  # it has told something since we began
        self._left = 0  # its count of cars that have left
        self._reboots = 0
        self._voltage_dv = 0
        self._failed = False
        self._judge()

    @property
    def lost(self) -> bool:
        return self._line.lost

    # --- what the tasks above may tell it ---------------------------------------------------

    def meter_read(self, current_ma: int, voltage_dv: int):
        """A fresh reading: highest phase current, lowest phase voltage (0: not measured)."""
        self.facts.current_ma = current_ma
        self._voltage_dv = voltage_dv
        self.meter_age_ms = 0

    def fail(self):
        """The software here failed: nothing is granted any more, and nothing said after that."""
        self._failed = True
        facts = self.facts
        facts.armed = facts.held = False
        facts.permit_ma = 0
        facts.faults |= fault.SOFTWARE
        self._tell()
        try:
            self._line.send()
        except OSError:
            return  # silence ends the permit as well, a moment later

    def restart(self):
        """End the boot of the satellite, and with it what it has latched but a weld."""
        self._line.said.restart = self._line.peer

    # --- the tick ---------------------------------------------------------------------------

    def tick(self, dt_ms: int):
        if self._failed:
            return
        line = self._line
        if line.poll(dt_ms):
            self._learn(line.heard)
        if self.meter_age_ms < _LONG_MS:
            self.meter_age_ms += dt_ms
        self._judge()
        if line.due:
            self._tell()
            line.send()

    def _tell(self):
        order, facts = self._line.said, self.facts
        order.armed = facts.armed
        order.held = facts.held
        order.permit_ma = min(facts.permit_ma, self.limit.max_ma)
        order.current_ma = facts.current_ma
        order.voltage_dv = self._voltage_dv
        order.reading_ms = self.meter_age_ms

    def _learn(self, report):
        facts, wishes = self.facts, self.wishes
        facts.letter = _LETTERS[report.letter]
        facts.diode_seen = report.diode_seen
        facts.closed = report.closed
        facts.locked = report.locked
        facts.tested = report.tested
        facts.waking = report.waking
        facts.ceiling_ma = report.ceiling_ma
        wishes.offered_ma = report.offered_ma
        wishes.pilot_off = report.pilot_off
        wishes.close = report.close
        wishes.lock = report.lock
        self.welded = report.welded
        self.cable_ma = report.cable_ma
        no = report.temperature_dc == _NO_READING
        self.temperature_dc = None if no else report.temperature_dc
        self._told = report.warnings
        self._faults = report.faults
        # What ends a transaction or stays is believed when it is said twice: of frames with many
        # wrong bits a check of 16 lets one in 65536 pass.
        said = report.plugged, report.unplugged, report.rating_ma
        if said == self._said:
            self.limit.max_ma = min(self.limit.max_ma, report.rating_ma)
            self._count(report)
        self._said = said

    def _count(self, report):
        """Cars that left, also those that did while nobody here listened."""
        if not self._met:
            self._met = True
            self._left = report.unplugged
        elif self._line.reboots != self._reboots:
            # Its count began anew. A car that is still there is the same one, as far as anybody
            # can tell (as after a power cut, session.restore()).
            self._left = 0
            if self.plugged and not report.plugged and not report.unplugged:
                self.unplugged += 1
        self._reboots = self._line.reboots
        self.unplugged += (report.unplugged - self._left) & 0xFFFF
        self._left = report.unplugged
        self.plugged = report.plugged

    def _judge(self):
        """What is told, and what this end knows better."""
        facts, limit, line = self.facts, self.limit, self._line
        faults = self._faults
        if line.said.restart != line.peer:
            line.said.restart = 0  # that boot is over
        if line.lost:
            # Plug, contact and lock stay as last told: a session does not end because a wire is
            # loose.
            faults |= fault.LINK
            self.wishes.offered_ma = 0
        elif line.heard.socket != limit.socket or line.said.restart:
            faults |= fault.SOFTWARE  # another kind of outlet than described here, or on its way
        facts.faults = faults
        fresh = self.meter_age_ms < limit.meter_warn_ms
        self.warnings = self._told & ~fault.METER | (0 if fresh else fault.METER)

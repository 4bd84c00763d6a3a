"""The contactor: one coil, or two for boards that switch L1/N and L2/L3 apart, and the mirror
contacts.

Drives and reads levels. Whether it may close, and whether it is welded, is the kernel's judgement.
Constructing it opens it.
"""


class Contactor:
    """`coil_active` energises a coil, `feedback_closed` is the level of closed contacts."""

    def __init__(self, coil, feedback=None, second_coil=None, second_feedback=None,
                 coil_active: int = 1, feedback_closed: int = 1):
        if second_feedback is not None and (feedback is None or second_coil is None):
            raise ValueError("second feedback without its contactor")
        self._coil = coil
        self._feedback = feedback
        self._second_coil = second_coil
        self._second_feedback = second_feedback
        self._active = coil_active
        self._feedback_closed = feedback_closed
        self._driven = True
        self.drive(False)

    def drive(self, closed: bool) -> None:
        """Energise or release every coil. Written on each call: a disturbed pin repairs itself."""
        level = self._active if closed else 1 - self._active
        try:
            self._coil.value(level)
        finally:
            # If the first pin fails the second must still be released.
            if self._second_coil is not None:
                self._second_coil.value(level)
        self._driven = bool(closed)

    def closed(self) -> "bool | None":
        """What the mirror contacts show, None if the board cannot sense them.

        With two contactors the answer is the one that reveals the fault: while driven, closed
        only if both are; while released, closed if either still is (one welded group is live).
        """
        if self._feedback is None:
            return None
        first = self._feedback.value() == self._feedback_closed
        if self._second_feedback is None:
            return first
        second = self._second_feedback.value() == self._feedback_closed
        return (first and second) if self._driven else (first or second)

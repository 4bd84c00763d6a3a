"""The security events of the OCPP 1.6 security whitepaper and the log that keeps them: a ring of
raw flash blocks that also says how far the CSMS has been told.  Speaks to nobody.

What repeats within an hour is counted (store/repeat.py): a flood is a bounded number of records.
An event that is not critical is only counted, too, when it would push out one that the CSMS has
not been told of: critical ones have a guaranteed delivery (A04.FR.02), the others have not.
"""

from micropython import const

from firmware.store import events

# Whitepaper edition 3, section 8: (event, critical). The place is the code on flash, less one:
# new ones are added at the end.
EVENTS = (
    ("FirmwareUpdated", True),
    ("FailedToAuthenticateAtCentralSystem", False),
    ("CentralSystemFailedToAuthenticate", False),
    ("SettingSystemTime", True),
    ("StartupOfTheDevice", True),
    ("ResetOrReboot", True),
    ("SecurityLogWasCleared", True),
    ("ReconfigurationOfSecurityParameters", False),
    ("MemoryExhaustion", True),
    ("InvalidMessages", False),
    ("AttemptedReplayAttacks", False),
    ("TamperDetectionActivated", True),
    ("InvalidFirmwareSignature", False),
    ("InvalidFirmwareSigningCertificate", False),
    ("InvalidCentralSystemCertificate", False),
    ("InvalidChargePointCertificate", False),
    ("InvalidTLSVersion", False),
    ("InvalidTLSCipherSuite", False),
)
CRITICAL = tuple([name for name, critical in EVENTS if critical])

_TOLD = "told"  # no event: COUNT is the number of the last record the CSMS has answered
_CLEARED = "SecurityLogWasCleared"
_SPARE_BLOCKS = const(1)  # which Events leaves over


class SecurityLog(events.Events):
    """`told`: the number of the last record the CSMS has taken.  It is written down at once, but
    while it would push out an event not told: what a power cut leaves unsaid is told again."""

    kinds = (_TOLD,) + tuple([name for name, _ in EVENTS])
    signature = 0x53654C31
    gives_way = -1  # of those that wait the newest: no number is given to two events

    def __init__(self, device, boot: int, utc, align: int = 4):
        self.told = self._marked = self._newest = 0
        self.thinned = 0  # events given up for the sake of critical ones
        events.Events.__init__(self, device, boot, utc, align)
        self.boot = boot
        self._recall()
        self._marked = self.told

    def _recall(self):
        """From the newest block back to the one that holds the first event not told."""
        ring = self._ring
        for block in reversed(list(ring.order)):
            for row in self.records(ring.first[block] - 1):
                if row[events.NUMBER] >= self._end(block):
                    break
                if row[events.KIND] == _TOLD:
                    self.told = max(self.told, row[events.COUNT])
                else:
                    self._newest = max(self._newest, row[events.NUMBER])
            if self.told and ring.first[block] <= self.told + 1:
                return

    def cleared(self) -> str:
        """Why the log is not what it was, once for each reason; "" it is."""
        ring = self._ring
        if self.wiped:
            return "another format"
        if not ring.order:
            return "" if ring.erased() == ring.blocks else "unreadable"
        why = "%d blocks unreadable" % self.missing if self.missing else ""
        for row in self.records() if why else ():
            if row[events.KIND] == _CLEARED and row[events.TEXT] == why:
                return ""
        return why

    # --- what happens -----------------------------------------------------------------------

    def add(self, kind: str, text: str, now: int):
        if kind not in CRITICAL and self.crowded:
            self.thinned += 1
        else:
            events.Events.add(self, kind, text, now)

    def _written(self, code: int):
        if code:
            self._newest = self.last

    @property
    def crowded(self) -> bool:
        """The next block to be begun pushes out the oldest one, with events not told in it."""
        ring = self._ring
        if ring.free() > _SPARE_BLOCKS or self._newest <= self.told:
            return False
        return len(ring.order) > 1 and self.told + 1 < ring.first[ring.order[1]]

    # --- what is told -----------------------------------------------------------------------

    def next(self) -> "tuple | None":
        """The oldest event that the CSMS has not been told of."""
        if self._newest <= self.told:
            return None
        for row in self.records(self.told):
            if row[events.KIND] != _TOLD:
                return row
        self._newest = self.told
        return None

    @property
    def overwritten(self) -> bool:
        """Events were pushed out before the CSMS could be told of them."""
        order = self._ring.order
        return bool(order) and self._ring.first[order[0]] > self.told + 1

    def tell(self, number: int, now: int):
        """The CSMS has the record of that number, and all before it."""
        self.told = number
        self.settle(now)

    def settle(self, now: int):
        """Once a beat: what an hour has counted is an event now.  Programs, never erases."""
        self._repeat.settle(now)
        if self.told > self._marked and not self._waiting and not self.crowded:
            self._marked = self.told
            self._write(0, "", now, self.told)

    def history(self, after: int = 0, last: "int | None" = None):
        """The events behind number `after`, up to number `last`."""
        for row in self.records(after):
            if last is not None and row[events.NUMBER] > last:
                return
            if row[events.KIND] != _TOLD:
                yield row

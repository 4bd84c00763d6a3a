"""What is billed: StartTransaction, MeterValues and StopTransaction of every connector.

The outbox keeps what this room hands over, in order, until the backend has it.  Timestamps are
the event's: UTC text, or monotonic ms (an int) while the clock is unknown, resolved when spoken.
"""

from micropython import const

from firmware.ocpp.clock import Pace
from firmware.ocpp.v16 import recovery, sample

_DAY_S = const(86400)
_OWED_MS = const(1000)
_MAX_SAMPLES = const(120)  # of one StopTransaction: about 11 KB of the 16 KB backends take


class Billing:
    """Turns session events into billable messages, and answers back into session facts."""

    def __init__(self, station):
        self._station = station
        self._data = {}  # connector number -> transactionData so far
        self._paces = {}  # connector number -> Pace of its transaction
        self._aligned_pace = Pace()
        self._owed = []  # what the store had no room for: (action, request, transaction)
        self._owed_at = 0  # when to try again
        self._unkept = []  # connectors whose transaction has no note yet, for want of room
        self.lost = 0  # intermediate meter values that it had no room for

    # --- events of a session ----------------------------------------------------------------

    @property
    def full(self) -> bool:
        """One more transaction could not be billed: none is begun."""
        return bool(self._owed) or self._station.outbox.full

    def started(self, connector, now: int):
        """A transaction has begun: StartTransaction."""
        transaction = connector.session.transaction
        transaction.number = self._station.outbox.new_transaction()
        request = {
            "connectorId": connector.number,
            "idTag": transaction.id_tag,
            "meterStart": transaction.meter_start_wh,
            "timestamp": self._station.clock.stamp(now),
        }
        room = self._station.reservation
        reserved = None if room is None else room.used(connector)
        if reserved is not None:
            request["reservationId"] = reserved  # 4.8
        self._put("StartTransaction", request, transaction, now)
        if reserved is not None:
            # After the Start is kept and before its note: whatever the power does, the id is
            # said once (recovery sees a Start without a note, see reservation.py).
            room.end(reserved, now)
        connector.session.unbooked = self._owes_start(transaction)
        self.keep(connector)
        self._paces[connector.number] = Pace(self._sample_ms())
        self._data[connector.number] = []
        self._record(connector, self._stop_list(), "Transaction.Begin", now)

    def resumed(self, connector):
        """A transaction is back after a power cut; what was sampled for its stop is not."""
        self._paces[connector.number] = Pace(self._sample_ms())
        self._data[connector.number] = []

    def stopping(self, connector, now: int):
        """Its end was asked for: said again after a power cut, with its own reason and time."""
        self.keep(connector)

    def stopped(self, connector, now: int):
        """A transaction is over and the meter read: StopTransaction."""
        transaction = connector.session.ended
        # Both ends of every measurand (3.16.6), the last one as of the end that is billed.
        self._record(connector, self._stop_list(), "Transaction.End", transaction.stopped)
        request = self._stop(transaction)
        data = self._data.pop(connector.number, [])
        if data:
            request["transactionData"] = data
        self._put("StopTransaction", request, transaction, now)

    def orphaned(self, transaction, reason: str):
        """A power cut left it and its connector is no more: billed as last noted. Handed over by
        the first tick, since nothing is said while the station is still being built."""
        transaction.reason = reason
        self._owed.append(("StopTransaction", self._stop(transaction), transaction.number))

    def _stop(self, transaction) -> dict:
        stamp = transaction.stop_stamp
        if stamp is None:
            stamp = self._station.clock.stamp(transaction.stopped)
        return {
            "meterStop": transaction.meter_wh,
            "timestamp": stamp,
            "reason": transaction.reason,
            # Always said where known: some backends fail without it.
            "idTag": transaction.stop_tag or transaction.id_tag,
        }

    def answered(self, entry, payload: dict, now: int):
        """StartTransaction.conf; whatever is wrong with it, the CSMS has the message."""
        if entry.action != "StartTransaction":
            return
        info = payload.get("idTagInfo")
        info = info if isinstance(info, dict) else {}
        for connector in self._station.connectors:
            transaction = connector.session.transaction
            if transaction is not None and transaction.number == entry.transaction:
                transaction.csms_id = self._station.outbox.transaction_id(entry.transaction)
                parent = info.get("parentIdTag")
                if isinstance(parent, str) and parent != transaction.parent:
                    transaction.parent = parent
                    self.keep(connector)
                # No status is an odd answer, not a refusal: somebody has said yes before.
                status = info.get("status")
                if isinstance(status, str) and status != "Accepted":
                    self._refused(connector, now)

    def _refused(self, connector, now: int):
        """The backend takes the transaction but not the card (StopTransactionOnInvalidId)."""
        if self._station.settings.flag("StopTransactionOnInvalidId"):
            connector.session.stop("DeAuthorized", now)
        else:
            # 4.8: so much more energy, then none until somebody stops it
            connector.session.grant(self._station.settings.number("MaxEnergyOnInvalidId"))
            self.keep(connector)

    # --- time -------------------------------------------------------------------------------

    def tick(self, now: int):
        """Periodic and clock-aligned meter values; what is owed to the store."""
        if (self._owed or self._unkept) and now >= self._owed_at:
            self._hand_over(now)
            self._keep_late(now)
        interval_ms = self._sample_ms()
        for connector in self._station.connectors:
            transaction = connector.session.transaction
            if transaction is None or connector.session.stopping or not interval_ms:
                continue
            # From the start of the transaction (3.16.1).
            slot = (now - transaction.started) // interval_ms * interval_ms
            if self._paces[connector.number].due(interval_ms, slot):
                self._meter_values(connector, "MeterValuesSampledData", "Sample.Periodic", now)
                listed = self._station.settings.text("StopTxnSampledData")
                self._record(connector, listed, "Sample.Periodic", now)
        self._aligned(now)

    def _aligned(self, now: int):
        """ClockAlignedDataInterval: every so many seconds counted from midnight UTC."""
        interval_s = self._station.settings.number("ClockAlignedDataInterval")
        at = self._station.clock.at(now)
        if not interval_s or at is None:
            self._aligned_pace = Pace()
            return
        midnight = at - at % _DAY_S
        slot = midnight + (at - midnight) // interval_s * interval_s
        if not self._aligned_pace.due(interval_s, slot):
            return
        for connector in self._station.connectors:
            self._meter_values(connector, "MeterValuesAlignedData", "Sample.Clock", now)
            if connector.session.transaction is not None:
                listed = self._station.settings.text("StopTxnAlignedData")
                self._record(connector, listed, "Sample.Clock", now)

    def trigger(self, connector, now: int):
        """The CSMS asked for MeterValues (TriggerMessage)."""
        self._meter_values(connector, "MeterValuesSampledData", "Trigger", now, True)

    def can_tell(self, connector, now: int) -> bool:
        """There is something to say to such a request."""
        key = "MeterValuesSampledData"
        return self._value(connector, self._station.settings.text(key), "Trigger", now) is not None

    # --- helpers of this room ---------------------------------------------------------------

    def _sample_ms(self) -> int:
        return self._station.settings.number("MeterValueSampleInterval") * 1000

    def _stop_list(self) -> str:
        text = self._station.settings.text
        return text("StopTxnSampledData") + "," + text("StopTxnAlignedData")

    def _value(self, connector, listed: str, context: str, now: int):
        """One MeterValue by a measurand list; None when there is nothing to say."""
        if connector.reading is None:
            return None
        values = sample.sampled(connector, listed, context)
        if not values:
            return None
        return {"timestamp": self._station.clock.stamp(now), "sampledValue": values}

    def _meter_values(self, connector, key: str, context: str, now: int, asked: bool = False):
        station = self._station
        value = self._value(connector, station.settings.text(key), context, now)
        if value is None:
            return
        request = {"connectorId": connector.number, "meterValue": [value]}
        transaction = connector.session.transaction
        if transaction is not None and (station.registration.accepted or not asked):
            # First the note: after a power cut with a mute meter the bill must not fall below
            # what was said, and a trigger comes before the session has seen the reading.
            transaction.read(connector.reading.energy_wh)
            if self.keep(connector):
                self._put("MeterValues", request, transaction, now)
            else:
                self.lost += 1
        elif asked or station.reachable:
            # Outside of transactions nothing is billed by them: none are kept for an outage.
            station.outbox.put("MeterValues", request, early=asked)

    def _record(self, connector, listed: str, context: str, now: int):
        """Keep a value for transactionData; over the cap the 1st, 3rd, 5th ... intermediate goes
        (erratum 3.91), never the Begin."""
        value = self._value(connector, listed, context, now)
        data = self._data.get(connector.number)
        if value is None or data is None:
            return
        data.append(value)
        most = self._station.settings.number("StopTransactionMaxMeterValues")
        count = sum([len(kept["sampledValue"]) for kept in data])
        if len(data) > most or (count > _MAX_SAMPLES and len(data) > 2):
            self._data[connector.number] = data[:1] + data[2:-1:2] + data[-1:]

    def keep(self, connector) -> bool:
        """What the note of its transaction says has changed. It is for the time after a power
        cut, never kept before the Start it belongs to: there would be a Stop without one. What
        finds no room is tried again."""
        station = self._station
        transaction = connector.session.transaction
        try:
            if self._owes_start(transaction):
                raise OSError("its Start is not kept yet")
            station.outbox.note(transaction.number, recovery.note(connector, station))
        except OSError:
            if connector not in self._unkept:
                self._unkept.append(connector)
            return False
        return True

    def _owes_start(self, transaction) -> bool:
        """A transaction may also have ended before its Start was kept."""
        started = [number for action, _, number in self._owed if action == "StartTransaction"]
        return transaction is not None and transaction.number in started

    def _keep_late(self, now: int):
        """The notes that found no room, and the energy that waits for its Start."""
        for connector in self._station.connectors:
            session = connector.session
            session.unbooked = session.unbooked and self._owes_start(session.transaction)
        unkept, self._unkept = self._unkept, []
        for connector in unkept:
            if connector.session.transaction is not None and not self.keep(connector):
                self._owed_at = now + _OWED_MS

    def _put(self, action: str, request: dict, transaction, now: int):
        if self._owed and action == "MeterValues":
            self.lost += 1
            return
        self._owed.append((action, request, transaction.number))
        self._hand_over(now)

    def _hand_over(self, now: int):
        """In order.  A full store makes the rest wait here, where nothing is lost while the power
        lasts; a MeterValues gives way, a StopTransaction keeps its two ends."""
        while self._owed:
            action, request, number = self._owed[0]
            try:
                self._station.outbox.put_billable(action, request, number, now)
            except OSError:
                if action != "MeterValues":
                    data = request.get("transactionData", [])
                    if len(data) > 2:
                        request["transactionData"] = data[:1] + data[-1:]
                    self._owed_at = now + _OWED_MS
                    return
                self.lost += 1
            self._owed.pop(0)

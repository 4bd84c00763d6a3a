"""What the backend understands: the ocpp library's handlers, and the ledger of transactions.

Promise: every message of a charge point in OCPP 1.6 has its answer here; a message that comes
again under its id is booked once. Boundary: the library's own types in and out; no socket.
"""

import dataclasses
import logging

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import Action

ANSWER_S = 30

QUIET = logging.getLogger("csms.ocpp")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


@dataclasses.dataclass
class Transaction:
    """One line of the ledger, as the charge point told it."""

    id: int
    id_tag: str
    connector: int
    meter_start: int
    started: str
    meter_stop: "int | None" = None
    stopped: object = None
    reason: object = None
    data: object = None

    @property
    def wh(self):
        return None if self.meter_stop is None else self.meter_stop - self.meter_start


class Station(ChargePoint):
    """The charge point as the library sees it: one per link."""

    def __init__(self, cpid, tap, backend):
        super().__init__(cpid, tap, response_timeout=ANSWER_S, logger=QUIET)
        self._backend = backend

    @on(Action.boot_notification)
    def _boot(self, **payload):
        status, interval = self._backend.registration()
        return call_result.BootNotification(self._backend.now(), interval, status)

    @on(Action.heartbeat)
    def _heartbeat(self):
        return call_result.Heartbeat(self._backend.now())

    @on(Action.authorize)
    def _authorize(self, id_tag):
        return call_result.Authorize(self._backend.tag_info(id_tag))

    @on(Action.start_transaction)
    def _start(self, connector_id, id_tag, meter_start, timestamp, call_unique_id, **rest):
        booked = self._backend.book_start(
            call_unique_id, connector_id, id_tag, meter_start, timestamp
        )
        return call_result.StartTransaction(booked.id, self._backend.tag_info(id_tag))

    @on(Action.stop_transaction)
    def _stop(
        self,
        transaction_id,
        meter_stop,
        timestamp,
        call_unique_id,
        reason=None,
        id_tag=None,
        transaction_data=None,
    ):
        self._backend.book_stop(
            call_unique_id, transaction_id, meter_stop, timestamp, reason, transaction_data
        )
        return call_result.StopTransaction(self._backend.tag_info(id_tag) if id_tag else None)

    @on(Action.meter_values)
    def _meter_values(self, **payload):
        return call_result.MeterValues()

    @on(Action.status_notification)
    def _status(self, **payload):
        return call_result.StatusNotification()

    @on(Action.data_transfer)
    def _data(self, **payload):
        return call_result.DataTransfer("Accepted")

    @on(Action.firmware_status_notification)
    def _firmware_status(self, **payload):
        return call_result.FirmwareStatusNotification()

    @on(Action.signed_firmware_status_notification)
    def _signed_firmware_status(self, **payload):
        return call_result.SignedFirmwareStatusNotification()

    @on(Action.sign_certificate)
    def _sign_certificate(self, **payload):
        return call_result.SignCertificate("Accepted")

    @on(Action.diagnostics_status_notification)
    def _diagnostics_status(self, **payload):
        return call_result.DiagnosticsStatusNotification()

    @on(Action.security_event_notification)
    def _security_event(self, **payload):
        return call_result.SecurityEventNotification()

    @on(Action.log_status_notification)
    def _log_status(self, **payload):
        return call_result.LogStatusNotification()


class Ledger:
    """Transactions by the id we gave them. A message that comes twice under one id is booked
    once."""

    def __init__(self, first=1):
        self.transactions = {}
        self.repeated = []  # ids of messages that came again
        self.strays = []  # Stops of transactions that nobody started
        self._next = first
        self._booked = {}

    def start(self, message_id, connector, id_tag, meter_start, timestamp):
        if message_id in self._booked:
            self.repeated.append(message_id)
            return self._booked[message_id]
        transaction = Transaction(self._next, id_tag, connector, meter_start, timestamp)
        self._next += 1
        self.transactions[transaction.id] = self._booked[message_id] = transaction
        return transaction

    def stop(self, message_id, transaction_id, meter_stop, timestamp, reason, data):
        if message_id in self._booked:
            self.repeated.append(message_id)
            return
        transaction = self._booked[message_id] = self.transactions.get(transaction_id)
        if transaction is None or transaction.meter_stop is not None:
            self.strays.append((message_id, transaction_id))
            return
        transaction.meter_stop, transaction.stopped = meter_stop, timestamp
        transaction.reason, transaction.data = reason, data

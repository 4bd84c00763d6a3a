"""The charge point in OCPP 1.6: routes calls to rooms, answers to askers, facts to messages.

No socket: tasks/csms.py speaks what the outbox hands out and brings back what arrives.
"""

from micropython import const

from firmware.evse import session as events
from firmware.ocpp.clock import Clock
from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16 import command, configuration, messages, remote_trigger
from firmware.ocpp.v16.authorization import Authorization
from firmware.ocpp.v16.boot import Registration
from firmware.ocpp.v16.billing import Billing
from firmware.ocpp.v16.notification import Notification
from firmware.ocpp.v16.reset import Reset

PROFILES = "Core,RemoteTrigger"

# A pilot is believed after 0.5 s: the first statuses after a reboot know a car that stayed there.
_SENSED_MS = const(700)

_HANDLERS = (
    ("ChangeAvailability", command.on_change_availability),
    ("ChangeConfiguration", configuration.on_change_configuration),
    ("ClearCache", command.on_clear_cache),
    ("DataTransfer", command.on_data_transfer),
    ("GetConfiguration", configuration.on_get_configuration),
    ("RemoteStartTransaction", command.on_remote_start_transaction),
    ("RemoteStopTransaction", command.on_remote_stop_transaction),
    ("Reset", command.on_reset),
    ("TriggerMessage", remote_trigger.on_trigger_message),
    ("UnlockConnector", command.on_unlock_connector),
)


class Station:
    """`reboot()` is the port's reset; `identity` the BootNotification fields."""

    def __init__(self, connectors, settings, outbox, identity: dict, reboot):
        self.connectors = connectors
        self.settings = settings
        self.outbox = outbox
        self.clock = Clock()
        self.registration = Registration(self, identity)
        self.notification = Notification(self)
        self.authorization = Authorization(self)
        self.billing = Billing(self)
        self.reset = Reset(self, reboot)
        self.operative = True
        self.online = False
        self._after = []  # functions to call once the answer has left
        self._fit_settings()
        self._recall_availability()

    def _fit_settings(self):
        """What the table of keys cannot know of this station."""
        settings = self.settings
        rotations = ["%d.Unknown" % connector.number for connector in self.connectors]
        settings.default("ConnectorPhaseRotation", ",".join(rotations))
        for connector in self.connectors:
            if not connector.kernel.limit.socket:  # erratum 3.84: a fixed cable is never unlocked
                settings.fix("UnlockConnectorOnEVSideDisconnect", "false")
        self.settings_changed("StopTransactionOnEVSideDisconnect", 0)

    # --- the link ---------------------------------------------------------------------------

    @property
    def resetting(self) -> bool:
        return self.reset.pending

    @property
    def reachable(self) -> bool:
        """The CSMS can be asked now."""
        return self.online and self.registration.accepted

    def connected(self, now: int):
        self.online = True
        self.registration.online(now)

    def disconnected(self, now: int):
        """The link is gone: what waited to be said is void (the message in flight comes back
        through unanswered() by itself)."""
        self.online = False
        for entry in self.outbox.recall():
            self.unanswered(entry, now)

    def registered(self, now: int):
        """BootNotification was Accepted: the state of all connectors is due (erratum 3.22)."""
        self.notification.tell(None, now)

    # --- what comes in ----------------------------------------------------------------------

    def call(self, action: str, payload: dict, now: int):
        """A CALL of the CSMS: the response, or a function that returns it later; or CallError."""
        for name, handler in _HANDLERS:
            if name == action:
                wrong = messages.check_request(action, payload)
                if wrong is not None:
                    raise CallError(wrong[0], wrong[1])
                return handler(self, payload, now)
        # OCPP-J 4.2.3: NotSupported is what is known to OCPP 1.6 and not built here.
        known = action.isalpha() and messages.row(action) is not None
        raise CallError("NotSupported" if known else "NotImplemented", action)

    def sensible(self, entry, payload: dict) -> bool:
        """A CALLRESULT for `entry` has the fields it must have.  One for a billable message says
        that the CSMS has it, whatever else it says: to repeat it could only bill twice."""
        if entry.number is not None:
            return True
        return messages.check_response(entry.action, payload) is None

    def answered(self, entry, payload: dict, now: int):
        """A sensible CALLRESULT for `entry`, which the outbox has confirmed."""
        if entry.action == "BootNotification":
            self.registration.answered(payload, now)
        elif entry.action == "Heartbeat":
            self.registration.learn(payload["currentTime"], now)
        elif entry.action == "Authorize":
            self.authorization.answered(entry, payload, now)
        else:
            self.billing.answered(entry, payload, now)
        self.registration.heard(now)

    def unanswered(self, entry, now: int):
        """`entry` got a CALLERROR, a broken answer, none in time, or the link broke."""
        if entry.action == "BootNotification":
            self.registration.unanswered(now)
        elif entry.action == "Authorize":
            self.authorization.unanswered(entry, now)
        elif entry.action == "StatusNotification":
            self.notification.lost(entry.payload, now)

    # --- what goes out ----------------------------------------------------------------------

    def after(self, function):
        """Call `function(now)` once the answer to the present CALL has left."""
        self._after.append(function)

    def tick(self, now: int):
        """What facts and time cause: session events, statuses, meter values, heartbeats."""
        while self._after:
            self._after.pop(0)(now)
        for connector in self.connectors:
            event = connector.tick(now)
            if event == events.STARTED:
                self.billing.started(connector, now)
            elif event == events.STOPPED:
                self.billing.stopped(connector, now)
        self.notification.tick(now)
        self.authorization.tick(now)
        self.billing.tick(now)
        if self.online and now >= _SENSED_MS:
            self.registration.tick(now)
        self.reset.tick(now)

    # --- settings, availability, reset ------------------------------------------------------

    def connector(self, number: int):
        """The connector of that number, None for 0 and unknown ones."""
        return self.connectors[number - 1] if 1 <= number <= len(self.connectors) else None

    def settings_changed(self, key: str, now: int):
        """A key took a new value that something already running must follow."""
        if key == "StopTransactionOnEVSideDisconnect":
            for connector in self.connectors:
                connector.session.stop_on_disconnect = self.settings.flag(key)
        elif key == "HeartbeatInterval":
            self.registration.heard(now)

    def keep_availability(self):
        out = [] if self.operative else ["0"]
        for connector in self.connectors:
            operative = connector.operative if connector.scheduled is None else connector.scheduled
            if not operative:
                out.append(str(connector.number))
        self.settings.change("Inoperative", ",".join(out))

    def _recall_availability(self):
        out = self.settings.text("Inoperative").split(",")
        self.operative = "0" not in out
        for connector in self.connectors:
            connector.operative = str(connector.number) not in out

"""The charge point in OCPP 1.6: routes calls to rooms, answers to askers, facts to messages.

No socket: tasks/csms.py speaks what the outbox hands out and brings back what arrives.
"""

from micropython import const

from firmware.evse import session as events
from firmware.ocpp.authorize import Authorizer
from firmware.ocpp.clock import Clock
from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16 import (
    command,
    configuration,
    data_transfer,
    id_tag_info,
    messages,
    parked,
    recovery,
    rooms,
)
from firmware.ocpp.v16.authorization import Authorization
from firmware.ocpp.v16.boot import Registration
from firmware.ocpp.v16.billing import Billing
from firmware.ocpp.v16.notification import Notification
from firmware.ocpp.v16.reset import Reset
from firmware.ocpp.v16.shared_reader import SharedReader

# A pilot is believed after 0.5 s: the first statuses after a reboot know a car that stayed there.
_SENSED_MS = const(700)
_CHAIN_SIZE = "CertificateSignedMaxChainSize"
_ENVELOPE = const(600)  # of a CertificateSigned around it, with PEM's line ends as JSON has them
# What only the room firmware_management says.
_PROGRESS = (
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "SignedFirmwareStatusNotification",
)
_SECURITY = ("LogStatusNotification", "SecurityEventNotification")

_CORE = (
    ("ChangeAvailability", command.on_change_availability),
    ("ChangeConfiguration", configuration.on_change_configuration),
    ("ClearCache", command.on_clear_cache),
    ("DataTransfer", data_transfer.on_data_transfer),
    ("GetConfiguration", configuration.on_get_configuration),
    ("RemoteStartTransaction", command.on_remote_start_transaction),
    ("RemoteStopTransaction", command.on_remote_stop_transaction),
    ("Reset", command.on_reset),
    ("UnlockConnector", command.on_unlock_connector),
)


class Station:
    """`reboot()` is the port's reset; `identity` the BootNotification fields; `known` the local
    list and the cache, None for what is not built; `clock` outlives the boot or not; `built`: see
    rooms.built(); `plant`: see rooms.Plant."""

    def __init__(
        self,
        connectors,
        settings,
        outbox,
        identity: dict,
        reboot,
        known=(None, None),
        clock=None,
        built=(),
        plant=None,
    ):
        self.connectors = connectors
        self.settings = settings
        self.outbox = outbox
        self.known = known
        self.cache = known[1]
        self.clock = clock or Clock()
        plant = plant or rooms.Plant()
        self._take(plant)
        self.authorizer = Authorizer(settings.flag, known[0], self.cache)
        self.registration = Registration(self, identity)
        self.notification = Notification(self)
        self.authorization = Authorization(self)
        self.shared_reader = SharedReader(self)
        self.billing = Billing(self)
        self.reset = Reset(self, reboot)
        self.operative = True
        self.online = False
        self._after = []  # functions to call once the answer has left
        self._stopping = [False] * len(connectors)  # the journal knows that its end was asked for
        self._recall_availability()
        self._rooms(built)
        self._fit_settings(plant.message_bytes - _ENVELOPE)
        recovery.recover(self, 0)

    def _take(self, plant):
        """What the rooms ask the station for, under the names it has in rooms.Plant."""
        for name in plant.__dict__:
            setattr(self, name, plant.__dict__[name])

    def _rooms(self, built):
        """Furnish each feature profile that is here; the others are None."""
        self.firmware_management = self.local_list = self.reservation = None
        self.smart_charging = self.remote_trigger = None
        self.security_profile = self.certificates = self.security_events = None
        self.signed_update = None
        self._handlers = [_CORE]
        self._ticks = []
        profiles = ["Core"]
        for name, module in built:
            room = module.build(self)
            setattr(self, name, room)
            if room is None:
                self.settings.drop(module.ROWS)
            else:
                if module.PROFILE:
                    profiles.append(module.PROFILE)
                self._handlers.append(module.HANDLERS)
                if hasattr(room, "tick"):
                    self._ticks.append(room.tick)
        self.settings.fix("SupportedFeatureProfiles", ",".join(profiles))

    def _fit_settings(self, chain_bytes: int):
        """What the table of keys cannot know of this station."""
        settings = self.settings
        rotations = ["%d.Unknown" % connector.number for connector in self.connectors]
        settings.default("ConnectorPhaseRotation", ",".join(rotations))
        settings.fix(parked.KEY, lambda: parked.told(self.outbox))
        self.outbox.park_after = lambda: settings.number("ParkUnansweredAfter")
        for connector in self.connectors:
            if not connector.kernel.limit.socket:  # erratum 3.84: a fixed cable is never unlocked
                settings.fix("UnlockConnectorOnEVSideDisconnect", "false")
        if self.certificates is not None and settings.number(_CHAIN_SIZE) > chain_bytes:
            settings.fix(_CHAIN_SIZE, str(chain_bytes))
        self.settings_changed("StopTransactionOnEVSideDisconnect", 0)
        self.settings_changed("UnlockConnectorOnEVSideDisconnect", 0)

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
        if self.local_list is not None:
            self.local_list.abandon()  # nobody waits for the answer of its update any more

    def registered(self, now: int):
        """BootNotification was Accepted: the state of all connectors is due (erratum 3.22)."""
        self.notification.tell(None, now)

    # --- what comes in ----------------------------------------------------------------------

    def call(self, action: str, payload: dict, now: int):
        """A CALL of the CSMS: the response, or a function that returns it later; or CallError."""
        for handlers in self._handlers:
            for name, handler in handlers:
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
        self._learn(entry, payload, now)
        if entry.action == "BootNotification":
            self.registration.answered(payload, now)
        elif entry.action == "Heartbeat":
            self.registration.learn(payload["currentTime"], now)
        elif entry.action == "Authorize":
            self.authorization.answered(entry, payload, now)
        elif entry.action in _PROGRESS:
            self.firmware_management.answered(entry, now)
        elif entry.action in _SECURITY:
            self.security_events.answered(entry, now)
        elif entry.action == "SignCertificate":
            self.certificates.answered(payload, now)
        else:
            self.billing.answered(entry, payload, now)
        self.registration.heard(now)

    def _learn(self, entry, payload: dict, now: int):
        """3.5.1: every idTagInfo tells the cache; one that contradicts the list is told."""
        if "idTagInfo" not in payload or "idTag" not in entry.payload:
            return
        if messages.check_response(entry.action, payload) is None:  # billing takes odd ones too
            info = id_tag_info.read(payload["idTagInfo"])
            if self.authorizer.learn(entry.payload["idTag"], info, now, self.clock.at(now)):
                self.notification.conflict(now)

    def unanswered(self, entry, now: int):
        """`entry` got a CALLERROR, a broken answer, none in time, or the link broke."""
        if entry.action == "BootNotification":
            self.registration.unanswered(now)
        elif entry.action == "Authorize":
            self.authorization.unanswered(entry, now)
        elif entry.action == "StatusNotification":
            self.notification.lost(entry.payload, now)
        elif entry.action in _PROGRESS:
            self.firmware_management.unanswered(entry, now)
        elif entry.action in _SECURITY:
            self.security_events.unanswered(entry, now)
        elif entry.action == "SignCertificate":
            self.certificates.unanswered(now)

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
            stopping = bool(connector.session.stopping)
            if stopping != self._stopping[connector.number - 1]:
                self._stopping[connector.number - 1] = stopping
                if stopping:
                    self.billing.stopping(connector, now)
        self.notification.tick(now)
        self.authorization.tick(now)
        self.shared_reader.tick(now)
        self.billing.tick(now)
        for tick in self._ticks:
            tick(now)
        if self.online and now >= _SENSED_MS:
            self.registration.tick(now)
        self.reset.tick(now)

    # --- settings, availability, reset ------------------------------------------------------

    def connector(self, number: int):
        """The connector of that number, None for 0 and unknown ones."""
        return self.connectors[number - 1] if 1 <= number <= len(self.connectors) else None

    def security(self, kind: str, tech_info: str = "", now=None):
        """A security event of the whitepaper's list has happened."""
        if self.security_events is not None:
            self.security_events.add(kind, tech_info, now)

    def settings_changed(self, key: str, now: int):
        """A key took a new value that something already running must follow."""
        if key == "StopTransactionOnEVSideDisconnect":
            for connector in self.connectors:
                connector.session.stop_on_disconnect = self.settings.flag(key)
        elif key == "UnlockConnectorOnEVSideDisconnect":
            for connector in self.connectors:
                connector.session.unlock_on_disconnect = self.settings.flag(key)
                if self.settings.flag(key):
                    connector.session.let_go(now)
        elif key == "AuthorizationCacheEnabled":
            if not self.settings.flag(key):
                command.clear_cache(self)  # what nobody updates must not come back one day
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

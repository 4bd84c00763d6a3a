"""Smart Charging: the CSMS sets, clears and asks for limits; they hold online or not.

The rules of what a profile says are in ocpp/schedule.py, what becomes of it in allowance.py, what
is kept over power cycles in profile_set.py.
"""

from firmware.ocpp import profile as packed
from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16 import charging_profile
from firmware.ocpp.v16.allowance import Allowance
from firmware.ocpp.v16.composite import Composite
from firmware.ocpp.v16.profile_set import ProfileSet


def _rate_units(text: str):
    for item in text.split(","):
        if item not in charging_profile.ALLOWED:
            raise ValueError("ChargingScheduleAllowedChargingRateUnit: " + item)


ROWS = (
    ("ChargeProfileMaxStackLevel", "int", "R", "8", 0, 8),
    ("ChargingScheduleAllowedChargingRateUnit", "list", "R", "Current,Power", _rate_units, 2),
    ("ChargingScheduleMaxPeriods", "int", "R", "24", 1, 24),
    # No contactor here switches single phases.
    ("ConnectorSwitch3to1PhaseSupported", "bool", "R", "false", 0, 0),
    ("MaxChargingProfilesInstalled", "int", "R", "12", 1, 12),
)
PROFILE = "SmartCharging"


def build(station):
    return SmartCharging(station)


class SmartCharging:
    """The profiles of one station, and what they leave its connectors."""

    def __init__(self, station):
        self._station = station
        self._bounds = charging_profile.Bounds(station.settings)
        most = station.settings.number("MaxChargingProfilesInstalled")
        self.installed = ProfileSet(station.files, most, self._charging)
        self.allowance = Allowance(station, self.installed)

    def tick(self, now: int):
        self.allowance.tick(now)
        self.installed.tick(now)

    def _charging(self) -> bool:
        for connector in self._station.connectors:
            if connector.session.transaction is not None and connector.kernel.facts.closed:
                return True
        return False

    def _changed(self, numbers: tuple):
        """Profiles were set or cleared, TxProfiles of the transactions `numbers` among them."""
        self.allowance.changed()
        charging = self._charging()  # every note has the set then: see profile_set.py
        for connector in self._station.connectors:
            transaction = connector.session.transaction
            if transaction is not None and (charging or transaction.number in numbers):
                self._station.billing.keep(connector)

    # --- for the rooms of transactions ------------------------------------------------------

    def note(self, connector) -> list:
        """What the note of its transaction says of it (recovery.py)."""
        return self.allowance.note(connector)

    def resumed(self, connector, boot: int, kept: list):
        """The note of boot `boot` is read again."""
        self.allowance.resumed(connector, boot, kept)

    def check_remote(self, connector, wire: dict, now: int) -> bool:
        """The chargingProfile of a RemoteStartTransaction can be obeyed there (5.16.2)."""
        if wire["chargingProfilePurpose"] != "TxProfile" or "transactionId" in wire:
            return False  # erratum 3.41
        try:
            return self.installed.room_for(self._pack(wire, connector.number, now))
        except ValueError:
            return False

    def apply_remote(self, connector, wire: dict, id_tag: str, now: int):
        """It was accepted: the profile is for the transaction of `id_tag` that begins there, and
        goes when none does."""
        self.installed.keep_only(connector.number, None)
        self.installed.put_late(self._pack(wire, connector.number, now))
        self.allowance.expect(connector, id_tag)
        self._changed(())

    # --- requests ---------------------------------------------------------------------------

    def _pack(self, wire: dict, connector: int, now: int) -> bytes:
        at = self._station.clock.at(now)
        return charging_profile.pack(wire, connector, at, self._bounds)

    def set(self, number: int, wire: dict, now: int) -> bool:
        """5.16. False: nothing has changed."""
        try:
            profile = self._pack(wire, number, now)
            owner = self._owner(number, wire)
            profile = packed.with_number(profile, owner)
            if not self.installed.room_for(profile):
                return False
            if not self.installed.put(profile):
                return True  # said again: nothing to write, nothing to look at
        except (ValueError, OSError):
            return False
        self._changed((owner,))
        return True

    def _owner(self, number: int, wire: dict) -> int:
        """The number of the transaction a TxProfile is for, 0 for the other purposes.
        ValueError: the purpose cannot be set there (3.13.1)."""
        purpose = wire["chargingProfilePurpose"]
        if purpose == "ChargePointMaxProfile" and number:
            raise ValueError("the whole charge point is connector 0")
        if purpose != "TxProfile":
            return 0
        connector = self._station.connector(number)
        session = None if connector is None else connector.session
        if session is None or session.transaction is None or session.stopping:
            raise ValueError("no transaction there")
        wanted = wire.get("transactionId")
        if wanted is not None and wanted != session.transaction.csms_id:
            raise ValueError("another transaction")
        return session.transaction.number

    def clear(self, request: dict) -> bool:
        """5.5. False: nothing matched, or flash keeps what it has."""
        gone = [profile for profile in self.installed.profiles if _matches(profile, request)]
        if not gone:
            return False
        try:
            self.installed.remove(gone)
        except OSError:
            return False
        self._changed(tuple([packed.head(profile)[6] for profile in gone]))
        return True

    def composite(self, request: dict, now: int):
        """5.7: the response, or a function that returns it later; None: it cannot be told."""
        at = self._station.clock.at(now)
        number, duration_s = request["connectorId"], request["duration"]
        unit = self._bounds.unit(request.get("chargingRateUnit"))
        if at is None or duration_s <= 0 or not 0 <= number <= len(self._station.connectors):
            return None
        legs = self.allowance.legs(number, at, now)
        profiles, supply = self.installed.profiles, self.allowance.supply
        composite = Composite(profiles, legs, at, duration_s, unit, supply)

        def answer(later: int):
            done = composite.step(self._bounds.periods)
            return composite.answer(number) if done else None

        return answer(now) or answer


def _matches(profile: bytes, request: dict) -> bool:
    """Errata 3.25, 3.26: every field that is given; an id makes the others void."""
    connector, purpose, level, _, _, number = packed.head(profile)[:6]
    if "id" in request:
        return request["id"] == number
    if request.get("connectorId", connector) != connector:
        return False
    if request.get("stackLevel", level) != level:
        return False
    word = request.get("chargingProfilePurpose")
    return word is None or charging_profile.purpose(word) == purpose


def on_set_charging_profile(station, request: dict, now: int) -> dict:
    number = request["connectorId"]
    if not 0 <= number <= len(station.connectors):  # erratum 3.39
        raise CallError("PropertyConstraintViolation", "connectorId: there is no such connector")
    done = station.smart_charging.set(number, request["csChargingProfiles"], now)
    return {"status": "Accepted" if done else "Rejected"}


def on_clear_charging_profile(station, request: dict, now: int) -> dict:
    done = station.smart_charging.clear(request)
    return {"status": "Accepted" if done else "Unknown"}


def on_get_composite_schedule(station, request: dict, now: int):
    return station.smart_charging.composite(request, now) or {"status": "Rejected"}


HANDLERS = (
    ("ClearChargingProfile", on_clear_charging_profile),
    ("GetCompositeSchedule", on_get_composite_schedule),
    ("SetChargingProfile", on_set_charging_profile),
)

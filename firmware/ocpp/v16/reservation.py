"""Reservation profile (OCPP 1.6 5.1, 5.13): a connector, or one of all, kept for an idTag or its
group until a date.

Promise: who has no right to it begins nothing at a reserved connector, online or not; what was
Accepted survives a power cut. Boundary: says who may begin where, authorises nobody itself.

A reservation that comes or goes writes a file (reserved.py); the contactor of another connector
may be closed then: rare enough for a block of flash.
"""

from micropython import const

from firmware.evse import status
from firmware.ocpp.authorize import ACCEPT, LIST
from firmware.ocpp.rpc import CallError
from firmware.ocpp.timestamp import parse_time
from firmware.ocpp.v16.reserved import ID, NUMBER, PARENT, TAG, Reserved, find, fits, over
from firmware.ocpp.v16.authorization import same

PROFILE = "Reservation"
ROWS = (("ReserveConnectorZeroSupported", "bool", "R", "true", 0, 0),)

_SECOND_MS = const(1000)  # how often the dates are looked at: they have no smaller part
_OUT = ("Faulted", "Unavailable")


class Reservations:
    """At most one per connector, and of connector 0 as many as there are connectors."""

    def __init__(self, station):
        self._station = station
        self._look_at = 0
        self._reserved = Reserved(station.files)
        self._forget_used()

    # --- who may begin where ----------------------------------------------------------------

    def admits(self, connector, id_tag: str, parent) -> bool:
        """No reservation stands against a session of `id_tag` (of the group `parent`) here."""
        kept = self._reserved.of(connector.number)
        if kept is not None:
            return fits(kept, id_tag, parent)
        owed = self._owed()
        # 5.13: one connector remains available for each reservation of connector 0.
        return find(owed, id_tag, parent) is not None or self._idle(connector) >= len(owed)

    def could_admit(self, connector, id_tag: str, now: int) -> bool:
        """`id_tag` is admitted, or would be if it were of a group that nobody here knows: 5.13
        wants the CSMS asked then. The list is the CSMS's own word; the cache may be old."""
        if self.admits(connector, id_tag, None):
            return True
        kept = self._reserved.of(connector.number)
        many = self._owed() if kept is None else [kept]
        if not [one for one in many if one[PARENT] is not None]:
            return False
        utc = self._station.clock.at(now)
        verdict, parent, source = self._station.authorizer.decide(id_tag, False, utc)
        if verdict != ACCEPT or source != LIST:
            return True
        return find(many, id_tag, parent) is not None

    def own(self, id_tag: str):
        """The connector that is reserved for this very idTag; None."""
        for kept in self._reserved.all:
            if kept[NUMBER] and same(id_tag, kept[TAG]):
                return self._station.connector(kept[NUMBER])
        return None

    def choose(self, free: list, id_tag: str, now: int) -> list:
        """Those of the `free` connectors a remote start of `id_tag` may use: its own one alone,
        else where nothing stands against it, else where its group decides."""
        own = self.own(id_tag)
        if own in free:
            return [own]
        admitted = [one for one in free if self.admits(one, id_tag, None)]
        return admitted or [one for one in free if self.could_admit(one, id_tag, now)]

    def used(self, connector):
        """The id of the reservation that the transaction begun at `connector` ends; None."""
        id_tag = connector.session.transaction.id_tag
        parent = connector.session.transaction.parent
        kept = self._reserved.of(connector.number)
        if kept is None:
            kept = find(self._reserved.of_any(), id_tag, parent)
        return None if kept is None else kept[ID]

    # --- what comes and goes ----------------------------------------------------------------

    def reserve(self, request: dict, now: int) -> str:
        """The ReservationStatus; Accepted only once it is on flash."""
        new = self._new(request, now)
        if new is None:
            return "Rejected"
        reserved = self._reserved
        before = reserved.all
        old = reserved.by_id(new[ID])
        reserved.all = [kept for kept in before if kept is not old]
        # 5.13: the same id replaces. Where it is moved to must be free as for any other.
        moved = old is None or old[NUMBER] != new[NUMBER]
        word = self._refusal(new[NUMBER]) if moved else None
        if word is None:
            reserved.all.append(new)
            if not reserved.save(now):
                word = "Rejected"  # it would not survive a power cut
        if word is not None:
            reserved.all = before
            return word
        if old is not None:
            self._withdraw(old, new)
        self._mark()
        return "Accepted"

    def end(self, number: int, now: int) -> bool:
        """The reservation of this id is cancelled or used; False when there is none."""
        kept = self._reserved.by_id(number)
        if kept is None:
            return False
        self._reserved.all.remove(kept)
        self._reserved.save(now)
        self._mark()
        return True

    def tick(self, now: int):
        reserved = self._reserved
        reserved.tick(now)
        if not reserved.all:
            return
        looks = now >= self._look_at
        utc = None
        if looks:
            self._look_at = now + _SECOND_MS
            utc = self._station.clock.at(now)
        for k in range(len(reserved.all) - 1, -1, -1):
            kept = reserved.all[k]
            if self._out(kept[NUMBER]) or (looks and over(kept, utc, now)):
                self.end(kept[ID], now)
        self._mark()

    # --- inside -----------------------------------------------------------------------------

    def _new(self, request: dict, now: int):
        """The reservation that is asked for; None: not one that can be kept."""
        station = self._station
        number, until = request["connectorId"], parse_time(request["expiryDate"])
        utc = station.clock.at(now)
        # Without a clock its end could not be told: no promise is made. (The CSMS tells the time
        # with its answer to BootNotification, so this is before there can be any reservation.)
        if utc is None or until <= utc or not request["idTag"]:
            return None
        if number > len(station.connectors):
            return None
        if number == 0 and not station.settings.flag("ReserveConnectorZeroSupported"):
            return None
        parent = request.get("parentIdTag") or None
        return request["reservationId"], number, request["idTag"], parent, until, until - utc

    def _refusal(self, number: int):
        """Why `number` cannot be reserved now, as a ReservationStatus; None: it can."""
        station = self._station
        if not station.operative:
            return "Unavailable"
        owed = len(self._owed())
        if number:
            connector = station.connector(number)
            word = self._word(connector)
            if word in _OUT:
                return word
            free = word == "Available" and self._reserved.of(number) is None
            return None if free and self._idle(connector) >= owed else "Occupied"
        if self._idle(None) > owed:
            return None
        words = [self._word(connector) for connector in station.connectors]
        if [word for word in words if word not in _OUT]:
            return "Occupied"
        return "Faulted" if "Faulted" in words else "Unavailable"

    def _word(self, connector) -> str:
        """What the connector would be called if nobody had reserved it."""
        operative = connector.operative and not connector.withdrawn
        return status.derive(connector.session, operative, False, connector.word)

    def _idle(self, but) -> int:
        """How many connectors are there for reservations of connector 0, without `but`."""
        count = 0
        for connector in self._station.connectors:
            if connector is not but and self._reserved.of(connector.number) is None:
                count += self._word(connector) == "Available"
        return count

    def _owed(self):
        """The reservations of connector 0 that a connector must still be kept for: not those
        whose idTag has been presented somewhere and is expected to plug in."""
        if self._reserved.of(0) is None:
            return ()
        owed = self._reserved.of_any()
        for connector in self._station.connectors:
            session = connector.session
            if session.id_tag is not None and self._reserved.of(connector.number) is None:
                kept = find(owed, session.id_tag, session.parent)
                if kept is not None:
                    owed.remove(kept)
        return owed

    def _mark(self):
        """Reserved are those with a reservation of their own, and the last idle ones when no more
        are left than connector 0 has reservations. If somebody plugs in there without the right
        to, the word stays until another connector is idle (4.9: G2 is for who presents himself).
        """
        owed = len(self._owed())
        short = owed - self._idle(None) if owed else -1
        for connector in self._station.connectors:
            reserved = self._reserved.of(connector.number) is not None
            if not reserved and short >= 0:
                reserved = self._word(connector) == "Available"
                if short and connector.reserved and self._intruded(connector):
                    reserved = True
                    short -= 1
            connector.reserved = reserved

    def _intruded(self, connector) -> bool:
        return connector.session.id_tag is None and self._word(connector) == "Preparing"

    def _withdraw(self, old: tuple, new: tuple):
        """Whoever is expected to plug in by the right of the old one may have none by the new."""
        for connector in self._station.connectors:
            id_tag, parent = connector.session.id_tag, connector.session.parent
            if id_tag is not None and fits(old, id_tag, parent) and not fits(new, id_tag, parent):
                if not self.admits(connector, id_tag, parent):
                    connector.session.deauthorise()

    def _out(self, number: int) -> bool:
        """5.13: set to Faulted or Unavailable ends it; for connector 0 that is the whole charge
        point, or the last of its connectors. So does a connector that this board has not."""
        if not self._station.operative:
            return True
        for connector in self._station.connectors:
            if number in (0, connector.number) and connector.word not in _OUT:
                return False
        return True

    def _forget_used(self):
        """The power went between a StartTransaction and the end of its reservation."""
        if self._reserved.all:
            for _, note in self._station.outbox.unfinished():
                if isinstance(note, dict):  # the Start itself: see recovery.recover
                    self.end(note.get("reservationId"), 0)


def on_reserve_now(station, request: dict, now: int) -> dict:
    """5.13. A connector that is not there is Rejected; the errata name no CALLERROR for it."""
    if request["connectorId"] < 0:  # 6.37: connectorId >= 0
        raise CallError("PropertyConstraintViolation", "connectorId: below 0")
    return {"status": station.reservation.reserve(request, now)}


def on_cancel_reservation(station, request: dict, now: int) -> dict:
    """5.1"""
    ended = station.reservation.end(request["reservationId"], now)
    return {"status": "Accepted" if ended else "Rejected"}


def build(station) -> Reservations:
    return Reservations(station)


HANDLERS = (
    ("CancelReservation", on_cancel_reservation),
    ("ReserveNow", on_reserve_now),
)

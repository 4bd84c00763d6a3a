"""The commands of the Core profile: the CSMS asks, a fact changes, the kernel does as always.

A handler takes (station, request, now) and returns the response, or a function that station.tick()
calls until it returns one (UnlockConnector knows only when the motor has moved).
"""

_UNLOCK_MS = 15000  # C1 rule 6 s, contactor, motor and its retries; within a backend's patience


def on_remote_start_transaction(station, request: dict, now: int):
    """5.11: answered at once; a connector that cannot start now is Rejected."""
    id_tag = request["idTag"]
    connector = _free(station, request.get("connectorId"), id_tag, now)
    profile = request.get("chargingProfile")
    # 4.2: not while Pending
    if connector is None or not id_tag or not station.registration.accepted:
        return {"status": "Rejected"}
    if profile is not None and not _obeys(station, connector, profile, now):
        return {"status": "Rejected"}
    room = station.reservation
    # 5.13: where the group decides and is not known, the CSMS is asked
    grouped = room is not None and not room.admits(connector, id_tag, None)
    asks = grouped or station.settings.flag("AuthorizeRemoteTxRequests")

    def start(at: int):
        if asks:
            station.authorization.ask(connector, id_tag, at, False)
        else:
            station.authorization.accept(connector, id_tag, at)
        if profile is not None and station.smart_charging is not None:
            station.smart_charging.apply_remote(connector, profile, id_tag, at)

    station.after(start)
    return {"status": "Accepted"}


def _obeys(station, connector, profile: dict, now: int) -> bool:
    """The limit can be kept; where there is no smart charging it is ignored (5.11)."""
    room = station.smart_charging
    return room is None or room.check_remote(connector, profile, now)


def _free(station, number, id_tag: str, now: int):
    """The connector to start on: the one named, else the one reserved for `id_tag`, else the
    first with a car, else the first."""
    free = [
        connector
        for connector in station.connectors
        if (number is None or connector.number == number)
        and station.authorization.free(connector)
        and not station.authorization.asked(connector)
    ]
    if station.reservation is not None:
        free = station.reservation.choose(free, id_tag, now)
    for connector in free:
        if connector.kernel.plugged:
            return connector
    return free[0] if free else None


def on_remote_stop_transaction(station, request: dict, now: int):
    """5.12: Rejected when no transaction of that id runs; not allowed while Pending (4.2)."""
    if not station.registration.accepted:
        return {"status": "Rejected"}
    for connector in station.connectors:
        session = connector.session
        transaction = session.transaction
        if transaction is not None and transaction.csms_id == request["transactionId"]:
            return _stop(station, session)
    return {"status": "Rejected"}


def _stop(station, session) -> dict:
    station.after(lambda at: session.stop("Remote", at))
    return {"status": "Accepted"}


def on_change_availability(station, request: dict, now: int):
    """5.2: Scheduled while a transaction runs; kept over reboots; 0 means the station and all."""
    number = request["connectorId"]
    if not 0 <= number <= len(station.connectors):
        return {"status": "Rejected"}
    operative = request["type"] == "Operative"
    scheduled = False
    for connector in station.connectors:
        if number == 0 or connector.number == number:
            scheduled = _set_operative(connector, operative) or scheduled
    if number == 0:
        station.operative = operative
    station.keep_availability()
    return {"status": "Scheduled" if scheduled else "Accepted"}


def _set_operative(connector, operative: bool) -> bool:
    """True when that has to wait for the end of a transaction."""
    if connector.session.transaction is not None:
        connector.scheduled = operative
        return not operative
    connector.operative = operative
    if not operative:
        connector.session.deauthorise()
    return False


def on_clear_cache(station, request: dict, now: int):
    """5.4; erratum 3.23: without a cache the answer is Rejected."""
    if station.cache is None or not station.settings.flag("AuthorizationCacheEnabled"):
        return {"status": "Rejected"}
    return {"status": "Accepted" if clear_cache(station) else "Rejected"}


def clear_cache(station) -> bool:
    """False: flash still has it, and is asked again by flush()."""
    try:
        station.cache.clear()
    except OSError:
        return False
    return True


def on_reset(station, request: dict, now: int):
    """5.14: transactions are ended, what is billed is given a chance to leave, then reboot."""
    reason = "SoftReset" if request["type"] == "Soft" else "HardReset"
    station.after(lambda at: station.reset.begin(reason, at))
    return {"status": "Accepted"}


def on_unlock_connector(station, request: dict, now: int):
    """5.18: ends a transaction, opens, unlocks; answered when the motor has moved or has not."""
    connector = station.connector(request["connectorId"])
    if connector is None or not connector.kernel.limit.socket:
        return {"status": "NotSupported"}  # erratum 3.87; a tethered cable has no lock
    connector.session.stop("UnlockCommand", now)
    connector.session.deauthorise()
    facts = connector.kernel.facts

    def unlocked(at: int):
        connector.session.let_go(at)
        if not facts.locked and not connector.kernel.wishes.lock:
            return {"status": "Unlocked"}
        if at - now >= _UNLOCK_MS:
            return {"status": "UnlockFailed"}
        return None

    return unlocked

"""What a power cut leaves: transactions that were started and not stopped, and how they end.

A note in the journal says what it takes to end a running transaction. After the boot it goes on
when the car is still plugged in and the operator wants that (ResumeWindow), else it is stopped
with reason PowerLoss; in both cases the bill is the meter's own register, which kept counting
nothing while the power was off.
"""

from firmware.evse.session import Transaction
from firmware.store import log


def note(connector, station) -> list:
    """What to keep of the transaction of `connector`."""
    session = connector.session
    clock = station.clock
    transaction = session.transaction
    ended = session.stopping
    stamp = None
    if ended:
        stamp = transaction.stop_stamp
        stamp = clock.stamp(transaction.stopped) if stamp is None else stamp
    return [
        connector.number,
        transaction.id_tag,
        transaction.parent,
        transaction.meter_start_wh,
        transaction.meter_wh,
        transaction.reason if ended else "",
        stamp,
        transaction.stop_tag if ended else None,
        # 4.8: the idTag was refused, energy ends at this register
        transaction.meter_start_wh if session.suspended else session.allowed_wh,
        clock.epochs.boot if clock.epochs is not None else 0,  # whose ms the stamp may be
        None if station.smart_charging is None else station.smart_charging.note(connector),
    ]


def recover(station, now: int):
    """Put every unfinished transaction back on its connector; call once, before the first tick."""
    window_ms = station.settings.number("ResumeWindow") * 1000
    for number, kept in station.outbox.unfinished():
        if isinstance(kept, dict):  # cut between the Start and its note
            start = kept["meterStart"]
            kept = [kept["connectorId"], kept["idTag"], None, start, start, "", None, None]
            kept += [None, 0]
        transaction = _transaction(station, number, kept, now)
        connector = station.connector(kept[0])
        if connector is None or connector.session.transaction is not None:
            # Another board, or fewer connectors: what is known is billed, it is never forgotten.
            log.note("recovery: no connector for transaction", number)
            station.billing.orphaned(transaction, kept[5] or "PowerLoss")
            continue
        connector.session.restore(transaction, now + window_ms)
        connector.session.allowed_wh = kept[8]
        if len(kept) > 10 and kept[10] is not None and station.smart_charging is not None:
            station.smart_charging.resumed(connector, kept[9], kept[10])
        if kept[5]:
            connector.session.stop(kept[5], now, kept[7])
        station.billing.resumed(connector)


def _transaction(station, number: int, kept: list, now: int) -> Transaction:
    transaction = Transaction(kept[1], kept[3], now)
    transaction.number = number
    transaction.parent = kept[2]
    transaction.read(kept[4])
    transaction.csms_id = station.outbox.transaction_id(number)
    if kept[5]:
        transaction.stop_tag = kept[7]
        transaction.stop_stamp = station.clock.carried(kept[9], kept[6])
    return transaction

"""Which OCPP 1.6 messages are billable, where their transactionId and their times stand.

What the version-free outbox must ask about a payload. Changes no payload it is given.
"""

from firmware.ocpp.ledger import BOUNDARY, INTERMEDIATE, START, STOP

# OCPP 1.6 §4.2: the one message said before the station is accepted.
BOOT = "BootNotification"

# OCPP 1.6 erratum 3.18: what is said of a transaction whose Start was never answered.
UNKNOWN = -1


def role(action: str, payload: dict) -> int:
    """The part a billable message plays in its transaction; ValueError when it is not billable."""
    if action == "StartTransaction":
        return START
    if action == "StopTransaction":
        return STOP
    if action != "MeterValues":
        raise ValueError("not billable: " + action)
    for meter_value in payload["meterValue"]:
        for sample in meter_value["sampledValue"]:
            # Errata 3.14 and 3.91: the values of start and stop are never dropped.
            if sample.get("context") in ("Transaction.Begin", "Transaction.End"):
                return BOUNDARY
    return INTERMEDIATE


def with_transaction(payload: dict, transaction_id: "int | None") -> dict:
    """The payload as spoken: under the id the CSMS gave, or -1."""
    spoken = payload.copy()
    spoken["transactionId"] = UNKNOWN if transaction_id is None else transaction_id
    return spoken


def stamped(payload: dict, stamp) -> dict:
    """The payload with `stamp(ms)` in place of each timestamp that is still monotonic ms."""
    spoken = payload
    if isinstance(payload.get("timestamp"), int):
        spoken = payload.copy()
        spoken["timestamp"] = stamp(payload["timestamp"])
    for name in ("meterValue", "transactionData"):
        if name in payload:
            spoken = spoken.copy()
            spoken[name] = [stamped(value, stamp) for value in payload[name]]
    return spoken


def transaction_of(payload: dict) -> "int | None":
    """The id in a StartTransaction.conf, None when there is no usable one."""
    found = payload.get("transactionId")
    if isinstance(found, float) and found % 1 == 0:
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) else None

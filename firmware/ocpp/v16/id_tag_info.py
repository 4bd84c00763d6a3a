"""IdTagInfo (OCPP 1.6 7.28): what a backend says of an idTag, for the list and for the cache."""

from firmware.ocpp.timestamp import parse_time


def read(info: dict) -> tuple:
    """(status, parent, expires_at) of one that was checked against the field table."""
    expiry = info.get("expiryDate")
    return info["status"], info.get("parentIdTag"), None if expiry is None else parse_time(expiry)

"""Local Auth List Management: the CSMS asks for the version of the list, replaces or changes it.

A handler takes (station, request, now); see command.py. A long update is done in steps between
other work, so its answer comes later. station.local_list is the list, None where none is built.
"""

from firmware.ocpp.v16 import id_tag_info
from firmware.store import id_merge

# A request of 32 full entries is 5 kB of text and as much again when parsed; 90 fill a frame.
ROWS = (
    ("AuthorizationCacheEnabled", "bool", "RW", "true", 0, 0),
    ("LocalAuthListEnabled", "bool", "RW", "true", 0, 0),
    ("LocalAuthListMaxLength", "int", "R", "1000", 1, 100000),
    ("SendLocalListMaxLength", "int", "R", "32", 1, 90),
)
PROFILE = "LocalAuthListManagement"


def build(station):
    """The list; None on a board that keeps none."""
    return station.known[0]


def _enabled(station) -> bool:
    return station.local_list is not None and station.settings.flag("LocalAuthListEnabled")


def on_get_local_list_version(station, request: dict, now: int) -> dict:
    """5.10: 0 for an empty list, -1 for none at all."""
    return {"listVersion": station.local_list.version if _enabled(station) else -1}


def on_send_local_list(station, request: dict, now: int):
    """5.15: the old list or the new one, at every moment."""
    if not _enabled(station):
        return {"status": "NotSupported"}
    table = station.local_list
    version = request["listVersion"]
    full = request["updateType"] == "Full"
    entries = request.get("localAuthorizationList") or []
    if version <= 0:
        return {"status": "Failed"}  # erratum 3.52: 0 and -1 mean something else
    if not full and version <= table.version:
        return {"status": "VersionMismatch"}  # 7.47
    if len(entries) > station.settings.number("SendLocalListMaxLength"):
        return {"status": "Failed"}
    try:
        update = table.begin(version, _changes(entries, full), full)
    except (ValueError, OSError) as error:
        table.failure = str(error)
        return {"status": "Failed"}

    def answer(at: int):
        try:
            return {"status": "Accepted"} if table.step(update) else None
        except (ValueError, OSError):
            return {"status": "Failed"}  # table.failure says why; the wire has no room for it

    return answer(now) or answer  # a short list is done at once


def _changes(entries: list, full: bool) -> list:
    """Entries in the order of the list; ValueError for an idTag twice (6.41) and, in a full
    update, one without idTagInfo (7.1)."""
    changes = []
    for item in entries:
        info = item.get("idTagInfo")
        if info is None and full:
            raise ValueError("no idTagInfo in a full update")
        known = None if info is None else id_tag_info.read(info)
        changes.append(id_merge.change(item["idTag"], known))
    id_merge.sort(changes)
    return changes


HANDLERS = (
    ("GetLocalListVersion", on_get_local_list_version),
    ("SendLocalList", on_send_local_list),
)

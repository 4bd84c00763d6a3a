"""What a service technician wants to know of this charger, as one archive without its secrets.

Reads what the rooms have; writes nothing. What is in it and what is not: docs/diagnostics.md.
"""

import json

from micropython import const

from firmware.ocpp.epoch import when
from firmware.ocpp.timestamp import format_time
from firmware.store import events, log
from firmware.store.archive import Archive
from firmware.store.redact import is_secret, without_login
from firmware.store.settings import READ, WRITE

_PIECE = const(400)  # bytes: lines are gathered, a piece for each costs more than it holds
_PREFIX = const(48)
_HELD = "(held back)"


def build(station, prefix: str, now: int, start=None, stop=None) -> Archive:
    """`prefix`: begins the file's name, for example the charge point's identity. `start`, `stop`:
    UTC seconds or None; a line whose time is known and outside is left out. `station.facts()`:
    {name: value} of what no room knows (version, board, cause of the boot, heap); may be None."""
    at = station.clock.at(now)
    name = "%s-%s.tar" % (_plain(prefix), "%dms" % now if at is None else _compact(at))
    facts = (json.dumps(_state(station, now)) + "\n").encode()  # measured and told alike
    wanted = (start, stop)
    log_end, frames_end = log.LOG.count, log.FRAMES.count
    members = (
        ("station.json", lambda: iter((facts,))),
        ("log.txt", lambda: _gathered(_said(station, log.LOG, log_end, wanted))),
        ("frames.txt", lambda: _gathered(_said(station, log.FRAMES, frames_end, wanted))),
        ("configuration.txt", lambda: _gathered(_settings(station.settings))),
        ("events.txt", lambda: _gathered(_events(station, wanted))),
        ("wear.txt", lambda: _gathered(_wear(station))),
    )
    return Archive(name, members, at or 0)


def _plain(prefix: str) -> str:
    """Fit for any file system: an identity may be any text."""
    good = [c if "0" <= c <= "9" or "A" <= c <= "Z" or "a" <= c <= "z" else "_" for c in prefix]
    return "".join(good)[:_PREFIX] or "_"


def _compact(at: int) -> str:
    return format_time(at).replace("-", "").replace(":", "")


def _gathered(lines):
    """Lines of bytes, in pieces worth a write."""
    parts = []
    size = 0
    for line in lines:
        parts.append(line)
        size += len(line) + 1
        if size >= _PIECE:
            parts.append(b"")
            yield b"\n".join(parts)
            parts = []
            size = 0
    if parts:
        parts.append(b"")
        yield b"\n".join(parts)


def _wanted(at, wanted: tuple) -> bool:
    start, stop = wanted
    if at is None:
        return True  # nobody knows: better too much
    return (start is None or at >= start) and (stop is None or at <= stop)


def _said(station, ring, end: int, wanted: tuple):
    """UTC where it is known, seconds since boot, the line."""
    if ring.gone:
        yield b"(%d lines before these are overwritten)" % ring.gone
    for ms, line in ring.entries(end):
        at = None if ms is None else station.clock.at(ms)
        if _wanted(at, wanted):
            yield (_time(at) + log.stamp(ms)).encode() + line


def _time(at) -> str:
    return "- " if at is None else format_time(at) + " "


# --- configuration --------------------------------------------------------------------------


def _settings(settings):
    for key in settings.keys():
        row = settings.row(key)
        if row[2] in (READ, WRITE):
            value = settings.readable(row)
            if value is None or is_secret(key):
                value = _HELD
            elif "@" in value or "://" in value:
                value = without_login(value)
            value = value.replace("\n", "\\n")
            yield ("%s %s = %s" % (settings.access(row), key, value)).encode()


# --- events ---------------------------------------------------------------------------------


def _events(station, wanted: tuple):
    history = station.events
    if history is None:
        yield b"(no event history on this board)"
        return
    if history.lost or history.missing:
        yield b"(%d events lost, %d blocks unreadable)" % (history.lost, history.missing)
    try:
        for row in history.records():
            at = when(station, row)
            if _wanted(at, wanted):
                yield _event(row, at)
    except OSError as error:
        yield ("(unreadable from here: %s)" % error).encode()
    for kind, text, times, ms in history.counted():
        yield ("since then %d x %s %s, at %s" % (times, kind, text, log.stamp(ms))).encode()


def _event(row: tuple, at) -> bytes:
    times = "" if row[events.COUNT] == 1 else " x %d" % row[events.COUNT]
    place = (row[events.NUMBER], _time(at), row[events.BOOT], log.stamp(row[events.MS]))
    return ("%d %sboot %d %s" % place + row[events.KIND] + " " + row[events.TEXT] + times).encode()


# --- flash ----------------------------------------------------------------------------------


def _wear(station):
    for name, erases, programs, size in wear(station):
        yield ("%s: %d erases, %d programs, %d bytes" % (name, erases, programs, size)).encode()
    outbox = station.outbox
    counts = (outbox.pending, outbox.parked, outbox.thinned, outbox.dropped)
    line = "queued: %d, parked: %d, thinned: %d, dropped: %d" % counts
    yield (line + ", full" * outbox.full + ", stalled" * outbox.stalled).encode()
    for number, action, transaction, code, description in outbox.parked_messages():
        line = "parked %d: %s of transaction %d: %s %s"
        yield (line % (number, action, transaction, code, description)).encode()


def wear(station) -> list:
    """(name, erases, programs, bytes) of each counted part of the flash."""
    return [] if station.wear is None else station.wear()


# --- now ------------------------------------------------------------------------------------


def _state(station, now: int) -> dict:
    at = station.clock.at(now)
    facts = getattr(station, "facts", None)
    state = dict(facts()) if facts else {}
    state["utc"] = None if at is None else format_time(at)
    state["uptime_ms"] = now
    epochs = station.clock.epochs
    state["boot"] = None if epochs is None else epochs.boot
    state["online"] = station.online
    state["registration"] = station.registration.state
    state["connectors"] = [_connector(connector) for connector in station.connectors]
    return state


def _connector(connector) -> dict:
    kernel = connector.kernel
    transaction = connector.session.transaction
    return {
        "id": connector.number,
        "status": connector.word,
        "error": connector.error,
        "pilot": kernel.facts.letter,
        "offered_ma": kernel.wishes.offered_ma,
        "contactor_closed": kernel.facts.closed,
        "operative": connector.operative,
        "transaction": None if transaction is None else transaction.csms_id,
    }

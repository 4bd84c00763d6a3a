"""What survives a reboot, each in its place on the flash: settings, boots, lists, what is billed.

    blocks of the flash   file system | journal | slot a | slot b | switch | events | security

Builds the stores and decides nothing; the sizes are the board's, which comes in as an object.
"""

import gc
import os
import sys
from collections import namedtuple

from firmware.ocpp.clock import Clock
from firmware.ocpp.epoch import Epochs
from firmware.ocpp.outbox import Outbox
from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16 import billable, configuration, rooms, vocabulary
from firmware.ocpp.v16.security_log import SecurityLog
from firmware.store.access import Access
from firmware.store.credentials import Credentials
from firmware.store.events import Events
from firmware.store.id_cache import IdCache
from firmware.store.id_record import SIZE
from firmware.store.id_table import IdTable
from firmware.store.journal import Journal
from firmware.store import log
from firmware.store.settings import Settings
from firmware.store.slots import SWITCH_BLOCKS, open_slots
from firmware.wire import basic

_BOOTS = 1 << 28  # a small integer on every port
# A chip with 200 KB of heap remembers less of what is said and who was seen than one with 640.
_CACHE = (64, 32 * SIZE, 200 * SIZE)  # part of the heap, least and most bytes: idTags
_LOG = (160, 1024, 4096)  # each: of the console, of the wire
_MESSAGE = (24, 8192, 16384)  # the longest: for a moment it is there twice, beside TLS's buffers
_Files = namedtuple("_Files", ("open", "rename", "remove"))
FILES = _Files(open, os.rename, os.remove)


class Stores:
    """`board`: whose blocks; `facts`: configuration keys that the hardware dictates; `factory`:
    those of the first boot; `tree`: the __file__ of what runs; `breathe()`: called all through
    what takes long, for those who cannot wait."""

    def __init__(self, port, board, facts: dict, factory: dict, tree: str, breathe):
        self._breathe = breathe
        log.grow(share(*_LOG))
        self.message_bytes = share(*_MESSAGE)
        port.mount(board.file_blocks)
        region = port.region(board.file_blocks, board.journal_blocks)
        free = board.file_blocks + board.journal_blocks
        other = port.region(free, 0, False)
        self._parts = {"WearFiles": port.files, "WearJournal": region, "WearOther": other}
        self._flash = port.flash
        self.rooms = rooms.built()
        self._key = _secret(factory)
        self.settings = self._settings(facts, factory)
        # Where boots are counted from when their file is lost: the journal may still know the
        # numbers that were given before.
        first = 1 + int.from_bytes(port.entropy(4), "big") % _BOOTS
        self.clock = Clock(Epochs("/flash/boots.json", FILES, first))
        words, shapes = vocabulary.WORDS, vocabulary.SHAPES
        self.journal = Journal(region, words, shapes, breathe=breathe)
        self.slots = None
        if board.slot_blocks:
            mpy = sys.implementation._mpy & 0xFF
            self.slots = open_slots(port.region, free, board.slot_blocks, board.NAME, mpy, tree)
            free += 2 * board.slot_blocks + SWITCH_BLOCKS
        self.events: "Events" = None
        if board.event_blocks:
            self.events = self._history(Events, port.region(free, board.event_blocks, False))
            free += board.event_blocks
        self.security: "SecurityLog" = None
        if board.security_blocks:
            region = port.region(free, board.security_blocks, False)
            self.security = self._history(SecurityLog, region)

    def _history(self, kind, region):
        """A log on flash; a charger without one still charges."""
        try:
            return kind(region, self.clock.epochs.boot, self.clock.at)
        except OSError as error:
            log.note("%s: not readable:" % kind.__name__, error)
        return None

    def credentials(self, url: str, files: dict) -> Credentials:
        """What the link connects with; `files`: provisioned paths of "cert" and "key"."""
        # Never below what worked when the file of secrets is lost.
        profile = self.settings.number("SecurityProfile")
        cert, private = content(files.get("cert")), content(files.get("key"))
        factory = Access(profile, url, self._key, cert, private)
        credentials = Credentials("/flash/secrets", FILES, factory)
        if credentials.corrupt:
            log.note("credentials: the file was not readable and is set aside")
        return credentials

    def wear(self) -> list:
        """(name, erases, programs, bytes) of each counted part of the flash since it is new."""
        parts = [(key[4:],) + self._parts[key].wear() for key in sorted(self._parts)]
        return parts + [("All",) + self._flash.wear()]

    def _settings(self, facts: dict, factory: dict) -> Settings:
        for key in self._parts:
            facts[key] = lambda part=self._parts[key]: "%d,%d,%d" % part.wear()
        keys = configuration.ROWS + rooms.rows(self.rooms)
        settings = Settings(keys, facts, "/flash/settings.json", FILES)
        if settings.corrupt:
            log.note("settings: the file was not readable and is set aside")
        if settings.fresh:
            for line in settings.factory(factory):
                log.note("factory:", line)
        return settings

    def known(self) -> tuple:
        """The local list and the cache."""
        limit = self.settings.number("LocalAuthListMaxLength")
        cached = share(*_CACHE) // SIZE
        return IdTable("/flash/idlist", FILES, limit), IdCache("/flash/idcache", FILES, cached)

    def outbox(self, new_id) -> Outbox:
        settings, clock = self.settings, self.clock

        def retry():
            attempts = settings.number("TransactionMessageAttempts")
            return attempts, settings.number("TransactionMessageRetryInterval")

        def stamp(boot, ms):
            return format_time(clock.resolve(boot, ms))

        boot = clock.epochs.boot
        return Outbox(
            self.journal, new_id, billable, retry, stamp, boot, breathe=self._breathe
        )


def content(path: "str | None") -> bytes:
    """Of a provisioned file; empty without."""
    if not path:
        return b""
    with open(path, "rb") as file:
        return file.read()


def share(part: int, least: int, most: int) -> int:
    """Bytes: a `part`-th of the heap this board has, between two bounds."""
    return max(least, min(most, (gc.mem_alloc() + gc.mem_free()) // part))


def _secret(factory: dict) -> bytes:
    """The AuthorizationKey, taken out: a secret has a file of its own from the first boot on."""
    for name in list(factory):
        if name.lower() == "authorizationkey":
            key = factory.pop(name)
            return basic.secret(key) if isinstance(key, str) else b""
    return b""

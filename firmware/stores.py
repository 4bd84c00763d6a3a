"""What survives a reboot, each in its place on the flash: settings, boots, lists, what is billed.

    blocks of the flash   file system | journal | slot a | slot b | switch | events

Builds the stores and decides nothing; the sizes are the board's and come in as numbers.
"""

import os
from collections import namedtuple

from firmware.ocpp.clock import Clock
from firmware.ocpp.epoch import Epochs
from firmware.ocpp.outbox import Outbox
from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16 import billable, configuration, rooms, vocabulary
from firmware.store.id_cache import IdCache
from firmware.store.id_table import IdTable
from firmware.store.journal import Journal
from firmware.store.settings import Settings

_BOOTS = 1 << 28  # a small integer on every port
_CACHED = 200  # idTags of the authorisation cache
_Files = namedtuple("_Files", ("open", "rename", "remove"))
FILES = _Files(open, os.rename, os.remove)


class Stores:
    """`facts`: configuration keys that the hardware dictates; `factory`: those of the first boot."""

    def __init__(self, port, file_blocks: int, journal_blocks: int, facts: dict, factory: dict):
        port.mount(file_blocks)
        region = port.region(file_blocks, journal_blocks)
        self._parts = {"WearFiles": port.files, "WearJournal": region}
        self._entropy = port.entropy
        self.rooms = rooms.built()
        self.settings = self._settings(facts, factory)
        # Where boots are counted from when their file is lost: the journal may still know the
        # numbers that were given before.
        first = 1 + int.from_bytes(port.entropy(4), "big") % _BOOTS
        self.clock = Clock(Epochs("/flash/boots.json", FILES, first))
        self.journal = Journal(region, vocabulary.WORDS, vocabulary.SHAPES)

    def _settings(self, facts: dict, factory: dict) -> Settings:
        for key in self._parts:
            facts[key] = lambda part=self._parts[key]: "%d,%d,%d" % part.wear()
        keys = configuration.ROWS + rooms.rows(self.rooms)
        settings = Settings(keys, facts, "/flash/settings.json", FILES)
        if settings.corrupt:
            print("settings: the file was not readable and is set aside")
        if settings.fresh:
            for line in settings.factory(factory):
                print("factory:", line)
        return settings

    def known(self) -> tuple:
        """The local list and the cache."""
        limit = self.settings.number("LocalAuthListMaxLength")
        return IdTable("/flash/idlist", FILES, limit), IdCache("/flash/idcache", FILES, _CACHED)

    def outbox(self, new_id) -> Outbox:
        settings, clock = self.settings, self.clock

        def retry():
            attempts = settings.number("TransactionMessageAttempts")
            return attempts, settings.number("TransactionMessageRetryInterval")

        def stamp(boot, ms):
            return format_time(clock.resolve(boot, ms))

        return Outbox(self.journal, new_id, billable, retry, stamp, clock.epochs.boot)

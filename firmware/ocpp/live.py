"""The messages that are worth saying only now: status, heartbeat, authorise. RAM, bounded.

Which one is next, which one gives way. Not when: that is the outbox.
"""

from micropython import const

_TRIES = const(3)


class Entry:
    """One message to speak. `number` is its place in the backlog, None for a live message."""

    def __init__(self, message_id: str, action: str, payload: dict):
        self.message_id = message_id
        self.action = action
        self.payload = payload
        self.number = None
        self.transaction = None  # the local number
        self.key = None
        self.early = False
        self.tries = 0


class Live:
    """A queue of entries in which a newer word on something replaces the older one."""

    def __init__(self, capacity: int):
        self._capacity = capacity
        self._entries = []
        self.dropped = 0  # pushed out by newer ones, or never answered

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, entry: Entry) -> None:
        i = self._find(entry.key)
        if i is None:
            self._entries.append(entry)
            self._bound()
        else:
            self._entries[i] = entry

    def first(self, boot_accepted: bool) -> "int | None":
        """The place of the next one that may be said."""
        for i in range(len(self._entries)):
            if boot_accepted or self._entries[i].early:
                return i
        return None

    def take(self, i: int) -> Entry:
        return self._entries.pop(i)

    def recall(self) -> list:
        """The link is gone: hands back all that was not said, so that nothing is said an hour
        later that was worth saying only then."""
        entries = self._entries
        self._entries = []
        return entries

    def unanswered(self, entry: Entry) -> None:
        """A keyed message is the latest word on something: it is said again, unless a newer word
        waits or it was tried often enough. Others are over: their answer is awaited no more."""
        entry.tries += 1
        if entry.key is None or entry.tries >= _TRIES:
            self.dropped += 1
        elif self._find(entry.key) is None:
            self._entries.insert(0, entry)
            self._bound()

    def _find(self, key) -> "int | None":
        for i in range(len(self._entries)):
            if key is not None and self._entries[i].key == key:
                return i
        return None

    def _bound(self) -> None:
        if len(self._entries) <= self._capacity:
            return
        self.dropped += 1
        for i in range(len(self._entries)):
            # The oldest; but without its BootNotification nothing else could ever be said.
            if not self._entries[i].early:
                self._entries.pop(i)
                return
        self._entries.pop(0)

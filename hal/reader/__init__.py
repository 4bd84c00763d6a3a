"""Card readers: from bytes on a UART to the idTag of a card that was just presented."""

from micropython import const

_MOST_WAITING = const(4)


class Presence:
    """Turns sightings of a card that stays in the field into one event for each presentation.

    The two cards seen last are remembered, so that a wallet with two of them does not present
    one after the other for ever.
    """

    def __init__(self, gone_ms: int = 1000):
        self._gone_ms = gone_ms
        self._seen = []  # [key, last seen at]
        self._waiting = []

    def sight(self, tag: str, now: int, key: "str | None" = None) -> None:
        """The reader sees this card. A new presentation if it had gone for `gone_ms`.

        `key` is what tells cards apart, when that is not the tag.
        """
        key = key or tag
        for entry in self._seen:
            if entry[0] == key:
                here = now - entry[1] < self._gone_ms
                entry[1] = now
                if not here:
                    self._present(tag)
                return
        self._seen = [[key, now]] + self._seen[:1]
        self._present(tag)

    def next(self) -> "str | None":
        """A card that was presented, once."""
        return self._waiting.pop(0) if self._waiting else None

    def _present(self, tag: str) -> None:
        # Cards nobody fetched: the newest are the ones somebody is still standing there with.
        self._waiting = self._waiting[1 - _MOST_WAITING:] + [tag]


def id_tag(uid: bytes, reversed_bytes: bool) -> str:
    """Upper-case hexadecimal in the order the reader gave the bytes, or the other way round."""
    return "".join("%02X" % byte for byte in (reversed(uid) if reversed_bytes else uid))

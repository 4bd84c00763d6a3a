"""What lies on the flash of chargers in the field."""

from firmware.ocpp.v16 import vocabulary
from firmware.store.pack import Codec


def test_the_tables_are_closed():
    """A tree that an update is rolled back to reads what the newer one has packed. Who wants this
    figure changed breaks the journals in the field: a new word is packed as text instead."""
    codec = Codec(vocabulary.WORDS, vocabulary.SHAPES)
    assert (codec.size, codec.signature(codec.size)) == ((86, 15), 2582389794)

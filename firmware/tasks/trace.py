"""A traceback for whoever has to mend it: on the console and in the log.  Nothing is decided."""

import gc
import io
import sys

from firmware.store.log import note


def trace(error) -> None:
    """Leaves room for what comes next: it may be a MemoryError."""
    gc.collect()
    text = io.StringIO()
    sys.print_exception(error, text)
    note(text.getvalue())

"""Keys, signatures and certificates, in whole numbers and bytes; no socket, no clock, no file.

What takes long is a generator: it yields None after each short piece of work, for whoever drives
it to do something else, and returns its result: `ok = yield from p256.verify(...)`.
"""


def run(work):
    """What `work`, such a generator, returns; waited for without a pause."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value

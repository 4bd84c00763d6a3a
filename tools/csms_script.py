"""The script of what goes wrong: single answers of the backend, spoilt on purpose.

Promise: a Bend is used on the calls it was queued for, in their order, and on no other; `hits`
says on which. The rest is answered as ever. Boundary: how an answer goes wrong; csms_wire.py
knows which one it is.
"""

import asyncio
import json
import threading
from collections import defaultdict


class Bend:
    """How one answer goes wrong. `deaf`: the backend's own logic never sees the question."""

    def __init__(self, act, deaf=False):
        self.act = act  # coroutine function (tap, message id, right answer or None)
        self.deaf = deaf
        self.hits = []  # the frames it was used on
        self._held = threading.Event()

    def release(self):
        """Lets what hold() keeps go."""
        self._held.set()

    async def wait(self):
        # Polled: whoever releases it may be in any thread, and may never come.
        while not self._held.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def late(seconds):
    """Answered rightly, but only after so many seconds of the wall."""

    async def act(tap, message_id, text):
        await asyncio.sleep(seconds)
        await tap.write(text)

    return Bend(act)


def hold():
    """Answered rightly once .release() has been called."""

    async def act(tap, message_id, text):
        await bend.wait()
        await tap.write(text)

    bend = Bend(act)
    return bend


def altered(change):
    """Understood and booked, but change(payload) is what the answer says."""

    async def act(tap, message_id, text):
        await tap.write(json.dumps([3, message_id, change(json.loads(text)[2])]))

    return Bend(act)


def lost():
    """Understood and booked, but the answer never leaves."""

    async def act(tap, message_id, text):
        return

    return Bend(act)


def deaf():
    """Neither understood nor answered."""

    async def act(tap, message_id, text):
        return

    return Bend(act, deaf=True)


def error(code="InternalError", description="as scripted"):
    """A CALLERROR; nothing is booked."""
    return says(lambda message_id: json.dumps([4, message_id, code, description, {}]))


def answer(payload):
    """A CALLRESULT with this payload, right or wrong; nothing is booked."""
    return says(lambda message_id: json.dumps([3, message_id, payload]))


def wrong_id(payload):
    """A CALLRESULT to a question nobody asked; nothing is booked."""
    return says(lambda message_id: json.dumps([3, "nobody-asked-this", payload]))


def garbage(data):
    """This text, or these bytes as a binary frame, in place of an answer; nothing is booked."""
    return says(lambda message_id: data)


def says(make):
    async def act(tap, message_id, text):
        await tap.write(make(message_id))

    return Bend(act, deaf=True)


def closes(code=1001):
    """The socket is closed instead; nothing is booked."""

    async def act(tap, message_id, text):
        await tap.socket.close(code)

    return Bend(act, deaf=True)


class Script:
    """What is to go wrong next: per action a queue of (bend, how often)."""

    def __init__(self):
        self._queues = defaultdict(list)

    def add(self, action, bend, times):
        self._queues[action].append([bend, times])

    def clear(self):
        self._queues.clear()

    def take(self, frame):
        queue = self._queues[frame.action]
        if not queue:
            return None
        entry = queue[0]
        if entry[1] is not None:
            entry[1] -= 1
            if entry[1] <= 0:
                queue.pop(0)
        entry[0].hits.append(frame)
        return entry[0]

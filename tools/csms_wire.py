"""The wire under the backend: every frame recorded and checked as it passes.

Promise: what passes is noted with time and direction before anybody judges it; each frame of
the charge point is held against the official JSON schemas. The script bends single answers and
leaves the rest alone. Boundary: frames as text; the words' meaning is in csms_station.py.
"""

import asyncio
import threading

import websockets

from tools.csms_frame import (
    BINARY,
    CALL,
    ERROR,
    FROM,
    GARBAGE,
    RESULT,
    TO,
    Frame,
    parse,
    schema_violation,
)


class Record:
    """All frames of all links, and whoever waits for one. Safe between threads."""

    def __init__(self):
        self.frames = []
        self.changed = threading.Condition()
        self.listeners = []

    def add(self, frame):
        with self.changed:
            self.frames.append(frame)
            self.changed.notify_all()
        for listener in self.listeners:
            listener(frame)
        return frame

    def wake(self):
        with self.changed:
            self.changed.notify_all()

    def violations(self):
        return [frame for frame in list(self.frames) if frame.violation]


class Tap:
    """What the ocpp library takes for its connection: recv() and send(), with the record and
    the script between."""

    def __init__(self, socket, link, record, script):
        self.socket = socket
        self.link = link
        self._record = record
        self._script = script
        self._questions = {}  # our message id -> action
        self._bent = {}  # their message id -> the Bend of its answer
        self._waiting = {}  # our message id -> Future of the raw answer
        self._tasks = set()

    async def recv(self):
        """The next frame the library may see."""
        while True:
            frame = parse(Frame(FROM, await self.socket.recv(), self.link))
            if frame.kind in (RESULT, ERROR):
                frame.action = self._questions.pop(frame.id, None)
            frame.violation = schema_violation(frame)
            self._record.add(frame)
            if self._delivered(frame):
                return frame.text

    def _delivered(self, frame):
        raw = self._waiting.pop(frame.id, None) if frame.kind in (RESULT, ERROR) else None
        if raw is not None:
            if not raw.done():
                raw.set_result(frame)
            return False
        bend = self._script.take(frame) if frame.kind == CALL else None
        if bend is None:
            return frame.kind not in (GARBAGE, BINARY)
        if bend.deaf:
            self._soon(bend.act(self, frame.id, None))
            return False
        self._bent[frame.id] = bend
        return True

    async def send(self, text):
        """From the library: bent when the script says so."""
        frame = parse(Frame(TO, text, self.link))
        if frame.kind == CALL:
            self._questions[frame.id] = frame.action
        bend = self._bent.pop(frame.id, None) if frame.kind in (RESULT, ERROR) else None
        if bend is None:
            await self.write(text)
        else:
            self._soon(bend.act(self, frame.id, text))

    async def ask(self, text, message_id, action):
        """A question as raw text; the frame that answers it."""
        self._questions[message_id] = action
        self._waiting[message_id] = asyncio.get_running_loop().create_future()
        await self.write(text)
        return await self._waiting[message_id]

    async def write(self, data):
        """Straight onto the wire, recorded."""
        self._record.add(parse(Frame(TO, data, self.link)))
        await self.socket.send(data)

    def _soon(self, coroutine):
        task = asyncio.ensure_future(self._guarded(coroutine))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guarded(self, coroutine):
        try:
            await coroutine
        except websockets.ConnectionClosed:
            return  # the charge point did not wait for a late answer: that is its right

    def close(self):
        for task in self._tasks:
            task.cancel()
        for raw in self._waiting.values():
            raw.cancel()

"""The control port: one JSON object a line, one line back with the same id (docs/bench.md).

Promise: bad input is answered with an error line, never with a closed connection; requests of
one client are answered as they are done, so an `until` does not hold up what follows it.
Boundary: words to calls of the bench.
"""

import asyncio
import json
import traceback

from .requests import Handler, Problem

MOST_BYTES = 64 * 1024


class LineReader:
    """Lines of a bounded length. None = too long, and skipped. EOFError at the end."""

    def __init__(self, reader):
        self._reader = reader
        self._data = b""

    async def line(self):
        skipping = False
        while True:
            line, found, rest = self._data.partition(b"\n")
            if found:
                self._data = rest
                return None if skipping or len(line) > MOST_BYTES else line
            if len(self._data) > MOST_BYTES:
                skipping, self._data = True, b""
            more = await self._reader.read(65536)
            if not more:
                raise EOFError
            self._data += more


class Control:
    def __init__(self, bench):
        self._bench = bench
        self._handler = Handler(bench)
        self._tasks = set()

    async def serve(self, host, port):
        return await asyncio.start_server(self._client, host, port)

    async def _client(self, reader, writer):
        lines = LineReader(reader)
        pending = set()
        try:
            while True:
                line = await lines.line()
                if line is not None and not line.strip():
                    continue
                task = asyncio.ensure_future(self._one(line, writer))
                pending.add(task)
                task.add_done_callback(pending.discard)
        except (EOFError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            for task in pending:
                task.cancel()
            writer.close()

    async def _one(self, line, writer):
        answer = await self.answer(line)
        if not writer.is_closing():
            writer.write(json.dumps(answer).encode() + b"\n")

    async def answer(self, line):
        """-> the object to send. Its id is the request's, null when that cannot be known."""
        request_id = None
        try:
            if line is None:
                raise Problem("line longer than %d bytes" % MOST_BYTES)
            try:
                request = json.loads(line)
            except (ValueError, RecursionError) as err:
                raise Problem("not JSON: %s" % err) from None
            if not isinstance(request, dict):
                raise Problem("a JSON object is expected")
            request_id = request.get("id")
            result = await self._handler.handle(request)
        except Problem as problem:
            return {"id": request_id, "ok": False, "error": str(problem), **problem.extra}
        except Exception as err:
            # The bench's own defect: told to the caller, and in full on stderr.
            traceback.print_exc()
            return {"id": request_id, "ok": False, "error": "the bench failed: %r" % err}
        return {"id": request_id, "ok": True, "clock_ms": self._bench.now, **result}

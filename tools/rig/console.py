"""The firmware's console: DIR/console.log, bounded, and whoever listens on --console."""

import asyncio
import os

MOST_BYTES = 5_000_000
LINE_BACKLOG = 1 << 20  # a listener that does not read is dropped


class Console:
    def __init__(self, path):
        self._path = path
        self._file = open(path, "ab")
        self._listeners = set()
        self.on_input = None

    def write(self, data):
        if self._file.tell() > MOST_BYTES:
            self._file.close()
            os.replace(self._path, self._path + ".1")
            self._file = open(self._path, "ab")
        self._file.write(data)
        self._file.flush()
        for writer in list(self._listeners):
            if writer.transport.get_write_buffer_size() > LINE_BACKLOG:
                self._listeners.discard(writer)
                writer.close()
            else:
                writer.write(data)

    async def serve(self, host, port):
        return await asyncio.start_server(self._client, host, port)

    async def _client(self, reader, writer):
        self._listeners.add(writer)
        try:
            while True:
                data = await reader.read(4096)
                if not data:
                    return
                self.on_input(data)
        except ConnectionError:
            return
        finally:
            self._listeners.discard(writer)
            writer.close()

    def close(self):
        self._file.close()
        for writer in self._listeners:
            writer.close()

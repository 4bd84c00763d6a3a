"""The network as bytes: RFC 6455, HTTP and FTP clients, URLs. Bytes in, bytes out; no socket, no
clock.

websocket  the client: handshake, messages, ping, close
frame      frames in and out, and what may follow what
utf8       text is checked while it arrives
handshake  the opening request, and whether the answer accepts it
head       the head of an HTTP/1.1 response
url        URLs apart, and percent-encoding
http       requests for a file, and what their answers mean
body       the body of an HTTP/1.1 response, chunks undone
ftp        the dialogue of an FTP client
reply      what an FTP server says
location   where a file is: URLs with users, and what a redirect points at
"""


class ProtocolError(Exception):
    """The peer broke the grammar. `code`: a close code, or before the WebSocket an HTTP status."""

    def __init__(self, code: int, reason: str):
        super().__init__(code, reason)
        self.code = code
        self.reason = reason

"""FTP client (RFC 959, RFC 2428, RFC 3659), its control dialogue: bytes in, events out. No socket.

feed() what the server says, b"" at its end; take next() until None; write the bytes of each SAY.
READY asks for go(), OPEN for opened(): what is to be written comes out of next() again. A refusal
is a ProtocolError with the reply's code and the command it answered, never its words or ours: they
may hold the user's name.
"""

from micropython import const

from firmware.wire import ProtocolError
from firmware.wire.reply import ReplyReader

SAY = const(0)  # (SAY, bytes to write)
READY = const(1)  # (READY, size or None, tag): logged in; say go(offset)
OPEN = const(2)  # (OPEN, port): connect there, to the host of this dialogue; then opened()
START = const(3)  # (START, offset): now the bytes of the file, from there
END = const(4)  # (END,): the server has all of it, or has sent all

ABORT = b"ABOR\r\nQUIT\r\n"
QUIT = b"QUIT\r\n"

_DIGITS = const(12)  # of a size


class Dialogue:
    """One file. Without a user: anonymous (RFC 1635)."""

    def __init__(self, user: str, password: str, path: str, upload: bool):
        if not path or path.endswith("/"):
            raise ValueError("URL names no file")
        if not user:
            user, password = "anonymous", "anonymous@"
        for text in (user, password, path):
            # A decoded line break would be a second command.
            if "\r" in text or "\n" in text or "\0" in text:
                raise ValueError("line break in an FTP name")
        self._user = user
        self._password = password
        self._path = path
        self._upload = upload
        self._reader = ReplyReader()
        self._eof = False
        self._on = self._greeted  # who takes the next reply
        self._command = "CONNECT"  # what it answers
        self._out: "tuple | None" = None  # decided, not yet taken
        self._size: "int | None" = None
        self._offset = 0

    def feed(self, data) -> None:
        self._reader.feed(data)
        self._eof = not data

    def next(self) -> "tuple | None":
        if self._out is not None:
            event, self._out = self._out, None
            return event
        reply = self._reader.next()
        # RFC 959 §4.2: 1yz says that the answer is still to come; START is the one that matters.
        while reply is not None and reply[0] < 200 and self._on != self._flows:
            reply = self._reader.next()
        if reply is not None:
            return self._on(*reply)
        if self._eof:
            raise ProtocolError(0, "FTP closed after " + self._command)
        return None

    def go(self, offset: int) -> None:
        """READY was taken: send or fetch the file from here on."""
        self._offset = offset
        # EPSV first: it says no address, so it works through any translation (RFC 2428 §3).
        self._out = self._say("EPSV", "", self._extended)

    def opened(self) -> None:
        """The data connection stands."""
        if self._offset:
            self._out = self._say("REST", " %d" % self._offset, self._placed)
        else:
            self._out = self._transfer()

    def _say(self, command: str, rest: str, then) -> tuple:
        self._command = command
        self._on = then
        return SAY, (command + rest + "\r\n").encode()

    def _refused(self, code: int):
        raise ProtocolError(code, "FTP %d to %s" % (code, self._command))

    # --- what each reply means, in the order of the dialogue -----------------------------------

    def _greeted(self, code: int, _text) -> tuple:
        if code != 220:
            self._refused(code)
        return self._say("USER", " " + self._user, self._named)

    def _named(self, code: int, text) -> tuple:
        if code == 331:
            return self._say("PASS", " " + self._password, self._entered)
        return self._entered(code, text)

    def _entered(self, code: int, _text) -> tuple:
        # 202: the password was not needed. 332 would want an account, which a URL cannot name.
        if code not in (230, 202):
            self._refused(code)
        return self._say("TYPE", " I", self._typed)  # else line ends are translated

    def _typed(self, code: int, _text) -> tuple:
        if code // 100 != 2:
            self._refused(code)
        if self._upload:
            return self._ready("")
        return self._say("SIZE", " " + self._path, self._sized)

    def _sized(self, code: int, text: bytes) -> tuple:
        """RFC 3659 §4. A server need not know it; then the file is as long as it is."""
        if code != 213:
            self._optional(code)
            return self._ready("")
        text = text.strip()
        if not text.isdigit() or len(text) > _DIGITS:
            raise ProtocolError(code, "bad FTP size")
        self._size = int(str(text, "utf-8"))
        return self._say("MDTM", " " + self._path, self._dated)

    def _dated(self, code: int, text: bytes) -> tuple:
        """RFC 3659 §3. Size and time together are the nearest to a validator that FTP has."""
        text = text.strip()
        if code == 213 and len(text) <= 32 and text[:14].isdigit():
            return self._ready("%d/%s" % (self._size, str(text[:14], "utf-8")))
        if code != 213:
            self._optional(code)
        return self._ready("")

    def _optional(self, code: int) -> None:
        """5yz: not here, never. 421 and its like are not about the command."""
        if code == 421 or not 400 <= code < 600:
            self._refused(code)

    def _ready(self, tag: str) -> tuple:
        self._on = self._unasked
        return READY, self._size, tag

    def _unasked(self, code: int, _text) -> tuple:
        if code != 421:
            raise ProtocolError(code, "FTP reply to nothing")
        return self._refused(code)

    def _extended(self, code: int, text: bytes) -> tuple:
        """RFC 2428 §3: (|||port|), of whatever delimiter."""
        if code != 229:
            self._optional(code)
            return self._say("PASV", "", self._passive)
        inner = text[text.find(b"(") + 1 : text.find(b")")]
        parts = inner.split(inner[:1]) if inner else []
        if len(parts) != 5 or not parts[3].isdigit() or len(parts[3]) > 5:
            raise ProtocolError(code, "bad FTP port")
        return self._open(int(str(parts[3], "utf-8")))

    def _passive(self, code: int, text: bytes) -> tuple:
        """RFC 959 §4.1.2: six numbers. The first four, an address, are not for us: behind a
        translation they are wrong, and a hostile server could point us at somebody else's port.
        """
        if code != 227:
            self._refused(code)
        numbers = _six(text)
        if len(numbers) != 6:
            raise ProtocolError(code, "bad FTP port")
        return self._open(numbers[4] * 256 + numbers[5])

    def _open(self, port: int) -> tuple:
        if not 0 < port < 65536:
            raise ProtocolError(0, "bad FTP port")
        self._on = self._unasked
        return OPEN, port

    def _placed(self, code: int, _text) -> tuple:
        """RFC 3659 §5: 350, or the server cannot resume and sends all of it."""
        if code != 350:
            self._optional(code)
            self._offset = 0
        return self._transfer()

    def _transfer(self) -> tuple:
        return self._say("STOR" if self._upload else "RETR", " " + self._path, self._flows)

    def _flows(self, code: int, _text) -> tuple:
        if code not in (125, 150):
            self._refused(code)
        self._on = self._ends
        return START, self._offset

    def _ends(self, code: int, _text) -> tuple:
        if code not in (226, 250):
            self._refused(code)
        self._on = self._unasked
        return (END,)


def _six(text: bytes) -> list:
    """The first six numbers 0..255 with commas between, wherever they stand (RFC 1123 §4.1.2.6:
    the parentheses may be missing).
    """
    numbers: list = []
    for word in text.replace(b"(", b" ").replace(b")", b" ").split():
        parts = word.rstrip(b".").split(b",")
        if len(parts) == 6 and all([part.isdigit() and len(part) <= 3 for part in parts]):
            numbers = [int(str(part, "utf-8")) for part in parts]
            break
    return numbers if all([number <= 255 for number in numbers]) else []

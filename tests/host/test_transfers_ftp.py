"""firmware/tasks/transfers.py over FTP, in MicroPython: pyftpdlib, and a server that errs."""

import hashlib
import random
import socket
import threading
import time
import warnings
from contextlib import contextmanager, suppress

import pytest

with warnings.catch_warnings():  # of asyncore, which pyftpdlib stands on
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import ThreadedFTPServer

from tests.host.transfer_rig import one, pattern

DATA = random.Random(5).randbytes(40_000)
DIGEST = hashlib.sha256(DATA).hexdigest()


@contextmanager
def real_server(folder, **options):
    """pyftpdlib with one user and anonymous, both at home in `folder`; gives its port."""
    authorizer = DummyAuthorizer()
    authorizer.add_user("us er", "pa:ss/word", str(folder), perm="elradfmwMT")
    authorizer.add_anonymous(str(folder))
    seen: list = []

    class Handler(FTPHandler):
        def pre_process_command(self, line, command, argument):
            seen.append(line)
            super().pre_process_command(line, command, argument)

    Handler.authorizer = authorizer
    Handler.proto_cmds = dict(FTPHandler.proto_cmds)
    for command in options.pop("without", ()):
        del Handler.proto_cmds[command]
    for name, value in options.items():
        setattr(Handler, name, value)
    running = ThreadedFTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"timeout": 0.1}, daemon=True)
    thread.start()
    try:
        yield running.address[1], seen
    finally:
        running.close_all()
        thread.join(10)


def test_a_file_is_fetched_with_a_login(tmp_path):
    (tmp_path / "a dir").mkdir()
    (tmp_path / "a dir" / "f.bin").write_bytes(DATA)
    with real_server(tmp_path) as (port, seen):
        url = f"ftp://us%20er:pa%3Ass%2Fword@127.0.0.1:{port}/a%20dir/f.bin"
        report, job = one(url=url)
    assert job["ended"] == [None] and job["started"] == 1 and report["digests"] == [DIGEST]
    assert job["begun"][0][1] == len(DATA) and job["largest"] <= 1024
    assert "pa:ss" not in report["said"] and "pa%3A" not in report["said"]
    assert [line.split()[0] for line in seen] == [
        *("USER", "PASS", "TYPE", "SIZE", "MDTM", "EPSV", "RETR", "QUIT"),
    ]


def test_anonymous_without_a_user(tmp_path):
    """RFC 1635"""
    (tmp_path / "f").write_bytes(DATA)
    with real_server(tmp_path) as (port, seen):
        report, _ = one(url=f"ftp://127.0.0.1:{port}/f;type=i")
    assert report["digests"] == [DIGEST] and seen[0] == "USER anonymous"


def test_the_address_in_a_passive_reply_is_not_believed(tmp_path):
    """It is wrong behind a translation, and a way to make us connect to somebody else."""
    (tmp_path / "f").write_bytes(DATA)
    lie = {"masquerade_address": "203.0.113.9"}
    with real_server(tmp_path, without=["EPSV"], **lie) as (port, seen):
        report, job = one(url=f"ftp://127.0.0.1:{port}/f")
    assert job["ended"] == [None] and report["digests"] == [DIGEST] and "PASV" in seen


def test_resume_asks_for_the_rest(tmp_path):
    """RFC 3659 section 5, when size and time are those of the part that is kept."""
    (tmp_path / "f").write_bytes(b"01234" + DATA)
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime((tmp_path / "f").stat().st_mtime))
    tag = f"{len(DATA) + 5}/{stamp}"
    with real_server(tmp_path) as (port, seen):
        report, job = one(url=f"ftp://127.0.0.1:{port}/f", kept="01234", tag=tag)
        assert job["ended"] == [None] and "REST 5" in seen and job["begun"] == [[5, 40005, tag]]
        assert report["digests"] == [hashlib.sha256(b"01234" + DATA).hexdigest()]
        report, job = one(url=f"ftp://127.0.0.1:{port}/f", kept="01234", tag=tag + "1")
        assert job["restarts"] == 1 and seen.count("REST 5") == 1 and job["ended"] == [None]
        assert report["digests"] == [hashlib.sha256(b"01234" + DATA).hexdigest()]


def test_what_is_whole_is_not_fetched_again(tmp_path):
    (tmp_path / "f").write_bytes(b"01234")
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime((tmp_path / "f").stat().st_mtime))
    with real_server(tmp_path) as (port, seen):
        _, job = one(url=f"ftp://127.0.0.1:{port}/f", kept="01234", tag=f"5/{stamp}")
    assert job["ended"] == [None] and not any(line.startswith("RETR") for line in seen)


def test_a_file_is_sent_into_the_directory(tmp_path):
    """OCPP 1.6 section 6.19"""
    (tmp_path / "logs").mkdir()
    with real_server(tmp_path) as (port, _):
        url = f"ftp://us%20er:pa%3Ass%2Fword@127.0.0.1:{port}/logs"
        _, job = one(url=url, name="d 1.tar", size=30_000)
    assert job["ended"] == [None] and job["started"] == 1
    assert (tmp_path / "logs" / "d 1.tar").read_bytes() == pattern(30_000)


def test_a_file_is_sent_where_epsv_is_not_known(tmp_path):
    with real_server(tmp_path, without=["EPSV"]) as (port, _):
        url = f"ftp://us%20er:pa%3Ass%2Fword@127.0.0.1:{port}/"
        _, job = one(url=url, name="d", size=30_000)
    assert job["ended"] == [None] and (tmp_path / "d").read_bytes() == pattern(30_000)


def test_refusals_of_a_real_server(tmp_path):
    with real_server(tmp_path) as (port, _):
        report, job = one(url=f"ftp://joe:wrong@127.0.0.1:{port}/f")
        assert job["ended"] == ["FTP 530 to PASS"] and "joe" not in report["said"]
        _, job = one(url=f"ftp://127.0.0.1:{port}/none")
        assert job["ended"] == ["FTP 550 to RETR"]
        _, job = one(url=f"ftp://127.0.0.1:{port}/", name="d", size=3000)
        assert job["ended"] == ["FTP 550 to STOR"]


# --- a server that errs ------------------------------------------------------------------------

GOOD = {
    "": b"220-Welcome\r\n 220 not yet\r\n220 go\r\n",
    "USER": b"331 password\r\n",
    "PASS": b"230-a\r\n230-b\r\n230 in\r\n",
    "TYPE": b"200 ok\r\n",
    "SIZE": b"213 %d\r\n" % len(DATA),
    "MDTM": b"213 20260101000000.123\r\n",
    "REST": b"350 ok\r\n",
    "RETR": b"150 here\r\n",
    "STOR": b"150 go on\r\n",
    "QUIT": b"221 bye\r\n",
}


class Bad:
    """A session by the book, but for the `replies` given; None closes, "" says nothing.

    `cut(left)`: of the file's last `left` bytes, how many are sent. `end`: behind the data.
    """

    def __init__(self, replies=(), cut=None, end=b"226 done\r\n", surplus=b"", silent=False):
        self.replies = {**GOOD, **dict(replies)}
        self.cut = cut or (lambda left: left)
        self.end = end
        self.surplus = surplus
        self.silent = silent
        self.lines: list = []
        self.kept = b""

    def serve(self, control):
        control.sendall(self.replies[""] or b"")
        if self.replies[""] is None:
            return
        listener, offset = None, 0
        for line in control.makefile("r", newline="\r\n"):
            line = line.rstrip("\r\n")
            self.lines.append(line)
            command = line.partition(" ")[0]
            said = self.replies.get(command, b"500 what\r\n")
            if command == "REST" and said.startswith(b"350"):
                offset = int(line[5:])
            if command == "EPSV" and "EPSV" not in self.replies:
                listener = socket.create_server(("127.0.0.1", 0))
                said = b"229 ok (|||%d|)\r\n" % listener.getsockname()[1]
            if said is None:
                return
            control.sendall(said)
            if command in ("RETR", "STOR") and said.startswith(b"150"):
                self.data(listener, command, offset)
                if self.end is None:
                    return
                control.sendall(self.end)
                offset = 0

    def data(self, listener, command, offset):
        connection, _ = listener.accept()
        listener.close()
        with connection, suppress(OSError):
            if command == "STOR":
                while piece := connection.recv(4096):
                    self.kept += piece
                return
            left = len(DATA) - offset
            connection.sendall(DATA[offset : offset + self.cut(left)] + self.surplus)
            if self.silent:
                connection.recv(1)


@contextmanager
def bad_server(bad):
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()

    def accept():
        while not stop.is_set():
            with suppress(OSError):
                control, _ = listener.accept()
                with control:
                    bad.serve(control)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def failure(bad, **job):
    with bad_server(bad) as port:
        report, job = one(url=f"ftp://joe:secret@127.0.0.1:{port}/f", **job)
    assert "joe" not in report["said"] and "secret" not in report["said"]
    return job["ended"][0]


def test_the_book():
    bad = Bad()
    assert failure(bad) is None
    assert bad.lines[:2] == ["USER joe", "PASS secret"] and bad.lines[-1] == "QUIT"


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ({"": None}, "FTP closed after CONNECT"),
        ({"": b"421 full\r\n"}, "FTP 421 to CONNECT"),
        ({"": b"SSH-2.0-OpenSSH\r\n"}, "not FTP"),
        ({"": b"220-" + b"x" * 600}, "FTP reply too long"),
        ({"": b"220-a\r\n" + b"220-b\r\n" * 1000}, "FTP reply too long"),
        ({"USER": b"230 in\r\n"}, None),
        ({"USER": b"332 account\r\n"}, "FTP 332 to USER"),
        ({"PASS": b"530 joe may not\r\n"}, "FTP 530 to PASS"),
        ({"PASS": b"332 account\r\n"}, "FTP 332 to PASS"),
        ({"TYPE": b"504 no\r\n"}, "FTP 504 to TYPE"),
        ({"SIZE": b"500 no\r\n"}, None),
        ({"SIZE": b"550 no\r\n"}, None),
        ({"SIZE": b"421 bye\r\n"}, "FTP 421 to SIZE"),
        ({"SIZE": b"213 many\r\n"}, "bad FTP size"),
        ({"SIZE": b"213 99999999\r\n"}, "file too long"),
        ({"SIZE": b"213 39999\r\n"}, "file too long"),
        ({"SIZE": b"213 40001\r\n"}, "file cut short"),
        ({"MDTM": b"500 no\r\n"}, None),
        ({"EPSV": b"229 (|||x|)\r\n"}, "bad FTP port"),
        ({"EPSV": b"229 (|||0|)\r\n"}, "bad FTP port"),
        ({"EPSV": b"229 \r\n"}, "bad FTP port"),
        ({"EPSV": b"500 no\r\n"}, "FTP 500 to PASV"),
        ({"EPSV": b"500 no\r\n", "PASV": b"227 (1,2,3)\r\n"}, "bad FTP port"),
        ({"EPSV": b"500 no\r\n", "PASV": b"227 (1,2,3,4,256,1)\r\n"}, "bad FTP port"),
        ({"RETR": b"550 no\r\n"}, "FTP 550 to RETR"),
        ({"RETR": None}, "FTP closed after RETR"),
        ({"RETR": b"226 already\r\n"}, "FTP 226 to RETR"),
    ],
)
def test_a_server_that_breaks_the_rules(replies, error):
    assert failure(Bad(replies)) == error


def test_the_file_without_its_confirmation_is_not_whole():
    """RFC 959 section 5.4: 226 or 250 ends a transfer."""
    assert failure(Bad(end=None)) == "FTP closed after RETR"
    assert failure(Bad(end=b"451 disk\r\n")) == "FTP 451 to RETR"
    assert failure(Bad({"SIZE": b"500 no\r\n"}, cut=lambda left: 9, end=b"426 cut\r\n")) == (
        "FTP 426 to RETR"
    )


def test_the_confirmation_may_come_before_the_data_end():
    """Two connections: nothing orders them."""
    bad = Bad({"RETR": b"150 here\r\n226 done\r\n"}, end=b"")
    assert failure(bad) is None


def test_more_than_the_size_is_not_taken():
    bad = Bad(surplus=b"x" * 100_000)
    assert failure(bad) == "file too long" and "ABOR" in bad.lines
    assert failure(Bad({"SIZE": b"500 no\r\n"}, surplus=bytes(50_000)), limit=80_000) == (
        "file too long"
    )


@pytest.mark.parametrize("seed", range(4))
def test_what_breaks_off_arrives_whole(seed):
    chance = random.Random(seed)
    # The length tells, also when the server sees nothing wrong; the first part is never the last.
    bad = Bad(cut=lambda left: chance.randrange(left if left == len(DATA) else 2 * left))
    with bad_server(bad) as port:
        report, job = one(url=f"ftp://127.0.0.1:{port}/f", again=60)
    assert job["ended"] == [None] and report["digests"] == [DIGEST] and job["restarts"] == 0
    for broken in report["jobs"][:-1]:
        assert broken["ended"] == ["file cut short"]
    assert len([line for line in bad.lines if line.startswith("REST")]) > 0


def test_a_server_that_cannot_resume_begins_anew():
    chance = random.Random(3)
    bad = Bad({"REST": b"502 no\r\n"}, cut=lambda left: chance.randrange(2 * left))
    with bad_server(bad) as port:
        report, job = one(url=f"ftp://127.0.0.1:{port}/f", again=60)
    assert job["ended"] == [None] and report["digests"] == [DIGEST] and job["restarts"] > 0


def test_a_full_sink_is_not_the_servers_slowness():
    """The flash is being erased for two minutes; the clock runs a hundred times as fast."""
    assert failure(Bad(), busy_at=7, busy_ms=1200, speed=100) is None


@pytest.mark.parametrize("at", ["", "PASS", "EPSV", "RETR"])
def test_a_server_that_falls_silent_is_given_up(at):
    """After 30 s; the clock of this test runs twenty times as fast."""
    assert failure(Bad({at: b""}), speed=20) == "no answer within 30 s"


def test_data_that_stop_are_given_up():
    assert failure(Bad(cut=lambda left: 5000, silent=True), speed=20) == "no data within 30 s"


def test_a_cancelled_upload_is_aborted_before_it_looks_whole():
    """RFC 959 section 3.4.1: in stream mode the end of the connection is the end of the file."""

    class Slow(Bad):
        def data(self, listener, command, offset):
            connection, _ = listener.accept()
            with connection:
                time.sleep(1)
                while connection.recv(65536):
                    pass

    bad = Slow()
    with bad_server(bad) as port:
        _, job = one(url=f"ftp://127.0.0.1:{port}/", name="d", size=32_000_000, cancel_ms=300)
    assert job["ended"] == [] and "ABOR" in bad.lines


def test_a_refusal_in_the_middle_is_told():
    class Full(Bad):
        def data(self, listener, command, offset):
            connection, _ = listener.accept()
            connection.recv(1000)
            connection.close()

    with bad_server(Full(end=b"552 full\r\n")) as port:
        _, job = one(url=f"ftp://127.0.0.1:{port}/", name="d", size=8_000_000)
    assert job["ended"] == ["FTP 552 to STOR"]


def test_no_second_command_comes_out_of_a_url():
    """Percent-decoded line breaks are refused before anything is said."""
    for url in ("ftp://joe%0d%0aDELE%20x@h/f", "ftp://joe:a%0ab@h/f", "ftp://h/f%0d%0aDELE%20x"):
        _, job = one(url=url)
        assert job["ended"] == ["URL has an encoded control character"] and job["started"] == 0


def test_the_heap_does_not_grow_with_the_file(tmp_path):
    peaks = []
    with real_server(tmp_path) as (port, _):
        for size in (65536, 1048576):
            (tmp_path / "f").write_bytes(bytes(size))
            report, job = one(url=f"ftp://127.0.0.1:{port}/f")
            assert job["ended"] == [None] and job["offset"] == size
            peaks.append(report["peak"])
    assert max(peaks) < 32768 and abs(peaks[1] - peaks[0]) < 8192, peaks

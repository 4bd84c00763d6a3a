"""firmware/tasks/transfers.py over HTTP, in MicroPython, against good servers and bad ones."""

import hashlib
import random
import re
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.host.transfer_rig import one, pattern, reply, run, says, server

DATA = random.Random(4).randbytes(40_000)
DIGEST = hashlib.sha256(DATA).hexdigest()
LENGTH = f"Content-Length: {len(DATA)}"
TAG = 'ETag: "v1"'
CHUNKED = "Transfer-Encoding: chunked"
OTHER_LENGTH = "the length is not what was said"


def at(port, path="/f"):
    return f"http://127.0.0.1:{port}{path}"


def chunked(data, size=700):
    out = b""
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        out += b"%x;x=y\r\n%b\r\n" % (len(piece), piece)
    return out + b"0\r\nX-Trailer: a\r\n\r\n"


def failure(answer, **job):
    """Why the download from this server failed; everything else is checked here."""
    with server(answer) as (port, _):
        _, job = one(url=at(port), **job)
    (error,) = job["ended"]
    assert error is not None
    return error


# --- a good server -----------------------------------------------------------------------------


def test_a_server_of_other_people(tmp_path):
    (tmp_path / "bundle.bin").write_bytes(DATA)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        port = httpd.server_address[1]
        report = run({"url": at(port, "/bundle.bin")}, {"url": at(port, "/none")})
        httpd.shutdown()
    good, bad = report["jobs"]
    assert good["ended"] == [None] and good["started"] == 1
    assert report["digests"][0] == DIGEST
    assert bad["ended"] == ["HTTP 404"] and bad["started"] == 0


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, LENGTH, body=DATA),
        reply(200, body=DATA),
        reply(200, CHUNKED, body=chunked(DATA)),
        reply(103, "Link: x") + reply(200, LENGTH, body=DATA),
        reply(200, LENGTH, body=DATA) + b"and more that nobody asked for",
    ],
    ids=["length", "until close", "chunked", "interim", "more behind"],
)
def test_every_framing_brings_the_same_file(answer):
    """RFC 9112 section 6.3"""
    with server(says(answer)) as (port, _):
        report, job = one(url=at(port))
    assert job["ended"] == [None] and report["digests"] == [DIGEST] and job["largest"] <= 1024


def test_an_empty_file_is_whole():
    with server(says(reply(200, "Content-Length: 0"))) as (port, _):
        _, job = one(url=at(port))
    assert job["ended"] == [None] and job["begun"] == [[0, 0, ""]] and job["started"] == 1


def test_the_other_tasks_have_their_turn_at_every_piece():
    with server(says(reply(200, LENGTH, body=DATA))) as (port, _):
        report, job = one(url=at(port), turns=True)
    assert job["pieces"] >= 39 and report["fewest_turns"] >= 1


def test_the_user_of_the_url_is_sent_and_not_printed():
    """RFC 7617 section 2"""
    with server(says(reply(401))) as (port, requests):
        report, job = one(url=f"http://us%65r:s%3Acret@127.0.0.1:{port}/f")
    assert requests[0].fields["authorization"] == "Basic dXNlcjpzOmNyZXQ="
    assert requests[0].line == "GET /f HTTP/1.1"
    assert job["ended"] == ["HTTP 401"]
    assert "cret" not in report["said"] and "dXNlc" not in report["said"]


# --- resume ------------------------------------------------------------------------------------


def cutting(chance, tag=TAG, keep_range=True):
    """A server of DATA that closes the connection somewhere in most answers."""
    served = []

    def answer(connection, request):
        asked = re.match(r"bytes=(\d+)-$", request.fields.get("range", ""))
        first = 0
        head = reply(200, LENGTH, tag)
        if keep_range and asked and request.fields.get("if-range") == tag.partition(": ")[2]:
            first = int(asked[1])
            span = f"Content-Range: bytes {first}-{len(DATA) - 1}/{len(DATA)}"
            head = reply(206, f"Content-Length: {len(DATA) - first}", tag, span)
        left = len(DATA) - first
        cut = chance.randrange(left * 2) if chance.random() < 0.8 else left
        served.append(min(left, cut))
        connection.sendall(head + DATA[first : first + cut])

    return answer, served


@pytest.mark.parametrize("seed", range(8))
def test_what_breaks_off_arrives_whole(seed):
    """RFC 9110 section 14.2: from the first byte that is missing, whatever was cut before."""
    answer, served = cutting(random.Random(seed))
    with server(answer) as (port, _):
        report, job = one(url=at(port), again=60)
    assert job["ended"] == [None], report["jobs"]
    assert report["digests"] == [DIGEST] and job["offset"] == len(DATA)
    assert job["restarts"] == 0 and sum(served) == len(DATA)
    for broken in report["jobs"][:-1]:
        assert broken["ended"] == ["body cut short"]


def test_a_server_without_ranges_begins_anew():
    """RFC 9110 section 14.2: a server MAY ignore the Range header field."""
    answer, _ = cutting(random.Random(1), keep_range=False)
    with server(answer) as (port, requests):
        report, job = one(url=at(port), again=60)
    assert job["ended"] == [None] and report["digests"] == [DIGEST]
    assert job["restarts"] == len(requests) - 1 > 0


def test_without_a_validator_nothing_is_put_together():
    """RFC 9110 section 13.1.5: a Range without If-Range could join two different files."""
    with server(says(reply(200, LENGTH, body=DATA))) as (port, requests):
        report, job = one(url=at(port), kept="something else")
    assert "range" not in requests[0].fields
    assert job["restarts"] == 1 and report["digests"] == [DIGEST]


def test_a_file_that_has_changed_is_fetched_anew():
    answer, _ = cutting(random.Random(7), tag='ETag: "v2"')
    with server(answer) as (port, requests):
        report, job = one(url=at(port), kept="of v1", tag='"v1"', again=60)
    assert requests[0].fields["if-range"] == '"v1"' and requests[0].fields["range"] == "bytes=5-"
    assert report["digests"] == [DIGEST] and job["begun"][0] == [0, len(DATA), '"v2"']


def test_nothing_is_left_to_fetch():
    """RFC 9110 section 15.5.17: 416 for a range behind the end tells how long the file is."""
    with server(says(reply(416, "Content-Range: bytes */5"))) as (port, _):
        _, job = one(url=at(port), kept="whole", tag='"v1"')
    assert job["ended"] == [None] and job["begun"] == [[5, 5, '"v1"']]


def test_a_range_of_another_file_starts_again():
    def answer(connection, request):
        if "range" in request.fields:
            connection.sendall(reply(416, "Content-Range: bytes */3"))
        else:
            connection.sendall(reply(200, LENGTH, body=DATA))

    with server(answer) as (port, requests):
        report, job = one(url=at(port), kept="whole", tag='"v1"')
    assert job["ended"] == [None] and report["digests"] == [DIGEST] and len(requests) == 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(206, "Content-Range: bytes 4-9/10", body=b"x" * 6), "not the range asked for"),
        (
            reply(206, "Content-Range: bytes 5-9/10", "Content-Length: 6"),
            "not the range asked for",
        ),
        (reply(206, "Content-Range: bytes 5-9/10", 'ETag: "v2"'), "the file has changed"),
        (reply(206, body=b"x"), "bad content range"),
        (reply(206, "Content-Range: bytes 9-5/10"), "bad content range"),
        (reply(206, "Content-Range: bytes 5-9/9"), "bad content range"),
        (reply(206, "Content-Range: bytes 5-7/10", body=b"xyz"), OTHER_LENGTH),
        (reply(206, "Content-Range: bytes 5-9/10", body=b"xyz"), OTHER_LENGTH),
    ],
)
def test_a_part_that_was_not_asked_for_is_not_taken(answer, error):
    assert failure(says(answer), kept="01234", tag='"v1"') == error


def test_after_a_wrong_part_the_whole_is_asked_for():
    def answer(connection, request):
        if "range" in request.fields:
            connection.sendall(reply(206, "Content-Range: bytes 4-9/10", body=b"x" * 6))
        else:
            connection.sendall(reply(200, LENGTH, body=DATA))

    with server(answer) as (port, _):
        report, job = one(url=at(port), kept="01234", tag='"v1"', again=1)
    assert job["ended"] == [None] and report["digests"] == [DIGEST]


def test_a_part_when_the_whole_was_asked_for():
    answer = says(reply(206, "Content-Range: bytes 0-9/10", body=b"x" * 10))
    assert failure(answer) == "HTTP 206"


# --- redirects ---------------------------------------------------------------------------------


def moving(status=302):
    """/1 leads to /d/2, that to /d/3, and so on; /d/9 is the file."""

    def answer(connection, request):
        path = request.line.split()[1]
        if path.endswith("9"):
            connection.sendall(reply(200, LENGTH, body=DATA))
        else:
            to = "d/2" if path == "/1" else str(int(path[-1]) + 1)
            connection.sendall(reply(status, f"Location: {to}"))

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_three_redirects_are_followed(status):
    with server(moving(status)) as (port, requests):
        report, job = one(url=f"http://u:p@127.0.0.1:{port}/d/6")
    assert job["ended"] == [None] and report["digests"] == [DIGEST]
    assert [request.line.split()[1] for request in requests] == ["/d/6", "/d/7", "/d/8", "/d/9"]
    assert all(request.fields["authorization"] for request in requests)  # the same origin


def test_a_fourth_redirect_is_not():
    with server(moving()) as (port, requests):
        _, job = one(url=at(port, "/d/5"))
    assert job["ended"] == ["too many redirects"] and len(requests) == 4 and job["started"] == 0


@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("ftp://127.0.0.1/f", "redirect from http to ftp"),
        ("file:///etc/passwd", "URL must begin with http://, https:// or ftp://"),
        ("http://h/a b", "URL has characters that must be percent-encoded"),
        ("", "redirect to nowhere"),
    ],
)
def test_where_a_redirect_does_not_lead(where, error):
    assert failure(says(reply(302, "Location: " + where))) == error


def test_the_password_stays_with_its_own_server():
    """RFC 9110 section 15.4: other origin, other credentials."""
    with server(says(reply(200, LENGTH, body=DATA))) as (there, seen):
        away = says(reply(302, f"Location: http://127.0.0.1:{there}/f"))
        with server(away) as (here, asked):
            report, job = one(url=f"http://user:secret@127.0.0.1:{here}/f")
    assert "authorization" in asked[0].fields and "authorization" not in seen[0].fields
    assert job["ended"] == [None] and report["digests"] == [DIGEST]


# --- bad servers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "no answer"),
        (b"HTTP/1.1 200", "no answer"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP/1.1"),
        (b"\x00\xff" * 3000, "head too long"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 600, "head too long"),
        (reply(101), "HTTP 101"),
        (reply(100) * 9 + reply(200), "HTTP 100"),
        (reply(204), "HTTP 204"),
        (reply(304), "HTTP 304"),
        (reply(500), "HTTP 500"),
        (reply(200, LENGTH, body=DATA[:-1]), "body cut short"),
        (reply(200, "Content-Length: 10, 11"), "two content lengths"),
        (reply(200, "Content-Length: -1"), "bad length"),
        (reply(200, "Content-Length: 9999999999"), "body too long"),
        (reply(200, "Content-Encoding: gzip", body=DATA), "content coding not asked for"),
        (reply(200, "Transfer-Encoding: gzip"), "unknown transfer coding"),
        (reply(200, LENGTH, CHUNKED), "chunked, and with a length"),
        (reply(200, CHUNKED, body=b"5\r\nabc"), "body cut short"),
        (reply(200, CHUNKED, body=b"-5\r\nabcde\r\n"), "bad chunk size"),
        (reply(200, CHUNKED, body=b"3\r\nabcde\r\n"), "chunk longer than its size"),
    ],
)
def test_a_server_that_breaks_the_rules(answer, error):
    with server(says(answer)) as (port, _):
        report, job = one(url=at(port))
    assert job["ended"] == [error], report["said"]


@pytest.mark.parametrize("head", [reply(200), reply(200, CHUNKED)])
def test_an_endless_body_ends_at_the_bound(head):
    def answer(connection, _):
        connection.sendall(head)
        while True:
            connection.sendall(b"100\r\n" + b"x" * 256 + b"\r\n")

    with server(answer) as (port, _):
        _, job = one(url=at(port), limit=20_000)
    assert job["ended"] == ["body too long"] and job["offset"] <= 20_000


def test_nobody_is_there():
    with server(says()) as (port, _):
        pass
    _, job = one(url=at(port))
    assert "ECONNREFUSED" in job["ended"][0] and job["started"] == 0


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nX: ", reply(200, LENGTH, body=b"abc")])
def test_a_server_that_falls_silent_is_given_up(said):
    """After 30 s; the clock of this test runs twenty times as fast."""

    def answer(connection, _):
        connection.sendall(said)
        connection.recv(1)  # until the other side has had enough

    began = time.monotonic()
    error = failure(answer, speed=20)
    assert error == ("no data within 30 s" if said.endswith(b"abc") else "no answer within 30 s")
    assert time.monotonic() - began > 1.4


@pytest.mark.parametrize("head", [b"", reply(200, LENGTH)], ids=["head", "content"])
def test_a_server_that_trickles_is_given_up(head):
    """One byte every ten seconds would hold the charger for days."""

    def answer(connection, _):
        connection.sendall(head)
        while True:
            connection.sendall(b"H")
            time.sleep(0.25)

    assert failure(answer, speed=40) == ("too slow" if head else "no answer within 30 s")


def test_an_address_that_is_none():
    bad = {
        "gopher://h/": "URL must begin with http://, https:// or ftp://",
        "http://user:secret%0d%0aX: y@h/": "URL has characters that must be percent-encoded",
        "http://user:secret%0d%0aX@h/": "URL has an encoded control character",
        "http://user:secret@/": "URL has no host",
        "ftp://user:secret@h/": "URL names no file",
    }
    report = run(*[{"url": url} for url in bad])
    assert [job["ended"] for job in report["jobs"]] == [[error] for error in bad.values()]
    assert "secret" not in report["said"]


# --- our own side ------------------------------------------------------------------------------


def test_a_full_sink_is_not_the_servers_slowness():
    """The flash is being erased for two minutes; the clock runs a hundred times as fast."""
    with server(says(reply(200, LENGTH, body=DATA))) as (port, _):
        report, job = one(url=at(port), busy_at=7, busy_ms=1200, speed=100)
    assert job["ended"] == [None] and report["digests"] == [DIGEST]


@pytest.mark.parametrize(
    ("job", "error"), [({"flash_fails_at": 3}, "EIO"), ({"refuses_at": 3}, "no bundle")]
)
def test_what_the_sink_cannot_take_ends_the_transfer(job, error):
    with server(says(reply(200, LENGTH, body=DATA))) as (port, _):
        _, told = one(url=at(port), **job)
    assert error in told["ended"][0] and told["pieces"] == 3


@pytest.mark.parametrize("said", [b"", reply(200, LENGTH, body=b"abc")])
def test_a_cancelled_job_reports_nothing_more(said):
    def answer(connection, _):
        connection.sendall(said)
        connection.recv(1)

    with server(answer) as (port, _):
        _, job = one(url=at(port), cancel_ms=100)
    assert job["ended"] == []


@pytest.mark.parametrize("said", [b"", reply(100)], ids=["asking", "sending"])
def test_a_cancelled_upload_reports_nothing_more(said):
    def answer(connection, _):
        connection.sendall(said)
        time.sleep(1)

    with server(answer) as (port, _):
        _, job = one(url=at(port), name="d", size=32_000_000, cancel_ms=200)
    assert job["ended"] == []


def test_a_fault_of_the_room_is_not_the_end_of_transfers():
    with server(says(reply(200, LENGTH, body=DATA))) as (port, _):
        report = run(
            {"url": at(port), "fault": "started"},
            {"url": at(port), "fault": "finished"},
            {"url": at(port)},
            room_faults=2,
        )
    assert report["jobs"][-1]["ended"] == [None] and report["digests"][-1] == DIGEST
    assert report["jobs"][0]["ended"] != [None]


def test_the_heap_does_not_grow_with_the_file():
    peaks = []
    for size in (65536, 1048576):
        with server(says(reply(200, f"Content-Length: {size}", body=bytes(size)))) as (port, _):
            report, job = one(url=at(port))
        assert job["ended"] == [None] and job["offset"] == size
        peaks.append(report["peak"])
    assert max(peaks) < 32768 and abs(peaks[1] - peaks[0]) < 8192, peaks


# --- upload ------------------------------------------------------------------------------------


def keeping(kept, refuse=()):
    """Keeps what is sent; a `refuse` of (line, bytes) is answered at once, before the file."""

    def answer(connection, request):
        for line, said in refuse:
            if request.line.startswith(line):
                connection.sendall(said)
                return
        if "expect" in request.fields:
            connection.sendall(reply(100))
        kept.append(request.read_body())
        connection.sendall(reply(201))

    return answer


def test_a_file_is_put_into_the_directory():
    """OCPP 1.6 section 6.19: location is the directory to which the file shall be uploaded."""
    kept = []
    with server(keeping(kept)) as (port, requests):
        _, job = one(url=f"http://u:p@127.0.0.1:{port}/logs", name="d 1.tar", size=30_000)
    assert job["ended"] == [None] and job["started"] == 1 and kept == [pattern(30_000)]
    assert requests[0].line == "PUT /logs/d%201.tar HTTP/1.1"
    assert requests[0].fields["authorization"] and requests[0].fields["content-length"] == "30000"


def test_post_where_put_is_not_allowed():
    """RFC 9110 section 15.5.6"""
    for status in (405, 501):
        kept = []
        with server(keeping(kept, [("PUT", reply(status))])) as (port, requests):
            _, job = one(url=at(port, "/logs/"), name="d", size=3000)
        assert job["ended"] == [None] and kept == [pattern(3000)]
        assert [request.line for request in requests] == [
            "PUT /logs/d HTTP/1.1",
            "POST /logs/d HTTP/1.1",
        ]


def test_a_file_that_was_sent_in_vain_is_sent_from_its_start_again():
    kept = []

    def answer(connection, request):
        connection.sendall(reply(100))
        kept.append(request.read_body())
        connection.sendall(reply(405 if request.line.startswith("PUT") else 200))

    with server(answer) as (port, _):
        _, job = one(url=at(port), name="d", size=3000)
    assert job["ended"] == [None] and kept == [pattern(3000), pattern(3000)]
    assert job["restarts"] == 1 and job["started"] == 1


def test_an_upload_is_redirected_before_it_is_sent():
    kept = []
    with server(keeping(kept)) as (there, _):
        moved = [("PUT", reply(307, f"Location: http://127.0.0.1:{there}/x"))]
        with server(keeping([], moved)) as (here, _):
            _, job = one(url=at(here, "/logs"), name="d", size=3000)
    assert job["ended"] == [None] and kept == [pattern(3000)]


def test_a_server_that_does_not_know_100_continue():
    """RFC 9110 section 10.1.1: the client must not wait for ever."""

    def answer(connection, request):
        kept.append(request.read_body())
        connection.sendall(reply(200))

    kept = []
    with server(answer) as (port, _):
        _, job = one(url=at(port), name="d", size=3000)
    assert job["ended"] == [None] and kept == [pattern(3000)]


def test_an_expectation_that_fails_is_dropped():
    """RFC 9110 section 10.1.1: 417 may be repeated without it."""
    kept = []

    def answer(connection, request):
        if "expect" in request.fields:
            connection.sendall(reply(417))
        else:
            keeping(kept)(connection, request)

    with server(answer) as (port, _):
        _, job = one(url=at(port), name="d", size=3000)
    assert job["ended"] == [None] and kept == [pattern(3000)]


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (reply(401), "HTTP 401"),
        (reply(405), "HTTP 405"),
        (reply(303, "Location: /login"), "HTTP 303"),
        (reply(307, "Location: /again"), "too many redirects"),
        (b"", "no answer"),
    ],
)
def test_a_server_that_does_not_take_the_file(said, error):
    with server(says(said)) as (port, requests):
        _, job = one(url=at(port), name="d", size=3000)
    assert job["ended"] == [error] and job["started"] == 0
    assert all(not request.body for request in requests)


def test_a_refusal_in_the_middle_is_told():
    def answer(connection, request):
        connection.sendall(reply(100))
        connection.recv(5000)
        connection.sendall(reply(507))

    with server(answer) as (port, _):
        _, job = one(url=at(port), name="d", size=8_000_000)
    assert job["ended"][0] == "HTTP 507" or "ECONNRESET" in job["ended"][0]


def test_a_server_that_stops_reading_is_given_up():
    def answer(connection, _):
        connection.sendall(reply(100))
        time.sleep(4)

    with server(answer) as (port, _):
        _, job = one(url=at(port), name="d", size=32_000_000, speed=20)
    assert job["ended"] == ["no data within 30 s"]


def test_a_source_that_is_shorter_than_it_said():
    with server(keeping([])) as (port, _):
        _, job = one(url=at(port), name="d", size=3000, short=100)
    assert job["ended"] == ["the file is shorter than its size"]

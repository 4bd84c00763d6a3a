"""firmware.wire.http"""

from firmware.wire import ProtocolError, http
from firmware.wire.body import Chunked, Sized
from firmware.wire.location import Location
from tests.wire import bytes_of, hear, three_ways

PLACE = Location("http://u:p@h:8080/a?b")


def raised(kind, function, *arguments):
    try:
        function(*arguments)
    except kind as error:
        return error.reason if kind is ProtocolError else str(error)
    return None


def refused(function, *arguments):
    return raised(ProtocolError, function, *arguments)


# --- requests ----------------------------------------------------------------------------------


def test_get_of_the_whole():
    assert http.get(Location("https://h/f")) == (
        b"GET /f HTTP/1.1\r\nHost: h\r\nUser-Agent: MicroPython-EVSE\r\nConnection: close\r\n"
        b"Accept-Encoding: identity\r\n\r\n"
    )


def test_get_of_the_rest():
    """RFC 9110 §13.1.5"""
    lines = http.get(PLACE, 7, '"v1"').split(b"\r\n")
    assert lines[:2] == [b"GET /a?b HTTP/1.1", b"Host: h:8080"]
    assert b"Authorization: Basic dTpw" in lines
    assert lines[-4:] == [b"Range: bytes=7-", b'If-Range: "v1"', b"", b""]
    assert b"Range" not in http.get(PLACE, 7, "")
    assert b"Range" not in http.get(PLACE, 0, '"v1"')


def test_head_of_an_upload():
    """RFC 9110 §10.1.1"""
    lines = http.put(PLACE, 12).split(b"\r\n")
    assert lines[0] == b"PUT /a?b HTTP/1.1" and b"Expect: 100-continue" in lines
    assert b"Content-Length: 12" in lines and b"Connection: close" in lines
    text = http.put(PLACE, 0, "POST", False)
    assert text.startswith(b"POST /a?b HTTP/1.1\r\n") and b"Expect" not in text
    assert b"Content-Length: 0\r\n" in text


def test_a_peers_word_cannot_smuggle_a_line_into_the_request():
    for tag in ('"a"\r\nX: y', "\n", "\r"):
        assert raised(ValueError, http.get, PLACE, 5, tag) == "line break in request"


# --- the head ----------------------------------------------------------------------------------

FINAL = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"


def test_the_final_answer_is_the_first_that_is_not_interim():
    """RFC 9110 §15.2"""
    expected = [(200, {"content-length": "3"})]
    for before in (
        b"",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 X\r\nLink: a\r\n\r\n" * 8,
    ):
        three_ways(http.AnswerReader, before + FINAL, expected)
        reader = http.AnswerReader()
        assert hear(reader, [before + FINAL + b"abc"]) == expected and reader.rest == b"abc"
        assert reader.continued == (b"100" in before)


def test_100_continue_is_told_before_the_answer():
    reader = http.AnswerReader()
    for piece in bytes_of(b"HTTP/1.1 100 \r\n\r\n"):
        assert not reader.continued
        reader.feed(piece)
        assert reader.next() is None
    assert reader.continued


def test_what_is_no_answer_is_refused():
    for data, why in (
        (b"", "no answer"),
        (FINAL[:-1], "no answer"),
        (b"HTTP/1.1 100 \r\n\r\n", "no answer"),
        (b"HTTP/1.1 101 \r\n\r\n", "HTTP 101"),
        (b"HTTP/1.1 099 \r\n\r\n", "HTTP 99"),
        (b"HTTP/1.1 103 \r\n\r\n" * 9 + FINAL, "HTTP 103"),
        (b"220 ftp ready\r\n\r\n", "not HTTP/1.1"),
    ):
        for pieces in ([data, b""], list(bytes_of(data)) + [b""]):
            assert hear(http.AnswerReader(), pieces)[-1][1] == why, data
    assert hear(http.AnswerReader(), [b"x" * 4097])[-1][1] == "head too long"


# --- what it means -----------------------------------------------------------------------------


def test_redirects():
    """RFC 9110 §15.4"""
    to = {"location": "c"}
    for status in (301, 302, 303, 307, 308):
        assert http.redirect(status, to, PLACE).target == "/c"
        assert refused(http.redirect, status, {}, PLACE) == "redirect to nowhere"
    for status in (200, 206, 300, 304, 305, 306, 309, 404):
        assert http.redirect(status, to, PLACE) is None
    for status in (301, 302, 307, 308):
        assert http.redirect(status, to, PLACE, True).target == "/c"
    assert http.redirect(303, to, PLACE, True) is None
    assert raised(ValueError, http.redirect, 302, {"location": "ftp://h/"}, PLACE)


def test_what_a_200_brings():
    """RFC 9110 §14.2: a server may ignore the range: it begins at the start."""
    assert http.content(200, {"content-length": "9"}, 0, "") == (0, 9, 9)
    assert http.content(200, {"content-length": "9, 9"}, 5, '"v"') == (0, 9, 9)
    assert http.content(200, {}, 5, '"v"') == (0, None, None)
    assert refused(http.content, 200, {"content-length": "9, 8"}, 0, "") == "two content lengths"
    for length in ("", "+1", "-1", "1 1", "0x1", "1_0", "1.0", "9" * 13):
        why = refused(http.content, 200, {"content-length": length}, 0, "")
        assert why == "bad length", length


def content(span, length=None, tag=None):
    """What a 206 to a range from byte 5 on brings, or why it is refused."""
    fields = {"content-range": span}
    if length is not None:
        fields["content-length"] = length
    if tag is not None:
        fields["etag"] = tag
    try:
        return http.content(206, fields, 5, '"v"')
    except ProtocolError as error:
        return error.reason


def test_what_a_206_brings():
    """RFC 9110 §15.3.7"""
    assert content("bytes 5-9/10") == (5, 10, 10)
    assert content("Bytes 5-9/10", "5", '"v"') == (5, 10, 10)
    assert content("bytes 5-6/10") == (5, 7, 10)  # less than asked for: the rest another time
    assert content("bytes 5-9/*") == (5, 10, None)
    for span in (
        "",
        "5-9/10",
        "bytes 5-9/",
        "bytes 5-9",
        "bytes 5/10",
        "bytes */10",
        "bytes -5/10",
        "bytes 5-/10",
        "lines 5-9/10",
        "bytes 5-9/x",
        "bytes 9-5/10",
        "bytes 5-10/10",
    ):
        assert content(span) in ("bad content range", "bad length"), span
    for span in ("bytes 4-9/10", "bytes 6-9/10", "bytes 0-9/10"):
        assert content(span) == "not the range asked for", span
    assert content("bytes 5-9/10", "6") == "not the range asked for"
    assert content("bytes 5-9/10", None, '"w"') == "the file has changed"


def test_what_was_not_asked_for_is_refused_with_its_status():
    assert refused(http.content, 206, {"content-range": "bytes 0-9/10"}, 0, "") == "HTTP 206"
    for status in (201, 204, 300, 304, 400, 401, 404, 416, 500, 503, 999):
        assert refused(http.content, status, {}, 5, '"v"') == "HTTP %d" % status


def test_how_long_the_file_is_after_all():
    """RFC 9110 §14.4"""
    assert http.whole_size({"content-range": "bytes */10"}) == 10
    assert http.whole_size({}) is None
    assert http.whole_size({"content-range": "bytes 1-2/10"}) is None
    assert refused(http.whole_size, {"content-range": "bytes */x"}) == "bad length"


def test_only_a_strong_validator_is_kept():
    """RFC 9110 §8.8.1, §13.1.5"""
    late = {"last-modified": "Mon, 01 Jan 2026 00:00:00 GMT", "date": "Tue, 02 Jan 2026 0:00 GMT"}
    assert http.validator({"etag": '"a"', "last-modified": "x", "date": "y"}) == '"a"'
    assert http.validator({"etag": 'W/"a"', "last-modified": "x", "date": "y"}) == ""
    assert http.validator(late) == late["last-modified"]
    assert http.validator({"last-modified": "x"}) == ""
    assert http.validator({"last-modified": "x", "date": "x"}) == ""
    assert http.validator({}) == ""


def test_which_body_follows():
    """RFC 9112 §6.3"""
    for fields, kind in (
        ({}, Sized),
        ({"content-length": "5"}, Sized),
        ({"transfer-encoding": "Chunked"}, Chunked),
        ({"content-encoding": "Identity", "content-length": "5"}, Sized),
    ):
        assert isinstance(http.body(200, fields, 9), kind), fields
    for fields, why in (
        ({"content-length": "10"}, "body too long"),
        ({"content-encoding": "gzip"}, "content coding not asked for"),
        ({"transfer-encoding": "gzip, chunked"}, "unknown transfer coding"),
        ({"transfer-encoding": "identity"}, "unknown transfer coding"),
        ({"transfer-encoding": "chunked", "content-length": "5"}, "chunked, and with a length"),
    ):
        assert refused(http.body, 200, fields, 9) == why, fields

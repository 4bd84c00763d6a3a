"""firmware.wire.location"""

import random

from firmware.wire.location import Location, decode


def raised(function, *arguments):
    try:
        function(*arguments)
    except ValueError as error:
        return str(error)
    return None


def parts(location):
    return location.scheme, location.host, location.port, location.target


GOOD = (
    ("http://h/f", ("http", "h", 80, "/f"), "", ""),
    ("HTTPS://h", ("https", "h", 443, "/"), "", ""),
    ("ftp://h/a/b", ("ftp", "h", 21, "/a/b"), "", ""),
    ("http://h:8080?a=b/c@d", ("http", "h", 8080, "/?a=b/c@d"), "", ""),
    ("http://h/f#part", ("http", "h", 80, "/f"), "", ""),
    ("https://u:p@[::1]:9/x", ("https", "::1", 9, "/x"), "u", "p"),
    ("ftp://u@h/x", ("ftp", "h", 21, "/x"), "u", ""),
    ("ftp://a%40b:p%3Aq%2F%25@h/x", ("ftp", "h", 21, "/x"), "a@b", "p:q/%"),
    ("ftp://u:p@q@h/x", ("ftp", "h", 21, "/x"), "u", "p@q"),
    ("ftp://%C3%BC:%E2%82%AC@h/x", ("ftp", "h", 21, "/x"), "ü", "€"),
)

BAD = (
    ("", "URL must begin with http://, https:// or ftp://"),
    ("h/f", "URL must begin with http://, https:// or ftp://"),
    ("ws://h/f", "URL must begin with http://, https:// or ftp://"),
    ("http:/h/f", "URL must begin with http://, https:// or ftp://"),
    ("http://", "URL has no host"),
    ("http://u:p@/f", "URL has no host"),
    ("http://h:0/", "bad port in URL"),
    ("http://h:x/", "bad port in URL"),
    ("http://[::1/", "bad IPv6 address in URL"),
    ("http://h/a b", "URL has characters that must be percent-encoded"),
    ("http://h/\r\nX: y", "URL has characters that must be percent-encoded"),
    ("http://h/ü", "URL has characters that must be percent-encoded"),
    ("http://u%0d:p@h/", "URL has an encoded control character"),
    ("http://u:p%0A@h/", "URL has an encoded control character"),
    ("http://u:p%00@h/", "URL has an encoded control character"),
    ("http://u:p%7f@h/", "URL has an encoded control character"),
    ("http://u:p%@h/", "URL has a bad percent-encoding"),
    ("http://u:p%4@h/", "URL has a bad percent-encoding"),
    ("http://u:p%+4@h/", "URL has a bad percent-encoding"),
    ("http://u:p%0x@h/", "URL has a bad percent-encoding"),
    ("http://u:p%ff@h/", "URL is not UTF-8"),
    ("http://h/" + "x" * 2048, "URL is too long"),
)


def test_parts_of_a_url():
    for text, expected, user, password in GOOD:
        location = Location(text)
        assert parts(location) == expected, (text, parts(location))
        assert (location.user, location.password) == (user, password), text


def test_what_is_no_place_of_a_file_is_refused_and_not_repeated():
    for text, why in BAD:
        assert raised(Location, text) == why, (text, raised(Location, text))


def test_what_a_server_is_told():
    assert Location("http://h:80/").authority() == "h"
    assert Location("https://h:80/").authority() == "h:80"
    assert Location("https://[::1]:9/").authority() == "[::1]:9"
    assert Location("http://h/").basic() is None
    # RFC 7617 §2
    assert Location("http://Aladdin:open%20sesame@h/").basic() == (
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    )
    assert Location("http://u@h/").basic() == "Basic dTo="
    # 32 hex digits are a password like any other here
    assert Location("http://u:" + "0f" * 16 + "@h/").basic() == (
        "Basic dTowZjBmMGYwZjBmMGYwZjBmMGYwZjBmMGYwZjBmMGYwZg=="
    )


def test_the_path_of_an_ftp_server():
    """RFC 1738 §3.2.2"""
    for text, path in (
        ("ftp://h", ""),
        ("ftp://h/", ""),
        ("ftp://h/a/b%20c", "a/b c"),
        ("ftp://h//etc/x", "/etc/x"),
        ("ftp://h/%2Fetc/x", "/etc/x"),
        ("ftp://h/a;type=i", "a"),
        ("ftp://h/d;type=a/b", "d;type=a/b"),
        ("ftp://h/a?b", "a?b"),
    ):
        assert Location(text).file() == path, text
    assert raised(Location("ftp://h/a%0d%0aDELE%20b").file)


def test_a_file_in_a_directory():
    """OCPP 1.6 §6.19"""
    for text, target in (
        ("http://h", "/d%201"),
        ("http://h/", "/d%201"),
        ("http://h/a", "/a/d%201"),
        ("http://h/a/", "/a/d%201"),
        ("http://h/a?signed=1", "/a?signed=1"),
        ("ftp://h/a", "/a/d%201"),
        ("ftp://h/a?", "/a?/d%201"),
    ):
        within = Location(text).within("d 1")
        assert within.target == target, (text, within.target)
    location = Location("ftp://u%40:p@[::1]:80/a").within("d")
    assert parts(location) == ("ftp", "::1", 80, "/a/d")
    assert (location.user, location.password, location.file()) == ("u@", "p", "a/d")
    assert Location("http://h/a").within("").target == "/a"
    # a name is one segment, whatever it says
    assert Location("http://h/a").within("../b?c").target == "/a/..%2Fb%3Fc"


def test_references_of_rfc_3986():
    """RFC 3986 §5.4, those that HTTP can say"""
    base = Location("http://a/b/c/d;p?q")
    for reference, target in (
        ("g", "/b/c/g"),
        ("./g", "/b/c/g"),
        ("g/", "/b/c/g/"),
        ("/g", "/g"),
        ("?y", "/b/c/d;p?y"),
        ("g?y", "/b/c/g?y"),
        ("#s", "/b/c/d;p?q"),
        ("g#s", "/b/c/g"),
        ("g?y#s", "/b/c/g?y"),
        (";x", "/b/c/;x"),
        ("", "/b/c/d;p?q"),
        (".", "/b/c/"),
        ("./", "/b/c/"),
        ("..", "/b/"),
        ("../", "/b/"),
        ("../g", "/b/g"),
        ("../..", "/"),
        ("../../g", "/g"),
        ("../../../g", "/g"),
        ("/./g", "/g"),
        ("/../g", "/g"),
        ("g.", "/b/c/g."),
        ("..g", "/b/c/..g"),
        ("./g/.", "/b/c/g/"),
        ("g/../h", "/b/c/h"),
        ("g;x=1/../y", "/b/c/y"),
        ("g?y/./x", "/b/c/g?y/./x"),
        ("g?y:z", "/b/c/g?y:z"),
        ("/g:h", "/g:h"),
    ):
        location = base.follow(reference)
        assert parts(location) == ("http", "a", 80, target), (reference, location.target)
    assert parts(base.follow("//g")) == ("http", "g", 80, "/")
    assert parts(base.follow("//g:8/x")) == ("http", "g", 8, "/x")
    assert parts(base.follow("https://g/h")) == ("https", "g", 443, "/h")


def test_credentials_do_not_leave_their_origin():
    """RFC 9110 §15.4"""
    base = Location("https://u:p@Host/a")
    for reference, user in (
        ("b", "u"),
        ("/b", "u"),
        ("//host/b", "u"),
        ("https://HOST:443/b", "u"),
        ("https://host:444/b", ""),
        ("https://other/b", ""),
        ("https://host.other/b", ""),
        ("https://x:y@other/b", "x"),
        ("https://x:y@host/b", "x"),
    ):
        location = base.follow(reference)
        assert location.user == user, reference
        assert location.password == {"u": "p", "x": "y", "": ""}[user], reference
    plain = Location("http://u:p@h/a")
    assert plain.follow("https://h/a").user == ""  # another port: another server may be there
    assert plain.follow("https://h:80/a").user == ""


def test_a_redirect_never_leaves_tls_nor_http():
    base = Location("https://u:p@h/a")
    assert raised(base.follow, "http://h/a") == "redirect from https to http"
    assert raised(base.follow, "ftp://h/a") == "redirect from https to ftp"
    assert raised(Location("http://h/a").follow, "ftp://h/a") == "redirect from http to ftp"
    for reference in ("javascript:x", "file:///x", "data:,x", "//", "http://", "a b", "/\r\nX"):
        assert raised(base.follow, reference), reference


def test_decoding():
    """RFC 3986 §2.1"""
    assert decode("") == "" and decode("a%2Fb%2f+%7E") == "a/b/+~"
    assert decode("%25%32%35") == "%25"  # once
    for text in ("%", "a%1", "%g0", "%0d", "%0A", "%00", "%1f", "%7F", "%80", "%c3", "\n", "%-1"):
        assert raised(decode, text), text


def test_any_text_gives_parts_or_a_reason():
    random.seed(11)
    seeds = [text for text, _, _, _ in GOOD] + [text for text, _ in BAD[:-1]]
    letters = ":/?#@[]%.0aZ;& \r\n\0~é"
    for _ in range(1500):
        text = seeds[random.getrandbits(8) % len(seeds)]
        for _ in range(1 + random.getrandbits(2)):
            at = random.getrandbits(8) % (len(text) + 1)
            text = text[:at] + letters[random.getrandbits(8) % len(letters)] + text[at + 1 :]
        try:
            location = Location(text)
            said = location.target + location.host + location.user + location.password
            assert location.target.startswith("/") and location.host and 0 < location.port < 65536
            followed = Location("https://u:p@h/a").follow(text)
            assert followed.scheme == "https"
            said += followed.target + location.within("n").file()
        except ValueError:
            continue
        assert not any([ord(character) < 32 for character in said]), text

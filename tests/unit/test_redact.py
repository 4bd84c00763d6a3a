"""A frame loses its secrets and nothing else."""

import json
import random

from firmware.store.redact import redact, tail, without_login

ANSWER = (
    '[3,"7",{"configurationKey":[{"key":"AuthorizationKey","readonly":false,"value":"%s"},'
    '{"key":"HeartbeatInterval","readonly":false,"value":"300"}]}]'
)
VALUES = (
    '[2,"1","MeterValues",{"connectorId":1,"meterValue":[{"sampledValue":[{"value":"-1.5e3"},'
    '{"value":"\u00e4\\n\\"","unit":"Wh"}],"x":null,"y":true,"z":-1.5e3,"e":[],"f":{}}]}]'
)
KEY = '{"key":"AuthorizationKey","value":"%s"}'


def test_only_the_secret_goes():
    """ChangeConfiguration and GetConfiguration, any order, spacing, spelling of the name."""
    for before, after in (
        (
            '[2,"7","ChangeConfiguration",{"key":"AuthorizationKey","value":"hunter2"}]',
            '[2,"7","ChangeConfiguration",{"key":"AuthorizationKey","value":"***"}]',
        ),
        (
            ' [ 2 , "7" ,\t"X",\r\n{ "value" : "hunter2" , "key" : "AUTHORIZATIONKEY" } ] ',
            ' [ 2 , "7" ,\t"X",\r\n{ "value" : "***" , "key" : "AUTHORIZATIONKEY" } ] ',
        ),
        (
            ANSWER % "hunter2",
            ANSWER % "***",
        ),
        ('[2,"7","X",{"value":12345,"key":"AuthorizationKey"}]',
         '[2,"7","X",{"value":"***","key":"AuthorizationKey"}]'),
        ('[2,"7","X",{"value":{"a":["hunter2"]},"key":"AuthorizationKey"}]',
         '[2,"7","X",{"value":"***","key":"AuthorizationKey"}]'),
        ('[3,"7",{"unknownKey":["AuthorizationKey"]}]', None),
        ('[2,"7","GetConfiguration",{"key":["AuthorizationKey","HeartbeatInterval"]}]', None),
        ('[2,"7","ChangeConfiguration",{"key":"HeartbeatInterval","value":"30"}]', None),
        ('[2,"7","X",{"Auth_Key":"hunter2","a":1}]', '[2,"7","X",{"Auth_Key":"***","a":1}]'),
        ('[2,"7","X",{"password":{"a":["hunter2"]},"a":1}]',
         '[2,"7","X",{"password":"***","a":1}]'),
        # as the next version of the protocol says it
        ('[{"attributeValue":"hunter2","variable":{"name":"BasicAuthPassword"}}]',
         '[{"attributeValue":"***","variable":"***"}]'),
        # the name is not what it seems, or has more in it
        ('[{"key":"\\u0041uthorizationKey","value":"hunter2"}]', '[{"key":"***","value":"***"}]'),
        ('[{"key":"AuthorizationKey=hunter2","value":"x"}]', '[{"key":"***","value":"***"}]'),
        ('["set the password to hunter2","x"]', '["***","x"]'),
        ('[{"member":"AuthorizationKey","text":"hunter2"}]',
         '[{"member":"AuthorizationKey","text":"***"}]'),
        # what a vendor sends nobody knows
        ('[2,"7","DataTransfer",{"vendorId":"v","data":"hunter2"}]',
         '[2,"7","DataTransfer",{"vendorId":"v","data":"***"}]'),
    ):  # fmt: skip
        assert redact(before) == (after or before), redact(before)


def test_addresses_lose_login_and_query():
    """UpdateFirmware, GetDiagnostics: user:password@, and signatures behind the question mark."""
    for before, after in (
        ("ftp://u:hunter2@h/x", "ftp://***@h/x"),
        ("https://u:hun@ter2@h:8443/x/y", "https://***@h:8443/x/y"),
        ("https://h/x?X-Amz-Signature=hunter2&a=b", "https://h/x?***"),
        ("https://u:hunter2@h/x?sig=hunter2", "https://***@h/x?***"),
        ("https://u:hun?ter2@h/x", "https://***"),
        ("https://h/x?a=hunter2@hunter2", "https://***"),
        ("u:hunter2@h/x", "***@h/x"),
        ("//u:hunter2@h/x", "***@h/x"),
        ("u:hunter2@h ftp://x", "***@h ftp://x"),
        ("https://h/x", "https://h/x"),
        ("mail a@b", "mail a@b"),
        ("", ""),
    ):
        assert without_login(before) == after
        frame = '[2,"7","UpdateFirmware",{"location":"%s","retries":1}]'
        assert redact(frame % before) == frame % after
        escaped = before.replace("/", "\\/").replace("@", "\\u0040")
        assert "hunter" not in redact(frame % escaped)
        assert json.loads(redact(frame % escaped))[3] == {"location": after, "retries": 1}


def test_id_tags_keep_their_end():
    """Personal data: the last four characters tell one card from another, no more."""
    assert redact('[2,"7","Authorize",{"idTag":"04A1B2C3D4E5F6"}]') == (
        '[2,"7","Authorize",{"idTag":"***E5F6"}]'
    )
    for tag in ("", "TAG", "1234567"):
        assert redact('[{"idTag":"%s"}]' % tag) == '[{"idTag":"***"}]'
    assert tail("12345678") == "***5678"
    text = '[3,"7",{"idTagInfo":{"status":"Accepted","parentIdTag":"PARENT99"}}]'
    assert redact(text) == text.replace("PARENT99", "***NT99")
    text = '[{"idTag":{"idToken":"hunter2"}},{"IDTAG":["hunter2"]},{"idTag":12345678}]'
    assert redact(text) == '[{"idTag":"***"},{"IDTAG":"***"},{"idTag":"***"}]'
    assert "\\" not in redact('[{"idTag":"\\u0030\\u0030\\u0030\\u0030AB\\u0043D"}]')


def test_in_doubt_the_whole_goes():
    """No JSON, cut off, more than one value, too long, too deep: only the length."""
    whole = '[2,"7","ChangeConfiguration",' + KEY % "hunter2" + "]"
    for text in (
        whole[:-1],
        whole + "]",
        whole + whole,
        whole.replace(":", "=", 1),
        whole.replace(",", ";", 1),
        whole.replace('"value"', "value"),
        whole.replace('"hunter2"', "hunter2"),
        whole.replace('"hunter2"', '"hunter2'),
        whole.replace('"hunter2"', '"hunter2"",'),
        whole.replace('"hunter2"', '"hunter2",'),
        whole.replace("}", ",}"),
        "value hunter2",
        '{"value":',
        "[" * 14 + '"value"' + "]" * 14,
        '["value","' + "x" * 2048 + '"]',
    ):
        assert redact(text) == "(%d bytes)" % len(text), redact(text)
    assert redact("") == "" and redact("[]") == "[]" and redact("nonsense") == "nonsense"


def test_what_has_no_secret_stays_as_it_is():
    for text in (
        '[2,"1","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]',
        '[3, "1", {"status": "Accepted", "interval": 300, "currentTime": "2026-01-01T00:00:00Z"}]',
        VALUES,
        '[4,"1","FormationViolation","\u20ac",{}]',
    ):
        assert redact(text) == text


# --- any frame ------------------------------------------------------------------------------

PLAIN = ("a", "", "Heartbeat", "\u00e4\u20ac", 'x"y\\z', "{[,]}:", "key", "value", "12")
NAMES = ("AuthorizationKey", "authorizationkey", "AUTHORIZATIONKEY", "BasicAuthPassword")


def marked():
    """A secret with any signs in it; "Zq" and "qZ" stand nowhere else."""
    signs = 'abc"\\/{}[]:,@? \u00e4\u20ac0'
    middle = "".join([random.choice(signs) for _ in range(random.randrange(12))])
    return "Zq" + middle + "qZ"


def text_of(value):
    """JSON of a text: plain, or any of its characters escaped."""
    how = random.randrange(3)
    out = ""
    for c in value:
        if c in '"\\' or (how == 2 and random.getrandbits(1)):
            out += "\\u%04x" % ord(c) if how else "\\" + c
        elif c == "/" and how == 1:
            out += "\\/"
        else:
            out += c
    return '"' + out + '"'


def gap():
    return random.choice(("", "", "", " ", "\n  ", "\t", "\r\n"))


def joined(parts, opening, closing):
    text = opening + gap()
    for i, part in enumerate(parts):
        text += (gap() + "," + gap() if i else "") + part
    return text + gap() + closing


def shuffled(parts):
    for i in range(len(parts) - 1, 0, -1):
        k = random.randrange(i + 1)
        parts[i], parts[k] = parts[k], parts[i]
    return parts


def member(name, value):
    return text_of(name) + gap() + ":" + gap() + value


def spelled(name):
    return "".join([c.upper() if random.getrandbits(1) else c.lower() for c in name])


def secret():
    """A value somewhere in a frame that carries a secret, in any of the ways there are."""
    how = random.randrange(6)
    hidden = text_of(marked())
    if how < 2:
        parts = [member("value", hidden), member(spelled("key"), text_of(spelled(NAMES[0])))]
        if how:
            parts.append(member("readonly", "false"))
        return joined(shuffled(parts), "{", "}")
    if how == 2:
        return joined([member(spelled(random.choice(NAMES)), hidden)], "{", "}")
    if how == 3:
        login = "ftp://" + marked() + ":" + marked() + "@host/path"
        return joined([member("location", text_of(login))], "{", "}")
    if how == 4:
        return joined([member("location", text_of("https://host/path?sig=" + marked()))], "{", "}")
    parts = [member("vendorId", '"v"'), member("data", hidden)]
    return joined(shuffled(parts), "{", "}")


def anything(depth):
    how = random.randrange(8 if depth else 4)
    if how < 2:
        return text_of(random.choice(PLAIN))
    if how == 2:
        return random.choice(("1", "-2.5e3", "true", "null", "false"))
    if how == 3:
        return secret()
    parts = [anything(depth - 1) for _ in range(random.randrange(4))]
    if how < 6:
        return joined(parts, "[", "]")
    return joined([member(random.choice(PLAIN), part) for part in parts], "{", "}")


def test_no_secret_ever_appears():
    """Random frames in any formatting: whole, cut off anywhere, with a byte lost or changed."""
    random.seed(1)
    told = 0
    for _ in range(1500):
        parts = ["2", text_of("id"), text_of("X"), anything(3), secret()]
        text = joined(parts, "[", "]")
        out = redact(text)
        assert "Zq" not in out and "qZ" not in out, (text, out)
        whole = len(text.encode()) <= 2048
        assert out.startswith("(") is not whole
        told += whole
        if whole:
            json.loads(out)
        at = random.randrange(len(text))
        out = redact(text[:at])
        assert "Zq" not in out and "qZ" not in out, (text[:at], out)
        # Damage may make a frame in which nothing is a secret any more: what must hold is that
        # anybody gets an answer.
        assert redact(text[:at] + random.choice(("", '"', "\\", "]", "x")) + text[at + 1 :])
    assert told > 1400

"""The configuration file and the board it describes. What is wrong is a ConfigError with one
clear line.
"""

import ast
import json
import os
from urllib.parse import urlsplit

MOST_CONNECTORS = 8
FIELDS = ("url", "cpid", "connectors", "identity", "keys", "tls", "board")
IDENTITY = ("vendor", "model", "serial", "firmware")
TLS = ("ca", "cert", "key")


class ConfigError(Exception):
    """One line for the user."""


def board_literals(path):
    """The names a board file gives its literals, in order."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    values = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = ast.literal_eval(node.value)
    return values


def board_text(board):
    """The board file the bench flashes."""
    lines = ['"""BENCH, as the bench\'s configuration wants it."""', ""]
    return "\n".join(lines + ["%s = %r" % pair for pair in board.items()]) + "\n"


def _need(ok, text):
    if not ok:
        raise ConfigError(text)


def _known(value, names, where):
    _need(isinstance(value, dict), "%s: an object is expected" % where)
    for name in value:
        _need(name in names, "%s: unknown field %r (known: %s)" % (where, name, ", ".join(names)))


def _texts(value, where):
    for name, text in value.items():
        _need(isinstance(text, str), "%s.%s: a string is expected, not %r" % (where, name, text))
    return value


def _integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def _url(config):
    url = config.get("url")
    _need(isinstance(url, str) and url, "url: missing, or not a string")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as err:
        raise ConfigError("url: %s: %r" % (err, url)) from None
    _need(parts.scheme in ("ws", "wss"), "url: ws:// or wss:// is expected, not %r" % url)
    _need(parts.hostname, "url: no host in %r" % url)
    _need(port != 0, "url: port 0 in %r" % url)
    return url


def _board(config, defaults):
    given = config.get("board", {})
    _known(given, [name for name in defaults if name != "connectors"], "board")
    board = dict(defaults)
    for name, value in given.items():
        kind = type(defaults[name])
        if isinstance(value, list):
            value = tuple(value)
        _need(
            type(value) is kind, "board.%s: %s is expected, not %r" % (name, kind.__name__, value)
        )
        board[name] = value
    connectors = config.get("connectors", defaults["connectors"])
    _need(
        _integer(connectors) and 1 <= connectors <= MOST_CONNECTORS,
        "connectors: 1 to %d is expected, not %r" % (MOST_CONNECTORS, connectors),
    )
    board["connectors"] = connectors
    _need(board["phases"] in (1, 3), "board.phases: 1 or 3 is expected, not %r" % board["phases"])
    _need(
        6000 <= board["max_ma"] <= 80000,
        "board.max_ma: 6000 to 80000 is expected, not %r" % board["max_ma"],
    )
    return board


def _tls(config, folder):
    tls = _texts(config.get("tls", {}), "tls")
    found = {}
    for name, path in tls.items():
        # Beside the configuration first: a folder with both can be moved.
        tried = [os.path.join(folder, path), os.path.abspath(path)]
        there = [one for one in tried if os.path.isfile(one)]
        _need(there, "tls.%s: no such file: %s" % (name, tried[0]))
        found[name] = os.path.abspath(there[0])
    _need(("cert" in found) == ("key" in found), "tls: cert and key belong together")
    return found


def load(path, defaults):
    """-> (provisioning, board); `defaults`: the board as it is when the file says nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
    except OSError as err:
        raise ConfigError("%s: %s" % (path, err.strerror)) from None
    except ValueError as err:
        raise ConfigError("%s: not JSON: %s" % (path, err)) from None
    _known(config, FIELDS, "configuration")
    url = _url(config)
    cpid = config.get("cpid")
    _need(isinstance(cpid, str) and cpid, "cpid: missing, or not a string")
    for name, known in (("identity", IDENTITY), ("tls", TLS)):
        _known(config.get(name, {}), known, name)
    keys = config.get("keys", {})
    _need(isinstance(keys, dict), "keys: an object is expected")
    provisioning = {
        "url": url,
        "cpid": cpid,
        "identity": _texts(config.get("identity", {}), "identity"),
        "keys": _texts(keys, "keys"),
        "tls": _tls(config, os.path.dirname(os.path.abspath(path))),
    }
    return provisioning, _board(config, defaults)

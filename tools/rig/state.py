"""What a test asserts on: the electrical side from the plant, the rest from the firmware's
diagnostics line.

Nothing is invented: without power or diagnostics the firmware's fields are null.
"""

TOLD = tuple("online boot queue parked stalled utc heap_free heap_low uptime_ms".split())
TOLD_CONNECTOR = ("ocpp_status", "error_code", "transaction")


def of(bench):
    """The answer to `state`, without id and ok."""
    firmware = bench.firmware
    told = firmware.knows or {}
    counted = bench.flash_counters()
    answer = {"powered": firmware.powered}
    answer.update((name, told.get(name)) for name in TOLD)
    answer["flash"] = _wear(counted[:3])
    answer["wear"] = {"files": _wear(counted[3:6]), "journal": _wear(counted[6:9])}
    answer["wear"]["other"] = _wear(counted[9:])
    answer["connectors"] = [_connector(bench, one, told) for one in bench.connectors]
    answer.update(
        link=bench.network.up,
        clock_ms=bench.now,
        pid=firmware.pid,
        boots=firmware.boots,
        hung=firmware.hung,
    )
    return answer


def _wear(counted):
    return dict(zip(("erases", "programs", "bytes"), counted))


def _connector(bench, connector, told):
    number = connector.index + 1
    listed = told.get("connectors")
    own = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("id") == number:
            own = one
    answer = {"id": number}
    answer.update(connector.state())
    answer.update((name, own.get(name)) for name in TOLD_CONNECTOR)
    return answer


def unknown(bench, where):
    """Why this `where` can never match: a name that no state has. None when it can."""
    answer = of(bench)
    for name in where:
        if name not in answer and name not in answer["connectors"][0]:
            return "until: where: no state has the field %r" % name
    return None


def _equal(value, wanted):
    """Objects match when every wanted field does; the rest as JSON values."""
    if isinstance(wanted, dict) and isinstance(value, dict):
        return all(name in value and _equal(value[name], part) for name, part in wanted.items())
    if isinstance(wanted, bool) or isinstance(value, bool):
        return value is wanted
    return value == wanted


def matches(answer, where, index):
    """Connector fields of the named connector (the first when none is named), else top-level
    ones.
    """
    own = answer["connectors"][index or 0]
    for name, wanted in where.items():
        value = own[name] if name in own else answer.get(name)
        if not _equal(value, wanted):
            return False
    return True

"""Sampled values: a meter reading in the words of MeterValues (OCPP 1.6 section 7.43).  Pure."""

# measurand, attribute of the reading, decimals to cut, unit, phase suffix (None: a total)
_ROWS = (
    ("Energy.Active.Import.Register", "energy_wh", 0, "Wh", None),
    ("Energy.Active.Export.Register", "energy_export_wh", 0, "Wh", None),
    ("Power.Active.Import", "power_w", 0, "W", None),
    ("Power.Factor", "power_factor_pm", 3, None, None),
    ("Current.Import", "current_ma", 3, "A", ""),
    ("Voltage", "voltage_dv", 1, "V", "-N"),
    ("Frequency", "frequency_chz", 2, None, None),  # erratum 3.86: Frequency has no unit
    ("Current.Offered", "offered_ma", 3, "A", None),
    ("Temperature", "temperature_dc", 1, "Celcius", None),  # sic: the schema's spelling
)
_POWER = "Power.Active.Import"  # a total, and per phase where one is asked for
_POWER_PHASES = "power_phase_w"
_PHASES = ("L1", "L2", "L3")

SUPPORTED = tuple(row[0] for row in _ROWS)


def items(text: str) -> list:
    """A measurand list of the configuration as (row, phase) pairs, each once.

    A phase may be appended ("Voltage.L1").  An unknown measurand or phase is a ValueError.
    """
    found = []
    for item in text.split(","):
        item = item.strip()
        if item:
            pair = _item(item)
            if pair not in found:
                found.append(pair)
    return found


def _item(item: str):
    for row in _ROWS:
        if row[0] == item:
            return row, None
    name, _, phase = item.rpartition(".")
    for row in _ROWS:
        if row[0] == name and (row[4] is not None or name == _POWER):
            if phase in _PHASES or (row[4] and phase in ("L1-N", "L2-N", "L3-N")):
                return row, phase[:2]
    raise ValueError("unknown measurand: " + item)


def decimal(value: int, places: int) -> str:
    """`value` thousandths (hundredths, tenths) as a decimal: decimal(15900, 3) is "15.9"."""
    if not places:
        return str(value)
    sign = "-" if value < 0 else ""
    digits = str(abs(value))
    digits = "0" * (places + 1 - len(digits)) + digits
    tail = digits[-places:].rstrip("0")
    return sign + digits[:-places] + ("." + tail if tail else "")


def supported(connectors, text: str) -> bool:
    """Each measurand of the list can be measured at some connector (3.16.4).  Of a meter that
    has not spoken yet nothing is known, so nothing is refused."""
    for row, phase in items(text):
        for connector in connectors:
            if connector.reading is None and row[1] != "temperature_dc":
                break
            if [value for value, _ in _values(connector, row, phase) if value is not None]:
                break
        else:
            return False
    return True


def sampled(connector, text: str, context: str) -> list:
    """The sampledValue array for this connector's last reading; what the meter lacks is left out.

    A meter that has been silent so long that the kernel pauses charging has nothing to say of now:
    only its registers still stand, since no energy flows.
    """
    kernel = connector.kernel
    stale = kernel.meter_age_ms >= kernel.limit.meter_lost_ms
    found = []
    for row, phase in items(text):
        if stale and not row[0].endswith(".Register"):
            continue
        for value, name in _values(connector, row, phase):
            if value is not None:
                found.append(_entry(row, value, context, name))
    return found


def _values(connector, row, phase) -> list:
    """(value, phase) of one measurand."""
    attribute, suffix = row[1], row[4]
    if attribute == "offered_ma":
        return [(connector.kernel.wishes.offered_ma, None)]
    if attribute == "temperature_dc":
        return [(connector.kernel.temperature_dc, None)]
    if suffix is None and phase is None:
        return [(getattr(connector.reading, attribute), None)]
    per_phase = getattr(connector.reading, _POWER_PHASES if suffix is None else attribute)
    return [
        (per_phase[k], _PHASES[k] + (suffix or ""))
        for k in range(3)
        if phase is None or phase == _PHASES[k]
    ]


def _entry(row, value, context: str, phase) -> dict:
    entry = {"value": decimal(value, row[2]), "context": context, "measurand": row[0]}
    if row[3]:
        entry["unit"] = row[3]
    if phase:
        entry["phase"] = phase
    return entry

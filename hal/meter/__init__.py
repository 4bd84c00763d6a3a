"""Energy meters: from registers on an RS-485 line to watt-hours, watts, milliamps and volts.

`find` names the maps there are. Talking is sans-I/O: poller.Poller says what to write next.
"""


def find(model: str) -> tuple:
    """The register map of a meter by its name. Only the family asked for is loaded."""
    if model.startswith("SDM"):
        from hal.meter import eastron as family
    elif model.startswith("ABB"):
        from hal.meter import abb as family
    else:
        from hal.meter import gavazzi as family
    for name, register_map in family.MODELS:
        if name == model:
            return register_map
    raise ValueError("unknown meter " + model)

from firmware.ocpp.v16 import messages, sample
from hal.meter.reading import Reading


class Fake:
    pass


def connector(reading=None, age_ms=0):
    c = Fake()
    c.reading = reading
    c.kernel = Fake()
    c.kernel.meter_age_ms = age_ms
    c.kernel.limit = Fake()
    c.kernel.limit.meter_lost_ms = 60000
    c.kernel.wishes = Fake()
    c.kernel.wishes.offered_ma = 16000
    c.kernel.temperature_dc = None
    return c


def full():
    reading = Reading()
    reading.energy_wh = 1234
    reading.energy_export_wh = 5
    reading.power_w = 11040
    reading.power_phase_w = [3680, 3681, 3679]
    reading.current_ma = [15900, 16000, 0]
    reading.voltage_dv = [2301, 2300, 2299]
    reading.frequency_chz = 4998
    reading.power_factor_pm = -985
    return reading


def told(c, text):
    """measurand, phase: (value, unit)"""
    found = {}
    for value in sample.sampled(c, text, "Sample.Periodic"):
        key = value["measurand"] + " " + value.get("phase", "")
        assert key not in found
        found[key.strip()] = (value["value"], value.get("unit"))
    return found


def test_decimals():
    for value, places, text in (
        (0, 3, "0"),
        (15900, 3, "15.9"),
        (16000, 3, "16"),
        (5, 3, "0.005"),
        (-985, 3, "-0.985"),
        (-5, 1, "-0.5"),
        (-10, 1, "-1"),
        (4998, 2, "49.98"),
        (123, 0, "123"),
        (10, 3, "0.01"),
    ):
        assert sample.decimal(value, places) == text


def test_all_measurands_and_phases():
    """§3.16.3: all possible phases SHALL be reported when configured."""
    c = connector(full())
    c.kernel.temperature_dc = 251
    assert told(c, ",".join(sample.SUPPORTED)) == {
        "Energy.Active.Import.Register": ("1234", "Wh"),
        "Energy.Active.Export.Register": ("5", "Wh"),
        "Power.Active.Import": ("11040", "W"),
        "Power.Factor": ("-0.985", None),
        "Current.Import L1": ("15.9", "A"),
        "Current.Import L2": ("16", "A"),
        "Current.Import L3": ("0", "A"),
        "Voltage L1-N": ("230.1", "V"),
        "Voltage L2-N": ("230", "V"),
        "Voltage L3-N": ("229.9", "V"),
        "Frequency": ("49.98", None),
        "Current.Offered": ("16", "A"),
        "Temperature": ("25.1", "Celcius"),
    }


def test_one_phase():
    """§9.1.17: where applicable, the measurand is combined with the phase: Voltage.L1."""
    c = connector(full())
    assert told(c, "Voltage.L1,Current.Import.L3,Power.Active.Import.L2,Voltage.L2-N") == {
        "Voltage L1-N": ("230.1", "V"),
        "Current.Import L3": ("0", "A"),
        "Power.Active.Import L2": ("3681", "W"),
        "Voltage L2-N": ("230", "V"),
    }


def test_what_the_meter_lacks_is_left_out():
    reading = Reading()
    reading.energy_wh = 7
    reading.current_ma = [6000, None, None]
    assert told(connector(reading), ",".join(sample.SUPPORTED)) == {
        "Energy.Active.Import.Register": ("7", "Wh"),
        "Current.Import L1": ("6", "A"),
        "Current.Offered": ("16", "A"),
    }


def test_a_mute_meter_has_only_its_registers():
    """Charging pauses by then: the register still stands, a current would be invented."""
    c = connector(full(), 60000)
    assert told(c, ",".join(sample.SUPPORTED)) == {
        "Energy.Active.Import.Register": ("1234", "Wh"),
        "Energy.Active.Export.Register": ("5", "Wh"),
    }


def test_unknown_ones_are_refused():
    """§3.16.4: one unsupported measurand and nothing is changed."""
    for text in (
        "Volts",
        "voltage",
        "Voltage,Volts",
        "SoC",
        "Voltage.L4",
        "Voltage.N",
        "Current.Import.L1-N",
        "Power.Active.Import.L1-N",
        "Frequency.L1",
        "Temperature.L1",
        "Energy.Active.Import.Register.L1",
        "Power.Active",
        ".L1",
        "Voltage.",
        "Voltage.L1.L1",
    ):
        try:
            sample.items(text)
        except ValueError:
            continue
        raise AssertionError(text)


def test_blanks_and_repetitions():
    assert sample.items("") == []
    assert sample.items(" , ,") == []
    assert len(sample.items("Voltage, Voltage ,Voltage.L1,Voltage.L1-N")) == 2


def test_supported_is_what_some_meter_here_measures():
    """§3.16.4: not supported by this charge point."""
    reading = full()
    reading.power_factor_pm = None
    reading.voltage_dv = [2301, None, None]
    some = [connector(reading)]
    assert sample.supported(some, "Voltage,Voltage.L1,Current.Offered")
    assert not sample.supported(some, "Voltage.L2")
    assert not sample.supported(some, "Voltage,Power.Factor")
    assert not sample.supported(some, "Temperature")
    assert sample.supported([connector(reading), connector(full())], "Power.Factor,Voltage.L2")
    assert sample.supported([connector()], "Power.Factor")  # not read yet
    assert not sample.supported([connector()], "Temperature")
    assert sample.supported([], "") and sample.supported(some, "")


def test_samples_are_what_the_table_allows():
    c = connector(full())
    for context in ("Sample.Periodic", "Sample.Clock", "Transaction.Begin", "Trigger"):
        values = sample.sampled(c, ",".join(sample.SUPPORTED), context)
        request = {
            "connectorId": 1,
            "meterValue": [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": values}],
        }
        assert messages.check_request("MeterValues", request) is None
        assert {value["context"] for value in values} == {context}

"""Meter values: sampled, aligned to the clock, and in the bill (OCPP 1.6 3.14, 4.7, 7.43)."""

from datetime import datetime
from itertools import pairwise

from tests.scenarios.conftest import charger

ALL = (
    "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Frequency,"
    "Current.Offered,Temperature,Power.Factor"
)


def sampled(frame, at=0):
    """(measurand, phase) -> value of one meterValue."""
    return {
        (one.get("measurand"), one.get("phase")): float(one["value"])
        for one in frame.payload["meterValue"][at]["sampledValue"]
    }


def contexts(values):
    return {one.get("context") for one in values}


def seconds(timestamp):
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


@charger(keys={"MeterValueSampleInterval": "10", "MeterValuesSampledData": ALL})
def test_tc_070_every_measurand_per_phase(rig, csms, bench):
    """OCTT TC_070: every measurand asked for, per phase where it has phases, as the meter shows
    it."""
    start = rig.begin(max_a=16)
    bench.run(15)
    csms.mark()
    frame = csms.expect("MeterValues", 15, connectorId=1, transactionId=1)
    values = sampled(frame)
    for n in (1, 2, 3):
        assert abs(values["Current.Import", "L%d" % n] - 16) < 0.2
        assert abs(values["Voltage", "L%d-N" % n] - 230) < 1
    assert abs(values["Power.Active.Import", None] - 3 * 16 * 230) < 60
    assert abs(values["Frequency", None] - 50) < 0.1
    assert values["Current.Offered", None] == 32
    assert values["Temperature", None] == 25
    assert values["Power.Factor", None] == 1
    energy = values["Energy.Active.Import.Register", None]
    assert start.payload["meterStart"] < energy <= bench.connector()["meter_wh"]
    samples = frame.payload["meterValue"][0]["sampledValue"]
    assert contexts(samples) == {"Sample.Periodic"}
    units = {one["measurand"]: one.get("unit") for one in samples}
    assert (
        units["Voltage"] == "V"
        and units["Current.Import"] == "A"
        and units["Temperature"] == "Celcius"
    )
    rig.finish()


@charger(
    keys={
        "MeterValueSampleInterval": "10",
        "MeterValuesSampledData": "Voltage.L2,Power.Active.Import.L3",
    }
)
def test_one_phase_asked_for(rig, csms, bench):
    """OCPP 1.6 9.1.16: a phase may be appended to a measurand."""
    rig.begin()
    bench.run(15)
    csms.mark()
    values = sampled(csms.expect("MeterValues", 15))
    assert set(values) == {("Voltage", "L2-N"), ("Power.Active.Import", "L3")}
    rig.finish()


@charger(keys={"MeterValueSampleInterval": "10", "MeterValuesSampledData": "Current.Import"})
def test_single_phase_car(rig, csms, bench):
    """A car on one phase draws on one phase, and the bill knows."""
    rig.begin(phases=1, max_a=16)
    bench.run(15)
    csms.mark()
    values = sampled(csms.expect("MeterValues", 15))
    assert values["Current.Import", "L1"] > 15 and values["Current.Import", "L2"] == 0
    assert rig.finish().wh > 5


@charger(keys={"MeterValueSampleInterval": "5"})
def test_tc_070_periodic(rig, csms, bench):
    """OCPP 1.6 9.1.17: one MeterValues every MeterValueSampleInterval; energy never falls."""
    rig.begin()
    bench.run(32)
    frames = csms.calls("MeterValues", transactionId=1)
    assert 5 <= len(frames) <= 7
    times = [seconds(frame.payload["meterValue"][0]["timestamp"]) for frame in frames]
    assert all(4 <= b - a <= 6 for a, b in pairwise(times))
    energy = [sampled(frame)["Energy.Active.Import.Register", None] for frame in frames]
    assert energy == sorted(energy) and energy[-1] > energy[0]
    rig.finish()


@charger(
    keys={
        "ClockAlignedDataInterval": "30",
        "MeterValueSampleInterval": "0",
        "MeterValuesAlignedData": "Energy.Active.Import.Register,Power.Active.Import",
    }
)
def test_tc_071_clock_aligned(rig, csms, bench):
    """OCTT TC_071: values at every full interval since midnight UTC, in a transaction and
    without one."""
    idle = csms.expect("MeterValues", 40, connectorId=1)
    assert "transactionId" not in idle.payload
    rig.begin()
    bench.run(65)
    frames = csms.calls("MeterValues")
    for frame in frames:
        value = frame.payload["meterValue"][0]
        assert seconds(value["timestamp"]) % 30 <= 1
        assert contexts(value["sampledValue"]) == {"Sample.Clock"}
    assert len([frame for frame in frames if frame.payload.get("transactionId") == 1]) >= 2
    rig.finish()


@charger(keys={"MeterValueSampleInterval": "0"})
def test_sampling_switched_off(rig, csms, bench):
    """OCPP 1.6 9.1.17: an interval of 0 sends no sampled values."""
    rig.begin()
    bench.run(70)
    csms.none("MeterValues")
    rig.finish()


@charger(
    keys={
        "MeterValueSampleInterval": "10",
        "StopTxnSampledData": "Energy.Active.Import.Register,Voltage",
    }
)
def test_transaction_data(rig, csms, bench):
    """OCPP 1.6 9.1.31: StopTxnSampledData goes into transactionData, from Transaction.Begin to
    Transaction.End."""
    rig.begin()
    bench.run(35)
    bill = rig.finish()
    values = bill.data
    assert contexts(values[0]["sampled_value"]) == {"Transaction.Begin"}
    assert contexts(values[-1]["sampled_value"]) == {"Transaction.End"}
    assert all(contexts(value["sampled_value"]) == {"Sample.Periodic"} for value in values[1:-1])
    assert 2 <= len(values[1:-1]) <= 4
    register = [
        float(one["value"])
        for value in values
        for one in value["sampled_value"]
        if one["measurand"] == "Energy.Active.Import.Register"
    ]
    assert (register[0], register[-1]) == (
        bill.meter_start,
        bill.meter_stop,
    ) and register == sorted(register)


def test_no_transaction_data(rig, csms, bench):
    """Erratum 3.14.5: with empty StopTxn lists there is no transactionData."""
    rig.begin()
    bench.run(20)
    assert rig.finish().data is None
    assert "transactionData" not in csms.calls("StopTransaction")[0].payload


@charger(
    keys={"MeterValueSampleInterval": "2", "StopTxnSampledData": "Energy.Active.Import.Register"}
)
def test_transaction_data_is_thinned(rig, csms, bench):
    """Erratum 3.91: over StopTransactionMaxMeterValues intermediates go, Begin and End never."""
    most = int(
        csms.call("GetConfiguration", key=["StopTransactionMaxMeterValues"])["configurationKey"][
            0
        ]["value"]
    )
    rig.begin()
    bench.run(2 * most + 20)
    values = rig.finish().data
    assert 3 <= len(values) <= most
    assert contexts(values[0]["sampled_value"]) == {"Transaction.Begin"}
    assert contexts(values[-1]["sampled_value"]) == {"Transaction.End"}


@charger(keys={"MeterValueSampleInterval": "0"})
def test_bill_starts_anywhere(rig, csms, bench):
    """OCPP 1.6 6.45: meterStart and meterStop are the register, whatever it stood at; several
    bills in a row."""
    bench.meter(9_876_543)
    bench.run(3)
    for number in (1, 2):
        start = rig.begin()
        assert start.payload["meterStart"] == bench_start(rig)
        bench.run(25)
        assert rig.finish().wh > 100
        rig.leave()
        csms.status("Available")
        assert csms.ledger.transactions[number].meter_stop == bench.connector()["meter_wh"]


def bench_start(rig):
    return rig.register[1]

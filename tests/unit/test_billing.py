# heap: chip + 200k, hours of sessions kept in RAM
from firmware.ocpp.timestamp import parse_time
from tests.unit.station_rig import MIDNIGHT, Charger, ready

ENERGY = "Energy.Active.Import.Register"


def context(meter_value):
    contexts = [value["context"] for value in meter_value["sampledValue"]]
    assert len(set(contexts)) == 1
    return contexts[0]


def energy(meter_value):
    for value in meter_value["sampledValue"]:
        if value["measurand"] == ENERGY:
            return int(value["value"])
    raise AssertionError(meter_value)


def finished(charger, since=0):
    """Stopped by its card; the StopTransaction."""
    charger.swipe("TAG")
    charger.until(lambda: charger.connectors[0].session.transaction is None)
    charger.run(2)
    return charger.calls("StopTransaction", since)[-1]


def test_a_session_is_billed_to_the_watt_hour():
    """§4.8, §4.10: the register at both ends; the id the CSMS gave; the idTag always said."""
    charger = ready()
    first = charger.readings[0].energy_wh
    charger.charge(id_tag="TAG")
    charger.run(60, 100)
    stop = finished(charger)
    start = charger.calls("StartTransaction")[0]
    assert (start["connectorId"], start["idTag"], start["meterStart"]) == (1, "TAG", first)
    assert (stop["transactionId"], stop["idTag"], stop["reason"]) == (41, "TAG", "Local")
    assert stop["meterStop"] == charger.readings[0].energy_wh > start["meterStart"]
    assert "transactionData" not in stop
    assert parse_time(start["timestamp"]) < parse_time(stop["timestamp"])


def test_reasons_are_spelled_as_in_the_table():
    """§7.36."""
    cases = (
        ("Remote", lambda c: c.send("RemoteStopTransaction", {"transactionId": 41})),
        ("EVDisconnected", lambda c: c.unplug()),
        ("UnlockCommand", lambda c: c.send("UnlockConnector", {"connectorId": 1})),
        ("SoftReset", lambda c: c.send("Reset", {"type": "Soft"})),
        ("HardReset", lambda c: c.send("Reset", {"type": "Hard"})),
        ("Local", lambda c: c.swipe("tag")),
    )
    for reason, cause in cases:
        charger = ready()
        charger.charge()
        cause(charger)
        charger.run(20)
        assert [s["reason"] for s in charger.calls("StopTransaction")] == [reason]


def test_a_card_the_backend_refuses_stops():
    """§4.8 StopTransactionOnInvalidId true: stopped normally, reason DeAuthorized."""
    for status in ("Blocked", "Expired", "Invalid", "ConcurrentTx"):
        charger = ready()
        charger.backend.start_info = {"status": status}
        charger.plug()
        charger.swipe()
        charger.run(30)
        assert [s["reason"] for s in charger.calls("StopTransaction")] == ["DeAuthorized"]


def test_a_card_the_backend_refuses_gets_no_energy():
    """§4.8 StopTransactionOnInvalidId false: only stop energy delivery."""
    charger = ready(keys={"StopTransactionOnInvalidId": "false"})
    charger.backend.start_info = {"status": "Blocked"}
    charger.plug()
    charger.swipe()
    charger.run(60)
    assert charger.calls("StopTransaction") == []
    assert charger.words() == ["SuspendedEVSE"]
    assert not charger.rigs[0].hw.contactor.contact
    stop = finished(charger)
    assert stop["reason"] == "Local"


def test_answers_of_careless_backends():
    """Delivered is delivered: nothing in an answer may stall the queue or be billed twice."""
    charger = ready()
    charger.backend.override["StartTransaction"] = {
        "transactionId": 7.0,
        "idTagInfo": {"status": "Accepted", "parentIdTag": None, "expiryDate": "never"},
    }
    charger.backend.override["StopTransaction"] = {"idTagInfo": {"status": 5}, "more": [1]}
    charger.charge()
    assert charger.connectors[0].session.transaction.csms_id == 7
    stop = finished(charger)
    assert stop["transactionId"] == 7
    assert len(charger.calls("StartTransaction")) == 1
    assert len(charger.calls("StopTransaction")) == 1
    assert charger.outbox.pending == 0
    assert (charger.outbox.pending, charger.outbox.parked) == (0, 0)


def test_an_odd_answer_is_no_refusal():
    """§4.8: stopped is what was refused; a car charges on when the backend stammers."""
    for odd, number in (
        ({"transactionId": 8}, 8),
        ({"transactionId": 8, "idTagInfo": {}}, 8),
        ({"transactionId": 8, "idTagInfo": [], "x": 1}, 8),
        ({"transactionId": 8, "idTagInfo": {"status": 5, "parentIdTag": 7}}, 8),
        ({"transactionId": "8"}, -1),
        ({}, -1),
    ):
        charger = ready()
        charger.backend.override["StartTransaction"] = odd
        charger.charge()
        charger.run(10)
        stop = finished(charger)
        assert (stop["transactionId"], stop["reason"]) == (number, "Local")
        assert stop["meterStop"] > charger.calls("StartTransaction")[0]["meterStart"]


def test_the_same_id_for_every_transaction():
    """A backend that numbers both connectors alike: each gets its own answer."""
    charger = ready(connectors=2)
    charger.backend.override["StartTransaction"] = lambda payload: {
        "transactionId": 0,
        "idTagInfo": {"status": "Blocked" if payload["connectorId"] == 2 else "Accepted"},
    }
    charger.charge(1, "ONE")
    charger.plug(2)
    charger.swipe("TWO", 2)
    charger.run(30)
    assert charger.connectors[0].session.transaction is not None
    assert charger.connectors[1].session.transaction is None


def test_sampled_values_while_charging():
    """§3.16.1: every MeterValueSampleInterval from the start of the transaction."""
    charger = ready(keys={"MeterValueSampleInterval": "10", "MeterValuesSampledData": ENERGY})
    charger.charge()
    began = charger.connectors[0].session.transaction.started
    charger.run(60 - (charger.now - began) / 1000 + 0.5)
    values = charger.calls("MeterValues")
    assert len(values) == 6
    start = parse_time(charger.calls("StartTransaction")[0]["timestamp"])
    for n, request in enumerate(values):
        assert (request["connectorId"], request["transactionId"]) == (1, 41)
        assert context(request["meterValue"][0]) == "Sample.Periodic"
        assert parse_time(request["meterValue"][0]["timestamp"]) - start in (10 * n + 10,)
    energies = [energy(request["meterValue"][0]) for request in values]
    assert energies == sorted(energies) and energies[-1] > energies[0]


def test_sampling_follows_its_key():
    """0: no sampled data; a new interval acts at once, without a burst."""
    charger = ready(keys={"MeterValueSampleInterval": "0"})
    charger.charge()
    charger.run(130, 100)
    assert charger.calls("MeterValues") == []
    charger.configure("MeterValueSampleInterval", "10")
    mark = charger.mark()
    charger.run(30, 100)
    assert len(charger.calls("MeterValues", mark)) == 3
    charger.configure("MeterValueSampleInterval", "3600")
    charger.run(30, 100)
    charger.configure("MeterValueSampleInterval", "10")
    mark = charger.mark()
    charger.run(30, 100)
    assert len(charger.calls("MeterValues", mark)) == 3
    charger.configure("MeterValuesSampledData", "")
    mark = charger.mark()
    charger.run(30, 100)
    assert charger.calls("MeterValues", mark) == []


def test_no_sampled_values_without_a_transaction():
    charger = ready(keys={"MeterValueSampleInterval": "10"})
    charger.run(60, 100)
    assert charger.calls("MeterValues") == []


def test_clock_aligned_values():
    """§3.16.2: evenly spaced intervals of the day, starting at 00:00:00; without a transaction
    they carry no transactionId (§4.7)."""
    charger = ready(keys={"ClockAlignedDataInterval": "900", "MeterValuesAlignedData": ENERGY})
    charger.backend.at = MIDNIGHT + 85000
    charger.status_of("TriggerMessage", {"requestedMessage": "Heartbeat"})
    mark = charger.mark()
    charger.skip(3600)
    values = charger.calls("MeterValues", mark)
    assert len(values) == 4
    for request in values:
        assert "transactionId" not in request
        assert context(request["meterValue"][0]) == "Sample.Clock"
        assert parse_time(request["meterValue"][0]["timestamp"]) % 900 <= 1


def test_clock_aligned_values_of_a_transaction():
    """Erratum 3.16: the id of the transaction that runs when the sample is taken."""
    charger = ready(connectors=2, keys={"ClockAlignedDataInterval": "60"})
    charger.charge()
    mark = charger.mark()
    charger.run(61, 100)
    aligned = [
        request
        for request in charger.calls("MeterValues", mark)
        if context(request["meterValue"][0]) == "Sample.Clock"
    ]
    told = sorted([(request["connectorId"], request.get("transactionId")) for request in aligned])
    assert told[0] == (1, 41) and told[-1] == (2, None)


def test_the_slots_of_an_odd_interval_begin_at_midnight():
    charger = ready(keys={"ClockAlignedDataInterval": "50000"})
    charger.configure("HeartbeatInterval", "86400")
    charger.backend.at = MIDNIGHT + 49000
    charger.status_of("TriggerMessage", {"requestedMessage": "Heartbeat"})
    mark = charger.mark()
    charger.run(86400, 5000)
    times = [
        parse_time(request["meterValue"][0]["timestamp"]) - MIDNIGHT
        for request in charger.calls("MeterValues", mark)
    ]
    assert [time // 100 * 100 for time in times] == [50000, 86400]


def test_a_clock_that_is_set_says_no_slot_twice():
    charger = ready(keys={"ClockAlignedDataInterval": "900"})

    def set_clock(at):
        charger.backend.at = at - charger.now // 1000
        charger.status_of("TriggerMessage", {"requestedMessage": "Heartbeat"})

    set_clock(MIDNIGHT + 895)
    mark = charger.mark()
    charger.run(10)
    assert len(charger.calls("MeterValues", mark)) == 1
    set_clock(MIDNIGHT + 895)
    charger.run(10)
    assert len(charger.calls("MeterValues", mark)) == 1
    set_clock(MIDNIGHT + 7300)  # over seven slots
    charger.run(10)
    assert len(charger.calls("MeterValues", mark)) == 2
    set_clock(MIDNIGHT)
    charger.run(890, 100)
    assert len(charger.calls("MeterValues", mark)) == 2
    charger.run(20, 100)
    assert len(charger.calls("MeterValues", mark)) == 3


def test_values_outside_of_transactions_do_not_wait_for_a_link():
    """Only transaction-related messages are kept for an outage (§3.7)."""
    charger = ready(keys={"ClockAlignedDataInterval": "60"})
    charger.link(False)
    charger.skip(3600)
    mark = charger.mark()
    charger.link(True)
    charger.run(1)
    assert charger.calls("MeterValues", mark) == []


def test_values_of_a_transaction_do():
    charger = ready(keys={"MeterValueSampleInterval": "10"})
    charger.charge()
    charger.link(False)
    charger.run(100, 100)
    mark = charger.mark()
    charger.link(True)
    charger.run(5)
    assert len(charger.calls("MeterValues", mark)) == 10


def test_no_data_in_the_stop_without_a_list():
    """§3.16.5: empty lists: SHALL NOT put meter values in a StopTransaction."""
    charger = ready(keys={"MeterValueSampleInterval": "1", "ClockAlignedDataInterval": "1"})
    charger.charge()
    charger.run(5)
    assert "transactionData" not in finished(charger)


def test_both_ends_are_in_the_stop():
    """Erratum 3.14: Transaction.Begin and Transaction.End of every measurand configured."""
    charger = ready(
        keys={
            "MeterValueSampleInterval": "0",
            "StopTxnSampledData": ENERGY,
            "StopTxnAlignedData": "Voltage.L1",
        }
    )
    charger.charge()
    charger.run(20)
    charger.swipe()
    charger.meters = False  # the last reading comes late, and is still the one of the end
    charger.run(5)
    charger.meters = True
    charger.run(5)
    stop = charger.calls("StopTransaction")[0]
    begin, end = stop["transactionData"]
    assert (context(begin), context(end)) == ("Transaction.Begin", "Transaction.End")
    start = charger.calls("StartTransaction")[0]
    assert (energy(begin), begin["timestamp"]) == (start["meterStart"], start["timestamp"])
    assert (energy(end), end["timestamp"]) == (stop["meterStop"], stop["timestamp"])
    assert [v["measurand"] for v in end["sampledValue"]] == [ENERGY, "Voltage"]


def test_aligned_data_in_the_stop():
    charger = ready(keys={"ClockAlignedDataInterval": "10", "StopTxnAlignedData": ENERGY})
    charger.charge()
    charger.run(30)
    data = finished(charger)["transactionData"]
    contexts = [context(value) for value in data]
    assert contexts[0] == "Transaction.Begin" and contexts[-1] == "Transaction.End"
    assert contexts[1:-1] and set(contexts[1:-1]) == {"Sample.Clock"}


def test_a_long_transaction_is_thinned():
    """Erratum 3.91: at most StopTransactionMaxMeterValues; both ends are never dropped, nor the
    beginning or the end of the time between."""
    charger = ready(keys={"MeterValueSampleInterval": "10", "StopTxnSampledData": ENERGY})
    charger.charge()
    for _ in range(6):
        charger.run(100, 500)
        charger.frames = []
    stop = finished(charger)
    data = stop["transactionData"]
    assert 6 <= len(data) <= 12
    assert context(data[0]) == "Transaction.Begin" and context(data[-1]) == "Transaction.End"
    assert energy(data[-1]) == stop["meterStop"]
    times = [parse_time(value["timestamp"]) for value in data]
    assert times == sorted(times)
    assert times[-1] - times[-2] <= 25


def test_a_long_list_is_thinned_by_its_size():
    """A StopTransaction stays below the 16 KB that backends take."""
    phases = ["Voltage", "Current.Import"] + ["Power.Active.Import.L%d" % n for n in (1, 2, 3)]
    listed = ",".join([ENERGY, "Power.Active.Import", "Frequency", "Current.Offered"] + phases)
    charger = ready(keys={"MeterValueSampleInterval": "10", "StopTxnSampledData": listed})
    charger.charge()
    began = charger.connectors[0].session.transaction.started
    charger.until(lambda: charger.now - began >= 102000, 120, 100)  # 12 with both ends
    data = finished(charger)["transactionData"]
    assert sum([len(value["sampledValue"]) for value in data]) <= 120
    assert context(data[0]) == "Transaction.Begin" and context(data[-1]) == "Transaction.End"


def test_begun_before_the_clock_was_known():
    """Design: monotonic ms, resolved when spoken. Never 1970."""
    charger = Charger(
        online=False,
        keys={
            "AllowOfflineTxForUnknownId": "true",
            "MeterValueSampleInterval": "10",
            "StopTxnSampledData": ENERGY,
        },
    )
    charger.run(1)
    charger.plug()
    charger.swipe()
    charger.until(lambda: charger.words() == ["Charging"])
    charger.run(25)
    charger.swipe()
    charger.until(lambda: charger.connectors[0].session.transaction is None)
    charger.run(100)
    charger.link(True)
    charger.run(5)
    start = charger.calls("StartTransaction")[0]
    stop = charger.calls("StopTransaction")[0]
    times = [start["timestamp"]]
    times += [request["meterValue"][0]["timestamp"] for request in charger.calls("MeterValues")]
    times.append(stop["timestamp"])
    seconds = [parse_time(time) - charger.backend.at for time in times]
    assert seconds == sorted(seconds)
    assert 0 < seconds[0] < 10 and seconds[-1] < 60
    assert parse_time(stop["transactionData"][0]["timestamp"]) == parse_time(times[0])


def test_a_full_store_starts_nothing_and_loses_no_stop():
    """Nothing billable is dropped in silence: no new session begins, what runs is still billed."""
    charger = ready(connectors=2, keys={"StopTxnSampledData": ENERGY})
    charger.charge()
    charger.link(False)
    put = charger.outbox.put_billable
    broken = []

    def refuse(action, request, number, now):
        broken.append(action)
        raise OSError(28)

    charger.outbox.put_billable = refuse
    charger.run(125, 100)  # two MeterValues are given up
    assert broken == ["MeterValues"] * 2 and charger.station.billing.lost == 2
    charger.swipe()
    charger.until(lambda: charger.connectors[0].session.transaction is None)
    charger.run(5)
    assert "StopTransaction" in broken and len(broken) < 10  # tried again, not all the time
    charger.link(True)
    mark = charger.mark()
    charger.swipe("NEW", 2)
    assert charger.status_of("RemoteStartTransaction", {"idTag": "NEW"}) == "Rejected"
    assert charger.calls("Authorize", mark) == []
    charger.outbox.put_billable = put
    charger.run(5)
    assert [s["transactionId"] for s in charger.calls("StopTransaction", mark)] == [41]
    assert charger.status_of("RemoteStartTransaction", {"idTag": "NEW"}) == "Accepted"


def test_a_mute_meter_stops_the_figures_not_the_bill():
    charger = ready(
        keys={"MeterValueSampleInterval": "10", "MeterValuesSampledData": ENERGY + ",Voltage"}
    )
    charger.charge()
    charger.meters = False
    charger.run(70, 100)
    mark = charger.mark()
    charger.run(20, 100)
    for request in charger.calls("MeterValues", mark):
        assert [v["measurand"] for v in request["meterValue"][0]["sampledValue"]] == [ENERGY]
    stop = finished(charger)
    assert stop["meterStop"] == charger.readings[0].energy_wh

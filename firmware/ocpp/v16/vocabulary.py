"""What billable records of OCPP 1.6 say often, for the packing of the journal. Data only.

The order is what lies on flash. The tables are closed: an update may be rolled back to a tree that
knows these words and no more, and it must read every bill. A word that is not here is packed as
text.
"""

WORDS = (
    # the backlog's records
    "queued", "attempt", "confirmed", "parked", "reinjected", "dropped",
    "StartTransaction", "StopTransaction", "MeterValues",
    # keys
    "connectorId", "idTag", "meterStart", "meterStop", "timestamp", "reservationId", "reason",
    "transactionId", "transactionData", "meterValue", "sampledValue",
    "value", "context", "format", "measurand", "phase", "location", "unit",
    # contexts
    "Sample.Periodic", "Transaction.Begin", "Transaction.End", "Sample.Clock", "Trigger",
    "Interruption.Begin", "Interruption.End", "Other",
    # measurands
    "Energy.Active.Import.Register", "Power.Active.Import", "Current.Import", "Voltage",
    "Current.Offered", "Frequency", "Power.Factor", "Temperature",
    "Energy.Active.Export.Register", "Energy.Active.Import.Interval", "Power.Offered", "SoC",
    # units, phases
    "Wh", "kWh", "W", "kW", "A", "V", "Celcius", "Celsius", "Percent",
    "L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N",
    # reasons
    "Local", "Remote", "EVDisconnected", "DeAuthorized", "EmergencyStop", "HardReset",
    "SoftReset", "PowerLoss", "Reboot", "UnlockCommand",
    # CALLERROR codes
    "NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError",
    "FormationViolation", "PropertyConstraintViolation", "OccurenceConstraintViolation",
    "OccurrenceConstraintViolation", "TypeConstraintViolation", "GenericError",
    "answered without a transactionId",
    "running",
)  # fmt: skip

_WH = ("unit", "Wh")
_A = ("unit", "A")
_V = ("unit", "V")
_W = ("unit", "W")
_IMPORT = ("measurand", "Energy.Active.Import.Register")
_POWER = ("measurand", "Power.Active.Import")
_CURRENT = ("measurand", "Current.Import")
_VOLTAGE = ("measurand", "Voltage")
_OFFERED = ("measurand", "Current.Offered")

SHAPES = (
    ("value", "context", _IMPORT, _WH),
    ("value", "context", _POWER, _W),
    ("value", "context", _POWER, _W, "phase"),
    ("value", "context", _CURRENT, _A, "phase"),
    ("value", "context", _VOLTAGE, _V, "phase"),
    ("value", "context", _OFFERED, _A),
    ("value", "context", "measurand", "unit"),
    ("value", "context", "measurand", "unit", "phase"),
    ("value", "context", "measurand"),
    ("timestamp", "sampledValue"),
    ("connectorId", "meterValue"),
    ("connectorId", "idTag", "meterStart", "timestamp"),
    ("connectorId", "idTag", "meterStart", "timestamp", "reservationId"),
    ("meterStop", "timestamp", "reason", "idTag"),
    ("meterStop", "timestamp", "reason", "idTag", "transactionData"),
)

"""OCPP 1.6. Nothing outside this room knows a 1.6 message name."""

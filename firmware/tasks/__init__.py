"""The corridor: the only rooms with asyncio.  They carry facts between hal, evse, ocpp and wire.

Peer bytes and hardware objects come in as arguments; nothing is decided here.
"""

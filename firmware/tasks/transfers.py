"""Files that a room wants brought or sent: one at a time, beside everything else.

What a bad server can do ends here: the connections are closed, the room hears a few words, and
the next job may come. A password in a URL never reaches the log or the room. The protocols are
imported with the first job: they are RAM, and rarely wanted.
"""

import asyncio
import gc

from micropython import const

from firmware.store.log import note
from firmware.tasks.trace import trace
from firmware.tasks.transfer import Refused, Transfer
from firmware.wire import ProtocolError

_BEAT_MS = const(100)


async def transfers(port, station, uptime, tls, quiet):
    """For ever. `tls()` gives the TLS context of an https server."""
    while True:
        try:
            job = None
            for room in (station.security_events, station.firmware_management):
                if room is not None and job is None:
                    job = room.job(uptime.ms())
            if job is not None:
                await quiet.wait()  # its handshake; how late a job may be begins behind it
                await _run(Transfer(port, job, uptime, tls), uptime)
        except Exception as error:
            # A fault of the room, not of a server: the charger goes on without this transfer.
            note("transfer: fault of the room:", type(error).__name__)
            trace(error)
        await asyncio.sleep_ms(_BEAT_MS)


async def _run(transfer, uptime) -> None:
    """The job from beginning to end; who is late or no longer wanted is cut off."""
    job = transfer.job
    outcome: list = []
    note("transfer:", "upload" if job.upload else "download")
    task = asyncio.create_task(_attempt(transfer, outcome))
    error = None
    try:
        while not task.done():
            await asyncio.sleep_ms(_BEAT_MS)
            late = "cancelled" if job.cancelled else transfer.pace.late(uptime.ms())
            error = error or late
            if error and not task.done():
                task.cancel()
    finally:
        transfer.close()
    if outcome:
        error = outcome[0]
    note("transfer:", "cancelled" if job.cancelled else error or "done")
    if not job.cancelled:
        job.finished(error, uptime.ms())


async def _attempt(transfer, outcome: list) -> None:
    """Leaves the reason in `outcome`, None for a whole file; nothing when it was cut off."""
    job = transfer.job
    try:
        from firmware.wire.location import Location

        location = Location(job.location)
        if location.scheme == "ftp":
            from firmware.tasks import transfer_ftp as by
        else:
            from firmware.tasks import transfer_http as by
        await (by.upload if job.upload else by.download)(transfer, location)
        outcome.append(None)
    except Exception as error:
        outcome.append(_reason(error))
    finally:
        transfer.close()


def _reason(error) -> str:
    """A short text, of our own words: a server may repeat the password it was sent."""
    if isinstance(error, ProtocolError):
        return error.reason
    if isinstance(error, MemoryError):
        gc.collect()
        return "out of memory"
    if not isinstance(error, (OSError, ValueError, Refused)):
        trace(error)
    return str(error).strip() or type(error).__name__

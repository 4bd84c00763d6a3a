"""tools/bench: the command line, signals, the order of coming up and going down."""

import argparse
import asyncio
import os
import signal
import sys

from . import config, firmware
from .control import Control
from .rp2040 import RP2040
from .store import StoreError
from .unix import Unix

RIGS: dict = {"unix": Unix, "rp2040": RP2040}


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


def address(text):
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise argparse.ArgumentTypeError("HOST:PORT is expected, not %r" % text)
    return host.strip("[]") or "127.0.0.1", int(port)


def factor(text):
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 1000:
        raise argparse.ArgumentTypeError("a factor from 0.1 to 1000 is expected, not %r" % text)
    return value


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="bench", description="A charge point with its car: docs/bench.md"
    )
    parser.add_argument("--config", required=True, metavar="FILE.json")
    parser.add_argument("--state", required=True, metavar="DIR")
    parser.add_argument("--control", required=True, type=address, metavar="HOST:PORT")
    usual = os.environ.get("EVSE_BENCH_RIG", "unix")
    parser.add_argument("--rig", default=usual, choices=("unix", "rp2040", "hil"))
    parser.add_argument("--speed", default=1.0, type=factor, metavar="N")
    parser.add_argument("--console", type=address, metavar="HOST:PORT")
    return parser.parse_args(arguments)


async def run(options, rig, provisioning, board):
    from .bench import Bench  # needs pymodbus: after the configuration has been judged

    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, end.set)
    bench = Bench(rig, provisioning, board, options.state, options.speed, say)
    try:
        await bench.start()
        servers = [await Control(bench).serve(*options.control)]
        if options.console:
            servers.append(await bench.console.serve(*options.console))
        for server in servers:
            say("listening on %s:%d" % server.sockets[0].getsockname()[:2])
        bench.power(True)
        clock = asyncio.ensure_future(bench.run())
        ended = asyncio.ensure_future(end.wait())
        await asyncio.wait((clock, ended), return_when=asyncio.FIRST_COMPLETED)
        clock.cancel()
        for server in servers:
            server.close()
        await bench.network.close()
        if clock.done():
            clock.result()  # the bench itself failed: say why
    finally:
        bench.close()


def main(arguments=None):
    options = parse(arguments)
    if options.rig not in RIGS:
        say("--rig %s is not there yet: only %s" % (options.rig, " and ".join(RIGS)))
        return 2
    rig = RIGS[options.rig]()
    try:
        provisioning, board = rig.load(options.config)
        rig.check()
        asyncio.run(run(options, rig, provisioning, board))
    except (config.ConfigError, StoreError, firmware.NotReady) as err:
        say(str(err))
        return 2
    except OSError as err:
        say("%s" % err)
        return 2
    return 0

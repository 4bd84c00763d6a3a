// The firmware's process of tools/bench --rig rp2040: the image on the emulated board, with the
// contract of the unix firmware's process (docs/bench.md, tools/rig/process.py).
//
// EVSE_RIG names the JSON file that says what the bench has started, EVSE_TICK_FD and EVSE_IDLE_FD
// the two pipes, EVSE_PPP_FD the pty with slirp. On a tick simulated time runs to the clock in the
// wires; then idle_at says so. Ends with 3 at a reset that was asked for, 2 at the watchdog's, 71
// when the bench is gone.
// Boundary: composition; nothing here waits for anything but the tick.
import { openSync, readFileSync, readSync, writeSync, constants } from 'node:fs';
import { Board } from './board.mjs';
import { BY_FORCE, BY_TIMER } from './chip.mjs';
import { Door, PinLine, UartLine } from './lines.mjs';
import { FLASH, FREEZE, POWER_ON, REQUESTED, RESET_CAUSE, SCRATCH, TTY_BYTES, WATCHDOG,
  Wires } from './wires.mjs';
import { World } from './world.mjs';

const [EXIT_WATCHDOG, EXIT_RESET, EXIT_ORPHAN] = [2, 3, 71];
const NETWORK_NS = 1e6; // how often the network is looked at
// slirp knows no flow control and its line is nobody's product: it leaves a gap behind each byte,
// so that the chip's FIFO of 32 holds the longest interrupt (0.7 ms from its half on).
const NETWORK_GAP_NS = 32e3;
const NO_BYTE = Buffer.alloc(1);

/** Erases and programs reach the file at once, and are counted where the wires say. */
class Store {
  constructor(rig, wires) {
    this.fd = openSync(rig.flash, 'r+');
    this.areas = rig.areas; // [[first byte, end, slot of its counters], ...]
    this.wires = wires;
  }

  written(at, bytes) {
    writeSync(this.fd, bytes, 0, bytes.length, at);
  }

  count(at, what, number) {
    this.wires.add(FLASH + what, number);
    const area = this.areas.find(([first, end]) => at >= first && at < end);
    if (area) this.wires.add(area[2] + what, number);
  }

  erased(at) {
    this.count(at, 0, 1);
  }

  programmed(at, bytes) {
    this.count(at, 1, 1);
    this.count(at, 2, bytes);
  }
}

class Rig {
  constructor(rig) {
    const wires = (this.wires = new Wires(rig.wires));
    const cause = wires.get(RESET_CAUSE);
    const kept = cause === WATCHDOG || cause === REQUESTED;
    this.bootMs = wires.clockMs;
    this.board = new Board({
      rom: readFileSync(rig.rom),
      image: readFileSync(rig.flash),
      store: new Store(rig, wires),
      times: rig.flash_times,
      uniqueId: Buffer.from(rig.unique_id, 'hex'),
      reason: kept ? (cause === WATCHDOG ? BY_TIMER : BY_FORCE) : 0,
      scratch: kept ? wires.slots.slice(SCRATCH, SCRATCH + 8) : [],
    });
    this.board.core.onFault = (what) => this.print(Buffer.from(`processor: ${what}\n`));
    this.board.console.onData = (bytes) => this.print(bytes);
    this.stdin = openSync('/dev/stdin', constants.O_RDONLY | constants.O_NONBLOCK);
    this.world = new World(this.board, wires, rig.facts);
    this.lines(rig);
  }

  /** The meter on its UART, the reader on its pins, the network on the other UART. */
  lines({ facts, uart }) {
    const { board, world } = this;
    const sending = () => world.active('meter_direction');
    const rs485 = 'meter_direction' in facts.pins ? sending : null;
    const meter = new UartLine(board.uart[facts.meter_uart[0]], new Door(uart.meter), rs485);
    const reader = new PinLine(board, world.pin('reader_tx'), world.pin('reader_rx'),
      facts.reader_uart[1], new Door(uart.readers[0]));
    this.counted = [meter, reader];
    this.network = null;
    if (process.env.EVSE_PPP_FD) {
      const slirp = new Door(Number(process.env.EVSE_PPP_FD));
      this.network = new UartLine(board.uart[facts.network_facts.uart], slirp);
      this.network.uart.gapNs = NETWORK_GAP_NS;
    }
  }

  print(bytes) {
    writeSync(1, bytes.filter((byte) => byte !== 13));
  }

  typed() {
    const bytes = Buffer.alloc(256);
    try {
      const count = readSync(this.stdin, bytes, 0, bytes.length, null);
      if (count) this.board.console.type(bytes.subarray(0, count));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }

  /** One quantum, to the clock in the wires. */
  turn() {
    const { wires, board, world } = this;
    wires.read();
    world.take();
    this.typed();
    for (const line of this.counted) line.take();
    if (wires.get(FREEZE)) board.core.halted = true; // until its next boot
    wires.set(FREEZE, 0);
    const until = (wires.clockMs - this.bootMs) * 1e6;
    while (board.clock.now < until) {
      this.network?.take();
      const there = board.run(Math.min(until, board.clock.now + NETWORK_NS));
      this.network?.door.flush();
      if (!there) this.ended();
    }
    world.give();
    for (const line of this.counted) wires.add(TTY_BYTES, line.door.flush());
  }

  ended() {
    const { wires, board } = this;
    board.watchdog.scratch.forEach((word, i) => wires.set(SCRATCH + i, word));
    process.exit(board.reset === BY_FORCE ? EXIT_RESET : EXIT_WATCHDOG);
  }
}

const [tick, idle] = [Number(process.env.EVSE_TICK_FD), Number(process.env.EVSE_IDLE_FD)];
const rig = new Rig(JSON.parse(readFileSync(process.env.EVSE_RIG, 'utf8')));
const ticks = Buffer.alloc(512);
for (;;) {
  if (!readSync(tick, ticks, 0, ticks.length, null)) process.exit(EXIT_ORPHAN);
  rig.turn();
  rig.wires.idleAt(rig.wires.clockMs);
  try {
    writeSync(idle, NO_BYTE);
  } catch (error) {
    if (error.code !== 'EAGAIN') process.exit(EXIT_ORPHAN);
  }
}

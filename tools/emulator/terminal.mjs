// An image on the emulated board with its USB console on a pty, for programs that want a serial port.
//
//   EVSE_TTY_FD=N node tools/emulator/terminal.mjs FLASH
//
// N is the master end of a raw pty, not blocking. FLASH is the whole flash of 2 MiB: what the chip
// erases and programs is in it at once, so whoever ends this process cuts the power; it ends by itself
// when its parent is gone. A reset starts the chip again. A line of stdout says what happens:
// "connected", "reset", "watchdog".
// Promise: simulated time runs as fast as it can while bytes go to and fro, and no faster than the
// wall's clock when none do. Boundary: nothing is on the pins.
import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Board } from './board.mjs';
import { BY_FORCE } from './chip.mjs';
import { Door } from './lines.mjs';
import { ROOT } from './rp2040js.mjs';

const EXIT_ORPHAN = 71;
const TURN_MS = 1;
const QUIET_MS = 200; // simulated, without a byte: from then on by the wall's clock
const MOST_WAITING = 65536; // bytes that nobody reads

const [flashPath] = process.argv.slice(2);
const fd = openSync(flashPath, 'r+');
const rom = readFileSync(join(ROOT, 'build', 'emulator', 'rom.bin'));
const door = new Door(Number(process.env.EVSE_TTY_FD));
const store = {
  written: (at, bytes) => writeSync(fd, bytes, 0, bytes.length, at),
  erased() {},
  programmed() {},
};
const parent = process.ppid;
const nap = new Int32Array(new SharedArrayBuffer(4));
let quiet = 0;

function start(reason = 0, scratch = []) {
  const image = readFileSync(flashPath);
  const board = new Board({ rom, image, store, uniqueId: Buffer.alloc(8, 7), reason, scratch });
  board.core.onFault = (what) => writeSync(1, `processor: ${what}\n`);
  board.console.onData = (bytes) => {
    quiet = 0;
    if (door.waiting.length < MOST_WAITING) for (const byte of bytes) door.put(byte);
  };
  return board;
}

let board = start();
for (let told = false; ; ) {
  board.runMs(TURN_MS);
  if (board.reset) {
    writeSync(1, board.reset === BY_FORCE ? 'reset\n' : 'watchdog\n');
    board = start(board.reset, board.watchdog.scratch);
    told = false;
  }
  if (board.console.connected) {
    if (!told) writeSync(1, 'connected\n');
    told = true;
    const typed = door.read();
    if (typed.length) board.console.type(typed);
    quiet = typed.length ? 0 : quiet + TURN_MS;
  }
  door.flush();
  if (quiet > QUIET_MS) Atomics.wait(nap, 0, 0, TURN_MS);
  if (process.ppid !== parent) process.exit(EXIT_ORPHAN);
}

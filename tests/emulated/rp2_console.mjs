// A flash of the RP2040 from power on, for so many simulated milliseconds, with somebody at its
// console who types without a pause; then its power is cut. What it erases and programs is in FLASH
// at once. A reset starts it again, and does not stop the typing.
//
//   node tests/emulated/rp2_console.mjs FLASH MS [KEYS] [MS:PIN=LEVEL...]
//
//   KEYS   hex: typed over and over from the first instant on USB, and for 6 s on UART0, which is no
//          console but the network's line: PPP that hears nothing else holds the firmware up until
//          its watchdog starts it again. "": by nobody
//
// Prints lines of JSON: {"ms", "said"} what the console prints, {"ms", "reset"} how it starts again,
// {"ms", "coil"} edges of GP6. Ends before its time when it has printed a prompt and nobody types.
import { openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Board } from '../../tools/emulator/board.mjs';
import { BY_FORCE } from '../../tools/emulator/chip.mjs';
import { ROOT } from '../../tools/emulator/rp2040js.mjs';

const [COIL, PROMPT, UART_MS] = [6, '>>> ', 6000];
// Detector quiet, contact open, earth there, unlocked, nothing held, both lines at rest.
const WORLD = { 7: 0, 11: 1, 3: 1, 22: 0, 21: 1, 19: 1, 16: 1, 5: 1 };

const [flashPath, most, hex = '', ...plan] = process.argv.slice(2);
const keys = Buffer.from(hex, 'hex');
const fd = openSync(flashPath, 'r+');
const rom = readFileSync(join(ROOT, 'build', 'emulator', 'rom.bin'));
const store = {
  written: (at, bytes) => writeSync(fd, bytes, 0, bytes.length, at),
  erased() {},
  programmed() {},
};
const changes = plan.map((text) => text.split(/[:=]/).map(Number)).sort((a, b) => a[0] - b[0]);
const levels = { ...WORLD };
let tail = ''; // of what it printed
let prompted = false;
let ms = 0;
const tell = (what) => console.log(JSON.stringify({ ms, ...what }));

function start(reason = 0, scratch = []) {
  const image = readFileSync(flashPath);
  const board = new Board({ rom, image, store, reason, scratch });
  for (const pin of Object.keys(levels)) board.drive(pin, !!levels[pin]);
  board.core.onFault = (what) => tell({ said: `FAULT: ${what}` });
  board.console.onData = (bytes) => {
    const said = Buffer.from(bytes).toString();
    tail = (tail + said).slice(-200);
    prompted ||= tail.includes(PROMPT);
    tell({ said });
  };
  board.pins[COIL].watchers.push((level) => tell({ coil: level }));
  return board;
}

let board = start();
for (; ms < Number(most) && !(prompted && !keys.length); ms++) {
  for (; changes.length && changes[0][0] <= ms; changes.shift()) {
    const [, pin, level] = changes[0];
    levels[pin] = level;
    board.drive(pin, !!level);
  }
  if (keys.length) {
    if (board.console.waiting.length < 64) board.console.type(keys);
    if (ms < UART_MS) board.uart[0].feed(keys);
  }
  board.runMs(1);
  if (!board.reset) continue;
  tell({ reset: board.reset === BY_FORCE ? 'asked' : 'watchdog' });
  board = start(board.reset, board.watchdog.scratch);
}
tell({ said: '' });

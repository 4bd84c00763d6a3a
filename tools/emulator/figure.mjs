// How long the coil stays closed after its cause, a thousand times over, on the emulated chip.
//
//   node tools/emulator/figure.mjs pilot|trip|stuck IMAGE.bin SYMBOLS.json SCRIPT.py EVENTS SEED
//
// The script closes the coil again and again; the cause comes at a random nanosecond while it is
// closed. Prints JSON: milliseconds of each event by kind, what the probe saw, the last words of
// the script. `pilot`: to the voltages of B, A, E and F in turn; `trip`: the detector's pin;
// `stuck`: the processor executes nothing more, with interrupts off.
// Boundary: a world of pins and voltages; no car, no backend.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Board } from './board.mjs';
import { Probe } from './figure_probe.mjs';
import { Repl } from './repl.mjs';
import { ROOT } from './rp2040js.mjs';

const [kind, imagePath, symbolsPath, scriptPath, events, seed] = process.argv.slice(2);
const COIL = 6;
const PILOT = 2;
const [TRIP, TEST, FEEDBACK] = [7, 12, 11];
const LEVELS = { C: [2400, 150], B: [2775, 150], A: [3150, 150], E: [1650, 1650], F: [150, 150] };
const PATIENCE_MS = 20000; // for a coil to close again
const GIVEN_UP_MS = 500; // for it to open

/** mulberry32: the same events on each run. */
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const random = generator(Number(seed));

const board = new Board({
  rom: readFileSync(join(ROOT, 'build', 'emulator', 'rom.bin')), image: readFileSync(imagePath),
  uniqueId: Buffer.from('e660c0d1a5b0f1c2', 'hex'),
});
let level = LEVELS.C;
board.adc.levels[0] = () => level[board.bank.high(PILOT) ? 0 : 1];
board.adc.levels[1] = () => 595; // 220 ohm: 32 A
board.adc.levels[2] = () => 750; // 25 C
// Earth there, locked, button released, lines at rest.
for (const pin of [FEEDBACK, 3, 22, 21, 19, 5, 1]) board.drive(pin, true);
board.drive(TRIP, false);
board.pins[TEST].watchers.push((high) => board.drive(TRIP, !!high));
let [coil, fell] = [false, 0];
board.pins[COIL].watchers.push((high) => {
  if (coil && !high) fell = board.clock.now;
  coil = !!high;
  const moved = !coil;
  board.clock.createAlarm(() => board.drive(FEEDBACK, moved)).schedule(2e6);
});

/** Bytes on the network's UART in bursts, as PPP has them. */
function traffic() {
  const length = 60 + Math.floor(400 * random());
  const burst = Array.from({ length }, () => (256 * random()) & 255);
  board.uart[0].feed(burst);
  board.clock.createAlarm(traffic).schedule((4 + 20 * random()) * 1e6);
}

const CAUSES = {
  pilot: { kinds: ['B', 'A', 'E', 'F'], begin: (name) => (level = LEVELS[name]),
    end: () => (level = LEVELS.C), rest: [15, 15] },
  trip: { kinds: ['trip'], begin: () => board.drive(TRIP, true),
    end: () => board.drive(TRIP, false), rest: [0.1, 2] },
  stuck: { kinds: ['stuck'], begin: () => (board.core.halted = true),
    end: () => (board.core.halted = false), rest: [0.1, 2] },
};

const repl = new Repl(board);
repl.enter();
const probe = new Probe(board, JSON.parse(readFileSync(symbolsPath)));
repl.start(readFileSync(scriptPath, 'utf8'));
const found = {};
let problem = null;
try {
  if (!board.runMs(PATIENCE_MS, () => coil)) throw new Error('the coil never closed');
  probe.phase('measured');
  if (scriptPath.includes('loaded')) traffic();
  const { kinds, begin, end, rest } = CAUSES[kind];
  for (let k = 0; k < Number(events); k++) {
    const name = kinds[k % kinds.length];
    if (!board.runMs(PATIENCE_MS, () => coil)) throw new Error(`not closed again after ${k}`);
    const at = board.clock.now + (5 + 20 * random()) * 1e6;
    board.clock.createAlarm(() => begin(name)).at(at);
    board.runMs((at - board.clock.now) / 1e6 + 1e-5);
    const opened = board.runMs(GIVEN_UP_MS, () => !coil);
    (found[name] ??= []).push(opened ? (fell - at) / 1e6 : null);
    board.runMs(rest[0] + rest[1] * random());
    end();
    board.runMs(0.05);
  }
} catch (error) {
  problem = error.message;
}
console.log(JSON.stringify({ found, problem, seen: probe.result(), said: repl.out.slice(-1500),
  reset: board.reset, ms: board.clock.now / 1e6 }));

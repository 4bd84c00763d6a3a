// A satellite's image with a car, a contactor, a detector and a lock on its pins; the charge point's
// end of the line is a program that holds this one by stdin and stdout.
//
//   node tools/emulator/satellite.mjs IMAGE.bin
//
// A line in: {"ms": 10, "line": "a511..", "pilot": [2400, 150], "drive": {"7": 1}, "jammed": true}
//   pilot: millivolts at GP26 while GP2 is high and low; all but ms may be absent.
// A line out: {"now": 4711.0, "line": "a524..", "duty": 2667, "edges": [[4705.3, 6, 1]],
//   "said": "what the console printed", "ended": 0, or why it was reset}
//
// Promise: simulated time moves by `ms` and no further, so nobody's clock matters; bytes take their
// bits. Boundary: pins are those of boards/PICO_SATELLITE; nothing is known of the bytes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Board } from './board.mjs';
import { ROOT } from './rp2040js.mjs';

const [PILOT, EARTH, COIL, TRIP, LOCK_A, LOCK_B, AUX, TEST, LOCKED] = [2, 3, 6, 7, 8, 9, 11, 12, 22];
const [LINE, SENSE, PLUG, TEMPERATURE] = [0, 0, 1, 2]; // UART, ADC channels
const [CONTACT_NS, DETECTOR_NS, MOTOR_NS] = [25e6, 20e6, 300e6];
const [PLUG_MV, TEMPERATURE_MV] = [595, 750]; // 32 A, 25 degrees

const [imagePath] = process.argv.slice(2);
const rom = readFileSync(join(ROOT, 'build', 'emulator', 'rom.bin'));
const board = new Board({ rom, image: readFileSync(imagePath) });
const state = { pilot: [3150, 3150], jammed: false, edges: [], line: [], said: '', highNs: 0, since: 0 };
const ms = (ns) => Math.round(ns / 1e3) / 1e3;

board.core.onFault = (what) => (state.said += `processor: ${what}\n`);
board.console.onData = (bytes) => (state.said += Buffer.from(bytes).toString());
board.uart[LINE].onByte = (byte) => state.line.push(byte);
board.adc.levels[SENSE] = () => state.pilot[board.bank.high(PILOT) ? 0 : 1];
board.adc.levels[PLUG] = () => PLUG_MV;
board.adc.levels[TEMPERATURE] = () => TEMPERATURE_MV;

/** What hangs on an output, and moves `after` it. */
function follow(pin, after, move) {
  let wish = null;
  const alarm = board.clock.createAlarm(() => move(wish));
  board.pins[pin].watchers.push((level) => {
    wish = !!level;
    alarm.schedule(after);
  });
}

board.drive(EARTH, true);
board.drive(TRIP, false);
board.drive(AUX, true); // 0 is closed
board.drive(LOCKED, false);
follow(COIL, CONTACT_NS, (on) => board.drive(AUX, !on));
follow(TEST, DETECTOR_NS, (on) => board.drive(TRIP, on));
follow(LOCK_A, MOTOR_NS, (on) => on && !state.jammed && board.drive(LOCKED, true));
follow(LOCK_B, MOTOR_NS, (on) => on && board.drive(LOCKED, false));
board.pins[COIL].watchers.push((on) => state.edges.push([ms(board.clock.now), COIL, on ? 1 : 0]));
board.pins[PILOT].watchers.push((level) => {
  const { now } = board.clock;
  if (level === false) state.highNs += now - state.since;
  if (level) state.since = now;
});

/** Parts per ten thousand of the time since `begun` in which the pilot was high. */
function duty(begun) {
  const { now } = board.clock;
  const high = board.pins[PILOT].driven;
  const part = (state.highNs + (high ? now - state.since : 0)) / (now - begun);
  state.highNs = 0;
  state.since = now;
  return Math.round(10000 * part);
}

function turn(told) {
  Object.assign(state, { pilot: told.pilot ?? state.pilot, jammed: told.jammed ?? state.jammed });
  for (const [pin, level] of Object.entries(told.drive ?? {})) board.drive(Number(pin), !!level);
  if (told.line) board.uart[LINE].feed(Buffer.from(told.line, 'hex'));
  const begun = board.clock.now;
  board.run(begun + told.ms * 1e6);
  const answer = { now: ms(board.clock.now), line: Buffer.from(state.line).toString('hex'), duty: duty(begun) };
  Object.assign(answer, { edges: state.edges, said: state.said, ended: board.reset });
  Object.assign(state, { line: [], edges: [], said: '' });
  return answer;
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(turn(JSON.parse(line))) + '\n');
}

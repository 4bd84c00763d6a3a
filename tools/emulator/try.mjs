// Runs a MicroPython script on an image through the raw REPL and prints what it prints.
//
//   node tools/emulator/try.mjs [options] IMAGE.bin SCRIPT.py
//
//   --pin 7=1,3=0         levels that the world drives from the beginning
//   --at 1500:7=1         ... or at that millisecond after the script's start (repeatable)
//   --adc 1=595,2=750     millivolts at ADC channels (GP26 is 0)
//   --pilot 2:0:3150:150  channel 0 shows 3150 mV while GP2 is high, else 150 mV
//   --wire 18=19          GP19 follows GP18
//   --echo 1              UART1 hears itself
//   --trace 2,6           tells every edge of GP2 and GP6, in ms after the script's start
//   --flash FILE          the flash is kept there and found again
//   --cut 120             the power goes at that millisecond; the flash stays as it is then
//   --time 60000          most simulated milliseconds the script may take
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Board } from './board.mjs';
import { BY_FORCE, BY_TIMER } from './chip.mjs';
import { Repl } from './repl.mjs';
import { ROOT } from './rp2040js.mjs';

const many = { type: 'string', multiple: true, default: [] };
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pin: many, at: many, adc: many, pilot: many, wire: many, echo: many, trace: many,
    flash: { type: 'string' }, cut: { type: 'string' }, rom: { type: 'string' },
    time: { type: 'string', default: '60000' },
  },
});
const [imagePath, scriptPath] = positionals;
if (!scriptPath) {
  console.error('usage: node tools/emulator/try.mjs [options] IMAGE.bin SCRIPT.py');
  process.exit(2);
}
const words = (all) => all.flatMap((text) => text.split(','));
const pairs = (all) => words(all).map((one) => one.split('=').map(Number));

let image = readFileSync(imagePath);
if (values.flash && existsSync(values.flash)) image = readFileSync(values.flash);
const rom = readFileSync(values.rom ?? join(ROOT, 'build', 'emulator', 'rom.bin'));
const board = new Board({ rom, image, uniqueId: Buffer.from('e660c0d1a5b0f1c2', 'hex') });
board.core.onFault = (what) => console.log('FAULT: ' + what);

for (const [pin, level] of pairs(values.pin)) board.drive(pin, !!level);
for (const [channel, mv] of pairs(values.adc)) board.adc.levels[channel] = () => mv;
for (const [pin, channel, high, low] of values.pilot.map((text) => text.split(':').map(Number))) {
  board.adc.levels[channel] = () => (board.bank.high(pin) ? high : low);
}
for (const [from, to] of pairs(values.wire)) {
  board.pins[from].watchers.push((level) => board.drive(to, level ?? true));
}
for (const index of values.echo) board.uart[index].onByte = (b) => board.uart[index].feed([b]);

const repl = new Repl(board);
repl.enter();
const begun = board.clock.now;
const ms = () => ((board.clock.now - begun) / 1e6).toFixed(6);
for (const pin of words(values.trace).map(Number)) {
  board.pins[pin].watchers.push((level) => console.log(`@${ms()} GP${pin} ${level ?? 'input'}`));
}
for (const text of values.at) {
  const [when, what] = text.split(':');
  const [[pin, level]] = pairs([what]);
  board.clock.createAlarm(() => board.drive(pin, !!level)).at(begun + when * 1e6);
}
if (values.cut) board.clock.createAlarm(() => board.stop(-1)).at(begun + values.cut * 1e6);
let code = 0;
try {
  repl.start(readFileSync(scriptPath, 'utf8'));
  repl.onOutput = (text) =>
    process.stdout.write(text.replaceAll('\r\n', '\n').replace(/[\x04>]/g, ''));
  process.stdout.write(repl.out);
  repl.expect('\x04', Number(values.time));
  code = repl.expect('\x04', 5000).length > 1 ? 1 : 0;
} catch (error) {
  if (!board.reset) console.log(error.message);
  code = 1;
}
const ends = { [-1]: 'power cut', [BY_TIMER]: 'watchdog', [BY_FORCE]: 'reset' };
if (board.reset) console.log(`\n-- ${ends[board.reset]}`);
if (values.flash) writeFileSync(values.flash, board.mcu.flash.subarray(0, 2 << 20));
console.log(`-- ${ms()} ms, processor busy for ${(board.core.busyNs / 1e6).toFixed(1)} ms`);
process.exit(code);

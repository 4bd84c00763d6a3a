// Random instructions on our processor and on rp2040js' own, register by register.
//
//   node tools/emulator/compare.mjs [COUNT [SEED]]
//
// Tells the first difference and ends with 1. rp2040js' core is slow and written by others, which
// is what makes it a witness.
import { Clock } from './clock.mjs';
import { Core } from './cpu.mjs';
import { Bank } from './pins.mjs';
import { CortexM0Core, RP2040 } from './rp2040js.mjs';
import { INSTRUCTIONS } from './thumb.mjs';

const [count, seed] = [Number(process.argv[2] ?? 300000), Number(process.argv[3] ?? 1)];
const [CODE, DATA] = [0x20001000, 0x20010000];
let state = seed;
function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 4294967296) * below);
}
const EDGES = [0, 1, -1, 0x7fffffff, -0x80000000, 31, 32, 33, 255, DATA, DATA + 4];
const word = () => (random(3) ? EDGES[random(EDGES.length)] + random(3) - 1 : random(2 ** 32) | 0);

function machine(make) {
  const mcu = new RP2040(new Clock());
  new Bank(mcu);
  const core = make(mcu);
  mcu.core = core;
  return { mcu, core };
}
const ours = machine((mcu) => new Core(mcu));
const theirs = machine((mcu) => new CortexM0Core(mcu));
const WILD = /^(1011011[01]|10111[01]1|1101111|11011110|01000111)/; // exceptions, hints, jumps
const CALM = INSTRUCTIONS.filter(([bits]) => !WILD.test(bits));

/** An instruction of the table with random fields; addresses stay in the data. */
function instruction() {
  const [bits] = CALM[random(CALM.length)];
  const op = parseInt([...bits].map((b) => ('01'.includes(b) ? b : random(2))).join(''), 2);
  const high = ((op >> 4) & 8) | (op & 7);
  if (bits.startsWith('010001') && (high === 13 || high === 15)) return instruction();
  // An empty list is unpredictable; theirs forgets the write-back when the base is in the list.
  const listed = bits.startsWith('1100') && (!(op & 255) || op & (1 << ((op >> 8) & 7)));
  const twice = op >> 12 === 5 && ((op >> 6) & 7) === ((op >> 3) & 7); // an address from nowhere
  if (listed || twice) return instruction();
  return op;
}

function prepare(op) {
  const registers = Array.from({ length: 13 }, word);
  const text = op.toString(2).padStart(16, '0');
  const memory = /^(0101|011|1000|1001|1100)/.test(text);
  if (memory) registers.fill(DATA + 64 + 4 * random(8), 0, 8);
  if (memory && op >> 12 === 5) registers[(op >> 6) & 7] = 8 * random(4);
  // Theirs has no carry for a shift by more than 32 or a rotation by 0, and overflows with it.
  if (/^01000000(10|11)|^01000001(00|11)/.test(text)) registers[(op >> 3) & 7] = 1 + random(32);
  if (/^01000001(01|10)/.test(text)) registers.forEach((v, i) => (registers[i] = v & 0x7ffffff0));
  const flags = [random(2), random(2), random(2), random(2)].map((bit) => bit === 1);
  const second = 0xd000 | random(0x3000);
  const noise = Array.from({ length: 128 }, () => random(256));
  for (const { core, mcu } of [ours, theirs]) {
    registers.forEach((value, i) => (core.registers[i] = value));
    core.registers[13] = DATA + 256;
    core.registers[14] = CODE + 101;
    core.registers[15] = CODE;
    [core.N, core.Z, core.C, core.V] = flags;
    mcu.sram.set(noise, DATA - 0x20000000 + 32);
    mcu.sramView.setUint16(CODE - 0x20000000, op, true);
    mcu.sramView.setUint16(CODE - 0x20000000 + 2, second | 0xd000, true); // of a BL
  }
}

function difference() {
  for (let i = 0; i < 16; i++) {
    const [a, b] = [ours, theirs].map(({ core }) => core.registers[i] >>> 0);
    if (a !== b) return `r${i}: ${a.toString(16)}, theirs ${b.toString(16)}`;
  }
  for (const flag of 'NZCV') {
    if (!!ours.core[flag] !== !!theirs.core[flag]) return `${flag}: ${ours.core[flag]}`;
  }
  const at = DATA - 0x20000000;
  const [a, b] = [ours, theirs].map(({ mcu }) => Buffer.from(mcu.sram.subarray(at, at + 512)));
  return a.equals(b) ? null : 'memory';
}

for (let done = 0; done < count; done++) {
  const op = instruction();
  prepare(op);
  ours.core.left = 1;
  ours.core.end = 0;
  ours.core.burst();
  theirs.core.executeInstruction();
  const what = difference();
  if (what) {
    console.log(`${done}: ${op.toString(2).padStart(16, '0')} (${op.toString(16)}): ${what}`);
    process.exit(1);
  }
}
console.log(`${count} instructions alike`);

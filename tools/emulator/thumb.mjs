// ARMv6-M (ARM DDI 0419, A6.7) as a table: the bits of an instruction, and what it does in the
// words of cpu.mjs. A letter of a pattern is a field, `$d` in the text its value; `r` are the
// registers, `pc` stands behind the instruction, nf < 0 is N, zf === 0 is Z, cf and vf are 0 or 1.
// A number in front of a text is what it takes beyond one cycle (DDI 0484, 3.3).
const FLAGS = 'r[$d] = nf = zf = v;';
const ADD =
  'const v = (a + b) | 0; cf = v >>> 0 < a >>> 0 ? 1 : 0; vf = ((a ^ v) & (b ^ v)) >>> 31;';
const SUB =
  'const v = (a - b) | 0; cf = a >>> 0 >= b >>> 0 ? 1 : 0; vf = ((a ^ b) & (a ^ v)) >>> 31;';
const ADC =
  'const s = (a >>> 0) + (b >>> 0) + cf; const v = s | 0;' +
  'cf = s > 4294967295 ? 1 : 0; vf = ((a ^ v) & (b ^ v)) >>> 31;';
const HIGH = 'const d = ((op >> 4) & 8) | (op & 7); const b = $m === 15 ? pc + 2 : r[$m];';
const TO_D =
  'if (d === 15) { pc = v & ~1; left -= 1; } else if (d === 13) r[13] = v & ~3; else r[d] = v;';

const shift = (long, result) =>
  'const s = r[$m] & 255; let v = r[$d];' +
  `if (s) { if (s < 32) { ${long} } else { ${result} } } ${FLAGS}`;

export const INSTRUCTIONS = [
  ['00000iiiiimmmddd',
    `let v = r[$m]; if ($i) { cf = (v >>> (32 - $i)) & 1; v <<= $i; } ${FLAGS}`],
  ['00001iiiiimmmddd',
    'const s = $i || 32; let v = r[$m]; cf = (v >>> (s - 1)) & 1;' +
    `v = s === 32 ? 0 : v >>> s; ${FLAGS}`],
  ['00010iiiiimmmddd',
    'const s = $i || 32; let v = r[$m]; cf = (v >> (s - 1)) & 1;' +
    `v >>= s === 32 ? 31 : s; ${FLAGS}`],
  ['0001100mmmnnnddd', `const a = r[$n], b = r[$m]; ${ADD} ${FLAGS}`],
  ['0001101mmmnnnddd', `const a = r[$n], b = r[$m]; ${SUB} ${FLAGS}`],
  ['0001110iiinnnddd', `const a = r[$n], b = $i; ${ADD} ${FLAGS}`],
  ['0001111iiinnnddd', `const a = r[$n], b = $i; ${SUB} ${FLAGS}`],
  ['00100dddiiiiiiii', 'r[$d] = nf = zf = $i;'],
  ['00101dddiiiiiiii', `const a = r[$d], b = $i; ${SUB} nf = zf = v;`],
  ['00110dddiiiiiiii', `const a = r[$d], b = $i; ${ADD} ${FLAGS}`],
  ['00111dddiiiiiiii', `const a = r[$d], b = $i; ${SUB} ${FLAGS}`],
  ['0100000000mmmddd', `const v = r[$d] & r[$m]; ${FLAGS}`],
  ['0100000001mmmddd', `const v = r[$d] ^ r[$m]; ${FLAGS}`],
  ['0100000010mmmddd',
    shift('cf = (v >>> (32 - s)) & 1; v <<= s;', 'cf = s === 32 ? v & 1 : 0; v = 0;')],
  ['0100000011mmmddd',
    shift('cf = (v >>> (s - 1)) & 1; v >>>= s;', 'cf = s === 32 ? v >>> 31 : 0; v = 0;')],
  ['0100000100mmmddd', shift('cf = (v >> (s - 1)) & 1; v >>= s;', 'cf = v >>> 31; v >>= 31;')],
  ['0100000101mmmddd', `const a = r[$d], b = r[$m]; ${ADC} ${FLAGS}`],
  ['0100000110mmmddd', `const a = r[$d], b = ~r[$m]; ${ADC} ${FLAGS}`],
  ['0100000111mmmddd',
    'const s = r[$m] & 255; let v = r[$d];' +
    `if (s) { v = (v >>> (s & 31)) | (v << ((32 - s) & 31)); cf = v >>> 31; } ${FLAGS}`],
  ['0100001000mmmddd', 'nf = zf = r[$d] & r[$m];'],
  ['0100001001mmmddd', `const a = 0, b = r[$m]; ${SUB} ${FLAGS}`],
  ['0100001010mmmddd', `const a = r[$d], b = r[$m]; ${SUB} nf = zf = v;`],
  ['0100001011mmmddd', `const a = r[$d], b = r[$m]; ${ADD} nf = zf = v;`],
  ['0100001100mmmddd', `const v = r[$d] | r[$m]; ${FLAGS}`],
  ['0100001101mmmddd', `const v = Math.imul(r[$d], r[$m]); ${FLAGS}`],
  ['0100001110mmmddd', `const v = r[$d] & ~r[$m]; ${FLAGS}`],
  ['0100001111mmmddd', `const v = ~r[$m]; ${FLAGS}`],
  ['01000100.mmmm...', `${HIGH} const v = ((d === 15 ? pc + 2 : r[d]) + b) | 0; ${TO_D}`],
  ['01000101.mmmm...', `${HIGH} const a = r[d]; ${SUB} nf = zf = v;`],
  ['01000110.mmmm...', `${HIGH} const v = b; ${TO_D}`],
  ['010001110mmmm...', 'left -= 1; BRANCH($m === 15 ? pc + 2 : r[$m])'],
  ['010001111mmmm...', 'left -= 1; const to = r[$m]; r[14] = pc | 1; pc = to & ~1;'],
  ['01001dddiiiiiiii', 'left -= 1; const a = ((pc + 2) & ~3) + $i * 4; READ32(a, r[$d])'],
  ['0101000mmmnnnttt', 'left -= 1; const a = (r[$n] + r[$m]) | 0; WRITE32(a, r[$t])'],
  ['0101001mmmnnnttt', 'left -= 1; const a = (r[$n] + r[$m]) | 0; WRITE16(a, r[$t])'],
  ['0101010mmmnnnttt', 'left -= 1; const a = (r[$n] + r[$m]) | 0; WRITE8(a, r[$t])'],
  ['0101011mmmnnnttt',
    'left -= 1; const a = (r[$n] + r[$m]) | 0; READ8(a, r[$t]) r[$t] = (r[$t] << 24) >> 24;'],
  ['0101100mmmnnnttt', 'left -= 1; const a = (r[$n] + r[$m]) | 0; READ32(a, r[$t])'],
  ['0101101mmmnnnttt', 'left -= 1; const a = (r[$n] + r[$m]) | 0; READ16(a, r[$t])'],
  ['0101110mmmnnnttt', 'left -= 1; const a = (r[$n] + r[$m]) | 0; READ8(a, r[$t])'],
  ['0101111mmmnnnttt',
    'left -= 1; const a = (r[$n] + r[$m]) | 0; READ16(a, r[$t]) r[$t] = (r[$t] << 16) >> 16;'],
  ['01100iiiiinnnttt', 'left -= 1; const a = (r[$n] + $i * 4) | 0; WRITE32(a, r[$t])'],
  ['01101iiiiinnnttt', 'left -= 1; const a = (r[$n] + $i * 4) | 0; READ32(a, r[$t])'],
  ['01110iiiiinnnttt', 'left -= 1; const a = (r[$n] + $i) | 0; WRITE8(a, r[$t])'],
  ['01111iiiiinnnttt', 'left -= 1; const a = (r[$n] + $i) | 0; READ8(a, r[$t])'],
  ['10000iiiiinnnttt', 'left -= 1; const a = (r[$n] + $i * 2) | 0; WRITE16(a, r[$t])'],
  ['10001iiiiinnnttt', 'left -= 1; const a = (r[$n] + $i * 2) | 0; READ16(a, r[$t])'],
  ['10010tttiiiiiiii', 'left -= 1; const a = (r[13] + $i * 4) | 0; WRITE32(a, r[$t])'],
  ['10011tttiiiiiiii', 'left -= 1; const a = (r[13] + $i * 4) | 0; READ32(a, r[$t])'],
  ['10100dddiiiiiiii', 'r[$d] = ((pc + 2) & ~3) + $i * 4;'],
  ['10101dddiiiiiiii', 'r[$d] = r[13] + $i * 4;'],
  ['101100000iiiiiii', 'r[13] += $i * 4;'],
  ['101100001iiiiiii', 'r[13] -= $i * 4;'],
  ['1011001000mmmddd', 'r[$d] = (r[$m] << 16) >> 16;'],
  ['1011001001mmmddd', 'r[$d] = (r[$m] << 24) >> 24;'],
  ['1011001010mmmddd', 'r[$d] = r[$m] & 65535;'],
  ['1011001011mmmddd', 'r[$d] = r[$m] & 255;'],
  ['1011010xiiiiiiii',
    'const n = COUNT[$i] + $x; let a = (r[13] - 4 * n) | 0; r[13] = a; left -= n;' +
    'for (let k = 0; k < 8; k++) if ($i & (1 << k)) { WRITE32(a, r[k]) a += 4; }' +
    'if ($x) { WRITE32(a, r[14]) }'],
  ['1011110xiiiiiiii',
    'let a = r[13]; left -= COUNT[$i];' +
    'for (let k = 0; k < 8; k++) if ($i & (1 << k)) { READ32(a, r[k]) a += 4; }' +
    'if ($x) { let to; READ32(a, to) r[13] = a + 4; left -= 3; BRANCH(to) } else r[13] = a;'],
  ['10110110011x....',
    'SPILL this.PM = $x === 1; if (!$x) { this.interruptsUpdated = true; CUT }'],
  ['1011101000mmmddd',
    'const v = r[$m];' +
    'r[$d] = (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);'],
  ['1011101001mmmddd',
    'const v = r[$m]; r[$d] = ((v & 0xff00ff) << 8) | ((v >>> 8) & 0xff00ff);'],
  ['1011101011mmmddd', 'const v = r[$m]; r[$d] = (((v & 255) << 24) >> 16) | ((v >>> 8) & 255);'],
  ['10111110iiiiiiii', 'SPILL this.fault("BKPT " + $i); CUT'],
  ['10111111iiiiiiii', 'if ($i >= 16) { left -= 1; SPILL this.hint($i >> 4); CUT }'],
  ['11000nnniiiiiiii',
    'let a = r[$n]; left -= COUNT[$i];' +
    'for (let k = 0; k < 8; k++) if ($i & (1 << k)) { WRITE32(a, r[k]) a += 4; } r[$n] = a;'],
  ['11001nnniiiiiiii',
    'let a = r[$n]; left -= COUNT[$i];' +
    'for (let k = 0; k < 8; k++) if ($i & (1 << k)) { READ32(a, r[k]) a += 4; }' +
    'if (!($i & (1 << $n))) r[$n] = a;'],
  ['11011110iiiiiiii', 'SPILL this.fault("UDF " + $i); CUT'],
  ['11011111iiiiiiii', 'SPILL this.pendingSVCall = true; this.interruptsUpdated = true; CUT'],
  ['11100iiiiiiiiiii', 'left -= 1; pc = (pc + 2 + (($i << 21) >> 20)) | 0;'],
  ['11110iiiiiiiiiii',
    'let low; FETCH(pc, low) pc += 2;' +
    'if ((low & 0xd000) === 0xd000) {' +
    '  const s = (op >> 10) & 1, j1 = (low >> 13) & 1, j2 = (low >> 11) & 1; left -= 2;' +
    '  const far = (s << 24) | ((j1 ^ s ^ 1) << 23) | ((j2 ^ s ^ 1) << 22);' +
    '  const to = far | ((op & 1023) << 12) | ((low & 2047) << 1);' +
    '  r[14] = pc | 1; pc = (pc + ((to << 7) >> 7)) | 0;' +
    '} else { left -= 2; SPILL this.wide(op, low); RELOAD CUT }'],
];

const CONDITIONS = ['zf === 0', 'zf !== 0', 'cf', '!cf', 'nf < 0', 'nf >= 0', 'vf', '!vf'];
CONDITIONS.push('cf && zf !== 0', '!cf || zf === 0', 'nf < 0 === !!vf', 'nf < 0 !== !!vf');
CONDITIONS.push('zf !== 0 && nf < 0 === !!vf', 'zf === 0 || nf < 0 !== !!vf');
CONDITIONS.forEach((test, i) => {
  const bits = '1101' + i.toString(2).padStart(4, '0') + 'iiiiiiii';
  INSTRUCTIONS.push([bits, `if (${test}) { left -= 1; pc = (pc + 2 + (($i << 24) >> 23)) | 0; }`]);
});

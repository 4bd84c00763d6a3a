// The Cortex-M0+: thumb.mjs' table made into one function, run from event to event.
//
// Promise: run() executes until the clock's next event, a wait, or an access that changed what is
// due; cycles as ARM DDI 0484 counts them, flash as fast as RAM.
// Boundary: exceptions are rp2040js' (CortexM0Core), the choice among them is ours. No MPU. A
// fault stops the processor, as MicroPython's handler does; the watchdog goes on.
import { CortexM0Core } from './rp2040js.mjs';
import { INSTRUCTIONS } from './thumb.mjs';

const RAM_BYTES = 264 * 1024;
const MOST_NS = 1e6; // the longest run: the clock of who looks on moves at least so often
const HARDWARE_IRQS = 26;
const [SVCALL, PENDSV, SYSTICK] = [11, 14, 15];
const COUNT = Uint8Array.from({ length: 256 }, (_, i) => i.toString(2).replaceAll('0', '').length);

const SPILL =
  'r[15] = pc; this.N = nf < 0; this.Z = zf === 0; this.C = cf === 1; this.V = vf === 1;' +
  'this.left = left;';
const RELOAD =
  'pc = r[15]; nf = this.N ? -1 : 0; zf = this.Z ? 0 : 1; cf = this.C ? 1 : 0;' +
  'vf = this.V ? 1 : 0; left = this.left;';
const io = (call) => `{ this.left = left; ${call}; left = this.left; }`;
const read = (bits, align) => (_, at, into) =>
  `if ((${at} - 0x20000000) >>> 0 < ${RAM_BYTES}${align ? ` && !(${at} & ${align})` : ''})` +
  ` ${into} = ram${bits}[(${at} - 0x20000000) >>> ${Math.log2(bits / 8)}];` +
  ` else if (${at} >>> 24 === 16${align ? ` && !(${at} & ${align})` : ''})` +
  ` ${into} = flash${bits}[(${at} & 0xffffff) >>> ${Math.log2(bits / 8)}];` +
  ` else ${io(`${into} = this.read${bits}(${at})`)}`;
const write = (bits, align) => (_, at, value) =>
  `if ((${at} - 0x20000000) >>> 0 < ${RAM_BYTES}${align ? ` && !(${at} & ${align})` : ''})` +
  ` ram${bits}[(${at} - 0x20000000) >>> ${Math.log2(bits / 8)}] = ${value};` +
  ` else ${io(`this.write${bits}(${at}, ${value})`)}`;
const FETCH = (_, at, into) =>
  `${into} = ${at} >>> 28 === 1 ? flash16[(${at} & 0xffffff) >>> 1]` +
  ` : ${at} >>> 28 === 2 ? ram16[(${at} - 0x20000000) >>> 1] : rom16[(${at} >>> 1) & 8191];`;
const BRANCH = (_, to) =>
  `{ const at = ${to}; if (at >>> 28 === 15 && this.currentMode === 1) {` +
  ` ${SPILL} this.exceptionReturn(at & 0xfffffff); ${RELOAD} ${io('this.cut()')} }` +
  ' else pc = at & ~1; }';

/** The text of one instruction with its fields and words replaced. */
function expand(bits, text) {
  const field = (_, letter) => {
    const shift = 15 - bits.lastIndexOf(letter);
    const width = bits.lastIndexOf(letter) - bits.indexOf(letter) + 1;
    return `((op >> ${shift}) & ${(1 << width) - 1})`;
  };
  return text
    .replace(/READ32\(([^,]+), (.+?)\)(?= |$)/g, read(32, 3))
    .replace(/READ16\(([^,]+), (.+?)\)(?= |$)/g, read(16, 1))
    .replace(/READ8\(([^,]+), (.+?)\)(?= |$)/g, read(8, 0))
    .replace(/WRITE32\(([^,]+), (.+?)\)(?= |$)/g, write(32, 3))
    .replace(/WRITE16\(([^,]+), (.+?)\)(?= |$)/g, write(16, 1))
    .replace(/WRITE8\(([^,]+), (.+?)\)(?= |$)/g, write(8, 0))
    .replace(/FETCH\(([^,]+), (.+?)\)(?= |$)/g, FETCH)
    .replace(/BRANCH\((.+?)\)(?= |$)/g, BRANCH)
    .replaceAll('RELOAD', RELOAD)
    .replaceAll('SPILL', SPILL)
    .replaceAll('CUT', io('this.cut()'))
    .replace(/\$([a-z])/g, field);
}

function build() {
  const cases = INSTRUCTIONS.map(([bits, text]) => {
    const labels = [];
    for (let key = 0; key < 1024; key++) {
      const have = key.toString(2).padStart(10, '0');
      const fits = [...have].every((bit, i) => !'01'.includes(bits[i]) || bits[i] === bit);
      if (fits) labels.push(key);
    }
    return labels.map((key) => `case ${key}: `).join('') + `{ ${expand(bits, text)} break; }`;
  });
  const body =
    'let left = this.left, pc, nf, zf, cf, vf;' + RELOAD +
    `while (left > 0) { let op; ${FETCH('', 'pc', 'op')} pc += 2; left -= 1;` +
    `switch (op >> 6) { ${cases.join('\n')}` +
    `default: ${SPILL} this.fault('undefined ' + op.toString(16)); ${io('this.cut()')} } }` +
    SPILL;
  const names = ['r', 'ram8', 'ram16', 'ram32', 'flash8', 'flash16', 'flash32', 'rom16', 'COUNT'];
  return new Function(...names, `return function () { ${body} };`);
}
const MAKE = build();

export class Core extends CortexM0Core {
  constructor(mcu) {
    super(mcu);
    const ram = mcu.sram.buffer;
    const flash = mcu.flash.buffer;
    const views = [new Uint8Array(ram), new Uint16Array(ram), new Int32Array(ram)];
    views.push(new Uint8Array(flash), new Uint16Array(flash), new Int32Array(flash));
    const rom16 = new Uint16Array(mcu.bootrom.buffer);
    this.burst = MAKE(new Int32Array(this.registers.buffer), ...views, rom16, COUNT);
    Object.assign(this, { left: 0, end: 0, stalledUntil: 0, halted: false, busyNs: 0 });
    this.onFault = () => {};
    this.cycleNs = 8;
  }

  /** Up to the clock's next event or `until`. The caller has fired what was due. */
  run(until) {
    const { clock } = this.rp2040;
    while (this.interruptsUpdated && this.checkForInterrupts()) this.waiting = false;
    if (this.waiting || this.halted || this.stalledUntil > clock.now) {
      this.rest(until);
      return;
    }
    this.cycleNs = 1e9 / this.rp2040.clkSys;
    const end = Math.min(clock.due, until, clock.now + MOST_NS);
    this.left = Math.ceil((end - clock.now) / this.cycleNs);
    this.end = clock.now + this.left * this.cycleNs;
    const begun = clock.now;
    this.burst();
    clock.now = this.end - this.left * this.cycleNs;
    this.busyNs += clock.now - begun;
  }

  rest(until) {
    const { clock } = this.rp2040;
    let next = Math.min(clock.due, until);
    if (!this.halted && this.stalledUntil > clock.now) next = Math.min(next, this.stalledUntil);
    clock.now = Math.max(clock.now, next);
  }

  /** The burst ends behind this instruction. */
  cut() {
    this.end -= this.left * this.cycleNs;
    this.left = 0;
  }

  enter() {
    this.rp2040.clock.now = this.end - this.left * this.cycleNs;
  }

  leave() {
    const { clock } = this.rp2040;
    const stalled = this.stalledUntil > clock.now;
    if (this.interruptsUpdated || stalled || clock.due < this.end) this.cut();
  }

  read32(address) {
    if (address & 3) return this.unaligned(address);
    this.enter();
    const value = this.rp2040.readUint32(address >>> 0) | 0;
    this.leave();
    return value;
  }

  read16(address) {
    if (address & 1) return this.unaligned(address);
    this.enter();
    const value = this.rp2040.readUint16(address >>> 0);
    this.leave();
    return value;
  }

  read8(address) {
    this.enter();
    const value = this.rp2040.readUint8(address >>> 0);
    this.leave();
    return value;
  }

  /** Flash takes no plain writes. */
  write(bits, address, value) {
    if (address >>> 0 < 0x18000000) return;
    this.enter();
    if (bits === 32) this.rp2040.writeUint32(address >>> 0, value >>> 0);
    else if (bits === 16) this.rp2040.writeUint16(address >>> 0, value & 0xffff);
    else this.rp2040.writeUint8(address >>> 0, value & 0xff);
    this.leave();
  }

  write32(address, value) {
    if (address & 3) this.unaligned(address);
    else this.write(32, address, value);
  }

  write16(address, value) {
    if (address & 1) this.unaligned(address);
    else this.write(16, address, value);
  }

  write8(address, value) {
    this.write(8, address, value);
  }

  unaligned(address) {
    this.fault('unaligned access to ' + (address >>> 0).toString(16));
    this.cut();
    return 0;
  }

  fault(what) {
    this.halted = true;
    this.onFault(`${what} at ${(this.PC >>> 0).toString(16)}, LR ${(this.LR >>> 0).toString(16)}`);
  }

  /** YIELD, WFE, WFI, SEV. */
  hint(number) {
    if (number === 4) this.eventRegistered = true;
    if (number === 3) this.waiting = !this.pendingException();
    if (number === 2) {
      this.waiting = !this.eventRegistered;
      this.eventRegistered = false;
    }
  }

  /** MSR, MRS and the barriers. */
  wide(op, low) {
    if (op >> 5 === 0x79c) this.writeSpecialRegister(low & 255, this.registers[op & 15]);
    else if (op === 0xf3ef) this.registers[(low >> 8) & 15] = this.readSpecialRegister(low & 255);
    else if (op !== 0xf3bf) this.fault('undefined ' + op.toString(16));
  }

  setInterrupt(irq, value) {
    const bit = 1 << irq;
    if (!value) {
      this.pendingInterrupts &= ~bit;
    } else if (!(this.pendingInterrupts & bit)) {
      this.pendingInterrupts |= bit;
      this.interruptsUpdated = true;
      if (this.waiting && this.pendingException()) this.waiting = false;
    }
  }

  /** The exception that may preempt what runs, PRIMASK aside. 0 = none. */
  pendingException() {
    const limit = this.IPSR ? this.exceptionPriority(this.IPSR) : 4;
    const ready = this.pendingInterrupts & this.enabledInterrupts;
    for (let priority = 0; priority < limit; priority++) {
      if (this.pendingSVCall && priority === this.svCallPriority) return SVCALL;
      if (this.pendingPendSV && priority === this.pendSVPriority) return PENDSV;
      if (this.pendingSystick && priority === this.systickPriority) return SYSTICK;
      const here = ready & this.interruptPriorities[priority];
      if (here) return 47 - Math.clz32(here & -here);
    }
    return 0;
  }

  checkForInterrupts() {
    this.interruptsUpdated = false;
    const number = this.PM ? 0 : this.pendingException();
    if (!number) return false;
    if (number === SVCALL) this.pendingSVCall = false;
    else if (number === PENDSV) this.pendingPendSV = false;
    else if (number === SYSTICK) this.pendingSystick = false;
    else if (number - 16 >= HARDWARE_IRQS) this.pendingInterrupts &= ~(1 << (number - 16));
    this.exceptionEntry(number);
    this.PC &= ~1;
    this.interruptsUpdated = true;
    return true;
  }
}

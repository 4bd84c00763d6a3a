// One state machine of the PIO (data sheet 3.2 to 3.5): the nine instructions, side-set, delays,
// stalls.
//
// Promise: an instruction takes 1 + delay ticks of the machine's divided clock; a stalled one is
// tried again when what it waits for may have changed, on the machine's own ticks.
// Boundary: the machine; shift registers are in pio_shift.mjs, FIFO registers, interrupts and pins
// in pio.mjs.
import { AUTOPULL, mask, Shifter } from './pio_shift.mjs';

const [STATUS_RX, SIDE_DIRECTIONS, SIDE_OPTIONAL] = [1 << 4, 1 << 29, 1 << 30];

const rotate = (value, by) => (by ? (value << by) | (value >>> (32 - by)) : value);

function reversed(value) {
  let out = 0;
  for (let i = 0; i < 32; i++) out |= ((value >>> i) & 1) << (31 - i);
  return out >>> 0;
}

export class StateMachine extends Shifter {
  constructor(pio, index) {
    super(pio, index);
    Object.assign(this, { enabled: false, x: 0, y: 0, pc: 0, exec: -1, stalled: false });
    Object.assign(this, { flagged: false, jumped: false, due: Infinity, ticked: 0 });
    Object.assign(this, { divider: 1 << 16, execCtrl: 0x1f << 12, pinCtrl: 5 << 26 });
    this.decode();
  }

  /** The fields of the control registers, taken apart once. */
  decode() {
    const { execCtrl, pinCtrl, pio } = this;
    const whole = this.divider >>> 16 || 65536;
    this.period = ((whole + ((this.divider >>> 8) & 255) / 256) * 1e9) / pio.rp2040.clkSys;
    this.wrapTop = (execCtrl >> 12) & 31;
    this.wrapBottom = (execCtrl >> 7) & 31;
    this.jmpPin = (execCtrl >> 24) & 31;
    this.sideBits = (pinCtrl >>> 29) & 7;
    this.delayBits = 5 - this.sideBits;
    this.decodeShift();
  }

  restart() {
    this.empty();
    Object.assign(this, { stalled: false, exec: -1, flagged: false });
  }

  /** Its next tick at or after a moment. */
  wake(at) {
    if (!this.enabled) return;
    const ticks = Math.ceil((at - this.ticked) / this.period - 1e-6);
    this.due = this.ticked + Math.max(1, ticks) * this.period;
  }

  /** One instruction, at the tick that is due now. */
  step(now) {
    this.ticked = this.due;
    const forced = this.exec >= 0;
    const op = forced ? this.exec : this.pio.instructions[this.pc];
    this.exec = -1;
    if (!this.execute(op, now)) {
      this.exec = forced ? op : -1;
      this.due = Infinity; // until woken
      return;
    }
    const delay = forced ? 0 : ((op >> 8) & 31) & mask(this.delayBits);
    this.due = this.ticked + (1 + delay) * this.period;
    if (forced || this.jumped) return;
    this.pc = this.pc === this.wrapTop ? this.wrapBottom : (this.pc + 1) & 31;
  }

  /** What the processor writes to SMx_INSTR runs at once, or stalls in place. */
  force(op, now) {
    this.exec = -1;
    if (!this.execute(op, now)) this.exec = op;
    if (this.enabled && this.due === Infinity) this.wake(now);
  }

  execute(op, now) {
    this.jumped = false;
    if (this.sideBits) this.sideSet((op >> 8) & 31);
    const code = op >> 13;
    if (this.shiftCtrl & AUTOPULL && code !== 3 && code !== 4 && this.osrCount >= this.pullAt) {
      this.refill();
    }
    const done = this.act(code, op & 0xff, now);
    this.stalled = !done;
    return done;
  }

  act(code, arg, now) {
    switch (code) {
      case 0: return this.jmp(arg, now);
      case 1: return this.wait(arg, now);
      case 2: return this.in(arg, now);
      case 3: return this.out(arg);
      case 4: return arg & 0x80 ? this.pull(arg) : this.push(arg);
      case 5: return this.mov(arg, now);
      case 6: return this.irq(arg);
      default: return this.set(arg);
    }
  }

  sideSet(field) {
    let bits = this.sideBits;
    let value = field >> this.delayBits;
    if (this.execCtrl & SIDE_OPTIONAL) {
      if (!(value & (1 << (bits - 1)))) return;
      bits -= 1;
      value &= mask(bits);
    }
    this.drive(value, (this.pinCtrl >> 10) & 31, bits, this.execCtrl & SIDE_DIRECTIONS);
  }

  drive(value, base, count, directions) {
    if (!count) return;
    const which = mask(count);
    this.pio.drive(rotate(value & which, base), rotate(which, base), directions);
  }

  jmp(arg, now) {
    let take = true;
    switch (arg >> 5) {
      case 1: take = this.x === 0; break;
      case 2: take = this.x !== 0; this.x = (this.x - 1) >>> 0; break;
      case 3: take = this.y === 0; break;
      case 4: take = this.y !== 0; this.y = (this.y - 1) >>> 0; break;
      case 5: take = this.x !== this.y; break;
      case 6: take = !!((this.pio.inputs(now) >>> this.jmpPin) & 1); break;
      case 7: take = this.osrCount < this.pullAt; break;
    }
    if (take) {
      this.pc = arg & 31;
      this.jumped = true;
    }
    return true;
  }

  flag(index) {
    return index & 16 ? (index & 4) | ((index + this.index) & 3) : index & 7;
  }

  wait(arg, now) {
    const wanted = arg >> 7;
    const source = (arg >> 5) & 3;
    if (source === 2) {
      const bit = 1 << this.flag(arg & 31);
      if (!!(this.pio.flags & bit) !== !!wanted) return false;
      if (wanted) this.pio.setFlags(this.pio.flags & ~bit);
      return true;
    }
    const pin = source ? ((arg & 31) + ((this.pinCtrl >> 15) & 31)) & 31 : arg & 31;
    return ((this.pio.inputs(now) >>> pin) & 1) === wanted;
  }

  source(select, now) {
    switch (select) {
      case 0: return rotate(this.pio.inputs(now), (32 - ((this.pinCtrl >> 15) & 31)) & 31);
      case 1: return this.x;
      case 2: return this.y;
      case 5: return this.status();
      case 6: return this.isr;
      case 7: return this.osr;
      default: return 0;
    }
  }

  status() {
    const fifo = this.execCtrl & STATUS_RX ? this.rx : this.tx;
    return fifo.length < (this.execCtrl & 15) ? 0xffffffff : 0;
  }

  write(destination, value, bits) {
    switch (destination) {
      case 0: this.drive(value, this.pinCtrl & 31, (this.pinCtrl >> 20) & 63, false); break;
      case 1: this.x = value; break;
      case 2: this.y = value; break;
      case 4: this.drive(value, this.pinCtrl & 31, (this.pinCtrl >> 20) & 63, true); break;
      case 5: this.pc = value & 31; this.jumped = true; break;
      case 6: this.isr = value; this.isrCount = bits; break;
      case 7: this.exec = value & 0xffff; break;
    }
  }

  mov(arg, now) {
    let value = this.source(arg & 7, now);
    const how = (arg >> 3) & 3;
    if (how === 1) value = ~value;
    else if (how === 2) value = reversed(value);
    value >>>= 0;
    const destination = arg >> 5;
    if (destination === 4) this.exec = value & 0xffff;
    else if (destination === 7) this.load(value);
    else if (destination === 6) this.write(6, value, 0);
    else if (destination !== 3) this.write(destination, value, 32);
    return true;
  }

  irq(arg) {
    const bit = 1 << this.flag(arg & 31);
    if (arg & 0x40) {
      this.pio.setFlags(this.pio.flags & ~bit);
      return true;
    }
    if (!this.flagged) this.pio.setFlags(this.pio.flags | bit);
    this.flagged = !!(arg & 0x20) && !!(this.pio.flags & bit);
    return !this.flagged;
  }

  set(arg) {
    const value = arg & 31;
    const base = (this.pinCtrl >> 5) & 31;
    const count = (this.pinCtrl >> 26) & 7;
    switch (arg >> 5) {
      case 0: this.drive(value, base, count, false); break;
      case 1: this.x = value; break;
      case 2: this.y = value; break;
      case 4: this.drive(value, base, count, true); break;
    }
    return true;
  }
}

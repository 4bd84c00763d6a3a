// The PWM slices (data sheet 4.5): counter, wrap, compare, divider, inversion, phase correct.
//
// Promise: levels and the counter are right at every nanosecond; CC and TOP take effect at the
// wrap (4.5.2.3), at once while the slice is off; a wrap raises the interrupt and the DREQ.
// Boundary: free running only: the B pin as an input (gated, edges) is not there.
import { BasePeripheral, DREQChannel, IRQ } from './rp2040js.mjs';

const [CSR, DIV, CTR, CC, TOP] = [0, 4, 8, 12, 16];
const SLICES = 8;
const STRIDE = 20;
const [ENABLES, INTR, INTE, INTF, INTS] = [0xa0, 0xa4, 0xa8, 0xac, 0xb0];
const [EN, PHASE_CORRECT, INVERT_A, INVERT_B, RETARD, ADVANCE] = [1, 2, 4, 8, 64, 128];

class Slice {
  constructor(pwm, index) {
    this.pwm = pwm;
    this.index = index;
    Object.assign(this, { csr: 0, div: 16, cc: 0, top: 0xffff, usedCc: 0, usedTop: 0xffff });
    this.base = 0; // the count it had ...
    this.since = 0; // ... at this moment
    this.alarm = pwm.rp2040.clock.createAlarm(() => this.edge());
  }

  get tickNs() {
    return ((this.div || 4096) / 16) * (1e9 / this.pwm.rp2040.clkSys);
  }

  /** Ticks of a whole round: phase correct goes up and down again. */
  get round() {
    return this.csr & PHASE_CORRECT ? 2 * (this.usedTop || 1) : this.usedTop + 1;
  }

  /** Ticks into the round, not folded. */
  phase(now) {
    if (!(this.csr & EN)) return this.base;
    return (this.base + Math.floor((now - this.since) / this.tickNs + 1e-6)) % this.round;
  }

  get counter() {
    const phase = this.phase(this.pwm.rp2040.clock.now);
    return this.csr & PHASE_CORRECT && phase > this.usedTop ? this.round - phase : phase;
  }

  /** The count up to now is done with; the part of a tick that has begun goes on. */
  settle(now) {
    const ticks = Math.floor((now - this.since) / this.tickNs + 1e-6);
    this.base = this.phase(now);
    this.since = this.csr & EN ? this.since + ticks * this.tickNs : now;
  }

  /** Levels now, and an alarm for the next edge. */
  update() {
    const { clock } = this.pwm.rp2040;
    const { counter } = this;
    this.level(0, counter < (this.usedCc & 0xffff), this.csr & INVERT_A);
    this.level(1, counter < this.usedCc >>> 16, this.csr & INVERT_B);
    if (!(this.csr & EN)) {
      this.alarm.cancel();
      return;
    }
    this.alarm.at(this.since + (this.next() - this.base) * this.tickNs);
    clock.update();
  }

  /** The phase of the next edge or wrap, in ticks from the round's begin. */
  next() {
    const { round } = this;
    let next = round;
    const edges = [this.usedCc & 0xffff, this.usedCc >>> 16];
    for (const edge of edges) {
      const back = this.csr & PHASE_CORRECT ? round - edge + 1 : round;
      if (edge > this.base && edge < next) next = edge;
      if (back > this.base && back < next) next = back;
    }
    return next;
  }

  edge() {
    const next = this.next();
    this.since += (next - this.base) * this.tickNs;
    this.base = next;
    if (next >= this.round) {
      this.base = 0;
      this.load();
      this.pwm.wrapped(this.index);
    }
    this.update();
  }

  load() {
    this.usedCc = this.cc;
    this.usedTop = this.top;
  }

  level(output, high, inverted) {
    const pin = 2 * this.index + output;
    this.pwm.drive(pin, inverted ? !high : high);
    if (pin < 14) this.pwm.drive(16 + pin, inverted ? !high : high);
  }

  get(register) {
    return [this.csr, this.div, this.counter, this.cc, this.top][register >> 2];
  }

  set(register, value) {
    this.settle(this.pwm.rp2040.clock.now);
    if (register === CSR) {
      this.csr = value & 0x3f;
      if (value & ADVANCE) this.base = (this.base + 1) % this.round;
      if (value & RETARD) this.base = (this.base + this.round - 1) % this.round;
    } else if (register === DIV) {
      this.div = value & 0xfff;
    } else if (register === CTR) {
      this.base = value & 0xffff;
    } else if (register === CC) {
      this.cc = value >>> 0;
    } else if (register === TOP) {
      this.top = value & 0xffff;
    }
    if (!(this.csr & EN)) this.load();
    this.update();
  }
}

export class PWM extends BasePeripheral {
  constructor(mcu) {
    super(mcu, 'PWM');
    this.gpioValue = 0;
    this.gpioDirection = 0xffffffff;
    Object.assign(this, { raw: 0, enable: 0, force: 0 });
    this.channels = []; // rp2040js sets the frequency of its own here: ours reads clkSys itself
    this.slices = Array.from({ length: SLICES }, (_, i) => new Slice(this, i));
    mcu.addClockListener(() => this.slices.forEach((slice) => slice.update()));
  }

  drive(pin, high) {
    const bit = 1 << pin;
    if (!!(this.gpioValue & bit) === high) return;
    this.gpioValue ^= bit;
    this.rp2040.gpio[pin].checkForUpdates();
  }

  wrapped(index) {
    const { dma } = this.rp2040;
    this.raw |= 1 << index;
    this.changed();
    dma.request(DREQChannel.DREQ_PWM_WRAP0 + index, true); // one transfer a wrap
    dma.clearDREQ(DREQChannel.DREQ_PWM_WRAP0 + index);
  }

  changed() {
    this.rp2040.setInterrupt(IRQ.PWM_WRAP, !!((this.raw & this.enable) | this.force));
  }

  reset() {}

  gpioOnInput() {}

  readUint32(offset) {
    if (offset < ENABLES) return this.slices[(offset / STRIDE) | 0].get(offset % STRIDE);
    switch (offset) {
      case ENABLES: return this.slices.reduce((all, s) => all | ((s.csr & EN) << s.index), 0);
      case INTR: return this.raw;
      case INTE: return this.enable;
      case INTF: return this.force;
      case INTS: return (this.raw & this.enable) | this.force;
    }
    return super.readUint32(offset);
  }

  writeUint32(offset, value) {
    if (offset < ENABLES) {
      this.slices[(offset / STRIDE) | 0].set(offset % STRIDE, value);
      return;
    }
    if (offset === ENABLES) {
      for (const s of this.slices) s.set(CSR, (s.csr & ~EN) | ((value >> s.index) & EN));
    } else if (offset === INTR) {
      this.raw &= ~this.rawWriteValue;
    } else if (offset === INTE) {
      this.enable = value & 0xff;
    } else if (offset === INTF) {
      this.force = value & 0xff;
    }
    this.changed();
  }
}

// The shift registers of a PIO state machine and the FIFOs behind them (data sheet 3.5.4): IN,
// OUT, PUSH, PULL, autopush, autopull.
//
// Promise: true when the instruction is done, false when it stalls; a refill by OUT takes a tick.
// Boundary: where bits come from and go to is pio_machine.mjs' (source, write).
const [AUTOPUSH, IN_RIGHT, OUT_RIGHT] = [1 << 16, 1 << 18, 1 << 19];
export const AUTOPULL = 1 << 17;
const [JOIN_TX, JOIN_RX] = [1 << 30, 1 << 31];

export const mask = (bits) => (bits >= 32 ? -1 : (1 << bits) - 1);

export class Shifter {
  constructor(pio, index) {
    this.pio = pio;
    this.index = index;
    Object.assign(this, { shiftCtrl: 3 << 18, osr: 0, tx: [], rx: [] });
    this.empty();
    this.decodeShift();
  }

  /** SM_RESTART: the counts and the ISR; what is in the OSR stays (3.7, CTRL). */
  empty() {
    Object.assign(this, { isr: 0, isrCount: 0, osrCount: 32, pushing: false });
  }

  decodeShift() {
    const { shiftCtrl } = this;
    this.pushAt = (shiftCtrl >> 20) & 31 || 32;
    this.pullAt = (shiftCtrl >> 25) & 31 || 32;
    this.txDepth = shiftCtrl & JOIN_TX ? 8 : shiftCtrl & JOIN_RX ? 0 : 4;
    this.rxDepth = shiftCtrl & JOIN_RX ? 8 : shiftCtrl & JOIN_TX ? 0 : 4;
  }

  in(arg, now) {
    const bits = arg & 31 || 32;
    if (!this.pushing) {
      const value = this.source(arg >> 5, now) & mask(bits);
      if (bits === 32) this.isr = value;
      else if (this.shiftCtrl & IN_RIGHT) this.isr = (this.isr >>> bits) | (value << (32 - bits));
      else this.isr = (this.isr << bits) | value;
      this.isr >>>= 0;
      this.isrCount = Math.min(32, this.isrCount + bits);
    }
    if (!(this.shiftCtrl & AUTOPUSH) || this.isrCount < this.pushAt) return true;
    this.pushing = !this.deliver();
    return !this.pushing;
  }

  deliver() {
    if (this.rx.length >= this.rxDepth) {
      this.pio.debug |= 1 << this.index; // RXSTALL
      return false;
    }
    this.rx.push(this.isr >>> 0);
    this.isr = 0;
    this.isrCount = 0;
    this.pio.fifoChanged(this);
    return true;
  }

  refill() {
    if (!this.tx.length) return false;
    this.osr = this.tx.shift();
    this.osrCount = 0;
    this.pio.fifoChanged(this);
    return true;
  }

  out(arg) {
    const bits = arg & 31 || 32;
    const auto = this.shiftCtrl & AUTOPULL;
    if (auto && this.osrCount >= this.pullAt) {
      // A refill takes this tick, and OUT goes on at the next one.
      if (this.refill()) this.pio.again = this;
      else this.pio.debug |= 1 << (24 + this.index);
      return false;
    }
    const right = this.shiftCtrl & OUT_RIGHT;
    const value = (right ? this.osr & mask(bits) : this.osr >>> (32 - bits)) >>> 0;
    if (bits === 32) this.osr = 0;
    else this.osr = (right ? this.osr >>> bits : this.osr << bits) >>> 0;
    this.osrCount = Math.min(32, this.osrCount + bits);
    this.write(arg >> 5, value, bits);
    if (auto && this.osrCount >= this.pullAt) this.refill();
    return true;
  }

  push(arg) {
    if (arg & 0x40 && this.isrCount < this.pushAt) return true;
    if (this.deliver()) return true;
    if (arg & 0x20) return false;
    this.isr = 0;
    this.isrCount = 0;
    return true;
  }

  pull(arg) {
    if (arg & 0x40 && this.osrCount < this.pullAt) return true;
    // With autopull a PULL of what is full already does nothing (3.4.7).
    if (this.shiftCtrl & AUTOPULL && this.osrCount < this.pullAt) return true;
    if (this.refill()) return true;
    if (arg & 0x20) {
      this.pio.debug |= 1 << (24 + this.index);
      return false;
    }
    this.osr = this.x;
    this.osrCount = 0;
    return true;
  }

  load(value) {
    this.osr = value;
    this.osrCount = 0;
  }
}

// The pads: what drives a pin, what its input sees, edges (data sheet 2.19).
//
// Promise: an input sees the chip's own output, else what the world drives, else its pull. All
// levels stand in one word, and PIO's two-stage synchroniser (3.5.6.3) sees them 2 cycles later.
// Boundary: no analog levels (see adc.mjs), no shorts: the chip wins.
import { GPIOPin } from './rp2040js.mjs';

const [EDGE_HIGH, EDGE_LOW, LEVEL_HIGH, LEVEL_LOW] = [8, 4, 2, 1];
const SYNC_CYCLES = 2;

export class Pin extends GPIOPin {
  constructor(mcu, index, bank) {
    super(mcu, index);
    this.bank = bank;
    this.world = null; // null: nothing outside drives it
    this.watchers = []; // (high or null: not an output)
    this.driven = null;
    this.irqStatus = LEVEL_LOW;
    this.padValue = 0x56; // as out of reset (2.19.6.3): input on, pulled down, 4 mA
  }

  /** From outside; null lets go. */
  drive(high) {
    if (this.world === high) return;
    this.world = high;
    this.resolve();
  }

  /** rp2040js calls this whenever function, output, direction or pad change. */
  checkForUpdates() {
    if (!this.bank) return; // under construction
    const driven = this.outputEnable && !this.outputDisable ? this.outputValue : null;
    if (driven !== this.driven) {
      this.driven = driven;
      for (const watcher of this.watchers) watcher(driven);
    }
    this.resolve();
  }

  refreshInput() {
    this.resolve();
  }

  resolve() {
    const level = this.driven ?? this.world ?? (this.pullupEnabled && !this.pulldownEnabled);
    this.rawInputValue = level;
    const high = this.inputValue;
    if (high === this.bank.high(this.index)) return;
    this.bank.set(this.index, high);
    const now = high ? EDGE_HIGH | LEVEL_HIGH : EDGE_LOW | LEVEL_LOW;
    this.irqStatus = (this.irqStatus & (EDGE_HIGH | EDGE_LOW)) | now;
    if (this.irqEnableMask) this.rp2040.updateIOInterrupt();
  }
}

export class Bank {
  constructor(mcu) {
    this.mcu = mcu;
    this.levels = 0;
    this.before = 0; // what the synchronisers still see until `seen`
    this.seen = 0;
    this.listeners = []; // () : some level has changed
    mcu.gpio = Array.from({ length: 30 }, (_, i) => new Pin(mcu, i, this));
    Object.defineProperty(mcu, 'gpioValues', { get: () => this.levels });
  }

  high(index) {
    return !!(this.levels & (1 << index));
  }

  set(index, high) {
    const { clock, clkSys } = this.mcu;
    if (clock.now >= this.seen) this.before = this.levels;
    this.seen = clock.now + (SYNC_CYCLES * 1e9) / clkSys;
    this.levels = high ? this.levels | (1 << index) : this.levels & ~(1 << index);
    for (const listener of this.listeners) listener(this.seen);
  }

  synchronised(now) {
    return now < this.seen ? this.before : this.levels;
  }
}

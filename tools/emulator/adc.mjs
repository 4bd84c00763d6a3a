// The ADC (data sheet 4.9): 96 cycles of 48 MHz a sample, free running with its divider, round
// robin, FIFO of four with threshold, error flags, interrupt and DREQ.
//
// Promise: a sample shows the level at the moment it was taken, every 2 us at full pace.
// Boundary: no noise, no non-linearity. What stands at an input is `levels[channel](now)` in mV.
import { BasePeripheral, DREQChannel, IRQ } from './rp2040js.mjs';

const SAMPLE_CYCLES = 96;
const CYCLE_NS = 1e9 / 48e6;
const FIFO_DEPTH = 4;
const [CS, RESULT, FCS, FIFO, DIV, INTR, INTE, INTF, INTS] = [0, 4, 8, 12, 16, 20, 24, 28, 32];
const [CS_EN, CS_TEMPERATURE, CS_ONE, CS_MANY, CS_READY] = [1, 2, 4, 8, 1 << 8];
const CS_WRITABLE = 0x1f700f;
const [FCS_EN, FCS_SHIFT, FCS_DREQ, FCS_UNDER, FCS_OVER] = [1, 2, 8, 1 << 10, 1 << 11];
const FCS_WRITABLE = 0x0f00000f;
const FULL_SCALE_MV = 3300;

export class ADC extends BasePeripheral {
  constructor(mcu) {
    super(mcu, 'ADC');
    Object.assign(this, { cs: 0, fcs: 0, div: 0, result: 0, enable: 0, force: 0 });
    this.fifo = [];
    this.due = Infinity; // a source of the clock
    this.begun = -1; // when the running conversion was started
    this.levels = [0, 0, 0, 0, 706].map((mv) => () => mv); // the last: 27 C (4.9.5)
    mcu.clock.sources.push(this);
  }

  get channel() {
    return (this.cs >> 12) & 7;
  }

  /** Data sheet 4.9.2.2: the divider counts from start to start; below 96 it is full pace. */
  get periodNs() {
    const period = 1 + (this.div >>> 8) + (this.div & 0xff) / 256;
    return Math.max(SAMPLE_CYCLES, this.div >>> 8 ? period : 0) * CYCLE_NS;
  }

  start(at) {
    this.begun = at;
    this.due = at + SAMPLE_CYCLES * CYCLE_NS;
  }

  /** The conversion that began at `begun` ends, or the next one begins. */
  run() {
    const { clock } = this.rp2040;
    if (this.begun < 0) {
      this.start(this.due);
      return;
    }
    const at = this.begun;
    this.begun = -1;
    this.finish(this.sample(clock.now));
    if ((this.cs & (CS_MANY | CS_EN)) !== (CS_MANY | CS_EN)) {
      this.due = Infinity;
      return;
    }
    const next = at + this.periodNs;
    if (next <= clock.now + 1e-3) this.start(next);
    else this.due = next;
  }

  sample(now) {
    const level = this.levels[this.channel];
    if (!level || (this.channel === 4 && !(this.cs & CS_TEMPERATURE))) return 0;
    const code = Math.round((level(now) * 4095) / FULL_SCALE_MV);
    return code < 0 ? 0 : code > 4095 ? 4095 : code;
  }

  finish(code) {
    this.result = code;
    if (this.fcs & FCS_EN) {
      if (this.fifo.length >= FIFO_DEPTH) this.fcs |= FCS_OVER;
      else this.fifo.push(this.fcs & FCS_SHIFT ? code >> 4 : code);
      this.changed();
    }
    const robin = (this.cs >> 16) & 0x1f;
    if (!robin) return;
    let channel = this.channel;
    do channel = (channel + 1) % 5;
    while (!(robin & (1 << channel)));
    this.cs = (this.cs & ~0x7000) | (channel << 12);
  }

  get raw() {
    return this.fifo.length >= ((this.fcs >> 24) & 15) ? 1 : 0;
  }

  changed() {
    const threshold = (this.fcs >> 24) & 15;
    const asks = !!(this.fcs & FCS_DREQ) && this.fifo.length > 0;
    this.rp2040.dma.request(DREQChannel.DREQ_ADC, asks && this.fifo.length >= threshold);
    if (this.enable | this.force | this.told) {
      this.told = (this.raw & this.enable) | this.force;
      this.rp2040.setInterrupt(IRQ.ADC_FIFO, !!this.told);
    }
  }

  readUint32(offset) {
    switch (offset) {
      case CS: return this.cs | (this.begun < 0 ? CS_READY : 0);
      case RESULT: return this.result;
      case FCS: return this.status();
      case FIFO: return this.take();
      case DIV: return this.div;
      case INTR: return this.raw;
      case INTE: return this.enable;
      case INTF: return this.force;
      case INTS: return (this.raw & this.enable) | this.force;
    }
    return super.readUint32(offset);
  }

  status() {
    const { length } = this.fifo;
    const ends = (length >= FIFO_DEPTH ? 1 << 9 : 0) | (length ? 0 : 1 << 8);
    return this.fcs | (length << 16) | ends;
  }

  take() {
    if (!this.fifo.length) {
      this.fcs |= FCS_UNDER;
      return 0;
    }
    const code = this.fifo.shift();
    this.changed();
    return code;
  }

  writeUint32(offset, value) {
    switch (offset) {
      case CS: this.control(value); break;
      case FCS:
        this.fcs &= ~(value & (FCS_OVER | FCS_UNDER)); // write one to clear
        this.fcs = (this.fcs & ~FCS_WRITABLE) | (value & FCS_WRITABLE);
        this.changed();
        break;
      case DIV: this.div = value & 0xffffff; break;
      case INTE: this.enable = value & 1; this.changed(); break;
      case INTF: this.force = value & 1; this.changed(); break;
      default: super.writeUint32(offset, value);
    }
  }

  control(value) {
    const { clock } = this.rp2040;
    this.cs = (this.cs & ~CS_WRITABLE) | (value & CS_WRITABLE & ~CS_ONE);
    const wanted = value & CS_EN && value & (CS_ONE | CS_MANY);
    if (!(value & CS_EN)) {
      this.begun = -1;
      this.due = Infinity;
    } else if (wanted && this.begun < 0) {
      this.start(clock.now);
    } else if (!(value & CS_MANY) && this.begun < 0) {
      this.due = Infinity;
    }
    clock.update();
  }
}

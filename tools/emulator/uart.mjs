// PL011 as the RP2040 has it (data sheet 4.2): FIFOs of 32, bytes at line speed, BUSY, level
// interrupts, receive time-out, overrun, break, DREQ.
//
// Promise: a byte takes as long as its bits do, both ways; what does not fit is an overrun.
// Boundary: bytes; whose wire it is, is not known here. No parity check, no modem lines.
import { BasePeripheral } from './rp2040js.mjs';

const RX = 1 << 4;
const TX = 1 << 5;
const RX_TIMEOUT = 1 << 6;
const BREAK = 1 << 9;
const OVERRUN = 1 << 10;
const LEVELS = [4, 8, 16, 24, 28];
const [DR, RSR, FR, IBRD, FBRD, LCR, CR, IFLS, IMSC, RIS, MIS, ICR, DMACR] = [
  0x00, 0x04, 0x18, 0x24, 0x28, 0x2c, 0x30, 0x34, 0x38, 0x3c, 0x40, 0x44, 0x48,
];
const IDENTITY = [0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1]; // 0xfe0.. (data sheet 4.2.8)

export class PL011 extends BasePeripheral {
  constructor(mcu, name, irq, dreq) {
    super(mcu, name);
    this.irq = irq;
    this.dreq = dreq;
    Object.assign(this, { cr: 0x300, lcr: 0, ibrd: 0, fbrd: 0, imsc: 0, ris: 0, ifls: 0x12 });
    Object.assign(this, { dmacr: 0, rsr: 0, overruns: 0, tx: [], rx: [], line: [], shifting: -1 });
    this.onByte = null; // (byte): its stop bit has left
    this.gapNs = 0; // what the other end waits between its bytes
    this.sending = mcu.clock.createAlarm(() => this.sent());
    this.arriving = mcu.clock.createAlarm(() => this.arrived());
    this.silence = mcu.clock.createAlarm(() => this.silent());
  }

  get depth() {
    return this.lcr & 0x10 ? 32 : 1;
  }

  get bitNs() {
    const divisor = this.ibrd + this.fbrd / 64;
    return divisor ? (16e9 * divisor) / this.rp2040.clkPeri : 0;
  }

  /** Start, data, parity and stop bits. */
  get charNs() {
    const bits = 7 + ((this.lcr >> 5) & 3) + (this.lcr & 2 ? 1 : 0) + (this.lcr & 8 ? 1 : 0);
    return bits * this.bitNs;
  }

  level(select) {
    return this.depth === 1 ? 1 : LEVELS[select & 7] ?? 16;
  }

  changed() {
    if (this.rx.length < this.level(this.ifls >> 3)) this.ris &= ~RX;
    if (!this.rx.length) this.ris &= ~RX_TIMEOUT;
    this.rp2040.setInterrupt(this.irq, !!(this.ris & this.imsc));
    const { dma } = this.rp2040;
    dma.request(this.dreq.tx, !!(this.dmacr & 2) && this.tx.length < this.depth);
    dma.request(this.dreq.rx, !!(this.dmacr & 1) && this.rx.length > 0);
  }

  start() {
    const ready = this.cr & 1 && this.cr & 0x100 && this.bitNs;
    if (!ready || this.shifting >= 0 || !this.tx.length) return;
    const level = this.depth === 1 ? 0 : this.level(this.ifls);
    this.shifting = this.tx.shift();
    this.sending.schedule(this.charNs);
    if (this.tx.length === level) this.ris |= TX; // the passage through the level, not the level
  }

  sent() {
    const byte = this.shifting;
    this.shifting = -1;
    this.start();
    this.changed();
    this.onByte?.(byte);
    if (this.cr & 0x80) this.receive(byte); // loop back
  }

  receive(byte, error = 0) {
    if (!(this.cr & 1) || !(this.cr & 0x200)) return;
    if (this.rx.length >= this.depth) {
      this.ris |= OVERRUN;
      this.overruns++;
    } else {
      this.rx.push(byte | error);
      // The passage through the level: what ICR has cleared stays so until the next one. (PL011 TRM
      // 2.8.1: reading below the level clears it, "or by clearing the interrupt".)
      if (this.rx.length === this.level(this.ifls >> 3)) this.ris |= RX;
    }
    if (error & 0x400) this.ris |= BREAK;
    this.silence.schedule(32 * (this.bitNs || 1000));
    this.changed();
  }

  silent() {
    if (!this.rx.length) return;
    this.ris |= RX_TIMEOUT;
    this.changed();
  }

  /** Bytes on the wire towards the chip, one after the other at line speed. */
  feed(bytes) {
    for (const byte of bytes) this.line.push(byte);
    if (!this.arriving.scheduled && this.line.length) this.arriving.schedule(this.charNs || 1e5);
  }

  arrived() {
    this.receive(this.line.shift());
    if (this.line.length) this.arriving.schedule((this.charNs || 1e5) + this.gapNs);
  }

  clkPeriChanged() {}

  flags() {
    const { tx, rx, depth } = this;
    let flags = 1;
    if (tx.length || this.shifting >= 0) flags |= 8;
    if (!rx.length) flags |= 0x10;
    if (tx.length >= depth) flags |= 0x20;
    if (rx.length >= depth) flags |= 0x40;
    if (!tx.length) flags |= 0x80;
    return flags;
  }

  readUint32(offset) {
    switch (offset) {
      case DR: {
        const value = this.rx.shift() ?? 0;
        this.rsr = value >> 8;
        this.changed();
        return value;
      }
      case RSR: return this.rsr;
      case FR: return this.flags();
      case IBRD: return this.ibrd;
      case FBRD: return this.fbrd;
      case LCR: return this.lcr;
      case CR: return this.cr;
      case IFLS: return this.ifls;
      case IMSC: return this.imsc;
      case RIS: return this.ris;
      case MIS: return this.ris & this.imsc;
      case DMACR: return this.dmacr;
      default: return offset >= 0xfe0 ? IDENTITY[(offset - 0xfe0) >> 2] : 0;
    }
  }

  writeUint32(offset, value) {
    switch (offset) {
      case DR:
        if (this.tx.length < this.depth) this.tx.push(value & 0xff);
        this.start();
        break;
      case RSR: this.rsr = 0; break;
      case IBRD: this.ibrd = value & 0xffff; break;
      case FBRD: this.fbrd = value & 0x3f; break;
      case LCR: this.lcr = value & 0xff; break;
      case CR:
        this.cr = value & 0xffff;
        this.start();
        break;
      case IFLS: this.ifls = value & 0x3f; break;
      case IMSC: this.imsc = value & 0x7ff; break;
      case ICR: this.ris &= ~this.rawWriteValue; break;
      case DMACR: this.dmacr = value & 7; break;
    }
    this.changed();
  }
}

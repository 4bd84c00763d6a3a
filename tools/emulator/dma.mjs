// The DMA (data sheet 2.5): twelve channels, paced by data requests, chaining, rings, interrupts.
//
// Promise: a transfer happens at the moment its request comes; an unpaced one takes a cycle each.
// Boundary: no bus contention, no sniffer, pacing timers as in X/Y.
import { BasePeripheral, IRQ } from './rp2040js.mjs';

const EN = 1;
const INCR_READ = 1 << 4;
const INCR_WRITE = 1 << 5;
const RING_WRITE = 1 << 10;
const QUIET = 1 << 21;
const BSWAP = 1 << 22;
const BUSY = 1 << 24;
const ERRORS = 0xe0000000;
const UNPACED = 63;
const TIMER0 = 59;
const BURST = 64; // unpaced transfers done at one moment: nobody sees the cycles between
const REQUESTS = 40;
// The four aliases of a channel's registers, in the order of their addresses; the last triggers.
const [READ, WRITE, COUNT, CTRL] = [0, 1, 2, 3];
const ALIAS = [READ, WRITE, COUNT, CTRL, CTRL, READ, WRITE, COUNT];
ALIAS.push(CTRL, COUNT, READ, WRITE, CTRL, WRITE, COUNT, READ);

class Channel {
  constructor(dma, index) {
    this.dma = dma;
    this.index = index;
    Object.assign(this, { read: 0, write: 0, count: 0, reload: 0, busy: false, inside: false });
    this.ctrl = index << 11;
    this.alarm = dma.rp2040.clock.createAlarm(() => this.go());
  }

  get request() {
    return (this.ctrl >> 15) & 63;
  }

  start() {
    if (!(this.ctrl & EN) || this.busy) return;
    this.count = this.reload;
    this.busy = this.count > 0;
    if (this.busy) this.pace();
    else this.done();
  }

  pace() {
    const { request } = this;
    if (request === UNPACED) this.alarm.schedule(0);
    else if (request >= TIMER0) this.alarm.schedule(this.dma.timerNs(request - TIMER0));
    else if (this.dma.asked[request]) this.dma.request(request, true);
  }

  /** One request's worth: as often as the request stands, all of it when there is none. */
  go() {
    const { dma, request } = this;
    let burst = request === UNPACED ? BURST : 1;
    while (this.busy && this.ctrl & EN && burst-- > 0) this.transfer();
    if (this.busy && request >= TIMER0 && this.ctrl & EN) {
      const pace = request === UNPACED ? BURST * dma.cycleNs : dma.timerNs(request - TIMER0);
      this.alarm.schedule(pace);
    }
  }

  transfer() {
    const { rp2040 } = this.dma;
    const { ctrl } = this;
    const size = (ctrl >> 2) & 3;
    if (size === 0) {
      rp2040.writeUint8(this.write, rp2040.readUint8(this.read));
    } else if (size === 1) {
      const value = rp2040.readUint16(this.read);
      rp2040.writeUint16(this.write, ctrl & BSWAP ? ((value & 0xff) << 8) | (value >> 8) : value);
    } else {
      const value = rp2040.readUint32(this.read);
      rp2040.writeUint32(this.write, ctrl & BSWAP ? swap(value) : value >>> 0);
    }
    const step = 1 << size;
    const ring = (ctrl >> 6) & 15;
    if (ctrl & INCR_READ) this.read = advance(this.read, step, ctrl & RING_WRITE ? 0 : ring);
    if (ctrl & INCR_WRITE) this.write = advance(this.write, step, ctrl & RING_WRITE ? ring : 0);
    if (--this.count === 0) this.done();
  }

  done() {
    this.busy = false;
    if (!(this.ctrl & QUIET)) this.dma.raise(this.index);
    const chain = (this.ctrl >> 11) & 15;
    if (chain !== this.index) this.dma.channels[chain].start();
  }

  abort() {
    this.busy = false;
    this.alarm.cancel();
  }

  get(register) {
    if (register === READ) return this.read;
    if (register === WRITE) return this.write;
    if (register === COUNT) return this.count;
    return (this.ctrl | (this.busy ? BUSY : 0)) >>> 0;
  }

  set(register, value) {
    if (register === READ) this.read = value >>> 0;
    else if (register === WRITE) this.write = value >>> 0;
    else if (register === COUNT) this.reload = value >>> 0;
    else this.ctrl = value & ~(BUSY | ERRORS);
  }
}

const swap = (v) =>
  ((v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24)) >>> 0;

function advance(address, step, ring) {
  if (!ring) return (address + step) >>> 0;
  const mask = (1 << ring) - 1;
  return ((address & ~mask) | ((address + step) & mask)) >>> 0;
}

export class DMA extends BasePeripheral {
  constructor(mcu) {
    super(mcu, 'DMA');
    this.channels = Array.from({ length: 12 }, (_, i) => new Channel(this, i));
    this.asked = new Uint8Array(REQUESTS);
    this.timers = [0, 0, 0, 0];
    this.raw = 0;
    this.enable = [0, 0];
    this.force = [0, 0];
  }

  get cycleNs() {
    return 1e9 / this.rp2040.clkSys;
  }

  timerNs(index) {
    const x = this.timers[index] >>> 16;
    return x ? ((this.timers[index] & 0xffff) / x) * this.cycleNs : Infinity;
  }

  /** A peripheral's data request. Called again while it stands, as the FIFO fills or drains. */
  request(line, asks) {
    this.asked[line] = asks ? 1 : 0;
    if (!asks) return;
    for (const channel of this.channels) {
      if (channel.busy && channel.request === line && !channel.inside) {
        channel.inside = true;
        while (this.asked[line] && channel.busy && channel.ctrl & EN) channel.transfer();
        channel.inside = false;
        return;
      }
    }
  }

  // The names rp2040js' own peripherals use.
  setDREQ(line) {
    this.request(line, true);
  }

  clearDREQ(line) {
    this.asked[line] = 0;
  }

  raise(index) {
    this.raw |= 1 << index;
    this.changed();
  }

  status(line) {
    return (this.raw & this.enable[line]) | this.force[line];
  }

  changed() {
    this.rp2040.setInterrupt(IRQ.DMA_IRQ0, !!this.status(0));
    this.rp2040.setInterrupt(IRQ.DMA_IRQ1, !!this.status(1));
  }

  readUint32(offset) {
    if (offset < 0x300) return this.channels[offset >> 6].get(ALIAS[(offset >> 2) & 15]);
    const line = offset & 0x10 ? 1 : 0;
    switch (offset) {
      case 0x400: case 0x410: return this.raw;
      case 0x404: case 0x414: return this.enable[line];
      case 0x408: case 0x418: return this.force[line];
      case 0x40c: case 0x41c: return this.status(line);
      case 0x448: return this.channels.length;
    }
    if (offset >= 0x420 && offset < 0x430) return this.timers[(offset - 0x420) >> 2];
    if (offset >= 0x800) return this.channels[(offset - 0x800) >> 6].reload; // DBG_TCR
    return 0;
  }

  writeUint32(offset, value) {
    if (offset < 0x300) {
      this.writeChannel(this.channels[offset >> 6], offset, value);
      return;
    }
    const line = offset & 0x10 ? 1 : 0;
    if (offset === 0x400 || offset === 0x40c || offset === 0x41c) this.raw &= ~this.rawWriteValue;
    else if (offset === 0x404 || offset === 0x414) this.enable[line] = value & 0xfff;
    else if (offset === 0x408 || offset === 0x418) this.force[line] = value & 0xfff;
    else if (offset >= 0x420 && offset < 0x430) this.timers[(offset - 0x420) >> 2] = value;
    else if (offset === 0x430) this.some(value, (channel) => channel.start());
    else if (offset === 0x444) this.some(value, (channel) => channel.abort());
    this.changed();
  }

  some(mask, act) {
    for (const channel of this.channels) if (mask & (1 << channel.index)) act(channel);
  }

  writeChannel(channel, offset, value) {
    const place = (offset >> 2) & 15;
    channel.set(ALIAS[place], value);
    if ((place & 3) !== 3) return;
    if (value) channel.start();
    else if (channel.ctrl & QUIET) this.raise(channel.index); // a null trigger
  }
}

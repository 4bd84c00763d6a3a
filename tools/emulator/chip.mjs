// The small rooms of the RP2040 that rp2040js leaves empty or wrong.
//
// Promise: watchdog with scratch and reason (4.7), random bits (2.17), a core 1 that answers as
// its boot ROM would and never runs, timer alarms that never come early, the flash chip's SPI
// commands that the SDK uses for its unique id.
// Boundary: registers; what a reset means is board.mjs'.
import { randomBytes } from 'node:crypto';
import { BasePeripheral } from './rp2040js.mjs';

const [CTRL, LOAD, REASON, SCRATCH, TICK] = [0, 4, 8, 0x0c, 0x2c];
const [TRIGGER, ENABLE] = [1 << 31, 1 << 30];
const HALF_US = 500; // errata RP2040-E1: the counter falls twice a tick of 1 us
export const [BY_TIMER, BY_FORCE] = [1, 2];

export class Watchdog extends BasePeripheral {
  constructor(mcu) {
    super(mcu, 'WATCHDOG');
    Object.assign(this, { scratch: new Uint32Array(8), reason: 0, control: 0, tick: 0 });
    Object.assign(this, { load: 0xffffff, loaded: 0 });
    this.onReset = () => {}; // (BY_TIMER or BY_FORCE)
    this.alarm = mcu.clock.createAlarm(() => this.onReset(BY_TIMER));
  }

  /** MicroPython starts the tick generator before it starts us. */
  count() {
    if (!(this.control & ENABLE)) return this.load;
    const passed = Math.floor((this.rp2040.clock.now - this.loaded) / HALF_US);
    return Math.max(0, this.load - passed);
  }

  arm() {
    const { clock } = this.rp2040;
    this.loaded = clock.now;
    if (this.control & ENABLE) this.alarm.at(clock.now + this.load * HALF_US);
    else this.alarm.cancel();
    clock.update();
  }

  readUint32(offset) {
    if (offset === CTRL) return (this.control | this.count()) >>> 0;
    if (offset === REASON) return this.reason;
    if (offset >= SCRATCH && offset < TICK) return this.scratch[(offset - SCRATCH) >> 2];
    return offset === TICK ? this.tick | (this.tick & 0x200 ? 0x400 : 0) : 0;
  }

  writeUint32(offset, value) {
    if (offset === CTRL) {
      if (value & TRIGGER) this.onReset(BY_FORCE);
      const was = this.control & ENABLE;
      if (was) this.load = this.count();
      this.control = value & (ENABLE | 0x07000000);
      this.arm();
    } else if (offset === LOAD) {
      this.load = value & 0xffffff;
      this.arm();
    } else if (offset >= SCRATCH && offset < TICK) {
      this.scratch[(offset - SCRATCH) >> 2] = value;
    } else if (offset === TICK) {
      this.tick = value & 0x3ff;
    }
  }
}

/** Ring oscillator: stable, and random. */
class Oscillator extends BasePeripheral {
  constructor(mcu) {
    super(mcu, 'ROSC');
    this.pool = Buffer.alloc(0);
  }

  readUint32(offset) {
    if (offset === 0x18) return 0x80001000; // STATUS: stable, enabled
    if (offset !== 0x1c) return 0xaa0;
    if (!this.pool.length) this.pool = randomBytes(4096);
    const bit = this.pool[0] & 1;
    this.pool = this.pool.subarray(1);
    return bit;
  }

  writeUint32() {}
}

/** CHIP_RESET: the last one was power on, or not. */
class Supply extends BasePeripheral {
  readUint32(offset) {
    return offset === 8 && this.rp2040.poweredOn ? 1 << 8 : 0;
  }

  writeUint32() {}
}

/** The flash behind the SSI in command mode: status, JEDEC id, unique id (W25Q16JV, 8.2). */
class FlashCommands extends BasePeripheral {
  constructor(mcu, uniqueId) {
    super(mcu, 'SSI');
    this.uniqueId = uniqueId;
    this.registers = new Map();
    Object.assign(this, { received: [], sent: 0, command: 0, forced: false });
  }

  answer(byte) {
    const at = this.sent++;
    if (at === 0) {
      this.command = byte;
      return 0;
    }
    switch (this.command) {
      case 0x35: return 2; // status register 2: quad enabled
      case 0x4b: return at >= 5 ? this.uniqueId[at - 5] ?? 0 : 0;
      case 0x9f: return [0xef, 0x40, 0x15][at - 1] ?? 0;
      default: return 0; // status register 1: not busy
    }
  }

  select(forced) {
    this.forced = forced;
    this.sent = 0;
    this.received.length = 0;
  }

  readUint32(offset) {
    if (offset === 0x28) return 2 | 4 | (this.received.length ? 8 : 0);
    if (offset === 0x24) return this.received.length;
    if (offset < 0x60 || offset >= 0xf0) return this.registers.get(offset) ?? 0;
    const byte = this.received.shift() ?? 0;
    if (!this.received.length && !this.forced) this.sent = 0; // its own chip select goes up
    return byte;
  }

  writeUint32(offset, value) {
    if (offset >= 0x60 && offset < 0xf0) this.received.push(this.answer(value & 0xff));
    else this.registers.set(offset, value);
  }
}

/** GPIO_QSPI_SS_CTRL.OUTOVER is how the SDK holds the chip select. */
class FlashPins extends BasePeripheral {
  constructor(mcu, ssi) {
    super(mcu, 'IO_QSPI');
    this.ssi = ssi;
    this.registers = new Map();
  }

  readUint32(offset) {
    return this.registers.get(offset) ?? 0;
  }

  writeUint32(offset, value) {
    this.registers.set(offset, value);
    if (offset === 0x0c) this.ssi.select(((value >> 8) & 3) === 2);
  }
}

/** Data sheet 2.8.2: core 1 echoes what is written to its FIFO while it waits in its boot ROM. */
function core1(mcu) {
  const { sio } = mcu;
  const psm = mcu.peripherals[0x40010];
  const fifo = [];
  const [sioRead, sioWrite] = [sio.readUint32.bind(sio), sio.writeUint32.bind(sio)];
  sio.readUint32 = (offset) => {
    if (offset === 0x50) return (fifo.length ? 1 : 0) | 2;
    return offset === 0x58 ? fifo.shift() ?? 0 : sioRead(offset);
  };
  sio.writeUint32 = (offset, value) => {
    if (offset === 0x54) fifo.push(value >>> 0);
    else if (offset !== 0x50) sioWrite(offset, value);
  };
  const write = psm.writeUint32.bind(psm);
  let off = 0;
  psm.writeUint32 = (offset, value) => {
    if (offset === 4 && off & 0x10000 && !(value & 0x10000)) fifo.splice(0, fifo.length, 0);
    if (offset === 4) off = value;
    write(offset, value);
  };
}

/** An alarm fires when the whole microsecond is reached (4.6.3), not a part of one before it. */
function timer(mcu) {
  const block = mcu.peripherals[0x40054];
  const write = block.writeUint32.bind(block);
  block.writeUint32 = (offset, value) => {
    if (offset < 0x10 || offset > 0x1c) {
      write(offset, value);
      return;
    }
    const alarm = block.alarms[(offset - 0x10) >> 2];
    const now = Math.floor(mcu.clock.now / 1000);
    alarm.armed = true;
    alarm.targetMicros = value;
    alarm.clockAlarm.at((now + ((value - now) >>> 0)) * 1000);
    mcu.clock.update();
  };
}

/** -> the watchdog, whose reset is the board's. */
export function furnish(mcu, uniqueId) {
  const watchdog = new Watchdog(mcu);
  const ssi = new FlashCommands(mcu, uniqueId);
  mcu.peripherals[0x18000] = ssi;
  mcu.peripherals[0x40018] = new FlashPins(mcu, ssi);
  mcu.peripherals[0x40058] = watchdog;
  mcu.peripherals[0x40060] = new Oscillator(mcu);
  mcu.peripherals[0x40064] = new Supply(mcu, 'VREG_AND_CHIP_RESET');
  core1(mcu);
  timer(mcu);
  return watchdog;
}

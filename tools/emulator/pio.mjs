// A PIO block (data sheet 3.7): registers, FIFOs, flags, interrupts and pins around its machines.
//
// Promise: runs in simulated time with the processor, clock dividers and delays included.
// Boundary: the instructions are in pio_machine.mjs.
import { BasePeripheral } from './rp2040js.mjs';
import { StateMachine } from './pio_machine.mjs';

const [CTRL, FSTAT, FDEBUG, FLEVEL, TXF, RXF] = [0, 4, 8, 12, 0x10, 0x20];
const [IRQ, IRQ_FORCE, PADOUT, PADOE, CFGINFO] = [0x30, 0x34, 0x3c, 0x40, 0x44];
const [INSTR_MEM, MACHINES, INTR, INTERRUPTS, END] = [0x48, 0xc8, 0x128, 0x12c, 0x144];
const STRIDE = 24;

export class PIO extends BasePeripheral {
  constructor(mcu, index, irq) {
    super(mcu, 'PIO' + index);
    this.index = index;
    this.firstIrq = irq;
    this.instructions = new Uint16Array(32);
    Object.assign(this, { flags: 0, debug: 0, pinValues: 0, pinDirections: 0, due: Infinity });
    this.enable = [0, 0];
    this.force = [0, 0];
    this.again = null; // a machine that stalls for exactly one tick
    this.machines = [0, 1, 2, 3].map((i) => new StateMachine(this, i));
    mcu.clock.sources.push(this);
    mcu.bank.listeners.push((seen) => this.wakeAll(seen));
    for (const machine of this.machines) this.ask(machine); // an empty FIFO asks from reset on
    mcu.addClockListener(() => this.machines.forEach((machine) => machine.decode()));
  }

  /** Everything that is due at the clock's moment, in the order of the machines. */
  run() {
    const { now } = this.rp2040.clock;
    for (const machine of this.machines) {
      if (machine.due > now) continue;
      machine.step(now);
      if (this.again === machine) machine.wake(now + machine.period / 2);
      this.again = null;
    }
    this.schedule();
  }

  schedule() {
    const [a, b, c, d] = this.machines;
    this.due = Math.min(a.due, b.due, c.due, d.due);
  }

  wakeAll(at) {
    for (const machine of this.machines) {
      if (machine.enabled && machine.stalled && machine.due === Infinity) machine.wake(at);
    }
    this.schedule();
    this.rp2040.clock.update();
  }

  inputs(now) {
    return this.rp2040.bank.synchronised(now);
  }

  drive(values, which, directions) {
    const before = directions ? this.pinDirections : this.pinValues;
    const after = (before & ~which) | values;
    if (before === after) return;
    if (directions) this.pinDirections = after;
    else this.pinValues = after;
    const { gpio } = this.rp2040;
    for (let changed = before ^ after; changed; changed &= changed - 1) {
      gpio[31 - Math.clz32(changed & -changed)]?.checkForUpdates();
    }
  }

  setFlags(flags) {
    if (flags === this.flags) return;
    this.flags = flags;
    this.wakeAll(this.rp2040.clock.now);
    this.changed();
  }

  fifoChanged(machine) {
    this.wakeAll(this.rp2040.clock.now);
    this.ask(machine);
    this.changed();
  }

  /** The data requests (2.5.3.1). */
  ask(machine) {
    const { dma } = this.rp2040;
    const line = 8 * this.index + machine.index;
    dma.request(line, machine.tx.length < machine.txDepth);
    dma.request(line + 4, machine.rx.length > 0);
  }

  get raw() {
    let raw = (this.flags & 15) << 8;
    for (const { index, tx, rx, txDepth } of this.machines) {
      if (rx.length) raw |= 1 << index;
      if (tx.length < txDepth) raw |= 16 << index;
    }
    return raw;
  }

  status(line) {
    return (this.raw & this.enable[line]) | this.force[line];
  }

  changed() {
    for (const line of [0, 1]) {
      if (this.enable[line] | this.force[line] | this.told) {
        this.rp2040.setInterrupt(this.firstIrq + line, !!this.status(line));
      }
    }
    this.told = this.enable[0] | this.enable[1] | this.force[0] | this.force[1];
  }

  fifoStatus() {
    let status = 0;
    for (const { index, tx, rx, txDepth, rxDepth } of this.machines) {
      if (!tx.length) status |= 1 << (24 + index);
      if (tx.length >= txDepth) status |= 1 << (16 + index);
      if (!rx.length) status |= 1 << (8 + index);
      if (rx.length >= rxDepth) status |= 1 << index;
    }
    return status;
  }

  readUint32(offset) {
    if (offset >= MACHINES && offset < INTR) return this.readMachine(offset - MACHINES);
    if (offset >= RXF && offset < IRQ) return this.take(this.machines[(offset - RXF) >> 2]);
    switch (offset) {
      case CTRL: return this.machines.reduce((all, m) => all | (m.enabled ? 1 << m.index : 0), 0);
      case FSTAT: return this.fifoStatus();
      case FDEBUG: return this.debug;
      case FLEVEL:
        return this.machines.reduce(
          (all, m) => all | ((m.tx.length | (m.rx.length << 4)) << (8 * m.index)), 0);
      case IRQ: return this.flags;
      case PADOUT: return this.pinValues;
      case PADOE: return this.pinDirections;
      case CFGINFO: return 0x200404;
      case INTR: return this.raw;
    }
    if (offset < INTERRUPTS || offset >= END) return 0;
    const [line, which] = [offset >= 0x138 ? 1 : 0, ((offset - INTERRUPTS) >> 2) % 3];
    return [this.enable[line], this.force[line], this.status(line)][which];
  }

  take(machine) {
    if (!machine.rx.length) {
      this.debug |= 1 << (8 + machine.index); // RXUNDER
      return 0;
    }
    const value = machine.rx.shift();
    this.fifoChanged(machine);
    return value;
  }

  put(machine, value) {
    if (machine.tx.length >= machine.txDepth) {
      this.debug |= 1 << (16 + machine.index); // TXOVER
      return;
    }
    machine.tx.push(value >>> 0);
    this.fifoChanged(machine);
  }

  readMachine(offset) {
    const m = this.machines[(offset / STRIDE) | 0];
    const stalled = m.exec >= 0 && m.stalled ? 1 << 31 : 0;
    const now = m.exec >= 0 ? m.exec : this.instructions[m.pc];
    return [m.divider, m.execCtrl | stalled, m.shiftCtrl, m.pc, now, m.pinCtrl][
      (offset % STRIDE) >> 2];
  }

  writeUint32(offset, value) {
    if (offset >= MACHINES && offset < INTR) this.writeMachine(offset - MACHINES, value);
    else if (offset >= INSTR_MEM) this.writeMemory(offset, value);
    else if (offset >= TXF && offset < RXF) this.put(this.machines[(offset - TXF) >> 2], value);
    else if (offset === CTRL) this.control(value);
    else if (offset === FDEBUG) this.debug &= ~this.rawWriteValue;
    else if (offset === IRQ) this.setFlags(this.flags & ~this.rawWriteValue);
    else if (offset === IRQ_FORCE) this.setFlags(this.flags | (value & 255));
    this.schedule();
    this.rp2040.clock.update();
  }

  writeMemory(offset, value) {
    if (offset < MACHINES) {
      this.instructions[(offset - INSTR_MEM) >> 2] = value;
    } else if (offset >= INTERRUPTS && offset < END) {
      const [line, which] = [offset >= 0x138 ? 1 : 0, ((offset - INTERRUPTS) >> 2) % 3];
      if (which === 0) this.enable[line] = value & 0xfff;
      else if (which === 1) this.force[line] = value & 0xfff;
      this.told = 1;
      this.changed();
    }
  }

  control(value) {
    const { now } = this.rp2040.clock;
    for (const machine of this.machines) {
      const bit = 1 << machine.index;
      if (value & (bit << 4)) machine.restart();
      if (value & (bit << 8)) machine.ticked = now;
      const enabled = !!(value & bit);
      if (enabled && !machine.enabled) {
        machine.enabled = true;
        machine.ticked = now;
        machine.due = now + machine.period;
      } else if (!enabled) {
        machine.enabled = false;
        machine.due = Infinity;
      }
    }
  }

  writeMachine(offset, value) {
    const machine = this.machines[(offset / STRIDE) | 0];
    switch ((offset % STRIDE) >> 2) {
      case 0: machine.divider = value >>> 0; break;
      case 1: machine.execCtrl = value & 0x7fffffff; break;
      case 2: this.shift(machine, value); break;
      case 4: machine.force(value & 0xffff, this.rp2040.clock.now); return;
      case 5: machine.pinCtrl = value >>> 0; break;
    }
    machine.decode();
  }

  /** A change of the joins empties both FIFOs (3.5.7). */
  shift(machine, value) {
    if ((machine.shiftCtrl ^ value) & 0xc0000000) {
      machine.tx.length = 0;
      machine.rx.length = 0;
    }
    machine.shiftCtrl = value >>> 0;
    machine.decode();
    this.fifoChanged(machine);
  }
}

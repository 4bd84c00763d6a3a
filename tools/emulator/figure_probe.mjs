// What a figure is read from: a running Board, looked at from outside. No instruction of the
// program is added, and no cycle.
//
// Promise: the beat's interrupt from request to entry and from entry to return, how far the stack
// went down (it is painted), how much of the stack of Python's frames was ever written, how many
// calls of Python stood on it (in an interrupt: on top of
// what it interrupted), how much of the heap was taken before each collection, and how often the
// beat asked for memory (the heap is locked then: it is given none).
// Boundary: symbols of the image and registers of MicroPython 1.25; no meaning of a number.
const BEAT = 16 + 7; // PIO0_IRQ_0
const BEAT_IRQ = 7;
const PAINT = 0xa5;
const FRAMES = 4 * 1024; // bytes
const RAM = 0x20000000;
const FLASH = 0x10000000;
const BREAK = 0xbe00; // BKPT, and which in its low byte
const PUSH = 0xb400; // push {list, lr}: what the functions below begin with
const HOOKS = ['mp_execute_bytecode', 'gc_collect', 'gc_alloc'];
// The end of mp_execute_bytecode, its only one: mov r8, r4; pop {r4-r7, pc}
const [MOV, POP] = [0x46a0, 0xbdf0];
const RETURN = HOOKS.length;

/** Of one phase. */
const blank = () => ({
  us: [], late: [], lateClosed: [], // microseconds, one of each beat
  irqNs: {}, ns: 0, busyNs: 0, asked: 0, heap: 0, stack: 0, frameBytes: 0, depth: 0, depthOfBeat: 0,
});

export class Probe {
  constructor(board, symbols) {
    Object.assign(this, { board, symbols, active: [], frames: 0, below: 0, at: blank() });
    Object.assign(this, { pushed: [], asked: 0 });
    this.phases = { '': this.at };
    this.coil = false;
    const { flash } = board.mcu;
    this.low = symbols.__StackBottom - RAM;
    this.top = symbols.__StackTop - RAM;
    this.paint();
    this.flash16 = new Uint16Array(flash.buffer, flash.byteOffset, flash.length >> 1);
    HOOKS.forEach((name, i) => this.hook(name, i));
    this.hookReturn();
    this.watch(board.core);
    board.pins[6].watchers.push((level) => (this.coil = !!level));
    this.since = board.clock.now;
    this.busySince = board.core.busyNs;
  }

  hook(name, number) {
    const at = (this.symbols[name] - FLASH) >> 1;
    const op = this.flash16[at];
    if ((op & 0xfe00) !== PUSH) throw new Error(`${name} does not begin with a push`);
    const pushed = [0, 1, 2, 3, 4, 5, 6, 7].filter((r) => op & (1 << r));
    this.pushed[number] = op & 0x100 ? [...pushed, 14] : pushed;
    this.flash16[at] = BREAK | number;
  }

  hookReturn() {
    let at = (this.symbols.mp_execute_bytecode - FLASH) >> 1;
    while (this.flash16[at] !== MOV || this.flash16[at + 1] !== POP) at++;
    this.flash16[at] = BREAK | RETURN;
  }

  now() {
    const { core } = this.board;
    return core.end - core.left * core.cycleNs;
  }

  watch(core) {
    const entry = core.exceptionEntry.bind(core);
    const leave = core.exceptionReturn.bind(core);
    const request = core.setInterrupt.bind(core);
    const fault = core.fault.bind(core);
    core.exceptionEntry = (number) => this.entered(number, entry);
    core.exceptionReturn = (value) => this.left(value, leave);
    core.setInterrupt = (irq, value) => {
      if (irq === BEAT_IRQ && value && !(core.pendingInterrupts & (1 << irq))) {
        this.asked = this.board.clock.now;
      }
      request(irq, value);
    };
    core.fault = (what) => {
      const number = what.startsWith('BKPT') ? +what.slice(5) : RETURN + 1;
      if (number > RETURN) return fault(what);
      if (number === RETURN) this.returned(core);
      else this.push(core, this.pushed[number]);
      this[HOOKS[number]]?.(core);
    };
  }

  entered(number, entry) {
    const { now } = this.board.clock;
    if (!this.active.length) this.below = this.frames;
    this.active.push([number, now]);
    if (number === BEAT) {
      const late = (now - this.asked) / 1e3;
      this.at.late.push(late);
      if (this.coil) this.at.lateClosed.push(late);
    }
    entry(number);
  }

  left(value, leave) {
    const [number, begun] = this.active.pop() ?? [0, 0];
    const ns = this.now() - begun;
    this.at.irqNs[number] = (this.at.irqNs[number] ?? 0) + ns;
    if (number === BEAT) this.at.us.push(ns / 1e3);
    leave(value);
  }

  /** What stood where the breakpoint stands. */
  push(core, list) {
    const r = core.registers;
    const ram = new DataView(this.board.mcu.sram.buffer, this.board.mcu.sram.byteOffset);
    r[13] -= 4 * list.length;
    list.forEach((from, i) => ram.setUint32(r[13] - RAM + 4 * i, r[from] >>> 0, true));
    core.end += list.length * core.cycleNs; // beyond the one of the breakpoint
  }

  mp_execute_bytecode() {
    this.frames++;
    const within = this.active.length > 0;
    if (within && this.frames - this.below > this.at.depthOfBeat) {
      this.at.depthOfBeat = this.frames - this.below;
    }
    if (!within && this.frames > this.at.depth) this.at.depth = this.frames;
  }

  returned(core) {
    core.registers[8] = core.registers[4];
    this.frames--;
  }

  gc_collect() {
    this.at.heap = Math.max(this.at.heap, this.heap());
  }

  gc_alloc() {
    if (this.active.some(([number]) => number === BEAT)) this.at.asked++;
  }

  /** Bytes in use, garbage included: py/gc.c, two bits for each block of 16 bytes. */
  heap() {
    const { __GcHeapStart: start, __GcHeapEnd: end } = this.symbols;
    const { sram } = this.board.mcu;
    const table = Math.floor(((end - start - 1) * 2) / 131);
    let blocks = 0;
    for (let i = start - RAM; i < start - RAM + table; i++) {
      const byte = sram[i];
      for (let k = 0; k < 8; k += 2) if ((byte >> k) & 3) blocks++;
    }
    return 16 * blocks;
  }

  /** Of boards/rp2/start.c; it is zero at power on. */
  frameBytes() {
    const { evse_frames: start } = this.symbols;
    const { sram } = this.board.mcu;
    let at = start - RAM + FRAMES;
    while (at > start - RAM && !sram[at - 1]) at--;
    return at - (start - RAM);
  }

  stack() {
    const { sram } = this.board.mcu;
    let at = this.low;
    while (at < this.top && sram[at] === PAINT) at++;
    return this.top - at;
  }

  /** What was seen since the last one is of the phase before. The stack is painted once more. */
  phase(name) {
    this.settle();
    this.paint();
    this.at = this.phases[name] ??= blank();
  }

  /** What lies below the stack's end; all of it before the program runs. */
  paint() {
    const sp = this.board.core.registers[13] - RAM;
    const end = sp > this.low && sp < this.top ? sp : this.top;
    this.board.mcu.sram.fill(PAINT, this.low, end);
  }

  settle() {
    const { clock, core } = this.board;
    this.at.ns += clock.now - this.since;
    this.at.busyNs += core.busyNs - this.busySince;
    this.since = clock.now;
    this.busySince = core.busyNs;
    this.at.stack = Math.max(this.at.stack, this.stack());
    this.at.frameBytes = this.frameBytes();
    this.at.heap = Math.max(this.at.heap, this.heap());
  }

  result() {
    this.settle();
    const spread = (list) => {
      const sorted = Float64Array.from(list).sort();
      const last = sorted.length - 1;
      const part = (share) => sorted[Math.min(last, Math.floor(share * sorted.length))];
      return { count: sorted.length, least: sorted[0], median: part(0.5), p99: part(0.99),
        most: sorted[sorted.length - 1], sum: sorted.reduce((a, b) => a + b, 0) };
    };
    const told = ([name, phase]) => [name, { ...phase, us: spread(phase.us),
      late: spread(phase.late), lateClosed: spread(phase.lateClosed),
      late100: phase.lateClosed.filter((us) => us > 100).length }];
    return Object.fromEntries(Object.entries(this.phases).map(told));
  }
}

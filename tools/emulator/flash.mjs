// The flash as a chip: erase to ones, program clears bits, both take their time.
//
// Promise: erase and program reach `store` as they happen: half of it when the operation begins,
// the rest when it ends, so that whoever dies in between leaves half of it. The processor makes no
// progress meanwhile (XIP is off); everything else goes on.
// Boundary: the door is the stand-in boot ROM's: offset, count, source, then the operation.
import { BasePeripheral } from './rp2040js.mjs';

export const SECTOR = 4096;
const PAGE = 256;
const [OPERATION, OFFSET, COUNT, SOURCE] = [0, 4, 8, 12];
const [ERASE, PROGRAM, USB_BOOT] = [1, 2, 3];
const MS = 1e6;

export class FlashDoor extends BasePeripheral {
  constructor(mcu, core, store, times) {
    super(mcu, 'FLASH');
    this.core = core;
    this.store = store; // { written(offset, bytes), erased(offset), programmed(offset, count) }
    this.eraseMs = times.erase_ms ?? 45; // W25Q16JV 9.6: 45 typical, 400 at most
    this.programMs = times.program_ms ?? 0.7; // 0.7 typical, 3 at most
    this.registers = [0, 0, 0, 0];
    this.left = []; // what has not been done yet, piece by piece
    this.alarm = mcu.clock.createAlarm(() => this.step());
  }

  readUint32(offset) {
    return this.registers[offset >> 2] ?? 0;
  }

  writeUint32(offset, value) {
    this.registers[offset >> 2] = value >>> 0;
    if (offset !== OPERATION) return;
    const [, at, count, source] = this.registers;
    if (value === ERASE) this.erase(at, count);
    else if (value === PROGRAM) this.program(at, count, source);
    else if (value === USB_BOOT) this.core.fault('USB boot');
  }

  erase(at, count) {
    const bytes = new Uint8Array(SECTOR).fill(0xff);
    for (let one = at; one < at + count; one += SECTOR) {
      this.left.push({ at: one, bytes, ns: this.eraseMs * MS, erase: true });
    }
    this.begin();
  }

  /** Bits that are programmed already stay programmed. A page at a time. */
  program(at, count, source) {
    const { rp2040 } = this;
    for (let done = 0; done < count; done += PAGE) {
      const bytes = new Uint8Array(Math.min(PAGE, count - done));
      for (let i = 0; i < bytes.length; i++) {
        bytes[i] = rp2040.readUint8((source + done + i) >>> 0) & rp2040.flash[at + done + i];
      }
      this.left.push({ at: at + done, bytes, ns: this.programMs * MS, erase: false });
    }
    this.begin();
  }

  begin() {
    const { clock } = this.rp2040;
    const all = this.left.reduce((sum, piece) => sum + piece.ns, 0);
    this.core.stalledUntil = clock.now + all;
    this.half();
    clock.update();
  }

  /** The first half of the next piece at once, the rest of it in time. */
  half() {
    const [piece] = this.left;
    if (!piece) return;
    this.put(piece.at, piece.bytes.subarray(0, piece.bytes.length / 2));
    this.alarm.schedule(piece.ns);
  }

  step() {
    const piece = this.left.shift();
    const middle = piece.bytes.length / 2;
    this.put(piece.at + middle, piece.bytes.subarray(middle));
    if (piece.erase) this.store.erased(piece.at);
    else this.store.programmed(piece.at, piece.bytes.length);
    this.half();
  }

  put(at, bytes) {
    this.rp2040.flash.set(bytes, at);
    this.store.written(at, bytes);
  }
}

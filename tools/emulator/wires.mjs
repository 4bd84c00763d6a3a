// The wires of tools/rig/wires.py: 4096 bytes in /dev/shm, int32 slots, shared with the bench.
//
// Promise: read() takes them all, set() writes one at once and only when it has changed.
// Boundary: the numbers are those of tools/rig/wires.py (tests/emulated/test_rig.py holds them
// together).
import { openSync, readSync, writeSync } from 'node:fs';

const BYTES = 4096;
const [CLOCK_OFFSET, IDLE_OFFSET] = [32, 40];
export const [RESET_CAUSE, FLASH, TTY_BYTES, SCRATCH] = [15, 17, 20, 960];
export const FREEZE = 968;
const BASE = 32;
const NAMES = ('PILOT_HIGH PILOT_LOW DUTY COIL FEEDBACK TRIP TEST GROUND_OK LOCK_DRIVE ' +
  'LOCK_FEEDBACK PROXIMITY_OHM TEMPERATURE_DC BUTTON').split(' ');
export const SLOT = Object.fromEntries(NAMES.map((name, i) => [name, BASE + i]));
export const [POWER_ON, WATCHDOG, REQUESTED] = [1, 2, 3];

export class Wires {
  constructor(path) {
    this.fd = openSync(path, 'r+');
    this.bytes = Buffer.alloc(BYTES);
    this.slots = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, BYTES / 4);
    this.one = Buffer.alloc(8);
    this.read();
  }

  read() {
    readSync(this.fd, this.bytes, 0, BYTES, 0);
  }

  get clockMs() {
    return Number(this.bytes.readBigInt64LE(CLOCK_OFFSET));
  }

  idleAt(ms) {
    this.one.writeBigInt64LE(BigInt(ms));
    writeSync(this.fd, this.one, 0, 8, IDLE_OFFSET);
  }

  get(slot) {
    return this.slots[slot];
  }

  set(slot, value) {
    if (this.slots[slot] === (value | 0)) return;
    this.slots[slot] = value;
    this.one.writeInt32LE(value | 0);
    writeSync(this.fd, this.one, 0, 4, 4 * slot);
  }

  add(slot, count) {
    this.set(slot, this.slots[slot] + count);
  }
}

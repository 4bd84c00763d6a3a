// The serial lines: a UART of the chip, or two of its pins, and the descriptor of a pty.
//
// Promise: bytes reach the other end when their stop bit has passed; what nobody reads is lost.
// Boundary: bytes and bits; the RS-485 transceiver passes them only while its direction pin says
// so.
import { closeSync, openSync, readSync, writeSync, constants } from 'node:fs';

const CHUNK = Buffer.alloc(4096);

/** A descriptor that never blocks. */
export class Door {
  constructor(path) {
    const flags = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY;
    this.fd = typeof path === 'number' ? path : openSync(path, flags);
    this.waiting = [];
    this.written = 0; // bytes that the other end has
  }

  read() {
    try {
      return CHUNK.subarray(0, readSync(this.fd, CHUNK, 0, CHUNK.length, null));
    } catch (error) {
      if (error.code === 'EAGAIN' || error.code === 'EIO') return CHUNK.subarray(0, 0);
      throw error;
    }
  }

  /** Takes a byte; flush() hands all of them over. */
  put(byte) {
    this.waiting.push(byte);
  }

  flush() {
    if (!this.waiting.length) return 0;
    const bytes = Buffer.from(this.waiting);
    let done = 0;
    try {
      done = writeSync(this.fd, bytes);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
    this.waiting.splice(0, done);
    this.written += done;
    return done;
  }

  close() {
    closeSync(this.fd);
  }
}

/** A PL011 on a door. `sending()`: the transceiver drives the line. */
export class UartLine {
  constructor(uart, door, sending = null) {
    this.uart = uart;
    this.door = door;
    this.sending = sending;
    uart.onByte = (byte) => {
      if (!sending || sending()) door.put(byte);
    };
  }

  take() {
    const bytes = this.door.read();
    if (bytes.length) this.uart.feed(bytes);
  }
}

/** 8N1 on two pins: a UART that the chip makes of PIO. */
export class PinLine {
  constructor(board, txPin, rxPin, baud, door) {
    Object.assign(this, { board, door, rx: rxPin, bitNs: 1e9 / baud, bits: -1, byte: 0 });
    this.queue = [];
    this.level = true;
    board.drive(rxPin, true);
    this.sampling = board.clock.createAlarm(() => this.sample());
    this.driving = board.clock.createAlarm(() => this.shift());
    board.pins[txPin].watchers.push((level) => this.edge(level ?? true));
    this.frame = [];
  }

  edge(level) {
    this.level = level;
    if (level || this.bits >= 0) return;
    this.bits = 0;
    this.byte = 0;
    this.sampling.schedule(1.5 * this.bitNs); // the middle of the first data bit
  }

  sample() {
    if (this.bits === 8) {
      this.bits = -1;
      if (this.level) this.door.put(this.byte); // else a framing error
      return;
    }
    if (this.level) this.byte |= 1 << this.bits;
    this.bits++;
    this.sampling.schedule(this.bitNs);
  }

  take() {
    for (const byte of this.door.read()) this.queue.push(byte);
    if (this.queue.length && !this.driving.scheduled) this.shift();
  }

  shift() {
    if (!this.frame.length) {
      if (!this.queue.length) return;
      const byte = this.queue.shift();
      this.frame = [false, ...Array.from({ length: 8 }, (_, i) => !!((byte >> i) & 1)), true];
    }
    this.board.drive(this.rx, this.frame.shift());
    this.driving.schedule(this.bitNs);
  }
}

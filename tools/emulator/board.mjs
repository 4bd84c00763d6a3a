// The board: an RP2040 with its flash, running in simulated time.
//
// Promise: run(until) goes to that nanosecond, or stops at a reset; two runs with the same inputs
// are the same but for the ring oscillator's random bits.
// Boundary: no wires, no files, no wall clock; who holds the board gives those.
import { randomFillSync } from 'node:crypto';
import { ADC } from './adc.mjs';
import { furnish } from './chip.mjs';
import { Clock } from './clock.mjs';
import { Console } from './console.mjs';
import { Core } from './cpu.mjs';
import { DMA } from './dma.mjs';
import { FlashDoor } from './flash.mjs';
import { Bank } from './pins.mjs';
import { PIO } from './pio.mjs';
import { PWM } from './pwm.mjs';
import { ConsoleLogger, DREQChannel, IRQ, LogLevel, RP2040 } from './rp2040js.mjs';
import { PL011 } from './uart.mjs';

const NOWHERE = { written() {}, erased() {}, programmed() {} };
const FLASH_DOOR = 0x60000;

export class Board {
  /** `rom`, `image`: bytes. `reason`, `scratch`: what a watchdog reset left, none at power on. */
  constructor({ rom, image, store = NOWHERE, times = {}, uniqueId = Buffer.alloc(8, 1), reason = 0,
    scratch = [] }) {
    this.clock = new Clock();
    const mcu = (this.mcu = new RP2040(this.clock));
    mcu.logger = new ConsoleLogger(LogLevel.Error, false);
    mcu.bootrom.set(new Uint32Array(rom.buffer.slice(rom.byteOffset, rom.byteOffset + 16384)));
    mcu.flash.fill(0xff);
    mcu.flash.set(image);
    randomFillSync(mcu.sram); // what RAM holds at power on
    mcu.poweredOn = reason === 0;
    this.clock.head = null; // the alarms of what is replaced now
    this.rooms(mcu);
    this.core = mcu.core = new Core(mcu);
    this.watchdog = furnish(mcu, uniqueId);
    this.watchdog.reason = reason;
    this.watchdog.scratch.set(scratch);
    this.watchdog.onReset = (why) => this.stop(why);
    this.flash = mcu.peripherals[FLASH_DOOR] = new FlashDoor(mcu, this.core, store, times);
    this.console = new Console(mcu);
    this.reset = 0; // why it stopped
    this.core.reset();
  }

  rooms(mcu) {
    this.bank = mcu.bank = new Bank(mcu);
    mcu.peripherals[0x50000] = mcu.dma = new DMA(mcu);
    mcu.peripherals[0x4004c] = mcu.adc = new ADC(mcu);
    mcu.peripherals[0x40050] = mcu.pwm = new PWM(mcu);
    mcu.pio = [new PIO(mcu, 0, IRQ.PIO0_IRQ0), new PIO(mcu, 1, IRQ.PIO1_IRQ0)];
    mcu.peripherals[0x50200] = mcu.pio[0];
    mcu.peripherals[0x50300] = mcu.pio[1];
    mcu.uart = [0, 1].map((i) => new PL011(mcu, 'UART' + i, IRQ['UART' + i], {
      tx: DREQChannel[`DREQ_UART${i}_TX`], rx: DREQChannel[`DREQ_UART${i}_RX`],
    }));
    mcu.peripherals[0x40034] = mcu.uart[0];
    mcu.peripherals[0x40038] = mcu.uart[1];
    this.adc = mcu.adc;
    this.uart = mcu.uart;
    this.pins = mcu.gpio;
  }

  stop(why) {
    this.reset = why;
    this.core.halted = true;
    this.core.cut();
  }

  /** True when it got there, false at a reset. */
  run(until) {
    const { clock, core } = this;
    while (clock.now < until) {
      core.run(until);
      if (clock.due <= clock.now) clock.fire();
      if (this.reset) return false;
    }
    return true;
  }

  /** Simulated milliseconds from now, or until `done()`, which is looked at every 0.1 ms. */
  runMs(ms, done = null) {
    const end = this.clock.now + ms * 1e6;
    while (this.clock.now < end) {
      if (!this.run(Math.min(end, done ? this.clock.now + 1e5 : end))) return false;
      if (done?.()) return true;
    }
    return !done;
  }

  drive(pin, high) {
    this.pins[pin].drive(high);
  }
}

// rp2040js 1.4.1, from where `make emulator` puts it, with the inner parts that we extend.
// Boundary: the only file that knows the library's layout.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const LIBRARY = join(ROOT, 'build', 'emulator', 'node_modules', 'rp2040js', 'dist', 'esm');
if (!existsSync(LIBRARY)) {
  console.error(`emulator: ${LIBRARY} is missing: run \`make emulator\` first`);
  process.exit(70);
}
const load = (path) => import(pathToFileURL(join(LIBRARY, path)));

export const { RP2040 } = await load('rp2040.js');
export const { CortexM0Core } = await load('cortex-m0-core.js');
export const { GPIOPin, GPIOPinState } = await load('gpio-pin.js');
export const { BasePeripheral } = await load('peripherals/peripheral.js');
export const { USBCDC } = await load('usb/cdc.js');
export const { IRQ } = await load('irq.js');
export const { DREQChannel } = await load('peripherals/dma.js');
export const { ConsoleLogger, LogLevel } = await load('utils/logging.js');

// Runs MicroPython scripts one after the other on an image; between them the board is reset by what
// the script did, and its scratch registers, reason and flash stay. A script that ends without a
// reset is followed by a power cut.
//
//   node tests/emulated/rp2_reset.mjs IMAGE.bin SCRIPT.py...
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Board } from '../../tools/emulator/board.mjs';
import { Repl } from '../../tools/emulator/repl.mjs';
import { ROOT } from '../../tools/emulator/rp2040js.mjs';

const [imagePath, ...scripts] = process.argv.slice(2);
const rom = readFileSync(join(ROOT, 'build', 'emulator', 'rom.bin'));
let left = { image: readFileSync(imagePath) };
for (const script of scripts) {
  const board = new Board({ rom, ...left });
  const repl = new Repl(board);
  repl.enter();
  try {
    process.stdout.write(repl.exec(readFileSync(script, 'utf8')));
  } catch (error) {
    if (!board.reset) throw error;
    process.stdout.write(repl.out.replaceAll('\r\n', '\n') + '\n');
  }
  left = { image: board.mcu.flash.slice(0, 2 << 20) };
  if (board.reset) Object.assign(left, { reason: board.reset, scratch: board.watchdog.scratch });
}

// MicroPython's raw REPL (docs.micropython.org/en/latest/reference/repl.html) on a Board.
//
// Promise: exec() gives what a piece of code printed, or throws what it raised.
// Boundary: for tests and tries; the product never sees it.
export class Repl {
  constructor(board) {
    this.board = board;
    this.out = '';
    this.onOutput = null; // (text), as it comes
    const decoder = new TextDecoder();
    board.console.onData = (bytes) => this.heard(decoder.decode(bytes, { stream: true }));
  }

  heard(text) {
    this.out += text;
    this.onOutput?.(text);
  }

  expect(text, ms) {
    const there = () => this.out.includes(text);
    if (!there() && !this.board.runMs(ms, there)) {
      const why = this.board.reset ? `reset (${this.board.reset})` : 'time-out';
      throw new Error(`${why}, waiting for ${JSON.stringify(text)}: ${JSON.stringify(this.out)}`);
    }
    const end = this.out.indexOf(text) + text.length;
    const found = this.out.slice(0, end);
    this.out = this.out.slice(end);
    return found;
  }

  type(text) {
    this.board.console.type(Buffer.from(text));
  }

  /** Interrupts whatever runs and enters the raw REPL with nothing running: a soft reset from
   * there skips main.py. A watchdog that was armed is taken off (CTRL.ENABLE, data sheet 4.7.6).
   */
  enter(ms = 10000) {
    this.board.runMs(ms, () => this.board.console.connected);
    this.board.runMs(20);
    this.type('\r\x03\x03');
    this.expect('>>> ', ms);
    this.type('\r\x01');
    this.expect('raw REPL; CTRL-B to exit\r\n>', ms);
    this.exec('import machine; machine.mem32[0x4005b000] = 1 << 30');
    this.type('\x04');
    this.expect('raw REPL; CTRL-B to exit\r\n>', ms);
  }

  start(code) {
    this.type(code + '\x04');
    this.expect('OK', 60000);
  }

  exec(code, ms = 60000) {
    this.start(code);
    const said = this.expect('\x04', ms).slice(0, -1);
    const raised = this.expect('\x04', ms).slice(0, -1);
    this.expect('>', 1000);
    if (raised) throw new Error(raised.replaceAll('\r\n', '\n') + said);
    return said.replaceAll('\r\n', '\n');
  }
}

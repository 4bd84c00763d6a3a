// The probe in the emulator of tools/bench: `node --import .../figure_rig.mjs .../main.mjs`.
//
// FIGURE names a folder with symbols.json; `phase` in it says in which phase the firmware is, and
// results are left in result-PID.json ten times a simulated second. In a phase whose name begins
// with "stop" the pilot at the ADC goes to 9 V at random moments while the coil is closed, until
// it has opened.
// Boundary: for tools/figures/chip.py; the bench does not know of it.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Board } from './board.mjs';
import { Probe } from './figure_probe.mjs';

const FOLDER = process.env.FIGURE;
const LOOK_NS = 1e8;
const B_MV = [2775, 150];
const [COIL, PILOT] = [6, 2];
const run = Board.prototype.run;

class Observed {
  constructor(board) {
    Object.assign(this, { board, name: '', next: 0, stops: [], shown: null });
    Object.assign(this, { coil: false, within: false });
    this.probe = new Probe(board, JSON.parse(readFileSync(join(FOLDER, 'symbols.json'))));
    board.pins[COIL].watchers.push((level) => this.moved(!!level));
    this.timer = board.clock.createAlarm(() => this.stop());
    this.erasing = []; // of a stop that came as an erase began
    const erase = board.flash.erase.bind(board.flash);
    board.flash.erase = (at, count) => {
      if (this.coil && !this.shown && this.name.startsWith('stop')) {
        this.stop();
        this.within = true;
      }
      erase(at, count);
    };
  }

  /** The world of the bench has its levels; ours goes before it. */
  take() {
    const { levels } = this.board.adc;
    const theirs = levels[0];
    if (theirs.ours || !this.board.pins[PILOT].watchers.length) return;
    levels[0] = (now) =>
      this.shown ? B_MV[this.board.bank.high(PILOT) ? 0 : 1] : theirs(now);
    levels[0].ours = true;
  }

  moved(closed) {
    const { clock } = this.board;
    if (this.coil && !closed && this.shown) {
      (this.within ? this.erasing : this.stops).push((clock.now - this.shown) / 1e6);
      this.shown = null;
      this.within = false;
    }
    this.coil = closed;
    this.timer.cancel();
    if (closed && this.name.startsWith('stop')) {
      this.timer.schedule((50 + 100 * Math.random()) * 1e6);
    }
  }

  stop() {
    if (this.coil && !this.shown) this.shown = this.board.clock.now;
  }

  look() {
    const { clock } = this.board;
    if (clock.now < this.next) return;
    this.next = clock.now + LOOK_NS;
    this.take();
    const name = readFileSync(join(FOLDER, 'phase'), 'utf8');
    if (name !== this.name) {
      this.name = name;
      this.probe.phase(name);
      if (this.coil && name.startsWith('stop')) this.timer.schedule(5e7);
    }
    if (clock.now % 1e9 >= LOOK_NS && name !== 'end') return;
    const path = join(FOLDER, `result-${process.pid}.json`);
    const overruns = this.board.uart[0].overruns;
    writeFileSync(path + '.new', JSON.stringify({
      seen: this.probe.result(), stops: this.stops, erasing: this.erasing, overruns,
      ms: clock.now / 1e6, name }));
    renameSync(path + '.new', path);
  }
}

const observed = new WeakMap();
Board.prototype.run = function (until) {
  if (!observed.has(this)) observed.set(this, new Observed(this));
  const there = run.call(this, until);
  observed.get(this).look();
  return there;
};

// Simulated time: nanoseconds, alarms, and sources that run by themselves (PIO, ADC).
//
// Promise: whoever is due first runs first, `now` standing at its moment. The processor runs from
// event to event and looks at `due` only.
// Boundary: the part of rp2040js' SimulationClock that its peripherals use, and no wall clock.
export class Alarm {
  constructor(clock, callback) {
    this.clock = clock;
    this.callback = callback;
    this.next = null;
    this.nanos = 0;
    this.scheduled = false;
  }

  /** In `nanos` from now; a schedule replaces the one before. */
  schedule(nanos) {
    this.at(this.clock.now + nanos);
  }

  at(nanos) {
    if (this.scheduled) this.clock.unlink(this);
    this.nanos = nanos;
    this.scheduled = true;
    this.clock.link(this);
  }

  cancel() {
    if (this.scheduled) this.clock.unlink(this);
    this.scheduled = false;
  }
}

export class Clock {
  constructor() {
    this.now = 0;
    this.due = Infinity; // the next moment at which anything but the processor acts
    this.head = null;
    this.sources = []; // { due, run() }: acts at .due and then says when it is due again
  }

  get nanos() {
    return this.now;
  }

  get micros() {
    return this.now / 1000;
  }

  createAlarm(callback) {
    return new Alarm(this, callback);
  }

  link(alarm) {
    let last = null;
    let item = this.head;
    while (item && item.nanos <= alarm.nanos) {
      last = item;
      item = item.next;
    }
    alarm.next = item;
    if (last) last.next = alarm;
    else this.head = alarm;
    if (alarm.nanos < this.due) this.due = alarm.nanos;
  }

  unlink(alarm) {
    let last = null;
    for (let item = this.head; item; last = item, item = item.next) {
      if (item !== alarm) continue;
      if (last) last.next = item.next;
      else this.head = item.next;
      return;
    }
  }

  /** A source has changed its mind. */
  update() {
    let due = this.head ? this.head.nanos : Infinity;
    for (const source of this.sources) if (source.due < due) due = source.due;
    this.due = due;
  }

  /** Runs what is due up to now; `now` is what it was before when this returns. */
  fire() {
    const until = this.now;
    while (this.due <= until) {
      let first = null;
      let at = this.head ? this.head.nanos : Infinity;
      for (const source of this.sources) {
        if (source.due < at) {
          at = source.due;
          first = source;
        }
      }
      if (at > until) break;
      this.now = at;
      if (first) first.run();
      else this.ring();
      this.update();
    }
    this.now = until;
    this.update();
  }

  ring() {
    const alarm = this.head;
    this.head = alarm.next;
    alarm.scheduled = false;
    alarm.callback();
  }
}

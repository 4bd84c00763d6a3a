// The board's pins and the bench's wires: levels, millivolts, duty.
//
// Promise: into the chip at the start of a quantum, out of it at the end; the pilot at the ADC
// follows the PWM pin from nanosecond to nanosecond, between the two levels of the wires.
// Boundary: which role has which pin is the board's board.py (`facts`); who computes levels is the
// bench.
import { SLOT } from './wires.mjs';

const INPUTS = { feedback: 'FEEDBACK', residual_trip: 'TRIP', ground: 'GROUND_OK' };
Object.assign(INPUTS, { lock_feedback: 'LOCK_FEEDBACK', button: 'BUTTON' });
const STEADY_NS = 2.5e6; // no edge for so long, at 1 kHz
const MCP9700A_ZERO_MV = 500;
const ADC_FIRST = 26;

export class World {
  constructor(board, wires, facts) {
    Object.assign(this, { board, wires, facts, rise: 0, fall: 0, edge: -Infinity });
    Object.assign(this, { period: 0, high: 0 });
    this.levels = { high: 0, low: 0, proximity: 0, temperature: 0 };
    const pilot = board.pins[this.pin('pilot')];
    pilot.watchers.push(() => this.pilotEdge());
    this.wasHigh = this.on('pilot', true);
    this.analog('pilot_sense', () => (this.wasHigh ? this.levels.high : this.levels.low));
    this.analog('proximity_sense', () => this.levels.proximity);
    this.analog('temperature_sense', () => this.levels.temperature);
  }

  pin(role) {
    return this.facts.pins[role]?.[0];
  }

  analog(role, level) {
    const pin = this.pin(role);
    if (pin !== undefined) this.board.adc.levels[pin - ADC_FIRST] = level;
  }

  /** An output's level; a pin that is none stands at its rest level, as its resistor pulls it. */
  on(role) {
    const [pin, , , rest] = this.facts.pins[role];
    return this.board.pins[pin].driven ?? !!rest;
  }

  /** An output that is not at rest. */
  active(role) {
    return role in this.facts.pins && this.on(role) !== !!this.facts.pins[role][3] ? 1 : 0;
  }

  pilotEdge() {
    const { now } = this.board.clock;
    const high = this.on('pilot');
    if (high === this.wasHigh) return;
    this.wasHigh = high;
    this.edge = now;
    if (!high) {
      this.fall = now;
      return;
    }
    this.period = now - this.rise;
    this.high = this.fall - this.rise;
    this.rise = now;
  }

  /** Parts per ten thousand of the last whole period. */
  duty() {
    const { now } = this.board.clock;
    const steady = now - this.edge > STEADY_NS || this.period > 2 * STEADY_NS;
    if (steady) return this.wasHigh ? 10000 : 0;
    return Math.round((10000 * this.high) / this.period);
  }

  /** What the plant shows the chip. */
  take() {
    const { wires, facts, board, levels } = this;
    for (const [role, slot] of Object.entries(INPUTS)) {
      if (!(role in facts.pins)) continue;
      const [pin, , , active] = facts.pins[role];
      board.drive(pin, wires.get(SLOT[slot]) ? !!active : !active);
    }
    const divided = (mv) => facts.pilot_zero_mv + (mv * facts.pilot_gain_ppm) / 1e6;
    levels.high = divided(wires.get(SLOT.PILOT_HIGH));
    levels.low = divided(wires.get(SLOT.PILOT_LOW));
    const ohm = wires.get(SLOT.PROXIMITY_OHM);
    levels.proximity = (facts.supply_mv * ohm) / (facts.proximity_pull_up_ohm + ohm);
    levels.temperature = MCP9700A_ZERO_MV + wires.get(SLOT.TEMPERATURE_DC); // 10 mV/K
  }

  /** What the chip drives. */
  give() {
    const { wires } = this;
    wires.set(SLOT.DUTY, this.duty());
    wires.set(SLOT.COIL, this.active('contactor'));
    wires.set(SLOT.TEST, this.active('residual_test'));
    wires.set(SLOT.LOCK_DRIVE, this.active('lock_a') | (this.active('lock_b') << 1));
  }
}

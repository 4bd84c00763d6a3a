"""The electrical half: what may close a contactor. Volts, amps and time; never hears of OCPP.

Read decide.py first.  Everything the kernel calls once per tick (pilot, guard, residual, lock,
decide, kernel) uses integers only and allocates nothing, so it may run in a hard interrupt.
"""

"""MicroPython's `micropython` module for CPython: what the firmware says at import time, no more.

There is no heap_lock here: a test of allocation is a test of MicroPython, and skips elsewhere.
"""


def const(value):
    return value


def native(function):
    return function


def viper(function):
    return function

#!/usr/bin/env python3
"""Debian's kernel under the interpreter and without optimizations: apart from test_debian.py, so that make -j runs both at once."""
from test_builtin import ALL_OFF
from test_debian import boot_off, main_with_guest


def test_interpreter():
    boot_off(["-accel", "interp"])


def test_all_optimizations_off():
    boot_off(["-accel", ALL_OFF])


def test_each_optimization_off():
    for name in ALL_OFF.split(",")[1:]:
        boot_off(["-accel", "dbt," + name])


if __name__ == "__main__":
    main_with_guest(globals())

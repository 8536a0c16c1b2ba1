#!/usr/bin/env python3
"""Debian's kernel under the interpreter and without optimizations: apart from test_debian.py, so that make -j runs both at once."""
import re

from test_builtin import ALL_OFF
from test_debian import boot_off, main_with_guest


def test_interpreter():
    boot_off(["-accel", "interp"])


def test_all_optimizations_off():
    boot_off(["-accel", ALL_OFF])


def test_windows_always():
    _, err = boot_off(["-accel", "dbt,windows=always", "-d", "shadow-check"])
    assert "differ" not in err and "shadow-check:" not in err, err[-2000:]


def test_each_optimization_off():
    for name in ALL_OFF.split(",")[1:]:
        boot_off(["-accel", "dbt," + name])


def test_small_code_cache():
    """All code is dropped again and again."""
    _, err = boot_off(["-accel", "dbt,tb-size=1", "-stats"])
    assert int(re.search(r"cache-flushes +(\d+)", err).group(1)) > 20


if __name__ == "__main__":
    main_with_guest(globals())

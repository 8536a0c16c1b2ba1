#!/usr/bin/env python3
"""The man page and the README say what the program does: every option, log item and exit code is in the man page."""
import os
import re

from harness import SRCDIR, main, run


def read(name):
    with open(os.path.join(SRCDIR, name)) as f:
        return f.read()


def rows(name, macro):
    return re.findall(r'^%s\(\w+, "([^"]+)"' % macro, read(name), re.M)


def test_options_in_man_page():
    man = read("docs/dbtvm.1").replace("\\-", "-")
    for option in rows("src/options.def", "OPTION"):
        assert re.search(r"^\.BR?I? -%s\b" % re.escape(option), man, re.M), option
    for item in rows("src/base/log_categories.def", "LOG"):
        assert item in man, item
    for name in rows("src/translator/run/optimizations.def", "OPTIMIZATION") + rows("src/translator/passes/passes.def", "PASS"):
        assert "no-" + name in man, name


def test_help_lists_options():
    _, out, _ = run(["-help"])
    for option in rows("src/options.def", "OPTION"):
        assert "  -%s " % option in out, option


def test_readme_commands_exist():
    for command in re.findall(r"\./(scripts/\w+)", read("README.md")):
        assert os.access(os.path.join(SRCDIR, command), os.X_OK), command


if __name__ == "__main__":
    main(globals())

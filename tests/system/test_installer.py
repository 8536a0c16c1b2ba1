#!/usr/bin/env python3
"""Debian's own installer (package debian-installer-12-netboot-armhf: its kernel, RAM disk and device tree) comes up to its language menu
on the serial console, and goes on when it is answered. Slow: part of `make check-slow`. Skipped only when the package cannot be fetched.
"""
import os
import re

from harness import Guest, main, script

_folder = None


def options(*extra):
    global _folder
    if _folder is None:
        _folder = script("fetch-installer")
    return ["-M", "vexpress-a9", "-kernel", _folder + "/vmlinuz", "-dtb", _folder + "/vexpress-v2p-ca9.dtb", "-initrd",
            _folder + "/initrd.gz", "-append", "console=ttyAMA0", "-m", "1024", "-nographic", "-no-reboot", *extra]


def screen_text(raw):
    """What newt wrote, without the escape sequences."""
    return re.sub(rb"\x1b(\[[0-9;?]*[a-zA-Z]|[()][0AB])", b"", raw)


class Installer(Guest):
    def expect_screen(self, words, timeout=900):
        """Waits for words on the screen that appeared since the last ones."""
        start = self.seen
        spaced = rb"(?:\s|\x1b\[[0-9;?]*[a-zA-Z]|\x1b[()][0AB])+".join(re.escape(w.encode()) for w in words.split())
        self.expect(spaced, timeout)
        return screen_text(self.out[start:self.seen])


def language_menu(*extra):
    with Installer(options(*extra)) as g:
        g.expect("Run /init as init process", 900)
        g.expect_screen("Select a language")
        g.expect_screen("English")
        # The buttons at the bottom are drawn last; then it reads keys.
        g.expect_screen("activates buttons")
        g.send("\r")
        g.expect_screen("Select your location")
        g.expect_screen("United States")
        g.send("\x01x")
        assert g.wait() == 0


def test_language_menu():
    language_menu()


def test_language_menu_interpreter():
    language_menu("-accel", "interp")


if __name__ == "__main__":
    main(globals())

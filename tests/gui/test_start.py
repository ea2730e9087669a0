#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window opens, is as small as it promises to be, and closes."""

import unittest

import desktop


class Start(desktop.Case):
    tells_leaks = True

    def test_close(self):
        """It opens, and closing it ends the program"""
        app = self.start_app()
        window = app.window('Porthole')
        picture = app.picture(self.folder / 'start.png', window)
        self.assertGreater(picture.stat().st_size, 1000)
        self.assertEqual(app.quit(), 0)

    def test_quit(self):
        """Ctrl+Q ends the program"""
        app = self.start_app()
        app.window('Porthole')
        app.press('ctrl+q')
        self.assertEqual(app.wait(), 0)

    def test_narrow(self):
        """It fits into 360 × 600 pixels"""
        app = self.start_app()
        window = app.window('Porthole')
        app.resize(window, 360, 600)


if __name__ == '__main__':
    unittest.TestCase.maxDiff = None
    desktop.main()

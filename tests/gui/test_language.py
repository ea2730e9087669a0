#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window speaks the person's language, also where what it says comes from deep below it.

    PORTHOLE_LOCALE_DIR  the catalogues (default: those in build/po)
"""

import gettext
import os
import unittest

import desktop
import harness

LANGUAGE = 'zh_TW'
LOCALES = os.environ.get('PORTHOLE_LOCALE_DIR', str(harness.ROOT / 'build/po'))
CODE = 'not-a-code'


class Language(desktop.Case):
    def setUp(self):
        super().setUp()
        self.said = gettext.translation('porthole', LOCALES, [LANGUAGE]).gettext

    def test_join(self):
        """The first page is in Chinese, and so is what is wrong with a code"""
        say = self.said
        app = self.start_app(env={'LANG': 'C.UTF-8', 'LANGUAGE': LANGUAGE,
                                  'PORTHOLE_LOCALE_DIR': LOCALES})
        window = app.window()
        window.button(say('Create Session'))
        window.entry(say('Code or link')).set_text(CODE)
        window.button(say('Join')).click()
        fault = say('the session ID has %u characters and should have %d') % (len(CODE), 21)
        fault = say('“%s%s” is not a share code or a link: %s') % (CODE, '', fault)
        self.assertNotIn('session', fault)
        window.label(fault)
        app.resize(window, 360, 600)


if __name__ == '__main__':
    unittest.TestCase.maxDiff = None
    desktop.main()

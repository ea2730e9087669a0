#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people pair without a server: nothing passes between their programs but texts they copy."""

import re
import unittest

import desktop

BUTTON = 'Pair Without a Server…'
HOST, CLIENT = 0, 1  # which of the two that there are


def words(text):
    return re.compile('^' + re.escape(text))


class Pairing(desktop.Case):
    def begin(self, home, role):
        """A person's window in which pairing has begun."""
        app = self.start_app(home=home, env={'PORTHOLE_STUN': 'none'})
        window = app.window()
        window.button(BUTTON)
        window.find_all('push button', BUTTON)[role].click()
        return app, window

    def copy(self, window):
        """What this side sends: shown, and on the clipboard once it was copied."""
        window.button('Copy Text').click()
        text = window.find('text', 'Text to send')
        return window.app.until(lambda: text.text if text.text and self.desktop.clipboard()
                                == text.text.strip() else None, 'the text on the clipboard')

    def paste(self, window, text):
        window.entry('Text that you got').set_text(text)

    def judged(self, window, text, button, is_good=False):
        window.label(words(text))
        self.assertEqual(window.button(button).sensitive, is_good)

    def answer(self, window, offer):
        """The Client's first two steps: what it sends back."""
        self.paste(window, offer)
        window.button('Continue').click()
        return self.copy(window)

    def test_pair(self):
        """Two pair by texts; wrong ones are told in words; both see the other; a third follows"""
        _, sharing = self.begin('anna', HOST)
        _, joining = self.begin('ben', CLIENT)
        offer = self.copy(sharing)
        self.judged(joining, 'The clipboard holds a text that fits here.', 'Continue')
        self.paste(joining, 'hello')
        self.judged(joining, 'There is no Porthole block', 'Continue')
        self.paste(joining, offer[:120])
        self.judged(joining, 'The block has been cut', 'Continue')
        self.paste(joining, offer[:120] + ('B' if offer[120] == 'A' else 'A') + offer[121:])
        self.judged(joining, 'The block was changed on the way', 'Continue')
        self.paste(sharing, offer)
        self.judged(sharing, 'That is your own text.', 'Connect')
        joining.button('Paste').click()
        self.judged(joining, 'This is an offer from', 'Continue', is_good=True)
        joining.button('Continue').click()
        answer = self.copy(joining)
        joining.label(words('Once '))
        self.paste(sharing, 'I got this:\n> ' + answer.replace('\n', '\n> '))
        self.judged(sharing, 'This is an answer from', 'Connect', is_good=True)
        sharing.button('Connect').click()
        sharing.label(words('Connected with'))
        joining.label(words('Connected with'))
        joining.wait_gone('label', words('1. '))
        self.follow(sharing)

    def follow(self, sharing):
        """Another person is paired with while the first one stays."""
        sharing.button('Pair…').click()
        _, window = self.begin('eva', CLIENT)
        answer = self.answer(window, self.copy(sharing))
        self.paste(sharing, answer)
        sharing.button('Connect').click()
        sharing.label('2 people are connected')
        window.label(words('Connected with'))

    def test_new_text(self):
        """A new text makes the old one void, which whoever answers the old one is told"""
        _, sharing = self.begin('anna', HOST)
        _, joining = self.begin('ben', CLIENT)
        old = self.copy(sharing)
        answer = self.answer(joining, old)
        sharing.button('New Text').click()
        text = sharing.find('text', 'Text to send')
        sharing.app.until(lambda: 'END' in text.text and text.text != old, 'a new text')
        self.paste(sharing, answer)
        sharing.button('Connect').click()
        sharing.label(words('That answers another offer'))
        self.assertIn(answer, sharing.entry('Text that you got').text)


if __name__ == '__main__':
    desktop.main()

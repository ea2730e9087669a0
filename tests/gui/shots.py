#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes a picture of every screen, 360 and 1000 pixels wide, light and dark.

    tests/gui/shots.py [SCENE…]      (normally by ./dev shots)

Each scene is a function that puts real programs into a state that people see and hands back the App
whose picture is wanted; its name and what the picture shows are the file's: start-1000-light.png.
"""

import sys
import traceback

import desktop

SIZES = {360: 720, 1000: 800}  # width to height
STYLES = {'light': 'default', 'dark': 'prefer-dark'}

SCENES = {}


def scene(function):
    SCENES[function.__name__.replace('_', '-')] = function
    return function


class Stage(desktop.Case):
    """What a scene has: everything that a test has."""

    def __init__(self, style):
        super().__init__('runTest')
        self.style = style

    def runTest(self):  # noqa: N802 (unittest's)
        """Not a test."""

    def start_app(self, *arguments, **options):
        return super().start_app(*arguments, env={'ADW_DEBUG_COLOR_SCHEME': STYLES[self.style]},
                                 **options)


@scene
def start(stage):
    """What is there first"""
    app = stage.start_app()
    app.window()
    return app


@scene
def host_waiting(stage):
    """A session that nobody has joined yet"""
    app = stage.start_app()
    app.window().button('Create Session').click()
    app.window().label('Waiting for someone to join')
    return app


def take(name, style):
    stage = Stage(style)
    stage.setUp()
    try:
        app = SCENES[name](stage)
        for width, height in SIZES.items():
            window = app.window()
            path = desktop.OUTPUT / f'{name}-{width}-{style}.png'
            try:
                app.resize(app.windows()[0], width, height)
            finally:
                app.picture(path, window)
                print(path, flush=True)
    finally:
        stage.doCleanups()


def main():
    failed = False
    for name in sys.argv[1:] or SCENES:
        for style in STYLES:
            try:
                take(name, style)
            except AssertionError:
                failed = True
                print(f'{name} ({style}) has no picture:', file=sys.stderr)
                traceback.print_exc()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

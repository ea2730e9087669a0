#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a test on a display of its own, where nobody sees it and no desktop takes part.

    tests/on-display.py PROGRAM [ARGUMENT…]
"""

import os
import shutil
import subprocess
import sys

# A desktop's session, which the test has no part in.
SESSION = ('DBUS_SESSION_BUS_ADDRESS', 'WAYLAND_DISPLAY', 'XAUTHORITY')


def main():
    if shutil.which('Xvfb') is None:
        print('1..0 # SKIP Xvfb is missing')
        return 0
    server = subprocess.Popen(
        ['Xvfb', '-displayfd', '1', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        number = server.stdout.readline().strip()  # as soon as it can be connected to
        if not number:
            print('Bail out! Xvfb did not start')
            return 1
        env = {name: value for name, value in os.environ.items() if name not in SESSION}
        env.update(DISPLAY=f':{number}', GDK_BACKEND='x11')
        return subprocess.run(sys.argv[1:], env=env, check=False).returncode
    finally:
        server.terminate()
        server.wait()


if __name__ == '__main__':
    sys.exit(main())

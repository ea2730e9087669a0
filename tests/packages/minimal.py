# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian without anything but what is essential, for programs that bring all they need.

    PORTHOLE_MINIMAL  such a tree, of which the test takes a copy (default: one is made)

A program is run in the tree by commands that become it, so that it is the test's own child.
Network, display and buses are those of the test; PATH and the environment are next to nothing.
"""

import hashlib
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile

NOBODY = 65534
HOME = '/home/ann'

# enter TREE FOLDER… -- FOLDER|writable OPTION… TREE PROGRAM…: mounts what a system has, the first
# folders from outside at their own places, and the last one read-only; then becomes the program.
ENTER = '''set -e
tree=$1
shift
mount --rbind /proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount -t tmpfs tmpfs "$tree/run"
while [ "$1" != -- ]; do
  mount --bind "$1" "$tree$1"
  shift
done
shift
if [ "$1" != writable ]; then
  mount --bind "$1" "$1"
  mount -o remount,bind,ro "$1"
fi
shift
exec chroot "$@"
'''


def described(path):
    """All that can be seen of a file and is not to change."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        content = ''
    return (status.st_mode, status.st_uid, status.st_gid, status.st_size, status.st_mtime_ns,
            content)


class Tree:
    """A copy of the tree, with a home; what is bound from outside is there as empty folders."""

    def __init__(self, bound):
        self.top = pathlib.Path(tempfile.mkdtemp(prefix='porthole-tree-'))
        self.top.chmod(0o755)
        (self.top / 'enter').write_text(ENTER, encoding='utf-8')
        self.folder = self.top / 'tree'
        self.bound = [str(path) for path in bound]
        made = os.environ.get('PORTHOLE_MINIMAL')
        if made is None:
            made = self.top / 'made'
            self.make(made)
        subprocess.run(['cp', '-a', made, self.folder], check=True)
        for path in [HOME, '/run', '/proc', '/dev', *self.bound]:
            self.path(path).mkdir(parents=True, exist_ok=True)

    def make(self, folder):
        """Without devices, which need more than root in some containers."""
        archive = self.top / 'made.tar'
        subprocess.run(['mmdebstrap', '--quiet', '--variant=minbase', 'bookworm', archive],
                       check=True)
        folder.mkdir()
        subprocess.run(['tar', '-x', '--exclude=./dev/*', '-f', archive, '-C', folder], check=True)
        archive.unlink()

    def path(self, inside):
        """Where a path of the tree is from outside."""
        return self.folder / str(inside).lstrip('/')

    def command(self, *arguments, user=0, env=(), folder='/', read_only=None):
        """What runs `arguments` there, with nothing in the environment but `env`."""
        words = [f'{name}={value}' for name, value in
                 {'HOME': HOME, 'LC_ALL': 'C.UTF-8', **dict(env)}.items()]
        return ['unshare', '--mount', '--propagation', 'private', 'sh',
                str(self.top / 'enter'), str(self.folder), *self.bound, '--',
                str(self.path(read_only)) if read_only else 'writable',
                f'--userspec={user}:{user}', str(self.folder), '/usr/bin/env', '-i', '-C', folder,
                *words, *map(str, arguments)]

    def look(self, besides):
        """Every file of the tree, but for what lies in `besides`."""
        left_out = self.path(besides)
        found = {}
        for top, folders, files in os.walk(self.folder):
            here = pathlib.Path(top)
            folders[:] = [name for name in folders if here / name != left_out]
            for name in folders + files:
                found[str(here / name)] = described(here / name)
        return found

    def remove(self):
        shutil.rmtree(self.top, ignore_errors=True)

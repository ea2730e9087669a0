#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the folder that the portable zip has, in the Debian tree that Porthole was compiled in.

    make.py SOURCE BUILD FOLDER VERSION

BUILD is where meson built SOURCE. All that is written is the same each time.
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

PROGRAMS = {'porthole': 'cli', 'porthole-gtk': 'app', 'porthole-signal': 'server'}
GLIBC = '2.36'

# What is the host's: glibc, of which there can be only one in a process. Nothing here is linked
# with graphics drivers; they are loaded by name, from where the host has them.
HOSTS = re.compile(r'^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv)\.so\.\d+)$')

# What the host's graphics drivers are linked with as well. There is one of each in a process, so
# that it must be as new as the drivers need it: the host's, and ours where the host has none. They
# are old and stable interfaces, of which the newer one serves those who know the older one.
SHARED = re.compile(r'^lib(stdc\+\+|gcc_s|X11|X11-xcb|xcb|xcb-.*|Xau|Xdmcp|bsd|md|Xext|Xfixes|'
                    r'wayland-.*)\.so\.\d+$')

MULTIARCH = subprocess.run(['gcc', '-print-multiarch'], stdout=subprocess.PIPE, text=True,
                           check=True).stdout.strip()
SYSTEM = pathlib.Path('/usr/lib') / MULTIARCH
HOST_FOLDERS = [f'/usr/lib/{MULTIARCH}', f'/lib/{MULTIARCH}', '/usr/lib64', '/lib64', '/usr/lib',
                '/lib']

# What libraries are linked with, but Porthole never comes to. What stands in for it has the same
# names in it and ends the program if they are called, unless ANSWERS has something better. It is
# itself called otherwise, for what the host loads into the program is to find the real one.
STUBS = {
    'libicuuc': 'libxml2 asks it for rare encodings; it reads nothing but icons, in UTF-8',
    'libgupnp-igd-1.0': 'libnice opens ports of routers with it, which ph-ice.c has off',
    'libgssapi_krb5': 'libsoup logs in with Kerberos, where an application adds that',
    'libsqlite3': 'libsoup keeps cookies in it, where an application adds that',
    'libtiff': 'GTK reads and writes pictures of that kind, of which there is none',
}

# libxml2 asks ICU last, after itself and iconv, and takes no for an answer.
ANSWERS = {'ucnv_open': 'void *{0} (const char *name, int *error) {{ *error = 4; return 0; }}\n'}
REFUSAL = 'void {0} (void) {{ fputs ("{0}: not in this package\\n", stderr); abort (); }}\n'
NOTHING = 'const void *const {0} = 0;\n'

# What is large, and what it is for.
PARTS = [
    ('Porthole', r'bin/|share/locale/.*/porthole'),
    ('GTK and libadwaita: the window', r'lib/lib(gtk-4|adwaita|cloudproviders|graphene)'),
    ('Drawing: Cairo, Epoxy for OpenGL', r'lib/lib(cairo|epoxy|pixman|lzo2)'),
    ('Writing: Pango, HarfBuzz and others', r'lib/lib(pango|harfbuzz|freetype|fontconfig|fribidi|'
     r'graphite2|thai|datrie|expat|brotli)'),
    ('Icons that scale: librsvg, libxml2', r'lib/lib(rsvg|xml2|pixbufloader)|lib/pixbuf'),
    ('Pictures', r'lib/lib(gdk_pixbuf|png|jpeg)'),
    ('X11 and Wayland', r'lib/lib(X|wayland|xkbcommon)'),
    ('What graphics drivers share, where the host has none', r'lib/shared/'),
    ('GLib', r'lib/lib(glib|gio|gobject|gmodule|json-glib|pcre2|ffi|mount|blkid|selinux|z\.)'),
    ('Encryption: GnuTLS', r'lib/lib(gnutls|p11-kit|nettle|hogweed|gmp|tasn1|idn2|unistring)|'
     r'lib/gio-'),
    ('The keyring: libsecret', r'lib/lib(secret|gcrypt|gpg-error)'),
    ('Signaling: libsoup', r'lib/lib(soup|nghttp2|psl)'),
    ('Ways between computers: libnice, usrsctp', r'lib/lib(nice|usrsctp)'),
    ('Symbolic icons of GNOME', r'share/icons/Adwaita'),
    ('A font, where the host has none', r'share/fonts'),
    ('Words of the libraries in other languages', r'share/locale'),
    ('Licences', r'licences/'),
    ('What is never called', r'lib/libno-'),
    ('Other', r''),
]

MODULES = [SYSTEM / 'gio/modules/libgiognutls.so']  # TLS, for servers with https
LOADERS = [SYSTEM / 'gdk-pixbuf-2.0/2.10.0/loaders/libpixbufloader-svg.so']  # icons
CATALOGUES = ('gtk40', 'libadwaita', 'glib20', 'glib-networking')
FONT = pathlib.Path('/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf')
LICENCES = pathlib.Path('/usr/share/common-licenses')
ADWAITA = pathlib.Path('/usr/share/icons/Adwaita')


def run(*arguments, **options):
    return subprocess.run([str(argument) for argument in arguments], stdout=subprocess.PIPE,
                          text=True, check=True, **options).stdout


def needed(path):
    """The names of the libraries that a file is linked with."""
    return re.findall(r'\(NEEDED\).*\[(.*)\]', run('readelf', '-d', path))


def symbols(path, start):
    """What a library offers or lacks: (what `start` matched, name with version)."""
    return re.findall(rf'^{start} (\S+)$', run('nm', '-D', path), re.M)


def owners():
    """Which package of the tree a file is of. Debian's lists may have /lib for /usr/lib."""
    found = {}
    for path in sorted(pathlib.Path('/var/lib/dpkg/info').glob('*.list')):
        for line in path.read_text(encoding='utf-8').splitlines():
            found[re.sub('^/(lib|bin|sbin)/', r'/usr/\1/', line)] = path.stem.split(':')[0]
    return found


class Folder:
    def __init__(self, source, build, folder, version):
        self.source, self.build, self.folder = source, build, folder
        self.version = version
        self.origins = {}  # what in the folder is which file of the tree

    def copy(self, path, where, mode=0o644):
        """A file of the tree."""
        target = self.folder / where
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(mode)
        self.origins[str(where)] = pathlib.Path(path)

    def write(self, where, text, mode=0o644):
        target = self.folder / where
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding='utf-8')
        target.chmod(mode)

    def template(self, name, **values):
        """One of the files beside this script, with @NAME@ filled in."""
        text = (pathlib.Path(__file__).parent / name).read_text(encoding='utf-8')
        for key, value in values.items():
            text = text.replace(f'@{key}@', value)
        return text

    # --- programs and libraries ----------------------------------------------------------------

    def add_programs(self):
        launcher = self.template('launcher.sh', GLIBC=GLIBC, ARCH=MULTIARCH.split('-')[0])
        for name, part in PROGRAMS.items():
            self.copy(self.build / 'src' / part / name, f'bin/{name}', 0o755)
            self.write(name, launcher, 0o755)
        for path in MODULES:
            self.copy(path, f'lib/gio-modules/{path.name}')
        for path in LOADERS:
            self.copy(path, f'lib/{path.name}')
        run('gcc', '-O2', '-s', '-o', self.folder / 'lib/check',
            self.source / 'data/packages/zip/check.c')

    def add_libraries(self):
        """All that is linked with what is there, and with that."""
        waiting = [self.folder / where for where in self.origins]
        seen = set()
        while waiting:
            for name in needed(waiting.pop()):
                if name in seen or HOSTS.match(name):
                    continue
                seen.add(name)
                if name.split('.so.')[0] in STUBS:
                    continue
                place = 'lib/shared' if SHARED.match(name) else 'lib'
                self.copy(SYSTEM / name, f'{place}/{name}')
                waiting.append(self.folder / place / name)
        for name in sorted(seen):
            if name.split('.so.')[0] in STUBS:
                self.add_stub(name)

    def taken_from(self, name):
        """The functions and variables that our libraries take from this one, by version."""
        kinds = {symbol.replace('@@', '@'): kind
                 for kind, symbol in symbols(SYSTEM / name, r'\S+ ([A-Z])')}
        versions = collections.defaultdict(set)
        for where in self.origins:
            if not where.startswith(('bin/', 'lib/')):
                continue
            for _, symbol in symbols(self.folder / where, r' +(U)'):
                if symbol in kinds:
                    word, _, version = symbol.partition('@')
                    versions[version].add((word, kinds[symbol] in 'TWi'))
        return versions

    def add_stub(self, name):
        stub = name.replace('lib', 'libno-', 1)
        versions = self.taken_from(name)
        text = '#include <stdio.h>\n#include <stdlib.h>\n'
        for word, is_function in sorted(set().union(*versions.values())):
            answer = ANSWERS.get(re.sub(r'_\d+$', '', word), REFUSAL if is_function else NOTHING)
            text += answer.format(word)
        script = ''.join(f'{version} {{ global: {"; ".join(sorted(dict(words)))}; }};\n'
                         for version, words in sorted(versions.items()))
        with tempfile.NamedTemporaryFile('w', suffix='.map', encoding='utf-8') as versions_script:
            versions_script.write(script)
            versions_script.flush()
            run('gcc', '-x', 'c', '-', '-shared', '-fPIC', '-O2', '-s', '-fno-builtin',
                f'-Wl,-soname,{stub},--version-script={versions_script.name}',
                '-o', self.folder / 'lib' / stub, input=text)
        for where in self.origins:
            if where.startswith(('bin/', 'lib/')):
                run('patchelf', '--replace-needed', name, stub, self.folder / where)

    def lead(self):
        """Leads every file to its libraries: ours, the host's, those the host may not have."""
        for path in sorted(self.folder.glob('**/*')):
            if not path.is_file() or path.read_bytes()[:4] != b'\x7fELF' or path.name == 'check':
                continue
            up = '/'.join(['$ORIGIN'] + ['..'] * (len(path.parent.relative_to(self.folder).parts)))
            # The host knows best where its graphics drivers are.
            host = [] if path.name.startswith('libepoxy') else HOST_FOLDERS
            run('patchelf', '--set-rpath', ':'.join([f'{up}/lib', *host, f'{up}/lib/shared']), path)
            versions = re.findall(r'GLIBC_(\d+)\.(\d+)', run('readelf', '-V', path))
            newest = max((tuple(map(int, version)) for version in versions), default=(0, 0))
            if newest > tuple(map(int, GLIBC.split('.'))):
                sys.exit(f'{path} needs glibc {newest}, which is newer than {GLIBC}')

    # --- data ----------------------------------------------------------------------------------

    def add_loaders(self):
        """The list of loaders, by names that are found as libraries are."""
        text = run(SYSTEM / 'gdk-pixbuf-2.0/gdk-pixbuf-query-loaders', *LOADERS)
        lines = [line for line in text.splitlines() if not line.startswith('#')]
        text = '\n'.join(lines).strip() + '\n\n'  # an entry ends with an empty line
        for path in LOADERS:
            text = text.replace(str(path), path.name)
        self.write('lib/pixbuf-loaders.cache', text)

    def add_schemas(self):
        schemas = 'share/glib-2.0/schemas'
        for path in sorted(pathlib.Path('/usr', schemas).glob('org.gtk.gtk4.*.xml')):
            self.copy(path, f'{schemas}/{path.name}')
        for path in (self.source / 'data').glob('*.gschema.xml'):
            self.copy(path, f'{schemas}/{path.name}')
        run('glib-compile-schemas', '--strict', self.folder / schemas)
        for path in (self.folder / schemas).glob('*.xml'):
            path.unlink()

    def add_types(self):
        """What an SVG is recognized by; a host without a desktop does not know."""
        types = pathlib.Path('/usr/share/mime/packages/freedesktop.org.xml').read_text('utf-8')
        found = re.search(r'<mime-type type="image/svg\+xml">.*?</mime-type>', types, re.S).group()
        words = re.sub(r'<comment.*?</comment>\s*', '', found)
        self.write('share/mime/packages/svg.xml', '<?xml version="1.0"?>\n<mime-info xmlns='
                   f'"http://www.freedesktop.org/standards/shared-mime-info">{words}</mime-info>\n')
        share = (self.folder / 'share').resolve()
        run('update-mime-database', share / 'mime',
            env={**os.environ, 'XDG_DATA_HOME': str(share)})  # or it warns that nobody looks there
        for path in sorted((self.folder / 'share/mime').glob('**/*'), reverse=True):
            if path.is_dir():
                path.rmdir()
            elif path.name != 'mime.cache':
                path.unlink()

    def icon_names(self):
        """All that may be the name of a symbolic icon, in what is linked and in our own."""
        names = set()
        for where in self.origins:
            if re.match(r'bin/|lib/lib(gtk-4|adwaita)', where):
                names |= set(re.findall(rb'[a-z][a-z0-9-]+-symbolic(?![a-z0-9-])',
                                        (self.folder / where).read_bytes()))
        return {name.decode() for name in names}

    def add_icons(self):
        names = self.icon_names()
        for path in sorted(ADWAITA.glob('scalable/**/*-symbolic.svg')):
            if path.stem in names:
                self.copy(path, path.relative_to('/usr'))
        for path in (ADWAITA / 'index.theme', pathlib.Path('/usr/share/icons/hicolor/index.theme')):
            self.copy(path, path.relative_to('/usr'))
        for path in sorted((self.source / 'data/icons').glob('hicolor/*/apps/*.svg')):
            self.copy(path, 'share' / path.relative_to(self.source / 'data'))

    def add_texts(self):
        languages = (self.source / 'po/LINGUAS').read_text(encoding='utf-8').split()
        for language in languages:
            folder = f'share/locale/{language}/LC_MESSAGES'
            self.copy(self.build / 'po' / language / 'LC_MESSAGES/porthole.mo',
                      f'{folder}/porthole.mo')
            for catalogue in CATALOGUES:
                path = pathlib.Path('/usr', folder, f'{catalogue}.mo')
                if path.exists():
                    self.copy(path, f'{folder}/{catalogue}.mo')

    def add_fonts(self):
        self.copy(FONT, f'share/fonts/{FONT.name}')
        self.write('share/fonts/fonts.conf', self.template('fonts.conf'))

    def make(self):
        self.add_programs()
        self.add_libraries()
        self.lead()
        self.add_loaders()
        self.add_schemas()
        self.add_types()
        self.add_icons()
        self.add_texts()
        self.add_fonts()
        self.add_words()
        self.write('portable', '')

    # --- words ---------------------------------------------------------------------------------

    def packages(self):
        """(package, version, source, version of the source) of all that is Debian's."""
        owner = owners()
        names = {owner[str(path.resolve())] for path in self.origins.values()
                 if path.is_absolute() and str(path.resolve()) in owner}
        lines = run('dpkg-query', '-W', '-f', '${Package} ${Version} ${source:Package} '
                    '${source:Version}\\n', *sorted(names)).splitlines()
        return sorted(tuple(line.split()) for line in lines)

    def add_words(self):
        """README.txt, and for everything in the folder where it is from and what its licence is."""
        self.write('README.txt', self.template('README.txt', VERSION=self.version, GLIBC=GLIBC,
                                               FOLDER=self.folder.name))
        packages = self.packages()
        self.write('packages.txt', ''.join(' '.join(package) + '\n' for package in packages))
        for package, _, source, _ in packages:
            where = f'licences/{source}.txt'
            if not (self.folder / where).exists():
                self.copy(f'/usr/share/doc/{package}/copyright', where)
        self.copy(self.source / 'COPYING', 'licences/porthole.txt')
        self.add_common_licences()

    def add_common_licences(self):
        """Those that Debian's packages name only, as every Debian has them; other hosts do not."""
        for text in sorted((self.folder / 'licences').glob('*.txt')):
            for name in re.findall(rf'{LICENCES}/([\w.+-]*\w)', text.read_text('utf-8', 'replace')):
                path = (LICENCES / name).resolve()  # GPL is the newest of them
                if path.is_file():
                    self.copy(path, f'licences/common/{path.name}.txt')

    def sizes(self):
        """What is large, as a table: unpacked and packed bytes, files, what for."""
        counts = collections.defaultdict(lambda: [0, 0, 0])
        for path in self.folder.glob('**/*'):
            if path.is_file():
                where = str(path.relative_to(self.folder))
                part = next(name for name, pattern in PARTS if re.match(pattern, where))
                data = path.read_bytes()
                for i, number in enumerate((len(data), len(zlib.compress(data, 9)), 1)):
                    counts[part][i] += number
        rows = sorted(counts.items(), key=lambda row: -row[1][0])
        rows.append(('All', [sum(column) for column in zip(*counts.values())]))
        lines = [f'{size / 1e6:7.2f} {packed / 1e6:7.2f} {files:6}  {name}'
                 for name, (size, packed, files) in rows]
        return '\n'.join(['     MB  zipped  files  what for', *lines])


def main():
    source, build, folder = map(pathlib.Path, sys.argv[1:4])
    made = Folder(source, build, folder, sys.argv[4])
    made.make()
    print(made.sizes())


main()

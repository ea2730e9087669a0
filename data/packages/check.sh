# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# All packages, as users get them: made, made again and compared, tried. Sourced by ./dev, whose
# `test_in` counts.

release=$made/release # what was made, with its digests

# make_all CHECKOUT FOLDER: all packages, made there, into FOLDER; nothing that was made there before,
# of another version, is among them.
make_all ()
{
  local kind path
  rm -rf "$2" "$1"/build-packages/porthole* && mkdir -p "$2" || return
  for kind in deb zip flatpak; do
    say "== Making packages ($kind)"
    path=$("$1/dev" $kind | tail -n 1) || return
    [ -d "$path" ] || path=$(dirname "$path")
    find "$path" -maxdepth 1 -type f -name 'porthole*' -exec cp -p -t "$2" {} + || return
  done
  [ "$(git -C "$1" rev-parse HEAD)" = "$commit" ] ||
    { say "$1 has another commit by now: nobody knows what is made of which."; return 1; }
  (cd "$2" && sha256sum -- * >SHA256SUMS)
}

# In another checkout, in another time zone and locale. What packages are made in, the trees, is the
# same for both.
make_again ()
{
  local again=$made/again
  rm -rf "$again" && git clone --quiet . "$again" && mkdir "$again/build-packages" &&
    ln -s "$made/trees" "$again/build-packages/trees" &&
    TZ=Pacific/Auckland LC_ALL=C make_all "$again" "$made/release-again"
}

compare_packages ()
{
  say '== The same bytes from the same commit'
  make_again && diff "$release/SHA256SUMS" "$made/release-again/SHA256SUMS" >&2 ||
    broken=$((broken + 1))
}

# try_packages FOLDER: what is there, as its users have it. Without a tree its tests would be skipped.
try_packages ()
{
  local fresh minimal
  say '== The packages, as their users have them'
  fresh=$(fresh_tree "$1") && minimal=$(make_tree minimal mawk) ||
    { broken=$((broken + 1)); return 0; }
  PORTHOLE_DEBS=$1 PORTHOLE_FRESH=$fresh \
    PORTHOLE_ZIP=$(echo "$1"/porthole-*.zip) PORTHOLE_MINIMAL=$minimal \
    PORTHOLE_FLATPAK=$1/porthole-$version-$(uname -m).flatpak \
    PORTHOLE_RUNTIME=$(echo "$1"/porthole-runtime-*.flatpak) \
    test_in build --suite packages
}

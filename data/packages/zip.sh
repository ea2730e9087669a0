# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# `./dev zip`: one folder with the programs and all that they need, to unpack, run and delete.

arch=$(uname -m)
name=porthole-$version-$arch
work=$made/zip

compile ()
{
  local tree=$1
  say 'Compiling …'
  in_tree "$tree" "$work" sh -ec '
    meson setup o source --prefix=/porthole --buildtype=release -Dapp=enabled
    ninja -C o src/cli/porthole src/app/porthole-gtk src/server/porthole-signal porthole-gmo
    strip o/src/cli/porthole o/src/app/porthole-gtk o/src/server/porthole-signal' \
    >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; die 'It could not be compiled.'; }
}

make_zip ()
{
  local tree
  alone zip
  # shellcheck disable=SC2046 # a list
  tree=$(make_tree build $(build_packages))
  rm -rf "$work"
  export_source "$work/source"
  compile "$tree"
  say 'Collecting …'
  in_tree "$tree" "$work" /usr/bin/python3 -B source/data/packages/zip/make.py source o "$name" \
    "$version" >"$made/$name.sizes.txt"
  cat "$made/$name.sizes.txt" >&2
  find "$work/$name" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  in_tree "$tree" "$work" sh -ec \
    'find "$1" | LC_ALL=C sort | zip -X -q -9 -@ "$1.zip"' sh "$name"
  mv "$work/$name.zip" "$made/"
  rm -rf "$work"
}

make_zip
echo "$made/$name.zip"

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The Debian packages, sources included, made by Debian's own tools from debian/, and looked at by
# lintian. Sourced by ./dev after common.sh.

debs=$made/deb
work=$made/work/deb

# The committed files and, as no version and no news are to be told twice, debian/changelog made of
# the metainfo.
export_packaging ()
{
  local tree=$1 source=$2 maintainer
  export_source "$source"
  maintainer=$(sed -n 's/^Maintainer: //p' "$source/debian/control")
  in_tree "$tree" "$source" python3 -B data/packages/changelog.py \
    data/io.github.porthole.Porthole.metainfo.xml.in "$maintainer" >"$source/debian/changelog"
}

# Whoever wants symbols for a debugger builds once more without “noautodbgsym”: it is the same code.
# What dpkg writes of the time and of this machine's processors is left out of its record.
build_debs ()
{
  local tree=$1 record
  # shellcheck disable=SC2016 # it is the tree's shell that is told
  record='sed -i -e "s/^Build-Date: .*/Build-Date: $(date -R -u -d "@$SOURCE_DATE_EPOCH")/"'
  record+=' -e "s/ parallel=[0-9]*//" ../*.buildinfo'
  say 'Building the packages …'
  # shellcheck disable=SC2016 # it is the tree's shell that is told
  in_tree "$tree" "$work" env DEB_BUILD_OPTIONS=noautodbgsym sh -c \
    'cd porthole-* && dpkg-buildpackage -us -uc --hook-changes="$1"' sh "$record" \
    >"$work/log" 2>&1 \
    || { tail -n 60 "$work/log" >&2; die "The packages could not be built; all is in $work/log"; }
}

check_debs ()
{
  local tree=$1
  say 'Checking them with lintian …'
  in_tree "$tree" "$work" sh -c 'lintian --allow-root --info --display-info --pedantic \
    --fail-on error,warning,info,pedantic ./*.changes' >&2 || die 'lintian does not like them.'
}

make_debs ()
{
  local tree
  alone deb
  # shellcheck disable=SC2046 # a list
  tree=$(make_tree build $(build_packages))
  rm -rf "$work"
  mkdir -p "$work"
  export_packaging "$tree" "$work/porthole-$version"
  build_debs "$tree"
  check_debs "$tree"
  rm -rf "$debs"
  mkdir "$debs"
  mv "$work"/*.deb "$work"/*.dsc "$work"/*.tar.* "$work"/*.changes "$work"/*.buildinfo "$debs"
}

make_debs
echo "$debs"

# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the Flatpak, the zip and the Debian packages have in common: the commit they are made of, and
# Debian trees to make them in. Sourced by scripts that run at the top of the checkout, with `say`
# and `die` of ./dev.

shopt -s inherit_errexit # or a tree that could not be made counts as made, see make_tree

made=$PWD/build-packages

# The time of the commit stands wherever a time is written, so that it is the same each time.
commit=$(git rev-parse HEAD) || die 'Packages are made from a commit: this is no git checkout.'
version=$(git show HEAD:meson.build | sed -n "s/^ *version: '\(.*\)',$/\1/p" | head -n 1)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct HEAD)
export SOURCE_DATE_EPOCH
umask 022

# alone NAME: two that make the same would work in each other's folders: the second one ends. The lock
# goes with this process.
alone ()
{
  local lock
  mkdir -p "$made"
  exec {lock}>"$made/$1.lock"
  flock --nonblock "$lock" || die "Another ./dev is at work in $made: wait until it has ended."
}

# export_source FOLDER: the committed files, and nothing else, into an empty FOLDER. Their rights and
# line ends do not depend on whose git this is, nor on who runs it.
export_source ()
{
  [ -z "$(git status --porcelain)" ] || say "Uncommitted changes are not in what is made: it is $commit."
  rm -rf "$1"
  mkdir -p "$1"
  git -c tar.umask=022 -c core.autocrlf=false archive --format=tar "$commit" | tar -x -C "$1"
}

# What Porthole is compiled with, in Debian's names; ./dev knows them.
build_packages ()
{
  debian_packages build
  echo debhelper lintian patchelf zip file
}

# make_tree NAME PACKAGE…: a Debian 12 with these packages as a folder, whose path is printed. It is
# kept for a week, which is how soon a security update reaches what is made. PORTHOLE_DEBIAN names
# another mirror, such as a snapshot of the day on which something was made. Called in $(…), for it
# holds its lock until the shell ends.
#
# Not even a caller that looks at the status of what calls this may get a tree that is not whole, so
# each step is linked. Nobody else gets into the trees: what is setuid there gets no updates.
make_tree ()
{
  local name=$1 tree=$made/trees/$1 stamp list
  shift
  mkdir -p "$made/trees"
  exec 9>"$tree.lock"
  flock 9
  stamp=$made/trees/$name.packages
  list="${PORTHOLE_DEBIAN:-} $*"
  if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$list" ] || [ -n "$(find "$stamp" -mtime +6)" ]; then
    say "Making a Debian tree ($name) …"
    rm -rf "$tree" "$stamp" && mkdir -p "$tree" && chmod 700 "$made/trees" &&
      mmdebstrap --quiet --variant=minbase --include="$(tr ' ' , <<<"$*")" \
        bookworm "$tree.tar" ${PORTHOLE_DEBIAN:+"$PORTHOLE_DEBIAN"} >&2 &&
      tar -x --no-same-owner --exclude='./dev/*' -f "$tree.tar" -C "$tree" &&
      rm "$tree.tar" && mkdir "$tree/build" && echo "$list" >"$stamp" ||
      die "The Debian tree ($name) could not be made."
  fi
  echo "$tree"
}

# needs_of FOLDER: what the .debs there are made to run with, in Debian's names: of alternatives, the
# first.
needs_of ()
{
  local deb
  for deb in "$1"/*.deb; do
    dpkg-deb -f "$deb" Depends | tr , '\n'
  done | sed 's/^ *//; s/[ (|].*//' | sort -u
}

# fresh_tree FOLDER: a Debian 12 to install the .debs there in, which has what they need and what shows
# the rest of them: systemd, man and completion.
fresh_tree ()
{
  # shellcheck disable=SC2046 # a list
  make_tree fresh $(needs_of "$1") systemd man-db bash-completion
}

# in_tree TREE FOLDER COMMAND…: runs it in TREE, which it cannot change, without a network, with
# FOLDER as /build. Paths, names and times are the same wherever this runs.
in_tree ()
{
  local tree=$1 folder=$2
  shift 2
  bwrap --unshare-all --uid 0 --gid 0 --hostname build --die-with-parent --new-session --clearenv \
    --setenv PATH /usr/sbin:/usr/bin:/sbin:/bin --setenv HOME /tmp --setenv LC_ALL C.UTF-8 \
    --setenv TZ UTC --setenv SOURCE_DATE_EPOCH "$SOURCE_DATE_EPOCH" \
    --ro-bind "$tree" / --dev /dev --proc /proc --tmpfs /tmp --tmpfs /run \
    --bind "$folder" /build --chdir /build "$@"
}

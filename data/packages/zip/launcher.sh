#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Starts the program of the same name in `bin`, or says why this computer cannot run it. It needs
# nothing of its surroundings, and leaves them as they are for what it starts.

# Says it to a terminal, or, started from a desktop, in a window of whatever there is to show one.
complain ()
{
  printf '%s\n' "$1" >&2
  if [ "$name" = porthole-gtk ] && ! [ -t 2 ] && [ -n "$DISPLAY$WAYLAND_DISPLAY" ]; then
    { zenity --error --no-markup --text="$1" || kdialog --error "$1" || xmessage -center "$1" ||
      notify-send Porthole "$1"; } >/dev/null 2>&1
  fi
  exit 1
}

# Our libraries come before those that the person has set, and Porthole takes this back for what it
# starts. In a folder whose name would not be one word there, it is left as it is.
prefer_ours ()
{
  case $folder in
    *[:\;\$]*) ;;
    *) [ -z "$LD_LIBRARY_PATH" ] || LD_LIBRARY_PATH=$folder/lib:$LD_LIBRARY_PATH ;;
  esac
}

self=$(command -p readlink -f -- "$0")
folder=${self%/*}
name=${self##*/}
"$folder/lib/check" 2>/dev/null
case $? in
  0) ;;
  126) complain "Porthole cannot be run from $folder. Either no program may be run from that disk, \
or they were unpacked without the permission to run, or this computer is not of the kind @ARCH@. \
Unpack the zip with “unzip” into a folder of your own." ;;
  *) complain "Porthole needs a Linux system with glibc @GLIBC@ or newer, which this computer does \
not have. Debian 12, Ubuntu 23.04, Fedora 37 and all that is newer will do; Alpine and others with \
musl will not." ;;
esac
case $name$folder in
  porthole-gtk*:*) complain "The window of Porthole cannot be opened from $folder: no folder \
that it is in may have a colon in its name." ;;
esac
prefer_ours
exec "$folder/bin/$name" "$@"

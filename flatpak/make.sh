# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Makes the Flatpak of what is committed, and the runtime it runs on, as two bundles that install
# without any remote. The app is made as the manifest says, which is the one that a remote would
# build on GNOME's platform; here the platform is made of Debian's packages, among them those that
# GNOME's lacks, so nothing but the Debian archive is needed.
#
# Security updates of the libraries come from Debian: the runtime is made of the week's packages.
# When they have changed, whoever passes on bundles makes a new runtime, which is installed over the
# old one; the app stays as it is, for Debian keeps its libraries' interfaces in a release.

manifest=flatpak/io.github.porthole.Porthole.json
platform=io.github.porthole.Platform
sdk=io.github.porthole.Sdk
branch=12 # Debian's release
arch=$(flatpak --default-arch)
work=$made/flatpak
repo=$work/repo

# Only what is made here is seen, and nothing else of this computer is changed.
export FLATPAK_USER_DIR=$work/installed FLATPAK_SYSTEM_DIR=$work/none FLATPAK_CONFIG_DIR=$work/none
export LC_ALL=C.UTF-8 # flatpak takes only paths that the locale has letters for

# The manifest's value of that name, or that of its last module, which is Porthole; an item a line.
field ()
{
  "$python" -c 'import json, sys
manifest = json.load(open(sys.argv[1], encoding="utf-8"))
value = {**manifest["modules"][-1], **manifest}[sys.argv[2]]
print("\n".join([value] if isinstance(value, str) else value))' "$manifest" "$1"
}

# A repository whose files are neither compressed nor copied where they are installed from it.
begin_repo ()
{
  mkdir -p "$repo"/{objects,refs/{heads,mirrors,remotes},tmp,extensions,state}
  printf '[core]\nrepo_version=1\nmode=bare-user-only\n' >"$repo/config"
}

# export_to_repo FOLDER BRANCH [OPTION]
export_to_repo ()
{
  flatpak build-export --disable-fsync "${@:3}" \
    --timestamp="$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)" "$repo" "$1" "$2" >&2
}

# bundle FILE ID BRANCH [OPTION]
bundle ()
{
  flatpak build-bundle "${@:4}" "$repo" "$1" "$2" "$3" >&2
  "$python" -B flatpak/set-time.py "$1" "$SOURCE_DATE_EPOCH"
}

# --- the runtime and the SDK --------------------------------------------------------------------

runtime_packages ()
{
  echo libgtk-4-1 libadwaita-1-0 libsecret-1-0 libqrcodegen1 libnice10 libusrsctp2 libgnutls30 \
    libsoup-3.0-0 libjson-glib-1.0-0 glib-networking librsvg2-common libglib2.0-data \
    adwaita-icon-theme ca-certificates fonts-cantarell gsettings-desktop-schemas locales
}

# What runs: what Porthole is linked with, TLS for libsoup, SVG for icons, and a shell to look
# around with. What these need in turn comes along. The largest are tables of ICU, for the XML that
# SVG is (30 MB), librsvg (11 MB) and GTK (8 MB). There are no drivers for graphics, which would be
# more than all of it: windows are drawn without them, see begin_runtime.
runtime_programs ()
{
  local name
  for name in gtk-4 adwaita-1 secret-1 qrcodegen nice usrsctp gnutls soup-3.0 json-glib-1.0; do
    compgen -G "usr/lib/*-linux-gnu/lib$name.so.*"
  done
  compgen -G 'usr/lib/*-linux-gnu/gio/modules/libgiognutls.so'
  compgen -G 'usr/lib/*-linux-gnu/gdk-pixbuf-2.0/*/loaders/*.so'
  compgen -G 'usr/lib/*-linux-gnu/ld-linux*.so.?'
  echo usr/bin/dash
  echo usr/sbin/ldconfig # flatpak runs it
}

# What is read. The theme's cursors and small pictures are left out: the desktop lends its cursors,
# and GTK 4 draws the others from SVG.
runtime_data ()
{
  compgen -G 'usr/lib/*-linux-gnu/gdk-pixbuf-2.0/*/loaders.cache'
  compgen -G 'usr/lib/*-linux-gnu/gconv/gconv-modules'
  compgen -G 'usr/lib/*-linux-gnu/gconv/ISO8859-1.so' # text pasted from old X programs
  printf '%s\n' usr/bin/sh usr/lib64 usr/lib/locale/C.utf8 \
    usr/share/icons/hicolor/index.theme usr/share/icons/Adwaita/{index.theme,scalable} \
    usr/share/fontconfig usr/share/fonts usr/share/glib-2.0/schemas/gschemas.compiled \
    usr/share/X11/{locale,xkb} usr/share/mime/mime.cache etc/fonts etc/ld.so.conf \
    etc/ld.so.conf.d etc/nsswitch.conf etc/ssl/certs/ca-certificates.crt
}

# Whoever passes on a bundle passes on what its licences say, too.
runtime_licences ()
{
  compgen -G 'usr/share/doc/*/copyright'
  compgen -G 'usr/share/common-licenses/*'
}

# The packages of the tree, of whose files the runtime has a part, by which sources are found at
# https://snapshot.debian.org/: name, version, source package, its version.
list_packages ()
{
  in_tree "$1" "$work" dpkg-query -W \
    -f '${Package} ${Version} ${source:Package} ${source:Version}\n'
}

# with_libraries TREE: the programs on standard input, and the shared libraries they load.
with_libraries ()
{
  local programs
  mapfile -t programs
  printf '%s\n' "${programs[@]}"
  in_tree "$1" "$work" ldd "${programs[@]/#//}" 2>&1 | sed -n 's,.* => \(/[^ ]*\).*,\1,p' |
    sed -e 's,^/lib,/usr/lib,' -e 's,^/,,'
}

# A file that is a link is nothing without what it leads to.
with_targets ()
{
  local path
  while read -r path; do
    echo "$path"
    [ ! -L "$path" ] || realpath --relative-to=. "$path"
  done | sort -u
}

# The texts of the libraries, and how dates are written, in the languages that Porthole speaks.
add_languages ()
{
  local tree=$1 folder=$2 language texts
  while read -r language; do
    texts=share/locale/$language/LC_MESSAGES
    mkdir -p "$folder/$texts"
    cp "$tree/usr/$texts"/{gtk40,glib20,libadwaita,glib-networking}.mo "$folder/$texts"
    in_tree "$tree" "$folder/lib/locale" \
      localedef --no-archive -i "$language" -f UTF-8 "./$language.utf8"
  done < <(grep -v '^#' po/LINGUAS)
}

# Whatever else the user's language is, a program has to find it, or all text is ASCII to it: it
# finds C.utf8 by that name.
add_names_of_languages ()
{
  local tree=$1 folder=$2/lib/locale name
  sed -n 's/^\([A-Za-z_]*\)\(\.UTF-8\)\?\(@[a-z]*\)\? UTF-8$/\1.utf8\3/p' \
    "$tree/usr/share/i18n/SUPPORTED" |
    while read -r name; do
      [ -e "$folder/$name" ] || ln -s C.utf8 "$folder/$name"
    done
}

# begin_runtime FOLDER ID: its metadata. Below usr it has its files, among them usr/etc; `files`,
# which an app would have, is only looked for.
begin_runtime ()
{
  mkdir -p "$1/usr" "$1/files"
  cat >"$1/metadata" <<TEXT
[Runtime]
name=$2
runtime=$platform/$arch/$branch
sdk=$sdk/$arch/$branch

[Environment]
GSK_RENDERER=cairo
TEXT
}

make_platform ()
{
  local tree folder=$work/platform
  # shellcheck disable=SC2046 # a list
  tree=$(make_tree runtime $(runtime_packages))
  begin_runtime "$folder" $platform
  (
    cd "$tree"
    { runtime_programs | with_libraries "$tree" && runtime_data && runtime_licences; } |
      with_targets
  ) >"$work/files"
  tar -c -C "$tree" -T "$work/files" | tar -x -C "$folder"
  mv "$folder/etc" "$folder/usr/etc"
  list_packages "$tree" >"$folder/usr/share/doc/packages.txt"
  cp flatpak/50-flatpak.conf "$folder/usr/etc/fonts/conf.d"
  echo /app/lib >>"$folder/usr/etc/ld.so.conf"
  mkdir "$folder/usr/share/zoneinfo" # flatpak lends the computer's here, or all times would be UTC
  add_languages "$tree" "$folder/usr"
  add_names_of_languages "$tree" "$folder/usr"
  export_to_repo "$folder" $branch --runtime
}

# The tree that packages are built in.
make_sdk ()
{
  local tree folder=$work/sdk
  # shellcheck disable=SC2046 # a list
  tree=$(make_tree build $(build_packages))
  begin_runtime "$folder" $sdk
  tar -c -C "$tree" --exclude=usr/share/{doc,man,locale,i18n} --exclude=etc/{shadow,gshadow}'*' \
    usr etc | tar -x -C "$folder"
  mv "$folder/etc" "$folder/usr/etc"
  export_to_repo "$folder" $branch --runtime
}

install_runtimes ()
{
  flatpak --user remote-add --no-gpg-verify made "$repo" >&2
  flatpak --user install --noninteractive made $platform//$branch $sdk//$branch >&2
}

# --- Porthole -----------------------------------------------------------------------------------

build_app ()
{
  local folder=$work/app options
  mapfile -t options < <(field config-opts)
  export_source "$work/source"
  flatpak build-init "$folder" "$(field id)" $sdk $platform $branch >&2
  flatpak build --bind-mount=/build="$work/source" --build-dir=/build --env=LC_ALL=C.UTF-8 \
    --env=SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" "$folder" sh -c '
    meson setup o --prefix=/app --libdir=lib --buildtype=release "$@" &&
      meson install -C o --strip' sh "${options[@]}" >&2
}

# What the manifest has cleaned up: paths, and names anywhere.
clean_app ()
{
  local pattern
  while read -r pattern; do
    case $pattern in
      /*) find "$1" -path "$1$pattern" -prune -exec rm -r {} + ;;
      *) find "$1" -name "$pattern" -delete ;;
    esac
  done < <(field cleanup)
}

finish_app ()
{
  local folder=$work/app options
  mapfile -t options < <(field finish-args)
  clean_app "$folder/files"
  flatpak build-finish "$folder" --command="$(field command)" "${options[@]}" >&2
  export_to_repo "$folder" stable
}

make_flatpak ()
{
  local app=$made/porthole-$version-$arch.flatpak
  alone flatpak
  rm -rf "$work"
  begin_repo
  make_platform
  make_sdk
  install_runtimes
  build_app
  finish_app
  bundle "$made/porthole-runtime-$branch-$arch.flatpak" $platform $branch --runtime
  bundle "$app" "$(field id)" stable
  rm -rf "$work"
  echo "$app"
}

make_flatpak

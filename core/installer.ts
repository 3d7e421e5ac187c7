/**
 * The installer: a script for any POSIX shell with a conda-pack archive behind it.
 * @module
 */

const SCRIPT = String.raw`#!/bin/sh
# Installs a conda environment: behind this script is its archive. Needs tail, tar and gzip.
set -eu

usage() {
  echo "usage: sh $0 [-b] [-p PREFIX]

Installs the conda environment that is in this file.

  -p PREFIX  into this directory, which must not exist or be empty
             (without it: in the home directory, under this file's name)
  -b         ask nothing
  -h         this text"
}

fail() {
  echo "$0: $1" >&2
  exit 1
}

ask=yes
prefix=
while getopts bp:h option; do
  case $option in
    b) ask=no ;;
    p) prefix=$OPTARG ;;
    h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
[ $# -lt $OPTIND ] || { usage >&2; exit 2; }

[ -f "$0" ] || fail "save this to a file and run the file: the environment is behind the script"
if [ -z "$prefix" ]; then
  [ -n "$\{HOME:-}" ] || fail "say where to install: -p PREFIX"
  name=$\{0##*/}
  prefix=$HOME/$\{name%.sh}
fi
case $prefix in
  /*) ;;
  *) prefix=$(pwd)/$prefix ;;
esac
while [ "$prefix" != "$\{prefix%/}" ]; do prefix=$\{prefix%/}; done
made=yes
if [ -e "$prefix" ] || [ -L "$prefix" ]; then
  made=no
  { [ -d "$prefix" ] && [ -z "$(ls -A "$prefix")" ]; } || fail "$prefix is there already: choose another place, or remove it"
fi
if [ $ask = yes ]; then
  [ -t 0 ] || fail "there is nobody to ask: add -b"
  printf 'Install into %s? [yes] ' "$prefix"
  read -r answer
  case $answer in
    '' | y | Y | yes | Yes | YES) ;;
    *) fail "nothing is installed" ;;
  esac
fi

# Half an environment is none, also for who asks twice for an end.
undo() {
  trap '' INT HUP TERM
  if [ $made = yes ]; then
    rm -rf "$prefix"
  else
    find "$prefix/." ! -name . -prune -exec rm -rf {} +
  fi
}
trap 'exit 130' INT
trap 'exit 143' HUP TERM

if [ $made = yes ]; then
  mkdir -p "$\{prefix%/*}/"
  mkdir "$prefix" || fail "$prefix could not be made: choose another place"
fi
# Of two that begin at once, one gets no further, also where one finds the empty directory that the other has made.
mkdir "$prefix/.installing" || fail "$prefix is being installed into: choose another place"
trap undo EXIT
tail -c +@OFFSET@ "$0" | tar -xzf - -C "$prefix" ||
  fail "the environment could not be unpacked: is this file whole, and is there room in $prefix?"
unpack=$prefix/bin/conda-unpack
[ -f "$unpack" ] || fail "this file is not whole: fetch it again"
if sed -n '/^_prefix_records = \[$/,/^\]$/p' "$unpack" | grep -q "^('"; then
  python=$prefix/bin/python
  [ -x "$python" ] || python=$(command -v python3 || command -v python) ||
    fail "files of this environment name the place where they are, and there is no python that could change them: install one first"
  "$python" -E -s -B "$unpack" || fail "the environment could not be fitted to $prefix"
fi
rm -r "$prefix/.installing"
trap - EXIT
echo "Installed into $prefix. To use it: source '$prefix/bin/activate'"
exit 0
`.replaceAll("$\\{", "${");

/** What stands before the archive. The same bytes always, so that equal archives are equal installers. */
export const installerScript = (): string => {
  // The offset's own digits count: it is tried until it is right.
  for (let offset = SCRIPT.length; ; ) {
    const script = SCRIPT.replace("@OFFSET@", String(offset));
    if (script.length + 1 === offset) return script;
    offset = script.length + 1;
  }
};

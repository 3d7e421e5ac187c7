#!/bin/sh
# Installs what the build task needs on a Debian: Node, micromamba, and conda-pack in a Python environment of its own.
# Node and micromamba come by the versions and checksums of pins.json, which lies beside this file.
#
# DESTDIR  installs below this directory instead of /
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=${DESTDIR:-}

fail() {
  echo "install.sh: $*" >&2
  exit 1
}

[ -f "$here/pins.json" ] || fail "pins.json is missing: run 'npm run pin' where there is internet, and commit what it writes."

case $(uname -m) in
  x86_64) platform=linux-64 ;;
  aarch64 | arm64) platform=linux-aarch64 ;;
  *) fail "no pins for a $(uname -m): build on x86_64 or aarch64." ;;
esac

if ! { command -v curl && command -v bzip2 && command -v xz && python3 -c 'import ensurepip, venv'; } > /dev/null 2>&1; then
  command -v apt-get > /dev/null || fail "curl, bzip2, xz and python3 with venv are needed, and there is no apt-get to install them."
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    bzip2 ca-certificates curl python3 python3-venv xz-utils
  rm -rf /var/lib/apt/lists/*
fi

# pin NAME FIELD: one value of pins.json for this platform
pin() {
  python3 - "$here/pins.json" "$1" "$platform" "$2" <<'PYTHON' || fail "pins.json has no $1 for $platform: run 'npm run pin'."
import json, sys

path, name, platform, field = sys.argv[1:]
try:
    print(json.load(open(path))[name][platform][field])
except KeyError:
    sys.exit(1)
PYTHON
}

# fetch NAME FILE: downloads what is pinned and checks it
fetch() {
  url=$(pin "$1" url)
  sha256=$(pin "$1" sha256)
  curl -fsSL --retry 3 -o "$2" "$url" || fail "$url cannot be downloaded."
  echo "$sha256  $2" | sha256sum -c --quiet - > /dev/null 2>&1 || fail "$url is not what pins.json names: its checksum differs."
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fetch node "$work/node.tar.xz"
mkdir -p "$root/opt/node"
tar -xJf "$work/node.tar.xz" -C "$root/opt/node" --strip-components=1 --no-same-owner

python3 -m venv "$root/opt/conda-pack"
"$root/opt/conda-pack/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check \
  --only-binary :all: -r "$here/requirements.txt"

[ -x "$root/usr/bin/setpriv" ] || [ -x /usr/bin/setpriv ] || fail "setpriv is missing: install util-linux."

# The directories that the image declares as volumes: root's, and everybody may enter them. The shared disk is mounted below
# the last one, which nobody else may: packages' own code has users without a name (build-task/strangers.ts).
mkdir -p "$root/var/lib/conda-store" "$root/opt/conda-store" "$root/mnt/supervisor"
chmod 755 "$root/var/lib/conda-store" "$root/opt/conda-store"
chmod 700 "$root/mnt/supervisor"

fetch micromamba "$work/micromamba.tar.bz2"
mkdir -p "$root/usr/local"
tar -xjf "$work/micromamba.tar.bz2" -C "$root/usr/local" --no-same-owner bin/micromamba
chmod 755 "$root/usr/local/bin/micromamba"

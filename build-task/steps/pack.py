"""Writes a conda-pack archive of one prefix to standard output, as a gzip tar.

    python pack.py PREFIX PACKAGE_CACHE

conda-pack makes a plain tar, which ISA-L compresses: several times faster than conda-pack's own zlib, and the archive
never lies on a disk. Entries belong to nobody in particular (0/0), are in the order of their names, and links inside
the prefix are relative, so that the archive can be unpacked anywhere, also by Python's strict filter.
"""

import os
import sys
import tempfile
from pathlib import Path

from conda_pack.core import CondaEnv, File, Packer
from conda_pack.formats import TarArchive
from conda_pack.prefixes import replace_prefix
from isal import igzip_threaded

LEVEL = 1
BLOCK_BYTES = 1024 * 1024


class Output:
    """What tarfile wants of a file that cannot be sought in: a position."""

    def __init__(self, stream):
        self.stream = stream
        self.position = 0

    def write(self, data):
        self.stream.write(data)
        self.position += len(data)
        return len(data)

    def tell(self):
        return self.position

    def flush(self):
        pass

    def close(self):
        self.stream.close()


class Archive(TarArchive):
    """A tar whose entries say nothing of the machine that made them."""

    def __init__(self, stream, prefix):
        history = Path(prefix, "conda-meta", "history")
        super().__init__(stream, "", close_file=True, mode="w", mtime=int(history.stat().st_mtime))
        self.prefix = prefix
        self.temporary = tempfile.gettempdir()

    def __enter__(self):
        super().__enter__()
        described = self.archive.gettarinfo

        def gettarinfo(name=None, arcname=None, fileobj=None):
            # Forgetting what was seen makes two names of one file two entries, each with its bytes.
            self.archive.inodes.clear()
            info = described(name, arcname, fileobj)
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            # Nothing runs as somebody else where the archive is unpacked.
            info.mode &= 0o777
            if info.issym():
                info.linkname = self.inside(info.linkname, name)
            if name.startswith(f"{self.temporary}/"):
                info.mtime = self.mtime
            return info

        self.archive.gettarinfo = gettarinfo
        return self

    def inside(self, target, link):
        """An absolute link into the prefix, made relative to the link's own place."""
        if not target.startswith(f"{self.prefix}/"):
            return target
        place = os.path.dirname(os.path.relpath(link, self.prefix))
        return os.path.relpath(os.path.relpath(target, self.prefix), place or ".")


def installed_once(env):
    """conda-pack lists a file once for each package that has it: the one whose bytes are in the prefix stays."""
    chosen = {}
    for file in env.files:
        known = chosen.get(file.target)
        if known is None or (not is_installed(env.prefix, known) and is_installed(env.prefix, file)):
            chosen[file.target] = file
    return [chosen[target] for target in sorted(chosen)]


def is_installed(prefix, file):
    there = Path(prefix, file.target)
    source = Path(file.source)
    if there == source or there.is_symlink() or source.is_symlink():
        return there == source or there.is_symlink() == source.is_symlink()
    if not source.is_file():
        return False
    data = source.read_bytes()
    if file.file_mode in ("text", "binary") and file.prefix_placeholder:
        data = replace_prefix(data, file.file_mode, file.prefix_placeholder, prefix)
    return data == there.read_bytes()


def from_its_places(files, prefix, cache):
    """
    The records in the prefix say where files come from, and a link script may have written there what it likes: what
    does not really lie in the prefix or the package cache is taken from the prefix, as it is there.
    """
    places = [os.path.realpath(place) for place in (prefix, cache)]
    known = {}

    def lies_inside(path):
        folder = os.path.dirname(path)
        if folder not in known:
            real = os.path.realpath(folder)
            known[folder] = any(real == place or real.startswith(f"{place}{os.sep}") for place in places)
        return known[folder]

    for file in files:
        there = os.path.join(prefix, file.target)
        honest = lies_inside(file.source) and os.path.islink(file.source) == os.path.islink(there)
        yield file if honest else in_prefix(prefix, file)


def in_prefix(prefix, file):
    return File(os.path.join(prefix, file.target), file.target, is_conda=True, prefix_placeholder=None, file_mode=None)


def changed_in_place(prefix, file):
    """A file that a link script or pip changed after its package was linked: the archive gets what is there now."""
    return file.is_conda and file.source != os.path.join(prefix, file.target) and not is_same(prefix, file)


def is_same(prefix, file):
    there = os.path.join(prefix, file.target)
    if os.path.islink(there) or file.prefix_placeholder:
        return True
    try:
        a, b = os.stat(there), os.stat(file.source)
    except OSError:
        return True
    return a.st_ino == b.st_ino or (a.st_size == b.st_size and int(a.st_mtime) == int(b.st_mtime))


def main():
    prefix, cache = (os.path.abspath(path) for path in sys.argv[1:])
    env = CondaEnv.from_prefix(prefix, ignore_missing_files=True)
    env.files = list(from_its_places(env.files, prefix, cache))
    files = [
        in_prefix(prefix, file) if changed_in_place(prefix, file) else file
        for file in installed_once(env)
    ]
    with igzip_threaded.open(sys.stdout.buffer, "wb", compresslevel=LEVEL, block_size=BLOCK_BYTES) as stream:
        with Archive(Output(stream), prefix) as archive:
            packer = Packer(prefix, archive)
            for file in files:
                packer.add(file)
            packer.finish()


main()

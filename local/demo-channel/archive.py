"""The two archive formats of conda packages, byte for byte reproducible."""

import io
import tarfile
import zipfile
from pathlib import Path
from typing import BinaryIO, Iterable

from failure import MakeError
from recipe import Member

try:
    from compression import zstd
except ImportError:
    try:
        from backports import zstd
    except ImportError:
        raise MakeError(
            'This Python has no zstd: install local/requirements.txt into '
            'the virtual environment (from 3.14 on: use a Python that was '
            'built with zstd).') from None

# 2024-01-01: one moment for every file, so that equal input gives equal
# bytes, and so that timestamps inside shipped `.pyc` files can be right.
EPOCH = 1704067200
# A demo channel is made while somebody waits: fast beats small.
ZSTD_LEVEL = 2


def write_conda(path: Path, info: Iterable[Member],
                content: Iterable[Member]) -> None:
    """A `.conda` file: a stored zip of two zstd tars.

    The info part comes last, as remote readers fetch a file's end first.
    """
    stem = path.name.removesuffix('.conda')
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_STORED) as outer:
        _store(outer, 'metadata.json',
               b'{"conda_pkg_format_version": 2}')
        for part, members in (('pkg', content), ('info', info)):
            entry = zipfile.ZipInfo(f'{part}-{stem}.tar.zst')
            with outer.open(entry, 'w', force_zip64=False) as stored:
                with zstd.ZstdFile(stored, 'w', level=ZSTD_LEVEL) as packed:
                    _write_tar(packed, members)


def write_tar_bz2(path: Path, info: Iterable[Member],
                  content: Iterable[Member]) -> None:
    """A `.tar.bz2` file: one tar, the info part first."""
    with tarfile.open(path, 'w:bz2', format=tarfile.GNU_FORMAT) as tar:
        for member in (*info, *content):
            _add(tar, member)


def _write_tar(stream: BinaryIO, members: Iterable[Member]) -> None:
    with tarfile.open(fileobj=stream, mode='w|',
                      format=tarfile.GNU_FORMAT, bufsize=1 << 18) as tar:
        for member in members:
            _add(tar, member)


def _add(tar: tarfile.TarFile, member: Member) -> None:
    entry = tarfile.TarInfo(member.path)
    entry.mtime = EPOCH
    if member.link is not None:
        entry.type = tarfile.SYMTYPE
        entry.linkname = member.link
        entry.mode = 0o777
        tar.addfile(entry)
        return
    data = member.read()
    entry.size = len(data)
    entry.mode = member.mode
    tar.addfile(entry, io.BytesIO(data))


def _store(outer: zipfile.ZipFile, name: str, data: bytes) -> None:
    outer.writestr(zipfile.ZipInfo(name), data)

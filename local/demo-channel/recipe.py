"""What goes into one conda package, before it is an archive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterable, Literal


@dataclass(frozen=True)
class Member:
    """One file or symbolic link of a package."""

    path: str
    content: bytes | Path = b''
    mode: int = 0o644
    link: str | None = None
    # How the installer replaces the prefix in this file, if at all.
    prefix: Literal['text', 'binary'] | None = None

    def read(self) -> bytes:
        if isinstance(self.content, Path):
            return self.content.read_bytes()
        return self.content


@dataclass(frozen=True)
class Recipe:
    """One package; `members` is called when it is written, not before."""

    name: str
    version: str
    build: str
    members: Callable[[], Iterable[Member]]
    summary: str
    build_number: int = 0
    noarch: Literal['python', 'generic'] | None = None
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    entry_points: tuple[str, ...] = ()
    license: str = 'BSD-3-Clause'
    archive: Literal['.conda', '.tar.bz2'] = '.conda'
    # Words that name what this package is here to show; tests look for them.
    shows: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        return f'{self.name}-{self.version}-{self.build}{self.archive}'

    def subdir(self, machine: str) -> str:
        return 'noarch' if self.noarch else machine


def text_file(path: str, text: str, mode: int = 0o644) -> Member:
    return Member(path, text.encode(), mode)

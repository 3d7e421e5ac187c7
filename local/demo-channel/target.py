"""What the running interpreter is, in conda's words."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from failure import MakeError

SUBDIRS = {
    ('Linux', 'x86_64'): 'linux-64',
    ('Linux', 'aarch64'): 'linux-aarch64',
    ('Linux', 'arm64'): 'linux-aarch64',
    ('Darwin', 'x86_64'): 'osx-64',
    ('Darwin', 'arm64'): 'osx-arm64',
}


@dataclass(frozen=True)
class Target:
    """The interpreter that becomes the package `python`."""

    version: str      # 3.13.0
    short: str        # 3.13
    tag: str          # py313
    subdir: str       # linux-64
    executable: Path  # the interpreter itself, never a venv's link to it

    @property
    def is_linux(self) -> bool:
        return self.subdir.startswith('linux-')

    @property
    def abi(self) -> str:
        return f'cp{self.tag[2:]}'

    @property
    def stdlib(self) -> str:
        """Where the standard library lies, relative to the prefix."""
        return f'lib/python{self.short}'

    @property
    def site_packages(self) -> str:
        return f'{self.stdlib}/site-packages'


def this_target() -> Target:
    """The running interpreter; MakeError where it cannot be packaged."""
    if sys.version_info < (3, 10):
        raise MakeError(
            f'Python {platform.python_version()} is too old for the demo '
            'channel: use Python 3.10 or newer.')
    if sys.implementation.name != 'cpython':
        raise MakeError(
            f'The demo channel packages CPython, not {sys.implementation.name}'
            ': make the virtual environment with CPython 3.10 or newer.')
    if 't' in sys.abiflags:
        raise MakeError(
            'Free-threaded Python is not supported by the demo channel: make '
            'the virtual environment with the usual build of CPython.')
    key = (platform.system(), platform.machine())
    if key not in SUBDIRS:
        raise MakeError(
            f'The demo channel cannot be made on {key[0]} {key[1]}: use '
            'Linux or macOS on x86_64 or arm64.')
    short = '%d.%d' % sys.version_info[:2]
    # Distributions mark patched builds with a plus sign; conda versions
    # have none at the end.
    version = platform.python_version().rstrip('+')
    base = getattr(sys, '_base_executable', None) or sys.executable
    return Target(
        version=version, short=short, tag='py' + short.replace('.', ''),
        subdir=SUBDIRS[key], executable=Path(os.path.realpath(base)))

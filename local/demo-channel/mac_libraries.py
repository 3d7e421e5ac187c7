"""Shared libraries on macOS: copied into `lib/`, found relative to it.

A framework build keeps its interpreter in a small application bundle, and
its library is the framework itself; both become ordinary files.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from failure import MakeError
from target import Target


def gather_libraries(target: Target, stage: Path) -> None:
    """Brings what the staged programs and modules are linked with."""
    program = stage / 'bin' / f'python{target.short}'
    bundled = Path(sys.base_prefix,
                   'Resources/Python.app/Contents/MacOS/Python')
    if bundled.exists():
        shutil.copy(bundled, program)
    folder = stage / 'lib'
    waiting = [program, *(stage / target.stdlib).glob('lib-dynload/*.so')]
    while waiting:
        file = waiting.pop()
        up = '../' * len(file.relative_to(stage).parent.parts)
        changes = []
        for needed in _linked(file):
            copy = folder / (Path(needed).name if '.dylib' in needed
                             else f'libpython{target.short}.dylib')
            if not copy.exists():
                shutil.copy(needed, copy)
                copy.chmod(0o755)
                waiting.append(copy)
            changes += ['-change', needed,
                        f'@loader_path/{up}lib/{copy.name}']
        if changes:
            _run('install_name_tool', *changes, str(file))
            # A changed file's signature is void, and arm64 refuses it.
            _run('codesign', '--force', '--sign', '-', str(file))


def _linked(file: Path) -> list[str]:
    """Absolute paths of libraries that are not the system's own."""
    lines = _run('otool', '-L', str(file)).splitlines()[1:]
    paths = [found[1] for line in lines
             if (found := re.match(r'\s+(/\S+) \(', line))]
    return [path for path in paths
            if not path.startswith(('/usr/lib/', '/System/'))
            and Path(path).name != file.name]


def _run(program: str, *args: str) -> str:
    try:
        done = subprocess.run([program, *args], capture_output=True,
                              text=True)
    except FileNotFoundError:
        raise MakeError(f'`{program}` was not found: run `xcode-select '
                        '--install`, then try again.') from None
    if done.returncode:
        raise MakeError(f'{program} failed: {done.stderr.strip()}')
    return done.stdout

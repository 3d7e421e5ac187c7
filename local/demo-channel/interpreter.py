"""The package `python`: the running CPython, made relocatable.

The interpreter finds its prefix by the landmark `lib/pythonX.Y/os.py` above
its own place, so files laid out as conda does are enough; what needs care
are shared libraries, paths in text, and what distributions changed.
"""

import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Iterator

import mac_libraries
import native_libraries
from debian_layout import undo_debian_layout
from failure import MakeError
from placeholder import shebang, with_placeholder
from recipe import Member, Recipe
from target import Target

# Left out: test suites, what belongs to other packages, what pulls in a
# desktop, and marks that are about the machine's own installation.
UNWANTED_FOLDERS = {
    '__pycache__', 'test', 'tests', 'idlelib', 'idle_test', 'tkinter',
    'turtledemo', 'site-packages', 'dist-packages', 'lib2to3'}
UNWANTED_FILES = {'EXTERNALLY-MANAGED', 'sitecustomize.py',
                  'usercustomize.py', 'turtle.py'}
UNWANTED_MODULES = re.compile(
    r'(_tkinter|nis|ossaudiodev|_ctypes_test|xx.*|_xx.*|_test.*)\.')
CHECK = '''
import json, site, sys, sysconfig
import bz2, ctypes, hashlib, lzma, math, select, socket, sqlite3, ssl, zlib
print(json.dumps({
    'prefix': sys.prefix, 'base': sys.base_prefix, 'path': sys.path,
    'purelib': sysconfig.get_path('purelib'),
    'scripts': sysconfig.get_path('scripts'),
    'site': site.getsitepackages(), 'ssl': ssl.OPENSSL_VERSION}))
'''


def stage_interpreter(target: Target, stage: Path) -> None:
    """Puts a working copy of the interpreter into `stage` and tries it."""
    library = stage / target.stdlib
    _copy_library(Path(sysconfig.get_path('stdlib')), library)
    _copy_extensions(target, library / 'lib-dynload')
    undo_debian_layout(library)
    _relocate_build_settings(library)
    _programs(target, stage)
    gather = native_libraries if target.is_linux else mac_libraries
    gather.gather_libraries(target, stage)
    _check(target, stage)


def python_recipe(target: Target, stage: Path, digest: str) -> Recipe:
    """The staged interpreter as a package."""
    return Recipe(
        name='python', version=target.version, license='PSF-2.0',
        build=f'h{digest[:7]}_0_cpython',
        summary='CPython, copied from the machine that made this channel',
        depends=(_needed_system(target, stage),),
        constrains=(f'python_abi {target.short}.* *_{target.abi}',),
        members=lambda: _staged(stage), shows=('compiled', 'text-prefix'))


def python_abi_recipe(target: Target) -> Recipe:
    """The marker that ties compiled packages to one Python version."""
    return Recipe(
        name='python_abi', version=target.short, build=f'0_{target.abi}',
        noarch='generic', summary='Ties packages to one Python ABI',
        constrains=(f'python {target.short}.*',), members=lambda: ())


def _copy_library(source: Path, into: Path) -> None:
    def unwanted(folder: str, names: list[str]) -> set[str]:
        return {n for n in names
                if n in UNWANTED_FOLDERS or n in UNWANTED_FILES
                or n == 'lib-dynload' or n.startswith('config-')
                or n.endswith(('.pyc', '.a', '.o', '.exe'))
                or not os.path.exists(os.path.join(folder, n))}

    # Links are followed: some distributions link files out of this tree.
    shutil.copytree(source, into, ignore=unwanted)
    if not list((into / 'ensurepip').glob('_bundled/*.whl')):
        # Without its wheels it cannot work; `pip` is a package of its own.
        shutil.rmtree(into / 'ensurepip', ignore_errors=True)
    for path in into.rglob('*'):
        if path.is_file():
            path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
        else:
            path.chmod(0o755)


def _copy_extensions(target: Target, into: Path) -> None:
    into.mkdir()
    # sysconfig's own answer would be inside the virtual environment.
    source = Path(sys.base_exec_prefix, sys.platlibdir,
                  f'python{target.short}', 'lib-dynload')
    for module in sorted(source.glob('*.so')) if source.is_dir() else ():
        if not UNWANTED_MODULES.match(module.name):
            shutil.copy(module, into / module.name)
            (into / module.name).chmod(0o755)
    if not any(into.iterdir()):
        # The folder itself is the landmark for exec_prefix.
        (into / '.keep').write_text('', 'utf-8')


def _relocate_build_settings(library: Path) -> None:
    for path in _build_settings(library):
        text = path.read_text('utf-8')
        # What it was configured with may differ from where it lies now.
        for prefix in sorted({_configured_prefix(text), sys.base_prefix},
                             key=len, reverse=True):
            text = with_placeholder(text, prefix)
        path.write_text(text, 'utf-8')


def _configured_prefix(text: str) -> str:
    found = re.search(r"""['"]prefix['"]\s*:\s*['"](/[^'"]+)""", text)
    return found[1] if found else sys.base_prefix


def _build_settings(library: Path) -> Iterator[Path]:
    for pattern in ('_sysconfigdata_*.py', '_sysconfig_vars_*.json',
                    'build-details.json'):
        yield from sorted(library.glob(pattern))


def _programs(target: Target, stage: Path) -> None:
    programs = stage / 'bin'
    programs.mkdir()
    name = f'python{target.short}'
    shutil.copy(target.executable, programs / name)
    (programs / name).chmod(0o755)
    for link in ('python3', 'python'):
        (programs / link).symlink_to(name)
    pydoc = programs / f'pydoc{target.short}'
    pydoc.write_text(shebang(name) + 'import pydoc\n\npydoc.cli()\n')
    pydoc.chmod(0o755)
    (programs / 'pydoc3').symlink_to(pydoc.name)


def _check(target: Target, stage: Path) -> None:
    """Runs the copy with an empty environment and looks where it lives."""
    home = os.path.realpath(stage)
    done = subprocess.run(
        [os.path.join(home, 'bin', 'python3'), '-B', '-s', '-c', CHECK],
        env={}, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ['it printed nothing']
        raise MakeError(
            f'A copy of {target.executable} does not run: {lines[-1]}. '
            'Make the virtual environment with another Python.')
    seen = json.loads(done.stdout)
    packages = f'{home}/{target.site_packages}'
    outside = [p for p in seen['path'] if p and not p.startswith(home)]
    if (seen['prefix'] != home or seen['base'] != home or outside
            or seen['purelib'] != packages
            or seen['scripts'] != f'{home}/bin'
            or packages not in seen['site']):
        raise MakeError(
            f'A copy of {target.executable} still looks outside its own '
            f'folder: {done.stdout.strip()}. Make the virtual environment '
            'with another Python.')


def _staged(stage: Path) -> Iterator[Member]:
    for path in sorted(stage.rglob('*')):
        name = path.relative_to(stage).as_posix()
        if path.is_symlink():
            yield Member(name, link=os.readlink(path))
        elif path.is_file():
            mode = 0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644
            yield Member(name, path, mode,
                         prefix='text' if _has_prefix(path) else None)


def _has_prefix(path: Path) -> bool:
    return path.name.startswith(('_sysconfig', 'build-details', 'pydoc3'))


def _needed_system(target: Target, stage: Path) -> str:
    """The virtual package this interpreter needs, such as glibc's."""
    if not target.is_linux or platform.libc_ver()[0] != 'glibc':
        return '__unix'
    minor = 17
    for path in [*stage.glob('bin/*'), *stage.rglob('*.so*')]:
        if path.is_file() and not path.is_symlink():
            found = re.findall(rb'GLIBC_2\.(\d+)\b', path.read_bytes())
            minor = max([minor, *map(int, found)])
    return f'__glibc >=2.{minor}'

"""Small Python packages made here: entry points and shipped bytecode."""

import importlib.util
import marshal
import struct
import sys
from typing import Iterator

from archive import EPOCH
from recipe import Member, Recipe, text_file
from target import Target

HELLO = '''\
"""Says where it is installed."""

import sys


def main() -> None:
    print(f'hello from {sys.prefix}')
'''
COMPILED = '''\
"""Shipped together with its bytecode."""

import sys


def origin():
    """The file this function's code was compiled from."""
    return sys._getframe().f_code.co_filename
'''


def python_demos(target: Target) -> list[Recipe]:
    """A noarch package with a command, and one with `.pyc` files."""
    return [
        Recipe(
            name='demo-hello', version='1.0', build='py_0', noarch='python',
            summary='A noarch Python package with an entry point',
            depends=('python >=3.10',), members=_hello,
            entry_points=('demo-hello = demo_hello:main',),
            shows=('noarch-python', 'entry-points')),
        Recipe(
            name='demo-pyc', version='1.0', build=f'{target.tag}_0',
            summary='A Python package that ships its bytecode',
            depends=(f'python {target.short}.*',
                     f'python_abi {target.short}.* *_{target.abi}'),
            shows=('pyc',), members=lambda: _compiled(target)),
    ]


def _hello() -> Iterator[Member]:
    yield text_file('site-packages/demo_hello.py', HELLO)
    yield from _dist_info('site-packages', 'demo-hello',
                          ('demo_hello.py',))


def _compiled(target: Target) -> Iterator[Member]:
    place = target.site_packages
    source = f'{place}/demo_pyc/__init__.py'
    tag = sys.implementation.cache_tag
    cached = f'demo_pyc/__pycache__/__init__.{tag}.pyc'
    yield text_file(source, COMPILED)
    yield Member(f'{place}/{cached}', _bytecode(source))
    yield from _dist_info(place, 'demo-pyc', ('demo_pyc/__init__.py', cached))


def _bytecode(path: str) -> bytes:
    """Bytecode checked by time and size, as most packages ship it."""
    code = compile(COMPILED, path, 'exec', dont_inherit=True)
    return (importlib.util.MAGIC_NUMBER
            + struct.pack('<III', 0, EPOCH, len(COMPILED))
            + marshal.dumps(code))


def _dist_info(place: str, name: str,
               files: tuple[str, ...]) -> Iterator[Member]:
    folder = f'{name.replace("-", "_")}-1.0.dist-info'
    metadata = f'Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n'
    own = [f'{folder}/{part}' for part in ('METADATA', 'INSTALLER', 'RECORD')]
    record = ''.join(f'{path},,\n' for path in (*files, *own))
    yield text_file(f'{place}/{folder}/METADATA', metadata)
    yield text_file(f'{place}/{folder}/INSTALLER', 'conda\n')
    yield text_file(f'{place}/{folder}/RECORD', record)

"""A wheel becomes a conda package with the dependencies it declares."""

import configparser
import email
import hashlib
import zipfile
from email.message import Message
from pathlib import Path
from typing import Iterator

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename

from catalogue import TAR_BZ2
from placeholder import shebang
from recipe import Member, Recipe
from target import Target

SCRIPT = '''\
# -*- coding: utf-8 -*-
import sys

from {module} import {first}

if __name__ == '__main__':
    sys.argv[0] = sys.argv[0].removesuffix('.py')
    sys.exit({function}())
'''


def wheel_recipe(wheel: Path, target: Target) -> Recipe:
    """The recipe for one wheel; pure Python becomes `noarch: python`."""
    name, version, _, tags = parse_wheel_filename(wheel.name)
    pure = all(t.abi == 'none' and t.platform == 'any' for t in tags)
    metadata, entry_points = _read_metadata(wheel)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()[:7]
    python = metadata['Requires-Python'] if pure else None
    needs = [python_need(python)] if pure else [
        f'python {target.short}.*', f'python_abi {target.short}.* '
        f'*_{target.abi}']
    depends = [*needs, *_requirements(metadata)]
    shows = {'real-library'} | ({'noarch-python'} if pure else {'compiled'})
    if pure and entry_points:
        shows.add('entry-points')

    def members() -> Iterator[Member]:
        place = 'site-packages' if pure else target.site_packages
        with zipfile.ZipFile(wheel) as archive:
            yield from _files(archive, place, target, pure)
        if not pure:
            yield from _scripts(entry_points, target)

    return Recipe(
        name=name, version=str(version),
        build=(f'pyh{digest}_0' if pure else f'{target.tag}h{digest}_0'),
        noarch='python' if pure else None, depends=tuple(depends),
        entry_points=tuple(entry_points) if pure else (), members=members,
        summary=metadata['Summary'] or name,
        license=metadata['License-Expression'] or 'see the dist-info folder',
        archive='.tar.bz2' if name in TAR_BZ2 else '.conda',
        shows=tuple(sorted(shows)))


def python_need(requires: str | None) -> str:
    """`Requires-Python` as a match spec."""
    bounds = ','.join(sorted(map(str, SpecifierSet(requires or ''))))
    return f'python {bounds}'.strip()


def conda_spec(requirement: Requirement) -> str:
    """A wheel's requirement in conda's grammar; extras have no place."""
    bounds = ','.join(sorted(map(str, requirement.specifier)))
    return f'{canonicalize_name(requirement.name)} {bounds}'.strip()


def _requirements(metadata: Message) -> list[str]:
    specs = []
    for line in metadata.get_all('Requires-Dist') or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or marker.evaluate({'extra': ''}):
            specs.append(conda_spec(requirement))
    return specs


def _read_metadata(wheel: Path) -> tuple[Message, list[str]]:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        # Only the folder at the top: setuptools ships others inside.
        place = next(n for n in names if n.endswith('.dist-info/METADATA')
                     and n.count('/') == 1).removesuffix('METADATA')
        metadata = email.message_from_string(
            archive.read(place + 'METADATA').decode('utf-8', 'replace'))
        if place + 'entry_points.txt' not in names:
            return metadata, []
        parser = configparser.ConfigParser(delimiters=('=',))
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read_string(
            archive.read(place + 'entry_points.txt').decode())
    if not parser.has_section('console_scripts'):
        return metadata, []
    return metadata, [f'{script} = {code.split("[")[0].strip()}'
                      for script, code in parser['console_scripts'].items()]


def _files(archive: zipfile.ZipFile, place: str, target: Target,
           pure: bool) -> Iterator[Member]:
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        path, data = entry.filename, archive.read(entry)
        mode = 0o755 if (entry.external_attr >> 16) & 0o100 else 0o644
        top, _, rest = path.partition('/')
        if not top.endswith('.data'):
            yield Member(f'{place}/{path}', data, mode)
            if path.endswith('.dist-info/METADATA') and path.count('/') == 1:
                folder = path.removesuffix('METADATA')
                yield Member(f'{place}/{folder}INSTALLER', b'conda\n')
            continue
        scheme, _, rest = rest.partition('/')
        if scheme in ('purelib', 'platlib'):
            yield Member(f'{place}/{rest}', data, mode)
        elif scheme == 'scripts':
            yield _script(f'python-scripts/{rest}' if pure else f'bin/{rest}',
                          data, target)
        elif scheme == 'data':
            yield Member(rest, data, mode)


def _script(path: str, data: bytes, target: Target) -> Member:
    """Wheels mark the line to replace by `#!python`."""
    first, newline, rest = data.partition(b'\n')
    if not first.startswith(b'#!python'):
        return Member(path, data, 0o755)
    line = shebang(f'python{target.short}').encode()
    return Member(path, line + rest, 0o755, prefix='text')


def _scripts(entry_points: list[str], target: Target) -> Iterator[Member]:
    for line in entry_points:
        script, _, code = (part.strip() for part in line.partition('='))
        module, _, function = code.partition(':')
        body = SCRIPT.format(module=module, function=function,
                             first=function.split('.')[0])
        text = shebang(f'python{target.short}') + body
        yield Member(f'bin/{script}', text.encode(), 0o755, prefix='text')

"""A recipe becomes a package file with the metadata conda expects."""

import hashlib
import json
import posixpath
from pathlib import Path
from typing import Any

from archive import EPOCH, write_conda, write_tar_bz2
from placeholder import PLACEHOLDER
from recipe import Member, Recipe


def write_package(recipe: Recipe, machine: str, channel: Path) -> Path:
    """Writes the package into its subdir of `channel`; the file's path."""
    members = sorted(recipe.members(), key=lambda member: member.path)
    path = channel / recipe.subdir(machine) / recipe.file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    info = _info(recipe, machine, members)
    write = write_conda if recipe.archive == '.conda' else write_tar_bz2
    write(path, info, members)
    return path


def _info(recipe: Recipe, machine: str,
          members: list[Member]) -> list[Member]:
    by_path = {member.path: member for member in members}
    files = {
        'about.json': _json({'summary': recipe.summary,
                             'license': recipe.license}),
        'files': ''.join(f'{m.path}\n' for m in members).encode(),
        'index.json': _json(_index(recipe, machine)),
        'paths.json': _json({'paths': [_path(m, by_path) for m in members],
                             'paths_version': 1}),
    }
    prefixed = [m for m in members if m.prefix]
    if prefixed:
        # Installers older than paths.json read the same facts from here.
        files['has_prefix'] = ''.join(
            f'{PLACEHOLDER} {m.prefix} {m.path}\n' for m in prefixed).encode()
    if recipe.noarch:
        files['link.json'] = _json(_link(recipe))
    return [Member(f'info/{name}', files[name]) for name in sorted(files)]


def _index(recipe: Recipe, machine: str) -> dict[str, Any]:
    subdir = recipe.subdir(machine)
    system, _, processor = subdir.partition('-')
    index: dict[str, Any] = {
        'name': recipe.name,
        'version': recipe.version,
        'build': recipe.build,
        'build_number': recipe.build_number,
        'depends': list(recipe.depends),
        'constrains': list(recipe.constrains),
        'license': recipe.license,
        'subdir': subdir,
        'timestamp': EPOCH * 1000,
    }
    if recipe.noarch:
        return index | {'noarch': recipe.noarch, 'arch': None,
                        'platform': None}
    arch = {'64': 'x86_64'}.get(processor, processor)
    return index | {'arch': arch, 'platform': system}


def _link(recipe: Recipe) -> dict[str, Any]:
    noarch: dict[str, Any] = {'type': recipe.noarch}
    if recipe.entry_points:
        noarch['entry_points'] = list(recipe.entry_points)
    return {'noarch': noarch, 'package_metadata_version': 1}


def _path(member: Member, by_path: dict[str, Member]) -> dict[str, Any]:
    data = _content(member, by_path)
    entry: dict[str, Any] = {
        '_path': member.path,
        'path_type': 'hardlink' if member.link is None else 'softlink',
        'sha256': hashlib.sha256(data).hexdigest(),
        'size_in_bytes': len(data)}
    if member.prefix:
        entry['file_mode'] = member.prefix
        entry['prefix_placeholder'] = PLACEHOLDER
    return entry


def _content(member: Member, by_path: dict[str, Member]) -> bytes:
    """What the hash is of: a link counts as the file it ends at.

    A link to a folder, out of the package or to nothing counts as empty;
    so do conda's own build tools.
    """
    seen = set()
    while member.link is not None:
        seen.add(member.path)
        folder = posixpath.dirname(member.path)
        target = posixpath.normpath(posixpath.join(folder, member.link))
        if target in seen or target not in by_path:
            return b''
        member = by_path[target]
    return member.read()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2, sort_keys=True).encode()

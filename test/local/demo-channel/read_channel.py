"""Reads every package of a channel by py-rattler and prints what is in it.

    python read_channel.py DIRECTORY   ->   {file name: facts} as JSON
"""

import hashlib
import json
import os
import struct
import sys
import tempfile
from pathlib import Path

from rattler.package_streaming import extract


def main() -> None:
    facts = {}
    for path in sorted(Path(sys.argv[1]).glob('*/*')):
        if path.name.endswith(('.conda', '.tar.bz2')):
            with tempfile.TemporaryDirectory() as folder:
                extract(path, folder)
                facts[path.name] = read_package(Path(folder))
                facts[path.name]['sha256'] = hashlib.sha256(
                    path.read_bytes()).hexdigest()
    print(json.dumps(facts))


def read_package(folder: Path) -> dict:
    info = {name: read_json(folder / 'info' / name)
            for name in ('index.json', 'paths.json', 'link.json',
                         'about.json')}
    listed = {entry['_path']: entry for entry in info['paths.json']['paths']}
    present = {path.relative_to(folder).as_posix(): path
               for path in folder.rglob('*')
               if path.is_symlink() or path.is_file()}
    content = {name: path for name, path in present.items()
               if not name.startswith('info/')}
    files = (folder / 'info' / 'files').read_text().splitlines()
    return {
        'index': info['index.json'],
        'link': info['link.json'],
        'summary': info['about.json']['summary'],
        'wrong': sorted([
            *(set(content) ^ set(listed)), *(set(files) ^ set(listed)),
            *(name for name, path in content.items()
              if name in listed and not agrees(path, listed[name]))]),
        'count': len(content),
        'unpacked': sum(path.stat().st_size for path in content.values()
                        if not path.is_symlink()),
        'prefixed': {name: entry['file_mode']
                     for name, entry in listed.items()
                     if 'prefix_placeholder' in entry},
        'unmarked': sorted(
            name for name, path in content.items()
            if not path.is_symlink() and b'placehold_' in path.read_bytes()
            and 'prefix_placeholder' not in listed[name]),
        'links': {name: os.readlink(path) for name, path in content.items()
                  if path.is_symlink()},
        'dangling': sorted(name for name, path in content.items()
                           if path.is_symlink() and not path.exists()),
        'programs': sorted(name for name, path in content.items()
                           if not path.is_symlink()
                           and os.access(path, os.X_OK)),
        'bytecode': {name: bytecode(path, folder) for name, path
                     in content.items() if name.endswith('.pyc')},
        'paths': sorted(content) if len(content) < 100 else [],
        'hashes': {name: entry['sha256'] for name, entry in listed.items()}
        if len(listed) < 100 else {},
    }


def agrees(path: Path, entry: dict) -> bool:
    if path.is_symlink():
        return entry['path_type'] == 'softlink'
    data = path.read_bytes()
    if 'prefix_placeholder' in entry:
        placeholder = entry['prefix_placeholder'].encode()
        if placeholder not in data or len(placeholder) != 255:
            return False
    return (entry['sha256'] == hashlib.sha256(data).hexdigest()
            and entry['size_in_bytes'] == len(data)
            and entry['path_type'] == 'hardlink')


def bytecode(path: Path, folder: Path) -> str:
    """`valid` where its header holds the source's own time and size."""
    _, flags, mtime, size = struct.unpack('<4sIII', path.read_bytes()[:16])
    source = path.parent.parent / (path.name.split('.')[0] + '.py')
    state = source.stat()
    same = (flags, mtime, size) == (0, int(state.st_mtime), state.st_size)
    return 'valid' if same else 'stale'


def read_json(path: Path) -> dict | None:
    return json.loads(path.read_text()) if path.exists() else None


if __name__ == '__main__':
    main()

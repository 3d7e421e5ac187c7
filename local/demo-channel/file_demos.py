"""Packages whose files are special: links, sizes, numbers, clashes."""

import random
from typing import Iterator

from recipe import Member, Recipe, text_file

BIG_BYTES = 22 * 1024 * 1024
MANY_FILES = 5000


def file_demos() -> list[Recipe]:
    """Links, a large file, many files, and two that write one path."""
    return [
        Recipe(
            name='demo-links', version='1.0', build='h0_0', noarch='generic',
            summary='Relative and dangling symbolic links',
            shows=('relative-link', 'dangling-link'), members=_links),
        Recipe(
            name='demo-big', version='1.0', build='h0_0', noarch='generic',
            summary='One file of 22 MiB that cannot be compressed',
            shows=('over-20-mb',), members=_big),
        Recipe(
            name='demo-many-files', version='1.0', build='h0_0',
            noarch='generic', summary='5,000 small files',
            shows=('5000-files',), members=_many),
        _clobber('a'), _clobber('b'),
    ]


def _links() -> Iterator[Member]:
    home = 'share/demo-links'
    yield text_file(f'{home}/real/file.txt', 'the file itself\n')
    yield Member(f'{home}/to-file.txt', link='real/file.txt')
    yield Member(f'{home}/to-folder', link='real')
    yield Member(f'{home}/to-link.txt', link='to-file.txt')
    yield Member('bin/demo-links.txt', link=f'../{home}/real/file.txt')
    yield Member(f'{home}/dangling', link='nowhere/at-all')


def _big() -> tuple[Member]:
    noise = random.Random('demo-big').randbytes(BIG_BYTES)
    return (Member('share/demo-big/noise.bin', noise),)


def _many() -> Iterator[Member]:
    for number in range(MANY_FILES):
        folder = f'share/demo-many-files/{number // 100:02d}'
        yield text_file(f'{folder}/{number:04d}.txt', f'file {number}\n')


def _clobber(which: str) -> Recipe:
    name = f'demo-clobber-{which}'
    return Recipe(
        name=name, version='1.0', build='h0_0', noarch='generic',
        summary='Writes a file that its twin writes too', shows=('clobber',),
        members=lambda: (
            text_file('share/demo-clobber/shared.txt', f'from {name}\n'),
            text_file(f'share/demo-clobber/{which}.txt', f'{name}\n')))

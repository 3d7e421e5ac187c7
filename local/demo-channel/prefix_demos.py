"""Packages that carry their prefix, and print it when they run."""

from elf import printing_program
from placeholder import PLACEHOLDER
from recipe import Member, Recipe, text_file
from target import Target


def prefix_demos(target: Target) -> list[Recipe]:
    """The prefix in text and inside of a program."""
    return [_text(), _binary(target)]


def _text() -> Recipe:
    script = f'#!/bin/sh\necho "{PLACEHOLDER}"\ncat ' \
             f'"{PLACEHOLDER}/etc/demo-prefix-text.ini"\n'
    settings = f'[demo]\nhome = {PLACEHOLDER}/share/demo-prefix-text\n'
    return Recipe(
        name='demo-prefix-text', version='1.0', build='h0_0',
        noarch='generic', summary='Prints its prefix, kept as text',
        shows=('text-prefix',),
        members=lambda: (
            Member('bin/demo-prefix-text', script.encode(), 0o755,
                   prefix='text'),
            Member('etc/demo-prefix-text.ini', settings.encode(),
                   prefix='text'),
            text_file('share/demo-prefix-text/readme.txt', 'No prefix.\n')))


def _binary(target: Target) -> Recipe:
    # A second string with something behind the prefix: what follows has to
    # move up to the replaced prefix, and the string keep its length.
    texts = (PLACEHOLDER, '\n',
             f'{PLACEHOLDER}/share/demo-prefix-binary/data.txt', '\n')
    if target.is_linux:
        files = (Member('bin/demo-prefix-binary',
                        printing_program(target.subdir, texts), 0o755,
                        prefix='binary'),)
    else:
        files = _script_with_data(texts)
    return Recipe(
        name='demo-prefix-binary', version='1.0', build='h0_0',
        summary='Prints its prefix, kept inside of a binary file',
        shows=('binary-prefix',),
        members=lambda: (
            *files,
            text_file('share/demo-prefix-binary/data.txt', 'data\n')))


def _script_with_data(texts: tuple[str, ...]) -> tuple[Member, Member]:
    """Where programs must be signed: the strings in a file of their own."""
    script = ('#!/bin/sh\ntr -d "\\000" < '
              '"$(dirname "$0")/../share/demo-prefix-binary/strings.bin"\n')
    strings = b''.join(text.encode() + b'\0' for text in texts)
    return (Member('bin/demo-prefix-binary', script.encode(), 0o755),
            Member('share/demo-prefix-binary/strings.bin', strings,
                   prefix='binary'))

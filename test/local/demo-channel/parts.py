"""Tests of the demo channel maker's pure parts."""

import hashlib
import struct
import sys
import unittest
from pathlib import Path

MAKER = Path(__file__).parents[3] / 'local' / 'demo-channel'
sys.path.insert(0, str(MAKER))

from packaging.requirements import Requirement  # noqa: E402

from closure import check_closure  # noqa: E402
from conda_package import _path  # noqa: E402
from debian_layout import _with_own_schemes  # noqa: E402
from elf import HEADERS, printing_program  # noqa: E402
from failure import MakeError, explain  # noqa: E402
from placeholder import PLACEHOLDER, with_placeholder  # noqa: E402
from recipe import Member, Recipe  # noqa: E402
from wheel_recipe import conda_spec, python_need  # noqa: E402


def recipe(name: str, *depends: str) -> Recipe:
    return Recipe(name=name, version='1', build='0', summary='',
                  members=lambda: (), depends=depends)


class Placeholder(unittest.TestCase):

    def test_is_as_long_as_build_tools_make_it(self):
        self.assertEqual(len(PLACEHOLDER), 255)

    def test_replaces_whole_leading_paths(self):
        for before, after in (
                ("'/usr'", f"'{PLACEHOLDER}'"),
                ("'/usr/lib'", f"'{PLACEHOLDER}/lib'"),
                ('-L/usr/lib -I/usr', f'-L{PLACEHOLDER}/lib '
                                      f'-I{PLACEHOLDER}'),
                ('--prefix=/usr', f'--prefix={PLACEHOLDER}')):
            self.assertEqual(with_placeholder(before, '/usr'), after)

    def test_leaves_other_paths_alone(self):
        for text in ('/mnt/usr/lib', '/usrlocal', './usr', '/usr-old/lib'):
            self.assertEqual(with_placeholder(text, '/usr'), text)


class Specs(unittest.TestCase):

    def test_requirements_become_match_specs(self):
        for line, spec in (
                ('Foo_Bar>=1.2,<2', 'foo-bar <2,>=1.2'),
                ('foo', 'foo'), ('foo[extra]~=1.4.2', 'foo ~=1.4.2'),
                ('foo==1.*', 'foo ==1.*'), ('foo!=1.5', 'foo !=1.5')):
            self.assertEqual(conda_spec(Requirement(line)), spec)

    def test_requires_python_becomes_a_match_spec(self):
        self.assertEqual(python_need('>=3.9, <4'), 'python <4,>=3.9')
        self.assertEqual(python_need(None), 'python')


class Links(unittest.TestCase):

    def test_a_link_has_the_hash_of_the_file_it_ends_at(self):
        members = {m.path: m for m in (
            Member('a/file', b'text'), Member('b/one', link='../a/file'),
            Member('b/two', link='one'), Member('b/gone', link='x'),
            Member('b/loop', link='loop'))}
        text, empty = (hashlib.sha256(data).hexdigest()
                       for data in (b'text', b''))

        hashes = {name: _path(member, members)['sha256']
                  for name, member in members.items()}

        self.assertEqual(hashes, {
            'a/file': text, 'b/one': text, 'b/two': text,
            'b/gone': empty, 'b/loop': empty})


class Programs(unittest.TestCase):

    def test_arm_code_addresses_each_of_its_strings(self):
        texts = ['first', 'second one', 'x']
        program = printing_program('linux-aarch64', texts)

        found = []
        for start in range(HEADERS, HEADERS + 3 * 36, 36):
            word, = struct.unpack_from('<I', program, start)
            # adr x1: a signed distance in two pieces.
            self.assertEqual(word & 0x9f00001f, 0x10000001)
            distance = (word >> 29 & 3) | (word >> 5 & 0x7ffff) << 2
            text = program[start + distance:].split(b'\0')[0]
            found.append(text.decode())

        self.assertEqual(found, texts)

    def test_headers_name_the_machine_and_the_whole_size(self):
        for subdir, machine in (('linux-64', 62), ('linux-aarch64', 183)):
            program = printing_program(subdir, ['text'])
            self.assertEqual(struct.unpack_from('<H', program, 18)[0],
                             machine)
            self.assertEqual(struct.unpack_from('<Q', program, 64 + 32)[0],
                             len(program))


class Layout(unittest.TestCase):

    def test_schemes_are_defined_before_their_first_use(self):
        module = ('def _get_preferred_schemes():\n'
                  '    return {"prefix": "posix_local"}\n\n\n'
                  'def get_preferred_scheme(key):\n'
                  '    return _get_preferred_schemes()[key]\n\n\n'
                  'AT_IMPORT = get_preferred_scheme("prefix")\n')
        names = {}

        exec(_with_own_schemes(module), names)

        self.assertEqual(names['AT_IMPORT'], 'posix_prefix')

    def test_an_unknown_module_is_refused(self):
        with self.assertRaisesRegex(MakeError, 'unknown layout'):
            _with_own_schemes('deb_system = 1\n')


class Failures(unittest.TestCase):

    def test_a_missing_dependency_is_named(self):
        with self.assertRaisesRegex(MakeError, 'a 1 needs b, which'):
            check_closure([recipe('a', 'b >=1', '__unix')])

    def test_a_closed_set_passes(self):
        check_closure([recipe('a', 'b >=1'), recipe('b', '__glibc')])

    def test_a_full_disk_is_one_line(self):
        self.assertEqual(
            explain(OSError(28, 'No space left on device', '/x')),
            'The disk is full: free about 1 GB, then try again.')

    def test_any_failure_is_one_line(self):
        self.assertNotIn('\n', explain(ValueError('two\nlines')))


if __name__ == '__main__':
    unittest.main()

"""Debian's and Ubuntu's changes to Python's folders, undone in a copy.

Their interpreter installs into `dist-packages` below `/usr/local` by
default; an environment has one `site-packages` and nothing else.
"""

from pathlib import Path

from failure import MakeError

SCHEMES = '''
def _get_preferred_schemes():
    """One prefix, one layout: this interpreter belongs to an environment."""
    return {
        'prefix': 'posix_prefix',
        'home': 'posix_home',
        'user': 'posix_user',
    }


'''
# `site` is frozen into the program from 3.11 on, so that an edited site.py
# would never be read; what it imports last is ours to write.
SITECUSTOMIZE = '''\
"""Makes site-packages the one place for packages of this environment."""

import os
import site
import sys


def getsitepackages(prefixes=None):
    """The site-packages folder of each prefix."""
    version = 'python%d.%d' % sys.version_info[:2]
    return [os.path.join(prefix, 'lib', version, 'site-packages')
            for prefix in dict.fromkeys(prefixes or site.PREFIXES)]


site.getsitepackages = getsitepackages
if sys.prefix == sys.base_prefix:
    for directory in getsitepackages():
        site.addsitedir(directory)
'''


def undo_debian_layout(library: Path) -> None:
    """Makes a copied standard library use `site-packages` again."""
    if 'dist-packages' in (library / 'site.py').read_text('utf-8'):
        (library / 'sitecustomize.py').write_text(SITECUSTOMIZE, 'utf-8')
    sysconfig = library / 'sysconfig.py'
    if not sysconfig.exists():
        sysconfig = library / 'sysconfig' / '__init__.py'
    if 'deb_system' in (text := sysconfig.read_text('utf-8')):
        sysconfig.write_text(_with_own_schemes(text), 'utf-8')


def _with_own_schemes(text: str) -> str:
    """The module with one function defined anew, before its first use."""
    before = 'def get_preferred_scheme('
    head, found, tail = text.partition('\n' + before)
    if not found:
        raise MakeError(
            'sysconfig of this distribution has an unknown layout: make the '
            'virtual environment with a Python built from source or by '
            'pyenv, uv or conda.')
    return head + SCHEMES + before + tail

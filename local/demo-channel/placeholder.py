"""The prefix that stands in packages until an installer replaces it.

Binary replacement pads with NUL, so a real prefix must be shorter than the
placeholder; 255 bytes is what the common build tools use.
"""

import re

PLACEHOLDER = ('/opt/demo-channel_' + 'placehold_' * 30)[:255]


def with_placeholder(text: str, prefix: str) -> str:
    """`text` with every path that starts with `prefix` made relocatable.

    Only whole leading paths count: `/usr/local` is left alone inside
    `/mnt/usr/local`, and `/usr` inside `/usrlocal`.
    """
    pattern = r'(?<![\w./+-])' + re.escape(prefix) + r'(?![\w.+-])'
    joined = r'(?<=-[LIR])' + re.escape(prefix) + r'(?![\w.+-])'
    return re.sub(f'{pattern}|{joined}', PLACEHOLDER, text)


def shebang(program: str) -> str:
    """The first line of a script run by `program` of the environment."""
    return f'#!{PLACEHOLDER}/bin/{program}\n'

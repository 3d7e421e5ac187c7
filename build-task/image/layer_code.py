"""Byte code that is valid whatever times files have: its hash is written down, and not looked at."""

import _imp
import os

# Byte code has had flags, and so hashes, since Python 3.7; Python 2 had greater numbers.
HASHED_MAGICS = range(3390, 20000)
HASH_BASED = 1


def source_path(code):
    """Where the source of byte code lies: `a/__pycache__/b.cpython-312.pyc` is of `a/b.py`."""
    folder, name = os.path.split(code)
    if os.path.basename(folder) != "__pycache__":
        return code[:-1]
    return os.path.join(os.path.dirname(folder), f"{name.split('.')[0]}.py")


def unchecked(code, source):
    """Byte code whose validity depends on its source's time, made into one that is valid always."""
    magic, flags = code[:4], int.from_bytes(code[4:8], "little")
    if int.from_bytes(magic[:2], "little") not in HASHED_MAGICS or flags & HASH_BASED or source is None:
        return code
    hashed = _imp.source_hash(int.from_bytes(magic, "little"), source)
    return magic + HASH_BASED.to_bytes(4, "little") + hashed + code[16:]

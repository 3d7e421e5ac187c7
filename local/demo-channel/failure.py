"""Failures that a user can mend, told in one line."""

import errno


class MakeError(Exception):
    """The channel cannot be made; the text says why and what to do."""


def explain(error: BaseException) -> str:
    """One line for any failure, without a stack trace."""
    if isinstance(error, MakeError):
        return str(error)
    if isinstance(error, OSError):
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return 'The disk is full: free about 1 GB, then try again.'
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return (f'{error.filename} cannot be written: make the folder '
                    'writable or choose another one with --into.')
    text = ' '.join(str(error).split()) or 'no further details'
    return f'The demo channel was not made: {type(error).__name__}: {text}'

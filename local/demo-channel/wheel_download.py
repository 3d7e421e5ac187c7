"""Wheels from the package index that pip is configured for."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterable

from failure import MakeError

NETWORK = re.compile(
    r'Failed to establish a new connection|Temporary failure in name|'
    r'Name or service not known|ConnectionError|ProxyError|timed out|'
    r'Network is unreachable|Connection refused|SSLError|'
    r'Could not fetch URL|No matching distribution found for pip\b')


class Download:
    """One wheel for each requirement, fetched while others work."""

    def __init__(self, requirements: Iterable[str], into: Path) -> None:
        into.mkdir(parents=True)
        self._into = into
        self._pip = subprocess.Popen(
            [sys.executable, '-m', 'pip', 'download', '--only-binary',
             ':all:', '--no-deps', '--disable-pip-version-check',
             '--progress-bar', 'off', '--no-input', '--retries', '2',
             '--dest', str(into), *requirements],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding='utf-8', errors='replace')

    def wheels(self, log: Callable[[str], None]) -> list[Path]:
        """Waits for the end; MakeError where one cannot be had."""
        output = []
        for line in self._pip.stdout or ():
            output.append(line.strip())
            if found := re.match(r'\s*(?:Downloading|Using cached) '
                                 r'(\S+?-[^-]+)-\S+\.whl( \([^)]*\))?', line):
                log(f'fetching {found[1]}{found[2] or ""}')
        if self._pip.wait():
            raise MakeError(_reason(output))
        return sorted(self._into.glob('*.whl'))

    def stop(self) -> None:
        """Ends it, if it has not ended yet."""
        if self._pip.poll() is None:
            self._pip.terminate()
            self._pip.wait()
        if self._pip.stdout:
            self._pip.stdout.close()


def _reason(output: list[str]) -> str:
    text = '\n'.join(output)
    if 'No module named pip' in text:
        return ('pip is missing from the virtual environment: delete .local/'
                'venv, then try again.')
    if 'No space left on device' in text:
        return 'The disk is full: free about 1 GB, then try again.'
    if NETWORK.search(text):
        return ('The Python package index cannot be reached: check the '
                "network or pip's settings, then try again.")
    errors = [line for line in output if line.startswith('ERROR')]
    return ' '.join(errors[-1:] or output[-1:] or ['pip download failed.'])

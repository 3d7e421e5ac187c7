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
    r'Could not fetch URL')


def download_wheels(requirements: Iterable[str], into: Path,
                    log: Callable[[str], None]) -> list[Path]:
    """Fetches one wheel for each requirement, without dependencies."""
    wanted = list(requirements)
    into.mkdir(parents=True)
    command = [
        sys.executable, '-m', 'pip', 'download', '--only-binary', ':all:',
        '--no-deps', '--disable-pip-version-check', '--progress-bar', 'off',
        '--no-input', '--retries', '2', '--dest', str(into), *wanted]
    output = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT) as pip:
        for line in pip.stdout or ():
            output.append(line.strip())
            if found := re.match(r'\s*(?:Downloading|Using cached) (\S+\.whl)'
                                 r'( \([^)]*\))?', line):
                log(f'fetching {found[1].split("-py")[0]}{found[2] or ""}')
    if pip.returncode:
        raise MakeError(_reason(output))
    return sorted(into.glob('*.whl'))


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
    return ' '.join(errors[:1] or output[-1:] or ['pip download failed.'])

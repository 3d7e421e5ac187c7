"""Makes a conda channel of real packages out of what a machine has.

    python make.py --into DIRECTORY [--large]

It holds the running CPython as package `python`, libraries out of wheels,
and small packages that each show one thing an engine must get right. A
finished channel is found again and left alone.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator

from failure import MakeError, explain
from manifest import has_channel
from target import Target, this_target


def main() -> int:
    """The command; 0, or 1 after one line on stderr."""
    arguments = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    arguments.add_argument('--into', type=Path, required=True)
    arguments.add_argument('--large', action='store_true')
    options = arguments.parse_args()
    # Asked to end, it clears away what it began, as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        make_channel(options.into.absolute(), options.large, say)
    except KeyboardInterrupt:
        print('Stopped; no channel was left behind.', file=sys.stderr)
        return 1
    except Exception as error:
        print(explain(error), file=sys.stderr)
        return 1
    return 0


def say(line: str) -> None:
    print(line, flush=True)


def make_channel(into: Path, large: bool, log: Callable[[str], None]) -> None:
    """Makes the channel at `into`, whole or not at all."""
    target = this_target()
    stamp, with_large = (_stamp(target, kind) for kind in (large, True))
    if has_channel(into, stamp) or has_channel(into, with_large):
        log(f'the demo channel is up to date: {into}')
        return
    if into.exists() and not (into / 'manifest.json').exists():
        raise MakeError(f'{into} exists and is no demo channel: choose '
                        'another folder with --into.')
    into.parent.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(into, log):
        if has_channel(into, stamp) or has_channel(into, with_large):
            return
        _clear_rests(into)
        work = Path(tempfile.mkdtemp(
            dir=into.parent, prefix=f'.{into.name}.', suffix='.part'))
        try:
            _make(target, work, stamp, large, log)
            _put_in_place(work / 'channel', into, work / 'replaced')
        finally:
            _clear_rests(into)
    log(f'the demo channel is made: {into}')


def _make(target: Target, work: Path, stamp: str, large: bool,
          log: Callable[[str], None]) -> None:
    # Imported late: a finished channel answers without loading these.
    from closure import check_closure
    from conda_package import write_package
    from contents import recipes_of
    from manifest import entry, write_manifest
    from repodata import describe_channel, index_channel

    channel = work / 'channel'
    for subdir in ('noarch', target.subdir):
        (channel / subdir).mkdir(parents=True)
    recipes = recipes_of(target, work, stamp, large, log)
    check_closure(recipes)
    packages = []
    with ThreadPoolExecutor(min(4, (os.cpu_count() or 1) + 1)) as pool:
        waiting = {pool.submit(write_package, recipe, target.subdir, channel):
                   recipe for recipe in recipes}
        try:
            for number, done in enumerate(as_completed(waiting), 1):
                recipe = waiting[done]
                packages.append(entry(recipe, done.result(), target))
                log(f'made {recipe.name} {recipe.version} '
                    f'({number} of {len(recipes)})')
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    log('indexing')
    index_channel(channel)
    describe_channel(channel, recipes, target.subdir)
    write_manifest(channel, target, stamp, packages, large)


def _stamp(target: Target, large: bool) -> str:
    """Changes when this program, its Python or what is asked for does."""
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob('*.py')):
        digest.update(source.read_bytes())
    state = target.executable.stat()
    digest.update(repr((target, large, state.st_size,
                        state.st_mtime_ns)).encode())
    return digest.hexdigest()


@contextmanager
def _one_at_a_time(into: Path, log: Callable[[str], None]) -> Iterator[None]:
    with open(into.parent / f'.{into.name}.lock', 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log('waiting for another run that makes the demo channel')
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _clear_rests(into: Path) -> None:
    """Removes this run's work, and what killed runs left.

    Under the lock nobody else is at work here, but a killed run's pip may
    write its last lines yet; what it holds on to goes the next time.
    """
    for rest in into.parent.glob(f'.{into.name}.*.part'):
        shutil.rmtree(rest, ignore_errors=True)


def _put_in_place(channel: Path, into: Path, replaced: Path) -> None:
    if into.exists():
        into.rename(replaced)
    channel.rename(into)


if __name__ == '__main__':
    code = main()
    # py-rattler's runtime may crash while the interpreter shuts down.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

"""Makes the byte code of every Python file below a folder, with unchecked hashes.

    python compile.py FOLDER WORKERS

Run by the Python that the byte code is for. Each worker is a fork with every so-manieth file, largest first: compileall's
own workers are handed files one by one, which costs a third more. Like compileall, it keeps byte code that is valid,
prints files that cannot be compiled, and then ends with 1; with 2 when a worker died.
"""

import gc
import os
import sys
import traceback
from compileall import compile_file
from py_compile import PycInvalidationMode

DIED = 2


def sources(folder):
    found = []
    for directory, directories, names in os.walk(folder):
        directories[:] = [name for name in directories if name != "__pycache__"]
        found += [os.path.join(directory, name) for name in names if name.endswith(".py")]
    # A link may lead nowhere.
    sizes = {path: os.path.getsize(path) for path in found if os.path.isfile(path)}
    return sorted(sizes, key=lambda path: (-sizes[path], path))


def compile_all(paths):
    """Whether all could be compiled."""
    # Nothing that compiling leaves behind needs the collector, which would look over everything again and again.
    gc.disable()
    results = [compile_file(path, quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH) for path in paths]
    return all(results)


def start(paths):
    worker = os.fork()
    if worker != 0:
        return worker
    code = DIED
    try:
        code = 0 if compile_all(paths) else 1
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def ended(worker):
    """The worker's exit code."""
    _, end = os.waitpid(worker, 0)
    if os.WIFEXITED(end):
        return os.WEXITSTATUS(end)
    print(f"a worker was ended by signal {os.WTERMSIG(end)}", file=sys.stderr)
    return DIED


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    paths = sources(folder)
    workers = [start(paths[first::count]) for first in range(count)]
    sys.exit(max([ended(worker) for worker in workers]))


main()

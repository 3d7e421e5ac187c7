"""Solves and installs from one channel by py-rattler.

    python install.py CHANNEL PREFIX CACHE [--scripts] [--cuda] SPEC...

Prints the solved names as JSON; a failure is one line on stderr and exit 1.
"""

import asyncio
import json
import os
import sys

from rattler import (Channel, Gateway, GenericVirtualPackage, MatchSpec,
                     PackageName, Version, VirtualPackage, install, solve)
from rattler.package import BuildString


async def main() -> None:
    arguments = [a for a in sys.argv[1:] if not a.startswith('--')]
    channel, prefix, cache, *specs = arguments
    virtual = [p.into_generic() for p in VirtualPackage.detect()]
    virtual = [p for p in virtual if p.name.normalized != '__cuda']
    if '--cuda' in sys.argv:
        virtual.append(GenericVirtualPackage(
            PackageName('__cuda'), Version('12.4'), BuildString('0')))
    records = await solve(
        sources=[Channel(channel)], specs=[MatchSpec(s) for s in specs],
        gateway=Gateway(cache_dir=os.path.join(cache, 'repodata')),
        virtual_packages=virtual)
    if prefix != '-':
        await install(records, target_prefix=prefix, show_progress=False,
                      cache_dir=os.path.join(cache, 'pkgs'),
                      execute_link_scripts='--scripts' in sys.argv)
    print(json.dumps({r.name.normalized: str(r.version) for r in records}))


try:
    asyncio.run(main())
    code = 0
except Exception as error:
    print(f'{type(error).__name__}: {error}', file=sys.stderr)
    code = 1
sys.stdout.flush()
sys.stderr.flush()
# py-rattler's runtime may crash while the interpreter shuts down.
os._exit(code)

"""The channel's index, made by py-rattler, and what it says of its names."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from failure import MakeError
from recipe import Recipe


def index_channel(channel: Path) -> None:
    """Writes repodata, its compressed form and its shards."""
    try:
        from rattler.index import index_fs
    except ImportError:
        raise MakeError('py-rattler is not in the virtual environment: '
                        'install local/requirements.txt into it.') from None
    asyncio.run(index_fs(channel, write_zst=True, write_shards=True))
    # Its scratch folder is no part of a channel.
    shutil.rmtree(channel / '.tmp', ignore_errors=True)


def describe_channel(channel: Path, recipes: list[Recipe],
                     machine: str) -> None:
    """Writes `channeldata.json`: of each name, what its newest package says.

    py-rattler makes none; the keys are those of conda-index.
    """
    from rattler import Version

    packages: dict[str, dict[str, Any]] = {}
    for recipe in sorted(recipes, key=lambda each: Version(each.version)):
        known = packages.get(recipe.name, {'subdirs': []})
        packages[recipe.name] = {
            'license': recipe.license, 'summary': recipe.summary,
            'subdirs': sorted({*known['subdirs'], recipe.subdir(machine)}),
            'version': recipe.version}
    (channel / 'channeldata.json').write_text(json.dumps({
        'channeldata_version': 1, 'packages': packages,
        'subdirs': sorted({'noarch', machine}),
    }, indent=1, sort_keys=True))

"""What a channel holds, written for the tests and tools that use it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from catalogue import (LARGE_ENVIRONMENT, MEDIUM_ENVIRONMENT,
                       SMALL_ENVIRONMENT)
from recipe import Recipe
from target import Target


def entry(recipe: Recipe, path: Path, target: Target) -> dict[str, Any]:
    """One package of the manifest."""
    data = path.read_bytes()
    return {
        'name': recipe.name, 'version': recipe.version,
        'build': recipe.build, 'subdir': recipe.subdir(target.subdir),
        'file': path.name, 'size': len(data),
        'sha256': hashlib.sha256(data).hexdigest(),
        'depends': list(recipe.depends), 'shows': list(recipe.shows)}


def write_manifest(channel: Path, target: Target, stamp: str,
                   packages: list[dict[str, Any]], large: bool) -> None:
    """Writes `manifest.json`: the last file of a channel, so its seal."""
    environments = {'small': SMALL_ENVIRONMENT, 'medium': MEDIUM_ENVIRONMENT}
    if large:
        environments['large'] = LARGE_ENVIRONMENT
    (channel / 'manifest.json').write_text(json.dumps({
        'stamp': stamp, 'large': large, 'subdir': target.subdir,
        'python': target.version, 'environments': environments,
        'packages': sorted(packages, key=lambda p: (p['name'], p['file'])),
    }, indent=1))


def has_channel(channel: Path, stamp: str) -> bool:
    """Whether a finished channel of this stamp is there."""
    try:
        text = (channel / 'manifest.json').read_text('utf-8')
        return json.loads(text)['stamp'] == stamp
    except (OSError, ValueError, KeyError):
        return False

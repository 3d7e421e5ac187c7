"""The channel's index, made by py-rattler."""

import asyncio
import shutil
from pathlib import Path

from failure import MakeError


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

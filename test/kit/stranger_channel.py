"""Makes a conda channel out of packages that are described on standard input, also of such as no honest tool makes.

    python stranger_channel.py FOLDER < packages.json

Each package is {"name": ..., "members": [{"path", "text"?, "mode"?, "link"?}], "paths"?: [...]}; `paths` are entries of
paths.json instead of those that the members have.
"""

import asyncio
import bz2
import hashlib
import io
import json
import os
import sys
import tarfile
from pathlib import Path

from rattler.index import index_fs

VERSION, BUILD = "1.0", "h0_0"


def entry(member: dict) -> dict:
    return {
        "_path": member["path"],
        "path_type": "softlink" if "link" in member else "hardlink",
        "sha256": hashlib.sha256(member.get("text", "").encode()).hexdigest(),
        "size_in_bytes": len(member.get("text", "")),
    }


def information(package: dict) -> list[dict]:
    index = {
        "name": package["name"],
        "version": VERSION,
        "build": BUILD,
        "build_number": 0,
        "depends": package.get("depends", []),
        "subdir": "noarch",
        "noarch": "generic",
    }
    paths = package.get("paths") or [entry(member) for member in package["members"]]
    return [
        {"path": "info/index.json", "text": json.dumps(index)},
        {"path": "info/paths.json", "text": json.dumps({"paths": paths, "paths_version": 1})},
        {"path": "info/files", "text": "".join(f"{path['_path']}\n" for path in paths)},
    ]


def archive(members: list[dict]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for member in members:
            info = tarfile.TarInfo(member["path"])
            info.mode = int(member.get("mode", "644"), 8)
            data = member.get("text", "").encode()
            if "link" in member:
                info.type, info.linkname = tarfile.SYMTYPE, member["link"]
            else:
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


folder = Path(sys.argv[1], "noarch")
folder.mkdir(parents=True)
for package in json.load(sys.stdin):
    data = bz2.compress(archive(package["members"] + information(package)))
    Path(folder, f"{package['name']}-{VERSION}-{BUILD}.tar.bz2").write_bytes(data)
asyncio.run(index_fs(folder.parent, write_zst=False, write_shards=False))
# The extension module can crash while the interpreter shuts down; everything is written by now.
sys.stdout.flush()
os._exit(0)

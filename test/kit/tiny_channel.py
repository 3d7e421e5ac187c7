"""Makes two channels of tiny real conda packages for the engine's contract suite.

    python tiny_channel.py FOLDER

writes FOLDER/main and FOLDER/other, each indexed as plain, zst and sharded repodata. Same bytes on every run.
"""

import asyncio
import bz2
import hashlib
import io
import json
import os
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

from rattler.index import index_fs

TIME = 1_700_000_000
# As long as conda-build's own placeholder: 255 bytes.
PLACEHOLDER = ("/" + "_placehold" * 26)[:255]


class Member:
    """One file of a package: its bytes, mode, and how the prefix is written in it (None, "text" or "binary")."""

    def __init__(self, data: bytes, mode: int = 0o644, prefix: str | None = None, link: str | None = None):
        self.data = data
        self.mode = mode
        self.prefix = prefix
        self.link = link


def tar(members: dict[str, Member]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, member in sorted(members.items()):
            info = tarfile.TarInfo(path)
            info.mtime = TIME
            info.mode = member.mode
            if member.link is not None:
                info.type = tarfile.SYMTYPE
                info.linkname = member.link
                archive.addfile(info)
            else:
                info.size = len(member.data)
                archive.addfile(info, io.BytesIO(member.data))
    return out.getvalue()


def zstd(data: bytes) -> bytes:
    """A zstd frame of stored blocks: the standard library of Python 3.10 cannot compress zstd."""
    frame = bytearray(b"\x28\xb5\x2f\xfd")
    frame += bytes([0b11100000]) + struct.pack("<Q", len(data))
    step = 128 * 1024
    starts = range(0, max(len(data), 1), step)
    for start in starts:
        block = data[start : start + step]
        last = start + step >= len(data)
        frame += struct.pack("<I", len(block) << 3 | last)[:3] + block
    return bytes(frame)


def information(index: dict, files: dict[str, Member]) -> dict[str, Member]:
    paths = []
    for path, member in sorted(files.items()):
        # A link's hash is of what it points at, as conda-build writes it; ours point at members only.
        target = member if member.link is None else files[str(Path(path).parent / member.link)]
        entry = {
            "_path": path,
            "path_type": "hardlink" if member.link is None else "softlink",
            "sha256": hashlib.sha256(target.data).hexdigest(),
            "size_in_bytes": len(target.data),
        }
        if member.prefix:
            entry |= {"file_mode": member.prefix, "prefix_placeholder": PLACEHOLDER}
        paths.append(entry)
    texts = {
        "info/index.json": json.dumps(index, sort_keys=True),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}),
        "info/files": "".join(f"{path}\n" for path in sorted(files)),
        "info/has_prefix": "".join(
            f"{PLACEHOLDER} {member.prefix} {path}\n" for path, member in sorted(files.items()) if member.prefix
        ),
        "info/about.json": json.dumps({"license": index["license"], "summary": f"{index['name']} of a test"}),
    }
    return {path: Member(text.encode()) for path, text in texts.items()}


def package(
    channel: Path,
    name: str,
    version: str,
    files: dict[str, Member],
    depends: tuple[str, ...] = (),
    constrains: tuple[str, ...] = (),
    subdir: str = "noarch",
    noarch: str | None = "generic",
    entry_points: tuple[str, ...] = (),
    suffix: str = ".conda",
) -> None:
    build = "tiny_0"
    index = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "depends": list(depends),
        "constrains": list(constrains),
        "subdir": subdir,
        "license": "BSD-3-Clause",
        "timestamp": TIME * 1000,
    }
    if noarch:
        index["noarch"] = noarch
    else:
        index |= {"arch": "x86_64", "platform": "linux"}
    info = information(index, files)
    if entry_points:
        link = {"noarch": {"type": "python", "entry_points": list(entry_points)}, "package_metadata_version": 1}
        info["info/link.json"] = Member(json.dumps(link).encode())
    base = f"{name}-{version}-{build}"
    folder = channel / subdir
    folder.mkdir(parents=True, exist_ok=True)
    if suffix == ".tar.bz2":
        (folder / f"{base}.tar.bz2").write_bytes(bz2.compress(tar(files | info)))
        return
    parts = {
        "metadata.json": b'{"conda_pkg_format_version": 2}',
        f"pkg-{base}.tar.zst": zstd(tar(files)),
        f"info-{base}.tar.zst": zstd(tar(info)),
    }
    with zipfile.ZipFile(folder / f"{base}.conda", "w", zipfile.ZIP_STORED) as archive:
        for path, data in parts.items():
            archive.writestr(zipfile.ZipInfo(path, (2023, 11, 14, 22, 13, 20)), data)


def script(text: str) -> Member:
    return Member(f"#!/bin/sh\n{text}\n".encode(), 0o755, "text")


def version_file(name: str, version: str) -> dict[str, Member]:
    return {f"share/{name}/version": Member(f"{version}\n".encode())}


def make_main(channel: Path) -> None:
    # Its python only says which one it is: enough for noarch packages to be placed, and for a pin.
    for version in ("3.11.7", "3.12.1"):
        minor = version.rsplit(".", 1)[0]
        package(
            channel,
            "python",
            version,
            {
                f"bin/python{minor}": script(f"echo tiny python {version} in {PLACEHOLDER}"),
                "bin/python": Member(b"", link=f"python{minor}"),
            },
            subdir="linux-64",
            noarch=None,
        )
    # Both engines give python its pip, as conda does.
    package(
        channel,
        "pip",
        "24.0",
        {"site-packages/pip.py": Member(b"")},
        depends=("python >=3.8",),
        noarch="python",
    )
    package(channel, "base-lib", "1.0.0", version_file("base-lib", "1.0.0"), suffix=".tar.bz2")
    package(channel, "base-lib", "2.0.0", version_file("base-lib", "2.0.0"))
    package(
        channel,
        "app",
        "1.2.0",
        {
            "bin/app": script(f"cat {PLACEHOLDER}/share/base-lib/version"),
            "lib/app.bin": Member(b"\x7fTINY\0" + PLACEHOLDER.encode() + b"/share\0after\0", 0o644, "binary"),
            "etc/conda/activate.d/app.sh": Member(f"export APP_HOME={PLACEHOLDER}\n".encode(), 0o644, "text"),
        },
        depends=("base-lib >=1", "__glibc >=2.17"),
        subdir="linux-64",
        noarch=None,
    )
    package(
        channel,
        "pylib",
        "0.5.0",
        {"site-packages/pylib/__init__.py": Member(b"def main():\n    print('pylib')\n")},
        depends=("python >=3.9",),
        noarch="python",
        entry_points=("pylib = pylib:main",),
    )
    package(channel, "wants-old", "1.0.0", version_file("wants-old", "1.0.0"), depends=("base-lib <2",))
    package(channel, "wants-new", "1.0.0", version_file("wants-new", "1.0.0"), depends=("base-lib >=2",))
    package(channel, "deep-old", "1.0.0", version_file("deep-old", "1.0.0"), depends=("wants-old",))
    package(channel, "dislikes-old", "1.0.0", version_file("dislikes-old", "1.0.0"), constrains=("base-lib >=2",))
    package(channel, "needs-cuda", "1.0.0", version_file("needs-cuda", "1.0.0"), depends=("__cuda >=12",))
    package(channel, "needs-glibc", "1.0.0", version_file("needs-glibc", "1.0.0"), depends=("__glibc >=99",))
    package(
        channel,
        "needs-avx",
        "1.0.0",
        version_file("needs-avx", "1.0.0"),
        depends=("__archspec 1 x86_64_v3",),
    )
    package(channel, "missing-part", "1.0.0", version_file("missing-part", "1.0.0"), depends=("no-such-part >=1",))
    package(
        channel,
        "needs-future",
        "1.0.0",
        {"site-packages/needs_future.py": Member(b"")},
        depends=("python >=3.14",),
        noarch="python",
    )
    package(
        channel,
        "needs-older",
        "1.0.0",
        {"site-packages/needs_older.py": Member(b"")},
        depends=("python <3.12",),
        noarch="python",
    )
    package(
        channel,
        "scripted",
        "1.0.0",
        {
            "bin/.scripted-post-link.sh": Member(b'#!/bin/sh\necho ran > "$PREFIX/script-ran"\n', 0o755),
            **version_file("scripted", "1.0.0"),
        },
        subdir="linux-64",
        noarch=None,
    )
    # Large enough that a cut or slow download is seen in its middle; stored, so the size is what it says.
    package(
        channel,
        "large",
        "1.0.0",
        {"share/large/bytes": Member(hashlib.shake_256(b"large").digest(3_000_000))},
        subdir="linux-64",
        noarch=None,
    )
    # The same for another platform, so that a solve for it has an answer.
    package(channel, "app", "1.2.0", version_file("app", "1.2.0"), subdir="linux-aarch64", noarch=None)


def make_other(channel: Path) -> None:
    package(channel, "base-lib", "3.0.0", version_file("base-lib", "3.0.0"))
    package(channel, "elsewhere", "1.0.0", version_file("elsewhere", "1.0.0"))


async def main() -> None:
    folder = Path(sys.argv[1])
    make_main(folder / "main")
    make_other(folder / "other")
    for name in ("main", "other"):
        (folder / name / "noarch").mkdir(exist_ok=True)
        await index_fs(folder / name, write_zst=True, write_shards=True)


asyncio.run(main())
# The extension module can crash while the interpreter shuts down; everything is written by now.
sys.stdout.flush()
os._exit(0)

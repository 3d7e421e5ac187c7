"""Writes layers of a container image to standard output, each a gzip tar of what packages put into a prefix.

    python layers.py REQUEST WORKER

REQUEST is a JSON file; the jobs of this worker are made one after the other. A layer is sent as frames (four bytes of
length, big-endian, then so many bytes), an empty frame, and a frame of JSON that describes it.

A layer of packages holds what they are at the image's prefix, as far as that follows from the packages themselves: files as
they were unpacked, with the placeholder replaced; scripts for entry points; records without a word of this machine; byte
code with unchecked hashes, which stays valid whatever times files get. So its bytes are the same wherever it is made. The
layer of the rest holds what no package has: pip's packages, what link scripts wrote, and changed or removed files.
"""

import _imp
import hashlib
import json
import os
import stat
import struct
import sys
import tarfile

from conda_pack.core import load_managed_package
from conda_pack.prefixes import replace_prefix
from isal import isal_zlib

LEVEL = 1
GZIP = 31
CHUNK_BYTES = 1024 * 1024
# Byte code has had flags, and so hashes, since Python 3.7; Python 2 had greater numbers.
HASHED_MAGICS = range(3390, 20000)
HASH_BASED = 1

ENTRY_POINT = """\
#!{python}
# -*- coding: utf-8 -*-
import re
import sys

from {module} import {first}

if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw?|\\.exe)?$', '', sys.argv[0])
    sys.exit({function}())
"""


class Layer:
    """A tar that is compressed, hashed and sent while it is written."""

    def __init__(self, output):
        self.output = output
        self.compressor = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, GZIP)
        self.hash = hashlib.sha256()
        self.entries = 0

    def _write(self, data):
        self.hash.update(data)
        send(self.output, self.compressor.compress(data))

    def add(self, name, mode, data=b"", kind=tarfile.REGTYPE, link="", mtime=0, owner=(0, 0)):
        self._begin(name, mode, len(data), kind, link, mtime, owner)
        self._write(data)
        self._pad(len(data))

    def add_file(self, name, mode, mtime, stream, size):
        self._begin(name, mode, size, tarfile.REGTYPE, "", mtime, (0, 0))
        left = size
        while left > 0:
            data = stream.read(min(left, CHUNK_BYTES))
            if not data:
                raise RuntimeError(f"{name} became shorter while it was read")
            self._write(data)
            left -= len(data)
        self._pad(size)

    def _begin(self, name, mode, size, kind, link, mtime, owner):
        info = tarfile.TarInfo(name)
        info.mode, info.size, info.type, info.linkname, info.mtime = mode, size, kind, link, mtime
        info.uid, info.gid = owner
        self._write(info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape"))
        self.entries += 1

    def _pad(self, size):
        if size % tarfile.BLOCKSIZE:
            self._write(b"\0" * (tarfile.BLOCKSIZE - size % tarfile.BLOCKSIZE))

    def finish(self, described):
        self._write(b"\0" * (2 * tarfile.BLOCKSIZE))
        send(self.output, self.compressor.flush())
        trailer = json.dumps({**described, "diffId": self.hash.hexdigest(), "entries": self.entries})
        self.output.write(struct.pack(">I", 0))
        send(self.output, trailer.encode())
        self.output.flush()


def send(output, data):
    if data:
        output.write(struct.pack(">I", len(data)))
        output.write(data)


class Image:
    """Where things are on this machine, and where they will be in the image."""

    def __init__(self, request):
        self.prefix = request["prefix"]
        self.target = request["target"]
        self.site_packages = request["sitePackages"]
        self.python = request["python"]

    def name(self, path):
        return f"{self.target[1:]}/{path}" if path else self.target[1:]

    def installed(self, path):
        return os.path.join(self.prefix, path)


class Package:
    """What one package has at the prefix, by path below it."""

    def __init__(self, image, record_name):
        self.image = image
        with open(image.installed(f"conda-meta/{record_name}"), encoding="utf-8") as file:
            self.record = json.load(file)
        self.source = self.record.get("extracted_package_dir") or self.record["link"]["source"]
        # Without files of its own a record says nothing that the package does not.
        asked = {"name": self.record["name"], "link": {"source": self.source}, "files": []}
        files = load_managed_package(asked, image.prefix, image.site_packages, {})
        self.files = {os.path.normpath(file.target): file for file in files}
        for path in self.files:
            if path.startswith(("/", "../")) or path == "..":
                raise RuntimeError(f"the package {self.record['name']} has a file outside of the prefix: {path!r}")
        self.scripts = dict(self._entry_points())
        for path in self.scripts:
            self.files.pop(path, None)
        self.compiled = dict(self._compiled())
        self.meta = f"conda-meta/{record_name}"

    def paths(self):
        return {*self.files, *self.scripts, *self.compiled, self.meta}

    def _entry_points(self):
        try:
            with open(os.path.join(self.source, "info", "link.json"), encoding="utf-8") as file:
                noarch = json.load(file).get("noarch") or {}
        except FileNotFoundError:
            return
        for entry in noarch.get("entry_points") or ():
            command, _, place = entry.partition("=")
            module, _, function = place.split("[")[0].strip().partition(":")
            path = os.path.normpath(f"bin/{command.strip()}")
            if not path.startswith("bin/") or not function:
                raise RuntimeError(f"the package {self.record['name']} has a strange entry point: {entry!r}")
            yield path, ENTRY_POINT.format(
                python=f"{self.image.target}/{self.image.python}",
                module=module.strip(),
                first=function.strip().split(".")[0],
                function=function.strip(),
            )

    def _compiled(self):
        """Byte code that was made here, by where its source lies; what a package ships is among its files."""
        tag = os.path.basename(self.image.python or "").replace("python", "cpython-").replace(".", "")
        for path in self.files:
            if not path.endswith(".py") or not path.startswith(f"{self.image.site_packages}/"):
                continue
            folder, name = os.path.split(path)
            code = f"{folder}/__pycache__/{name[:-3]}.{tag}.pyc"
            if code not in self.files and os.path.isfile(self.image.installed(code)):
                yield code, path

    def bytes_of(self, path):
        """A package's file as it is at the image's prefix."""
        file = self.files[path]
        with open(file.source, "rb") as stream:
            data = stream.read()
        if file.prefix_placeholder:
            data = replace_prefix(data, file.file_mode, file.prefix_placeholder, self.image.target)
        return unchecked(data, self._source_of(path)) if path.endswith(".pyc") else data

    def _source_of(self, code):
        path = source_path(code)
        return self.bytes_of(path) if path in self.files else None

    def is_changed(self, path):
        """Whether something else lies in the prefix than the engine put there."""
        there = self.image.installed(path)
        if path in self.scripts:
            if os.path.islink(there) or not os.path.isfile(there):
                return True
            # Each installer writes them in its own words; what they call is what counts.
            with open(there, encoding="utf-8", errors="replace") as file:
                return self.scripts[path].splitlines()[-1].strip() not in file.read()
        file = self.files[path]
        if os.path.islink(file.source) or os.path.islink(there):
            both = os.path.islink(file.source) and os.path.islink(there)
            return not both or os.readlink(file.source) != os.readlink(there)
        if not os.path.isfile(file.source) or not os.path.isfile(there):
            return True
        if os.path.samefile(file.source, there):
            return False
        with open(file.source, "rb") as stream:
            data = stream.read()
        if file.prefix_placeholder:
            data = replace_prefix(data, file.file_mode, file.prefix_placeholder, self.image.prefix)
        with open(there, "rb") as stream:
            return stream.read() != data

    def clean_record(self):
        with open(os.path.join(self.source, "info", "index.json"), encoding="utf-8") as file:
            index = json.load(file)
        place = {key: self.record.get(key) for key in ("url", "channel", "fn", "sha256")}
        files = sorted({*self.files, *self.scripts, *self.compiled})
        record = {**index, **place, "files": files, "extracted_package_dir": "", "link": {"source": "", "type": 1}}
        return json.dumps(record, indent=1, sort_keys=True).encode()

    def write(self, layer, path):
        name = self.image.name(path)
        if path == self.meta:
            layer.add(name, 0o644, self.clean_record())
        elif path in self.scripts:
            layer.add(name, 0o755, self.scripts[path].encode())
        elif path in self.compiled:
            with open(self.image.installed(path), "rb") as stream:
                layer.add(name, 0o644, unchecked(stream.read(), self.bytes_of(self.compiled[path])))
        else:
            self._write_file(layer, name, path)

    def _write_file(self, layer, name, path):
        file = self.files[path]
        status = os.lstat(file.source)
        if stat.S_ISLNK(status.st_mode):
            layer.add(name, 0o777, kind=tarfile.SYMTYPE, link=os.readlink(file.source))
        elif stat.S_ISDIR(status.st_mode):
            layer.add(name, 0o755, kind=tarfile.DIRTYPE)
        elif file.prefix_placeholder or path.endswith(".pyc"):
            layer.add(name, plain_mode(status), self.bytes_of(path), mtime=int(status.st_mtime))
        else:
            with open(file.source, "rb") as stream:
                layer.add_file(name, plain_mode(status), int(status.st_mtime), stream, status.st_size)


def source_path(code):
    """Where the source of byte code lies: `a/__pycache__/b.cpython-312.pyc` is of `a/b.py`."""
    folder, name = os.path.split(code)
    if os.path.basename(folder) != "__pycache__":
        return code[:-1]
    return os.path.join(os.path.dirname(folder), f"{name.split('.')[0]}.py")


def unchecked(code, source):
    """Byte code whose validity depends on its source's time, made into one that is valid always."""
    magic, flags = code[:4], int.from_bytes(code[4:8], "little")
    if int.from_bytes(magic[:2], "little") not in HASHED_MAGICS or flags & HASH_BASED or source is None:
        return code
    hashed = _imp.source_hash(int.from_bytes(magic, "little"), source)
    return magic + HASH_BASED.to_bytes(4, "little") + hashed + code[16:]


def plain_mode(status):
    return 0o755 if status.st_mode & 0o111 else 0o644


def add_folders(layer, image, paths, known):
    """The folders of these paths, each once and before what is in it."""
    folders = set()
    for path in paths:
        folder = os.path.dirname(path)
        while folder not in folders:
            folders.add(folder)
            folder = os.path.dirname(folder)
    for folder in sorted(folders - known):
        layer.add(image.name(folder), 0o755, kind=tarfile.DIRTYPE)


def write_packages(layer, image, packages):
    owned = {path: package for package in packages for path in package.paths()}
    folders = {path for path, package in owned.items() if path in package.files and is_folder(package.files[path].source)}
    add_folders(layer, image, owned, folders)
    for path in sorted(owned):
        owned[path].write(layer, path)
    return {"files": len(owned)}


def is_folder(path):
    return os.path.isdir(path) and not os.path.islink(path)


def write_rest(layer, image, packages, compare, extra):
    owners = {}
    for package in packages:
        for path in package.paths():
            owners.setdefault(path, []).append(package)
    present = dict(walk(image.prefix))
    wanted = {path for path in present if path not in owners and path != "conda-meta/history"}
    # Of what two packages have, the one in the prefix counts, whichever layer comes last.
    wanted |= {path for path, each in owners.items() if len(each) > 1 and path in present}
    removed = set()
    if compare:
        for path, (package, *_) in owners.items():
            if path == package.meta:
                continue
            if path not in present and not (path in package.files and is_folder(package.files[path].source)):
                removed.add(path)
            elif path not in package.compiled and path in present and package.is_changed(path):
                wanted.add(path)
        wanted |= {code for package in packages for code, path in package.compiled.items() if path in wanted}
    for entry in extra:
        kind = tarfile.DIRTYPE if entry["text"] is None else tarfile.REGTYPE
        layer.add(entry["path"], entry["mode"], (entry["text"] or "").encode(), kind, owner=tuple(entry["owner"]))
    add_folders(layer, image, {*wanted, *removed, "conda-meta/history"}, {path for path in wanted if present[path]})
    layer.add(image.name("conda-meta/history"), 0o644, history(packages))
    for path in sorted(removed):
        folder, name = os.path.split(path)
        layer.add(image.name(os.path.join(folder, f".wh.{name}")), 0o644)
    for path in sorted(wanted):
        write_installed(layer, image, path)
    return {"files": len(wanted), "removed": len(removed)}


def walk(root, below=""):
    """Everything below the prefix but folders with something in them, and whether it is a folder."""
    with os.scandir(os.path.join(root, below)) as entries:
        for entry in entries:
            path = os.path.join(below, entry.name)
            if not entry.is_dir(follow_symlinks=False):
                yield path, False
                continue
            inside = list(walk(root, path))
            yield from inside or [(path, True)]


def write_installed(layer, image, path):
    """Something of the prefix, with the image's prefix in place of its own."""
    there, name = image.installed(path), image.name(path)
    status = os.lstat(there)
    if stat.S_ISLNK(status.st_mode):
        link = os.readlink(there)
        if link == image.prefix or link.startswith(f"{image.prefix}/"):
            link = image.target + link[len(image.prefix) :]
        layer.add(name, 0o777, kind=tarfile.SYMTYPE, link=link)
    elif stat.S_ISDIR(status.st_mode):
        layer.add(name, 0o755, kind=tarfile.DIRTYPE)
    elif stat.S_ISREG(status.st_mode):
        with open(there, "rb") as stream:
            data = stream.read()
        if path.endswith(".pyc"):
            data = unchecked(data, read_or_none(image.installed(source_path(path))))
        elif image.prefix.encode() in data:
            data = replace_prefix(data, "text" if is_text(data) else "binary", image.prefix, image.target)
        layer.add(name, plain_mode(status), data)


def read_or_none(path):
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def is_text(data):
    return b"\0" not in data


def history(packages):
    """A prefix without one is no environment to conda; when it was made is nobody's business."""
    lines = sorted(f"+{package.record['fn']}" for package in packages)
    return "\n".join(["==> 1970-01-01 00:00:00 <==", *lines, ""]).encode()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    image = Image(request)
    for job in request["workers"][int(sys.argv[2])]:
        layer = Layer(sys.stdout.buffer)
        packages = [Package(image, name) for name in job["records"]]
        if job["kind"] == "packages":
            described = write_packages(layer, image, packages)
        else:
            described = write_rest(layer, image, packages, request["compare"], request["extra"])
        layer.finish({"job": job["id"], **described})


main()

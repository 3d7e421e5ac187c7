"""The layer of what belongs to no package: pip's packages, what link scripts wrote, and changed or removed files."""

import mmap
import os
import stat
import tarfile

from conda_pack.prefixes import replace_prefix
from layer_code import source_path, unchecked
from layer_package import plain_mode


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
        if path.endswith(".pyc"):
            code = unchecked(read_or_none(there) or b"", read_or_none(image.installed(source_path(path))))
            layer.add(name, plain_mode(status), code)
        elif holds(there, image.prefix.encode()):
            data = read_or_none(there) or b""
            data = replace_prefix(data, "text" if is_text(data) else "binary", image.prefix, image.target)
            layer.add(name, plain_mode(status), data)
        else:
            with open(there, "rb") as stream:
                layer.add_file(name, plain_mode(status), stream, status.st_size)


def holds(path, text):
    """Whether a file has these bytes somewhere, however long it is: what pip installs can have gigabytes."""
    with open(path, "rb") as stream:
        if os.fstat(stream.fileno()).st_size == 0:
            return False
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return mapped.find(text) >= 0


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

"""What a package puts into a prefix, as far as that follows from the package itself, and as it is at the image's prefix."""

import filecmp
import json
import os
import stat
import tarfile

from conda_pack.core import load_managed_package
from conda_pack.prefixes import replace_prefix
from layer_code import source_path, unchecked

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
        if not file.prefix_placeholder:
            return not filecmp.cmp(file.source, there, shallow=False)
        with open(file.source, "rb") as stream:
            data = replace_prefix(stream.read(), file.file_mode, file.prefix_placeholder, self.image.prefix)
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
                layer.add_file(name, plain_mode(status), stream, status.st_size, mtime=int(status.st_mtime))


def plain_mode(status):
    return 0o755 if status.st_mode & 0o111 else 0o644

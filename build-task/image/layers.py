"""Writes layers of a container image to standard output, each a gzip tar of what packages put into a prefix.

    python layers.py REQUEST WORKER

REQUEST is a JSON file; the jobs of this worker are made one after the other. A layer is sent as frames (four bytes of
length, big-endian, then so many bytes), an empty frame, and a frame of JSON that describes it.

A layer of packages holds what they are at the image's prefix, as far as that follows from the packages themselves: files as
they were unpacked, with the placeholder replaced; scripts for entry points; records without a word of this machine; byte
code with unchecked hashes, which stays valid whatever times files get. So its bytes are the same wherever it is made. The
layer of the rest holds what no package has: pip's packages, what link scripts wrote, and changed or removed files.
"""

import json
import sys

from layer_package import Image, Package
from layer_rest import add_folders, is_folder, write_rest
from layer_tar import Layer


def write_packages(layer, image, packages):
    owned = {path: package for package in packages for path in package.paths()}
    folders = {path for path, package in owned.items() if path in package.files and is_folder(package.files[path].source)}
    add_folders(layer, image, owned, folders)
    for path in sorted(owned):
        owned[path].write(layer, path)
    return {"files": len(owned)}


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

"""A layer of an image: a tar that is compressed, hashed and sent in frames while it is written."""

import hashlib
import json
import struct
import tarfile

from isal import isal_zlib

LEVEL = 1
GZIP = 31
CHUNK_BYTES = 1024 * 1024


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

    def add_file(self, name, mode, stream, size, mtime=0):
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
    """In frames that the reader can hold, however much came out of the compressor at once."""
    for at in range(0, len(data), CHUNK_BYTES):
        frame = data[at : at + CHUNK_BYTES]
        output.write(struct.pack(">I", len(frame)))
        output.write(frame)

"""Tiny static Linux programs that print strings they carry.

They stand for compiled programs with a prefix inside, on machines without a
compiler. One loaded segment holds headers, code and strings.
"""

import struct
from typing import Sequence

BASE = 0x400000
HEADERS = 64 + 56
MACHINES = {'linux-64': 62, 'linux-aarch64': 183}


def printing_program(subdir: str, texts: Sequence[str]) -> bytes:
    """An executable that writes each text, up to its NUL, to stdout."""
    part, ending = CODE[subdir]
    size = len(part(0)) * len(texts) + len(ending)
    strings = b''
    code = b''
    for text in texts:
        # Each part of code knows how far from its start its string lies.
        code += part(size + len(strings) - len(code))
        strings += text.encode() + b'\0'
    body = code + ending + strings
    return _headers(MACHINES[subdir], HEADERS + len(body)) + body


def _headers(machine: int, size: int) -> bytes:
    identity = b'\x7fELF' + bytes([2, 1, 1]) + bytes(9)
    elf = identity + struct.pack(
        '<HHIQQQIHHHHHH', 2, machine, 1, BASE + HEADERS, 64, 0, 0, 64, 56, 1,
        0, 0, 0)
    readable_executable = 5
    segment = struct.pack('<IIQQQQQQ', 1, readable_executable, 0, BASE, BASE,
                          size, size, 0x10000)
    return elf + segment


def _x86_64(distance: int) -> bytes:
    return (b'\x48\x8d\x35' + struct.pack('<i', distance - 7)  # lea rsi
            + b'\x31\xd2'                  # xor edx, edx
            + b'\x80\x3c\x16\x00'          # next: cmp byte [rsi+rdx], 0
            + b'\x74\x05'                  # je write
            + b'\x48\xff\xc2'              # inc rdx
            + b'\xeb\xf5'                  # jmp next
            + b'\xb8\x01\x00\x00\x00'      # write: mov eax, 1
            + b'\xbf\x01\x00\x00\x00'      # mov edi, 1
            + b'\x0f\x05')                 # syscall


def _aarch64(distance: int) -> bytes:
    address = 0x10000001 | (distance & 3) << 29 | (distance >> 2) << 5
    return struct.pack(
        '<9I', address,                    # adr x1, string
        0xd2800002,                        # mov x2, #0
        0x38626823,                        # next: ldrb w3, [x1, x2]
        0x34000063,                        # cbz w3, write
        0x91000442,                        # add x2, x2, #1
        0x17fffffd,                        # b next
        0xd2800020,                        # write: mov x0, #1
        0xd2800808,                        # mov x8, #64
        0xd4000001)                        # svc #0


CODE = {
    'linux-64': (
        _x86_64,
        b'\x31\xff'                        # xor edi, edi
        b'\xb8\x3c\x00\x00\x00'            # mov eax, 60
        b'\x0f\x05'),                      # syscall
    'linux-aarch64': (
        _aarch64,
        struct.pack('<3I', 0xd2800000, 0xd2800ba8, 0xd4000001)),  # exit(0)
}

"""RAR archives of versions 4 and 5, all stored: no free program writes them, and these few bytes are all it takes."""

import stat
import struct
import zlib


def _crc16(data):
    return struct.pack("<H", zlib.crc32(data) & 0xFFFF)


def _block4(kind, flags, rest):
    body = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
    return _crc16(body) + body


def _vint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _block5(kind, flags, rest):
    body = _vint(kind) + _vint(flags) + rest
    body = _vint(len(body)) + body
    return struct.pack("<I", zlib.crc32(body)) + body


def _mode(name, link):
    return stat.S_IFLNK | 0o777 if link else stat.S_IFDIR | 0o755 if name.endswith("/") else stat.S_IFREG | 0o644


def rar4(members, size=None):
    """Members are (name, content) or, of a link, (name, target, True); a folder's name ends with "/". `size`: what they say they
    unpack to, in place of what they do."""
    out = b"Rar!\x1a\x07\x00" + _block4(0x73, 0, bytes(6))
    for name, data, *link in members:
        data = data.encode() if link else data
        label = name.rstrip("/").encode()
        unpacked = len(data) if size is None else size
        head = struct.pack("<IIBIIBBHI", len(data), unpacked, 3, zlib.crc32(data), 0x50000000, 20, 0x30, len(label),
                           _mode(name, link))
        out += _block4(0x74, 0x8000 | (0xE0 if name.endswith("/") else 0), head + label) + data
    return out + _block4(0x7B, 0x4000, b"")


def rar5(members, size=None):
    out = b"Rar!\x1a\x07\x01\x00" + _block5(1, 0, _vint(0))
    for name, data, *link in members:
        label = name.rstrip("/").encode()
        extra = b""
        if link:
            extra = _vint(5) + _vint(1) + _vint(0) + _vint(len(data)) + data.encode()
            extra, data = _vint(len(extra)) + extra, b""
        head = _vint(len(extra)) if extra else b""
        head += _vint(len(data))
        head += _vint(1 if name.endswith("/") else 4) + _vint(len(data) if size is None else size) + _vint(_mode(name, link))
        head += b"" if name.endswith("/") else struct.pack("<I", zlib.crc32(data))
        head += _vint(0) + _vint(1) + _vint(len(label)) + label
        out += _block5(2, 2 | (1 if extra else 0), head + extra) + data
    return out + _block5(5, 0, _vint(0))

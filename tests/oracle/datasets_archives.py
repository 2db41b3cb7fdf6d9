"""datasets_archives: archives of all kinds, unpacked by torchvision, and such as nobody should unpack."""

import bz2
import gzip
import io
import lzma
import random
import shutil
import struct
import tarfile
import zipfile

from oracle import case, out_dir, run
from support.rar import rar4, rar5
from torchvision.datasets.utils import calculate_md5, extract_archive

_root = out_dir() / "datasets_archives"
_files = {"a/one.txt": b"one\n", "a/b/two.bin": bytes(range(256)) * 400, "a/b/empty": b"", "top.txt": b"top",
          "\u00e4/\u4e16\u754c.txt": b"unicode"}


def _folder(name):
    path = _root / name
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def _tar(path, mode, members, content=b"evil"):
    """Members are names, or whole TarInfo."""
    with tarfile.open(path, mode) as tar:
        for member in members:
            info = member
            data = content
            if not isinstance(member, tarfile.TarInfo):
                name, data = member if isinstance(member, tuple) else (member, content)
                info = tarfile.TarInfo(name)
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return path


def _zip(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def _info(name, type, linkname=""):
    info = tarfile.TarInfo(name)
    info.type = type
    info.linkname = linkname
    return info


def _sparse_tar(path, size=100_000):
    """As GNU tar -S writes it: 512 bytes that are stored, then a hole up to the file's end."""
    info = tarfile.TarInfo("holes.bin")
    info.size = 512
    info.type = tarfile.GNUTYPE_SPARSE
    head = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    head[386:410] = b"%011o\0%011o\0" % (0, 512)
    head[410:434] = b"%011o\0%011o\0" % (size, 0)
    head[483:495] = b"%011o\0" % size
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    path.write_bytes(bytes(head) + b"x" * 512 + bytes(1024))


@case("datasets_archives/good", kind=[".tar.gz", ".tar", ".tgz", ".tar.bz2", ".tar.xz", ".zip", ".stored.zip", ".links.tar",
                                      ".sparse.tar"])
def good(kind):
    folder = _folder("good" + kind)
    archive = folder / ("archive" + kind)
    if kind.endswith(".zip"):
        members = [("a/", b""), *_files.items()]
        _zip(archive, members, zipfile.ZIP_STORED if "stored" in kind else zipfile.ZIP_DEFLATED)
    elif "sparse" in kind:
        _sparse_tar(archive)
    else:
        mode = "w:" + {".tar.gz": "gz", ".tgz": "gz", ".tar.bz2": "bz2", ".tar.xz": "xz"}.get(kind, "")
        members = [_info("a", tarfile.DIRTYPE), *_files.items()]
        if "links" in kind:
            members += [_info("a/link", tarfile.SYMTYPE, "../top.txt"), _info("to_b", tarfile.SYMTYPE, "a/b"),
                        _info("a/hard", tarfile.LNKTYPE, "a/one.txt"), _info("./dot.txt", tarfile.REGTYPE)]
        _tar(archive, mode, members)
    extract_archive(str(archive), str(folder / "expected"))
    return {"archive": str(archive), "expected": str(folder / "expected")}


@case("datasets_archives/rar", version=[4, 5])
def rar(version):
    """torchvision reads none; what is in it is known."""
    plain = [(name, data) for name, data in _files.items() if name.isascii()]
    members = [("a/", b""), *plain, ("a/link", "../top.txt", True)]
    if version == 5:  # names of version 4 have an encoding of their own, besides
        members.append(("\u00e4/\u4e16\u754c.txt", b"unicode"))
    folder = _folder(f"rar{version}")
    archive = folder / "archive.rar"
    archive.write_bytes((rar4 if version == 4 else rar5)(members))
    for name, data, *link in members:
        path = folder / "expected" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
        elif link:
            path.symlink_to(data)
        else:
            path.write_bytes(data)
    return {"archive": str(archive), "expected": str(folder / "expected")}


def _lying_zip(path):
    """The directory says 10 bytes, the file has more."""
    _zip(path, [("a.txt", b"x" * 5000)])
    data = bytearray(path.read_bytes())
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = data.index(signature) + at
        data[place : place + 4] = struct.pack("<I", 10)
    path.write_bytes(data)


_hostile = {
    "dotdot.tar": ("leads out", lambda p: _tar(p, "w", ["../../evil.txt"])),
    "inner_dotdot.tar": ("leads out", lambda p: _tar(p, "w", ["a/../../evil.txt"])),
    "absolute.tar": ("absolute", lambda p: _tar(p, "w", ["/tmp/opsis-evil.txt"])),
    "dotdot.zip": ("leads out", lambda p: _zip(p, [("../evil.txt", b"evil")])),
    "absolute.zip": ("absolute", lambda p: _zip(p, [("/tmp/opsis-evil.txt", b"evil")])),
    "absolute_link.tar": ("absolute", lambda p: _tar(p, "w", [_info("etc", tarfile.SYMTYPE, "/etc")])),
    "link_out.tar": ("leads out", lambda p: _tar(p, "w", [_info("a/up", tarfile.SYMTYPE, "../../..")])),
    "through_link.tar": ("stands where another entry does", lambda p: _tar(p, "w", [_info("up", tarfile.SYMTYPE, ".."), "up/evil.txt"])),
    # Each link stays inside as it is written, the two together do not.
    "chained.tar": ("leads out", lambda p: _tar(p, "w", [
        _info("d/e", tarfile.DIRTYPE), _info("d/e/l", tarfile.SYMTYPE, "../.."), _info("m", tarfile.SYMTYPE, "d/e/l/../x")])),
    "hard_out.tar": ("leads out", lambda p: _tar(p, "w", [_info("h", tarfile.LNKTYPE, "../../etc/passwd")])),
    "hard_nowhere.tar": ("links to what is not there", lambda p: _tar(p, "w", [_info("h", tarfile.LNKTYPE, "none")])),
    # The second stands in a folder that the third takes away, so that it would be made through the link that comes instead.
    "planted_link.tar": ("lies behind a link", lambda p: _tar(p, "w", [
        _info("a", tarfile.SYMTYPE, "../.."), _info("a/b", tarfile.SYMTYPE, "x"), _info("a", tarfile.SYMTYPE, "../..")])),
    "circle.tar": ("leads nowhere", lambda p: _tar(p, "w", [_info("a", tarfile.SYMTYPE, "b"), _info("b", tarfile.SYMTYPE, "a")])),
    "file_as_folder.tar": ('entry "a/b": it cannot be written', lambda p: _tar(p, "w", ["a", "a/b"])),
    "folder_as_file.tar": ('entry "a": it cannot be written', lambda p: _tar(p, "w", ["a/b", "a"])),
    "long_name.tar": ("it cannot be written: File name too long", lambda p: _tar(p, "w", ["n" * 300])),
    "deep.tar": ("deeper than 100 folders", lambda p: _tar(p, "w", ["a/" * 2000 + "b"])),
    "plain.gz": ("it is not compressed", lambda p: p.write_bytes(b"<html>not found</html>")),
    "device.tar": ("neither a file", lambda p: _tar(p, "w", [_info("null", tarfile.CHRTYPE)])),
    "pipe.tar": ("neither a file", lambda p: _tar(p, "w", [_info("pipe", tarfile.FIFOTYPE)])),
    "lying.zip": ("lying.zip", _lying_zip),
    **{f"{version}_{name}.rar": (reason, lambda p, write=write, make=make: p.write_bytes(make(write)))
       for version, write in (("4", rar4), ("5", rar5)) for name, (reason, make) in {
           "dotdot": ("leads out", lambda rar: rar([("a.txt", b"a"), ("../evil.txt", b"evil")])),
           "absolute": ("absolute", lambda rar: rar([("/tmp/opsis-evil.txt", b"evil")])),
           "absolute_link": ("absolute", lambda rar: rar([("etc", "/etc", True)])),
           "link_out": ("leads out", lambda rar: rar([("up", "../..", True)])),
           "file_as_folder": ('entry "a/b": it cannot be written', lambda rar: rar([("a", b"a"), ("a/b", b"b")])),
           "lying": ("it has 5000 bytes and says 10", lambda rar: rar([("a.txt", b"x" * 5000)], size=10)),
           "long": ("it has 5000 bytes and says 2147483648", lambda rar: rar([("a.txt", b"x" * 5000)], size=1 << 31)),
           # No wrong checksum: libarchive 3.6.2 compares none of what is stored, and does not tell it either.
           "cut": (".rar", lambda rar: rar([("a.txt", b"x" * 5000)])[:-2000]),
       }.items()},
}


@case("datasets_archives/hostile", kind=list(_hostile))
def hostile(kind):
    reason, make = _hostile[kind]
    path = _folder("hostile_" + kind) / kind
    make(path)
    return {"archive": str(path), "reason": reason}


@case("datasets_archives/bomb")
def bomb():
    folder = _folder("bomb")
    zeros = bytes(8 << 20)
    (folder / "zeros.gz").write_bytes(gzip.compress(zeros))
    _tar(folder / "zeros.tar.gz", "w:gz", [("zeros", zeros)])
    _tar(folder / "many.tar", "w", [(f"{i}.txt", b"the same in each file\n") for i in range(10)])
    (folder / "tail.tar.gz").write_bytes(gzip.compress((folder / "many.tar").read_bytes() + zeros))
    (folder / "zeros.rar").write_bytes(rar5([("zeros", zeros)]))
    return {"rar": str(folder / "zeros.rar"), "zip": str(_zip(folder / "zeros.zip", [("zeros", zeros)])), "gz": str(folder / "zeros.gz"),
            "tar": str(folder / "zeros.tar.gz"), "many": str(folder / "many.tar"), "tail": str(folder / "tail.tar.gz")}


@case("datasets_archives/classes")
def classes():
    """Files in folders of classes, each with a content of its own that does not compress."""
    folder = _folder("classes")
    draw = random.Random(0)
    members = [(f"photos/class{c}/{i}.png", draw.randbytes(3000)) for c in range(4) for i in range(25)]
    archive = _tar(folder / "photos.tar.gz", "w:gz", members)
    extract_archive(str(archive), str(folder / "expected"))
    return {"archive": str(archive), "md5": calculate_md5(archive), "expected": str(folder / "expected")}


@case("datasets_archives/compressed", kind=["gz", "bz2", "xz", "txt"], content=["some text\n" * 1000, "", "a"])
def compressed(kind, content):
    folder = _root / "compressed"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(content)}.{kind}"
    pack = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "txt": lambda b: b}[kind]
    path.write_bytes(pack(content.encode()))
    return {"file": str(path)}


run(__file__)

"""What the oracle's modules of codecs share: how a picture becomes planes, how the modes convert it, TIFFs by hand."""

import functools
import io
import struct
import zlib

import numpy
import torch
from PIL import Image, ImageOps
from support import pictures
from support.pictures import tensor
from torchvision.io import ImageReadMode, decode_png

MODES = list(ImageReadMode)
photo = functools.partial(pictures.photo, noise=0.03)


def planes(picture):
    """(H, W), (H, W, C) or (T, H, W, C) of any order of bytes as a tensor with the channels in front."""
    picture = picture[..., None] if picture.ndim == 2 else picture
    return torch.from_numpy(numpy.ascontiguousarray(picture.astype(picture.dtype.newbyteorder("=")))).movedim(-1, -3)


def png_of(picture):
    """A PNG of 8 or 16 bits by hand, since PIL writes few kinds of 16."""
    height, width, channels = picture.shape

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    bits = picture.dtype.itemsize * 8
    rows = b"".join(b"\0" + row.astype(f">u{bits // 8}").tobytes() for row in picture)
    head = struct.pack(">IIBBBBB", width, height, bits, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def converted(picture, mode):
    """The picture in a mode, as torchvision converts a PNG of it."""
    picture = picture[..., None] if picture.ndim == 2 else picture
    return decode_png(tensor(png_of(picture)), mode)


def opened(content, mode=None):
    image = Image.open(io.BytesIO(content))
    return planes(numpy.asarray(image.convert(mode) if mode else image))


def transposed(picture, orientation):
    """The picture as it is upright, by PIL."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(picture).save(out, "PNG", exif=exif)
    return planes(numpy.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(out.getvalue())))))


def tiff_of(pages, order="<", planar=False, tile=None, rows_per_strip=None, photometric=None, tags=(), big=False):
    """Uncompressed TIFFs by hand: any numbers, planes, tiles, BigTIFF."""
    out = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "HHHQ" if big else order + "HI", *((43, 8, 0, 16) if big else (42, 8))))
    link = len(out) - (8 if big else 4)
    offset_type, offset_size = ("Q", 8) if big else ("I", 4)
    for page in pages:
        page = page[..., None] if page.ndim == 2 else page
        height, width, samples = page.shape
        data = page.astype(page.dtype.newbyteorder(order))
        parts = [data[..., i : i + 1] for i in range(samples)] if planar else [data]
        chunks = []
        for part in parts:
            if tile:
                for y in range(0, height, tile):
                    for x in range(0, width, tile):
                        block = numpy.zeros((tile, tile, part.shape[2]), part.dtype)
                        piece = part[y : y + tile, x : x + tile]
                        block[: piece.shape[0], : piece.shape[1]] = piece
                        chunks.append(block.tobytes())
            else:
                step = rows_per_strip or height
                chunks += [part[y : y + step].tobytes() for y in range(0, height, step)]
        offsets = []
        for chunk in chunks:
            offsets.append(len(out))
            out += chunk + b"\0" * (len(chunk) % 2)
        kind = {"u": 1, "i": 2, "f": 3}[page.dtype.kind]
        color = photometric if photometric is not None else (2 if samples in (3, 4) else 1)
        extra = samples - (3 if color == 2 else 4 if color == 5 else 1)
        entries = {256: [4, [width]], 257: [4, [height]], 258: [3, [page.dtype.itemsize * 8] * samples], 259: [3, [1]],
                   262: [3, [color]], 277: [3, [samples]], 284: [3, [2 if planar else 1]], 339: [3, [kind] * samples]}
        if extra > 0:
            entries[338] = [3, [2 if extra == 1 else 0] * extra]
        if tile:
            entries |= {322: [4, [tile]], 323: [4, [tile]], 324: [4, offsets], 325: [4, [len(c) for c in chunks]]}
        else:
            entries |= {273: [4, offsets], 278: [4, [rows_per_strip or height]], 279: [4, [len(c) for c in chunks]]}
        entries |= dict(tags)
        table = b""
        for tag, (type, values) in sorted(entries.items()):
            packed = struct.pack(f"{order}{len(values)}{'H' if type == 3 else 'I'}", *values)
            if len(packed) <= offset_size:
                packed = packed.ljust(offset_size, b"\0")
            else:
                place = len(out)
                out += packed + b"\0" * (len(packed) % 2)
                packed = struct.pack(order + offset_type, place)
            table += struct.pack(order + ("HHQ" if big else "HHI"), tag, type, len(values)) + packed
        struct.pack_into(order + offset_type, out, link, len(out))
        out += struct.pack(order + ("Q" if big else "H"), len(entries)) + table
        link = len(out)
        out += b"\0" * offset_size
    return bytes(out)


def saved_pages(pages, **options):
    images = [Image.fromarray(page) for page in pages]
    out = io.BytesIO()
    images[0].save(out, "TIFF", save_all=True, append_images=images[1:], **options)
    return out.getvalue()

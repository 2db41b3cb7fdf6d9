"""io: pictures written beside the results, and what torchvision makes of them."""

import contextlib
import os
import struct
import warnings
import zlib

import numpy
import torch
from oracle import case, fails, run
from PIL import Image
from support.pictures import photo, saved, tensor, written
from torchvision.io import ImageReadMode, decode_image, decode_jpeg, decode_png, encode_jpeg, encode_png

warnings.simplefilter("ignore")  # torchvision's note that its codecs move to torchcodec

MODES = list(ImageReadMode)


@contextlib.contextmanager
def silence():
    """Keeps what libjpeg and libpng print about bad files out of the test's log."""
    kept = os.dup(2)
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def verdict(name, decode):
    """What torchvision gives for a file, or that it refuses."""
    if fails(decode):
        return {"file": name, "refused": True}
    return {"file": name, "refused": False, "expected": decode()}


# JPEG


def ycck():
    """PIL writes CMYK; the byte of Adobe's segment that names the color transform makes it YCCK."""
    content = bytearray(saved(photo(37, 50, 4), "JPEG", "CMYK"))
    content[content.index(b"Adobe") + 11] = 2
    return bytes(content)


JPEGS = {
    "gray": lambda: saved(photo(37, 50, 1), "JPEG"),
    "ycc420": lambda: saved(photo(37, 50), "JPEG", subsampling="4:2:0"),
    "ycc422": lambda: saved(photo(37, 50), "JPEG", subsampling="4:2:2"),
    "ycc444": lambda: saved(photo(37, 50), "JPEG", subsampling="4:4:4"),
    "rgb": lambda: saved(photo(37, 50), "JPEG", keep_rgb=True),
    "cmyk": lambda: saved(photo(37, 50, 4), "JPEG", "CMYK"),
    "ycck": ycck,
    "progressive": lambda: saved(photo(37, 50), "JPEG", progressive=True),
    "progressive_gray": lambda: saved(photo(37, 50, 1), "JPEG", progressive=True),
    "restarts": lambda: saved(photo(37, 50), "JPEG", restart_marker_blocks=2),
    "one_pixel": lambda: saved(photo(1, 1), "JPEG"),
    "one_row": lambda: saved(photo(1, 33), "JPEG"),
    "photo": lambda: saved(photo(375, 500), "JPEG", quality=90),
    "photo_progressive": lambda: saved(photo(333, 251), "JPEG", quality=60, progressive=True),
}


@case("io/jpeg", kind=list(JPEGS), mode=MODES)
def jpeg(kind, mode):
    name = f"{kind}.jpg"
    data = written(name, JPEGS[kind]())
    return verdict(name, lambda: decode_jpeg(data, mode))


def parts_of(content):
    """A gray JPEG's tables and scan."""
    at, found = 2, {}
    while True:
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        segment = content[at : at + 2 + length]
        if marker == 0xDA:
            return found, content[at + len(segment) : -2]
        found[marker] = found.get(marker, b"") + segment
        at += len(segment)


def in_scans(height, width, sampling, markers=b""):
    """A JPEG of any number of components, each in a scan of its own that a gray JPEG lends."""
    across, down = max(h for h, _ in sampling), max(v for _, v in sampling)
    frame, scans = b"", b""
    for number, (h, v) in enumerate(sampling, 1):
        part = photo(-(-height * v // down) + number, -(-width * h // across) + number, 1)[number:, number:]
        tables, scan = parts_of(saved(part, "JPEG", quality=85))
        frame += bytes([number, h << 4 | v, 0])
        scans += b"\xff\xda\0\x08\1" + bytes([number, 0, 0, 63, 0]) + scan
    head = b"\xff\xc0" + struct.pack(">HBHHB", 8 + len(frame), 8, height, width, len(sampling)) + frame
    return b"\xff\xd8" + markers + tables[0xDB] + head + tables[0xC4] + scans + b"\xff\xd9"


def interleaved(sampling):
    """A JPEG whose frame header lies about the sampling: what it shows is noise, but all of it is decoded."""
    content = bytearray(saved(photo(67, 93), "JPEG", subsampling="4:4:4", quality=95))
    at = content.index(b"\xff\xc0") + 10
    for number, (h, v) in enumerate(sampling):
        content[at + 3 * number + 1] = h << 4 | v
    return bytes(content)


def adobe(transform):
    return b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform])


def without_last_scans(content, count):
    for _ in range(count):
        content = content[: content.rindex(b"\xff\xda")]
    return content + b"\xff\xd9"


SAMPLINGS = ["11 11 11", "21 11 11", "12 11 11", "22 11 11", "41 11 11", "14 11 11", "42 11 11", "22 21 11", "22 12 21",
             "11 22 22", "11 21 12", "31 11 11", "44 11 11", "22 11 22"]
SAMPLED = {}
for title in SAMPLINGS:
    pairs = [(int(pair[0]), int(pair[1])) for pair in title.split()]
    SAMPLED["scans_" + title.replace(" ", "_")] = lambda p=pairs: in_scans(67, 93, p)
    SAMPLED["interleaved_" + title.replace(" ", "_")] = lambda p=pairs: interleaved(p)
SAMPLED |= {
    "two_components": lambda: in_scans(37, 50, [(1, 1)] * 2),
    "two_components_sampled": lambda: in_scans(37, 50, [(2, 2), (1, 1)]),
    "four_components": lambda: in_scans(37, 50, [(1, 1)] * 4),
    "four_components_sampled": lambda: in_scans(37, 50, [(2, 2), (1, 1), (1, 1), (2, 2)]),
    "five_components": lambda: in_scans(37, 50, [(1, 1)] * 5),
    "adobe_rgb": lambda: in_scans(37, 50, [(1, 1)] * 3, adobe(0)),
    "adobe_ycc": lambda: in_scans(37, 50, [(2, 2), (1, 1), (1, 1)], adobe(1)),
    "adobe_unknown_of_3": lambda: in_scans(37, 50, [(1, 1)] * 3, adobe(7)),
    "adobe_cmyk": lambda: in_scans(37, 50, [(1, 1)] * 4, adobe(0)),
    "adobe_ycck": lambda: in_scans(37, 50, [(2, 1), (1, 1), (1, 1), (2, 1)], adobe(2)),
    "adobe_unknown_of_4": lambda: in_scans(37, 50, [(1, 1)] * 4, adobe(1)),
    "progressive_cmyk": lambda: saved(photo(37, 50, 4), "JPEG", "CMYK", progressive=True),
    "progressive_cut": lambda: without_last_scans(saved(photo(167, 150), "JPEG", progressive=True), 3),
    "progressive_only_dc": lambda: without_last_scans(saved(photo(167, 150), "JPEG", progressive=True), 9),
    "progressive_422": lambda: saved(photo(67, 93), "JPEG", progressive=True, subsampling="4:2:2", restart_marker_blocks=3),
    "optimized": lambda: saved(photo(67, 93), "JPEG", optimize=True, quality=30),
    "sixteen_high": lambda: saved(photo(16, 128), "JPEG"),
}


@case("io/jpeg_sampled", kind=list(SAMPLED), mode=[ImageReadMode.UNCHANGED, ImageReadMode.GRAY, ImageReadMode.RGB])
def jpeg_sampled(kind, mode):
    name = f"{kind}.jpg"
    data = written(name, SAMPLED[kind]())
    with silence():
        return verdict(name, lambda: decode_jpeg(data, mode))


@case("io/encode_jpeg", shape=[(1, 1, 1), (1, 33, 20), (3, 37, 50), (3, 375, 500)], quality=[1, 50, 75, 95, 100])
def encode_to_jpeg(shape, quality):
    image = torch.from_numpy(photo(shape[1], shape[2], shape[0])).permute(2, 0, 1)
    return {"image": image, "expected": encode_jpeg(image, quality)}


# PNG


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def filtered(row, above, pixel_bytes, filter):
    """A row as one of PNG's five filters stores it."""
    row, above = [numpy.frombuffer(r, numpy.uint8).astype(numpy.int64) for r in (row, above)]
    left, above_left = [numpy.concatenate([numpy.zeros(pixel_bytes, numpy.int64), r])[: len(r)] for r in (row, above)]
    estimate = left + above - above_left
    distances = numpy.stack([abs(estimate - guess) for guess in (left, above, above_left)])
    paeth = numpy.choose(distances.argmin(0), [left, above, above_left])
    guess = [0, left, above, (left + above) // 2, paeth][filter]
    return bytes([filter]) + ((row - guess) % 256).astype(numpy.uint8).tobytes()


def rows_of(picture, bits, filters=(0,)):
    above = None
    for number, row in enumerate(picture):
        if bits == 16:
            packed = row.astype(">u2").tobytes()
        else:
            numbers = numpy.unpackbits(row.astype(numpy.uint8).reshape(-1, 1), axis=1)[:, 8 - bits :]
            packed = numpy.packbits(numbers.reshape(-1)).tobytes()
        above = above or bytes(len(packed))
        yield filtered(packed, above, max(1, picture.shape[2] * bits // 8), filters[number % len(filters)])
        above = packed


def png_bytes(picture, bits, color_type, interlaced=False, chunks=b"", filters=(0,), chunk_size=None):
    """A PNG by hand, since PIL writes few of its kinds."""
    height, width, _ = picture.shape
    parts = [picture[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [picture]
    raw = b"".join(row for part in parts if part.size for row in rows_of(part, bits, filters))
    head = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, int(interlaced))
    data = zlib.compress(raw)
    size = chunk_size or len(data)
    pixels = b"".join(chunk(b"IDAT", data[at : at + size]) for at in range(0, len(data), size))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunks + pixels + chunk(b"IEND", b"")


GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}


def palette(bits, transparent):
    colors = numpy.random.RandomState(bits).randint(0, 256, 3 * 2**bits).astype(numpy.uint8).tobytes()
    return chunk(b"PLTE", colors) + (chunk(b"tRNS", bytes(range(0, 2**bits, 2))) if transparent else b"")


def made(color_type, bits, interlaced=False, transparent=False, chunks=b"", size=(19, 23), **options):
    picture = photo(*size, CHANNELS[color_type], 16) >> (16 - bits)
    if color_type == PALETTE:
        chunks += palette(bits, transparent)
    return png_bytes(picture, bits, color_type, interlaced, chunks, **options)


PNGS = {}
for title, color_type, depths in [("gray", GRAY, [1, 2, 4, 8, 16]), ("gray_alpha", GRAY_ALPHA, [8, 16]), ("rgb", RGB, [8, 16]),
                                  ("rgb_alpha", RGB_ALPHA, [8, 16]), ("palette", PALETTE, [1, 2, 4, 8])]:
    for bits in depths:
        for interlaced in [False, True]:
            name = f"{title}{bits}" + ("_interlaced" if interlaced else "")
            PNGS[name] = lambda c=color_type, b=bits, i=interlaced: made(c, b, i)
            if color_type == PALETTE:
                PNGS[name + "_transparent"] = lambda c=color_type, b=bits, i=interlaced: made(c, b, i, True)
FILTERS = [0, 1, 2, 3, 4, 4, 3, 1, 1, 3, 3, 4, 1, 4, 2, 1, 0]  # each alone, and each pair of those that look to the left
for title, color_type in [("gray", GRAY), ("gray_alpha", GRAY_ALPHA), ("rgb", RGB), ("rgb_alpha", RGB_ALPHA), ("palette", PALETTE)]:
    for bits in [8] if color_type == PALETTE else [8, 16]:
        PNGS[f"{title}{bits}_filtered" + ("_transparent" if color_type == PALETTE else "")] = lambda c=color_type, b=bits: made(c, b, False, c == PALETTE, filters=FILTERS, size=(36, 23))
for number in range(5):
    PNGS[f"rgb8_filter_{number}"] = lambda n=number: made(RGB, 8, filters=[n], chunk_size=100)
    PNGS[f"rgb8_filter_{number}_narrow"] = lambda n=number: made(RGB, 8, filters=[n], size=(5, 1))
    PNGS[f"palette4_filter_{number}_transparent"] = lambda n=number: made(PALETTE, 4, True, True, filters=[n])
PNGS["rgb8_two_wide"] = lambda: made(RGB, 8, filters=FILTERS, size=(36, 2))
PNGS["rgb8_one_high"] = lambda: made(RGB, 8, filters=[4], size=(1, 200), chunk_size=1)
PNGS["gray8_with_trns"] = lambda: made(GRAY, 8, chunks=chunk(b"tRNS", b"\0\x80"))
PNGS["gray2_with_trns"] = lambda: made(GRAY, 2, chunks=chunk(b"tRNS", b"\0\1"))
PNGS["rgb8_with_trns"] = lambda: made(RGB, 8, chunks=chunk(b"tRNS", b"\0\x80\0\x10\0\x20"))
PNGS["rgb8_with_gamma"] = lambda: made(RGB, 8, chunks=chunk(b"gAMA", struct.pack(">I", 45455)))
PNGS["rgb16_with_srgb"] = lambda: made(RGB, 16, chunks=chunk(b"sRGB", b"\0"))
TEXTS = chunk(b"tEXt", b"Title\0x") + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"y" * 99))
PNGS["rgb8_with_text"] = lambda: made(RGB, 8, chunks=TEXTS)
PNGS["one_pixel"] = lambda: made(RGB, 8, size=(1, 1))
PNGS["one_pixel_interlaced"] = lambda: made(GRAY, 1, True, size=(1, 1))
PNGS["photo"] = lambda: saved(photo(240, 321), "PNG")


def unwritten(kind, mode):
    """Where torchvision returns memory that it never wrote, so that there is nothing to be equal to."""
    if not kind.startswith("palette"):
        return False
    if mode == ImageReadMode.UNCHANGED:
        return not kind.startswith("palette8")  # packed indices in the first bytes of each row
    return mode in (ImageReadMode.GRAY_ALPHA, ImageReadMode.RGB_ALPHA) and not kind.endswith("transparent")


@case("io/png", kind=list(PNGS), mode=MODES)
def png(kind, mode):
    name = f"{kind}.png"
    data = written(name, PNGS[kind]())
    if unwritten(kind, mode):
        out = {"file": name, "unwritten": True, "refused": False}
        if mode == ImageReadMode.UNCHANGED:
            bits = int(kind[len("palette")])
            return out | {"expected": torch.from_numpy((photo(19, 23, 1, 16) >> (16 - bits)).astype(numpy.uint8)).permute(2, 0, 1)}
        without = decode_png(data, ImageReadMode.RGB if mode == ImageReadMode.RGB_ALPHA else ImageReadMode.GRAY)
        return out | {"expected": torch.cat([without, torch.full_like(without[:1], 255)])}
    return {"unwritten": False} | verdict(name, lambda: decode_png(data, mode))


@case("io/encode_png", shape=[(1, 1, 1), (1, 33, 20), (3, 37, 50)], level=list(range(10)))
def encode_to_png(shape, level):
    image = torch.from_numpy(photo(shape[1], shape[2], shape[0])).permute(2, 0, 1)
    return {"image": image, "bytes": encode_png(image, level), "expected": decode_png(encode_png(image, level))}


# EXIF


def exif_block(orientation, order="<", entries_before=0, type=3):
    entry = struct.pack(order + "HHI", 0x0112, type, 1) + struct.pack(order + ("H2x" if type == 3 else "I"), orientation)
    before = b"".join(struct.pack(order + "HHII", 0x0100 + i, 4, 1, 7) for i in range(entries_before))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, entries_before + 1)
    return head + before + entry + b"\0\0\0\0"


def with_app1(content, *segments):
    inserted = b"".join(b"\xff\xe1" + struct.pack(">H", len(s) + 2) + s for s in segments)
    return content[:2] + inserted + content[2:]


def with_exif(format, block):
    if format == "jpg":
        return with_app1(saved(photo(11, 17), "JPEG"), b"Exif\0\0" + block)
    return made(RGB if format == "png" else GRAY_ALPHA, 8 if format == "png" else 16, size=(11, 17), chunks=chunk(b"eXIf", block))


ORIENTATIONS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 65535]


@case("io/exif", format=["jpg", "png", "png16"], orientation=ORIENTATIONS, order=["<", ">"], apply=[True, False])
def exif(format, orientation, order, apply):
    name = f"exif_{format}_{orientation}_{'little' if order == '<' else 'big'}.{format[:3]}"
    data = written(name, with_exif(format, exif_block(orientation, order, entries_before=2)))
    return {"file": name, "expected": decode_image(data, apply_exif_orientation=apply)}


BLOCKS = {
    "empty": b"",
    "only_order": b"II",
    "wrong_magic": b"II+\0" + exif_block(6)[4:],
    "offset_beyond": b"II*\0\xff\xff\xff\xff",
    "offset_at_end": b"II*\0\x08\0\0\0",
    "more_entries_than_bytes": exif_block(6)[:8] + b"\xff\xff" + exif_block(1)[10:],
    "entry_cut": exif_block(6)[:-8],
}


def with_two(format, first, second):
    if format == "jpg":
        return with_app1(with_exif("jpg", exif_block(second)), b"Exif\0\0" + exif_block(first))
    chunks = b"".join(chunk(b"eXIf", exif_block(orientation)) for orientation in (first, second))
    return made(RGB, 8, size=(11, 17), chunks=chunks)


ODD_EXIF = {f"{kind}.jpg": with_exif("jpg", block) for kind, block in BLOCKS.items()} | {
    "xmp_first.jpg": with_app1(
        saved(photo(11, 17), "JPEG"), b"http://ns.adobe.com/xap/1.0/\0<x/>", b"Exif\0\0" + exif_block(6)
    ),
    "not_exif.jpg": with_app1(saved(photo(11, 17), "JPEG"), b"Exi"),
}
ODD_EXIF |= {
    f"{first}_then_{second}.{format}": with_two(format, first, second)
    for format in ("jpg", "png") for first, second in ((1, 6), (6, 1), (0, 3), (3, 8))
}


@case("io/exif_odd", kind=list(ODD_EXIF))
def exif_odd(kind):
    name = f"exif_{kind}"
    data = written(name, ODD_EXIF[kind])
    return {"file": name, "expected": decode_image(data, apply_exif_orientation=True)}


@case("io/exif_claims", behind=[False, True])
def exif_claims(behind):
    """A block that says to be longer than the file, before the pixels or behind them. The fuzzers begin from it too."""
    claim = struct.pack(">I", 0x27000000) + b"eXIf" + exif_block(6)
    data = made(RGB, 8, size=(7, 9))
    at = data.index(b"IEND" if behind else b"IDAT") - 4
    name = f"exif_claims_{'behind' if behind else 'before'}.png"
    lying = written(name, data[:at] + claim + data[at:])
    return {"file": name, "refused": fails(lambda: decode_image(lying))}


# Bad input


def small(kind):
    if kind == "png":
        return made(RGB, 8, size=(7, 9))
    if kind == "png_interlaced":
        return made(PALETTE, 4, True, True, size=(7, 9))
    return saved(photo(13, 17), "JPEG", quality=50, progressive=kind == "jpeg_progressive")


@case("io/truncated", kind=["jpeg", "jpeg_progressive", "png", "png_interlaced"])
def truncated(kind):
    """For each length but 0: whether torchvision refuses that much of the file."""
    name = f"small_{kind}.{kind[:4].strip('_')}"
    data = written(name, small(kind))
    with silence():
        refused = [fails(lambda: decode_image(data[:length].clone())) for length in range(1, len(data) + 1)]
    return {"file": name, "refused": torch.tensor(refused)}


@case("io/flipped", kind=["jpeg", "jpeg_progressive"], mask=list(range(1, 256)) if os.environ.get("OPSIS_EVERY_CHANGE") == "1" else [0x01, 0xFF])
def flipped(kind, mask):
    """For each byte, changed: whether torchvision refuses, and the sum of the pixels if not. JPEG only: on changed PNG files
    torchvision 0.29.2 ends the process."""
    name = f"small_{kind}.jpeg"
    data = written(name, small(kind))
    refused, sums = [], []
    for place in range(len(data)):
        changed = data.clone()
        changed[place] ^= mask
        with silence():
            refused.append(fails(lambda: decode_image(changed)))
            sums.append(-1 if refused[-1] else int(decode_image(changed).to(torch.int64).sum()))
    return {"file": name, "refused": torch.tensor(refused), "sums": torch.tensor(sums)}


def claiming(content, height, width):
    """A JPEG whose frame header lies about its size."""
    at = next(content.index(m) for m in (b"\xff\xc0", b"\xff\xc2") if m in content) + 5
    return content[:at] + struct.pack(">HH", height, width) + content[at + 4 :]


def with_scans(count):
    """A progressive JPEG whose last scan comes again and again."""
    content = saved(photo(32, 32, 1), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * count + content[-2:]


def png_claiming(height, width):
    head = struct.pack(">IIBBBBB", width, height, 8, GRAY, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def gif_of_small_frames(height, width, count):
    """Some frames of a pixel each, on a large canvas."""
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame * count + b";"


def stream_of_32_distances():
    """The rows of a gray picture of 8x8 in a deflate block of codes for 32 distances, of which there are 30: libdeflate takes it, zlib does not."""
    bits = []

    def put(value, count):
        bits.extend(value >> i & 1 for i in range(count))

    def put_code(value, count):  # codes begin with their highest bit
        bits.extend(value >> i & 1 for i in reversed(range(count)))

    put(1, 1), put(2, 2)  # the last block, with codes of its own
    order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1]
    put(257 - 257, 5), put(32 - 1, 5), put(len(order) - 4, 4)
    codes = {symbol: i for i, symbol in enumerate([0, 1, 5, 18])}  # of the lengths, two bits each
    for symbol in order:
        put(2 if symbol in codes else 0, 3)
    put_code(codes[1], 2)  # a zero is one bit long
    for zeros in (138, 117):
        put_code(codes[18], 2), put(zeros - 11, 7)
    put_code(codes[1], 2)  # and so is the end
    for _ in range(32):
        put_code(codes[5], 2)
    for _ in range(8 * 9):
        put_code(0, 1)
    put_code(1, 1)
    bits += [0] * (-len(bits) % 8)
    data = bytes(sum(bit << i for i, bit in enumerate(bits[at : at + 8])) for at in range(0, len(bits), 8))
    stream = b"\x78\x01" + data + struct.pack(">I", zlib.adler32(bytes(8 * 9)))
    return stream


@case("io/png_codes", kind=["distances"])
def png_codes(kind):
    """Not asked of torchvision, whose process such a file ends."""
    stream = stream_of_32_distances()
    head = struct.pack(">IIBBBBB", 8, 8, 8, GRAY, 0, 0, 0)
    written("codes.png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", stream) + chunk(b"IEND", b""))
    return {"file": "codes.png", "refused": fails(lambda: zlib.decompress(stream))}


PROGRESSIVE = saved(photo(8, 8), "JPEG", progressive=True, subsampling="4:4:4")
HOSTILE = {
    "jpeg_65500.jpg": (lambda: claiming(PROGRESSIVE, 65500, 65500), "limits.pixels"),
    "jpeg_65535.jpg": (lambda: claiming(saved(photo(8, 8), "JPEG"), 65535, 65535), "65500"),
    "jpeg_coefficients.jpg": (lambda: claiming(PROGRESSIVE, 13000, 13000), "limits.codec_bytes"),
    "jpeg_zero.jpg": (lambda: claiming(saved(photo(8, 8), "JPEG"), 0, 8), "DNL"),
    "jpeg_scans.jpg": (lambda: with_scans(300), "limits.jpeg_scans"),
    "jpeg_tables_only.jpg": (lambda: saved(photo(8, 8), "JPEG")[:20] + b"\xff\xd9", "decode_jpeg"),
    "png_side.png": (lambda: png_claiming(1, 2**31 - 1), "limits.side"),
    "png_2_31.png": (lambda: png_claiming(2**31, 2**31), "decode_png"),
    "png_pixels.png": (lambda: png_claiming(999_999, 999_999), "limits.pixels"),
    "png_zero.png": (lambda: png_claiming(0, 4), "decode_png"),
    "gif_frames.gif": (lambda: gif_of_small_frames(13_377, 13_377, 7), "limits.swollen_bytes"),
    "png_short_data.png": (lambda: png_claiming(100, 100), "decode_png"),
}


@case("io/hostile", file=list(HOSTILE))
def hostile(file):
    content, message = HOSTILE[file]
    written(file, content())
    return {"message": message}


run(__file__)

"""io_formats: GIF, WebP, AVIF, HEIC, BMP, PNM, PFM and .flo, and a small file of each format; io_tiff.py has TIFF. torchvision judges what
it knows and torchcodec AVIF and HEIC; Pillow or the picture that a file was made of judge the rest. How the modes convert is asked of torchvision's PNG."""

import io
import struct
import warnings

import cv2
import numpy
import torch
from oracle import case, fails, out_dir, run
from PIL import Image, ImageOps
from support.codecs import MODES, converted, opened, photo, planes, saved_pages, tiff_of, transposed
from support.heic import heic_of, imir, irot, with_matrix, with_property
from support.pictures import saved, written
from torchvision.datasets._optical_flow import _read_flo, _read_pfm
from torchcodec.decoders import decode_avif, decode_heic
from torchvision.io import ImageReadMode, decode_gif, decode_image, decode_webp

warnings.simplefilter("ignore")  # torchvision's note that its codecs move to torchcodec



# GIF


def gif_codes(pixels, bits):
    """LZW that never grows its table: a clear code before it would."""
    codes, room = [], 2**bits - 2
    for i, pixel in enumerate(pixels):
        if i % room == 0:
            codes.append(2**bits)
        codes.append(int(pixel))
    codes.append(2**bits + 1)
    number = sum(code << (i * (bits + 1)) for i, code in enumerate(codes))
    data = number.to_bytes((len(codes) * (bits + 1) + 7) // 8, "little")
    blocks = b"".join(bytes([len(data[i : i + 255])]) + data[i : i + 255] for i in range(0, len(data), 255))
    return bytes([bits]) + blocks + b"\0"


def gif_palette(seed, bits):
    return numpy.random.RandomState(seed).randint(0, 256, (2**bits, 3)).astype(numpy.uint8).tobytes()


def gif_of(screen, frames, bits=4, palette=True, background=3):
    """frames: (left, top, width, height, what else there is to say)"""
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, (0x80 if palette else 0) | 0x70 | (bits - 1), background, 0)
    out += gif_palette(0, bits) if palette else b""
    for number, (left, top, width, height, more) in enumerate(frames):
        for control in [*more.get("controls", []), more]:
            if "disposal" in control or "transparent" in control:
                flags = control.get("disposal", 0) << 2 | (1 if "transparent" in control else 0)
                out += b"\x21\xf9\x04" + struct.pack("<BHBB", flags, 5, control.get("transparent", 0), 0)
        if "comment" in more:
            out += b"\x21\xfe\x05hello\x03all\0"
        local, interlaced = more.get("local", False), more.get("interlaced", False)
        out += b"," + struct.pack("<HHHHB", left, top, width, height, (0x80 | (bits - 1) if local else 0) | (0x40 if interlaced else 0))
        out += gif_palette(number + 1, bits) if local else b""
        pixels = numpy.random.RandomState(number).randint(0, 2**bits, (height, width))
        if interlaced:
            pixels = numpy.concatenate([pixels[begin::step] for begin, step in [(0, 8), (4, 8), (2, 4), (1, 2)]])
        out += gif_codes(pixels.reshape(-1), bits)
    return out + b";"


def drawn_gif(seed):
    """A GIF of everything that fits together, drawn by chance."""
    random = numpy.random.RandomState(seed)
    width, height = random.randint(1, 24, 2)
    bits = int(random.randint(2, 9))
    frames = []
    for _ in range(random.randint(1, 6)):
        w, h = random.randint(1, width + 1), random.randint(1, height + 1)
        more = {"disposal": int(random.randint(0, 8))} if random.rand() < 0.8 else {}
        if random.rand() < 0.6:
            more["transparent"] = int(random.randint(0, 2**bits))
        more |= {key: True for key in ("local", "interlaced", "comment") if random.rand() < 0.4}
        frames.append((random.randint(0, width - w + 1), random.randint(0, height - h + 1), w, h, more))
    return gif_of((width, height), frames, bits, background=int(random.randint(0, 2**bits)))


def animation(count, colors=40):
    frames = [Image.fromarray(photo(30 + i, 40)[:30]).quantize(colors) for i in range(count)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=50, loop=0)
    return out.getvalue()


GIFS = {f"drawn_{seed}": (lambda seed=seed: drawn_gif(seed)) for seed in range(60)}
GIFS |= {
    "photo": lambda: saved(photo(61, 83), "GIF"),
    "gray": lambda: saved(photo(61, 83, 1), "GIF"),
    "interlaced": lambda: saved(photo(40, 30), "GIF", interlace=True),
    "one_pixel": lambda: saved(photo(1, 1), "GIF"),
    "animation": lambda: animation(4),
    "animation_256": lambda: animation(3, 256),
    "larger_than_screen": lambda: gif_of((3, 4), [(0, 0, 7, 9, {})]),
    "no_palette": lambda: gif_of((7, 9), [(0, 0, 7, 9, {})], palette=False),
    "local_palette_only": lambda: gif_of((7, 9), [(1, 1, 5, 6, {"local": True})], palette=False),
    "no_image": lambda: gif_of((7, 9), []),
    "gif87": lambda: b"GIF87a" + gif_of((7, 9), [(0, 0, 7, 9, {})])[6:],
    "two_controls": lambda: gif_of((9, 7), [(2, 1, 4, 5, {"controls": [{"transparent": 5}], "transparent": 2})]),
    "two_controls_first_clear": lambda: gif_of((9, 7), [(2, 1, 4, 5, {"controls": [{"transparent": 5}], "disposal": 2})]),
    "two_controls_second_clear": lambda: gif_of((9, 7), [(2, 1, 4, 5, {"controls": [{"disposal": 2}], "transparent": 2})]),
}


@case("io_formats/gif", kind=list(GIFS))
def gif(kind):
    name = f"{kind}.gif"
    data = written(name, GIFS[kind]())
    refused = fails(lambda: decode_gif(data))
    return {"file": name, "refused": refused} | ({} if refused else {"expected": decode_gif(data)})


@case("io_formats/gif_modes", mode=MODES)
def gif_modes(mode):
    data = written("modes.gif", saved(photo(20, 30), "GIF"))
    return {"file": "modes.gif", "expected": decode_image(data, mode)}


def gray_ramp_gif(local, colors):
    """A palette that Pillow takes for none."""
    plain = gif_of((7, 9), [(0, 0, 7, 9, {"local": local})], bits=2)
    return plain.replace(gif_palette(int(local), 2), bytes(level for level in range(4) for _ in range(3))[: 3 * colors], 1)


# WebP


def with_webp_exif(picture, orientation, **options):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(picture, "WEBP", exif=exif.tobytes(), **options)


def animated(format, alpha, **options):
    frames = [Image.fromarray(numpy.dstack([photo(9 + i, 11)[:9], photo(9 + 2 * i, 11, 1)[:9]])) for i in range(3)]
    frames = frames if alpha else [frame.convert("RGB") for frame in frames]
    out = io.BytesIO()
    frames[0].save(out, format, save_all=True, append_images=frames[1:], **options)
    return out.getvalue()


def with_alpha(picture):
    picture = picture.copy()
    picture[: picture.shape[0] // 3, :, 3] = 0
    return picture


WEBPS = {
    "lossy": lambda: saved(photo(61, 83), "WEBP", quality=70),
    "lossy_alpha": lambda: saved(with_alpha(photo(61, 83, 4)), "WEBP", quality=70),
    "lossless": lambda: saved(photo(61, 83), "WEBP", lossless=True),
    "lossless_alpha": lambda: saved(with_alpha(photo(61, 83, 4)), "WEBP", lossless=True, exact=True),
    "one_pixel": lambda: saved(photo(1, 1), "WEBP", lossless=True),
    "odd": lambda: saved(photo(1, 33), "WEBP", quality=50),
    "animated": lambda: animated("WEBP", False),
}


@case("io_formats/webp", kind=list(WEBPS), mode=MODES)
def webp(kind, mode):
    name = f"{kind}.webp"
    data = written(name, WEBPS[kind]())
    refused = fails(lambda: decode_webp(data, mode))
    return {"file": name, "refused": refused} | ({} if refused else {"expected": decode_webp(data, mode)})


def with_prefixed_exif(content):
    """The EXIF behind the six bytes that a JPEG has there, as some programs write it."""
    at = content.index(b"EXIF")
    length = struct.unpack_from("<I", content, at + 4)[0]
    block = b"Exif\0\0" + content[at + 8 : at + 8 + length]
    out = content[:at] + b"EXIF" + struct.pack("<I", len(block)) + block + b"\0" * (len(block) % 2)
    return out[:4] + struct.pack("<I", len(out) - 8) + out[8:]


@case("io_formats/webp_exif", orientation=list(range(1, 9)), lossless=[True, False], prefixed=[False, True])
def webp_exif(orientation, lossless, prefixed):
    name = f"exif_{orientation}_{lossless}" + ("_prefixed.webp" if prefixed else ".webp")
    content = with_webp_exif(photo(13, 19), orientation, lossless=lossless)
    data = written(name, with_prefixed_exif(content) if prefixed else content)
    stored = decode_webp(data)
    return {"file": name, "stored": stored, "expected": transposed(stored.permute(1, 2, 0).numpy(), orientation)}


# AVIF


def cv2_avif(depth, alpha=False):
    picture = photo(40, 52, 4 if alpha else 3, depth)
    good, data = cv2.imencode(".avif", picture, [cv2.IMWRITE_AVIF_QUALITY, 100, cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_SPEED, 9])
    assert good
    return data.tobytes()


def animated_avif():
    frames = [Image.fromarray(photo(16 + i, 24)[:16]) for i in range(3)]
    out = io.BytesIO()
    frames[0].save(out, "AVIF", save_all=True, append_images=frames[1:], speed=10)
    return out.getvalue()


AVIFS = {
    "444": lambda: saved(photo(40, 52), "AVIF", quality=80, subsampling="4:4:4", speed=9),
    "420": lambda: saved(photo(40, 52), "AVIF", quality=80, subsampling="4:2:0", speed=9),
    "422": lambda: saved(photo(40, 52), "AVIF", quality=80, subsampling="4:2:2", speed=9),
    "400": lambda: saved(photo(40, 52, 1), "AVIF", quality=80, subsampling="4:0:0", speed=9),
    "alpha": lambda: saved(with_alpha(photo(40, 52, 4)), "AVIF", quality=80, subsampling="4:4:4", speed=9),
    "limited": lambda: saved(photo(40, 52), "AVIF", quality=80, subsampling="4:4:4", speed=9, range="limited"),
    "one_pixel": lambda: saved(photo(1, 1), "AVIF", quality=80, speed=9),
}


def torchcodecs(decode, content, mode=ImageReadMode.UNCHANGED):
    """What torchcodec, where torchvision's codecs went, makes of it. Of the modes with gray torchvision made that of the file."""
    return decode(content, mode="UNCHANGED" if "GRAY" in mode.name else mode.name, output_dtype="auto")


@case("io_formats/avif", kind=list(AVIFS), mode=MODES)
def avif(kind, mode):
    content = AVIFS[kind]()
    written(f"{kind}.avif", content)
    return {"file": f"{kind}.avif", "expected": torchcodecs(decode_avif, content, mode)}


@case("io_formats/avif_deep", depth=[8, 10, 12], alpha=[False, True], mode=MODES)
def avif_deep(depth, alpha, mode):
    name = f"deep_{depth}_{alpha}.avif"
    content = cv2_avif(depth, alpha)
    written(name, content)
    return {"file": name, "expected": torchcodecs(decode_avif, content, mode)}


def with_short(tag, value, content):
    """Pillow turns an orientation into irot and imir: it gets a number of another tag, which is then renamed."""
    for order in "<>":
        named = lambda t: struct.pack(order + "HHIH", t, 3, 1, value)
        content = content.replace(named(0x0106), named(tag))
    return content


@case("io_formats/avif_exif", orientation=list(range(1, 9)), by=["boxes", "exif"])
def avif_exif(orientation, by):
    exif = Image.Exif()
    exif[0x0112 if by == "boxes" else 0x0106] = orientation
    content = saved(photo(16, 24), "AVIF", quality=90, subsampling="4:4:4", speed=9, exif=exif)
    name = f"exif_{orientation}.avif" if by == "boxes" else f"exif_only_{orientation}.avif"
    if by == "boxes":  # which torchcodec always heeds
        written(name, content)
        return {"file": name, "expected": torchcodecs(decode_avif, content)}
    written(name, with_short(0x0112, orientation, content))
    stored = torchcodecs(decode_avif, content).permute(1, 2, 0).numpy()
    return {"file": name, "expected": transposed(stored, orientation)}


@case("io_formats/avif_refused", kind=["sequence"])
def avif_refused(kind):
    written("sequence.avif", animated_avif())
    return {"file": "sequence.avif"}


# HEIC


@case("io_formats/heic", bits=[8, 10], channels=[3, 4], mode=MODES)
def heic(bits, channels, mode):
    name = f"photo_{bits}_{channels}.heic"
    picture = photo(64, 80, channels, bits)
    if channels == 4:
        picture[..., 3] = 2**bits - 1
        picture[:20, :, 3] = 0
    content = heic_of(picture, bits)
    written(name, content)
    expected = torchcodecs(decode_heic, content, mode)
    if bits > 8:  # torchvision's decode_heic leaves the bits below empty, torchcodec repeats the upper ones there
        expected = (expected.to(torch.int32) >> (16 - bits) << (16 - bits)).to(torch.uint16)
    return {"file": name, "expected": expected}


TURNS = {"irot_0": [irot(0)], "irot_1": [irot(1)], "irot_2": [irot(2)], "irot_3": [irot(3)], "imir_0": [imir(0)], "imir_1": [imir(1)]}
TURNS |= {"irot_1_imir_0": [irot(1), imir(0)], "imir_1_irot_3": [imir(1), irot(3)]}


@case("io_formats/heic_turned", by=list(TURNS), bits=[8, 10])
def heic_turned(by, bits):
    """Boxes by which a reader turns the picture. Debian's libheif mirrors none of more than 8 bits."""
    content = heic_of(photo(64, 80, 3, bits), bits)
    by_hand = torchcodecs(decode_heic, content).int()
    for box in TURNS[by]:
        content = with_property(box, content)
        by_hand = torch.rot90(by_hand, box[-1], (-2, -1)) if b"irot" in box else by_hand.flip(-1 if box[-1] else -2)
    name = f"turned_{by}_{bits}.heic"
    written(name, content)
    if fails(lambda: torchcodecs(decode_heic, content)):
        return {"file": name, "refused": True}
    expected = torchcodecs(decode_heic, content)
    assert torch.equal(expected.int(), by_hand)
    if bits > 8:  # as above
        expected = (expected.to(torch.int32) >> (16 - bits) << (16 - bits)).to(torch.uint16)
    return {"file": name, "refused": False, "expected": expected}


@case("io_formats/heic_exif", orientation=list(range(1, 9)))
def heic_exif(orientation):
    """An orientation in EXIF, which in a HEIC only repeats what its boxes say: nobody heeds it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = heic_of(photo(64, 80), exif=exif.tobytes())
    name = f"exif_{orientation}.heic"
    written(name, content)
    return {"file": name, "expected": torchcodecs(decode_heic, content)}


@case("io_formats/heic_warns", matrix=[3])
def heic_warns(matrix):
    """libheif warns of a number that stands for no matrix, and takes the container's."""
    content = with_matrix(matrix, heic_of(photo(64, 80)))
    written("reserved_matrix.heic", content)
    return {"file": "reserved_matrix.heic", "expected": torchcodecs(decode_heic, content)}


@case("io_formats/heic_wide", size=[(64, 14_000)])
def heic_wide(size):
    """Wider than the root of all pixels that a picture may have."""
    written("panorama.heic", heic_of(photo(*size)))
    return {"file": "panorama.heic"}


# BMP


def bmp_of(picture, bits, masks=None, top_down=False, size=40, palette=b"", compression=0, data=None):
    """picture: (H, W) of whole pixels as numbers"""
    height, width = picture.shape
    rows = []
    for row in picture if top_down else picture[::-1]:
        if bits < 8:
            unpacked = numpy.unpackbits(row.astype(numpy.uint8).reshape(-1, 1), axis=1)[:, 8 - bits :]
            packed = numpy.packbits(unpacked.reshape(-1)).tobytes()
        else:
            packed = b"".join(int(p).to_bytes(bits // 8, "little") for p in row)
        rows.append(packed + b"\0" * (-len(packed) % 4))
    pixels = b"".join(rows) if data is None else data
    if size == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        head = struct.pack("<IiiHHIIiiII", size, width, -height if top_down else height, 1, bits, 3 if masks else compression,
                           len(pixels), 0, 0, len(palette) // 4, 0)
        packed_masks = struct.pack(f"<{len(masks)}I", *masks) if masks else b""
        head += packed_masks.ljust(max(size - 40, len(packed_masks)), b"\0")
    begin = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", begin + len(pixels), 0, 0, begin) + head + palette + pixels


def random_pixels(bits, height=11, width=13):
    return numpy.random.RandomState(bits).randint(0, 2**bits, (height, width), dtype=numpy.uint64)


def bmp_palette(bits, entry=4):
    return numpy.random.RandomState(9).randint(0, 256, (2**bits, entry)).astype(numpy.uint8).tobytes()


def run_lengths(picture, nibbles):
    """Runs, single pixels, row ends: every escape but the jump."""
    out = b""
    for y, row in enumerate(picture[::-1]):
        row = [int(p) for p in row]
        if y % 2 == 0:
            for p in row:
                out += bytes([1, p << 4 if nibbles else p])
        else:
            body = bytes(row) if not nibbles else bytes(a << 4 | b for a, b in zip(row[::2], row[1::2] + [0]))
            out += bytes([0, len(row)]) + body + b"\0" * (len(body) % 2)
        out += b"\0\0"
    return out + b"\0\1"


# Of 8 rows of 13 pixels: runs of many, literal pixels, and jumps right and up, over pixels that stay 0. In 4
# bits a run has two colors in turns.
JUMPS = bytes.fromhex("0d 5a 0000  04 7b 0002 0301  06 91 0000  05 32 0004 b6c4 0002 0201  02 88 0000  0d 4e 0000  0002 0c00 01 fd 0000"
                      "0003 3a5b 0a 16 0000 0001")
JUMPS8 = JUMPS.replace(bytes.fromhex("0004 b6c4"), bytes.fromhex("0004 b6c41f00")).replace(bytes.fromhex("0003 3a5b"), bytes.fromhex("0003 3a5b7700"))

RUNS8, RUNS4 = random_pixels(8, 8, 13), random_pixels(4, 8, 13)
BMPS = {
    "1": lambda: bmp_of(random_pixels(1), 1, palette=bmp_palette(1)),
    "4": lambda: bmp_of(random_pixels(4), 4, palette=bmp_palette(4)),
    "8": lambda: bmp_of(random_pixels(8), 8, palette=bmp_palette(8)),
    "8_os2": lambda: bmp_of(random_pixels(8), 8, size=12, palette=bmp_palette(8, 3)),
    "gray": lambda: saved(photo(11, 13, 1), "BMP"),
    "bilevel": lambda: saved(photo(11, 13, 1)[..., 0] > 128, "BMP"),
    "16": lambda: bmp_of(random_pixels(16), 16),
    "16_565": lambda: bmp_of(random_pixels(16), 16, masks=[0xF800, 0x7E0, 0x1F]),
    "24": lambda: bmp_of(random_pixels(24), 24),
    "24_top_down": lambda: bmp_of(random_pixels(24), 24, top_down=True),
    "32": lambda: bmp_of(random_pixels(32), 32),
    "32_masks": lambda: bmp_of(random_pixels(32), 32, masks=[0xFF0000, 0xFF00, 0xFF]),
    "32_alpha": lambda: bmp_of(random_pixels(32), 32, masks=[0xFF0000, 0xFF00, 0xFF, 0xFF000000], size=124),
    "runs8": lambda: bmp_of(RUNS8, 8, palette=bmp_palette(8), compression=1, data=run_lengths(RUNS8, False)),
    "runs4": lambda: bmp_of(RUNS4, 4, palette=bmp_palette(4), compression=2, data=run_lengths(RUNS4, True)),
    "jumps8": lambda: bmp_of(RUNS8, 8, palette=bmp_palette(8), compression=1, data=JUMPS8),
    "jumps4": lambda: bmp_of(RUNS4, 4, palette=bmp_palette(4), compression=2, data=JUMPS),
    "photo": lambda: saved(photo(61, 83), "BMP"),
}


@case("io_formats/bmp", kind=list(BMPS), mode=MODES)
def bmp(kind, mode):
    content = BMPS[kind]()
    written(f"{kind}.bmp", content)
    image = Image.open(io.BytesIO(content))
    unchanged = {"1": "RGB", "P": "RGB"}.get(image.mode, image.mode)
    if kind == "bilevel":
        unchanged = "L"
    picture = numpy.asarray(image.convert(unchanged))
    return {"file": f"{kind}.bmp", "expected": converted(picture, mode)}


# PNM, PFM and .flo


def scale_pnm(picture, largest):
    top = 65535 if largest > 255 else 255
    return ((picture.astype(numpy.int64) * top + largest // 2) // largest).astype(numpy.uint16 if largest > 255 else numpy.uint8)


def pnm_of(kind, picture, largest):
    height, width, channels = picture.shape
    text = kind in (1, 2, 3)
    if kind == 7:
        head = f"P7\n# a comment\nWIDTH {width}\nHEIGHT {height}\nDEPTH {channels}\nMAXVAL {largest}\nTUPLTYPE ANY THING\nENDHDR\n"
    else:
        head = f"P{kind}\n# a comment 7 7\n{width} {height}\n" + ("" if kind in (1, 4) else f"{largest}\n")
    if kind == 4:
        return head.encode() + numpy.packbits(picture[..., 0], axis=1).tobytes()
    if text:
        return head.encode() + "\n".join(" ".join(str(v) for v in row.reshape(-1)) for row in picture).encode() + b"\n"
    return head.encode() + picture.astype(">u2" if largest > 255 else "u1").tobytes()


@case("io_formats/pnm", kind=[1, 2, 3, 4, 5, 6, 7], largest=[1, 7, 255, 1000, 65535], mode=MODES)
def pnm(kind, largest, mode):
    if kind in (1, 4) and largest != 1:
        return {"file": ""}
    channels = {3: 3, 6: 3, 7: 4}.get(kind, 1)
    picture = numpy.random.RandomState(kind).randint(0, largest + 1, (7, 11, channels))
    name = f"kind{kind}_{largest}.pnm"
    written(name, pnm_of(kind, picture, largest))
    values = 1 - picture if kind in (1, 4) else picture
    return {"file": name, "expected": converted(scale_pnm(values, largest), mode)}


@case("io_formats/pfm", channels=[1, 3], order=["<", ">"])
def pfm(channels, order):
    picture = numpy.random.RandomState(channels).randn(9, 14, channels).astype(order + "f4")
    name = f"{channels}_{'little' if order == '<' else 'big'}.pfm"
    head = f"{'PF' if channels == 3 else 'Pf'}\n14 9\n{-1.0 if order == '<' else 1.0}\n"
    written(name, head.encode() + picture[::-1].tobytes())
    expected = _read_pfm(out_dir() / "io" / name, slice_channels=channels)
    return {"file": name, "expected": torch.from_numpy(expected.astype(numpy.float32))}


@case("io_formats/flo", shape=[(1, 1), (9, 14)])
def flo(shape):
    flow = numpy.random.RandomState(0).randn(*shape, 2).astype("<f4")
    name = f"{shape[0]}.flo"
    written(name, b"PIEH" + struct.pack("<ii", shape[1], shape[0]) + flow.tobytes())
    return {"file": name, "expected": torch.from_numpy(_read_flo(out_dir() / "io" / name).copy())}


# Bad input


SMALL = {
    "gif": lambda: gif_of((9, 7), [(0, 0, 9, 7, {}), (2, 1, 4, 5, {"disposal": 1, "transparent": 3, "local": True})], bits=2),
    "webp": lambda: saved(photo(7, 9), "WEBP", quality=50),
    "webp_lossless": lambda: saved(photo(7, 9, 4), "WEBP", lossless=True),
    "avif": lambda: saved(photo(7, 9), "AVIF", quality=50, speed=9),
    "heic": lambda: heic_of(photo(16, 16)),
    "tiff": lambda: tiff_of([photo(7, 9)], rows_per_strip=3),
    "tiff_lzw": lambda: saved(photo(7, 9), "TIFF", compression="tiff_lzw"),
    "tiff_pages": lambda: saved_pages([photo(7, 9), photo(8, 9)[:7]], compression="tiff_adobe_deflate"),
    "bmp": lambda: bmp_of(random_pixels(4, 7, 9), 4, palette=bmp_palette(4)),
    "bmp_runs": lambda: bmp_of(RUNS8, 8, palette=bmp_palette(8), compression=1, data=run_lengths(RUNS8, False)),
    "pnm": lambda: pnm_of(2, numpy.random.RandomState(0).randint(0, 300, (5, 4, 1)), 300),
    "pam": lambda: pnm_of(7, photo(7, 9, 4), 255),
    "pfm": lambda: b"Pf\n3 2\n-1.0\n" + numpy.arange(6, dtype="<f4").tobytes(),
    "flo": lambda: b"PIEH" + struct.pack("<ii", 3, 2) + numpy.arange(12, dtype="<f4").tobytes(),
}


@case("io_formats/small", kind=list(SMALL))
def small(kind):
    """Of GIF and WebP, for each length but 0 and all: whether torchvision refuses that much of the file."""
    name = f"small_{kind}.{kind.split('_')[0]}"
    data = written(name, SMALL[kind]())
    out = {"file": name}
    decode = {"gif": decode_gif, "webp": decode_webp}.get(kind.split("_")[0])
    if decode:
        out["refused"] = torch.tensor([fails(lambda: decode(data[:length].clone())) for length in range(1, len(data))])
    return out


# The first of several.

STILLS = {f"{kind}.gif": make for kind, make in GIFS.items()} | {
    "gray_ramp.gif": lambda: gray_ramp_gif(True, 4),
    "gray_ramp_of_all.gif": lambda: gray_ramp_gif(False, 4),
    "leaves_the_screen.gif": lambda: gif_of((7, 9), [(3, 4, 6, 7, {"transparent": 1})]),
    "beyond_the_palette.gif": lambda: gif_of((7, 9), [(0, 0, 7, 9, {})]).replace(b"\xf3\3\0", b"\xf1\3\0", 1).replace(gif_palette(0, 4), gif_palette(0, 2), 1),
    "animation.webp": lambda: animated("WEBP", False, lossless=True),
    "lossy_animation.webp": lambda: animated("WEBP", False),
    "transparent_animation.webp": lambda: animated("WEBP", True, lossless=True, exact=True),
    "sequence.avif": lambda: animated("AVIF", False),
    "transparent_sequence.avif": lambda: animated("AVIF", True),
    "transparent.avif": lambda: saved(photo(9, 11, 4), "AVIF"),
    "unlike_pages.tiff": lambda: saved_pages([photo(9, 11), photo(5, 4, 1)[..., 0]]),
    "thumbnail_first.tiff": lambda: saved_pages([photo(5, 4, 1)[..., 0], photo(9, 11)], tiffinfo={254: 1}),
}


@case("io_formats/still", file=list(STILLS))
def still(file):
    """The first frame or page, as torchvision's data sets see it by way of Pillow."""
    name = f"still_{file}"
    data = written(name, STILLS[file]())
    opened_by_pillow = lambda: torch.from_numpy(numpy.array(Image.open(io.BytesIO(data.numpy().tobytes())).convert("RGB"))).movedim(-1, 0)
    refused = fails(opened_by_pillow)
    return {"file": name, "refused": refused} | ({} if refused else {"expected": opened_by_pillow()})


run(__file__)

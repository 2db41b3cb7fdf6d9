"""io_tiff: TIFF of every number, layout and compression. The picture that a file was made of judges, or Pillow; how the modes convert
is asked of torchvision's PNG."""

import io
import struct

import numpy
from oracle import case, run
from PIL import Image
from support.codecs import MODES, converted, opened, photo, planes, saved_pages, tiff_of, transposed
from support.pictures import saved, written
from torchvision.io import ImageReadMode


def numbers(dtype, channels, height=23, width=31):
    dtype = numpy.dtype(dtype)
    random = numpy.random.RandomState(channels)
    if dtype.kind == "f":
        return random.randn(height, width, channels).astype(dtype)
    info = numpy.iinfo(dtype)
    return random.randint(info.min, int(info.max) + 1, (height, width, channels), dtype=dtype)


@case("io_tiff/numbers", dtype=["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"], channels=[1, 2, 3, 4, 7],
      layout=["strip", "strips", "tiles", "planar", "planar_tiles", "big_endian", "bigtiff"])
def tiff_numbers(dtype, channels, layout):
    if channels in (2, 4) and layout not in ("strips", "planar"):
        return {"file": ""}
    picture = numbers(dtype, channels)
    options = {"strip": {}, "strips": {"rows_per_strip": 5}, "tiles": {"tile": 16}, "planar": {"planar": True},
               "planar_tiles": {"planar": True, "tile": 16}, "big_endian": {"order": ">"}, "bigtiff": {"big": True}}[layout]
    name = f"numbers_{dtype}_{channels}_{layout}.tif"
    written(name, tiff_of([picture], **options))
    return {"file": name, "expected": planes(picture)}


def bilevel(height=23, width=37):
    return Image.fromarray(photo(height, width, 1)[..., 0]).convert("1")


def pillow_tiff(image, **options):
    out = io.BytesIO()
    image.save(out, "TIFF", **options)
    return out.getvalue()


PALETTED = Image.fromarray(photo(23, 37)).quantize(200)
TIFFS = {
    "raw": lambda: saved(photo(23, 37), "TIFF"),
    "lzw": lambda: saved(photo(23, 37), "TIFF", compression="tiff_lzw"),
    "deflate": lambda: saved(photo(23, 37, 4), "TIFF", compression="tiff_adobe_deflate"),
    "packbits": lambda: saved(photo(23, 37, 1), "TIFF", compression="packbits"),
    "gray16": lambda: saved(photo(23, 37, 1, 16)[..., 0], "TIFF", compression="tiff_lzw"),
    "float": lambda: saved(photo(23, 37, 1, 16)[..., 0].astype(numpy.float32), "TIFF", compression="tiff_adobe_deflate"),
    "bilevel": lambda: pillow_tiff(bilevel()),
    "group4": lambda: pillow_tiff(bilevel(), compression="group4"),
    "palette": lambda: pillow_tiff(PALETTED, compression="tiff_lzw"),
    "jpeg": lambda: saved(photo(48, 64), "TIFF", compression="jpeg", quality=90),
}


@case("io_tiff/files", kind=list(TIFFS))
def tiff(kind):
    content = TIFFS[kind]()
    written(f"{kind}.tif", content)
    mode = {"palette": "RGB", "bilevel": "L", "group4": "L"}.get(kind)
    return {"file": f"{kind}.tif", "expected": opened(content, mode)}


@case("io_tiff/modes", channels=[1, 2, 3, 4], bits=[8, 16], mode=MODES)
def tiff_modes(channels, bits, mode):
    picture = photo(13, 19, channels, bits)
    name = f"modes_{channels}_{bits}.tif"
    written(name, tiff_of([picture]))
    return {"file": name, "expected": converted(picture, mode)}


@case("io_tiff/others", kind=["pages", "pages_deflate", "thumbnail", "white_is_0", "cmyk", "cmyk_rgb"])
def tiff_others(kind):
    name = f"{kind}.tif"
    pages = [photo(11 + i, 17)[:11] for i in range(4)]
    mode = ImageReadMode.UNCHANGED
    if kind == "pages":
        content, expected = tiff_of(pages), numpy.stack(pages)
    elif kind == "pages_deflate":
        content, expected = saved_pages(pages, compression="tiff_adobe_deflate"), numpy.stack(pages)
    elif kind == "thumbnail":
        content = bytearray(tiff_of([pages[0], pages[1][:3, :4]], tags={254: [4, [0]]}.items()))
        at = content.rindex(struct.pack("<HHII", 254, 4, 1, 0))
        content[at + 8] = 1
        content, expected = bytes(content), pages[0]
    elif kind == "white_is_0":
        content, expected = tiff_of([pages[0][..., :1]], photometric=0), 255 - pages[0][..., :1]
    else:
        picture = photo(11, 17, 4)
        content, expected = tiff_of([picture], photometric=5), picture
        if kind == "cmyk_rgb":
            mode = ImageReadMode.RGB
            c = picture.astype(numpy.float64)
            expected = ((255 - c[..., :3]) * (255 - c[..., 3:]) / 255 + 0.5).astype(numpy.uint8)
    written(name, content)
    return {"file": name, "mode": mode, "expected": planes(expected)}


@case("io_tiff/warns", kind=["unknown_tag"])
def tiff_warns(kind):
    picture = photo(11, 17)
    written("unknown_tag.tif", tiff_of([picture], tags={65000: [3, [7]]}.items()))
    return {"file": "unknown_tag.tif", "expected": planes(picture)}


@case("io_tiff/refused", kind=["unlike_pages"])
def tiff_refused(kind):
    written("unlike_pages.tif", tiff_of([photo(11, 17), photo(12, 17)]))
    return {}


@case("io_tiff/exif", orientation=list(range(1, 9)))
def tiff_exif(orientation):
    picture = photo(13, 19)
    name = f"exif_{orientation}.tif"
    written(name, tiff_of([picture], tags={274: [3, [orientation]]}.items()))
    return {"file": name, "stored": planes(picture), "expected": transposed(picture, orientation)}


run(__file__)

"""io_pictures: pictures that others made: PngSuite, which tests/io/pngsuite keeps, and those that scikit-image ships."""

import os
import pathlib
import struct
import warnings
import zlib

import numpy
import torch
from oracle import case, run
from PIL import Image, ImageSequence
from support.codecs import MODES, planes, png_of
from support.pictures import photo, scikit_image, tensor, written
from torchvision.io import ImageReadMode, decode_image, decode_png

warnings.simplefilter("ignore")  # torchvision's note that its codecs move to torchcodec

SUITE = pathlib.Path(__file__).parents[1] / "io" / "pngsuite"


def refused_by_a_child(call):
    """On some bad PNG files torchvision 0.29.2 ends the process, so another one is asked."""
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            call()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def unwritten(content, mode):
    """Where torchvision returns memory that it never wrote: packed indices, and the alpha of a palette that has none."""
    bits, color_type = content[24], content[25]
    if color_type != 3:
        return False
    return bits < 8 if mode == ImageReadMode.UNCHANGED else mode.name.endswith("ALPHA") and b"tRNS" not in content


@case("io_pictures/pngsuite", file=sorted(path.name for path in SUITE.glob("*.png")), mode=MODES)
def pngsuite(file, mode):
    content = (SUITE / file).read_bytes()
    if file.startswith("x"):
        return {"broken": True, "refused": refused_by_a_child(lambda: decode_png(tensor(content), mode))}
    if unwritten(content, mode):
        return {"broken": False, "unwritten": True}
    return {"broken": False, "unwritten": False, "expected": decode_png(tensor(content), mode)}


# Of its two TIFFs Pillow, which judges them, knows one.
PICTURES = sorted(path.name for path in scikit_image().iterdir() if path.suffix in (".png", ".jpg", ".gif")) + ["multipage.tif"]


@case("io_pictures/scikit_image", file=PICTURES, mode=[ImageReadMode.UNCHANGED, ImageReadMode.GRAY, ImageReadMode.RGB])
def scikit_image_pictures(file, mode):
    """By checksum: they are large."""
    path = scikit_image() / file
    written(file, path.read_bytes())
    if path.suffix == ".tif":  # which torchvision does not know
        if mode != ImageReadMode.UNCHANGED:
            return {"skipped": True}
        pages = torch.stack([planes(numpy.asarray(page)) for page in ImageSequence.Iterator(Image.open(path))])
    else:
        pages = decode_image(tensor(path.read_bytes()), mode)
    pages = pages.contiguous()
    return {"skipped": False, "shape": list(pages.shape), "checksum": zlib.crc32(pages.numpy().tobytes())}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def profile():
    """The chunk with the profile of sRGB that astronaut.png carries, which libpng knows by sight until 1.6.44."""
    content = (scikit_image() / "astronaut.png").read_bytes()
    begin = content.index(b"iCCP") - 4
    return content[begin : begin + 12 + struct.unpack_from(">I", content, begin)[0]]


# What a file says of its colours, of which the gray that libpng makes of them may depend.
LINEAR, SRGB = chunk(b"gAMA", struct.pack(">I", 100000)), chunk(b"sRGB", b"\0")
COLOURS = {
    "profile": lambda: profile(),
    "profile and gamma": lambda: profile() + chunk(b"gAMA", struct.pack(">I", 45455)),
    "linear and profile": lambda: LINEAR + profile(),
    "profile and linear": lambda: profile() + LINEAR,
    "broken profile and gamma": lambda: chunk(b"iCCP", b"a\0\0none") + chunk(b"gAMA", struct.pack(">I", 45455)),
    "sRGB": lambda: SRGB,
}


@case("io_pictures/gray", colours=list(COLOURS), bits=[8, 16], mode=[ImageReadMode.GRAY, ImageReadMode.GRAY_ALPHA])
def gray(colours, bits, mode):
    plain = png_of(photo(21, 23, bits=bits))
    name = f"gray_{colours}_{bits}.png".replace(" ", "_")
    content = plain[:33] + COLOURS[colours]() + plain[33:]  # behind the first chunk
    return {"file": name, "expected": decode_png(written(name, content), mode)}


run(__file__)

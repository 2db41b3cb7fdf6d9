"""transforms_v1: every one of torchvision's first transforms, twenty seeds each, and every one of its first functionals on each
type of number and on images as they should not be: what is refused, and the bytes of what is not."""

import random
import warnings

import numpy
import torch
from oracle import case, run
from PIL import Image
from torchvision import transforms as v1
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms import functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

NEAREST, BILINEAR, BICUBIC = InterpolationMode.NEAREST, InterpolationMode.BILINEAR, InterpolationMode.BICUBIC
TRANSFORMS = {
    "AutoAugment()": v1.AutoAugment(),
    "AutoAugment(CIFAR10)": v1.AutoAugment(v1.AutoAugmentPolicy.CIFAR10),
    "AutoAugment(SVHN)": v1.AutoAugment(v1.AutoAugmentPolicy.SVHN, fill=[9]),
    "RandAugment()": v1.RandAugment(),
    "RandAugment(4, 30)": v1.RandAugment(4, 30, fill=[3]),
    "RandAugment(3, -2, 5)": v1.RandAugment(3, -2, 5),
    "TrivialAugmentWide()": v1.TrivialAugmentWide(),
    "TrivialAugmentWide(7)": v1.TrivialAugmentWide(7),
    "AugMix(nearest)": v1.AugMix(interpolation=NEAREST),
    "AugMix(10, 2, 4)": v1.AugMix(10, 2, 4, alpha=0.5, all_ops=False, interpolation=NEAREST),
    "Resize(16)": v1.Resize(16),
    "Resize({20, 30})": v1.Resize((20, 30), interpolation=BICUBIC),
    "Resize(16, 20)": v1.Resize(16, max_size=20, antialias=False),
    "Resize(nearest)": v1.Resize(50, interpolation=NEAREST),
    "RandomResizedCrop(24)": v1.RandomResizedCrop(24),
    "RandomResizedCrop({20, 30})": v1.RandomResizedCrop((20, 30), scale=(0.3, 0.9), interpolation=BICUBIC),
    "ConvertImageDtype(float32)": v1.ConvertImageDtype(torch.float32),
    "ConvertImageDtype(int16)": v1.ConvertImageDtype(torch.int16),
    "RandomOrder()": v1.RandomOrder([v1.Pad(2), v1.RandomHorizontalFlip(0.5), v1.RandomCrop(16), v1.Pad(3, fill=7)]),
    "RandomOrder(none)": v1.RandomOrder([]),
    "RandomChoice()": v1.RandomChoice([v1.Pad(2), v1.RandomHorizontalFlip(1.0), v1.RandomCrop(16)]),
    "RandomChoice(p)": v1.RandomChoice([v1.Pad(2), v1.RandomHorizontalFlip(1.0), v1.RandomCrop(16)], p=[1.0, 0.0, 2.5]),
    "CenterCrop(16)": v1.CenterCrop(16),
    "Pad(2)": v1.Pad(2, fill=3),
    "RandomCrop(16)": v1.RandomCrop(16, padding=4),
    "RandomHorizontalFlip()": v1.RandomHorizontalFlip(),
    "RandomApply()": v1.RandomApply([v1.RandomCrop(16)], 0.5),
    "RandomApply(none)": v1.RandomApply([], 1.0),
    "Compose()": v1.Compose([v1.RandomCrop(20), v1.RandomHorizontalFlip()]),
    "Compose(none)": v1.Compose([]),
    "AutoAugment(bilinear)": v1.AutoAugment(interpolation=BILINEAR, fill=[40]),
    "RandAugment(bilinear)": v1.RandAugment(3, 12, interpolation=BILINEAR, fill=7),
    "AugMix()": v1.AugMix(),
    "CenterCrop({20, 50})": v1.CenterCrop((20, 50)),
    "Pad({1, 2})": v1.Pad([1, 2], padding_mode="edge"),
    "Pad({1, 2, 3, 4})": v1.Pad([1, 2, 3, 4], padding_mode="reflect"),
    "Pad(list)": v1.Pad(1, fill=[1, 2, 3]),
    "RandomCrop({20, 18})": v1.RandomCrop((20, 18)),
    "RandomCrop(19, 24)": v1.RandomCrop((19, 24), pad_if_needed=True, padding_mode="reflect"),
    "RandomCrop(60)": v1.RandomCrop(60, padding=[1, 2], pad_if_needed=True, fill=9),
    "RandomVerticalFlip()": v1.RandomVerticalFlip(),
    "RandomRotation(30)": v1.RandomRotation(30),
    "RandomRotation(bilinear)": v1.RandomRotation([-70, 20], interpolation=BILINEAR, expand=True, fill=40),
    "RandomRotation(center)": v1.RandomRotation(90, center=(2, 3), fill=[1, 2, 3]),
    "RandomRotation(right)": v1.RandomRotation([90, 90], expand=True),
    "RandomAffine(20)": v1.RandomAffine(20, translate=(0.2, 0.1), scale=(0.5, 1.5), shear=[5, 10, -3, 3]),
    "RandomAffine(bilinear)": v1.RandomAffine([0, 0], shear=10, interpolation=BILINEAR, fill=100, center=(3, 4)),
    "RandomPerspective()": v1.RandomPerspective(),
    "RandomPerspective(fill)": v1.RandomPerspective(1.0, 1.0, fill=12),
    "RandomPerspective(nearest)": v1.RandomPerspective(0.3, 0.8, interpolation=NEAREST, fill=12),
    "ElasticTransform()": v1.ElasticTransform(sigma=1.0),
    "ElasticTransform(200)": v1.ElasticTransform([200.0, 30.0], [1.5, 0.6], interpolation=NEAREST, fill=9),
    "ElasticTransform(bicubic)": v1.ElasticTransform(90.0, 0.0, interpolation=BICUBIC, fill=50),
    "ElasticTransform(half)": v1.ElasticTransform(90.0, [0.0, 1.0]),
    "GaussianBlur(3)": v1.GaussianBlur(3),
    "GaussianBlur({5, 9})": v1.GaussianBlur((5, 9), sigma=(0.5, 5.0)),
    "GaussianBlur(sigma)": v1.GaussianBlur(7, sigma=1.1),
    "ColorJitter()": v1.ColorJitter(),
    "ColorJitter(all)": v1.ColorJitter(0.4, 0.5, 0.6, 0.2),
    "ColorJitter(ranges)": v1.ColorJitter((0.2, 1.7), (0.1, 0.9), (1.5, 3.0), (-0.5, 0.5)),
    "Grayscale()": v1.Grayscale(),
    "Grayscale(3)": v1.Grayscale(3),
    "RandomGrayscale()": v1.RandomGrayscale(),
    "RandomGrayscale(0.7)": v1.RandomGrayscale(0.7),
    "RandomInvert()": v1.RandomInvert(),
    "RandomPosterize(3)": v1.RandomPosterize(3),
    "RandomSolarize(99.0)": v1.RandomSolarize(99.0),
    "RandomSolarize(300.0)": v1.RandomSolarize(300.0, 0.4),
    "RandomAdjustSharpness(1.7)": v1.RandomAdjustSharpness(1.7),
    "RandomAutocontrast()": v1.RandomAutocontrast(),
    "RandomEqualize()": v1.RandomEqualize(),
    "RandomErasing()": v1.RandomErasing(),
    "RandomErasing(random)": v1.RandomErasing(0.9, value="random"),
    "RandomErasing(values)": v1.RandomErasing(1.0, scale=(0.2, 0.5), ratio=(0.5, 2.0), value=(7, 8, 9)),
    "RandomErasing(whole)": v1.RandomErasing(1.0, scale=(1.0, 1.0)),
    "Normalize()": v1.Compose([v1.ConvertImageDtype(torch.float32), v1.Normalize([0.5], [0.25])]),
    "Normalize(3)": v1.Compose([v1.ConvertImageDtype(torch.float64), v1.Normalize([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])]),
    "Normalize(uint8)": v1.Normalize([0.1, 0.2, 0.3], [0.4, 0.5, 0.6]),
    "Lambda()": v1.Lambda(lambda image: image.flip(-2)),
    "LinearTransformation()": v1.LinearTransformation(torch.arange(36.0).reshape(6, 6) / 10, torch.arange(6.0)),
}


def _image(shape, dtype, seed):
    generator = torch.Generator().manual_seed(seed)
    data = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    to = getattr(torch, dtype)
    if to.is_floating_point:
        return data.to(to) / 255
    if dtype == "bool":
        return data > 128
    return data.to(to) * 100 - 500 if dtype.startswith("int") else data.to(to)


def _result(call):
    """What a call gives, or that torchvision refuses it."""
    try:
        return {"refused": False, "expected": call()}
    except Exception:
        return {"refused": True}


def _drawn(transform, image, seed):
    """What a transform gives after a seed, and where the two generators stand then."""
    torch.manual_seed(seed)
    random.seed(seed)
    return {"image": image, **_result(lambda: transform(image)), "next_draw": torch.rand(1), "next_python": random.random()}


@case("transforms_v1/transform", transform=list(TRANSFORMS), shape=[(3, 33, 47), (2, 3, 21, 18)], seed=list(range(20)))
def transform(transform, shape, seed):
    return _drawn(TRANSFORMS[transform], _image(shape, "uint8", seed), seed)


@case("transforms_v1/small", transform=list(TRANSFORMS), seed=[1, 2],
      shape=[(1, 19, 24), (3, 1, 1), (3, 2, 1), (1, 2, 3), (3, 40, 7), (2, 6, 5), (2, 2, 3, 9, 8), (7, 9)])
def small(transform, shape, seed):
    return _drawn(TRANSFORMS[transform], _image(shape, "uint8", seed), seed)


@case("transforms_v1/five_crop", size=[[5], [4, 6], [12, 13], [13, 13]], shape=[(3, 12, 13), (2, 1, 12, 14)])
def five_crop(size, shape):
    image = _image(shape, "uint8", 1)
    crops = v1.FiveCrop(size), v1.TenCrop(size), v1.TenCrop(size, vertical_flip=True)
    return {"image": image, **_result(lambda: torch.stack([one for crop in crops for one in crop(image)]))}


# v2's own, under v1's names, print as v2's.
@case("transforms_v1/repr", transform=[n for n in TRANSFORMS if n.split("(")[0] not in (
    "Normalize", "Lambda", "LinearTransformation") and n not in (
    "RandomOrder()", "RandomChoice()", "RandomChoice(p)", "Resize({20, 30})", "CenterCrop({20, 50})")] + ["Normalize(uint8)"])
def repr_of(transform):
    return {"expected": str(TRANSFORMS[transform])}


DTYPES = ["uint8", "int16", "int32", "float16", "bfloat16", "float32", "float64", "bool", "uint16"]
SHAPES = [(3, 13, 17), (1, 5, 4), (2, 3, 6, 7), (2, 2, 3, 6, 7), (2, 5, 5), (7, 9), (3, 1, 1), (3, 2, 3), (1, 40, 7),
          (0, 3, 5, 5), (3, 0, 5)]


@case("transforms_v1/image", dtype=DTYPES, shape=SHAPES)
def image(dtype, shape):
    return {"image": _image(shape, dtype, 1)}


def _called(call, dtype, shape):
    return _result(lambda: call(_image(shape, dtype, 1)))


@case("transforms_v1/adjust", op=["brightness", "contrast", "saturation", "sharpness", "hue", "gamma"],
      factor=[-0.5, 0.3, 1.0, 1.7], dtype=DTYPES, shape=SHAPES)
def adjust(op, factor, dtype, shape):
    # A negative base has no root, and what float becomes as an integer out of range is nobody's promise.
    if op == "gamma" and dtype in ("int16", "int32") and factor not in (-0.5, 1.0):
        return {"skipped": True}
    return {"skipped": False, **_called(lambda image: getattr(F, f"adjust_{op}")(image, factor), dtype, shape)}


def _not_negative(image):
    return image.abs() if image.dtype in (torch.int16, torch.int32) else image


LEVELS = {
    **{f"posterize {bits}": lambda image, bits=bits: F.posterize(image, bits) for bits in (-1, 0, 3, 8, 9)},
    **{f"solarize {at}": lambda image, at=at: F.solarize(image, at) for at in (-3.0, 0.0, 0.5, 100.0, 255.0, 300.0)},
    **{f"gray {count}": lambda image, count=count: F.rgb_to_grayscale(image, count) for count in (1, 2, 3)},
    **{f"gamma 2.0 {gain}": lambda image, gain=gain: F.adjust_gamma(_not_negative(image), 2.0, gain) for gain in (0.3, 1.5)},
    "equalize": F.equalize, "autocontrast": F.autocontrast, "invert": F.invert, "hflip": F.hflip, "vflip": F.vflip,
}


@case("transforms_v1/levels", op=list(LEVELS), dtype=DTYPES, shape=SHAPES)
def levels(op, dtype, shape):
    return _called(LEVELS[op], dtype, shape)


@case("transforms_v1/convert", to=[*DTYPES, "int8", "int64"], dtype=DTYPES, shape=[(3, 7, 9), (3, 0, 5)])
def convert(to, dtype, shape):
    image = _image(shape, dtype, 3)
    # The largest integers are none of the numbers of 16 bits.
    if dtype in ("float16", "bfloat16") and to in ("uint16", "int16", "int32", "int64"):
        return {"skipped": True}
    return {"skipped": False, "image": image, **_result(lambda: F.convert_image_dtype(image, getattr(torch, to)))}


SIZES = {
    **{f"crop {region}": lambda image, region=region: F.crop(image, *region)
       for region in ((0, 0, 3, 3), (-1, -2, 4, 5), (3, 3, 9, 9), (50, 50, 3, 3), (0, 0, 0, 0), (-5, -5, 3, 3))},
    **{f"center_crop {size}": lambda image, size=size: F.center_crop(image, size)
       for size in ([3], [4, 5], [20, 20], [1, 30], [0, 0], [1, 2, 3])},
    **{f"pad {mode} {by}": lambda image, mode=mode, by=by: F.pad(image, by, 3 if mode == "constant" else 0, mode)
       for mode in ("constant", "edge", "reflect", "symmetric")
       for by in ([1], [1, 2], [0, 1, 2, 3], [-1, 0, 0, 1], [-9], [0], [4], [1, 2, 3])},
    "pad constant list": lambda image: F.pad(image, [1], [1.0, 2.0, 3.0]),
    "pad constant 0.7": lambda image: F.pad(image, [1], 0.7),
    **{f"resize {size} {most} {mode.value} {smooth}": lambda image, size=size, most=most, mode=mode, smooth=smooth:
       F.resize(image, size, mode, most, smooth)
       for size, most in (([6], None), ([6], 7), ([6, 7], None), ([4, 4], 9), ([], None), ([2, 3, 4], None), ([0, 0], None),
                          ([1, 1], None))
       for mode, smooth in ((BILINEAR, True), (BILINEAR, False), (BICUBIC, True), (NEAREST, True),
                            (InterpolationMode.NEAREST_EXACT, False), (InterpolationMode.LANCZOS, True),
                            (InterpolationMode.BOX, True))},
    **{f"resized_crop {region} {size}": lambda image, region=region, size=size: F.resized_crop(image, *region, size)
       for region in ((1, 1, 4, 3), (-1, -1, 4, 3)) for size in ([6, 5], [6])},
    **{f"normalize {mean} {std}": lambda image, mean=mean, std=std: F.normalize(image, mean, std)
       for mean, std in (([0.5], [0.5]), ([0.1, 0.2, 0.3], [0.4, 0.5, 0.6]), ([0.5], [0.0]), ([0.1, 0.2], [0.3, 0.4]),
                         ([], []))},
    **{f"gaussian_blur {size} {sigma}": lambda image, size=size, sigma=sigma: F.gaussian_blur(image, size, sigma or None)
       for size, sigma in (([3, 3], []), ([5, 3], [0.7, 1.3]), ([1, 1], [0.5]), ([9, 9], [2.0]), ([2, 3], []),
                           ([3, 3], [0.0]), ([3, 3, 3], []), ([3, 3], [1.0, 1.0, 1.0]), ([-1, 3], []))},
}


@case("transforms_v1/sizes", op=list(SIZES), dtype=["uint8", "int16", "float16", "float64", "bool", "uint16"], shape=SHAPES)
def sizes(op, dtype, shape):
    return _called(SIZES[op], dtype, shape)


FILLS = {"none": None, "0": 0, "3.5": 3.5, "[1.0]": [1.0], "[7.0, 8.0, 9.0]": [7.0, 8.0, 9.0], "[]": []}
CORNERS = [[0, 0], [4, 0], [4, 4], [0, 4]]
WARPS = {
    **{f"rotate {angle} {expand}": lambda image, mode, fill, angle=angle, expand=expand:
       F.rotate(image, angle, mode, expand, None, fill)
       for angle in (0, 30, 90, -45.5, 180) for expand in (False, True)},
    "rotate center": lambda image, mode, fill: F.rotate(image, 20, mode, False, [1, 2], fill),
    "affine": lambda image, mode, fill: F.affine(image, 30, [2, -1], 1.3, [10.0, 5.0], mode, fill),
    "affine center": lambda image, mode, fill: F.affine(image, -20, [2, -1], 0.6, [10.0], mode, fill, [1, 2]),
    "affine scale": lambda image, mode, fill: F.affine(image, 30, [0, 0], 0.0, [0.0], mode, fill),
    "affine translate": lambda image, mode, fill: F.affine(image, 30, [0], 1.0, [0.0], mode, fill),
    "perspective": lambda image, mode, fill: F.perspective(image, CORNERS, [[1, 0], [3, 1], [4, 3], [0, 4]], mode, fill),
    "perspective three": lambda image, mode, fill: F.perspective(image, CORNERS[:3], CORNERS[:3], mode, fill),
    "elastic": lambda image, mode, fill: F.elastic_transform(image, _displacement(image, torch.float32), mode, fill),
    "elastic float64": lambda image, mode, fill: F.elastic_transform(image, _displacement(image, torch.float64), mode, fill),
    "elastic other": lambda image, mode, fill: F.elastic_transform(image, torch.zeros(1, 3, 3, 2), mode, fill),
}


def _displacement(image, dtype):
    """Made on both sides: a wave of halves, which every type of floating point holds."""
    height, width = image.shape[-2:]
    return (torch.arange(height * width * 2).reshape(1, height, width, 2) % 7 - 3).to(dtype) / 16


# A shape that is refused is so for every type.
@case("transforms_v1/warp", op=list(WARPS), mode=["nearest", "bilinear"], fill=list(FILLS),
      dtype=["uint8", "int16", "float16", "float32", "float64", "bool", "uint16"], shape=[(3, 13, 17), (1, 5, 4), (2, 3, 6, 7)])
def warp(op, mode, fill, dtype, shape):
    return _called(lambda image: WARPS[op](image, InterpolationMode(mode), FILLS[fill]), dtype, shape)


@case("transforms_v1/warp_refused", op=list(WARPS), mode=["nearest", "bicubic"], fill=["none", "0"], dtype=["uint8", "float32"],
      shape=[(3, 13, 17), (2, 2, 3, 6, 7), (7, 9), (3, 1, 1), (0, 3, 5, 5), (3, 0, 5)])
def warp_refused(op, mode, fill, dtype, shape):
    return _called(lambda image: WARPS[op](image, InterpolationMode(mode), FILLS[fill]), dtype, shape)


MODES = {"1": 1, "L": 1, "P": 1, "LA": 2, "PA": 2, "RGB": 3, "YCbCr": 3, "HSV": 3, "LAB": 3, "RGBA": 4, "RGBX": 4, "CMYK": 4,
         "I;16": 1, "I": 1, "F": 1}


def _picture(mode, height, width):
    numbers = numpy.random.default_rng(0)
    if mode == "1":
        return Image.fromarray(numbers.integers(0, 2, (height, width)).astype(bool))
    if mode == "I":
        return Image.fromarray(numbers.integers(-500, 70000, (height, width)).astype(numpy.int32))
    if mode == "F":
        return Image.fromarray((numbers.random((height, width)) * 400 - 50).astype(numpy.float32))
    size = height * width * (2 if mode == "I;16" else MODES[mode])
    return Image.frombytes(mode, (width, height), numbers.integers(0, 256, size).astype(numpy.uint8).tobytes())


@case("transforms_v1/from_picture", mode=list(MODES), size=[(5, 7), (1, 1), (1, 6), (4, 1)])
def from_picture(mode, size):
    picture = _picture(mode, *size)
    gray = {}
    if mode not in ("P", "PA", "HSV", "LAB"):
        gray = {name: torch.from_numpy(numpy.array(F.to_grayscale(picture, channels)))
                for name, channels in (("gray", 1), ("gray_rgb", 3))}
    return {"picture": torch.from_numpy(numpy.array(picture)).reshape(*size, MODES[mode]), "tensor": F.to_tensor(picture),
            "pil_to_tensor": F.pil_to_tensor(picture), "image": v2.functional.to_image(picture),
            "strides": list(F.pil_to_tensor(picture).stride()), **gray}


@case("transforms_v1/to_picture", mode=["none", *MODES], channels=[0, 1, 2, 3, 4, 5],
      dtype=["uint8", "int8", "int16", "int32", "int64", "uint16", "bool", "float16", "bfloat16", "float32", "float64"])
def to_picture(mode, channels, dtype):
    numbers = torch.arange(-20, channels * 12 - 20).reshape(channels, 3, 4)
    floating = dtype.startswith(("float", "bfloat"))
    pixels = (numbers / 16 if floating else numbers.clamp(0) if dtype.startswith("u") else numbers).to(getattr(torch, dtype))
    wanted = None if mode == "none" else mode
    result = _result(lambda: F.to_pil_image(pixels, wanted))
    # torchvision takes what memory there is for the mode; Opsis refuses.
    if result["refused"] or (channels > 1 and not dtype.startswith("float") and dtype != "uint8"):
        return {"pixels": pixels, "refused": True}
    picture = result["expected"]
    return {"pixels": pixels, "refused": False, "expected_mode": picture.mode,
            "expected": torch.from_numpy(numpy.array(picture)).reshape(3, 4, channels)}


run(__file__)

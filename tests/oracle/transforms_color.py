"""transforms_color: the kernels of colour, blur, noise, erasing and JPEG, and the transforms that use them.

To add a kernel: a line in OPS, and one in tests/support/color_operations.cpp. To add a transform: a line in TRANSFORMS, and one in
tests/support/color_catalogue.cpp; it is then applied with twenty seeds, and its str() compared.
"""

import functools
import json
import warnings

import torch
from oracle import case, fails, run
from support import samples
from support.pictures import scikit_image
from support.samples import laid_out, photo, with_odd
from torchvision import tv_tensors
from torchvision.io import decode_image
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)  # the tensors are small: waking threads takes longer than the work

TYPES = ["bool", "uint8", "int8", "int16", "uint16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]
pixels = functools.partial(samples.pixels, exact=2**31)
LAYOUTS = ["contiguous", "channels_last", "sliced", "cropped"]


OPS = {
    **{f"brightness {f}": lambda v, f=f: F.adjust_brightness(v, f) for f in [0.0, 0.37, 1.0, 1.9, 300.0]},
    **{f"contrast {f}": lambda v, f=f: F.adjust_contrast(v, f) for f in [0.0, 0.37, 1.0, 1.9, 300.0]},
    **{f"saturation {f}": lambda v, f=f: F.adjust_saturation(v, f) for f in [0.0, 0.37, 1.0, 1.9, 300.0]},
    **{f"hue {f}": lambda v, f=f: F.adjust_hue(v, f) for f in [-0.5, -0.21, 0.0, 0.1, 0.5]},
    **{f"gamma {g}": lambda v, g=g: F.adjust_gamma(v, g) for g in [0.0, 0.45, 1.0, 2.0, 2.2]},
    "gamma 0.7 gain 1.3": lambda v: F.adjust_gamma(v, 0.7, 1.3),
    "gamma 2.2 gain 0.5": lambda v: F.adjust_gamma(v, 2.2, gain=0.5),
    **{f"sharpness {f}": lambda v, f=f: F.adjust_sharpness(v, f) for f in [0.0, 0.5, 1.0, 2.0, 13.7]},
    **{f"posterize {b}": lambda v, b=b: F.posterize(v, b) for b in [0, 1, 3, 7, 8]},
    **{f"solarize {t}": lambda v, t=t: F.solarize(v, t) for t in [-1.0, 0.0, 0.5, 1.0, 100.5, 255.0]},
    "autocontrast": lambda v: F.autocontrast(v),
    "equalize": lambda v: F.equalize(v),
    "invert": lambda v: F.invert(v),
    "grayscale": lambda v: F.rgb_to_grayscale(v),
    "grayscale 3": lambda v: F.to_grayscale(v, num_output_channels=3),
    "to rgb": lambda v: F.grayscale_to_rgb(v),
    "permute 2 0 1": lambda v: F.permute_channels(v, [2, 0, 1]),
    "permute 0": lambda v: F.permute_channels(v, [0]),
    "permute -1 0 1": lambda v: F.permute_channels(v, [-1, 0, 1]),
    "erase number": lambda v: F.erase(v, 1, 0, 4, 3, torch.tensor([1.0])[:, None, None]),
    "erase colour": lambda v: F.erase(v, 0, 1, 2, 90, torch.tensor([0.0, 1.0, 0.5])[:, None, None]),
    "erase beyond": lambda v: F.erase(v, -1, -2, 3, 5, torch.tensor([1.0])),
    "to_dtype float": lambda v: F.to_dtype(v, torch.float32, scale=True),
    "convert_image_dtype": lambda v: F.convert_image_dtype(v, torch.float32),
    "normalize": lambda v: F.normalize(F.to_dtype(v, torch.float32, scale=True), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "to_normalized": lambda v: F.normalize(F.to_dtype(v, torch.float32, scale=True), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    "normalize one": lambda v: F.normalize(F.to_dtype(v, torch.float32, scale=True), [0.5], [0.37]),
}
ODD = {
    f"{name} {factor}": lambda v, kernel=kernel, f=float(factor): kernel(v, f)
    for factor in ["nan", "inf"]
    for name, kernel in {
        "brightness": F.adjust_brightness, "contrast": F.adjust_contrast, "saturation": F.adjust_saturation,
        "gamma": F.adjust_gamma, "sharpness": F.adjust_sharpness, "solarize": F.solarize, "hue": F.adjust_hue,
    }.items()
}
# Those that have no kernel of their own for videos: torchvision lets a video pass.
IMAGES_ONLY = ["grayscale", "grayscale 3", "to rgb", "convert_image_dtype"]


def applied(op, value, layout="contiguous"):
    call = lambda: (OPS | ODD)[op](laid_out(value, layout))
    return {"input": value, "refused": True} if fails(call) else {"input": value, "refused": False, "expected": call()}


@case("transforms_color/types", op=list(OPS), dtype=TYPES, shape=[(3, 1, 1), (1, 2, 3), (3, 7, 9), (2, 3, 5, 20), (2, 5, 4)], layout=["contiguous"])
def types(op, dtype, shape, layout):
    return applied(op, pixels(shape, dtype), layout)


@case(
    "transforms_color/bytes",
    op=list(OPS),
    shape=[(3, 3, 3), (3, 33, 47), (1, 40, 24), (3, 4, 300), (2, 2, 3, 16, 19), (3, 0, 5), (0, 3, 4, 4)],
    layout=LAYOUTS,
)
def bytes_(op, shape, layout):
    return applied(op, pixels(shape), layout)


case("transforms_color/floats", op=list(OPS), dtype=["float32"], shape=[(3, 17, 23), (2, 1, 4, 5)], layout=["channels_last", "sliced"])(types)


# Where a type begins and ends, and around zero: the sign of an integer is no bit of its level.
@case("transforms_color/ends", op=["invert", *(op for op in OPS if op.startswith("solarize "))], dtype=["uint8", "int8", "int16", "uint16", "int32", "int64"])
def ends(op, dtype):
    info = torch.iinfo(getattr(torch, dtype))
    levels = [info.min, info.min + 1, -101, -100, -2, -1, 0, 1, 2, 100, 101, info.max - 1, info.max]
    return applied(op, torch.tensor([max(level, info.min) for level in levels]).to(getattr(torch, dtype)).reshape(1, 1, -1))


# Numbers that are none, and infinite ones: as pixels, and as what pixels are changed by.
@case("transforms_color/odd_pixels", op=list(OPS), dtype=["float16", "float32", "float64"], shape=[(3, 17, 23)], layout=["contiguous", "channels_last"])
def odd_pixels(op, dtype, shape, layout):
    return applied(op, with_odd(pixels(shape, dtype)), layout)


case("transforms_color/odd_factors", op=list(ODD), dtype=["uint8", "float32", "float64"], shape=[(3, 33, 47), (1, 5, 4)], layout=["contiguous", "channels_last"])(types)


@case("transforms_color/levels", op=list(OPS), image=["photo", "flat", "two levels", "dark", "gray", "astronaut", "coins"])
def levels(op, image):
    """Pictures of few levels, and large enough for sums to round."""
    value = {
        "photo": lambda: photo(301, 307),
        "flat": lambda: torch.full((3, 20, 21), 77, dtype=torch.uint8),
        "two levels": lambda: torch.randint(0, 2, (3, 20, 21)).mul(255).to(torch.uint8),
        "dark": lambda: torch.randint(0, 9, (3, 20, 21)).to(torch.uint8),
        "gray": lambda: torch.randint(0, 256, (1, 20, 21)).to(torch.uint8).expand(3, 20, 21),
        "astronaut": lambda: decode_image(str(scikit_image() / "astronaut.png"), mode="RGB")[:, 20:320, 100:401],
        "coins": lambda: decode_image(str(scikit_image() / "coins.png")),
    }[image]()
    return applied(op, value)


@case("transforms_color/video", op=[op for op in OPS if op not in IMAGES_ONLY], dtype=TYPES, shape=[(4, 3, 9, 11), (1, 2, 3, 5, 6)])
def video(op, dtype, shape):
    value = tv_tensors.Video(pixels(shape, dtype))
    return applied(op, value)


KERNELS = [[1], [3], [5, 3], [3, 7], [9, 9], [4], [-3], [3, 3, 3]]


@case(
    "transforms_color/gaussian_blur",
    kernel=KERNELS,
    sigma=[None, [0.5], [1.5, 0.8], [0.0], [1.0, 2.0, 3.0]],
    dtype=TYPES,
    shape=[(3, 1, 1), (1, 6, 5), (3, 17, 23), (2, 1, 3, 12, 16), (3, 0, 4)],
    layout=["contiguous", "channels_last"],
)
def gaussian_blur(kernel, sigma, dtype, shape, layout):
    value = pixels(shape, dtype)
    size = kernel if len(kernel) > 1 else kernel[0]
    call = lambda: F.gaussian_blur(laid_out(value, layout), size, sigma)
    return {"input": value, "refused": True} if fails(call) else {"input": value, "refused": False, "expected": call()}


@case("transforms_color/blurred_photo", kernel=[[3], [5], [7], [23, 11]], sigma=[None, [0.3], [2.0]], layout=LAYOUTS)
def blurred_photo(kernel, sigma, layout):
    value = photo(120, 163)
    size = kernel if len(kernel) > 1 else kernel[0]
    return {"input": value, "expected": F.gaussian_blur(laid_out(value, layout), size, sigma)}


@case("transforms_color/odd_blur", dtype=["uint8", "float32"], sigma=[["nan", "nan"], ["nan", "1"], ["inf", "2"], ["1", "1"]])
def odd_blur(dtype, sigma):
    value = pixels((3, 17, 23), dtype)
    value = value if dtype == "uint8" else with_odd(value)
    return {"input": value, "expected": F.gaussian_blur(value, [5, 3], [float(s) for s in sigma])}


@case(
    "transforms_color/gaussian_noise",
    mean=[0.0, 0.3],
    sigma=[0.0, 0.1, 2.0, -1.0],
    clip=[True, False],
    dtype=["uint8", "int16", "float16", "bfloat16", "float32", "float64"],
    shape=[(3, 1, 1), (3, 17, 23), (2, 3, 4, 5)],
    layout=["contiguous", "channels_last"],
)
def gaussian_noise(mean, sigma, clip, dtype, shape, layout):
    value = pixels(shape, dtype)
    torch.manual_seed(7)
    call = lambda: F.gaussian_noise(laid_out(value, layout), mean, sigma, clip)
    if fails(call):
        return {"input": value, "refused": True}
    torch.manual_seed(7)
    return {"input": value, "refused": False, "expected": call(), "next_draw": torch.rand(1)}


@case(
    "transforms_color/jpeg",
    quality=[0, 1, 10, 75, 100, 101],
    shape=[(3, 17, 23), (1, 9, 8), (3, 1, 1), (4, 8, 8), (2, 2, 3, 8, 9), (0, 3, 4, 4), (3, 0, 4)],
    layout=["contiguous", "channels_last"],
)
def jpeg(quality, shape, layout):
    value = pixels(shape)
    call = lambda: F.jpeg(laid_out(value, layout), quality)
    return {"input": value, "refused": True} if fails(call) else {"input": value, "refused": False, "expected": call()}


@case("transforms_color/temporal", frames=[0, 1, 5, 8], samples=[-1, 0, 1, 3, 8, 13], batch=[[], [2]])
def temporal(frames, samples, batch):
    value = pixels(batch + [frames, 1, 2, 3])
    call = lambda: F.uniform_temporal_subsample(value, samples)
    return {"input": value, "refused": True} if fails(call) else {"input": value, "refused": False, "expected": call()}


TRANSFORMS = {
    "ColorJitter()": lambda: v2.ColorJitter(),
    "ColorJitter(all)": lambda: v2.ColorJitter(0.4, 0.4, 0.4, 0.1),
    "ColorJitter(much)": lambda: v2.ColorJitter(brightness=1.5, contrast=(0.5, 3.0), saturation=(0.0, 2.0), hue=0.5),
    "ColorJitter(hue)": lambda: v2.ColorJitter(hue=(-0.2, 0.4)),
    "ColorJitter(nothing)": lambda: v2.ColorJitter(brightness=0.0, contrast=(1.0, 1.0), hue=0.0),
    "RandomPhotometricDistort()": lambda: v2.RandomPhotometricDistort(),
    "RandomPhotometricDistort(1)": lambda: v2.RandomPhotometricDistort((0.5, 1.5), (0.6, 1.4), (0.7, 1.3), (-0.1, 0.2), p=1.0),
    "RandomChannelPermutation()": lambda: v2.RandomChannelPermutation(),
    "Grayscale()": lambda: v2.Grayscale(),
    "Grayscale(3)": lambda: v2.Grayscale(3),
    "RandomGrayscale(0.5)": lambda: v2.RandomGrayscale(0.5),
    "RGB()": lambda: v2.RGB(),
    "RGB of gray": lambda: v2.Compose([v2.Grayscale(), v2.RGB()]),
    "RandomInvert()": lambda: v2.RandomInvert(),
    "RandomPosterize(3)": lambda: v2.RandomPosterize(3),
    "RandomSolarize(100.5)": lambda: v2.RandomSolarize(100.5, p=0.7),
    "RandomAutocontrast()": lambda: v2.RandomAutocontrast(),
    "RandomEqualize()": lambda: v2.RandomEqualize(),
    "RandomAdjustSharpness(2)": lambda: v2.RandomAdjustSharpness(2.0),
    "GaussianBlur(5)": lambda: v2.GaussianBlur(5),
    "GaussianBlur({5, 3}, 0.7)": lambda: v2.GaussianBlur((5, 3), sigma=0.7),
    "GaussianNoise()": lambda: v2.GaussianNoise(),
    "GaussianNoise(all)": lambda: v2.GaussianNoise(0.1, 0.3, clip=False),
    "RandomErasing()": lambda: v2.RandomErasing(),
    "RandomErasing(1, random)": lambda: v2.RandomErasing(1.0, value="random"),
    "RandomErasing(colour)": lambda: v2.RandomErasing(0.8, (0.3, 0.9), (0.2, 5.0), value=(1.0, 2.5, 3.0)),
    "JPEG(75)": lambda: v2.JPEG(75),
    "JPEG(5, 95)": lambda: v2.JPEG((5, 95)),
    "UniformTemporalSubsample(3)": lambda: v2.UniformTemporalSubsample(3),
    "ConvertImageDtype()": lambda: v2.ConvertImageDtype(),
    "ConvertImageDtype(int16)": lambda: v2.ConvertImageDtype(torch.int16),
    "ToImage()": lambda: v2.ToImage(),
    "Compose(train)": lambda: v2.Compose([v2.ColorJitter(0.4, 0.4, 0.4, 0.1), v2.RandomGrayscale(0.2), v2.ToDtype(torch.float32, scale=True), v2.GaussianNoise(), v2.RandomErasing(0.5, value="random")]),
}
# Those that a sample does not suit.
PRINTED = TRANSFORMS | {
    "LinearTransformation": lambda: v2.LinearTransformation(torch.eye(3), torch.zeros(3)),
    "ToPureTensor()": lambda: v2.ToPureTensor(),
}


@case("transforms_color/repr", transform=list(PRINTED))
def repr_(transform):
    return {"expected": str(PRINTED[transform]())}


CANVAS = (33, 47)
BOXES = tv_tensors.BoundingBoxes(torch.tensor([[1.0, 2.0, 30.0, 20.0], [5.0, 5.0, 9.5, 9.0]]), format="XYXY", canvas_size=CANVAS)
POINTS = tv_tensors.KeyPoints(torch.tensor([[1.0, 2.0], [30.0, 20.0]]), canvas_size=CANVAS)


@case("transforms_color/sample", transform=list(TRANSFORMS), seed=list(range(20)))
def sample(transform, seed):
    """An image and a video with boxes, a mask and key points, changed by one draw."""
    image = tv_tensors.Image(photo(*CANVAS))
    clip = tv_tensors.Video(torch.stack([photo(*CANVAS), photo(*CANVAS)]))
    mask = tv_tensors.Mask(torch.rand((2,) + CANVAS) < 0.5)
    torch.manual_seed(seed)
    outputs = TRANSFORMS[transform]()(image, clip, BOXES, mask, POINTS)
    names = ["image", "clip", "boxes", "mask", "points"]
    return {"image": image, "clip": clip, "mask": mask, "next_draw": torch.rand(1)} | {f"expected_{n}": v for n, v in zip(names, outputs)}


# What decides on the layout of memory that noise is then drawn over. Torchvision's arguments as JSON, which C++ reads too.
BEFORE_NOISE = [
    {"name": "Identity"},
    {"name": "RandomEqualize", "p": 1.0},
    {"name": "ColorJitter", "brightness": 0.5, "hue": [0.1, 0.2]},
    {"name": "RandomChannelPermutation"},
    {"name": "RandomPhotometricDistort", "p": 0.5},
    {"name": "GaussianBlur", "kernel_size": [5, 3], "exact": True},
    {"name": "Pad", "padding": [0, 0, 0, 0]},
    {"name": "Pad", "padding": [2, 0, 1, 3], "fill": [1, 20, 100]},
    {"name": "Pad", "padding": [2, -3, 1, 3]},
    {"name": "Pad", "padding": [-1, -1, -1, -1]},
    *[{"name": "Pad", "padding": [2, 0, 1, 3], "padding_mode": m} for m in ["constant", "edge", "reflect", "symmetric"]],
    {"name": "RandomCrop", "size": [30, 40], "padding": [4]},
    {"name": "RandomCrop", "size": [30, 40]},
    {"name": "CenterCrop", "size": [1, 20]},
    {"name": "CenterCrop", "size": [40, 40]},
    {"name": "RandomZoomOut", "p": 1.0},
    {"name": "RandomRotation", "degrees": [30, 31]},
    {"name": "RandomRotation", "degrees": [180, 180]},
    {"name": "RandomRotation", "degrees": [90, 90], "expand": True},
    {"name": "RandomAffine", "degrees": [10, 20], "shear": [5, 6], "interpolation": "bilinear"},
    {"name": "RandomPerspective", "p": 1.0, "interpolation": "nearest"},
    {"name": "ElasticTransform", "interpolation": "nearest"},
    {"name": "JPEG", "quality": [90, 90]},
    {"name": "RandAugment"},
    {"name": "TrivialAugmentWide"},
    {"name": "AugMix"},
    {"name": "RandomResizedCrop", "size": [20, 30]},
    {"name": "RandomVerticalFlip", "p": 1.0},
    {"name": "RandomAdjustSharpness", "sharpness_factor": 2.0, "p": 1.0},
    {"name": "RandomErasing", "p": 1.0},
]
RESIZE = {"name": "Resize", "size": [25, 31]}
BEHIND = [
    [],
    [{"name": "RandomInvert", "p": 1.0}, RESIZE],
    [{"name": "RandomChannelPermutation"}, {"name": "RandomHorizontalFlip", "p": 1.0}],
    [{"name": "ToDtype", "dtype": "float32", "scale": True}],
    [{"name": "Resize", "size": [30, 41]}, {"name": "CenterCrop", "size": [20, 22]}, RESIZE],
    [{"name": "Resize", "size": [30, 41]}, {"name": "CenterCrop", "size": [20, 22]}, {"name": "Identity"}, RESIZE],
    [{"name": "CenterCrop", "size": [20, 22]}, {"name": "RandomHorizontalFlip", "p": 1.0}, RESIZE],
]


def of_json(description):
    arguments = {k: v for k, v in description.items() if k not in ("name", "exact")}
    if "interpolation" in arguments:
        arguments["interpolation"] = v2.InterpolationMode(arguments["interpolation"])
    if "dtype" in arguments:
        arguments["dtype"] = getattr(torch, arguments["dtype"])
    return getattr(v2, description["name"])(**arguments)


def noisy(kind, value, layout, before, seed):
    pipeline = [*before, {"name": "GaussianNoise"}, {"name": "RandomResize", "min_size": 20, "max_size": 40}]
    torch.manual_seed(seed)
    expected = v2.Compose([of_json(p) for p in pipeline])(kind(laid_out(value, layout)))
    return {"input": value, "pipeline": json.dumps(pipeline), "expected": expected}


@case("transforms_color/noise_behind", before=BEFORE_NOISE, between=BEHIND, of=["image", "video", "frame"], layout=["contiguous", "channels_last"], seed=[1, 2])
def noise_behind(before, between, of, layout, seed):
    """The noise is drawn in the order of the memory, as what came before left it."""
    value = photo(33, 47) if of == "image" else torch.stack([photo(33, 47) for _ in range(2 if of == "video" else 1)])
    return noisy(tv_tensors.Image if of == "image" else tv_tensors.Video, value, layout, [before, *between], seed)


@case(
    "transforms_color/noise_behind_rgba",
    before=[{"name": n, "p": 1.0} | more for n, more in [("RandomInvert", {}), ("RandomPosterize", {"bits": 3}), ("RandomSolarize", {"threshold": 100.0})]]
    + [{"name": "Pad", "padding": [2, 0, 1, 3]}, {"name": "RandomRotation", "degrees": [30, 31]}, {"name": "RandomResizedCrop", "size": [20, 30]}],
    between=[[], [{"name": "CenterCrop", "size": [15, 17]}, {"name": "RandomInvert", "p": 1.0}]],
    of=["image"],
    layout=["contiguous", "channels_last"],
    seed=[1],
)
def noise_behind_rgba(before, between, of, layout, seed):
    value = torch.cat([photo(33, 47), photo(33, 47)[:1]])
    return noisy(tv_tensors.Image, value, layout, [before, *between], seed)


@case("transforms_color/linear", dtype=["uint8", "float32", "float64"], shape=[(3, 2, 2), (5, 3, 2, 2), (3, 2, 3)], of=["float32", "float64"])
def linear(dtype, shape, of):
    value = pixels(shape, dtype)
    matrix, mean = torch.randn(12, 12, dtype=getattr(torch, of)), torch.randn(12, dtype=getattr(torch, of))
    call = lambda: v2.LinearTransformation(matrix, mean)(value)
    out = {"input": value, "matrix": matrix, "mean": mean, "refused": fails(call)}
    return out if out["refused"] else out | {"expected": call()}


IMAGE = tv_tensors.Image(torch.zeros(3, 8, 10, dtype=torch.uint8))
MASK = tv_tensors.Mask(torch.zeros(8, 10))
REFUSALS = {
    "ColorJitter(-1)": lambda: v2.ColorJitter(brightness=-1.0),
    "ColorJitter(2, 1)": lambda: v2.ColorJitter(contrast=(2.0, 1.0)),
    "ColorJitter(-1, 1)": lambda: v2.ColorJitter(saturation=(-1.0, 1.0)),
    "ColorJitter(hue 0.6)": lambda: v2.ColorJitter(hue=0.6),
    "ColorJitter(inf)": lambda: v2.ColorJitter(brightness=float("inf"))(IMAGE),
    "ColorJitter of two channels": lambda: v2.ColorJitter(0.5)(IMAGE[:2]),
    "RandomGrayscale(2)": lambda: v2.RandomGrayscale(2.0),
    "RandomGrayscale of four": lambda: v2.RandomGrayscale(1.0)(tv_tensors.Image(torch.zeros(4, 2, 2))),
    "RandomGrayscale of a mask": lambda: v2.RandomGrayscale(1.0)(MASK),
    "Grayscale(2)": lambda: v2.Grayscale(2)(IMAGE),
    "RGB of two": lambda: v2.RGB()(IMAGE[:2]),
    "RandomChannelPermutation of a mask": lambda: v2.RandomChannelPermutation()(MASK),
    "RandomPhotometricDistort of a mask": lambda: v2.RandomPhotometricDistort()(MASK),
    "RandomPosterize(9)": lambda: v2.RandomPosterize(9, p=1.0)(IMAGE),
    "RandomSolarize(256)": lambda: v2.RandomSolarize(256.0, p=1.0)(IMAGE),
    "RandomAdjustSharpness(-1)": lambda: v2.RandomAdjustSharpness(-1.0, p=1.0)(IMAGE),
    "RandomAutocontrast of two": lambda: v2.RandomAutocontrast(1.0)(IMAGE[:2]),
    "GaussianBlur(4)": lambda: v2.GaussianBlur(4),
    "GaussianBlur({3, 3, 3})": lambda: v2.GaussianBlur((3, 3, 3)),
    "GaussianBlur(3, 0)": lambda: v2.GaussianBlur(3, 0.0),
    "GaussianBlur(3, {2, 1})": lambda: v2.GaussianBlur(3, (2.0, 1.0)),
    "GaussianBlur(3, inf)": lambda: v2.GaussianBlur(3, (1.0, float("inf")))(IMAGE),
    "GaussianBlur(17) of 8 rows": lambda: v2.GaussianBlur(17)(IMAGE),
    "GaussianNoise(-1)": lambda: v2.GaussianNoise(0.0, -1.0)(IMAGE),
    "GaussianNoise of int16": lambda: v2.GaussianNoise()(tv_tensors.Image(IMAGE.to(torch.int16))),
    "RandomErasing(scale)": lambda: v2.RandomErasing(scale=(0.5, 1.5)),
    "RandomErasing(scale reversed)": lambda: v2.RandomErasing(1.0, scale=(0.5, 0.3))(IMAGE),
    "RandomErasing(ratio reversed)": lambda: v2.RandomErasing(1.0, ratio=(3.0, 2.0))(IMAGE),
    "RandomErasing(ratio -1)": lambda: v2.RandomErasing(1.0, ratio=(-1.0, 3.0))(IMAGE),
    "RandomErasing(ratio inf)": lambda: v2.RandomErasing(1.0, ratio=(1.0, float("inf")))(IMAGE),
    "RandomErasing(two numbers)": lambda: v2.RandomErasing(1.0, value=(1.0, 2.0))(IMAGE),
    "RandomErasing of a mask": lambda: v2.RandomErasing(1.0)(MASK),
    "JPEG(0)": lambda: v2.JPEG(0),
    "JPEG(90, 10)": lambda: v2.JPEG((90, 10)),
    "JPEG of floats": lambda: v2.JPEG(50)(tv_tensors.Image(torch.zeros(3, 8, 8))),
    "LinearTransformation(2x3)": lambda: v2.LinearTransformation(torch.zeros(2, 3), torch.zeros(2)),
    "LinearTransformation(mean)": lambda: v2.LinearTransformation(torch.zeros(2, 2), torch.zeros(3)),
    "LinearTransformation(types)": lambda: v2.LinearTransformation(torch.zeros(2, 2), torch.zeros(2, dtype=torch.float64)),
    "UniformTemporalSubsample(-1)": lambda: v2.UniformTemporalSubsample(-1)(tv_tensors.Video(torch.zeros(2, 3, 4, 4))),
    "ConvertImageDtype(int64)": lambda: v2.ConvertImageDtype(torch.int64)(tv_tensors.Image(torch.zeros(3, 2, 2))),
    "permute_channels of three by two": lambda: F.permute_channels(IMAGE, [0, 1]),
    "permute_channels 3": lambda: F.permute_channels(IMAGE, [0, 1, 3]),
    "adjust_hue 0.6": lambda: F.adjust_hue(IMAGE, 0.6),
    "adjust_gamma -1": lambda: F.adjust_gamma(IMAGE, -1.0),
    "adjust_brightness -1": lambda: F.adjust_brightness(IMAGE, -1.0),
    "erase four colours": lambda: F.erase(IMAGE, 0, 0, 2, 2, torch.zeros(4, 1, 1)),
}


@case("transforms_color/refusals", what=list(REFUSALS))
def refusals(what):
    return {"refused": fails(REFUSALS[what])}


run(__file__)

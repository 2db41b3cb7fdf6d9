"""transforms_color: the kernels of colour, blur, noise, erasing and JPEG, and the transforms that use them.

To add a kernel: a line in OPS, and one in tests/support/color_operations.cpp. To add a transform: a line in TRANSFORMS, and one in
tests/support/color_catalogue.cpp; it is then applied with twenty seeds, and its str() compared.
"""

import warnings

import torch
from oracle import case, fails, run
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)  # the tensors are small: waking threads takes longer than the work

TYPES = ["bool", "uint8", "int8", "int16", "uint16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]
LAYOUTS = ["contiguous", "channels_last", "sliced", "cropped"]


def pixels(shape, dtype="uint8"):
    """All levels of the type; floating point in [0, 1)."""
    dtype = getattr(torch, dtype)
    if dtype.is_floating_point:
        return torch.rand(shape).to(dtype)
    if dtype == torch.bool:
        return torch.rand(shape) < 0.5
    info = torch.iinfo(dtype)
    low, high = max(info.min, -(2**31)), min(info.max, 2**31)
    return torch.randint(low, high + 1, shape).to(dtype)


def laid_out(image, layout):
    """The same numbers, laid out in memory in another way. color_operations.cpp does the same."""
    if layout == "channels_last":
        return image.movedim(-3, -1).contiguous().movedim(-1, -3)
    if layout == "sliced":
        return torch.stack([image, image], -1)[..., 0]
    if layout == "cropped":
        return torch.cat([image, image], -1).movedim(-3, -1).contiguous().movedim(-1, -3)[..., : image.shape[-1]]
    return image


def photo(height, width):
    """Smooth shades with some noise: what photographs are."""
    y, x = torch.meshgrid(torch.linspace(0, 6, height), torch.linspace(0, 9, width), indexing="ij")
    shades = torch.stack([torch.sin(x + y), torch.cos(2 * x - y), torch.sin(x * y / 4)])
    return (127.5 + 110 * shades + 12 * torch.randn(3, height, width)).clamp(0, 255).to(torch.uint8)


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
    "normalize one": lambda v: F.normalize(F.to_dtype(v, torch.float32, scale=True), [0.5], [0.37]),
}
# Those that have no kernel of their own for videos: torchvision lets a video pass.
IMAGES_ONLY = ["grayscale", "grayscale 3", "to rgb", "convert_image_dtype"]


def applied(op, value, layout="contiguous"):
    call = lambda: OPS[op](laid_out(value, layout))
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


@case("transforms_color/levels", op=list(OPS), image=["photo", "flat", "two levels", "dark", "gray"])
def levels(op, image):
    """Pictures of few levels, and large enough for sums to round."""
    value = {
        "photo": lambda: photo(301, 307),
        "flat": lambda: torch.full((3, 20, 21), 77, dtype=torch.uint8),
        "two levels": lambda: torch.randint(0, 2, (3, 20, 21)).mul(255).to(torch.uint8),
        "dark": lambda: torch.randint(0, 9, (3, 20, 21)).to(torch.uint8),
        "gray": lambda: torch.randint(0, 256, (1, 20, 21)).to(torch.uint8).expand(3, 20, 21),
    }[image]()
    return applied(op, value)


@case("transforms_color/video", op=[op for op in OPS if op not in IMAGES_ONLY], dtype=["uint8", "float32"], shape=[(4, 3, 9, 11), (1, 2, 3, 5, 6)])
def video(op, dtype, shape):
    value = tv_tensors.Video(pixels(shape, dtype))
    return applied(op, value)


KERNELS = [[1], [3], [5, 3], [3, 7], [9, 9], [4], [-3], [3, 3, 3]]


@case(
    "transforms_color/gaussian_blur",
    kernel=KERNELS,
    sigma=[None, [0.5], [1.5, 0.8], [0.0], [1.0, 2.0, 3.0]],
    dtype=["uint8", "int16", "float16", "float32", "float64", "bool"],
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


@case(
    "transforms_color/gaussian_noise",
    mean=[0.0, 0.3],
    sigma=[0.0, 0.1, 2.0, -1.0],
    clip=[True, False],
    dtype=["uint8", "int16", "float16", "float32", "float64"],
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


run(__file__)

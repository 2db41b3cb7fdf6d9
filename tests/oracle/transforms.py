"""transforms: functional kernels for every kind of value, transforms with their draws, and how they print.

To add a kernel: a line in OPS, and one in tests/support/transform_operations.cpp. To add a transform: a line in TRANSFORMS, and one
in tests/support/transform_catalogue.cpp; it is then applied with twenty seeds, and its str() compared.
"""

import json
import warnings

import torch
from oracle import case, fails, run
from support.pictures import scikit_image
from support.samples import FORMATS, ROTATED, UPRIGHT, boxes, laid_out, photo, pixels, points, result, with_odd
from torchvision import tv_tensors
from torchvision.io import decode_image
from torchvision.transforms import InterpolationMode, _presets, v2
from torchvision.transforms.v2 import functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)  # the tensors are small: waking threads takes longer than the work

INTEGERS = ["uint8", "int8", "int16", "int32", "int64"]
FLOATS = ["float16", "bfloat16", "float32", "float64"]


OPS = {
    "resize 7": lambda v: F.resize(v, [7]),
    "resize 16x24": lambda v: F.resize(v, [16, 24]),
    "resize 1x2": lambda v: F.resize(v, [1, 2]),
    "resize 20 to 24": lambda v: F.resize(v, [20], max_size=24),
    "resize longer 30": lambda v: F.resize(v, None, max_size=30),
    "resize nearest": lambda v: F.resize(v, [16, 24], interpolation=InterpolationMode.NEAREST),
    "resize nearest-exact": lambda v: F.resize(v, [16, 24], interpolation=InterpolationMode.NEAREST_EXACT),
    "resize aliased": lambda v: F.resize(v, [16, 24], antialias=False),
    "center_crop 8": lambda v: F.center_crop(v, [8]),
    "center_crop 40x20": lambda v: F.center_crop(v, [40, 20]),
    "center_crop 60x61": lambda v: F.center_crop(v, [60, 61]),
    "crop inside": lambda v: F.crop(v, 2, 3, 10, 12),
    "crop beyond": lambda v: F.crop(v, -4, 5, 60, 11),
    "crop outside": lambda v: F.crop(v, 50, 60, 8, 9),
    "crop before": lambda v: F.crop(v, -20, -30, 8, 9),
    "resized_crop": lambda v: F.resized_crop(v, 2, 3, 10, 12, [9, 15]),
    "resized_crop nearest-exact": lambda v: F.resized_crop(
        v, 1, 2, 13, 17, [9, 15], interpolation=InterpolationMode.NEAREST_EXACT
    ),
    "horizontal_flip": lambda v: F.horizontal_flip(v),
    "pad 2": lambda v: F.pad(v, [2]),
    "pad 2 1 with 3": lambda v: F.pad(v, [2, 1], fill=3),
    "pad 0 1 2 3 with half": lambda v: F.pad(v, [0, 1, 2, 3], fill=0.5),
    "pad negative": lambda v: F.pad(v, [-3, 2, 1, -2]),
}
# Of boxes and key points torchvision refuses the modes but constant; of masks the list of fills.
PIXEL_OPS = {
    "pad edge": lambda v: F.pad(v, [2, 3], padding_mode="edge"),
    "pad reflect": lambda v: F.pad(v, [2, 3, 1, 0], padding_mode="reflect"),
    "pad symmetric": lambda v: F.pad(v, [2, 3, 1, 4], padding_mode="symmetric"),
    "pad symmetric negative": lambda v: F.pad(v, [-2, 3, 1, -4], padding_mode="symmetric"),
}
IMAGE_OPS = {
    "pad colour": lambda v: F.pad(v, [2, 3, 1, 0], fill=[1.5, 2.5, 3.5]),
    "pad all but one side": lambda v: F.pad(v, [0, 3, 1, 4], fill=[1.0, 2.0, 3.0]),
    "pad list of one": lambda v: F.pad(v, [2], fill=[4.0]),
    "resize bicubic": lambda v: F.resize(v, [16, 24], interpolation=InterpolationMode.BICUBIC),
    "resize bicubic aliased": lambda v: F.resize(v, [50, 61], interpolation=InterpolationMode.BICUBIC, antialias=False),
    "resize lanczos": lambda v: F.resize(v, [16, 24], interpolation=InterpolationMode.LANCZOS),
}


@case(
    "transforms/image",
    op=list(OPS | PIXEL_OPS | IMAGE_OPS),
    dtype=["uint8", "int64", *FLOATS],
    shape=[(3, 33, 47), (2, 3, 40, 24)],
    layout=["contiguous"],
)
def image(op, dtype, shape, layout):
    value = tv_tensors.Image(laid_out(pixels(shape, dtype), layout))
    return {"input": value, "expected": (OPS | PIXEL_OPS | IMAGE_OPS)[op](value)}


case(
    "transforms/image_layouts",
    op=list(OPS | PIXEL_OPS | IMAGE_OPS),
    dtype=["uint8", "float32"],
    shape=[(3, 33, 47), (2, 3, 40, 24)],
    layout=["channels_last", "sliced"],
)(image)


@case("transforms/video", op=list(OPS | PIXEL_OPS | IMAGE_OPS), dtype=["uint8", "int64", *FLOATS], shape=[(4, 3, 33, 47), (1, 2, 3, 21, 20)])
def video(op, dtype, shape):
    value = tv_tensors.Video(pixels(shape, dtype))
    return {"input": value, "expected": (OPS | PIXEL_OPS | IMAGE_OPS)[op](value)}


@case("transforms/mask", op=list(OPS | PIXEL_OPS), dtype=["bool", *INTEGERS, *FLOATS], shape=[(33, 47), (5, 40, 24)])
def mask(op, dtype, shape):
    value = tv_tensors.Mask(pixels(shape, dtype))
    return {"input": value, "expected": (OPS | PIXEL_OPS)[op](value)}


# Small, tall and wide ones, some of which are refused: there is not enough to mirror, or nothing would be left.
def shaped(kind, op, dtype, shape):
    value = kind(pixels(shape, dtype))
    call = lambda: (OPS | PIXEL_OPS | IMAGE_OPS)[op](value)
    return {"input": value, "refused": True} if fails(call) else {"input": value, "refused": False, "expected": call()}


@case("transforms/image_shapes", op=list(OPS | PIXEL_OPS | IMAGE_OPS), dtype=["uint8", "float32"], shape=[(3, 1, 1), (1, 2, 3), (3, 47, 5), (3, 5, 70)])
def image_shapes(op, dtype, shape):
    return shaped(tv_tensors.Image, op, dtype, shape)


@case("transforms/video_shapes", op=list(OPS | PIXEL_OPS | IMAGE_OPS), dtype=["uint8"], shape=[(2, 3, 1, 1), (2, 3, 2, 3), (1, 2, 3, 47, 5), (2, 1, 5, 70)])
def video_shapes(op, dtype, shape):
    return shaped(tv_tensors.Video, op, dtype, shape)


@case("transforms/mask_shapes", op=list(OPS | PIXEL_OPS), dtype=["uint8", "int32", "float16"], shape=[(1, 1), (2, 3), (4, 47, 5), (5, 70)])
def mask_shapes(op, dtype, shape):
    return shaped(tv_tensors.Mask, op, dtype, shape)


@case(
    "transforms/upright_boxes",
    op=list(OPS),
    format=UPRIGHT,
    clamping=["none", "soft"],
    dtype=[*FLOATS, "int64"],
    canvas=[(33, 47), (40, 24)],
)
def bounding_boxes(op, format, clamping, dtype, canvas):
    value = boxes(format, canvas, dtype, clamping)
    return {"input": value, **result(OPS[op](value))}


case(
    "transforms/rotated_boxes",
    op=list(OPS),
    format=ROTATED,
    clamping=["none", "soft", "hard"],
    dtype=FLOATS,
    canvas=[(33, 47)],
)(bounding_boxes)


@case("transforms/no_boxes", op=list(OPS), format=FORMATS, clamping=["soft"], canvas=[(33, 47)])
def no_boxes(op, format, clamping, canvas):
    value = boxes(format, canvas, clamping=clamping, count=2)
    value = tv_tensors.wrap(value[:0], like=value)
    return {"input": value, **result(OPS[op](value))}


@case("transforms/key_points", op=list(OPS), dtype=[*FLOATS, "int64"], shape=[(7, 2), (2, 3, 2), (0, 2)], canvas=[(33, 47), (40, 24)])
def key_points(op, dtype, shape, canvas):
    value = points(canvas, dtype, shape)
    return {"input": value, **result(OPS[op](value))}


# Numbers that are none, and infinite ones.
@case("transforms/odd_image", op=list(OPS | PIXEL_OPS | IMAGE_OPS), dtype=FLOATS, shape=[(3, 33, 47)], layout=["contiguous", "channels_last"])
def odd_image(op, dtype, shape, layout):
    value = tv_tensors.Image(laid_out(with_odd(pixels(shape, dtype)), layout))
    return {"input": value, "expected": (OPS | PIXEL_OPS | IMAGE_OPS)[op](value)}


@case("transforms/odd_boxes", op=list(OPS), format=FORMATS, clamping=["none", "soft", "hard"], dtype=["float32", "float64"], canvas=[(33, 47)])
def odd_boxes(op, format, clamping, dtype, canvas):
    value = with_odd(boxes(format, canvas, dtype, clamping))
    return {"input": value, **result(OPS[op](value))}


@case("transforms/odd_points", op=list(OPS), dtype=["float32", "float64"], shape=[(40, 2)], canvas=[(33, 47)])
def odd_points(op, dtype, shape, canvas):
    value = with_odd(points(canvas, dtype, shape))
    return {"input": value, **result(OPS[op](value))}


@case(
    "transforms/resize_sweep",
    dtype=["bool"] + INTEGERS + FLOATS,
    shape=[(3, 1, 1), (1, 2, 3), (3, 33, 47), (4, 47, 9), (2, 3, 17, 16)],
    layout=["contiguous", "channels_last"],
    size=[[7], [16, 24]],
    interpolation=["nearest", "nearest-exact", "bilinear", "bicubic", "lanczos"],
    antialias=[True, False],
)
def resize_sweep(dtype, shape, layout, size, interpolation, antialias):
    value = pixels(shape, dtype)
    call = lambda: F.resize(laid_out(value, layout), size, interpolation=interpolation, antialias=antialias)
    return {"input": value, "refused": True} if fails(call) else {"input": value, "refused": False, "expected": call()}


@case("transforms/resized_size", canvas=[(1, 1), (3, 5), (375, 500), (500, 375), (333, 1000), (7, 7)], size=[None, [1], [7], [256], [3, 4]], max_size=[None, 8, 100, 257])
def resized_size(canvas, size, max_size):
    call = lambda: F.resize(tv_tensors.KeyPoints(torch.zeros(1, 2), canvas_size=canvas), size, max_size=max_size).canvas_size
    return {"refused": True} if fails(call) else {"refused": False, "expected": list(call())}


@case("transforms/convert_format", old=FORMATS, new=FORMATS, dtype=["float32", "float64", "float16", "int64", "uint8"])
def convert_format(old, new, dtype):
    if old in ROTATED and dtype in ("int64", "uint8"):
        return {"skipped": True}
    value = boxes(old, (33, 47), dtype)
    call = lambda: F.convert_bounding_box_format(value, new_format=tv_tensors.BoundingBoxFormat[new])
    if fails(call):
        return {"skipped": False, "input": value, "refused": True}
    return {"skipped": False, "input": value, "refused": False, "expected": call()}


@case("transforms/clamp_boxes", format=FORMATS, mode=["none", "soft", "hard"], dtype=["float32", "float64", "float16", "int64"], canvas=[(33, 47), (10, 90)])
def clamp_boxes(format, mode, dtype, canvas):
    if format in ROTATED and dtype == "int64":
        return {"skipped": True}
    value = boxes(format, canvas, dtype, count=64)
    return {"skipped": False, "input": value, "expected": F.clamp_bounding_boxes(value, clamping_mode=None if mode == "none" else mode)}


@case("transforms/odd_formats", old=FORMATS, new=FORMATS, dtype=["float32"])
def odd_formats(old, new, dtype):
    if (old in ROTATED) != (new in ROTATED):
        return {"skipped": True}
    value = with_odd(boxes(old, (33, 47), dtype))
    return {"skipped": False, "refused": False, "input": value, "expected": F.convert_bounding_box_format(value, new_format=tv_tensors.BoundingBoxFormat[new])}


@case("transforms/odd_clamped", format=FORMATS, mode=["none", "soft", "hard"], dtype=["float32"], canvas=[(33, 47)])
def odd_clamped(format, mode, dtype, canvas):
    value = with_odd(boxes(format, canvas, dtype, count=64))
    return {"skipped": False, "input": value, "expected": F.clamp_bounding_boxes(value, clamping_mode=None if mode == "none" else mode)}


@case("transforms/clamp_points", dtype=["float32", "int64"], canvas=[(33, 47), (1, 1)])
def clamp_points(dtype, canvas):
    value = points((33, 47), dtype)
    value = tv_tensors.wrap(value - 5, like=value, canvas_size=canvas)
    return {"input": value, "expected": F.clamp_keypoints(value)}


@case("transforms/to_dtype", old=["bool", "uint16"] + INTEGERS + FLOATS, new=["bool", "uint16"] + INTEGERS + FLOATS, scale=[False, True])
def to_dtype(old, new, scale):
    value = pixels((3, 9, 11), old)
    call = lambda: F.to_dtype(value, getattr(torch, new), scale=scale)
    if fails(call):
        return {"input": value, "refused": True}
    return {"input": value, "refused": False, "expected": call()}


@case("transforms/normalize", dtype=FLOATS, shape=[(3, 9, 11), (1, 9, 11), (2, 3, 1, 1), (3, 0, 4)], mean=[[0.5], [0.485, 0.456, 0.406]], layout=["contiguous", "channels_last"])
def normalize(dtype, shape, mean, layout):
    value = pixels(shape, dtype)
    return {"input": value, "expected": F.normalize(laid_out(value, layout), mean, [s / 2 for s in mean])}


TRANSFORMS = {
    "Resize(16)": lambda: v2.Resize(16),
    "Resize({16, 24})": lambda: v2.Resize([16, 24], interpolation="bicubic", antialias=False),
    "Resize({}, 20)": lambda: v2.Resize(None, max_size=20),
    "Resize(16, 20)": lambda: v2.Resize(16, interpolation="nearest", max_size=20),
    "CenterCrop(16)": lambda: v2.CenterCrop(16),
    "CenterCrop({50, 20})": lambda: v2.CenterCrop((50, 20)),
    "RandomCrop(16)": lambda: v2.RandomCrop(16),
    "RandomCrop({33, 20})": lambda: v2.RandomCrop((33, 20)),
    "RandomCrop(32, padding)": lambda: v2.RandomCrop(32, padding=4),
    "RandomCrop(64, needed)": lambda: v2.RandomCrop(64, pad_if_needed=True, fill=[1, 2, 3]),
    "RandomCrop({40, 30}, all)": lambda: v2.RandomCrop((40, 30), padding=[1, 2, 3, 4], pad_if_needed=True, fill=0.5),
    "RandomResizedCrop(24)": lambda: v2.RandomResizedCrop(24),
    "RandomResizedCrop({20, 30})": lambda: v2.RandomResizedCrop((20, 30), scale=(0.5, 0.75), ratio=(0.5, 2.0), interpolation="nearest"),
    "RandomResizedCrop(24, middle)": lambda: v2.RandomResizedCrop(24, scale=(2.0, 3.0), ratio=(2.0, 3.0), antialias=False),
    "RandomResizedCrop(24, tall)": lambda: v2.RandomResizedCrop(24, scale=(2.0, 3.0), ratio=(0.2, 0.3)),
    "RandomHorizontalFlip()": lambda: v2.RandomHorizontalFlip(),
    "RandomHorizontalFlip(0.1)": lambda: v2.RandomHorizontalFlip(0.1),
    "RandomHorizontalFlip(1)": lambda: v2.RandomHorizontalFlip(1.0),
    "Pad(2)": lambda: v2.Pad(2),
    "Pad({1, 2})": lambda: v2.Pad([1, 2], fill=7),
    "Pad({1, 2, 3, 4}, per kind)": lambda: v2.Pad([1, 2, 3, 4], fill={tv_tensors.Image: (1, 2, 3), "others": 9}),
    "ToDtype(float)": lambda: v2.ToDtype(torch.float32),
    "ToDtype(float, scale)": lambda: v2.ToDtype(torch.float32, scale=True),
    "ToDtype(per kind)": lambda: v2.ToDtype({tv_tensors.Image: torch.float64, tv_tensors.Mask: torch.int64, "others": None}, scale=True),
    "Compose(one)": lambda: v2.Compose([v2.Resize(16)]),
    "Compose(nested)": lambda: v2.Compose([v2.Resize(20), v2.Compose([v2.RandomCrop(16), v2.Pad(1)]), v2.RandomHorizontalFlip()]),
    "RandomApply(one)": lambda: v2.RandomApply([v2.RandomHorizontalFlip(0.7)], p=0.3),
    "RandomApply(two)": lambda: v2.RandomApply([v2.Pad(2), v2.RandomCrop(16)]),
    "Compose(train)": lambda: v2.Compose(
        [
            v2.RandomResizedCrop(24),
            v2.RandomHorizontalFlip(),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    ),
}
# Those that a sample without floating point pixels, or without a str() of its own, leaves out.
PRINTED = TRANSFORMS | {
    "Normalize": lambda: v2.Normalize([0.485, 1e-5, 1.0], [1e17, 2.5, 100.0]),
    "Normalize(inplace)": lambda: v2.Normalize([0.5], [0.5], inplace=True),
    "Pad(none)": lambda: v2.Pad(2, fill=None, padding_mode="edge"),
    "Lambda": lambda: v2.Lambda(lambda v: v),
    "Lambda(Image, Mask)": lambda: v2.Lambda(lambda v: v, tv_tensors.Image, tv_tensors.Mask),
}


@case("transforms/repr", transform=list(PRINTED))
def repr_(transform):
    return {"expected": str(PRINTED[transform]())}


# Settings as JSON has them, with a number where a list of one may stand and null for None; beside those that torchvision refuses,
# what Opsis says of them.
WRITTEN = {
    '{"name": "Resize", "size": 256}': "",
    '{"name": "Resize", "size": null, "max_size": 64}': "",
    '{"name": "CenterCrop", "size": 10}': "",
    '{"name": "CenterCrop", "size": [10]}': "",
    '{"name": "RandomCrop", "size": 10, "padding": 2}': "",
    '{"name": "RandomCrop", "size": [10], "padding": [2]}': "",
    '{"name": "RandomCrop", "size": 10, "padding": null}': "",
    '{"name": "RandomResizedCrop", "size": 10}': "",
    '{"name": "Pad", "padding": [1]}': "",
    '{"name": "FiveCrop", "size": 10}': "",
    '{"name": "TenCrop", "size": 10}': "",
    '{"name": "GaussianBlur", "kernel_size": 3}': "",
    '{"name": "GaussianBlur", "kernel_size": [3], "sigma": 2.0}': "",
    '{"name": "GaussianBlur", "kernel_size": null}': "GaussianBlur: kernel_size must have 1 or 2 numbers, got 0",
    '{"name": "ElasticTransform", "alpha": 30.0, "sigma": 3}': "",
    '{"name": "ElasticTransform", "alpha": [30.0], "sigma": [3.0, 4.0]}': "",
    '{"name": "RandomAffine", "degrees": 0, "shear": 10}': "",
    '{"name": "RandomAffine", "degrees": 5, "shear": null, "translate": null, "scale": null, "center": null}': "",
    '{"name": "RandomAffine", "degrees": [0]}': "RandomAffine: degrees must have 2 numbers, got 1",
    '{"name": "RandomRotation", "degrees": 30, "center": null}': "",
    '{"name": "RandomRotation", "degrees": [30]}': "RandomRotation: degrees must have 2 numbers, got 1",
    '{"name": "RandomShortestSize", "min_size": [20], "max_size": null}': "",
    '{"name": "RandomIoUCrop", "sampler_options": [0.5]}': "",
    '{"name": "RandomIoUCrop", "sampler_options": null}': "",
    '{"name": "JPEG", "quality": 50}': "",
    '{"name": "JPEG", "quality": [50]}': "JPEG: quality: this must be one of the types that can stand here, got [50]",
    '{"name": "ColorJitter", "brightness": 0.5, "hue": null}': "",
    '{"name": "SetClampingMode", "clamping_mode": null}': "",
}


@case("transforms/written", settings=list(WRITTEN))
def written(settings):
    given = json.loads(settings)
    make = getattr(v2, given.pop("name"))
    refused = fails(lambda: make(**given))
    assert refused == bool(WRITTEN[settings])
    return {"refusal": WRITTEN[settings], "repr": "" if refused else repr(make(**given))}


@case("transforms/sample", transform=list(TRANSFORMS), seed=list(range(20)))
def sample(transform, seed):
    """An image with boxes, a mask and key points, changed by one draw."""
    canvas = (33, 47)
    inputs = (
        tv_tensors.Image(photo(*canvas)),
        boxes("XYXY", canvas, count=4),
        boxes("CXCYWHR", canvas, count=4),
        tv_tensors.Mask(pixels((2,) + canvas, "bool")),
        points(canvas),
    )
    names = ["image", "boxes", "rotated", "mask", "points"]
    if transform == "RandomCrop(64, needed)":  # three fills are refused for masks
        inputs, names = inputs[:3], names[:3]
    torch.manual_seed(seed)
    outputs = TRANSFORMS[transform]()(*inputs)
    out = {"next_draw": torch.rand(1)}
    for name, before, after in zip(names, inputs, outputs):
        out |= {name: before} | result(after, "expected_" + name)
    return out


PIPELINES = {
    "train float": lambda: TRANSFORMS["Compose(train)"]().transforms and v2.Compose([v2.RandomResizedCrop(224)] + TRANSFORMS["Compose(train)"]().transforms[1:]),
    "train uint8": lambda: v2.Compose([v2.RandomCrop(224, padding=8, pad_if_needed=True), v2.RandomHorizontalFlip(), v2.RandomResizedCrop(160, interpolation="bicubic")]),
    "evaluate": lambda: v2.Compose([v2.Resize(256), v2.CenterCrop(224), v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])]),
}


@case("transforms/pipeline", pipeline=list(PIPELINES), layout=["contiguous", "channels_last"], seed=[0, 7, 42])
def pipeline(pipeline, layout, seed):
    image = photo(375, 500)
    torch.manual_seed(seed)
    return {"image": image, "expected": PIPELINES[pipeline]()(tv_tensors.Image(laid_out(image, layout))), "next_draw": torch.rand(1)}


@case("transforms/photo_pipeline", pipeline=list(PIPELINES), file=["astronaut.png", "coffee.png", "retina.jpg", "rocket.jpg"], seed=[1])
def photo_pipeline(pipeline, file, seed):
    """A photo with boxes, a mask and key points."""
    image = tv_tensors.Image(decode_image(str(scikit_image() / file), mode="RGB"))
    canvas = tuple(image.shape[-2:])
    mask = tv_tensors.Mask(pixels((1,) + canvas))
    sample = {"image": image, "boxes": boxes("XYXY", canvas, clamping="hard"), "mask": mask, "points": points(canvas)}
    torch.manual_seed(seed)
    changed = PIPELINES[pipeline]()(*sample.values())
    found = sample | {"next_draw": torch.rand(1)}
    for name, value in zip(sample, changed):
        found |= result(value, "expected_" + name)
    return found


@case(
    "transforms/preset",
    shape=[(3, 60, 47), (3, 20, 90), (2, 3, 48, 32), (3, 32, 32)],
    dtype=["uint8", "int16", "float16", "float32", "float64"],
    interpolation=["NEAREST", "BILINEAR", "BICUBIC"],
    antialias=[True, False],
    layout=["contiguous", "channels_last"],
)
def preset(shape, dtype, interpolation, antialias, layout):
    value = pixels(shape, dtype)
    transform = _presets.ImageClassification(crop_size=28, resize_size=32, interpolation=InterpolationMode[interpolation], antialias=antialias)
    return {"input": value, "expected": transform(laid_out(value, layout)), "repr": str(transform)}


IMAGE = tv_tensors.Image(torch.zeros(3, 8, 10, dtype=torch.uint8))
BOXES = tv_tensors.BoundingBoxes(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), format="XYXY", canvas_size=(8, 10))
REFUSALS = {
    "Resize({1, 2, 3})": lambda: v2.Resize([1, 2, 3]),
    "Resize({})": lambda: v2.Resize(None),
    "Resize({4, 5}, max)": lambda: v2.Resize([4, 5], max_size=9)(IMAGE),
    "Resize(8, max 8)": lambda: v2.Resize(8, max_size=8)(IMAGE),
    "Resize(0)": lambda: v2.Resize(0)(IMAGE),
    "Resize(-3)": lambda: v2.Resize(-3)(IMAGE),
    "Resize(2 ** 63 - 1)": lambda: v2.Resize(2**63 - 1)(IMAGE),
    "Resize(box)": lambda: v2.Resize(5, interpolation="box")(IMAGE),
    "Resize(lanczos, aliased)": lambda: v2.Resize(5, interpolation="lanczos", antialias=False)(IMAGE),
    "resize (H, W)": lambda: F.resize(torch.zeros(8, 10), [4]),
    "interpolation": lambda: v2.Resize(4, interpolation="trilinear")(IMAGE),
    "CenterCrop({1, 2, 3})": lambda: v2.CenterCrop([1, 2, 3]),
    "CenterCrop({})": lambda: v2.CenterCrop([]),
    "RandomCrop({1, 2, 3})": lambda: v2.RandomCrop([1, 2, 3]),
    "RandomCrop(9)": lambda: v2.RandomCrop(9)(IMAGE),
    "RandomCrop(padding of 3)": lambda: v2.RandomCrop(4, padding=[1, 2, 3]),
    "RandomCrop(two sizes)": lambda: v2.RandomCrop(4)(IMAGE, tv_tensors.Mask(torch.zeros(9, 9))),
    "RandomCrop(nothing)": lambda: v2.RandomCrop(4)("no value"),
    "RandomResizedCrop({1, 2, 3})": lambda: v2.RandomResizedCrop([1, 2, 3]),
    "RandomResizedCrop(scale)": lambda: v2.RandomResizedCrop(4, scale=(1.0, 0.5))(IMAGE),
    "RandomHorizontalFlip(1.5)": lambda: v2.RandomHorizontalFlip(1.5),
    "RandomHorizontalFlip(-0.1)": lambda: v2.RandomHorizontalFlip(-0.1),
    "Pad of 3": lambda: v2.Pad([1, 2, 3]),
    "Pad mode": lambda: v2.Pad(1, padding_mode="mirror"),
    "Pad boxes reflect": lambda: v2.Pad(1, padding_mode="reflect")(BOXES),
    "Pad points edge": lambda: v2.Pad(1, padding_mode="edge")(tv_tensors.KeyPoints(torch.zeros(1, 2), canvas_size=(8, 10))),
    "Pad mask colour": lambda: v2.Pad(1, fill=(1, 2, 3))(tv_tensors.Mask(torch.zeros(8, 10))),
    "Pad edge colour": lambda: v2.Pad(1, fill=(1, 2, 3), padding_mode="edge")(IMAGE),
    "Pad two colours": lambda: v2.Pad(1, fill=(1, 2))(IMAGE),
    "Pad reflect too far": lambda: v2.Pad(8, padding_mode="reflect")(IMAGE),
    "Pad symmetric too far": lambda: v2.Pad(9, padding_mode="symmetric")(IMAGE),
    "Pad all away": lambda: v2.Pad(-5)(IMAGE),
    "ToDtype(mask only)": lambda: v2.ToDtype({tv_tensors.Mask: torch.int64})(IMAGE),
    "ToDtype(unsafe)": lambda: v2.ToDtype(torch.int64, scale=True)(tv_tensors.Image(torch.zeros(3, 2, 2))),
    "Normalize uint8": lambda: v2.Normalize([0.5], [0.5])(IMAGE),
    "Normalize std 0": lambda: v2.Normalize([0.5], [0.0])(tv_tensors.Image(torch.zeros(3, 2, 2))),
    "Normalize two of three": lambda: v2.Normalize([0.5, 0.5], [0.5, 0.5])(tv_tensors.Image(torch.zeros(3, 2, 2))),
    "Normalize (H, W)": lambda: F.normalize(torch.zeros(2, 2), [0.5], [0.5]),
    "Normalize inplace wider": lambda: F.normalize(torch.zeros(1, 2, 2), [0.5] * 3, [0.5] * 3, inplace=True),
    "ImageClassification of one channel": lambda: _presets.ImageClassification(crop_size=4, resize_size=4)(IMAGE[:1]),
    "Compose({})": lambda: v2.Compose([]),
    "RandomApply({})": lambda: v2.RandomApply([]),
    "RandomApply(2)": lambda: v2.RandomApply([v2.Pad(1)], p=2.0),
    "convert upright to rotated": lambda: F.convert_bounding_box_format(BOXES, new_format=tv_tensors.BoundingBoxFormat.XYWHR),
}


@case("transforms/refusals", what=list(REFUSALS))
def refusals(what):
    return {"refused": fails(REFUSALS[what])}


@case("transforms/names", of=["transforms", "functional"])
def names(of):
    """torchvision's public names: ours must be among them."""
    return {"names": [n for n in dir(v2 if of == "transforms" else F) if not n.startswith("_")]}


run(__file__)

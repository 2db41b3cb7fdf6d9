"""transforms_sizes: the kernels and transforms that mirror, cut, pad, resize at random, and keep boxes in order.

To add a kernel: a line in OPS or PIXEL_OPS, and one in tests/transforms/functional/sizes_test.cpp. To add a transform: a line in TRANSFORMS, and
one in tests/transforms/sizes_test.cpp; it is then applied with twenty seeds, and its str() compared.
"""

import warnings

import torch
from oracle import case, fails, run
from support.samples import FORMATS, ROTATED, Format, boxes, laid_out, pixels, points
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)  # the tensors are small: waking threads takes longer than the work

TYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "float16", "bfloat16", "float32", "float64"]
CANVAS = (33, 47)


FLIPS = {"horizontal_flip": F.horizontal_flip, "vertical_flip": F.vertical_flip}
PADS = {
    "2 1 with 3": dict(padding=[2, 1], fill=3),
    "0 1 2 3": dict(padding=[0, 1, 2, 3]),
    "cut": dict(padding=[-1, 2, 1, -1], fill=1),
    "cut all but one": dict(padding=[-1, 0, 0, 0]),
    "edge": dict(padding=[2, 3, 1, 40], padding_mode="edge"),
    "edge cut": dict(padding=[-1, 3, 2, -1], padding_mode="edge"),
    "reflect": dict(padding=[2, 1, 1, 0], padding_mode="reflect"),
    "reflect cut": dict(padding=[-1, 1, 1, -1], padding_mode="reflect"),
    "symmetric": dict(padding=[2, 1, 1, 2], padding_mode="symmetric"),
    "symmetric cut": dict(padding=[-1, 1, 1, -1], padding_mode="symmetric"),
    "colour": dict(padding=[2, 3, 1, 0], fill=[1.5, 2.0, 3.5]),
    "colour cut": dict(padding=[2, -1, 0, 4], fill=[1.0, 2.5, 3.0]),
}
# Fills that not every type holds, or of the wrong number, which matter only where something is filled.
BEYOND = {
    "above": dict(padding=[1], fill=300),
    "below": dict(padding=[1, 0], fill=-1),
    "below by half": dict(padding=[1], fill=-0.5),
    "above by half": dict(padding=[1], fill=255.5),
    "far": dict(padding=[0, 0, 0, 2], fill=70000),
    "farther": dict(padding=[0, 0, 1, 0], fill=1e39),
    "nan": dict(padding=[1], fill=float("nan")),
    "inf": dict(padding=[1], fill=float("inf")),
    "above nowhere": dict(padding=[0], fill=300),
    "above cut": dict(padding=[-1, 0], fill=300),
    "above cut and grown": dict(padding=[-1, 0, 1, 0], fill=300),
    "colours above": dict(padding=[1], fill=[300.0, -1.0, 2.5]),
    "two colours": dict(padding=[1], fill=[1.0, 2.0]),
    "two colours nowhere": dict(padding=[0], fill=[1.0, 2.0]),
    "two colours cut": dict(padding=[-1, 0], fill=[1.0, 2.0]),
}
SHAPES = [(3, 1, 1), (3, 2, 3), (2, 3, 5, 31), (3, 40, 17), (3, 3, 16), (3, 0, 4), (1, 2, 3, 4, 3)]


@case("transforms_sizes/flip", op=list(FLIPS), dtype=TYPES, shape=SHAPES + [(1, 9, 33), (4, 3, 37), (5, 4, 21)], layout=["contiguous", "channels_last", "sliced"])
def flip(op, dtype, shape, layout):
    value = pixels(shape, dtype)
    return {"input": value, "expected": FLIPS[op](laid_out(value, layout))}


@case("transforms_sizes/pad", op=list(PADS), dtype=["uint8", "bool", "int64", "int16", "float16", "float32", "float64"], shape=SHAPES, layout=["contiguous", "channels_last", "sliced"])
def pad(op, dtype, shape, layout):
    value = pixels(shape, dtype)
    call = lambda: F.pad(laid_out(value, layout), **(PADS | BEYOND)[op])
    return {"input": value, "refused": True} if fails(call) else {"input": value, "refused": False, "expected": call()}


case("transforms_sizes/pad_beyond", op=list(BEYOND), dtype=TYPES, shape=[(3, 4, 5), (3, 0, 4), (2, 3, 5, 31)], layout=["contiguous", "channels_last"])(pad)


@case("transforms_sizes/crop", region=[(0, 0, 3, 2), (-1, -2, 5, 9), (1, 1, 60, 60), (-9, 3, 4, 2), (2, 70, 3, 3), (0, 0, 0, 0), (1, 0, 0, 3)], dtype=["uint8", "float32"], shape=SHAPES, layout=["contiguous", "channels_last", "sliced"])
def crop(region, dtype, shape, layout):
    value = pixels(shape, dtype)
    return {"input": value, "expected": F.crop(laid_out(value, layout), *region)}


@case("transforms_sizes/vertical_flip_boxes", format=FORMATS, dtype=["float32", "float64", "float16", "int64"], count=[12, 0])
def vertical_flip_boxes(format, dtype, count):
    if format in ROTATED and dtype == "int64":
        return {"skipped": True}
    value = boxes(format, CANVAS, dtype=dtype, count=count) if count else boxes(format, CANVAS, dtype=dtype, count=2)[:0]
    value = tv_tensors.BoundingBoxes(value.as_subclass(torch.Tensor), format=format, canvas_size=CANVAS)
    return {"skipped": False, "input": value, "expected": F.vertical_flip(value)}


@case("transforms_sizes/vertical_flip_points", dtype=["float32", "float64", "int64"], shape=[(7, 2), (2, 3, 2), (0, 2)])
def vertical_flip_points(dtype, shape):
    value = points(CANVAS, dtype=dtype, shape=shape)
    return {"input": value, "expected": F.vertical_flip(value)}


@case("transforms_sizes/crops", shape=[(3, 12, 15), (2, 3, 13, 10), (3, 4, 1)], size=[[4], [5, 6], [12, 1], [13], [0, 2], [3, 4, 5], []], ten=["five", "ten", "ten vertical"])
def crops(shape, size, ten):
    value = pixels(shape)
    call = lambda: F.five_crop(value, size) if ten == "five" else F.ten_crop(value, size, vertical_flip=ten == "ten vertical")
    return {"input": value, "refused": True} if fails(call) else {"input": value, "refused": False, "expected": torch.stack(call())}


@case("transforms_sizes/sanitize", format=FORMATS, dtype=["float32", "float16", "int64"], min_size=[1.0, 5.5], min_area=[1.0, 60.0], what=["some", "none", "nan", "inside"])
def sanitize(format, dtype, min_size, min_area, what):
    if dtype == "int64" and (format in ROTATED or what == "nan"):
        return {"skipped": True}
    value = boxes(format, CANVAS, dtype=dtype, count=40, beyond=0.9).as_subclass(torch.Tensor)
    if what == "none":
        value = value[:0]
    if what == "nan":
        value[1, 0], value[2, 3], value[3] = torch.nan, torch.nan, torch.inf
    if what == "inside":
        value = value.abs() % 20
    value = tv_tensors.BoundingBoxes(value, format=format, canvas_size=CANVAS)
    out, valid = F.sanitize_bounding_boxes(value, min_size=min_size, min_area=min_area)
    return {"skipped": False, "input": value, "expected": out, "valid": valid}


@case("transforms_sizes/sanitize_tensor", format=FORMATS, count=[40, 1, 0])
def sanitize_tensor(format, count):
    value = boxes(format, CANVAS, count=count, beyond=0.9).as_subclass(torch.Tensor)
    out, valid = F.sanitize_bounding_boxes(value, format=format, canvas_size=CANVAS, min_size=2, min_area=30)
    return {"input": value, "expected": out, "valid": valid}


@case("transforms_sizes/sanitize_points", dtype=["float32", "int64"], shape=[(30, 2), (20, 3, 2), (4, 2, 2, 2), (0, 2), (0, 3, 2)], nan=[False, True])
def sanitize_points(dtype, shape, nan):
    value = points(CANVAS, dtype=dtype, shape=shape)
    if nan and dtype == "float32" and value.numel():
        value.as_subclass(torch.Tensor).view(-1)[1] = torch.nan
    out, valid = F.sanitize_keypoints(value)
    return {"input": value, "expected": out, "valid": valid}


@case("transforms_sizes/sanitize_points_tensor", shape=[(30, 2), (20, 3, 2), (0, 2), (2,)])
def sanitize_points_tensor(shape):
    value = points(CANVAS, dtype="float32", shape=shape).as_subclass(torch.Tensor)
    out, valid = F.sanitize_keypoints(value, canvas_size=CANVAS)
    return {"input": value, "expected": out, "valid": valid}


TRANSFORMS = {
    "RandomVerticalFlip()": lambda: v2.RandomVerticalFlip(),
    "RandomVerticalFlip(1)": lambda: v2.RandomVerticalFlip(1.0),
    "ClampBoundingBoxes()": lambda: v2.ClampBoundingBoxes(),
    "ClampBoundingBoxes(hard)": lambda: v2.ClampBoundingBoxes("hard"),
    "ClampBoundingBoxes(none)": lambda: v2.ClampBoundingBoxes(None),
    "ClampKeyPoints()": lambda: v2.ClampKeyPoints(),
    "SetClampingMode(hard)": lambda: v2.SetClampingMode("hard"),
    "SetClampingMode(none)": lambda: v2.SetClampingMode(None),
    "SanitizeBoundingBoxes(4, 60)": lambda: v2.SanitizeBoundingBoxes(4.0, 60.0, labels_getter=None),
    "SanitizeKeyPoints()": lambda: v2.SanitizeKeyPoints(),
    "RandomZoomOut()": lambda: v2.RandomZoomOut(),
    "RandomZoomOut(fill)": lambda: v2.RandomZoomOut(fill={tv_tensors.Image: (1, 2, 3), "others": 9}, side_range=(1.5, 2.5), p=0.8),
    "RandomIoUCrop()": lambda: v2.RandomIoUCrop(),
    "RandomIoUCrop(strict)": lambda: v2.RandomIoUCrop(0.2, 0.9, 0.7, 1.5, sampler_options=[0.2, 0.4, 1.5], trials=7),
    "ScaleJitter()": lambda: v2.ScaleJitter((40, 60)),
    "ScaleJitter(range)": lambda: v2.ScaleJitter((50, 30), (0.5, 1.1), interpolation="nearest", antialias=False),
    "RandomShortestSize(20)": lambda: v2.RandomShortestSize(20),
    "RandomShortestSize(many)": lambda: v2.RandomShortestSize([20, 25, 30, 41], max_size=50, interpolation="bicubic"),
    "RandomResize(20, 40)": lambda: v2.RandomResize(20, 40),
    "RandomResize(10, 60)": lambda: v2.RandomResize(10, 60, interpolation="nearest-exact"),
}
# Those that need another sample, or have it changed in kind.
PRINTED = TRANSFORMS | {
    "ConvertBoundingBoxFormat(XYWH)": lambda: v2.ConvertBoundingBoxFormat(Format.XYWH),
    "FiveCrop(10)": lambda: v2.FiveCrop(10),
    "TenCrop({10, 12}, true)": lambda: v2.TenCrop((10, 12), vertical_flip=True),
}


@case("transforms_sizes/repr", transform=list(PRINTED))
def representation(transform):
    return {"expected": str(PRINTED[transform]())}


@case("transforms_sizes/sample", transform=list(TRANSFORMS), seed=list(range(20)))
def sample(transform, seed):
    """Boxes, an image, a mask for each box and key points, all with one draw."""
    upright = boxes("XYXY", CANVAS, beyond=0.9, count=6)
    values = {
        "image": tv_tensors.Image(pixels((3, *CANVAS))),
        "boxes": upright,
        "mask": tv_tensors.Mask(pixels((6, *CANVAS), "bool")),
        "points": points(CANVAS),
    }
    torch.manual_seed(seed)
    out = TRANSFORMS[transform]()(dict(values))
    entry = {}
    for key, value in values.items():
        entry[key] = value
        entry["expected_" + key] = out[key]
        if key in ("boxes", "points"):
            entry[f"expected_{key}_canvas"] = list(out[key].canvas_size)
    entry["expected_clamping"] = str(out["boxes"].clamping_mode).lower()
    return {**entry, "next_draw": torch.rand(1)}


@case("transforms_sizes/labels", min_size=[1.0, 8.0])
def labels(min_size):
    value = boxes("XYWH", CANVAS, beyond=0.8, count=10)
    sample = {"boxes": value, "labels": torch.arange(10), "area": torch.rand(10)}
    out = v2.SanitizeBoundingBoxes(min_size, labels_getter=lambda s: (s["labels"], s["area"]))(sample)
    return {"input": value, "area": sample["area"], "boxes": out["boxes"], "labels": out["labels"], "expected_area": out["area"]}


PEOPLE = {
    "boxes": lambda: v2.SanitizeBoundingBoxes(6.0),
    "boxes with points": lambda: v2.SanitizeBoundingBoxes(6.0, labels_getter=lambda s: (s["labels"], s["points"])),
    "boxes without labels": lambda: v2.SanitizeBoundingBoxes(6.0, labels_getter=None),
    "points": lambda: v2.SanitizeKeyPoints(),
    "points with labels": lambda: v2.SanitizeKeyPoints("default"),
    "points with boxes": lambda: v2.SanitizeKeyPoints(lambda s: (s["labels"], s["boxes"])),
}


@case("transforms_sizes/people", sanitizer=list(PEOPLE), count=[0, 12])
def people(sanitizer, count):
    """Boxes, and key points of what is in each of them."""
    sample = {"boxes": boxes("XYXY", CANVAS, beyond=0.8, count=count), "points": points(CANVAS, shape=(count, 3, 2)), "labels": torch.arange(count)}
    if count:  # some groups are there whole
        sample["points"].as_subclass(torch.Tensor)[::2] *= 0.8
    out = PEOPLE[sanitizer]()(dict(sample))
    return {**sample, **{f"expected_{key}": value for key, value in out.items()}}


IMAGE = tv_tensors.Image(torch.zeros(3, 8, 10, dtype=torch.uint8))
BOXES = tv_tensors.BoundingBoxes([[1.0, 2.0, 3.0, 4.0]], format="XYXY", canvas_size=(8, 10))
TURNED = tv_tensors.BoundingBoxes([[4.0, 4.0, 3.0, 4.0, 10.0]], format="CXCYWHR", canvas_size=(8, 10))
POINTS = tv_tensors.KeyPoints(torch.zeros(1, 2), canvas_size=(8, 10))
MASK = tv_tensors.Mask(torch.zeros(8, 10))
REFUSALS = {
    "RandomResizedCrop(ratio 0)": lambda: v2.RandomResizedCrop(4, ratio=(0.0, 0.0))(IMAGE),
    "RandomResizedCrop(ratio -1)": lambda: v2.RandomResizedCrop(4, ratio=(-1.0, 1.0))(IMAGE),
    "RandomResizedCrop(scale -1)": lambda: v2.RandomResizedCrop(4, scale=(-1.0, -0.5))(IMAGE),
    "RandomResizedCrop(ratio 0 to 1)": lambda: v2.RandomResizedCrop(4, ratio=(0.0, 1.0))(IMAGE),
    "RandomResizedCrop(scale -1 to 1)": lambda: v2.RandomResizedCrop(4, scale=(-1.0, 1.0))(IMAGE),
    "RandomResizedCrop(scale nan)": lambda: v2.RandomResizedCrop(4, scale=(float("nan"), 1.0))(IMAGE),
    "RandomResizedCrop(scale inf)": lambda: v2.RandomResizedCrop(4, scale=(0.5, float("inf")))(IMAGE),
    "RandomResizedCrop(0)": lambda: v2.RandomResizedCrop(0)(IMAGE),
    "Pad fill []": lambda: v2.Pad(1, fill=[])(IMAGE),
    "Pad fill [] edge": lambda: v2.Pad(1, fill=[], padding_mode="edge")(IMAGE),
    "Pad fill 300": lambda: v2.Pad(1, fill=300)(IMAGE),
    "RandomCrop fill -1": lambda: v2.RandomCrop(20, pad_if_needed=True, fill=-1)(IMAGE),
    "RandomZoomOut fill 300": lambda: v2.RandomZoomOut(fill=300, side_range=(2.0, 2.0), p=1.0)(IMAGE),
    "RandomVerticalFlip(2)": lambda: v2.RandomVerticalFlip(2.0),
    "FiveCrop({})": lambda: v2.FiveCrop([]),
    "FiveCrop(9)": lambda: v2.FiveCrop(9)(IMAGE),
    "FiveCrop boxes": lambda: v2.FiveCrop(3)(IMAGE, BOXES),
    "TenCrop mask": lambda: v2.TenCrop(3)(IMAGE, MASK),
    "TenCrop({1, 2, 3})": lambda: v2.TenCrop((1, 2, 3)),
    "SanitizeBoundingBoxes(0.5)": lambda: v2.SanitizeBoundingBoxes(0.5),
    "SanitizeBoundingBoxes(1, 0)": lambda: v2.SanitizeBoundingBoxes(1.0, 0.0),
    "SanitizeBoundingBoxes no boxes": lambda: v2.SanitizeBoundingBoxes(labels_getter=None)(IMAGE),
    "SanitizeBoundingBoxes labels": lambda: v2.SanitizeBoundingBoxes()({"boxes": BOXES, "labels": torch.zeros(2)}),
    "SanitizeKeyPoints no points": lambda: v2.SanitizeKeyPoints()(IMAGE),
    "RandomZoomOut(side 0.5)": lambda: v2.RandomZoomOut(side_range=(0.5, 2.0)),
    "RandomZoomOut(side 3 to 2)": lambda: v2.RandomZoomOut(side_range=(3.0, 2.0)),
    "RandomZoomOut(p)": lambda: v2.RandomZoomOut(p=1.5),
    "RandomIoUCrop no boxes": lambda: v2.RandomIoUCrop()(IMAGE),
    "RandomIoUCrop no image": lambda: v2.RandomIoUCrop()(BOXES, MASK),
    "RandomIoUCrop rotated": lambda: v2.RandomIoUCrop(sampler_options=[0.0])(IMAGE, TURNED),
    "RandomIoUCrop no options": lambda: v2.RandomIoUCrop(sampler_options=[])(IMAGE, BOXES),
    "RandomIoUCrop no height": lambda: v2.RandomIoUCrop(0.0, 0.0, sampler_options=[0.0])(IMAGE, BOXES),
    "ScaleJitter(0)": lambda: v2.ScaleJitter((0, 0))(IMAGE),
    "RandomShortestSize({})": lambda: v2.RandomShortestSize([])(IMAGE),
    "RandomResize(5, 5)": lambda: v2.RandomResize(5, 5)(IMAGE),
    "ConvertBoundingBoxFormat rotated": lambda: v2.ConvertBoundingBoxFormat("CXCYWHR")(BOXES),
}


EDGES = {
    "CenterCrop(0)": lambda: v2.CenterCrop(0),
    "CenterCrop(-5)": lambda: v2.CenterCrop(-5),
    "CenterCrop({4, -5})": lambda: v2.CenterCrop((4, -5)),
    "RandomCrop(0)": lambda: v2.RandomCrop(0),
    "RandomCrop(-2)": lambda: v2.RandomCrop(-2),
    "RandomResizedCrop(scale 0)": lambda: v2.RandomResizedCrop(4, scale=(0.0, 0.0)),
    "RandomResizedCrop(scale 1e30)": lambda: v2.RandomResizedCrop(4, scale=(1e30, 1e30)),
    "Pad(0, fill 300)": lambda: v2.Pad(0, fill=300),
    "RandomZoomOut(no room, fill 300)": lambda: v2.RandomZoomOut(fill=300, side_range=(1.0, 1.0), p=1.0),
}


@case("transforms_sizes/edges", transform=list(EDGES), seed=[0, 1, 2, 3, 4])
def edges(transform, seed):
    """Sizes that make no sense, which torchvision takes all the same."""
    image = pixels((3, 8, 10))
    torch.manual_seed(seed)
    return {"image": image, "expected": EDGES[transform]()(tv_tensors.Image(image))}


@case("transforms_sizes/refusals", what=list(REFUSALS))
def refusals(what):
    return {"refused": fails(REFUSALS[what])}


run(__file__)

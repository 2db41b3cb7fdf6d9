"""transforms_warp: affine, rotate, perspective and elastic for every kind of value, and the transforms that draw for them.

To add a kernel: a line in OPS here, and one in tests/transforms/functional/warp_test.cpp. To add a transform: a line in TRANSFORMS,
and one in tests/transforms/warp_test.cpp; it is applied with twenty seeds, and its str() compared.
"""

import warnings

import torch
from oracle import case, fails, run
from support.samples import ROTATED, UPRIGHT, boxes, laid_out, pixels, points, result, size_of, with_odd
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)  # the tensors are small: waking threads takes longer than the work

CANVAS = (33, 47)
SQUARE = (30, 30)


def displacement(value, strength=0.2):
    """Waves: the same in C++ would not round the same, so it goes with the case."""
    height, width = size_of(value)
    y, x = torch.meshgrid(torch.linspace(0, 5, height), torch.linspace(0, 7, width), indexing="ij")
    return (strength * torch.stack([torch.sin(x + 2 * y), torch.cos(2 * x - y)], -1))[None]


def moved_corners(value):
    h, w = size_of(value)
    start = [[0, 0], [w - 1, 0], [w - 1, h - 1], [0, h - 1]]
    return start, [[w // 5, h // 7], [w - 1 - w // 9, h // 4], [w - 2, h - 1 - h // 5], [w // 8, h - 1]]


OPS = {
    "affine 30": lambda v, **o: F.affine(v, 30, [0, 0], 1.0, [0.0, 0.0], **o),
    "affine all": lambda v, **o: F.affine(v, -77.5, [3, -5], 0.7, [12.0, -9.0], **o),
    "affine center": lambda v, **o: F.affine(v, 45, [-4, 2], 1.6, [20.0], center=[3, 11], **o),
    "affine moved": lambda v, **o: F.affine(v, 0, [5, -3], 1.0, [0.0, 0.0], **o),
    "affine away": lambda v, **o: F.affine(v, 10, [5000, -3], 1.0, [0.0, 0.0], **o),
    "affine tiny": lambda v, **o: F.affine(v, 10, [0, 0], 0.01, [0.0, 0.0], **o),
    "affine huge": lambda v, **o: F.affine(v, 10, [0, 0], 1e9, [0.0, 0.0], **o),
    "rotate 30": lambda v, **o: F.rotate(v, 30.0, **o),
    "rotate -412.5": lambda v, **o: F.rotate(v, -412.5, **o),
    "rotate 0": lambda v, **o: F.rotate(v, 0.0, **o),
    "rotate 90": lambda v, **o: F.rotate(v, 90.0, **o),
    "rotate 90 expand": lambda v, **o: F.rotate(v, 90.0, expand=True, **o),
    "rotate 180": lambda v, **o: F.rotate(v, 180.0, **o),
    "rotate 270 expand": lambda v, **o: F.rotate(v, -90.0, expand=True, **o),
    "rotate 45 expand": lambda v, **o: F.rotate(v, 45.0, expand=True, **o),
    "rotate 20 center": lambda v, **o: F.rotate(v, 20.0, center=[3.5, 8], **o),
    "rotate 90 center expand": lambda v, **o: F.rotate(v, 90.0, center=[3, 8], expand=True, **o),
    "perspective": lambda v, **o: F.perspective(v, *moved_corners(v), **o),
    "perspective halves": lambda v, **o: F.perspective(v, [[0.5, 0.5], [20, 0], [21, 19], [0, 20]], [[1, 1.5], [18, 2], [20, 20], [2.5, 17]], **o),
    "perspective coefficients": lambda v, **o: F.perspective(v, None, None, coefficients=[0.8, 0.1, 2.0, -0.1, 1.2, 1.0, 0.002, 0.001], **o),
    "perspective horizon": lambda v, **o: F.perspective(v, None, None, coefficients=[1.0, 0.1, 0.0, 0.1, 1.0, 0.0, -0.08, 0.0], **o),
    "elastic": lambda v, **o: F.elastic(v, displacement(v), **o),
    "elastic none": lambda v, **o: F.elastic(v, displacement(v, 0.0), **o),
    "elastic far": lambda v, **o: F.elastic_transform(v, displacement(v, 3.0).double(), **o),
}
NAN, INF = float("nan"), float("inf")
ODD = {
    "affine nan": lambda v, **o: F.affine(v, NAN, [0, 0], 1.0, [0.0, 0.0], **o),
    "affine moved nan": lambda v, **o: F.affine(v, 0, [NAN, 0], 1.0, [0.0, 0.0], **o),
    "affine scale inf": lambda v, **o: F.affine(v, 0, [0, 0], INF, [0.0, 0.0], **o),
    "rotate nan": lambda v, **o: F.rotate(v, NAN, **o),
    "rotate nan expand": lambda v, **o: F.rotate(v, NAN, expand=True, **o),
    "perspective nan": lambda v, **o: F.perspective(v, None, None, coefficients=[NAN] * 8, **o),
}
FILLS = {"none": None, "0": 0, "7": 7, "halves": 100.5, "colour": [10.0, 200.25, 30.0], "list of one": [3.0], "above": 300, "below": -20}


def with_displacement(value, op):
    return {"displacement": displacement(value, {"elastic none": 0.0, "elastic far": 3.0}.get(op, 0.2))} if "elastic" in op else {}


def moved(value, op, **options):
    """What torchvision makes of it, or that it refuses."""
    call = lambda: (OPS | ODD)[op](value, **options)
    if fails(call):
        return {"refused": True}
    return {"refused": False, **result(call())}


@case(
    "transforms_warp/image",
    op=list(OPS),
    dtype=["uint8"],
    interpolation=["nearest", "bilinear"],
    fill=list(FILLS),
    shape=[(3, *CANVAS), (3, *SQUARE)],
    layout=["contiguous", "channels_last"],
)
def image(op, dtype, interpolation, fill, shape, layout):
    value = tv_tensors.Image(laid_out(pixels(shape, dtype), layout))
    return {"input": value, **with_displacement(value, op), **moved(value, op, interpolation=interpolation, fill=FILLS[fill])}


# Every type; the fills that they can hold.
case(
    "transforms_warp/image_types",
    op=["affine all", "rotate 30", "rotate 45 expand", "perspective", "elastic"],
    dtype=["bool", "int8", "int16", "int32", "int64", "uint16", "float16", "bfloat16", "float32", "float64"],
    interpolation=["nearest", "bilinear"],
    fill=["none", "7", "colour"],
    shape=[(3, *CANVAS)],
    layout=["contiguous"],
)(image)

# Fills that they cannot hold are wrapped as numbers that are converted.
case(
    "transforms_warp/image_beyond",
    op=["affine all", "rotate 45 expand", "perspective", "elastic"],
    dtype=["bool", "int8", "int16", "uint16", "float16"],
    interpolation=["nearest", "bilinear"],
    fill=["above", "below"],
    shape=[(3, *CANVAS)],
    layout=["contiguous"],
)(image)

case(
    "transforms_warp/image_shapes",
    op=["affine all", "affine center", "rotate 30", "rotate 45 expand", "perspective", "elastic"],
    dtype=["uint8"],
    interpolation=["nearest", "bilinear"],
    fill=["none", "7", "colour"],
    shape=[(3, 1, 1), (1, 2, 3), (3, 2, 3), (1, 33, 47), (2, 17, 16), (4, 47, 9), (5, 9, 70), (2, 3, 17, 16), (2, 2, 3, 20, 31), (3, 0, 4), (0, 3, 9, 9), (0, 9, 9)],
    layout=["contiguous", "channels_last", "sliced"],
)(image)


# elastic alone has it.
case(
    "transforms_warp/bicubic",
    op=["elastic", "elastic far"],
    dtype=["uint8", "float32"],
    interpolation=["bicubic"],
    fill=["none", "colour"],
    shape=[(3, *CANVAS)],
    layout=["contiguous", "channels_last"],
)(image)


# Many pixels: how often rounding differs shows here.
@case(
    "transforms_warp/large",
    op=["affine all", "rotate 30", "perspective", "elastic"],
    dtype=["uint8"],
    interpolation=["nearest", "bilinear"],
    fill=["none", "colour"],
    shape=[(3, 211, 307)],
    layout=["contiguous", "channels_last"],
)
def large(op, dtype, interpolation, fill, shape, layout):
    return image(op, dtype, interpolation, fill, shape, layout)


@case("transforms_warp/video", op=list(OPS), dtype=["uint8", "int16", "int64", "float16", "bfloat16", "float32", "float64"], shape=[(4, 3, *CANVAS), (1, 2, 3, *SQUARE)])
def video(op, dtype, shape):
    value = tv_tensors.Video(pixels(shape, dtype))
    return {"input": value, **with_displacement(value, op), **moved(value, op)}


@case(
    "transforms_warp/video_modes",
    op=list(OPS),
    dtype=["uint8", "float32"],
    interpolation=["nearest", "bilinear"],
    fill=["none", "7", "colour"],
    shape=[(4, 3, *CANVAS), (1, 2, 3, *SQUARE)],
    layout=["contiguous", "channels_last"],
)
def video_modes(op, dtype, interpolation, fill, shape, layout):
    value = tv_tensors.Video(laid_out(pixels(shape, dtype), layout))
    return {"input": value, **with_displacement(value, op), **moved(value, op, interpolation=interpolation, fill=FILLS[fill])}


@case("transforms_warp/mask", op=list(OPS), dtype=["bool", "uint8", "int64", "float16", "bfloat16", "float32", "float64"], fill=["none", "0", "7", "above"], shape=[CANVAS, (5, *SQUARE)])
def mask(op, dtype, fill, shape):
    value = tv_tensors.Mask(pixels(shape, dtype))
    return {"input": value, **with_displacement(value, op), **moved(value, op, fill=FILLS[fill])}


SOME = ["affine all", "affine center", "rotate 30", "rotate 45 expand", "perspective", "elastic"]
case("transforms_warp/video_shapes", op=SOME, dtype=["uint8"], shape=[(2, 3, 1, 1), (2, 3, 2, 3), (1, 2, 3, 47, 5), (2, 1, 5, 70)])(video)
case("transforms_warp/mask_shapes", op=SOME, dtype=["uint8", "int32", "float16"], fill=["none", "7"], shape=[(1, 1), (2, 3), (4, 47, 5), (5, 70)])(mask)


@case("transforms_warp/upright_boxes", op=list(OPS), format=UPRIGHT, clamping=["none", "soft"], dtype=["float32", "float64", "float16", "int64"], canvas=[CANVAS, SQUARE])
def bounding_boxes(op, format, clamping, dtype, canvas):
    value = boxes(format, canvas, dtype, clamping)
    return {"input": value, **with_displacement(value, op), **moved(value, op)}


case("transforms_warp/rotated_boxes", op=list(OPS), format=ROTATED, clamping=["none", "soft", "hard"], dtype=["float32", "float64", "float16"], canvas=[CANVAS])(bounding_boxes)


# Fewer of the other types; torchvision has no perspective of bfloat16.
for name, op, format, clamping, dtype in [
    ("upright_boxes_types", ["affine all", "rotate 45 expand", "perspective", "elastic"], UPRIGHT, ["none", "soft"], "int32"),
    ("upright_boxes_bfloat16", ["affine all", "rotate 45 expand", "elastic"], UPRIGHT, ["none", "soft"], "bfloat16"),
    ("rotated_boxes_types", ["affine all", "rotate 30", "rotate 45 expand", "elastic"], ROTATED, ["none", "soft", "hard"], "bfloat16"),
]:
    case(f"transforms_warp/{name}", op=op, format=format, clamping=clamping, dtype=[dtype], canvas=[CANVAS])(bounding_boxes)


@case("transforms_warp/no_boxes", op=list(OPS), format=UPRIGHT + ROTATED, clamping=["soft"], canvas=[CANVAS])
def no_boxes(op, format, clamping, canvas):
    value = boxes(format, canvas, clamping=clamping, count=2)
    value = tv_tensors.wrap(value[:0], like=value)
    return {"input": value, **with_displacement(value, op), **moved(value, op)}


@case("transforms_warp/key_points", op=list(OPS), dtype=["float32", "float64", "float16", "bfloat16", "int64"], shape=[(7, 2), (2, 3, 2), (0, 2)], canvas=[CANVAS, SQUARE])
def key_points(op, dtype, shape, canvas):
    value = points(canvas, dtype, shape)
    return {"input": value, **with_displacement(value, op), **moved(value, op)}


# Numbers that are none, and infinite ones.
case("transforms_warp/odd_parameters", op=list(ODD), dtype=["uint8", "float32"], interpolation=["nearest", "bilinear"], fill=["none", "7"], shape=[(3, *CANVAS)], layout=["contiguous"])(image)


@case("transforms_warp/odd_image", op=list(OPS), dtype=["float32", "float64"], interpolation=["nearest", "bilinear"], fill=["none", "7"], shape=[(3, *CANVAS)], layout=["contiguous", "channels_last"])
def odd_image(op, dtype, interpolation, fill, shape, layout):
    value = tv_tensors.Image(laid_out(with_odd(pixels(shape, dtype)), layout))
    return {"input": value, **with_displacement(value, op), **moved(value, op, interpolation=interpolation, fill=FILLS[fill])}


@case("transforms_warp/odd_boxes", op=list(OPS | ODD), format=UPRIGHT + ROTATED, clamping=["none", "soft"], dtype=["float32"], canvas=[CANVAS])
def odd_boxes(op, format, clamping, dtype, canvas):
    value = with_odd(boxes(format, canvas, dtype, clamping))
    return {"input": value, **with_displacement(value, op), **moved(value, op)}


@case("transforms_warp/odd_points", op=list(OPS | ODD), dtype=["float32", "float64"], shape=[(40, 2)], canvas=[CANVAS])
def odd_points(op, dtype, shape, canvas):
    value = with_odd(points(canvas, dtype, shape))
    return {"input": value, **with_displacement(value, op), **moved(value, op)}


TRANSFORMS = {
    "RandomRotation(30)": lambda: v2.RandomRotation(30),
    "RandomRotation({-10, 70})": lambda: v2.RandomRotation((-10, 70), interpolation="bilinear", expand=True, fill=[1, 2, 3]),
    "RandomRotation({90, 90})": lambda: v2.RandomRotation([90, 90], expand=True),
    "RandomRotation(center)": lambda: v2.RandomRotation(180, interpolation="bilinear", center=[3, 20], fill={tv_tensors.Image: 127, "others": 0}),
    "RandomAffine(0)": lambda: v2.RandomAffine(0),
    "RandomAffine(all)": lambda: v2.RandomAffine(30, translate=(0.25, 0.5), scale=(0.5, 1.5), shear=20, interpolation="bilinear", fill=9),
    "RandomAffine(four shears)": lambda: v2.RandomAffine((10, 20), shear=[-5, 10, 20, 30], center=[3.5, 4.25], fill={tv_tensors.Image: [1, 2, 3], "others": 1}),
    "RandomAffine(two shears)": lambda: v2.RandomAffine(5, scale=(0.9, 2.0), shear=(-5, 10), interpolation="bilinear"),
    "RandomPerspective()": lambda: v2.RandomPerspective(),
    "RandomPerspective(0.9)": lambda: v2.RandomPerspective(0.9, p=1.0, interpolation="nearest", fill=3),
    "RandomPerspective(0.2)": lambda: v2.RandomPerspective(0.2, p=0.8, fill={tv_tensors.Image: [1, 2, 3], "others": 1}),
    "ElasticTransform()": lambda: v2.ElasticTransform(),
    "ElasticTransform(250, 3)": lambda: v2.ElasticTransform(250.0, 3.0, interpolation="nearest", fill=5),
    "ElasticTransform(two)": lambda: v2.ElasticTransform([10, 90], [1, 2.5], fill={tv_tensors.Image: [1, 2, 3], "others": 1}),
    "ElasticTransform(rough)": lambda: v2.ElasticTransform(2, 0),
}


@case("transforms_warp/repr", transform=list(TRANSFORMS))
def repr_(transform):
    return {"expected": str(TRANSFORMS[transform]())}


@case("transforms_warp/sample", transform=list(TRANSFORMS), seed=list(range(20)))
def sample(transform, seed):
    """An image with boxes, a mask and key points, changed by one draw."""
    inputs = (
        tv_tensors.Image(pixels((3, *CANVAS))),
        boxes("XYXY", CANVAS, count=4),
        boxes("CXCYWHR", CANVAS, count=4),
        tv_tensors.Mask(pixels((2, *CANVAS), "bool")),
        points(CANVAS),
    )
    names = ["image", "boxes", "rotated", "mask", "points"]
    if transform == "RandomRotation({-10, 70})":  # three fills are refused for the two masks
        inputs, names = inputs[:3], names[:3]
    torch.manual_seed(seed)
    outputs = TRANSFORMS[transform]()(*inputs)
    out = {"next_draw": torch.rand(1)}
    for name, before, after in zip(names, inputs, outputs):
        out |= {name: before} | result(after, "expected_" + name)
    return out


@case("transforms_warp/elastic_photo", seed=[0, 1], sigma=[5.0, 2.0])
def elastic_photo(seed, sigma):
    """Large enough to count how many pixels another order of summing changes."""
    value = tv_tensors.Image(pixels((3, 211, 307)))
    torch.manual_seed(seed)
    transform = v2.ElasticTransform(250.0, sigma)
    params = transform.make_params([value])
    return {"image": value, "displacement": params["displacement"], "expected": transform.transform(value, params)}


@case("transforms_warp/elastic_large", interpolation=["nearest", "bilinear", "bicubic"], labels=[False, True], seed=[1])
def elastic_large(interpolation, labels, seed):
    """So many pixels that some lie halfway between two; labels tell how many of a mask become others."""
    inputs = [tv_tensors.Image(pixels((1, 768, 1024)))]
    if labels:
        inputs.append(tv_tensors.Mask(pixels((768, 1024)) % 21))
    torch.manual_seed(seed)
    outputs = v2.ElasticTransform(interpolation=interpolation)(inputs)
    return dict(zip(["image", "mask"], inputs)) | dict(zip(["expected_image", "expected_mask"], outputs))


IMAGE = tv_tensors.Image(torch.zeros(3, 8, 10, dtype=torch.uint8))
BOXES = tv_tensors.BoundingBoxes(torch.tensor([[1.0, 2.0, 3.0, 4.0]]), format="XYXY", canvas_size=(8, 10))
POINTS = tv_tensors.KeyPoints(torch.zeros(1, 2), canvas_size=(8, 10))
FLAT = [0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
REFUSALS = {
    "affine translate": lambda: F.affine(IMAGE, 0, [1], 1.0, [0.0, 0.0]),
    "affine scale": lambda: F.affine(IMAGE, 0, [1, 1], 0.0, [0.0, 0.0]),
    "affine scale of boxes": lambda: F.affine(BOXES, 0, [1, 1], -1.0, [0.0, 0.0]),
    "affine shear": lambda: F.affine(IMAGE, 0, [1, 1], 1.0, [0.0, 0.0, 0.0]),
    "affine bicubic": lambda: F.affine(IMAGE, 0, [1, 1], 1.0, [0.0, 0.0], interpolation="bicubic"),
    "affine two fills": lambda: F.affine(IMAGE, 0, [1, 1], 1.0, [0.0, 0.0], fill=[1, 2]),
    "affine empty fill": lambda: F.affine(IMAGE, 0, [1, 1], 1.0, [0.0, 0.0], fill=[]),
    "rotate nearest-exact": lambda: F.rotate(IMAGE, 10, interpolation="nearest-exact"),
    "rotate 180 bicubic": lambda: F.rotate(IMAGE, 180, interpolation="bicubic"),
    "rotate two fills": lambda: F.rotate(IMAGE, 10, fill=[1, 2]),
    "rotate mask of three fills": lambda: F.rotate(tv_tensors.Mask(torch.zeros(8, 10)), 10, fill=[1, 2, 3]),
    "perspective nothing": lambda: F.perspective(IMAGE, None, None),
    "perspective both": lambda: F.perspective(IMAGE, [[0, 0]] * 4, [[0, 0]] * 4, coefficients=[1.0] * 8),
    "perspective seven": lambda: F.perspective(IMAGE, None, None, coefficients=[1.0] * 7),
    "perspective three": lambda: F.perspective(IMAGE, [[0, 0]] * 3, [[0, 0]] * 3),
    "perspective start only": lambda: F.perspective(IMAGE, [[0, 0]] * 4, None),
    "perspective flat image": lambda: F.perspective(IMAGE, None, None, coefficients=FLAT),
    "perspective flat boxes": lambda: F.perspective(BOXES, None, None, coefficients=FLAT),
    "perspective flat points": lambda: F.perspective(POINTS, None, None, coefficients=FLAT),
    "perspective lanczos": lambda: F.perspective(IMAGE, None, None, coefficients=FLAT, interpolation="lanczos"),
    "elastic size": lambda: F.elastic(IMAGE, torch.zeros(1, 10, 8, 2)),
    "elastic batch": lambda: F.elastic(IMAGE, torch.zeros(8, 10, 2)),
    "elastic size of boxes": lambda: F.elastic(BOXES, torch.zeros(1, 10, 8, 2)),
    "elastic size of points": lambda: F.elastic(POINTS, torch.zeros(1, 10, 8, 2)),
    "elastic box": lambda: F.elastic(IMAGE, torch.zeros(1, 8, 10, 2), interpolation="box"),
    "RandomRotation(inf)": lambda: v2.RandomRotation(INF)(IMAGE),
    "RandomAffine(shear inf)": lambda: v2.RandomAffine(0, shear=INF)(IMAGE),
    "RandomAffine(scale inf)": lambda: v2.RandomAffine(0, scale=(1.0, INF))(IMAGE),
    "RandomRotation(-1)": lambda: v2.RandomRotation(-1),
    "RandomRotation({1})": lambda: v2.RandomRotation([1]),
    "RandomRotation({1, 2, 3})": lambda: v2.RandomRotation([1, 2, 3]),
    "RandomRotation({2, 1})": lambda: v2.RandomRotation([2, 1])(IMAGE),
    "RandomAffine(-1)": lambda: v2.RandomAffine(-1),
    "RandomAffine({1, 2, 3, 4})": lambda: v2.RandomAffine([1, 2, 3, 4]),
    "RandomAffine(translate)": lambda: v2.RandomAffine(1, translate=(0.5, 1.5)),
    "RandomAffine(scale)": lambda: v2.RandomAffine(1, scale=(0.0, 1.5)),
    "RandomAffine(scale down)": lambda: v2.RandomAffine(1, scale=(2.0, 1.5))(IMAGE),
    "RandomAffine(shear -1)": lambda: v2.RandomAffine(1, shear=-1),
    "RandomAffine(shear of 3)": lambda: v2.RandomAffine(1, shear=[1, 2, 3]),
    "RandomPerspective(1.5)": lambda: v2.RandomPerspective(1.5),
    "RandomPerspective(p)": lambda: v2.RandomPerspective(p=-0.5),
    "ElasticTransform(alpha)": lambda: v2.ElasticTransform([1, 2, 3]),
    "ElasticTransform(sigma)": lambda: v2.ElasticTransform(1, [1, 2, 3]),
    "ElasticTransform(one sigma)": lambda: v2.ElasticTransform(1, [1, 0])(IMAGE),
    "ElasticTransform(too small)": lambda: v2.ElasticTransform()(IMAGE),
    "ElasticTransform(nothing)": lambda: v2.ElasticTransform()("no value"),
}


@case("transforms_warp/refusals", what=list(REFUSALS))
def refusals(what):
    return {"refused": fails(REFUSALS[what])}


run(__file__)

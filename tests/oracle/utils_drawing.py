"""utils_drawing: boxes, masks, key points and flow as torchvision draws them. Letters are another font's, so none is compared."""

import warnings

import torch
from oracle import case, fails, run
from PIL import Image, ImageColor, ImageDraw
from torchvision.transforms.functional import pil_to_tensor
from torchvision.utils import draw_bounding_boxes, draw_keypoints, draw_segmentation_masks, flow_to_image

warnings.simplefilter("ignore")


def _image(shape, dtype):
    if dtype == "uint8":
        return torch.randint(0, 256, shape, dtype=torch.uint8)
    return torch.rand(shape).to(getattr(torch, dtype))


def _upright(count, size, seed, dtype=torch.int64):
    generator = torch.Generator().manual_seed(seed)
    place = lambda n: torch.rand((count, 2), generator=generator) * n * 1.6 - n * 0.3
    x, y = place(size[1]).sort(1).values, place(size[0]).sort(1).values
    return torch.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], 1).to(dtype)


def _rotated(count, size, seed, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    if seed % 3 == 0:  # any four corners
        corners = torch.rand((count, 4, 2), generator=generator)
        return ((corners * 1.4 - 0.2) * torch.tensor([size[1], size[0]])).reshape(count, 8).to(dtype)
    middle = torch.rand((count, 1, 2), generator=generator) * torch.tensor([size[1], size[0]])
    half = torch.rand((count, 2), generator=generator) * torch.tensor([size[1], size[0]]) / 2
    angle = torch.rand(count, generator=generator) * 6.2832 * (seed % 3 - 1)
    corners = torch.stack([half * torch.tensor(s) for s in ([-1, -1], [1, -1], [1, 1], [-1, 1])], 1)
    turn = torch.stack([angle.cos(), angle.sin(), -angle.sin(), angle.cos()], 1).view(count, 2, 2)
    return (middle + corners @ turn).reshape(count, 8).to(dtype)


@case("utils_drawing/boxes", shape=[(3, 24, 30), (1, 31, 17), (3, 1, 1), (3, 2, 70)], fill=[False, True],
      width=[0, 1, 2, 3, 4, 7, 30, -1], rotated=[False, True], seed=list(range(20)))
def boxes(shape, fill, width, rotated, seed):
    image = _image(shape, "uint8")
    places = (_rotated if rotated else _upright)(4, shape[1:], seed, torch.float32 if seed % 2 else torch.int64)
    return {"image": image, "boxes": places, "expected": draw_bounding_boxes(image, places, fill=fill, width=width)}


@case("utils_drawing/boxes_of_types", dtype=["uint8", "float16", "bfloat16", "float32", "float64"], fill=[False, True],
      rotated=[False, True], layout=["contiguous", "channels_last", "strided"])
def boxes_of_types(dtype, fill, rotated, layout):
    image = _image((3, 30, 60), dtype)
    places = (_rotated if rotated else _upright)(3, (30, 60), 5)
    if layout == "strided":
        image = image[:, ::2, 1::2]
    elif layout == "channels_last":
        image = image.permute(1, 2, 0).contiguous().permute(2, 0, 1)
    return {"image": image, "boxes": places, "expected": draw_bounding_boxes(image, places, fill=fill, width=2)}


@case("utils_drawing/boxes_in_colors", colors=["red", "#0F0", "#12aB9f", "rgb(1, 200 ,3)", "rgb(10%,20%, 33%)", "hsl(200, 60%, 30%)",
                                       "hsv(310.5,90%,80%)", "#f00a", ["red", "#00f", "Navy"], ["red", "blue", "lime", "gold"]],
      fill=[False])
def boxes_in_colors(colors, fill):
    image = _image((3, 30, 40), "uint8")
    places = _upright(3, (30, 40), 5)
    return {"image": image, "boxes": places, "expected": draw_bounding_boxes(image, places, colors=colors, fill=fill)}


@case("utils_drawing/label_backgrounds", fill=[False, True], width=[1, 4])
def label_backgrounds(fill, width):
    # Empty labels: a background of the font's height and no width, so only the boxes are comparable; they are.
    image = _image((3, 30, 40), "uint8")
    places = _upright(3, (30, 40), 5)
    return {"image": image, "boxes": places,
            "expected": draw_bounding_boxes(image, places, labels=["", "", ""], fill=fill, width=width)}


@case("utils_drawing/boxes_refusals", what=["batch", "channels", "dtype", "flipped", "flat", "five", "labels", "colors", "word",
                                            "alpha", "empty", "empty_flat", "degenerate", "ignored_alpha", "many_colors"])
def boxes_refusals(what):
    image = torch.zeros((3, 20, 20), dtype=torch.uint8)
    places = torch.tensor([[2, 3, 10, 12], [0, 0, 5, 5]])
    options = {}
    if what == "batch":
        image = image[None]
    elif what == "channels":
        image = torch.zeros((2, 20, 20), dtype=torch.uint8)
    elif what == "dtype":
        image = image.int()
    elif what == "flipped":
        places = places[:, [2, 1, 0, 3]]
    elif what == "flat":
        places = places[0]
    elif what == "five":
        places = torch.zeros((2, 5))
    elif what == "labels":
        options = {"labels": ["a"]}
    elif what == "colors":
        options = {"colors": ["red"]}
    elif what == "word":
        options = {"colors": "reddish-brown"}
    elif what == "alpha":
        options = {"colors": "#ff000080", "fill": True}
    elif what == "ignored_alpha":
        options = {"colors": "#ff000080"}
    elif what == "empty":
        places = torch.zeros((0, 4))
    elif what == "empty_flat":
        places = torch.zeros((0,))
    elif what == "degenerate":
        places = torch.tensor([[4, 4, 4, 4], [7, 2, 7, 9]])
    elif what == "many_colors":
        options = {"colors": ["red", "blue", "green"]}
    return {"image": image, "boxes": places, "refused": fails(lambda: draw_bounding_boxes(image, places, **options)),
            "options": options}


@case("utils_drawing/colors", color=[
    "red", "ReD", "rebeccapurple", "lightgoldenrodyellow", "grey", "gray", "#abc", "#ABC", "#abcd", "#a1b2c3", "#a1b2c3d4", "#ab",
    "#abcde", "#ggg", "rgb(1,2,3)", "rgb( 1 , 2 , 3 )", "rgb (1,2,3)", "rgb(1,2)", "rgb(1.5,2,3)", "rgb(1%,50%,100%)", "rgb(1%,2,3)",
    "rgba(1,2,3,4)", "rgba(1,2,3)", "hsl(0,100%,50%)", "hsl(120, 50%, 25%)", "hsl(359.9,33.3%,77.7%)", "hsl(10.,20%,3.%)",
    "hsl(200,0%,40%)", "hsl(10,20,30)", "hsv(0,100%,50%)", "hsb(250,20%,90%)", "hsv(359.9,33.3%,77.7%)", "hsv(720,100%,100%)",
    "hsv(60,0%,40%)", "", "#", "rgb", "rgb(", "rgb()", "rgb(-1,2,3)", "rgb(1,2,3) ", "transparent", "x" * 101])
def colors(color):
    if fails(lambda: ImageColor.getrgb(color)):
        return {"refused": True}
    rgb = ImageColor.getrgb(color)
    return {"refused": False, "rgb": list(rgb[:3]), "alpha": len(rgb) == 4}


@case("utils_drawing/color_names")
def color_names():
    names = sorted(ImageColor.colormap)
    return {"names": names, "rgb": torch.tensor([ImageColor.getrgb(n) for n in names])}


@case("utils_drawing/shapes", shape=["line", "polygon", "rectangle", "disc"], mode=["RGB", "RGBA"], width=[1, 2, 3, 4, 5, 8],
      size=[(24, 32), (5, 3), (1, 1)], seed=list(range(25)))
def shapes(shape, mode, width, size, seed):
    generator = torch.Generator().manual_seed(seed)
    image = Image.new("RGB", (size[1], size[0]), (10, 20, 30))
    draw = ImageDraw.Draw(image, mode)
    count = {"line": 2, "polygon": 3 + seed % 6, "rectangle": 2, "disc": 1}[shape]
    reach = 1.8 if seed % 2 else 1
    points = (torch.rand((count, 2), generator=generator) - 0.5) * reach + 0.5
    points = (points * torch.tensor([size[1], size[0]])).floor().long()
    if shape == "polygon" and seed % 5 == 0:
        points[1::2, 1] = points[0::2, 1][: len(points[1::2])]  # flat edges
    if shape == "polygon" and seed % 7 == 0:
        points[-1] = points[0]
    if shape == "rectangle":
        points = points.sort(0).values
    xy = [tuple(p) for p in points.tolist()]
    ink = (200, 100, 50, 100)
    if shape == "line":
        draw.line(xy, ink, width)
    elif shape == "polygon":
        draw.polygon(xy, ink)
    elif shape == "rectangle":
        draw.rectangle(xy, outline=ink, width=width)
    else:
        radius = [0, 1, 2, 3, 7, 12][width % 6] + seed % 3
        (x, y), = xy
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], ink)
        width = radius
    return {"points": points, "drawn_width": width, "expected": pil_to_tensor(image)}


@case("utils_drawing/masks", shape=[(3, 9, 11), (3, 1, 1), (3, 0, 4)], dtype=["uint8", "float16", "bfloat16", "float32", "float64"],
      count=[None, 0, 1, 4], alpha=[0.8, 0, 1, 0.3, 1.5], colors=[None, "red", ["blue", "#abcdef", "gold", "hsl(20,50%,50%)"]])
def masks(shape, dtype, count, alpha, colors):
    image = _image(shape, dtype)
    shown = torch.rand((shape[1:] if count is None else (count, *shape[1:]))) < 0.4
    return {"image": image, "masks": shown, "expected": draw_segmentation_masks(image, shown, alpha=alpha, colors=colors)}


@case("utils_drawing/masks_refusals", what=["gray", "batch", "dtype", "mask_dtype", "mask_size", "mask_dims", "colors", "alpha", "fine"])
def masks_refusals(what):
    image = torch.zeros((3, 6, 7), dtype=torch.uint8)
    shown = torch.zeros((2, 6, 7), dtype=torch.bool)
    colors = None
    if what == "gray":
        image = image[:1]
    elif what == "batch":
        image = image[None]
    elif what == "dtype":
        image = image.int()
    elif what == "mask_dtype":
        shown = shown.to(torch.uint8)
    elif what == "mask_size":
        shown = shown[:, :5]
    elif what == "mask_dims":
        shown = shown[None]
    elif what == "colors":
        colors = ["red"]
    elif what == "alpha":
        colors = "#ff000080"
    return {"image": image, "masks": shown, "colors": colors,
            "refused": fails(lambda: draw_segmentation_masks(image, shown, colors=colors))}


@case("utils_drawing/keypoints", shape=[(3, 20, 24), (3, 1, 1), (3, 3, 50)], dtype=["uint8", "float32"], colors=[None, "red", "#0f08"],
      radius=[0, 1, 2, 9], width=[0, 1, 3, 6], visible=["all", "some", "column", "numbers"], seed=[0, 1])
def keypoints(shape, dtype, colors, radius, width, visible, seed):
    torch.manual_seed(seed)
    image = _image(shape, dtype)
    points = (torch.rand((3, 5, 2)) * 1.4 - 0.2) * torch.tensor([shape[2], shape[1]])
    if seed == 1:
        points = points.to(torch.int64)
    seen = {"all": None, "some": torch.rand((3, 5)) < 0.6, "column": torch.rand((3, 5, 1)) < 0.6,
            "numbers": torch.randint(0, 3, (3, 5)).float()}[visible]
    out = draw_keypoints(image, points, connectivity=[(0, 1), (1, 2), (3, 3), (4, 0), (-1, -4)], colors=colors, radius=radius,
                         width=width, visibility=seen)
    values = {"image": image, "points": points, "expected": out}
    return values if seen is None else {**values, "seen": seen}


@case("utils_drawing/keypoints_refusals", what=["gray", "batch", "dtype", "points_dims", "seen_dims", "seen_shape", "connection",
                                                "negative", "radius", "word", "empty", "no_points", "three"])
def keypoints_refusals(what):
    image = torch.zeros((3, 12, 12), dtype=torch.uint8)
    points = torch.tensor([[[2, 3], [8, 9]]])
    options = {}
    if what == "gray":
        image = image[:1]
    elif what == "batch":
        image = image[None]
    elif what == "dtype":
        image = image.int()
    elif what == "points_dims":
        points = points[0]
    elif what == "seen_dims":
        options["visibility"] = torch.ones(2)
    elif what == "seen_shape":
        options["visibility"] = torch.ones((1, 3))
    elif what == "connection":
        options["connectivity"] = [(0, 2)]
    elif what == "negative":
        options["connectivity"] = [(0, -3)]
    elif what == "radius":
        options["radius"] = -1
    elif what == "word":
        options["colors"] = "reddish-brown"
    elif what == "empty":
        points = torch.zeros((0, 4, 2))
    elif what == "no_points":
        points = torch.zeros((1, 0, 2))
    elif what == "three":
        points = torch.zeros((1, 2, 3))
    options.setdefault("colors", "red")
    values = {"image": image, "points": points, "refused": fails(lambda: draw_keypoints(image, points, **options))}
    return {**values, **options}


@case("utils_drawing/flow", shape=[(2, 7, 9), (3, 2, 6, 5), (1, 2, 1, 1), (2, 64, 80), (2, 211, 307), (3, 2, 110, 131)],
      kind=["random", "zero", "axes", "huge", "tiny"])
def flow(shape, kind):
    values = torch.randn(shape)
    if kind == "zero":
        values = torch.zeros(shape)
    elif kind == "axes":
        values = torch.randint(-1, 2, shape).float()
    elif kind == "huge":
        values *= 1e25
    elif kind == "tiny":
        values *= 1e-8
    return {"flow": values, "expected": flow_to_image(values)}


@case("utils_drawing/flow_refusals", shape=[(2, 4, 5), (3, 4, 5), (4, 5), (1, 1, 2, 4, 5), (0, 2, 4, 5), (2, 0, 5)],
      dtype=["float32", "float64"], value=[0.5, float("nan"), float("inf")])
def flow_refusals(shape, dtype, value):
    values = torch.full(shape, value, dtype=getattr(torch, dtype))
    return {"flow": values, "refused": fails(lambda: flow_to_image(values)), "value": str(value)}


run(__file__)

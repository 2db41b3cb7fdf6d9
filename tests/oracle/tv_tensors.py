"""tv_tensors: what constructors accept and refuse, and what torch's functions give of values."""

import torch
from oracle import case, fails, run
from torchvision import tv_tensors
from torchvision.tv_tensors import BoundingBoxFormat, is_rotated_bounding_format

_numbers = {"XYXY": 4, "XYWH": 4, "CXCYWH": 4, "XYWHR": 5, "CXCYWHR": 5, "XYXYXYXY": 8}


@case("tv_tensors/bounding_boxes", format=list(_numbers), count=[None, 0, 1, 3])
def bounding_boxes(format, count):
    data = torch.rand((_numbers[format],) if count is None else (count, _numbers[format]))
    return {"data": data, "expected": tv_tensors.BoundingBoxes(data, format=format, canvas_size=(32, 48))}


@case("tv_tensors/formats", format=list(_numbers) + [n.lower() for n in _numbers])
def formats(format):
    found = BoundingBoxFormat[format.upper()]
    return {"name": found.value, "rotated": is_rotated_bounding_format(found)}


@case("tv_tensors/image", shape=[(5,), (4, 6), (1, 4, 6), (3, 4, 6), (2, 3, 4, 6)])
def image(shape):
    data = torch.rand(shape)
    refused = fails(lambda: tv_tensors.Image(data))
    return {"data": data, "refused": refused, "expected": data if refused else tv_tensors.Image(data)}


@case("tv_tensors/video", shape=[(4, 6), (3, 4, 6), (2, 3, 4, 6), (1, 2, 3, 4, 6)])
def video(shape):
    data = torch.rand(shape)
    refused = fails(lambda: tv_tensors.Video(data))
    return {"data": data, "refused": refused, "expected": data if refused else tv_tensors.Video(data)}


@case("tv_tensors/key_points", shape=[(2,), (3, 2), (4, 3, 2), (3, 3), (0, 2)])
def key_points(shape):
    data = torch.rand(shape)
    refused = fails(lambda: tv_tensors.KeyPoints(data, canvas_size=(8, 8)))
    return {"data": data, "refused": refused, "expected": data if refused else tv_tensors.KeyPoints(data, canvas_size=(8, 8))}


def _values():
    box = {"format": "XYWH", "canvas_size": (8, 9), "clamping_mode": "hard"}
    return {
        "Image": tv_tensors.Image(torch.rand(3, 4, 5)),
        "Video": tv_tensors.Video(torch.rand(2, 3, 4, 5)),
        "Mask": tv_tensors.Mask(torch.rand(2, 4, 5)),
        "BoundingBoxes": tv_tensors.BoundingBoxes(torch.rand(3, 4), **box),
        "KeyPoints": tv_tensors.KeyPoints(torch.rand(3, 2), canvas_size=(8, 9)),
    }


# The names are those of the C++ side, which has the same functions.
_functions = {
    "add": lambda x: x + 2,
    "add_from_the_right": lambda x: torch.ones(()) + x,
    "add_": lambda x: x.add_(2),
    "sum": lambda x: x.sum(),
    "first": lambda x: x[0],
    "to_bool": lambda x: x > 0.5,
    "unbind": lambda x: x.unbind(0),
    "max": lambda x: x.max(0),
    "clone": lambda x: x.clone(),
    "to": lambda x: x.to(torch.float64),
    "to_nothing_else": lambda x: x.to(torch.float32),
    "detach": lambda x: x.detach(),
    "requires_grad_": lambda x: x.requires_grad_(),
}


def _described(x):
    """The kind with its metadata."""
    words = [type(x).__name__]
    if isinstance(x, tv_tensors.BoundingBoxes):
        words += [x.format.value, str(x.canvas_size), x.clamping_mode]
    if isinstance(x, tv_tensors.KeyPoints):
        words += [str(x.canvas_size)]
    return " ".join(words + ["with a gradient"] * x.requires_grad)


@case("tv_tensors/returned", kind=list(_values()), function=list(_functions), type=["Tensor", "TVTensor"])
def returned(kind, function, type):
    value = _values()[kind]
    data = value.as_subclass(torch.Tensor).clone()
    with tv_tensors.set_return_type(type):
        out = _functions[function](value)
        parts = list(out) if isinstance(out, tuple) else [out]
    result = {"data": data, "described": [_described(p) for p in parts], "value_afterwards": value}
    return result | {f"part{i}": p for i, p in enumerate(parts)}


_words = ["Tensor", "TVTensor", "tensor", "tvtensor", "TVTENSOR", "tEnSoR", "", "Image", "TVTensors", " Tensor", "T\u00c9NSOR"]


@case("tv_tensors/return_type_words", word=_words)
def return_type_words(word):
    image = tv_tensors.Image(torch.rand(3, 4, 5))
    refused = fails(lambda: tv_tensors.set_return_type(word))
    kind = type(image + 2).__name__
    tv_tensors.set_return_type("Tensor")
    return {"refused": refused, "kind": kind}


@case("tv_tensors/return_type_scopes")
def return_type_scopes():
    image, seen = tv_tensors.Image(torch.rand(3, 4, 5)), []

    def look():
        seen.append(type(image + 2).__name__)

    look()
    with tv_tensors.set_return_type("TVTensor"):
        look()
        with tv_tensors.set_return_type("Tensor"):
            look()
            tv_tensors.set_return_type("TVTensor")  # until the inner scope ends
            look()
        look()
        tv_tensors.set_return_type("Tensor")  # until the outer one does
        look()
        with tv_tensors.set_return_type("TVTensor"):
            look()
        look()
    look()
    with tv_tensors.set_return_type("Tensor"):
        tv_tensors.set_return_type("TVTensor")
        look()
    look()
    tv_tensors.set_return_type("TVTensor")
    look()
    with tv_tensors.set_return_type("Tensor"):
        look()
    look()
    try:
        with tv_tensors.set_return_type("Tensor"):
            look()
            tv_tensors.set_return_type("neither")
    except ValueError:
        look()
    tv_tensors.set_return_type("Tensor")
    look()
    return {"seen": seen}


run(__file__)

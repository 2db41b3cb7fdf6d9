"""The inputs that the oracle's modules of transforms share. Random parts come from torch's default generator."""

import torch
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional as F

UPRIGHT = ["XYXY", "XYWH", "CXCYWH"]
ROTATED = ["XYWHR", "CXCYWHR", "XYXYXYXY"]
FORMATS = UPRIGHT + ROTATED
Format = tv_tensors.BoundingBoxFormat


def pixels(shape, dtype="uint8", exact=2**23):
    """All levels of the type, but none beyond `exact`: float32, by way of which many kernels go, is exact below 2 ** 24. Floating
    point in [0, 1)."""
    dtype = getattr(torch, dtype)
    if dtype.is_floating_point:
        return torch.rand(shape).to(dtype)
    if dtype == torch.bool:
        return torch.rand(shape) < 0.5
    info = torch.iinfo(dtype)
    return torch.randint(max(info.min, -exact), min(info.max, exact) + 1, shape).to(dtype)


def with_odd(value):
    """Floating point numbers, some of which are none, or not finite."""
    out = value.as_subclass(torch.Tensor).clone()
    for odd, first, step in [("nan", 1, 17), ("inf", 5, 23), ("-inf", 9, 29)]:
        out.view(-1)[first::step] = float(odd)
    return tv_tensors.wrap(out, like=value) if isinstance(value, tv_tensors.TVTensor) else out


def laid_out(image, layout):
    """The same numbers, laid out in memory in another way; operations::laid_out in C++ does the same."""
    if layout == "channels_last":
        return image.movedim(-3, -1).contiguous().movedim(-1, -3)
    if layout == "sliced":
        return torch.stack([image, image], -1)[..., 0]
    if layout == "cropped":
        return torch.cat([image, image], -1).movedim(-3, -1).contiguous().movedim(-1, -3)[..., : image.shape[-1]]
    return image


def photo(height, width):
    """Smooth shades with some noise: what photographs are to a resampler."""
    y, x = torch.meshgrid(torch.linspace(0, 6, height), torch.linspace(0, 9, width), indexing="ij")
    shades = torch.stack([torch.sin(x + y), torch.cos(2 * x - y), torch.sin(x * y / 4)])
    return (127.5 + 110 * shades + 12 * torch.randn(3, height, width)).clamp(0, 255).to(torch.uint8)


def boxes(format, canvas, dtype="float32", clamping="soft", count=12, beyond=1.1):
    """Boxes of which some stick out of the canvas."""
    height, width = canvas
    size = torch.rand(count, 2) * torch.tensor([width * 0.6, height * 0.6]) + 1
    centre = torch.rand(count, 2) * torch.tensor([width * beyond, height * beyond])
    if format in ROTATED:
        data = torch.cat([centre, size, torch.rand(count, 1) * 360 - 180], 1)
        if count > 1:
            data[0, 4], data[1, 4] = 0, 90
        data = F.convert_bounding_box_format(data, Format.CXCYWHR, Format[format])
    else:
        data = F.convert_bounding_box_format(torch.cat([centre, size], 1), Format.CXCYWH, Format[format])
    return tv_tensors.BoundingBoxes(
        data.to(getattr(torch, dtype)), format=format, canvas_size=canvas, clamping_mode=None if clamping == "none" else clamping
    )


def points(canvas, dtype="float32", shape=(7, 2)):
    height, width = canvas
    data = torch.rand(shape) * torch.tensor([width * 1.1, height * 1.1])
    return tv_tensors.KeyPoints(data.to(getattr(torch, dtype)), canvas_size=canvas)


def result(value, key="expected"):
    """A value and its metadata."""
    out = {key: value}
    if isinstance(value, (tv_tensors.BoundingBoxes, tv_tensors.KeyPoints)):
        out[key + "_canvas"] = list(value.canvas_size)
    if isinstance(value, tv_tensors.BoundingBoxes):
        out |= {key + "_format": value.format.name, key + "_clamping": value.clamping_mode or "none"}
    return out


def size_of(value):
    return value.canvas_size if hasattr(value, "canvas_size") else tuple(value.shape[-2:])

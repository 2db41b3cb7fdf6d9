"""tv_tensors: what constructors accept and refuse."""

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


run(__file__)

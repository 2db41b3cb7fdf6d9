"""ops_quantized: nms and roi_align of quantized tensors, by the whole numbers that stand for others."""

import torch
from oracle import case, fails, run
from torchvision import ops

_types = {"quint8": torch.quint8, "qint8": torch.qint8, "qint32": torch.qint32}
# Steps so fine that boxes take all of the type's numbers, and steps of half a pixel.
_fine = {"quint8": 0.25, "qint8": 0.5, "qint32": 3e-8}
_zeros = {"quint8": 3, "qint8": -20, "qint32": 12345}


def _quantized(tensor, scale, zero_point, dtype):
    return torch.quantize_per_tensor(tensor, scale, zero_point, _types[dtype])


def _corners(count):
    low = torch.rand(count, 2) * 35
    return torch.cat([low, low + torch.rand(count, 2) * 25], 1)


@case("ops_quantized/nms", dtype=list(_types), count=[0, 1, 40, 900], step=["fine", "coarse"], threshold=[0.0, 0.3, 0.7])
def nms(dtype, count, step, threshold):
    boxes = _quantized(_corners(count), _fine[dtype] if step == "fine" else 0.5, _zeros[dtype], dtype)
    scores = _quantized(torch.rand(count), 0.01, 0, dtype)
    return {"boxes": boxes.int_repr(), "scores": scores.int_repr(), "expected": ops.nms(boxes, scores, threshold)}


@case("ops_quantized/roi_align", dtype=list(_types), step=["fine", "coarse"], ratio=[-1, 2], aligned=[False, True],
      kind=["plain", "outside", "degenerate", "empty"])  # fmt: skip
def roi_align(dtype, step, ratio, aligned, kind):
    boxes = _corners(0 if kind == "empty" else 12)
    if kind == "outside":
        boxes = boxes * 3 - 60
    if kind == "degenerate":
        boxes[:4, 2:] = boxes[:4, :2]
        boxes[4:8] = boxes[4:8][:, [2, 3, 0, 1]]
    fine = _fine[dtype] if step == "fine" else 0.5
    rois = _quantized(torch.cat([torch.rand(len(boxes), 1) * 9, boxes], 1), fine, _zeros[dtype], dtype)  # whose first number is not looked at
    x = _quantized(torch.randn(1, 3, 13, 19), 0.02 if dtype != "qint32" else 2e-9, _zeros[dtype], dtype)
    out = ops.roi_align(x, rois, (3, 2), 0.3, ratio, aligned)
    return {"x": x.int_repr(), "x_scale": x.q_scale(), "rois": rois.int_repr(), "rois_scale": rois.q_scale(), "zero_point": _zeros[dtype],
            "expected": out.int_repr(), "expected_scale": out.q_scale(), "expected_zero_point": out.q_zero_point()}  # fmt: skip


_whole = ["uint8", "int8", "int16", "int32", "int64"]


@case("ops_quantized/operators", dtype=_whole)
def operators(dtype):
    to = getattr(torch, dtype)
    reach = min(torch.iinfo(to).max, 2**40)
    low = (torch.rand(60, 2) * (reach // 2)).to(to)
    boxes = torch.cat([low, low + (torch.rand(60, 2) * (reach // 2)).to(to)], 1)
    scores = torch.randint(0, 100, (60,)).to(to)
    x = (torch.rand(1, 2, 9, 11) * reach).to(to)
    rois = torch.cat([torch.zeros(60, 1).to(to), boxes], 1)
    numbers = (0.37, reach // 3, 30 / reach, reach // 7)
    return {"boxes": boxes, "scores": scores, "kept": torch.ops.torchvision.qnms(boxes, scores, 0.4), "x": x, "numbers": numbers,
            "pooled": torch.ops.torchvision.qroi_align(x, rois, *numbers, 0.5, 2, 3, -1, False)}  # fmt: skip


def _images(count):
    return _quantized(torch.rand(count, 2, 6, 6), 0.05, 2, "quint8")


def _rois(dtype="quint8"):
    return _quantized(torch.zeros(3, 5), 0.1, 0, dtype)


def _by_channel(tensor):
    return torch.quantize_per_channel(tensor, torch.ones(tensor.shape[1]), torch.zeros(tensor.shape[1], dtype=torch.int64), 1, torch.quint8)


# What torchvision refuses, by the names that the test in C++ has for it.
_refused = {
    "mixed": lambda: ops.roi_align(_images(1), torch.zeros(3, 5), 2),
    "mixed_maps": lambda: ops.roi_align(torch.rand(1, 2, 6, 6), _rois(), 2),
    "batch": lambda: ops.roi_align(_images(2), _rois(), 2),
    "types": lambda: ops.roi_align(_images(1), _rois("qint8"), 2),
    "by_channel": lambda: ops.roi_align(_by_channel(torch.rand(1, 2, 6, 6)), _rois(), 2),
    "rois_by_channel": lambda: ops.roi_align(_images(1), _by_channel(torch.zeros(3, 5)), 2),
    "roi_pool": lambda: ops.roi_pool(_images(1), _rois(), 2),
    "levels": lambda: ops.MultiScaleRoIAlign(["0", "1"], 2, 2)({"0": _images(1), "1": _images(1)}, [_rois()[:, 1:]], [(16, 16)]),
    "nms_scores": lambda: ops.nms(_rois()[:, 1:], torch.zeros(3), 0.5),
    "nms_boxes": lambda: ops.nms(torch.zeros(3, 4), _rois()[:, 0], 0.5),
    "nms_types": lambda: ops.nms(_rois()[:, 1:], _rois("qint8")[:, 0], 0.5),
    "batched_nms": lambda: ops.batched_nms(_rois()[:, 1:], _rois()[:, 0], torch.zeros(3), 0.5),
    "qnms_floats": lambda: torch.ops.torchvision.qnms(torch.zeros(3, 4), torch.zeros(3), 0.5),
}


@case("ops_quantized/refusals", kind=list(_refused))
def refusals(kind):
    assert fails(_refused[kind]), kind
    return {}


run(__file__)

"""ops_boxes: boxes, their overlaps, their suppression and their losses."""

import torch
from oracle import case, fails, run
from torch.autograd import forward_ad
from torchvision import ops

_types = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16, "bfloat16": torch.bfloat16,
          "int64": torch.int64, "int32": torch.int32, "uint8": torch.uint8, "int16": torch.int16}  # fmt: skip
_upright = ["xyxy", "xywh", "cxcywh"]
_rotated = ["xywhr", "cxcywhr", "xyxyxyxy"]
_strange = torch.tensor([[0, 0, 0, 0], [5, 5, 3, 3], [5, 3, 3, 5], [float("nan"), 1, 2, 3], [1, 1, float("inf"), 2],
                         [-float("inf"), 0, float("inf"), 1], [1, float("nan"), 4, 4], [2, 2, 2, 8], [-4, -4, 4, 4],
                         [-0.0, 0.0, 4, 4], [1e20, 1e20, 3e20, 3e20], [1e-25, 1e-25, 2e-25, 2e-25]])  # fmt: skip


def corners(count, extent=100.0, least=2.0, most=40.0):
    low = torch.rand(count, 2) * extent
    return torch.cat([low, low + least + torch.rand(count, 2) * (most - least)], 1)


def rotated(count):
    return torch.cat([torch.rand(count, 2) * 40, torch.rand(count, 2) * 30 + 1, torch.rand(count, 1) * 400 - 200], 1)


@case("ops_boxes/box_convert", old=_upright + _rotated, new=_upright + _rotated, dtype=list(_types))
def box_convert(old, new, dtype):
    boxes = rotated(9) if old in _rotated else corners(9)
    if old in _rotated and dtype == "uint8":  # whose conversions must not leave it: that is another number on each machine
        boxes = (boxes + torch.tensor([60, 60, 0, 0, 0])).abs() % torch.tensor([256, 256, 256, 256, 90])
    if old == "xyxyxyxy":
        boxes = ops.box_convert(boxes, "cxcywhr", "xyxyxyxy")
    boxes = boxes.reshape(3, 3, -1).to(_types[dtype])
    if fails(lambda: ops.box_convert(boxes, old, new)):
        return {"boxes": boxes, "fails": True}
    return {"boxes": boxes, "fails": False, "expected": ops.box_convert(boxes, old, new)}


@case("ops_boxes/box_area", fmt=_upright, dtype=list(_types))
def box_area(fmt, dtype):
    boxes = corners(8, 60, 2, 60).reshape(2, 4, 4).to(_types[dtype])
    return {"boxes": boxes, "expected": ops.box_area(boxes, fmt)}


@case("ops_boxes/box_iou", fmt=_upright, dtype=list(_types), shape=["plain", "batched", "empty", "strange"])
def box_iou(fmt, dtype, shape):
    if shape == "plain":
        a, b = corners(37), corners(21)
    elif shape == "batched":
        a, b = corners(24).reshape(2, 1, 12, 4), corners(15).reshape(3, 5, 4)
    elif shape == "empty":
        a, b = corners(0), corners(3)
    else:
        a, b = torch.cat([_strange, corners(3)]), torch.cat([_strange, corners(20)])
        if dtype not in ("float32", "float64"):
            a, b = a.nan_to_num(0, 90, 0).clamp(-90, 90), b.nan_to_num(0, 90, 0).clamp(-90, 90)
    a, b = a.to(_types[dtype]), b.to(_types[dtype])
    out = {"a": a, "b": b, "expected": ops.box_iou(a, b, fmt)}
    if fmt == "xyxy":
        out |= {"generalized": ops.generalized_box_iou(a, b), "distance": ops.distance_box_iou(a, b), "complete": ops.complete_box_iou(a, b, 1e-6)}
    return out


_of_strange = {
    "generalized_box_iou_loss": ops.generalized_box_iou_loss,
    "distance_box_iou_loss": ops.distance_box_iou_loss,
    "complete_box_iou_loss": ops.complete_box_iou_loss,
    "box_area": lambda a, b: ops.box_area(a),
    "clip_boxes_to_image": lambda a, b: ops.clip_boxes_to_image(a, (50, 70)),
    "remove_small_boxes": lambda a, b: ops.remove_small_boxes(a, 1.5),
    "to xywh": lambda a, b: ops.box_convert(a, "xyxy", "xywh"),
    "from xywh": lambda a, b: ops.box_convert(a, "xywh", "xyxy"),
    "to cxcywh": lambda a, b: ops.box_convert(a, "xyxy", "cxcywh"),
    "from cxcywh": lambda a, b: ops.box_convert(a, "cxcywh", "xyxy"),
}


@case("ops_boxes/strange", op=list(_of_strange), dtype=["float32", "float64", "float16", "bfloat16"])
def strange(op, dtype):
    """Boxes that are none: without sides, turned over, endless, no numbers; every one beside every other."""
    count = len(_strange)
    a, b = (boxes.to(_types[dtype]) for boxes in (_strange.repeat(count, 1), _strange.repeat_interleave(count, 0)))
    return {"a": a, "b": b, "expected": _of_strange[op](a, b)}


_odd_types = ["bool", "float8_e4m3fn", "uint16"]
_ious = {
    "box_iou": ops.box_iou,
    "generalized_box_iou": ops.generalized_box_iou,
    "distance_box_iou": ops.distance_box_iou,
    "complete_box_iou": ops.complete_box_iou,
    "generalized_box_iou_loss": ops.generalized_box_iou_loss,
    "distance_box_iou_loss": ops.distance_box_iou_loss,
    "complete_box_iou_loss": ops.complete_box_iou_loss,
}
_odd = _ious | {
    "clip_boxes_to_image": lambda a, b: ops.clip_boxes_to_image(a, (50, 70)),
    "remove_small_boxes": lambda a, b: ops.remove_small_boxes(a, 12.5),
}


@case("ops_boxes/odd_types", op=list(_odd), dtype=_odd_types, beside=["itself", "float32"])
def odd_types(op, dtype, beside):
    """Types that torchvision takes here and refuses there."""
    a, b = corners(9).to(getattr(torch, dtype)), corners(9)
    b = b if beside == "float32" else b.to(a.dtype)
    if fails(lambda: _odd[op](a, b)):
        return {"a": a, "b": b, "fails": True}
    return {"a": a, "b": b, "fails": False, "expected": _odd[op](a, b)}


@case("ops_boxes/odd_conversions", old=_upright, new=_upright, dtype=_odd_types)
def odd_conversions(old, new, dtype):
    boxes = (corners(9) + torch.tensor([60, 60, 0, 0])).to(getattr(torch, dtype))
    if fails(lambda: ops.box_convert(boxes, old, new)):
        return {"boxes": boxes, "fails": True}
    return {"boxes": boxes, "fails": False, "expected": ops.box_convert(boxes, old, new)}


@case("ops_boxes/gradients", kind=["box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou"])
def gradients(kind):
    a, b = corners(5).double().requires_grad_(), corners(4).double().requires_grad_()
    weights = torch.rand(5, 4).double()
    (getattr(ops, kind)(a, b) * weights).sum().backward()
    return {"a": a, "b": b, "weights": weights, "grad_a": a.grad, "grad_b": b.grad}


@case("ops_boxes/tangents", kind=["box_iou", "generalized_box_iou", "distance_box_iou", "complete_box_iou"])
def tangents(kind):
    """In forward mode, by the first boxes and by the second."""
    a, b = corners(5).double(), corners(4).double()
    direction_a, direction_b = torch.rand(5, 4).double(), torch.rand(4, 4).double()
    op = getattr(ops, kind)
    with forward_ad.dual_level():
        tangent_a = forward_ad.unpack_dual(op(forward_ad.make_dual(a, direction_a), b)).tangent
        tangent_b = forward_ad.unpack_dual(op(a, forward_ad.make_dual(b, direction_b))).tangent
    return {"a": a, "b": b, "direction_a": direction_a, "direction_b": direction_b, "tangent_a": tangent_a, "tangent_b": tangent_b}


_twice = _ious | {
    "sigmoid_focal_loss": lambda a, b: ops.sigmoid_focal_loss(a, (b > 50).double()),
}


@case("ops_boxes/second_derivatives", kind=list(_twice))
def second_derivatives(kind):
    a, b = corners(5).double().requires_grad_(), corners(5).double()
    if kind == "sigmoid_focal_loss":
        a = torch.randn(5, 4).double().requires_grad_()
    directions = torch.rand(5, 4).double()
    (first,) = torch.autograd.grad(_twice[kind](a, b).square().sum(), a, create_graph=True)
    (second,) = torch.autograd.grad((first * directions).sum(), a)
    return {"a": a, "b": b, "directions": directions, "first": first, "second": second}


@case("ops_boxes/box_iou_rotated", fmt=_rotated, dtype=["float32", "float64"], kind=["plain", "turned", "empty", "degenerate"])
def box_iou_rotated(fmt, dtype, kind):
    a, b = rotated(40), rotated(30)
    if kind == "turned":  # the same boxes, by quarter turns
        b = a.clone()
        b[:, 4] += 90 * torch.randint(0, 4, (40,))
    if kind == "empty":
        a = a[:0]
    if kind == "degenerate":
        a = torch.cat([a[:3] * torch.tensor([1, 1, 0, 1, 1]), a[:3] * torch.tensor([1, 1, -1, 1, 1]), a[:3] * torch.tensor([1, 1, -1, -1, 1])])
    a, b = (ops.box_convert(x.to(_types[dtype]), "cxcywhr", fmt) for x in (a, b))
    return {"a": a, "b": b, "expected": ops.box_iou(a, b, fmt)}


@case("ops_boxes/clip", dtype=list(_types), count=[0, 12])
def clip(dtype, count):
    boxes = (corners(count) - (0 if dtype == "uint8" else 20)).to(_types[dtype])
    return {"boxes": boxes, "clipped": ops.clip_boxes_to_image(boxes, (50, 70)), "small": ops.remove_small_boxes(boxes, 20.0),
            "smallest": ops.remove_small_boxes(boxes, 12.5)}  # fmt: skip


_masks = {
    "blobs": lambda: (torch.rand(6, 40, 57) > 0.995),
    "wide": lambda: torch.nn.functional.pad(torch.ones(3, 5, 200, dtype=torch.bool), (70, 90, 9, 4)),
    "empty": lambda: torch.zeros(3, 8, 9, dtype=torch.bool),
    "some": lambda: torch.eye(9, dtype=torch.bool).reshape(9, 3, 3).roll(1, 0) & (torch.arange(9) != 4)[:, None, None],
    "none": lambda: torch.zeros(0, 8, 9, dtype=torch.bool),
    "no_pixels": lambda: torch.zeros(3, 0, 9, dtype=torch.bool),
    "strided": lambda: (torch.rand(5, 30, 20) > 0.97).transpose(1, 2),
    "one": lambda: torch.ones(2, 1, 1, dtype=torch.bool),
}


@case("ops_boxes/masks_to_boxes", kind=list(_masks), dtype=["bool", *_types])
def masks_to_boxes(kind, dtype):
    masks = _masks[kind]().to(getattr(torch, dtype)) * (200 if dtype != "bool" else True)
    return {"masks": masks, "expected": ops.masks_to_boxes(masks)}


def _scores(count, kind):
    if kind == "ties":
        return torch.randint(0, 5, (count,)) / 4
    scores = torch.rand(count)
    if kind == "nan" and count:
        scores[:: max(1, count // 7)] = float("nan")
    return scores


@case("ops_boxes/nms", count=[0, 1, 63, 64, 700], extent=[1e-3, 300.0, 1e5], scores=["plain", "ties", "nan"],
      threshold=[-0.5, 0.0, 0.3, 0.5, 0.95, 2.0])  # fmt: skip
def nms(count, extent, scores, threshold):
    boxes, scores = corners(count, extent, extent / 100, extent / 3), _scores(count, scores)
    return {"boxes": boxes, "scores": scores, "expected": ops.nms(boxes, scores, threshold),
            "expected_double": ops.nms(boxes.double(), scores.double(), threshold)}  # fmt: skip


_crowds = {
    "copies": lambda: corners(30).repeat(40, 1),
    "whole_numbers": lambda: corners(1000, 40).round(),
    "nested": lambda: torch.stack([torch.arange(500) / 7, torch.arange(500) / 9, 200 - torch.arange(500) / 11, 200 - torch.arange(500) / 13], 1),
    "sizes": lambda: corners(1000, 1000.0, 0, 1) * torch.logspace(-3, 3, 1000)[:, None],
    "strange": lambda: torch.cat([_strange.repeat(10, 1), corners(500)]),
    "far": lambda: torch.cat([corners(700), corners(10) + 1e7, corners(10) - 1e9]),
    "line": lambda: torch.cat([corners(600)[:, :1].repeat(1, 4) + torch.tensor([0.0, 5, 9, 11])]),
    "tiny": lambda: corners(300) * 1e-18,
    "huge": lambda: corners(300) * 1e35,
    "inverted": lambda: corners(300)[:, [2, 3, 0, 1]],
    "strips": lambda: corners(1000) * torch.tensor([1, 0.01, 1, 0.01]),
}


@case("ops_boxes/nms_crowds", crowd=list(_crowds), threshold=[-1.0, 0.0, 1e-9, 0.2, 0.5, 0.7, 0.999])
def nms_crowds(crowd, threshold):
    boxes = _crowds[crowd]()
    boxes, scores = boxes[torch.randperm(len(boxes))], _scores(len(boxes), "plain")
    return {"boxes": boxes, "scores": scores, "expected": ops.nms(boxes, scores, threshold),
            "expected_double": ops.nms(boxes.double(), scores.double(), threshold)}  # fmt: skip


@case("ops_boxes/nms_refusals", kind=["one_dim", "three", "five", "empty", "scores", "scores_2d", "types", "half", "int64"])
def nms_refusals(kind):
    boxes, scores = corners(3), torch.rand(3)
    boxes, scores = {
        "one_dim": (boxes[0], scores), "three": (boxes[:, :3], scores), "five": (torch.zeros(0, 5), scores[:0]),
        "empty": (torch.zeros(0), scores[:0]), "scores": (boxes, scores[:2]), "scores_2d": (boxes, scores[:, None]),
        "types": (boxes, scores.double()), "half": (boxes.half(), scores.half()), "int64": (boxes.long(), scores.long()),
    }[kind]  # fmt: skip
    assert fails(lambda: ops.nms(boxes, scores, 0.5))
    return {"boxes": boxes, "scores": scores}


@case("ops_boxes/batched_nms", count=[0, 40, 1000, 1001, 2500], classes=[1, 7, 90], types=["int64", "int32", "float32"],
      scores=["plain", "ties"], dtype=["float32", "float64"])  # fmt: skip
def batched_nms(count, classes, types, scores, dtype):
    boxes, scores, idxs = corners(count), _scores(count, scores), torch.randint(0, classes, (count,)).to(_types[types])
    boxes, scores = boxes.to(_types[dtype]), scores.to(_types[dtype])
    vanilla = ops.boxes._batched_nms_vanilla(boxes, scores, idxs, 0.4)
    return {"boxes": boxes, "scores": scores, "idxs": idxs, "expected": ops.batched_nms(boxes, scores, idxs, 0.4), "vanilla": vanilla}


@case("ops_boxes/batched_nms_of_one_class", count=[0, 1, 40, 1000], idxs=[0.0, 7.0, -2.5])
def batched_nms_of_one_class(count, idxs):
    boxes, scores, idxs = corners(count), _scores(count, "plain"), torch.tensor([idxs])
    return {"boxes": boxes, "scores": scores, "idxs": idxs, "expected": ops.batched_nms(boxes, scores, idxs, 0.4)}


@case("ops_boxes/focal", alpha=[0.25, 0.0, -1.0, 1.0, 1.5, -0.5], gamma=[2.0, 1.5], reduction=["none", "mean", "sum", "median"], count=[0, 11],
      dtype=["float32", "float64", "float16", "bfloat16"])  # fmt: skip
def focal(alpha, gamma, reduction, count, dtype):
    inputs = (torch.randn(count, 3) * 4).to(_types[dtype]).requires_grad_()
    targets = torch.randint(0, 2, (count, 3)).to(_types[dtype])
    if fails(lambda: ops.sigmoid_focal_loss(inputs, targets, alpha, gamma, reduction)):
        return {"fails": True, "inputs": inputs, "targets": targets}
    loss = ops.sigmoid_focal_loss(inputs, targets, alpha, gamma, reduction)
    loss.sum().backward()
    return {"fails": False, "inputs": inputs, "targets": targets, "expected": loss, "gradient": inputs.grad}


@case("ops_boxes/iou_losses", kind=["generalized", "distance", "complete"], dtype=list(_types),
      reduction=["none", "mean", "sum", "most"], count=[0, 1, 9], eps=[1e-7, 1e-3])  # fmt: skip
def iou_losses(kind, dtype, reduction, count, eps):
    loss_of = getattr(ops, kind + "_box_iou_loss")
    a, b = corners(count).to(_types[dtype]), corners(count).to(_types[dtype])
    if count == 1:
        a, b = a[0], b[0]
    if fails(lambda: loss_of(a, b, reduction, eps)):
        return {"fails": True, "a": a, "b": b}
    if a.is_floating_point():
        a.requires_grad_()
    loss = loss_of(a, b, reduction, eps)
    out = {"fails": False, "a": a, "b": b, "expected": loss}
    if a.is_floating_point():
        loss.sum().backward()
        out["gradient"] = a.grad
    return out


_of_no_number = [-float("inf"), -3.0, 0.0, 2.0, 5.0, float("inf"), float("nan"), 1e20]


@case("ops_boxes/iou_losses_strange", kind=["generalized", "distance", "complete"], dtype=["float32", "float64"])
def iou_losses_strange(kind, dtype):
    """Infinite boxes, turned over and no numbers, with the gradients of both."""
    values = torch.tensor(_of_no_number, dtype=_types[dtype])
    a, b = (values[torch.randint(0, len(values), (3000, 4))].requires_grad_() for _ in range(2))
    loss = getattr(ops, kind + "_box_iou_loss")(a, b)
    loss.sum().backward()
    return {"a": a, "b": b, "expected": loss, "gradient": a.grad, "of_targets": b.grad}


@case("ops_boxes/iou_losses_of_one_target", kind=["generalized", "distance", "complete"], boxes=[(3,), (1,), (0,), (2, 3), ()],
      targets=[(3,), (1,), (), (2, 1), (2,), (0,)])  # fmt: skip
def iou_losses_of_one_target(kind, boxes, targets):
    loss_of = getattr(ops, kind + "_box_iou_loss")
    a, b = (corners(6)[: max(1, torch.Size(s).numel())].reshape(-1, 4)[: torch.Size(s).numel()].reshape(*s, 4) for s in (boxes, targets))
    if fails(lambda: loss_of(a, b)):
        return {"fails": True, "a": a, "b": b}
    return {"fails": False, "a": a, "b": b, "expected": loss_of(a, b)}


run(__file__)

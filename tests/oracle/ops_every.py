"""ops_every: every operator of torchvision alike: as it is, of numbers that lie apart, of nothing, of other types, under autocast, of
the meta device, and differentiated twice."""

import torch
from oracle import case, run
from torchvision import ops


def corners(count, extent=30.0):
    low = torch.rand(count, 2) * extent
    return torch.cat([low, low + 2 + torch.rand(count, 2) * extent], 1)


def rois(count):
    return torch.cat([torch.randint(0, 2, (count, 1)).float(), corners(count, 4.0)], 1)


def maps(count):
    return [torch.rand(2, 8, 9, 10), rois(count)]


def pictures(channels, axes=2):
    return lambda count: [torch.rand(count, channels, *[5, 6, 7][:axes])]


def deformed(count):
    return [torch.rand(count, 4, 6, 6), torch.rand(count, 18, 4, 4), torch.rand(6, 4, 3, 3), torch.rand(count, 9, 4, 4)]


def two(count):
    return [corners(count), corners(count)]


def layer(make):
    """Its module, made where the first input is and of its type."""

    def call(x, *more):
        with torch.device(x.device):
            module = make()
        return module.to(x.dtype if x.is_floating_point() else torch.float32)(x, *more)

    return call


def multi_scale(large, small, boxes):
    return ops.MultiScaleRoIAlign(["0", "1"], 2, 2, canonical_scale=20)({"0": large, "1": small}, [boxes], [(48, 56)])


class Pyramid(torch.nn.Module):
    """Of tensors, not of a dictionary."""

    def __init__(self):
        super().__init__()
        self.fpn = ops.FeaturePyramidNetwork([3, 4], 5)

    def forward(self, large, small):
        return list(self.fpn({"0": large, "1": small}).values())


# By its name, what it takes of so many boxes, regions or pictures, and how it is called; the same in tests/ops/every_test.cpp.
_operators = {
    "masks_to_boxes": (lambda n: [torch.rand(n, 9, 8) > 0.7], ops.masks_to_boxes),
    "nms": (lambda n: [corners(n), torch.rand(n)], lambda b, s: ops.nms(b, s, 0.3)),
    "batched_nms": (lambda n: [corners(n), torch.rand(n), torch.randint(0, 2, (n,))], lambda b, s, i: ops.batched_nms(b, s, i, 0.3)),
    "remove_small_boxes": (lambda n: [corners(n)], lambda b: ops.remove_small_boxes(b, 12.0)),
    "clip_boxes_to_image": (lambda n: [corners(n)], lambda b: ops.clip_boxes_to_image(b, (20, 30))),
    "box_convert": (lambda n: [corners(n)], lambda b: ops.box_convert(b, "xyxy", "cxcywh")),
    "box_convert of rotated boxes": (lambda n: [torch.rand(n, 5) * 20], lambda b: ops.box_convert(b, "cxcywhr", "xyxyxyxy")),
    "box_area": (lambda n: [corners(n)], ops.box_area),
    "box_iou": (two, ops.box_iou),
    "box_iou of rotated boxes": (lambda n: [torch.rand(n, 5) * 20, torch.rand(n, 5) * 20], lambda a, b: ops.box_iou(a, b, "cxcywhr")),
    "generalized_box_iou": (two, ops.generalized_box_iou),
    "distance_box_iou": (two, ops.distance_box_iou),
    "complete_box_iou": (two, ops.complete_box_iou),
    "generalized_box_iou_loss": (two, ops.generalized_box_iou_loss),
    "distance_box_iou_loss": (two, lambda a, b: ops.distance_box_iou_loss(a, b, "sum")),
    "complete_box_iou_loss": (two, lambda a, b: ops.complete_box_iou_loss(a, b, "mean")),
    "sigmoid_focal_loss": (lambda n: [torch.randn(n, 3), torch.randint(0, 2, (n, 3)).float()], ops.sigmoid_focal_loss),
    "roi_align": (maps, lambda x, r: ops.roi_align(x, r, 2, 0.5, 2)),
    "RoIAlign": (maps, layer(lambda: ops.RoIAlign(2, 0.5, -1, aligned=True))),
    "ps_roi_align": (maps, lambda x, r: ops.ps_roi_align(x, r, 2, 0.5, 2)),
    "PSRoIAlign": (maps, layer(lambda: ops.PSRoIAlign(2, 0.5, -1))),
    "roi_pool": (maps, lambda x, r: ops.roi_pool(x, r, 2, 0.5)),
    "RoIPool": (maps, layer(lambda: ops.RoIPool(2, 0.25))),
    "ps_roi_pool": (maps, lambda x, r: ops.ps_roi_pool(x, r, 2, 0.5)),
    "PSRoIPool": (maps, layer(lambda: ops.PSRoIPool(2, 0.25))),
    "MultiScaleRoIAlign": (lambda n: [torch.rand(1, 2, 12, 14), torch.rand(1, 2, 6, 7), corners(n)], multi_scale),
    "deform_conv2d": (deformed, lambda x, o, w, m: ops.deform_conv2d(x, o, w, mask=m)),
    "DeformConv2d": (lambda n: deformed(n)[:2], layer(lambda: ops.DeformConv2d(4, 6, 3))),
    "FeaturePyramidNetwork": (lambda n: [torch.rand(n, 3, 8, 6), torch.rand(n, 4, 4, 3)], layer(Pyramid)),
    "stochastic_depth": (pictures(3), lambda x: ops.stochastic_depth(x, 0.4, "row")),
    "StochasticDepth": (pictures(3), layer(lambda: ops.StochasticDepth(0.4, "batch"))),
    "drop_block2d": (pictures(3), lambda x: ops.drop_block2d(x, 0.3, 3)),
    "DropBlock2d": (pictures(3), layer(lambda: ops.DropBlock2d(0.3, 3))),
    "drop_block3d": (pictures(3, 3), lambda x: ops.drop_block3d(x, 0.3, 3)),
    "DropBlock3d": (pictures(3, 3), layer(lambda: ops.DropBlock3d(0.3, 3))),
    "FrozenBatchNorm2d": (pictures(4), layer(lambda: ops.FrozenBatchNorm2d(4))),
    "Conv2dNormActivation": (pictures(3), layer(lambda: ops.Conv2dNormActivation(3, 8))),
    "Conv3dNormActivation": (pictures(3, 3), layer(lambda: ops.Conv3dNormActivation(3, 8))),
    "SqueezeExcitation": (pictures(4), layer(lambda: ops.SqueezeExcitation(4, 2))),
    "MLP": (lambda n: [torch.rand(n, 10)], layer(lambda: ops.MLP(10, [7, 5]))),
    "Permute": (pictures(3), layer(lambda: ops.Permute([0, 2, 3, 1]))),
}
# A base class, which nobody calls.
assert set(ops.__all__) - {"ConvNormActivation"} == {name.split(" ")[0] for name in _operators}


def called(call, inputs):
    torch.manual_seed(1)
    out = call(*inputs)
    return out if isinstance(out, list) else [out]


def twice(call, inputs):
    """The gradient by each input, and those of the sum of these in some direction; nothing for an input that has none."""
    inputs = [t.double().requires_grad_() if t.is_floating_point() else t for t in inputs]
    floating = [t for t in inputs if t.is_floating_point()]
    squares = sum(out.square().sum() for out in called(call, inputs))
    firsts = torch.autograd.grad(squares, floating, create_graph=True, allow_unused=True)
    along = sum((t * torch.linspace(-1, 1, t.numel(), dtype=torch.float64).view(t.shape)).sum() for t in firsts if t is not None)
    seconds = torch.autograd.grad(along, floating, allow_unused=True)
    return [torch.zeros(0) if t is None else t for t in firsts + seconds]


@case("ops_every/operators", operator=list(_operators), state=["plain", "apart", "empty", "float64", "float16", "bfloat16", "autocast", "meta", "twice"])
def operators(operator, state):
    make, call = _operators[operator]
    inputs = make(0 if state == "empty" else 5)
    stored = {f"in{i}": t.clone() for i, t in enumerate(inputs)} | {"inputs": len(inputs)}
    if state == "apart":
        inputs = [torch.stack([t, t], -1)[..., 0] for t in inputs]
    if state in ("float64", "float16", "bfloat16"):
        inputs = [t.to(getattr(torch, state)) if t.is_floating_point() else t for t in inputs]
    if state == "meta":
        inputs = [t.to("meta") for t in inputs]
    try:
        if state == "twice":
            outputs = twice(call, inputs)
        else:
            with torch.autocast("cpu", torch.bfloat16, enabled=state == "autocast"):
                outputs = called(call, inputs)
    except Exception:
        return stored | {"fails": True, "outputs": 0}
    if state == "meta":
        outputs = [torch.zeros(t.shape, dtype=t.dtype) for t in outputs]
    return stored | {"fails": False, "outputs": len(outputs)} | {f"out{i}": t for i, t in enumerate(outputs)}


run(__file__)

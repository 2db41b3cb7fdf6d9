"""ops_regions: operators on regions of feature maps, deformable convolution, and the modules around them."""

import collections

import torch
from oracle import case, fails, run
from support.model import checksum
from torch import nn
from torchvision import ops
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool, LastLevelP6P7

_types = {"float32": torch.float32, "float64": torch.float64, "float16": torch.float16}


def _rois(kind, count=9):
    low = torch.rand(count, 2) * 40
    boxes = torch.cat([low, low + torch.rand(count, 2) * 30 + 1], 1)
    if kind == "outside":
        boxes = boxes * 3 - 60
    if kind == "degenerate":
        boxes[:3, 2:] = boxes[:3, :2]
        boxes[3:6] = boxes[3:6][:, [2, 3, 0, 1]]
        boxes[6:8, 2:] = boxes[6:8, :2] + 0.2
    if kind == "large":
        boxes[:, :2] -= 900
        boxes[:, 2:] += 700
    if kind == "whole":
        boxes = boxes.round()
    return torch.cat([torch.randint(0, 2, (count, 1)).float(), boxes], 1)


_kinds = ["plain", "outside", "degenerate", "large", "whole", "empty"]


def _pooled(call, size, dtype, kind, sensitive):
    bins = size[0] * size[1]
    x = torch.randn(2, 2 * bins if sensitive else 3, 13, 19).to(_types[dtype]).requires_grad_()
    rois = (_rois(kind, 0) if kind == "empty" else _rois(kind)).to(_types[dtype])
    out = call(x, rois)
    weights = torch.rand_like(out)
    (out * weights).sum().backward()
    return {"x": x, "rois": rois, "weights": weights, "expected": out, "gradient": x.grad}


@case("ops_regions/roi_align", size=[(1, 1), (7, 7), (3, 5)], dtype=list(_types), kind=_kinds, ratio=[-1, 1, 2], aligned=[False, True])
def roi_align(size, dtype, kind, ratio, aligned):
    return _pooled(lambda x, r: ops.roi_align(x, r, size, 0.3, ratio, aligned), size, dtype, kind, False)


@case("ops_regions/ps_roi_align", size=[(1, 1), (3, 2)], dtype=list(_types), kind=_kinds, ratio=[-1, 2])
def ps_roi_align(size, dtype, kind, ratio):
    return _pooled(lambda x, r: ops.ps_roi_align(x, r, size, 0.3, ratio), size, dtype, kind, True)


@case("ops_regions/roi_pool", size=[(1, 1), (7, 7), (3, 5)], dtype=list(_types), kind=_kinds)
def roi_pool(size, dtype, kind):
    return _pooled(lambda x, r: ops.roi_pool(x, r, size, 0.3), size, dtype, kind, False)


@case("ops_regions/roi_pool_strange", dtype=["float32", "float64"])
def roi_pool_strange(dtype):
    x = torch.randint(0, 3, (1, 2, 12, 40)).to(_types[dtype])  # equals, of which the first counts
    x[:, 1, :6] = float("nan")
    x[:, 1, 6:, :20] = -float("inf")
    x[:, 1, 6:, 20:22] = float("inf")
    x.requires_grad_()
    rois = torch.tensor([[0, 0, 0, 39, 11], [0, 3, 2, 30, 9], [0, 0, 6, 19, 11]]).to(_types[dtype])
    out = ops.roi_pool(x, rois, (2, 3))
    out.nan_to_num(0, 0, 0).sum().backward()
    return {"x": x, "rois": rois, "expected": out, "gradient": x.grad}


@case("ops_regions/ps_roi_pool", size=[(1, 1), (3, 2)], dtype=list(_types), kind=_kinds)
def ps_roi_pool(size, dtype, kind):
    return _pooled(lambda x, r: ops.ps_roi_pool(x, r, size, 0.3), size, dtype, kind, True)


@case("ops_regions/list_of_boxes", counts=[[3, 2], [0, 4], [0, 0]])
def list_of_boxes(counts):
    x, boxes = torch.randn(2, 3, 10, 12), [_rois("plain", n)[:, 1:] / 5 for n in counts]
    return {"x": x, "first": boxes[0], "second": boxes[1], "expected": ops.roi_align(x, boxes, 4, sampling_ratio=2), "pooled": ops.roi_pool(x, boxes, (2, 3))}


_bad = {
    "rois_four": lambda: (torch.rand(1, 4, 5, 5), torch.zeros(2, 4)),
    "rois_flat": lambda: (torch.rand(1, 4, 5, 5), torch.zeros(5)),
    "maps_flat": lambda: (torch.rand(4, 5, 5), torch.zeros(2, 5)),
    "types": lambda: (torch.rand(1, 4, 5, 5), torch.zeros(2, 5).double()),
    "bfloat16": lambda: (torch.rand(1, 4, 5, 5).bfloat16(), torch.zeros(2, 5).bfloat16()),
    "int64": lambda: (torch.ones(1, 4, 5, 5).long(), torch.zeros(2, 5).long()),
}


@case("ops_regions/refusals", kind=list(_bad))
def refusals(kind):
    x, rois = _bad[kind]()
    for op in (ops.roi_align, ops.roi_pool, ops.ps_roi_align, ops.ps_roi_pool):
        assert fails(lambda: op(x, rois, 2)), (op, kind)
    return {"x": x, "rois": rois}


@case("ops_regions/nothing", dtype=["bfloat16", "int64", "uint8", "bool", "float16"], of=["regions", "channels", "images"])
def nothing(dtype, of):
    """Regions that give nothing, of types that torchvision computes with nowhere else."""
    shape, count = {"regions": ((2, 4, 6, 6), 0), "channels": ((2, 0, 6, 6), 1), "images": ((0, 4, 6, 6), 0)}[of]
    x, rois = torch.zeros(shape, dtype=getattr(torch, dtype)), torch.zeros(count, 5, dtype=getattr(torch, dtype))
    calls = (ops.roi_align, ops.roi_pool, ops.ps_roi_align, ops.ps_roi_pool)
    return {"x": x, "rois": rois} | {call.__name__: call(x, rois, 2) for call in calls}


@case("ops_regions/deform_conv2d", dtype=list(_types), groups=[1, 2], offset_groups=[1, 3], mask=[False, True],
      shape=["plain", "strided", "dilated", "one", "empty"])  # fmt: skip
def deform_conv2d(dtype, groups, offset_groups, mask, shape):
    bias = groups == 2
    n = {"one": 1, "empty": 0}.get(shape, 3)
    stride, padding, dilation = {"strided": ((2, 1), (1, 0), (1, 1)), "dilated": ((1, 1), (2, 1), (2, 1))}.get(shape, ((1, 1), (0, 0), (1, 1)))
    kernel = (1, 1) if shape == "one" else (3, 2)
    size = (1, 1) if shape == "one" else (7, 9)
    out = [(size[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in (0, 1)]
    places = kernel[0] * kernel[1]
    to = _types[dtype]
    x = torch.randn(n, 6, *size).to(to).requires_grad_()
    offset = (torch.randn(n, 2 * offset_groups * places, *out) * 2).to(to)
    if n:
        offset[0, 0, 0, 0], offset[0, 1, 0, 0] = -1, 0  # a place on the edge, where it is off by a pixel
        offset[0, :, -1, -1] = offset[0, :, -1, -1].round()
    offset.requires_grad_()
    weight = torch.randn(4, 6 // groups, *kernel).to(to).requires_grad_()
    masks = torch.rand(n, offset_groups * places, *out).to(to).requires_grad_() if mask else None
    biases = torch.randn(4).to(to).requires_grad_() if bias else None
    result = ops.deform_conv2d(x, offset, weight, biases, stride, padding, dilation, masks)
    weights = torch.rand_like(result)
    (result * weights).sum().backward()
    found = {"x": x, "offset": offset, "weight": weight, "weights": weights, "expected": result, "stride": stride, "padding": padding, "dilation": dilation,
             "grad_x": x.grad, "grad_offset": offset.grad, "grad_weight": weight.grad}  # fmt: skip
    if mask:
        found |= {"mask_tensor": masks, "grad_mask": masks.grad}
    if bias:
        found |= {"bias_tensor": biases, "grad_bias": biases.grad}
    return found


_bias_types = ["float32", "float64", "float16", "bfloat16", "int64", "uint8", "complex64", "bool"]


@case("ops_regions/deform_bias", dtype=list(_types), bias=_bias_types)
def deform_bias(dtype, bias):
    """A bias of another type than all else; where it is wider, torchvision has no gradient."""
    to, of_bias = _types[dtype], getattr(torch, bias)
    x, offset = torch.randn(2, 2, 5, 5).to(to).requires_grad_(), torch.randn(2, 18, 3, 3).to(to)
    weight, biases = torch.randn(3, 2, 3, 3).to(to), (torch.randn(3) * 3 + 5).abs().to(of_bias)
    found = {"x": x, "offset": offset, "weight": weight, "biases": biases}
    if bias == "complex64" or fails(lambda: ops.deform_conv2d(x, offset, weight, biases)):
        return found | {"fails": True}
    biases.requires_grad_(biases.is_floating_point())
    out = ops.deform_conv2d(x, offset, weight, biases)
    found |= {"fails": False, "expected": out}
    if out.dtype == to:
        out.sum().backward()
        found |= {"grad_x": x.grad} | ({"grad_bias": biases.grad} if biases.requires_grad else {})
    return found


@case("ops_regions/autocast", op=["roi_align", "roi_pool", "ps_roi_align", "ps_roi_pool", "deform_conv2d"], dtype=["bfloat16", "float16", "float32"])
def autocast(op, dtype):
    """What comes out under autocast of the CPU, of inputs that are its type already; or a refusal."""
    to = getattr(torch, dtype)
    x, rois = torch.rand(1, 4, 6, 6).to(to), torch.tensor([[0.0, 1, 1, 4, 4]]).to(to)
    offset, weight = torch.rand(1, 18, 4, 4).to(to), torch.rand(3, 4, 3, 3).to(to)
    call = (lambda: ops.deform_conv2d(x, offset, weight)) if op == "deform_conv2d" else (lambda: getattr(ops, op)(x, rois, 2))
    with torch.autocast("cpu", torch.bfloat16):
        found = {"x": x, "rois": rois, "offset": offset, "weight": weight, "fails": fails(call)}
        return found if found["fails"] else found | {"expected": call()}


_deform = {"x": (2, 4, 6, 6), "offset": (2, 18, 4, 4), "weight": (3, 4, 3, 3), "mask": (2, 9, 4, 4), "bias": (3,)}


@case("ops_regions/deform_refusals", which=list(_deform), shape=[(2, 4, 6), (2, 5, 6, 6), (1, 4, 6, 6), (2, 17, 4, 4), (2, 18, 5, 4), (3, 2, 3, 3), (3, 4, 7, 3), (3, 4, 0, 3), (4,)])
def deform_refusals(which, shape):
    given = {k: torch.zeros(s) for k, s in (_deform | {which: shape}).items()}
    return given | {"fails": fails(lambda: ops.deform_conv2d(given["x"], given["offset"], given["weight"], given["bias"], mask=given["mask"]))}


_modules = {
    "roi_align": lambda: ops.RoIAlign((7, 5), 0.25, 2, aligned=True),
    "roi_align_one": lambda: ops.RoIAlign(7, 1.0, -1),
    "ps_roi_align": lambda: ops.PSRoIAlign(3, 0.0625, 2),
    "roi_pool": lambda: ops.RoIPool((3, 4), 0.5),
    "ps_roi_pool": lambda: ops.PSRoIPool(3, 1 / 3),
    "multi_scale": lambda: ops.MultiScaleRoIAlign(["0", "pool"], 7, 2),
    "frozen": lambda: ops.FrozenBatchNorm2d(64, 1e-3),
    "deform": lambda: ops.DeformConv2d(6, 4, 3),
    "deform_all": lambda: ops.DeformConv2d(6, 4, (3, 1), stride=2, padding=(1, 0), dilation=2, groups=2, bias=False),
    "drop_block": lambda: ops.DropBlock2d(0.1, 3),
    "drop_block_3d": lambda: ops.DropBlock3d(0.25, 5, inplace=True),
}


@case("ops_regions/repr", module=list(_modules))
def module_repr(module):
    return {"expected": repr(_modules[module]())}


@case("ops_regions/deform_module", groups=[1, 2], bias=[True, False])
def deform_module(groups, bias):
    torch.manual_seed(4)
    layer = ops.DeformConv2d(4, 6, (3, 2), groups=groups, bias=bias)
    next_draw = torch.rand(1)
    x, offset, mask = torch.randn(2, 4, 6, 6), torch.randn(2, 12, 4, 5), torch.rand(2, 6, 4, 5)
    return {"x": x, "offset": offset, "mask": mask, "expected": layer(x, offset, mask), "next_draw": next_draw,
            "names": list(layer.state_dict()), "begins": [checksum(t) for t in layer.state_dict().values()]}  # fmt: skip


def _maps(channels, sizes):
    return collections.OrderedDict((f"feat{i}", torch.randn(2, c, *s)) for i, (c, s) in enumerate(zip(channels, sizes)))


@case("ops_regions/fpn", extra=["none", "pool", "p6p7", "p6p7_of_input"], norm=[False, True])
def fpn(extra, norm):
    channels = [4, 6, 8] if extra != "p6p7" else [4, 6, 5]
    blocks = {"none": lambda: None, "pool": LastLevelMaxPool, "p6p7": lambda: LastLevelP6P7(5, 5), "p6p7_of_input": lambda: LastLevelP6P7(8, 5)}
    maps = _maps(channels, [(17, 20), (9, 10), (5, 5)])
    torch.manual_seed(2)
    module = ops.FeaturePyramidNetwork(channels, 5, extra_blocks=blocks[extra](), norm_layer=nn.BatchNorm2d if norm else None)
    next_draw = torch.rand(1)
    begins = [checksum(t) for t in module.state_dict().values()]
    found = module(maps)
    return {**maps, **{"out_" + k: v for k, v in found.items()}, "out_names": list(found), "next_draw": next_draw, "channels": channels,
            "names": list(module.state_dict()), "modules": [n for n, _ in module.named_modules()], "begins": begins}  # fmt: skip


@case("ops_regions/multi_scale", levels=[1, 2, 4], names=[["feat0", "feat1", "feat2", "feat3"], ["feat1", "feat3"], ["feat0"]], ratio=[2, -1])
def multi_scale(levels, names, ratio):
    sizes = [(64, 80), (32, 40), (16, 20), (8, 10)][:levels]
    maps = _maps([3] * levels, sizes)
    if not set(names) & set(maps):
        return {"skip": True}
    low = [torch.rand(n, 2) * 150 for n in (7, 5)]
    boxes = [torch.cat([b, b + torch.rand(len(b), 2) ** 3 * 400 + 1], 1) for b in low]
    module = ops.MultiScaleRoIAlign(names, (3, 2), ratio, canonical_scale=100)
    out = module(maps, boxes, [(250, 300), (256, 318)])
    return {**maps, "skip": False, "first": boxes[0], "second": boxes[1], "expected": out, "scales": module.scales}


_floating = _types | {"bfloat16": torch.bfloat16}


@case("ops_regions/frozen_batch_norm", eps=[1e-5, 0.0], dtype=list(_floating))
def frozen_batch_norm(eps, dtype):
    module = ops.FrozenBatchNorm2d(5, eps)
    trained = nn.BatchNorm2d(5)
    with torch.no_grad():
        for t in trained.state_dict().values():
            t.copy_(torch.rand(t.shape) + 0.5)
    module.load_state_dict(trained.state_dict())
    module.to(_floating[dtype])
    x = torch.randn(2, 5, 4, 3).to(_floating[dtype])
    return {"x": x, "expected": module(x), "names": list(module.state_dict()), **{"bn_" + k: v for k, v in trained.state_dict().items()}}


@case("ops_regions/drop_block", axes=[2, 3], p=[0.0, 0.2, 1.0, -0.1, 1.5], block=[1, 3, 4, 7, 100], inplace=[False, True], training=[True, False],
      dtype=list(_floating))  # fmt: skip
def drop_block(axes, p, block, inplace, training, dtype):
    call = ops.drop_block2d if axes == 2 else ops.drop_block3d
    x = torch.randn(*(3, 2, 9, 7) if axes == 2 else (2, 2, 5, 9, 7)).to(_floating[dtype])
    if fails(lambda: call(x.clone(), p, block, inplace, 1e-4, training)):
        return {"x": x, "fails": True}
    given = x.clone()
    torch.manual_seed(3)
    expected = call(given, p, block, inplace, 1e-4, training)
    return {"x": x, "fails": False, "expected": expected, "after": given, "next_draw": torch.rand(1)}


@case("ops_regions/drop_block_types", axes=[2, 3], dtype=["int64", "uint8", "int32", "bool"], inplace=[False, True], p=[0.0, 0.3])
def drop_block_types(axes, dtype, inplace, p):
    call = ops.drop_block2d if axes == 2 else ops.drop_block3d
    x = torch.randint(0, 2, (3, 2, 9, 7) if axes == 2 else (2, 2, 5, 9, 7)).to(getattr(torch, dtype))
    if fails(lambda: call(x.clone(), p, 3, inplace)):
        return {"x": x, "fails": True}
    torch.manual_seed(3)
    return {"x": x, "fails": False, "expected": call(x.clone(), p, 3, inplace)}


@case("ops_regions/frozen_batch_norm_shapes", shape=[(2, 3, 4, 4), (2, 1, 4, 4), (2, 2, 4, 4), (3, 4, 4), (2, 4, 4), (4, 4), (2, 3, 4, 4, 4), (1, 1, 3, 1, 1)])
def frozen_batch_norm_shapes(shape):
    module, x = ops.FrozenBatchNorm2d(3), torch.randn(shape)
    if fails(lambda: module(x)):
        return {"x": x, "fails": True}
    return {"x": x, "fails": False, "expected": module(x)}


@case("ops_regions/conv3d", kind=["plain", "all"])
def conv3d(kind):
    torch.manual_seed(1)
    if kind == "plain":
        module = ops.Conv3dNormActivation(3, 4)
    else:
        module = ops.Conv3dNormActivation(3, 4, kernel_size=(1, 3, 5), stride=(1, 2, 2), dilation=(1, 1, 2), norm_layer=None, activation_layer=nn.SiLU)
    begins = [checksum(t) for t in module.state_dict().values()]
    x = torch.randn(2, 3, 4, 9, 8)
    return {"x": x, "expected": module.eval()(x), "names": list(module.state_dict()), "begins": begins}


run(__file__)

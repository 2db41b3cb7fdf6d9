"""ops_scripted: models that Python scripted, with torchvision's operators in them, for libopsis_torchvision_ops."""

import torch
import torchvision
from oracle import case, out_dir, run
from torch import nn
from torchvision import ops
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.out_channels = 16
        self.layers = nn.Sequential(nn.Conv2d(3, 16, 3, 4, 1), nn.ReLU(), nn.Conv2d(16, 16, 3, 2, 1))

    def forward(self, x):
        return self.layers(x)


def _save(model, name):
    out_dir().mkdir(parents=True, exist_ok=True)
    torch.jit.script(model).save(str(out_dir() / name))


@case("ops_scripted/mask_rcnn")
def mask_rcnn():
    pooled = {"box_roi_pool": ops.MultiScaleRoIAlign(["0"], 5, 2), "mask_roi_pool": ops.MultiScaleRoIAlign(["0"], 4, 2)}
    anchors = AnchorGenerator(sizes=((16, 32, 64),), aspect_ratios=((0.5, 1.0, 2.0),))
    model = MaskRCNN(Backbone(), None, min_size=96, max_size=128, rpn_anchor_generator=anchors, box_score_thresh=0.2,
                     box_head=nn.Sequential(nn.Flatten(1), nn.Linear(16 * 25, 32), nn.ReLU()),
                     box_predictor=torchvision.models.detection.faster_rcnn.FastRCNNPredictor(32, 4),
                     mask_head=nn.Conv2d(16, 16, 3, padding=1),
                     mask_predictor=torchvision.models.detection.mask_rcnn.MaskRCNNPredictor(16, 8, 4), **pooled).eval()  # fmt: skip
    image = torch.rand(3, 90, 110)
    with torch.no_grad():
        found = model([image])[0]
    assert len(found["boxes"]) > 3
    _save(model, "mask_rcnn.pt")
    return {"image": image, **found}


class Rest(nn.Module):
    def forward(self, x, rois, offset, weight):
        pooled = ops.roi_pool(x, rois, (2, 2)).mean() + ops.ps_roi_pool(x, rois, 2).mean() + ops.ps_roi_align(x, rois, 2).mean()
        return pooled + ops.roi_align(x, rois, 2).mean() + ops.deform_conv2d(x, offset, weight).mean()


@case("ops_scripted/rest")
def rest():
    x, offset, weight = torch.randn(1, 4, 8, 8, requires_grad=True), torch.randn(1, 18, 6, 6), torch.randn(3, 4, 3, 3)
    rois = torch.tensor([[0.0, 1, 1, 6, 5], [0, 2, 0, 7, 7]])
    out = Rest()(x, rois, offset, weight)
    out.backward()
    _save(Rest(), "rest.pt")
    return {"x": x, "rois": rois, "offset": offset, "weight": weight, "expected": out, "gradient": x.grad}


@case("ops_scripted/schemas")
def schemas():
    names = [name for name in torch._C._dispatch_get_all_op_names() if name.startswith("torchvision::")]
    return {"schemas": sorted(str(torch._C._get_schema(name, "")) for name in names)}


run(__file__)

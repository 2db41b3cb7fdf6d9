"""ops_packaged: an AOTInductor package with torchvision's operators in it, for libopsis_torchvision_ops. Compiling it takes a quarter of a
minute, so it is compiled anew only for another torch, torchvision or module."""

import hashlib
import pathlib

import torch
import torchvision
from oracle import case, out_dir, run
from torchvision import ops


class Suppressed(torch.nn.Module):
    def forward(self, x, boxes, scores):
        keep = ops.nms(boxes, scores, 0.5)
        rois = torch.cat([torch.zeros_like(boxes[:, :1]), boxes], 1)
        return keep, ops.roi_align(x, rois, (3, 3), 0.5, 2, True).relu()


@case("ops_packaged/suppressed")
def suppressed():
    low = torch.rand(12, 2) * 20
    inputs = torch.randn(1, 4, 20, 20), torch.cat([low, low + torch.rand(12, 2) * 18 + 1], 1), torch.rand(12)
    known = hashlib.sha256(pathlib.Path(__file__).read_bytes() + f"{torch.__version__} {torchvision.__version__}".encode()).hexdigest()
    out_dir().mkdir(parents=True, exist_ok=True)
    package, stamp = out_dir() / "suppressed.pt2", out_dir() / "suppressed.sha256"
    if not package.exists() or not stamp.exists() or stamp.read_text() != known:
        options = {"aot_inductor.link_libtorch": False}  # the program has it
        torch._inductor.aoti_compile_and_package(torch.export.export(Suppressed(), inputs), package_path=str(package), inductor_configs=options)
        stamp.write_text(known)
    keep, pooled = Suppressed()(*inputs)
    return {"x": inputs[0], "boxes": inputs[1], "scores": inputs[2], "keep": keep, "pooled": pooled}


run(__file__)

"""models_exported: programs that torch.export.save wrote, for models::ExportedProgram. Each case has its file, what it is
called with and what it gives in Python, leaf by leaf."""

import warnings

import torch
import torchvision
from oracle import case, out_dir, run
from torch.export import Dim
from torch.utils import _pytree as pytree
from torchvision import ops

warnings.filterwarnings("ignore")


class Detects(torch.nn.Module):
    """torchvision's operators, and a number of boxes that is known only when it runs."""

    def forward(self, x, boxes, scores, labels):
        keep = ops.batched_nms(boxes, scores, labels, 0.1)
        rois = torch.cat([torch.zeros_like(boxes[:, :1]), boxes], 1)
        pooled = ops.roi_align(x, rois, (3, 3), 0.5, 2, True)
        position = ops.ps_roi_align(x, rois, (2, 2), 0.5)
        offset = x[:, :2].repeat(1, 9, 1, 1)
        weight = torch.ones(2, x.shape[1], 3, 3)
        return {"boxes": boxes[keep], "scores": scores[keep], "pooled": pooled, "position": position,
                "deformed": ops.deform_conv2d(x, offset, weight, padding=1), "max": ops.roi_pool(x, rois, 2)}


class Nests(torch.nn.Module):
    """Arguments and results in each other, constants, buffers outside the state dict, branches, autocast."""

    def __init__(self):
        super().__init__()
        self.register_buffer("outside", torch.arange(4.0), persistent=False)
        self.made = torch.full((4,), 0.5)
        self.weight = torch.nn.Parameter(torch.arange(16.0).view(4, 4) / 16)
        self.tied = torch.nn.Parameter(self.weight[1:3])

    def forward(self, pair, table, *, scale=2.0, mode=None):
        x, y = pair
        with torch.no_grad():
            half = x * scale
        with torch.autocast("cpu", dtype=torch.bfloat16):
            low = half @ self.weight
        branch = torch.cond(x.sum() > 0, lambda a, b: (a + 1, b.clone()), lambda a, b: (a - 1, b * 2), (half, y["in"]))
        values, indices = half.max(1)
        parts = torch.split(x, 1)
        return {"list": [low, (branch[0], branch[1], 3)], "values": values, "indices": indices, "none": None, "real": 3.5,
                "made": parts[1] + self.outside + self.made, "tied": self.tied @ x.t(), "table": table[0] - 1}


class Branches(torch.nn.Module):
    """Parameters of one branch or of both, and one that a branch has without learning."""

    def __init__(self):
        super().__init__()
        self.positive, self.negative, self.both, self.fixed = (torch.nn.Parameter(torch.rand(3)) for _ in range(4))

    def forward(self, x):
        left, right = torch.cond(x.sum() > 0, lambda a: (a * self.positive * self.both, a + self.fixed.detach()),
                                 lambda a: (a * self.negative - self.both, a - 1), (x,))
        return left + right


class Sizes(torch.nn.Module):
    """Arithmetic on sizes that are known only when it runs."""

    def forward(self, x, y):
        n, m = x.shape[0], x.shape[1]
        z = torch.arange(n * m // 3 + (n + 1) % 4).to(x.dtype)
        grid = x.new_zeros(max(n, m), min(n, 7))
        return x.view(m, n), z, grid, y[: n // 2], (n - 1) * 2, x.reshape(-1)[-(m % 3) - 1 :]


class Guarded(torch.nn.Module):
    """What the export learns of sizes: sums, halves, one size twice the other, a number that is given."""

    def forward(self, pair, y, n):
        x = pair["x"]
        if x.shape[0] + y.shape[0] > 5 and x.shape[1] % 2 == 0 and n != 7:
            return x.reshape(2, -1) + n, torch.cat([x[:, 0], y])
        return x - 1, y


class Keys(torch.nn.Module):
    """Conditions on what lies under keys that Python writes with escapes, and under numbers."""

    keys = ["a\\b", "it's", 'say "x"', "both ' and \"", "\u00e9\u4e2d\U0001f600", "\t\n\r\0\x7f\xad\u2028\U000e0001", "L[']", ""]
    numbers = [2.0, 0.5, 1e6, 1 / 3, 123456789.5, 1e16]

    def forward(self, named, numbered):
        out = {}
        for key, value in list(named.items()) + list(numbered.items()):
            if value.shape[0] % 2 == 0:
                out[str(key)] = value + 1
        return out


class Derived(torch.nn.Module):
    """Sizes that depend on one that no argument has."""

    def forward(self, x, y):
        return x[::2] + y


class Counts(torch.nn.Module):
    """Changes a buffer and an argument."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(2))

    def forward(self, x):
        self.calls += x.sum()
        x.mul_(2)
        return x + self.calls


class Types(torch.nn.Module):
    """Constants of every kind: types, memory formats, devices, infinities, lists of tensors and of none."""

    def forward(self, x):
        wide = x.to(torch.float64).contiguous(memory_format=torch.channels_last)
        index = torch.tensor([1, 0])
        far = torch.where(x > 0.5, float("inf"), -float("inf"))
        made = torch.zeros(2, 3, dtype=torch.int16, device="cpu", layout=torch.strided)
        complex_ = torch.full((2,), 1 + 2j)
        return (wide, x[:, index], x[..., None, index], far, made, complex_, torch.nn.functional.pad(x, (1, 2), value=-1.5),
                x.std((2, 3), correction=0), torch.einsum("bchw,bdhw->bcd", x, x), x.clamp(min=0.25),
                x.sum(1, dtype=torch.float64))


def saved(name, module, arguments, named=None, **options):
    """The program's file, and the leaves of what it takes and gives."""
    module.eval() if not options.pop("train", False) else module.train()
    called = options.pop("called", arguments)
    program = torch.export.export(module, arguments, named, **options)
    folder = out_dir() / "models_exported"
    folder.mkdir(parents=True, exist_ok=True)
    torch.export.save(program, str(folder / f"{name}.pt2"))
    arguments = pytree.tree_leaves((called, named or {}))
    out = {f"in{i}": leaf.clone() for i, leaf in enumerate(arguments) if isinstance(leaf, torch.Tensor)}
    run_by_python = program.module(check_guards=name != "keys")  # Python trips over its own escapes there
    torch.manual_seed(1)  # of dropout
    leaves = pytree.tree_leaves(run_by_python(*called, **(named or {})))
    out |= {f"after{i}": leaf for i, leaf in enumerate(arguments) if isinstance(leaf, torch.Tensor)}
    out |= {f"out{i}": leaf.detach() for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)}
    out["numbers"] = [float(leaf) for leaf in leaves if isinstance(leaf, (int, float))]
    if name == "branches":
        leaves[0].sum().backward()
        out |= {f"gradient.{key}": value.grad for key, value in run_by_python.named_parameters()}
    if name in ("counts", "nests"):
        out |= {f"state.{key}": value.detach() for key, value in run_by_python.state_dict().items()}
    return out


def photos(*shape):
    return torch.rand(shape)


boxes = torch.cat([low := torch.rand(12, 2) * 20, low + torch.rand(12, 2) * 18 + 1], 1)
programs = {
    "resnet18": lambda: saved("resnet18", torchvision.models.resnet18(), (photos(2, 3, 64, 64),),
                              dynamic_shapes=({0: Dim("batch", max=8)},), called=(photos(5, 3, 64, 64),)),
    "mobilenet": lambda: saved("mobilenet", torchvision.models.mobilenet_v3_small(), (photos(2, 3, 64, 64),), train=True),
    "swin": lambda: saved("swin", torchvision.models.SwinTransformer([4, 4], 24, [1, 1], [2, 4], [3, 3], num_classes=5),
                          (photos(1, 3, 40, 40),)),
    "vit": lambda: saved("vit", torchvision.models.VisionTransformer(32, 8, 2, 2, 32, 64, num_classes=5),
                         (photos(2, 3, 32, 32),)),
    "lraspp": lambda: saved("lraspp", torchvision.models.segmentation.lraspp_mobilenet_v3_large(weights_backbone=None),
                            (photos(1, 3, 64, 64),)),
    "detects": lambda: saved("detects", Detects(), (photos(1, 4, 20, 20), boxes, torch.rand(12), torch.randint(0, 3, (12,)))),
    "nests": lambda: saved("nests", Nests(), ((photos(4, 4), {"in": torch.rand(4, 4)}), [torch.rand(2)]),
                           {"scale": 3.0, "mode": None}),
    "branches": lambda: saved("branches", Branches(), (photos(3),)),
    "sizes": lambda: saved("sizes", Sizes(), (photos(4, 5), photos(9)),
                           dynamic_shapes=({0: Dim.AUTO, 1: Dim.AUTO}, {0: Dim.AUTO}), called=(photos(6, 11), photos(7))),
    "guarded": lambda: saved("guarded", Guarded(), ({"x": photos(8, 4)}, photos(4), 3),
                             dynamic_shapes=({"x": {0: Dim.AUTO, 1: Dim.AUTO}}, {0: Dim.AUTO}, Dim.AUTO),
                             called=({"x": photos(6, 2)}, photos(3), 5)),
    "keys": lambda: saved("keys", Keys(), ({key: photos(4) for key in Keys.keys},
                                           {key: photos(4 + i % 2 * 2) for i, key in enumerate(Keys.numbers)}),
                          dynamic_shapes=({key: {0: Dim.AUTO} for key in Keys.keys}, {key: {0: Dim.AUTO} for key in Keys.numbers})),
    "derived": lambda: saved("derived", Derived(), (photos(7), photos(4)), called=(photos(9), photos(5)),
                             dynamic_shapes=({0: 2 * Dim("half", max=50) + 1}, {0: Dim("half", max=50) + 1})),
    "counts": lambda: saved("counts", Counts(), (photos(2),)),
    "types": lambda: saved("types", Types(), (photos(2, 3, 4, 5),)),
}


@case("models_exported/programs", program=list(programs))
def exported(program):
    return programs[program]()


run(__file__)

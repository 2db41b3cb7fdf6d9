"""What the oracle tells of a model."""

import contextlib

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.models import regnet
from torchvision.models.detection.anchor_utils import AnchorGenerator, DefaultBoxGenerator


def checksum(tensor):
    """The sum of the bits as integers, each by its place, modulo 2 ** 64: equal, for all practical purposes, only if every bit is and
    stands where it should. In pieces, since 64 bits take twice the memory. support::checksum in C++ does the same."""
    bits = (tensor.detach().contiguous().view(torch.int32) if tensor.is_floating_point() else tensor.detach()).flatten()
    total = torch.zeros((), dtype=torch.int64, device=bits.device)
    for begin in range(0, len(bits), 1 << 20):
        piece = bits[begin : begin + (1 << 20)].to(torch.int64)
        total += (piece * torch.arange(begin + 1, begin + 1 + len(piece), device=bits.device)).sum()
    return int(total)


def checked(model):
    """What a model is: to be called right after building it."""
    state = model.state_dict()
    return {"next_draw": torch.rand(1), "names": list(state), "checksums": [checksum(t) for t in state.values()]}


def computed(model, *inputs, **arguments):
    """What a model is and does: its state, its outputs, its gradients. Of every gradient, its norm and some of its numbers."""
    found = checked(model)
    wake(model)
    with torch.no_grad():
        found |= numbered("eval_output", outputs_of(model.eval()(*inputs, **arguments)))
    outputs = outputs_of(model.train()(*inputs, **arguments))
    found |= numbered("train_output", outputs)
    loss = sum(output.square().mean() for output in outputs)
    loss.backward()
    found["loss"] = loss
    parameters = dict(model.named_parameters())
    found["gradient_names"] = list(parameters)
    found["gradient_norms"] = torch.stack([p.grad.double().norm() for p in parameters.values()])
    found["gradient_samples"] = torch.cat([sample(p.grad) for p in parameters.values()])
    found["buffer_sums"] = torch.stack([b.double().sum() for b in model.buffers()] or [torch.zeros(())])
    return found


def outputs_of(result):
    """The tensors that a model gives, be they one, a tuple, a list or a dictionary."""
    if isinstance(result, torch.Tensor):
        return [result]
    return [o for o in (result.values() if isinstance(result, dict) else result) if o is not None]


def numbered(name, tensors):
    return {name + (f"_{number}" if number else ""): tensor for number, tensor in enumerate(tensors)}


def wake(model):
    """Weights that begin as zero (the head of a ViT) would hide all that is before them."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() >= 2 and not parameter.any():
                parameter.normal_(0, 0.02)


def sample(tensor):
    """About 32 numbers, evenly spread."""
    return tensor.flatten()[:: tensor.numel() // 32 + 1]


class TableDraws(TorchDispatchMode):
    """Draws come out of a table instead of the generator, a hundred times faster: for models whose numbers would take seconds.
    Every draw begins at another place, so that their order shows."""

    length = 1000003

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.normal = torch.randn(self.length, generator=generator).clamp_(-1.9, 1.9).repeat(2)
        self.uniform = torch.rand(self.length, generator=generator).repeat(2)
        self.draws = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.aten.normal_.default:
            mean, std = (*args[1:3], 0.0, 1.0)[:2] if len(args) != 2 else (args[1], 1.0)
            return self.fill(args[0], self.normal, std, mean)
        if function is torch.ops.aten.uniform_.default:
            low, high = (*args[1:3], 0.0, 1.0)[:2] if len(args) != 2 else (args[1], 1.0)
            return self.fill(args[0], self.uniform, high - low, low)
        return function(*args, **(kwargs or {}))

    def fill(self, tensor, table, scale, shift):
        begin = 7919 * self.draws % self.length
        self.draws += 1
        flat = tensor.view(-1)
        for chunk in flat.split(self.length):
            chunk.copy_(table[begin : begin + chunk.numel()])
        flat.mul_(scale).add_(shift)
        return tensor


@contextlib.contextmanager
def on_meta():
    """Models built in here cost nothing; RegNet computes its widths with tensors, which must have values."""
    original = regnet.BlockParams.__dict__["from_init_params"]

    def with_values(cls, *args, **kwargs):
        with torch.device("cpu"):
            return original.__func__(cls, *args, **kwargs)

    regnet.BlockParams.from_init_params = classmethod(with_values)
    try:
        with torch.device("meta"):
            yield
    finally:
        regnet.BlockParams.from_init_params = original


_values = (AnchorGenerator, DefaultBoxGenerator)  # modules of torchvision's that are values here


def structure(model):
    state = model.state_dict()
    return {
        "names": list(state),
        "shapes": [str(tuple(t.shape)) for t in state.values()],
        "types": [str(t.dtype) for t in state.values()],
        "versions": [f"{name} {told['version']}" for name, told in state._metadata.items() if not isinstance(model.get_submodule(name), _values)],
        "modules": [name for name, module in model.named_modules() if not isinstance(module, _values)],
    }

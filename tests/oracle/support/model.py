"""What the oracle tells of a model."""

import contextlib

import torch
from torchvision.models import regnet


def checksum(tensor):
    """The sum of the bits as integers: equal, for all practical purposes, only if every bit is."""
    return int((tensor.detach().contiguous().view(torch.int32) if tensor.is_floating_point() else tensor).long().sum())


def checked(model):
    """What a model is: to be called right after building it."""
    state = model.state_dict()
    return {"next_draw": torch.rand(1), "names": list(state), "checksums": [checksum(t) for t in state.values()]}


def evaluated(model, images):
    """What a model is and puts out."""
    found = checked(model)
    with torch.no_grad():
        found["eval_output"] = model.eval()(images)
    return found


def computed(model, images):
    """What a model is and does: its state, its outputs and its gradients."""
    found = evaluated(model, images)
    outputs = model.train()(images)
    outputs = [o for o in outputs if o is not None] if isinstance(outputs, tuple) else [outputs]
    for number, output in enumerate(outputs):
        found["train_output" + (f"_{number}" if number else "")] = output
    sum(output.square().mean() for output in outputs).backward()
    parameters = dict(model.named_parameters())
    found["gradient_names"] = list(parameters)
    found["gradient_norms"] = torch.stack([p.grad.double().norm() for p in parameters.values()])
    first = next(iter(parameters))
    found["first_gradient"] = parameters[first].grad
    found["buffer_sums"] = torch.stack([b.double().sum() for b in model.buffers()] or [torch.zeros(())])
    return found


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


def structure(model):
    state = model.state_dict()
    return {
        "names": list(state),
        "shapes": [str(tuple(t.shape)) for t in state.values()],
        "types": [str(t.dtype) for t in state.values()],
        "modules": [name for name, _ in model.named_modules()],
    }

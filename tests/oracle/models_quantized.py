"""models: quantizable models, float and quantized, and what post-training quantization makes of them."""

import collections
import contextlib
import warnings

import torch
from oracle import case, out_dir, run
from support import zoo
from support.listed import Listed
from support.model import TableDraws, computed
from torchvision.models import quantization

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

# Quantized, these begin as LibTorch's layers do: with the numbers that it draws itself Inception gives nothing but zeros.
_simply = {"googlenet": dict(init_weights=False), "inception_v3": dict(init_weights=False)}
_names = [name.removeprefix("quantized_") for name in zoo.quantized]


def _build(model, **arguments):
    torch.backends.quantized.engine = "x86"  # all choose another, except mobilenet_v3_large
    simply = _simply.get(model, {}) if arguments.get("quantize") else {}
    return getattr(quantization, model)(num_classes=10, **simply, **arguments)


class _Draws(TableDraws):
    """So are the numbers of the image that a model is quantized with: Python's mode sees rand whole, LibTorch's the uniform_ in it."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function is torch.ops.aten.rand.default:
            return self.fill(torch.empty(args[0]), self.uniform, 1.0, 0.0)
        return super().__torch_dispatch__(function, types, args, kwargs)


def _draws(model):
    """Numbers out of a table for the large ones."""
    return _Draws() if _is_large(model) else contextlib.nullcontext()


def _is_large(model):
    return f"quantized_{model}" in zoo.quantized_by_table


def _folder():
    folder = out_dir() / "models_quantized"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@case("models_quantized/float", model=_names)
def float_models(model):
    side = zoo.size(f"quantized_{model}")
    images = torch.rand(2, 3, side, side)
    torch.manual_seed(0)
    with _draws(model):
        built = _build(model)
    return {"table": _is_large(model), "images": images, **computed(built, images)}


# The same by name in tests/models/quantization_test.cpp.
_options = {
    "googlenet": dict(aux_logits=False, transform_input=True, init_weights=False, dropout=0.6),
    "googlenet, aux": dict(init_weights=False, dropout_aux=0.1),
    "inception_v3": dict(aux_logits=False, transform_input=True, init_weights=False, dropout=0.1),
    "mobilenet_v2": dict(width_mult=0.35, round_nearest=4, dropout=0.6),
    "mobilenet_v3_large": dict(width_mult=0.75, reduced_tail=True, dilated=True, dropout=0.6),
    "resnet18": dict(zero_init_residual=True),
    "resnet50": dict(replace_stride_with_dilation=[False, True, True]),
}


@case("models_quantized/options", options=list(_options))
def options(options):
    builder, chosen = getattr(quantization, options.split(",")[0]), _options[options]
    images = torch.rand(2, 3, 96, 96)
    torch.manual_seed(0)
    found = {"images": images, **computed(builder(num_classes=7, **chosen), images)}
    torch.backends.quantized.engine = "x86"
    torch.manual_seed(0)
    with torch.no_grad():
        return {**found, "logits": builder(num_classes=7, quantize=True, **chosen)(images)}


@case("models_quantized/quantized", model=_names)
def quantized(model):
    """Made quantized as before loading weights; and its checkpoint, of the smaller ones in both containers."""
    with _draws(model):
        built = _build(model, quantize=True)
    image = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        logits = built(image)
    state = built.state_dict()
    torch.save(state, _folder() / f"{model}.pth")
    file = f"{model}.{'pth' if _is_large(model) else 'stream'}"
    torch.save(state, _folder() / file, _use_new_zipfile_serialization=file.endswith("pth"))
    return {"table": _is_large(model), "file": file, "image": image, "logits": logits}


def _listed(state):
    for name, value in state.items():
        if isinstance(value, torch.Tensor) and value.is_quantized and value.qscheme() == torch.per_channel_affine:
            state[name] = Listed(value)


def _linear(state, version):
    """What linear layers were before they packed weight and bias in one entry."""
    for name in [name for name in state if name.endswith("_packed_params._packed_params")]:
        layer = name.removesuffix("_packed_params._packed_params")
        weight, bias = state.pop(name)
        dtype = state.pop(f"{layer}_packed_params.dtype")
        inner = layer if version == 1 else f"{layer}_packed_params."
        state[f"{inner}weight"], state[f"{inner}bias"] = weight, bias
        if version == 1:
            del state._metadata[f"{layer}_packed_params"]
            state._metadata[layer[:-1]]["version"] = 1
        else:
            state[f"{inner}dtype"] = dtype
            state._metadata[layer[:-1]]["version"] = state._metadata[inner[:-1]]["version"] = 2


def _without(state, ending, version):
    for name in [name for name in state if name.endswith(ending)]:
        del state[name]
        state._metadata[name.removesuffix(ending)]["version"] = version


_layouts = {
    "lists": _listed,
    "linear 1": lambda state: _linear(state, 1),
    "linear 2": lambda state: _linear(state, 2),
    "lists, linear 1": lambda state: (_linear(state, 1), _listed(state)),
}
_rounding_layouts = {
    "no counts": lambda state: _without(state, ".num_batches_tracked", 1),
    "no eps": lambda state: _without(state, ".eps", 1),
    "neither": lambda state: (_without(state, ".num_batches_tracked", 1), _without(state, ".eps", 1)),
}


def _saved(model, state, layout, name):
    """The state in an older layout, as a file; the model with it loaded."""
    layout(state)
    path = _folder() / name
    torch.save(state, path, _use_new_zipfile_serialization=False)
    model.load_state_dict(torch.load(path))
    torch.save(model.state_dict(), path.with_suffix(".pth"))


@case("models_quantized/older", layout=list(_layouts), model=["mobilenet_v2", "shufflenet_v2_x0_5"])
def older(layout, model):
    built = _build(model, quantize=True)
    name = f"{model}_{layout.replace(', ', '_').replace(' ', '_')}.stream"
    _saved(built, built.state_dict(), _layouts[layout], name)
    image = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        return {"file": name, "image": image, "logits": built(image)}


def _rounding():
    built = _build("shufflenet_v2_x0_5")
    built.fuse_model(is_qat=True)
    built.qconfig = torch.ao.quantization.get_default_qat_qconfig("qnnpack")
    return torch.ao.quantization.prepare_qat(built, inplace=True)


@case("models_quantized/older_rounding", layout=list(_rounding_layouts))
def older_rounding(layout):
    """Loaded into a model that has not trained: what the state lacks stays as it is there."""
    built = _rounding()
    built(torch.rand(4, 3, 64, 64))
    name = f"shufflenet_{layout.replace(' ', '_')}.stream"
    _saved(_rounding(), built.state_dict(), _rounding_layouts[layout], name)
    return {"file": name}


@case("models_quantized/while_training", model=["mobilenet_v3_large", "resnet18"], backend=["qnnpack", "fbgemm"])
def while_training(model, backend):
    """Two steps of quantization aware training; its state, and what that is converted to."""
    classes = 1000 if (model, backend) == ("mobilenet_v3_large", "qnnpack") else 10  # as the weights have
    built = getattr(quantization, model)(num_classes=classes)
    torch.backends.quantized.engine = "x86"
    built.fuse_model(is_qat=True)
    built.qconfig = torch.ao.quantization.get_default_qat_qconfig(backend)
    torch.ao.quantization.prepare_qat(built, inplace=True)
    batches, losses = torch.rand(2, 4, 3, 64, 64), []
    torch.manual_seed(1)
    for batch in batches:
        loss = built(batch).square().mean()
        losses.append(loss.detach())
        built.zero_grad()
        loss.backward()
    gradients = torch.stack([p.grad.norm() for p in built.parameters()])
    torch.save(built.state_dict(), _folder() / f"{model}_{backend}_while_training.pth")
    torch.ao.quantization.convert(built.eval(), inplace=True)
    torch.save(built.state_dict(), _folder() / f"{model}_{backend}_trained.pth")
    with torch.no_grad():
        logits = built(batches[0])
    return {"classes": classes, "batches": batches, "losses": torch.stack(losses), "gradients": gradients, "logits": logits}


# One of each family, ResNeXt for its groups: Inception's last pool wants a larger image.
_after_training = ["googlenet", "inception_v3", "mobilenet_v2", "mobilenet_v3_large", "resnet18", "resnext101_32x8d", "shufflenet_v2_x0_5"]


@case("models_quantized/after_training", model=_after_training)
def after_training(model):
    """torchvision's recipe: references/classification/train_quantization.py --post-training-quantize."""
    side = 96 if model == "inception_v3" else 64
    with _draws(model):
        built = _build(model).eval()
    torch.backends.quantized.engine = "fbgemm"
    built.fuse_model(is_qat=False)
    built.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    torch.ao.quantization.prepare(built, inplace=True)
    batches = [torch.rand(2, 3, side, side), torch.randn(2, 3, side, side) * 2]
    with torch.no_grad():
        for batch in batches:
            built(batch)
        torch.ao.quantization.convert(built, inplace=True)
        logits = built(batches[0])
    torch.save(built.state_dict(), _folder() / f"{model}_after_training.pth")
    return {"table": _is_large(model), "batch 0": batches[0], "batch 1": batches[1], "logits": logits}


run(__file__)

"""ops_layers: the layers that models share, with their parameters, outputs and gradients, and names of old checkpoints."""

import torch
from oracle import case, fails, run
from support.model import checksum
from torch import nn
from torchvision import ops
from torchvision.models import densenet, vision_transformer
from torchvision.models.convnext import LayerNorm2d

_group_norm = lambda channels: nn.GroupNorm(2, channels)  # noqa: E731

# The same in tests/ops/layers_test.cpp.
_layers = {
    "conv": lambda: ops.Conv2dNormActivation(3, 8),
    "conv_stride": lambda: ops.Conv2dNormActivation(3, 8, kernel_size=5, stride=2, activation_layer=nn.ReLU6),
    "conv_dilated": lambda: ops.Conv2dNormActivation(3, 6, kernel_size=(3, 5), dilation=(2, 1), groups=3, activation_layer=nn.SiLU),
    "conv_bare": lambda: ops.Conv2dNormActivation(3, 8, padding=(0, 2), norm_layer=None, activation_layer=None),
    "conv_biased": lambda: ops.Conv2dNormActivation(3, 8, norm_layer=_group_norm, activation_layer=nn.Hardswish, bias=True),
    "squeeze": lambda: ops.SqueezeExcitation(3, 2),
    "squeeze_hard": lambda: ops.SqueezeExcitation(3, 1, activation=nn.SiLU, scale_activation=nn.Hardsigmoid),
    "mlp": lambda: ops.MLP(10, [7, 5]),
    "mlp_norm": lambda: ops.MLP(10, [7, 6, 5], norm_layer=nn.LayerNorm, activation_layer=nn.GELU, inplace=None, dropout=0.4),
    "mlp_bare": lambda: ops.MLP(10, [3], bias=False, dropout=0.2),
    "permute": lambda: ops.Permute([0, 2, 3, 1]),
    "depth": lambda: ops.StochasticDepth(0.5, "row"),
    "depth_batch": lambda: ops.StochasticDepth(0.3, "batch"),
    "layer_norm_2d": lambda: LayerNorm2d(3, eps=1e-6),
}


@case("ops_layers/layers", layer=list(_layers))
def layers(layer):
    x = torch.randn(4, 3, 9, 10)
    torch.manual_seed(1)
    module = _layers[layer]()
    with torch.no_grad():
        evaluated = module.eval()(x.clone())
    inputs = x.clone().requires_grad_()
    trained = module.train()(inputs.clone())
    trained.square().sum().backward()
    state = module.state_dict()
    return {"x": x, "evaluated": evaluated, "trained": trained, "gradient": inputs.grad, "next_draw": torch.rand(1),
            "names": list(state), "modules": [name for name, _ in module.named_modules()],
            "gradients": [float(p.grad.double().norm()) for p in module.parameters()],
            "begins": [checksum(t) for t in _layers_state(layer).values()]}  # fmt: skip


def _layers_state(layer):
    torch.manual_seed(1)
    return _layers[layer]().state_dict()


_activations = {"relu": nn.ReLU, "relu6": nn.ReLU6, "silu": nn.SiLU, "hardswish": nn.Hardswish, "hardsigmoid": nn.Hardsigmoid,
                "gelu": nn.GELU, "sigmoid": nn.Sigmoid}  # fmt: skip


@case("ops_layers/activations", kind=list(_activations))
def activations(kind):
    x = torch.cat([torch.randn(100) * 4, torch.tensor([0.0, -0.0, 3, -3, 6, float("inf"), float("-inf"), float("nan")])])
    return {"x": x, "expected": _activations[kind]()(x)}


@case("ops_layers/stochastic_depth", p=[0.0, 0.25, 1.0, -0.1, 1.1], mode=["row", "batch", "column"], training=[True, False],
      dtype=["float32", "float64", "float16", "bfloat16"])  # fmt: skip
def stochastic_depth(p, mode, training, dtype):
    x = torch.randn(6, 2, 3).to(getattr(torch, dtype))
    if fails(lambda: ops.stochastic_depth(x, p, mode, training)):
        return {"fails": True}
    torch.manual_seed(3)
    return {"fails": False, "x": x, "expected": ops.stochastic_depth(x, p, mode, training), "next_draw": torch.rand(1)}


@case("ops_layers/stochastic_depth_types", p=[0.0, 0.25, 1.0], mode=["row", "batch"],
      dtype=["int64", "uint8", "int32", "bool", "float32"])  # fmt: skip
def stochastic_depth_types(p, mode, dtype):
    x = torch.tensor([[1, 0, 1], [0, 1, 1]]).to(getattr(torch, dtype))
    call = lambda: ops.stochastic_depth(x, p, mode)  # noqa: E731
    if fails(call):
        return {"fails": True, "x": x}
    torch.manual_seed(3)
    return {"fails": False, "x": x, "expected": call(), "next_draw": torch.rand(1)}


_old_names = [
    "features.denseblock1.denselayer2.norm.1.weight", "features.denseblock4.denselayer16.conv.2.weight",
    "features.denseblock1.denselayer12.norm.2.running_var", "denselayer1.relu.1.bias", "features.denseblock1.denselayer2.norm.3.weight",
    "features.denseblock1.denselayer2.norm.1.num_batches_tracked", "features.denseblock1.denselayer.norm.1.weight",
    "features.denseblock1.denselayer2.norm1.weight", "features.transition1.norm.weight", "features.norm.1.weight",
    "features.denselayer2.extra.norm.1.weight", "classifier.weight", "", "xdenselayer3.conv.1.bias",
]  # fmt: skip


class _Recorder:
    def load_state_dict(self, state):
        self.names = list(state)


class _Weights:
    def __init__(self, names):
        self.names = names

    def get_state_dict(self, **_):
        return {name: torch.zeros(1) for name in self.names}


@case("ops_layers/renamed_densenet", old=_old_names)
def renamed_densenet(old):
    recorder = _Recorder()
    densenet._load_state_dict(recorder, _Weights([old]), False)
    return {"expected": recorder.names[0]}


@case("ops_layers/renamed_vit", last=["linear_1.weight", "linear_1.bias", "linear_2.weight", "linear_2.bias", "0.weight", "linear_3.bias"])
def renamed_vit(last):
    prefix = "encoder.layers.encoder_layer_3.mlp."
    state = {prefix + last: torch.zeros(1)}
    vision_transformer.MLPBlock(4, 8, 0.0)._load_from_state_dict(state, prefix, {}, False, [], [], [])
    return {"old": prefix + last, "expected": list(state)[0]}


run(__file__)

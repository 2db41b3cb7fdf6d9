"""models_finetune: new heads, outputs from within, names of nodes.

Of each family in zoo.smallest, _heads has the names of the new layers, and _nodes outputs from within with the size of the image.
What the network later works on in place (a norm before a ReLU) is another thing in Python once it is not the last: such nodes belong
to no list of several.
"""

import collections
import warnings

import torch
from oracle import case, run
from support import zoo
from support.model import checksum, sample
from torchvision import models
from torchvision.models.feature_extraction import NodePathTracer, _set_default_tracer_kwargs, create_feature_extractor
from torchvision.models.maxvit import MaxVit
from torchvision.ops import SqueezeExcitation

warnings.filterwarnings("ignore")  # of initialisation, and of nodes that only training has

_heads = {
    "alexnet": ["classifier.6"], "convnext_tiny": ["classifier.2"], "densenet121": ["classifier"], "efficientnet_b0": ["classifier.1"],
    "googlenet": ["fc", "aux1.fc2", "aux2.fc2"], "inception_v3": ["fc", "AuxLogits.fc"], "maxvit_t": ["classifier.5"],
    "mnasnet0_5": ["classifier.1"], "mobilenet_v2": ["classifier.1"], "mobilenet_v3_small": ["classifier.3"],
    "regnet_y_400mf": ["fc"], "resnet18": ["fc"], "shufflenet_v2_x0_5": ["fc"], "squeezenet1_1": ["classifier.1"],
    "swin_t": ["head"], "swin_v2_t": ["head"], "vgg11_bn": ["classifier.6"], "vit_b_32": ["heads.head"],
}  # fmt: skip


@case("models_finetune/heads", model=zoo.smallest)
def heads(model):
    torch.manual_seed(1)
    state = models.get_model(model, num_classes=7).state_dict()
    names = [name for head in _heads[model] for name in state if name.startswith(head + ".")]
    return {"heads": _heads[model], "names": names, "checksums": [checksum(state[name]) for name in names]}


_nodes = {
    "alexnet": (63, ["features.2", "features.7", "avgpool", "classifier.6"]),
    "convnext_tiny": (32, ["features.1", "features.3.0.block.5", "features.4.1", "avgpool"]),
    "densenet121": (64, ["features.conv0", "features.denseblock1.denselayer2", "features.transition1",
                         "features.denseblock3.denselayer1.conv1"]),
    "efficientnet_b0": (64, ["features.2", "features.3.0.block.2", "features.8", "avgpool"]),
    "googlenet": (64, ["conv1", "inception3a.branch2.0", "inception4d", "maxpool4"]),
    "inception_v3": (75, ["Conv2d_2b_3x3", "Mixed_5c.branch3x3dbl_2", "Mixed_6e", "avgpool"]),
    "maxvit_t": (64, ["stem.0", "blocks.0.layers.1.layers.MBconv",
                       "blocks.1.layers.0.layers.window_attention.attn_layer.1.to_qkv", "blocks.1"]),
    "mnasnet0_5": (64, ["layers.5", "layers.8.1", "layers.10.0.layers.6", "layers.16"]),
    "mobilenet_v2": (64, ["features.3", "features.7.conv.1", "features.18"]),
    "mobilenet_v3_small": (64, ["features.1", "features.4.block.2", "features.12"]),
    "regnet_y_400mf": (64, ["stem", "trunk_output.block2", "trunk_output.block3.block3-1.f.se", "trunk_output.block4.block4-0.proj"]),
    "resnet18": (64, ["layer1.0.relu_1", "layer2.0.relu", "layer2.0.downsample", "layer3", "avgpool"]),
    "shufflenet_v2_x0_5": (64, ["conv1", "stage3.2.branch2.4", "stage4", "conv5"]),
    "squeezenet1_1": (64, ["features.4", "features.6.expand3x3_activation", "classifier.3"]),
    "swin_t": (100, ["features.0", "features.1.1.attn", "features.2", "features.5.3.mlp", "permute"]),
    "swin_v2_t": (64, ["features.1.0.attn.cpb_mlp", "features.3.1.norm1", "norm"]),
    "vgg11_bn": (32, ["features.3", "features.10", "features.28"]),
    "vit_b_32": (224, ["conv_proj", "encoder.layers.encoder_layer_3", "encoder.layers.encoder_layer_5.mlp",
                       "encoder.layers.encoder_layer_7.self_attention"]),
}  # fmt: skip


# Whole, these take seconds to initialise; the same in tests/models/feature_extraction_test.cpp.
_quick = {
    "googlenet": lambda: models.googlenet(init_weights=False),
    "inception_v3": lambda: models.inception_v3(init_weights=False),
    "maxvit_t": lambda: MaxVit((64, 64), 8, 4, [16, 32], [2, 1], 8, 0.5),
}


@case("models_finetune/features", model=zoo.smallest)
def features(model):
    size, nodes = _nodes[model]
    images = torch.rand(1, 3, size, size)
    torch.manual_seed(0)
    network = _quick.get(model, lambda: models.get_model(model))().eval()
    with torch.no_grad():
        found = create_feature_extractor(network, nodes)(images)
    found = {name: value[0] if isinstance(value, tuple) else value for name, value in found.items()}
    return {"images": images, "nodes": nodes, "order": list(found), **found, **_every_output(network, images)}


def _every_output(network, images):
    """Of each call of a module its name, the norm of what it gave and some of its numbers, before others work on them in place.
    Not of the layers with weights and the pool of a SqueezeExcitation, which are nodes neither in torchvision nor in Opsis."""
    calls, names, norms, samples = collections.Counter(), [], [], []

    def keep(module, _, output):
        name = of[module]
        names.append(name + (f"_{calls[name]}" if calls[name] else ""))
        calls[name] += 1
        output = output[0] if isinstance(output, tuple) else output
        norms.append(output.double().norm())
        samples.append(sample(output).clone())

    of = {module: name for name, module in network.named_modules() if name}
    for squeeze in [module for module in of if isinstance(module, SqueezeExcitation)]:
        for inner in (squeeze.avgpool, squeeze.fc1, squeeze.fc2):
            del of[inner]
    hooks = [module.register_forward_hook(keep) for module in of]
    with torch.no_grad():
        network(images)
    for hook in hooks:
        hook.remove()
    return {"every_node": names, "every_norm": torch.stack(norms), "every_sample": torch.cat(samples)}


@case("models_finetune/renamed", model=["resnet18", "mobilenet_v3_small"])
def renamed(model):
    """Names of one's own, asked for in another order than that of the network."""
    nodes = {"resnet18": {"layer3": "third", "layer1.0.relu": "early", "layer1": "first", "avgpool": "last"},
             "mobilenet_v3_small": {"avgpool": "0", "features.1": "a.b", "features.4.block.2": "features.1"}}[model]  # fmt: skip
    images = torch.rand(1, 3, 64, 64)
    torch.manual_seed(0)
    with torch.no_grad():
        found = create_feature_extractor(models.get_model(model).eval(), nodes)(images)
    return {"images": images, "nodes": list(nodes), "names": list(nodes.values()), "order": list(found), **found}


@case("models_finetune/by_mode")
def by_mode():
    """Nodes of training, of which one runs in training alone, and nodes of evaluation."""
    nodes = {"train": ["aux1", "inception5b"], "eval": ["avgpool"]}
    images = torch.rand(2, 3, 96, 96, dtype=torch.float64)  # norms of so few numbers enlarge the last bits of others
    torch.manual_seed(0)
    network = models.googlenet(init_weights=False).double()
    extract = create_feature_extractor(network, train_return_nodes=nodes["train"], eval_return_nodes=nodes["eval"])
    found = {"images": images} | {f"{mode}_nodes": names for mode, names in nodes.items()}
    for mode in nodes:
        extract.train(mode == "train")
        torch.manual_seed(1)
        with torch.no_grad():
            found |= {f"{mode}_{name}": value for name, value in extract(images).items()}
    return found


@case("models_finetune/node_names", model=zoo.smallest)
def node_names(model):
    """Modules that compute and have none within that do. torchvision looks into layers that torchvision.models made itself, of
    ConvNeXt, MaxVit, Swin and ViT, where functions stand for them: those are told by the module that they stand in."""
    network = _quick.get(model, lambda: models.get_model(model))().eval()
    modules = dict(network.named_modules())
    tracer = NodePathTracer(**_set_default_tracer_kwargs(None))
    tracer.trace(network)
    calls = collections.Counter()
    owners, names = [], []
    for node, owner in tracer.node_to_qualname.items():
        name = ""
        if node.op == "call_module":
            # Not by the node's name, in which "ln_2" is the second of "ln".
            owner = node.target
            name = owner + (f"_{calls[owner]}" if calls[owner] else "")
            calls[owner] += 1
        while owner not in modules:  # at last the network, ""
            owner = owner.rpartition(".")[0]
        owners.append(owner)
        names.append(name or owner)
    inner = [all(not other.startswith(f"{owner}.") for other in owners) for owner in owners]
    names = [name for owner, name, is_inner in zip(owners, names, inner) if owner and is_inner]
    expected = [name for i, name in enumerate(names) if i == 0 or name != names[i - 1]]
    return {"size": 64 if model == "maxvit_t" else 224, "expected": expected}


run(__file__)

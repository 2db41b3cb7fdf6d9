"""models_classification: parameters, outputs and gradients of the classification models; resnet's are in models.py.

To hold a model against torchvision, add it to _computed (all that it does, in training too; one of a family is enough) or to
_evaluated (every bit of its parameters, and what it puts out), with the size of the images. The rest are deeper or wider by the same
code; models.py holds all of them by names and shapes. With OPSIS_ORACLE_ALL=1 every one that fits 4 GB is computed too.
"""

import os
import warnings

import torch
import torchvision
from support.model import computed, evaluated
from oracle import case, run
from torch import nn
from torchvision import models
from torchvision.models import densenet, efficientnet, maxvit, mobilenetv3, regnet, swin_transformer, vision_transformer
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.vision_transformer import ConvStemConfig

warnings.filterwarnings("ignore", category=FutureWarning)  # of GoogLeNet's and Inception's init_weights

_computed = {
    "alexnet": 63, "convnext_tiny": 32, "densenet121": 64, "efficientnet_b0": 64, "efficientnet_v2_s": 33, "googlenet": 64,
    "mnasnet0_5": 64, "mobilenet_v2": 64, "mobilenet_v3_large": 64, "mobilenet_v3_small": 64, "regnet_x_400mf": 64,
    "regnet_y_400mf": 64, "shufflenet_v2_x0_5": 64, "squeezenet1_0": 64, "squeezenet1_1": 64, "swin_t": 100,
}  # fmt: skip
_evaluated = {
    "densenet161": 32, "densenet169": 32, "efficientnet_b1": 32, "efficientnet_b5": 32, "inception_v3": 75, "maxvit_t": 224,
    "mnasnet1_3": 32, "regnet_x_1_6gf": 32, "regnet_y_3_2gf": 32, "shufflenet_v2_x2_0": 32, "swin_v2_t": 64, "vgg11_bn": 32,
    "vit_b_32": 224,
}  # fmt: skip


if os.environ.get("OPSIS_ORACLE_ALL") == "1":
    _giants = ["regnet_y_128gf", "vit_h_14"]
    for _name in models.list_models(module=torchvision.models, exclude=["*resne?t*", "*resnext*", *_giants, *_computed, *_evaluated]):
        _evaluated[_name] = 224 if _name.startswith("vit") else 64


def family(model):
    return models.get_model_builder(model).__module__.split(".")[-1]


@case("models_classification/computed", model=list(_computed))
def computed_models(model):
    images = torch.rand(2, 3, _computed[model], _computed[model])
    torch.manual_seed(0)
    return {"family": family(model), "images": images, **computed(models.get_model(model), images)}


@case("models_classification/evaluated", model=list(_evaluated))
def evaluated_models(model):
    images = torch.rand(1, 3, _evaluated[model], _evaluated[model])
    torch.manual_seed(0)
    return {"family": family(model), "images": images, **evaluated(models.get_model(model), images)}


_mbconv, _fused = efficientnet.MBConvConfig, efficientnet.FusedMBConvConfig
_mobile_v3 = mobilenetv3.InvertedResidualConfig
_small_vit = dict(patch_size=8, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=48, image_size=32)
_small_swin = dict(patch_size=[4, 2], embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=[4, 3])
_small_maxvit = dict(stem_channels=8, block_channels=[16, 32], block_layers=[2, 1], head_dim=8, stochastic_depth_prob=0.5,
                     partition_size=4, input_size=(64, 64))  # fmt: skip
_v2 = dict(block=swin_transformer.SwinTransformerBlockV2, downsample_layer=swin_transformer.PatchMergingV2)
_drop = dict(dropout=0.3, attention_dropout=0.2)

_options = {
    "alexnet": lambda: models.alexnet(num_classes=7, dropout=0.1),
    "convnext": lambda: ConvNeXt([CNBlockConfig(16, 32, 2), CNBlockConfig(32, 24, 2)], 0.5, 0.1, 7),
    "convnext_norm": lambda: ConvNeXt([CNBlockConfig(16, 32, 2), CNBlockConfig(32, None, 2)], 0.9, 1e-6, 7, None, nn.BatchNorm2d),
    "densenet": lambda: densenet.DenseNet(8, (2, 2, 2, 2), 16, bn_size=2, drop_rate=0.3, num_classes=7),
    "densenet_memory_efficient": lambda: densenet.DenseNet(8, (2, 2, 2, 2), 16, memory_efficient=True, num_classes=7),
    "efficientnet": lambda: efficientnet.EfficientNet([_mbconv(6, 3, 1, 16, 24, 3), _mbconv(6, 5, 2, 24, 40, 2)], 0.5, 0.9, 7),
    "efficientnet_norm": lambda: efficientnet.EfficientNet(
        [_fused(1, 3, 1, 16, 16, 1), _fused(4, 3, 2, 16, 24, 2), _mbconv(4, 5, 2, 24, 32, 2)], 0.1, last_channel=64,
        norm_layer=lambda c: nn.GroupNorm(8, c)),  # fmt: skip
    "googlenet": lambda: models.googlenet(aux_logits=False, transform_input=True, init_weights=False, num_classes=7, dropout=0.6),
    "googlenet_aux": lambda: models.googlenet(init_weights=False, num_classes=7, dropout_aux=0.1),
    "inception": lambda: models.inception_v3(aux_logits=False, transform_input=True, init_weights=False, num_classes=7, dropout=0.1),
    "inception_aux": lambda: models.inception_v3(init_weights=False, num_classes=7),
    "maxvit": lambda: maxvit.MaxVit(**_small_maxvit, mlp_dropout=0.2, attention_dropout=0.3, num_classes=7),
    "maxvit_layers": lambda: maxvit.MaxVit(**_small_maxvit, norm_layer=lambda c: nn.GroupNorm(4, c), activation_layer=nn.ReLU,
                                           squeeze_ratio=0.5, expansion_ratio=2, mlp_ratio=3),  # fmt: skip
    "mnasnet": lambda: models.mnasnet0_5(dropout=0.7, num_classes=7),
    "mobilenet_v2": lambda: models.mobilenet_v2(width_mult=0.35, round_nearest=4, dropout=0.6, num_classes=7),
    "mobilenet_v2_setting": lambda: models.mobilenet_v2(
        inverted_residual_setting=[[1, 16, 1, 1], [4, 24, 2, 2]], norm_layer=lambda c: nn.GroupNorm(8, c)),  # fmt: skip
    "mobilenet_v3": lambda: models.mobilenet_v3_small(width_mult=0.75, reduced_tail=True, dilated=True, dropout=0.6, num_classes=7),
    "mobilenet_v3_norm": lambda: models.mobilenet_v3_large(norm_layer=lambda c: nn.GroupNorm(8, c), reduced_tail=True),
    "regnet": lambda: regnet.RegNet(
        regnet.BlockParams.from_init_params(6, 24, 16.5, 2.3, 8, bottleneck_multiplier=2.0, se_ratio=0.3), 7, stem_width=16,
        activation=nn.SiLU),  # fmt: skip
    "regnet_norm": lambda: models.regnet_x_400mf(norm_layer=lambda c: nn.GroupNorm(8, c)),
    "squeezenet": lambda: models.squeezenet1_1(dropout=0.1, num_classes=7),
    "swin": lambda: swin_transformer.SwinTransformer(**_small_swin, **_drop, mlp_ratio=3.5, stochastic_depth_prob=0.6, num_classes=7),
    "swin_v2": lambda: swin_transformer.SwinTransformer(**_small_swin, **_v2, **_drop, norm_layer=lambda d: nn.LayerNorm(d, eps=1e-3)),
    "vit": lambda: vision_transformer.VisionTransformer(**_small_vit, **_drop, num_classes=7),
    "vit_representation": lambda: vision_transformer.VisionTransformer(
        **_small_vit, representation_size=12, norm_layer=lambda d: nn.LayerNorm(d, eps=1e-3)),  # fmt: skip
    "vit_conv_stem": lambda: vision_transformer.VisionTransformer(
        **_small_vit, conv_stem_configs=[ConvStemConfig(8, 3, 2), ConvStemConfig(12, 3, 4)]),  # fmt: skip
}
_sizes = {"inception": (91, 91), "inception_aux": (299, 299), "swin": (54, 45), "swin_v2": (37, 50), "vit": (32, 32),
          "vit_representation": (32, 32), "vit_conv_stem": (32, 32)}  # fmt: skip


@case("models_classification/options", options=list(_options))
def options(options):
    images = torch.rand(2, 3, *_sizes.get(options, (64, 64)))
    torch.manual_seed(0)
    return {"images": images, **computed(_options[options](), images)}


@case("models_classification/interpolate_embeddings", image_size=[32, 48, 24], reset_heads=[False, True], mode=["bicubic", "bilinear"])
def interpolate_embeddings(image_size, reset_heads, mode):
    model = vision_transformer.VisionTransformer(**_small_vit)
    state = model.state_dict()
    position = state["encoder.pos_embedding"].clone()
    found = vision_transformer.interpolate_embeddings(image_size, 8, state, mode, reset_heads)
    return {"position": position, "names": list(found), "expected": found["encoder.pos_embedding"]}


run(__file__)

"""models_classification: parameters, outputs and gradients of the classification models, and what their options do.

support/zoo.py lists the models; models_large.py has the large ones.
"""

import warnings

import torch
from oracle import case, run
from support import zoo
from support.model import computed
from torch import nn
from torchvision import models
from torchvision.models import densenet, efficientnet, maxvit, mobilenetv3, regnet, swin_transformer, vision_transformer
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.vision_transformer import ConvStemConfig

warnings.filterwarnings("ignore", category=FutureWarning)  # of GoogLeNet's and Inception's init_weights


@case("models_classification/computed", model=zoo.small)
def computed_models(model):
    side = zoo.size(model)
    images = torch.rand(2, 3, side, side)
    torch.manual_seed(0)
    return {"family": zoo.family(model), "size": side, "table": False, "images": images, **computed(zoo.build(model), images)}


_mbconv, _fused = efficientnet.MBConvConfig, efficientnet.FusedMBConvConfig
_mobile_v3 = mobilenetv3.InvertedResidualConfig
_small_vit = dict(patch_size=8, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=48, image_size=32)
_small_swin = dict(patch_size=[4, 2], embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=[4, 3])
_small_maxvit = dict(stem_channels=8, block_channels=[16, 32], block_layers=[2, 1], head_dim=8, stochastic_depth_prob=0.5,
                     partition_size=4, input_size=(64, 64))  # fmt: skip
_v2 = dict(block=swin_transformer.SwinTransformerBlockV2, downsample_layer=swin_transformer.PatchMergingV2)
_drop = dict(dropout=0.3, attention_dropout=0.2)


def _first_blocks(*args, **kwargs):
    params = regnet.BlockParams.from_init_params(*args, **kwargs)
    params.depths = [1] * len(params.depths)
    return params


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
    # Of the giants, whose like is not computed whole.
    "vit_h_14_block": lambda: vision_transformer.VisionTransformer(56, 14, 1, 16, 1280, 5120),
    "regnet_y_128gf_stages": lambda: regnet.RegNet(_first_blocks(27, 456, 160.83, 2.52, 264, se_ratio=0.25)),
}
_sizes = {"inception": (91, 91), "inception_aux": (299, 299), "swin": (54, 45), "swin_v2": (37, 50), "vit": (32, 32),
          "vit_representation": (32, 32), "vit_conv_stem": (32, 32), "vit_h_14_block": (56, 56),
          "regnet_y_128gf_stages": (33, 33)}  # fmt: skip


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

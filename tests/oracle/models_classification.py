"""models_classification: parameters, outputs and gradients of the classification models, and what their options do.

support/zoo.py lists the models; models_large.py has the large ones.
"""

import re
import warnings
from unittest import mock

import torch
from oracle import case, out_dir, run
from support import zoo
from support.model import TableDraws, computed, outputs_of, wake
from torch import nn
from torchvision import models
from torchvision.models import densenet, efficientnet, maxvit, mnasnet, mobilenetv3, regnet, swin_transformer, vision_transformer
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.vision_transformer import ConvStemConfig

warnings.filterwarnings("ignore", "A new version of MNASNet")
warnings.filterwarnings("ignore", category=FutureWarning)  # of GoogLeNet's and Inception's init_weights


@case("models_classification/computed", model=zoo.small)
def computed_models(model):
    side = zoo.size(model)
    images = torch.rand(2, 3, side, side)
    torch.manual_seed(0)
    return {"family": zoo.family(model), "size": side, "table": False, "images": images, **computed(zoo.build(model), images)}


@case("models_classification/in_bfloat16", model=zoo.smallest, mode=["autocast", "autocast, channels last", "whole"])
def in_bfloat16(model, mode):
    """A training step in bfloat16: of the whole model, or of the operators where that is safe."""
    side = zoo.size(model)
    images = torch.rand(2, 3, side, side)
    with TableDraws():
        built = zoo.build(model)
        wake(built)
    given = images
    if mode == "whole":
        built, given = built.to(torch.bfloat16), images.to(torch.bfloat16)
    if "channels last" in mode:
        built, given = built.to(memory_format=torch.channels_last), images.contiguous(memory_format=torch.channels_last)
    torch.manual_seed(0)
    with torch.autocast("cpu", torch.bfloat16, enabled=mode != "whole"):
        loss = sum(output.float().square().mean() for output in outputs_of(built(given)))
    loss.backward()
    return {"family": zoo.family(model), "size": side, "images": images, "loss": loss,
            "gradient_norms": torch.stack([p.grad.double().norm() for p in built.parameters()])}  # fmt: skip


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


def _plain(channels_in, channels_out, stride=1, norm=nn.BatchNorm2d):
    """A block as somebody else may write it."""
    conv = nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False)
    return nn.Sequential(conv, norm(channels_out), nn.ReLU())


def _plain_head(channels, num_classes, dropout=0.0):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(dropout), nn.Linear(channels, num_classes))


class _PlainResidual(nn.Module):
    expansion = 2

    def __init__(self, inplanes, planes, stride=1, downsample=None, groups=1, base_width=64, dilation=1, norm_layer=None):
        super().__init__()
        out = planes * self.expansion
        self.conv = nn.Conv2d(inplanes, out, 3, stride, dilation, dilation, groups * base_width // 32, bias=False)
        self.norm = norm_layer(out)
        self.downsample = downsample

    def forward(self, x):
        return torch.relu(self.norm(self.conv(x)) + (x if self.downsample is None else self.downsample(x)))


_options = {
    "alexnet": lambda: models.alexnet(num_classes=7, dropout=0.1),
    "convnext": lambda: ConvNeXt([CNBlockConfig(16, 32, 2), CNBlockConfig(32, 24, 2)], 0.5, 0.1, 7),
    "convnext_block": lambda: ConvNeXt(
        [CNBlockConfig(16, 32, 2), CNBlockConfig(32, 24, 2)], 0.5, 0.1, 7, block=lambda c, scale, prob: _plain(c, c)),  # fmt: skip
    "convnext_norm": lambda: ConvNeXt([CNBlockConfig(16, 32, 2), CNBlockConfig(32, None, 2)], 0.9, 1e-6, 7, None, nn.BatchNorm2d),
    "densenet": lambda: densenet.DenseNet(8, (2, 2, 2, 2), 16, bn_size=2, drop_rate=0.3, num_classes=7),
    "densenet_memory_efficient": lambda: densenet.DenseNet(8, (2, 2, 2, 2), 16, memory_efficient=True, num_classes=7),
    "efficientnet": lambda: efficientnet.EfficientNet([_mbconv(6, 3, 1, 16, 24, 3), _mbconv(6, 5, 2, 24, 40, 2)], 0.5, 0.9, 7),
    "efficientnet_block": lambda: efficientnet.EfficientNet(
        [_mbconv(6, 3, 2, 16, 24, 3, block=lambda c, prob, norm: _plain(c.input_channels, c.out_channels, c.stride, norm)),
         _mbconv(6, 5, 2, 24, 40, 2)], 0.5, 0.9, 7),  # fmt: skip
    "efficientnet_norm": lambda: efficientnet.EfficientNet(
        [_fused(1, 3, 1, 16, 16, 1), _fused(4, 3, 2, 16, 24, 2), _mbconv(4, 5, 2, 24, 32, 2)], 0.1, last_channel=64,
        norm_layer=lambda c: nn.GroupNorm(8, c)),  # fmt: skip
    "googlenet": lambda: models.googlenet(aux_logits=False, transform_input=True, init_weights=False, num_classes=7, dropout=0.6),
    "googlenet_aux": lambda: models.googlenet(init_weights=False, num_classes=7, dropout_aux=0.1),
    "googlenet_blocks": lambda: models.googlenet(
        init_weights=False, num_classes=7, dropout_aux=0.1,
        blocks=[nn.Conv2d, lambda c, *widths: _plain(c, widths[0] + widths[2] + widths[4] + widths[5]), _plain_head]),  # fmt: skip
    "inception": lambda: models.inception_v3(aux_logits=False, transform_input=True, init_weights=False, num_classes=7, dropout=0.1),
    "inception_aux": lambda: models.inception_v3(init_weights=False, num_classes=7),
    "inception_blocks": lambda: models.inception_v3(
        init_weights=False, num_classes=7,
        inception_blocks=[nn.Conv2d, lambda c, pool_features: nn.Conv2d(c, 224 + pool_features, 1), lambda c: nn.Conv2d(c, 768, 1, 2),
                          lambda c, channels_7x7: nn.Conv2d(c, 768, 1, padding=channels_7x7 // 128 - 1),
                          lambda c: nn.Conv2d(c, 1280, 1, 2), lambda c: nn.Conv2d(c, 2048, 1), _plain_head]),  # fmt: skip
    "maxvit": lambda: maxvit.MaxVit(**_small_maxvit, mlp_dropout=0.2, attention_dropout=0.3, num_classes=7),
    "maxvit_layers": lambda: maxvit.MaxVit(**_small_maxvit, norm_layer=lambda c: nn.GroupNorm(4, c), activation_layer=nn.ReLU,
                                           squeeze_ratio=0.5, expansion_ratio=2, mlp_ratio=3),  # fmt: skip
    "mnasnet": lambda: models.mnasnet0_5(dropout=0.7, num_classes=7),
    "mobilenet_v2": lambda: models.mobilenet_v2(width_mult=0.35, round_nearest=4, dropout=0.6, num_classes=7),
    "mobilenet_v2_block": lambda: models.mobilenet_v2(
        width_mult=0.35, num_classes=7,
        block=lambda c_in, c_out, stride, expand_ratio, norm_layer: _plain(c_in, c_out, stride, norm_layer)),  # fmt: skip
    "mobilenet_v2_setting": lambda: models.mobilenet_v2(
        inverted_residual_setting=[[1, 16, 1, 1], [4, 24, 2, 2]], norm_layer=lambda c: nn.GroupNorm(8, c)),  # fmt: skip
    "mobilenet_v3": lambda: models.mobilenet_v3_small(width_mult=0.75, reduced_tail=True, dilated=True, dropout=0.6, num_classes=7),
    "mobilenet_v3_block": lambda: models.mobilenet_v3_small(
        num_classes=7, block=lambda c, norm_layer: _plain(c.input_channels, c.out_channels, c.stride, norm_layer)),  # fmt: skip
    "mobilenet_v3_norm": lambda: models.mobilenet_v3_large(norm_layer=lambda c: nn.GroupNorm(8, c), reduced_tail=True),
    "regnet": lambda: regnet.RegNet(
        regnet.BlockParams.from_init_params(6, 24, 16.5, 2.3, 8, bottleneck_multiplier=2.0, se_ratio=0.3), 7, stem_width=16,
        activation=nn.SiLU),  # fmt: skip
    "regnet_in_order": lambda: regnet.RegNet(regnet.BlockParams([1, 2], [24, 40], [8, 8], [1.0, 2.0], [2, 1], 0.25), 7),
    "regnet_norm": lambda: models.regnet_x_400mf(norm_layer=lambda c: nn.GroupNorm(8, c)),
    "regnet_types": lambda: regnet.RegNet(
        regnet.BlockParams.from_init_params(6, 24, 16.5, 2.3, 8, se_ratio=0.3), 7, stem_width=16,
        stem_type=lambda c_in, c_out, norm, activation: nn.Sequential(nn.Conv2d(c_in, c_out, 5, 4), norm(c_out), activation()),
        block_type=lambda c_in, c_out, stride, norm, activation, group_width, multiplier, se_ratio: _plain(c_in, c_out, stride, norm),
    ),
    "resnet_block": lambda: models.ResNet(_PlainResidual, [1, 2, 1, 1], 7, groups=2),
    "shufflenet_block": lambda: models.ShuffleNetV2([1, 2, 1], [24, 48, 96, 192, 64], 7, inverted_residual=_plain),
    "squeezenet": lambda: models.squeezenet1_1(dropout=0.1, num_classes=7),
    "swin": lambda: swin_transformer.SwinTransformer(**_small_swin, **_drop, mlp_ratio=3.5, stochastic_depth_prob=0.6, num_classes=7),
    "swin_block": lambda: swin_transformer.SwinTransformer(**_small_swin, block=swin_transformer.SwinTransformerBlockV2, num_classes=7),
    "swin_downsample": lambda: swin_transformer.SwinTransformer(
        **_small_swin, downsample_layer=swin_transformer.PatchMergingV2, num_classes=7),  # fmt: skip
    "swin_v2": lambda: swin_transformer.SwinTransformer(**_small_swin, **_v2, **_drop, norm_layer=lambda d: nn.LayerNorm(d, eps=1e-3)),
    "vgg": lambda: models.vgg11(init_weights=False, dropout=0.1, num_classes=7),
    "vgg_features": lambda: models.VGG(nn.Sequential(nn.Conv2d(3, 512, 3, 4)), num_classes=7, dropout=0.8),
    "vit": lambda: vision_transformer.VisionTransformer(**_small_vit, **_drop, num_classes=7),
    "vit_representation": lambda: vision_transformer.VisionTransformer(
        **_small_vit, representation_size=12, norm_layer=lambda d: nn.LayerNorm(d, eps=1e-3)),  # fmt: skip
    "vit_conv_stem": lambda: vision_transformer.VisionTransformer(
        **_small_vit, conv_stem_configs=[ConvStemConfig(8, 3, 2), ConvStemConfig(12, 3, 4)]),  # fmt: skip
    # Of the giants, whose like is not computed whole.
    "vit_h_14_block": lambda: vision_transformer.VisionTransformer(56, 14, 1, 16, 1280, 5120),
    "regnet_y_128gf_stages": lambda: regnet.RegNet(_first_blocks(27, 456, 160.83, 2.52, 264, se_ratio=0.25)),
}
_sizes = {"inception": (91, 91), "inception_aux": (299, 299), "inception_blocks": (91, 91), "swin": (54, 45), "swin_block": (54, 45),
          "swin_downsample": (54, 45), "swin_v2": (37, 50), "vit": (32, 32),
          "vit_representation": (32, 32), "vit_conv_stem": (32, 32), "vit_h_14_block": (56, 56),
          "regnet_y_128gf_stages": (33, 33)}  # fmt: skip


@case("models_classification/options", options=list(_options))
def options(options):
    images = torch.rand(2, 3, *_sizes.get(options, (64, 64)))
    torch.manual_seed(0)
    return {"images": images, **computed(_options[options](), images)}


@case("models_classification/mnasnet_first_version", alpha=[0.5, 1.0])
def mnasnet_first_version(alpha):
    """A checkpoint of before torchvision 0.3, whose stem is as wide as at alpha 1; loading it puts that stem into the model."""
    old = models.MNASNet(alpha, 7)
    wide = models.MNASNet(1.0)
    for place in range(8):
        old.layers[place] = wide.layers[place]
    old.layers[8] = mnasnet._stack(16, mnasnet._get_depths(alpha)[2], 3, 2, 3, 3, mnasnet._BN_MOMENTUM)
    state = old.state_dict()
    state._metadata[""]["version"] = 1
    folder = out_dir() / "models_classification"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(state, folder / f"mnasnet_first_version_{alpha}.pth")
    model = models.MNASNet(alpha, 7)
    model.load_state_dict(state)
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        return {"images": images, "logits": model.eval()(images)}


@case("models_classification/old_names", model=["densenet", "vit"])
def old_names(model):
    """A checkpoint with the names of torchvision's first versions, loaded as torchvision does: of DenseNet by its builder."""
    built = _options[model]().eval()
    wake(built)
    state = built.state_dict()
    pattern, old = {"densenet": (r"(denselayer\d+\.(?:norm|relu|conv))([12])\.", r"\1.\2."),
                    "vit": (r"mlp\.([03])\.", lambda found: f"mlp.linear_{1 if found[1] == '0' else 2}.")}[model]  # fmt: skip
    counted = "num_batches_tracked"  # PyTorch was as old, and counted no batches
    renamed = {re.sub(pattern, old, name): tensor for name, tensor in state.items() if not name.endswith(counted)}
    assert any(name not in state for name in renamed)
    folder = out_dir() / "models_classification"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(renamed, folder / f"{model}_old_names.pth")
    loaded = _options[model]().eval()
    state = torch.load(folder / f"{model}_old_names.pth")
    if model == "densenet":
        densenet._load_state_dict(loaded, mock.Mock(get_state_dict=lambda **_: state), False)
    else:
        loaded.load_state_dict(state)
    images = torch.rand(2, 3, *_sizes.get(model, (64, 64)))
    with torch.no_grad():
        return {"images": images, "logits": loaded(images)}


@case("models_classification/interpolate_embeddings", image_size=[32, 48, 24], reset_heads=[False, True], mode=["bicubic", "bilinear"])
def interpolate_embeddings(image_size, reset_heads, mode):
    model = vision_transformer.VisionTransformer(**_small_vit)
    state = model.state_dict()
    position = state["encoder.pos_embedding"].clone()
    found = vision_transformer.interpolate_embeddings(image_size, 8, state, mode, reset_heads)
    return {"position": position, "names": list(found), "expected": found["encoder.pos_embedding"]}


run(__file__)

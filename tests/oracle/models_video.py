"""models_video: parameters, outputs and gradients of the models that tell what happens in a clip, and what their options do.

support/zoo.py lists the models.
"""

import contextlib
from unittest import mock

import torch
from oracle import case, out_dir, run
from support import zoo
from support.model import TableDraws, computed
from torch import nn
from torchvision import models
from torchvision.models.video import mvit
from torchvision.models.video import resnet as video_resnet
from torchvision.models.video.swin_transformer import SwinTransformer3d

torch.set_num_threads(1)  # as the tests do: sums are split alike


def small_mvit(**chosen):
    """Its builders take no size of clips; what they call does."""
    original = mvit._mvit
    return mock.patch.object(mvit, "_mvit", lambda **given: original(**{**given, **chosen}))


# An S3D halves five times and then wants 7 x 7 pixels; batch norm has something to norm in one clip of it.
_shapes = {"mvit_v1_b": (2, 3, 4, 64, 64), "mvit_v2_s": (2, 3, 4, 64, 64), "s3d": (1, 3, 14, 209, 209)}


@case("models_video/computed", model=zoo.video)
def computed_models(model):
    shape = _shapes.get(model, (2, 3, 4, 33, 32))
    clips = torch.rand(shape)
    torch.manual_seed(0)
    table = model in zoo.by_table
    with TableDraws() if table else contextlib.nullcontext(), small_mvit(spatial_size=(64, 64), temporal_size=4):
        built = models.get_model(model)
    return {"table": table, "clips": clips, **computed(built, clips)}


_block = mvit.MSBlockConfig
_blocks = [_block(1, 8, 16, [3, 3, 3], [3, 3, 3], [1, 1, 1], [1, 2, 2]), _block(2, 16, 16, [], [1, 3, 3], [], [1, 1, 1]),
           _block(2, 16, 24, [3, 3, 3], [3, 3, 3], [1, 2, 2], [1, 1, 1])]  # fmt: skip
_size = dict(spatial_size=(24, 32), temporal_size=6, block_setting=_blocks, num_classes=7)
_swin = dict(patch_size=[2, 4, 2], embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=[2, 3, 2], num_classes=7)
_conv = [video_resnet.Conv3DNoTemporal, video_resnet.Conv2Plus1D, video_resnet.Conv3DSimple, video_resnet.Conv2Plus1D]

_options = {
    "mvit": ((6, 24, 32), lambda: mvit.MViT(
        **_size, residual_pool=False, residual_with_cls_embed=False, rel_pos_embed=False, proj_after_attn=False, dropout=0.3,
        attention_dropout=0.2, stochastic_depth_prob=0.6)),
    "mvit_relative": ((6, 24, 32), lambda: mvit.MViT(
        **_size, residual_pool=True, residual_with_cls_embed=True, rel_pos_embed=True, proj_after_attn=True,
        norm_layer=lambda c: nn.LayerNorm(c, eps=1e-3), patch_embed_kernel=(1, 4, 4), patch_embed_stride=(1, 4, 4),
        patch_embed_padding=(0, 0, 0))),
    "mvit_frame": ((24, 32), lambda: mvit.MViT(
        **{**_size, "temporal_size": 2}, residual_pool=True, residual_with_cls_embed=False, rel_pos_embed=True,
        proj_after_attn=False)),
    "resnet": ((4, 24, 24), lambda: video_resnet.r2plus1d_18(num_classes=7, zero_init_residual=True)),
    "resnet_bottleneck": ((4, 24, 24), lambda: video_resnet.VideoResNet(
        video_resnet.Bottleneck, _conv, [1, 2, 1, 1], video_resnet.BasicStem, num_classes=7)),
    "swin": ((5, 21, 13), lambda: SwinTransformer3d(
        **_swin, mlp_ratio=3.5, dropout=0.3, attention_dropout=0.2, stochastic_depth_prob=0.6)),
    "swin_norm": ((12, 40, 20), lambda: SwinTransformer3d(**_swin, norm_layer=lambda c: nn.LayerNorm(c, eps=1e-3))),
}  # fmt: skip


@case("models_video/options", options=list(_options))
def options(options):
    size, build = _options[options]
    clips = torch.rand(2, 3, *size)
    torch.manual_seed(0)
    return {"clips": clips, **computed(build(), clips)}


@case("models_video/s3d_options")
def s3d_options():
    clips = torch.rand(1, 3, 14, 209, 209)
    torch.manual_seed(0)
    model = models.video.s3d(num_classes=7, dropout=0.6, norm_layer=lambda c: nn.GroupNorm(8, c)).eval()
    with torch.no_grad():
        return {"clips": clips, "names": list(model.state_dict()), "expected": model(clips)}


@case("models_video/checkpoint", model=["s3d", "mc3_18"])
def checkpoint(model):
    """Saved by Python."""
    built = models.get_model(model).eval()
    (out_dir() / "models_video").mkdir(parents=True, exist_ok=True)
    torch.save(built.state_dict(), out_dir() / f"models_video/{model}.pth")
    clips = torch.rand(_shapes.get(model, (1, 3, 4, 33, 32)))
    with torch.no_grad():
        return {"clips": clips, "expected": built(clips)}


run(__file__)

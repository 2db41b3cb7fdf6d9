"""models_flow: parameters, outputs and gradients of the models of optical flow.

support/zoo.py lists the models.
"""

import torch
from oracle import case, out_dir, run
from support import zoo
from support.model import computed
from torchvision import models
from torchvision.models.optical_flow import raft

torch.set_num_threads(1)  # as the tests do: sums are split alike


@case("models_flow/computed", model=zoo.optical_flow)
def computed_models(model):
    first, second = torch.rand(2, 1, 3, 128, 136) * 2 - 1
    torch.manual_seed(0)
    return {"first": first, "second": second, **computed(models.get_model(model), first, second, num_flow_updates=3)}


@case("models_flow/variant")
def variant():
    """Few levels, so that smaller images will do; a pair of them."""
    first, second = torch.rand(2, 2, 3, 40, 32) * 2 - 1
    torch.manual_seed(0)
    small = dict(block=raft.ResidualBlock, layers=(8, 8, 12, 16, 24))
    encoder = raft.FeatureEncoder(**small, norm_layer=torch.nn.InstanceNorm2d)
    context = raft.FeatureEncoder(**small, norm_layer=torch.nn.BatchNorm2d)
    block = raft.CorrBlock(num_levels=2, radius=1)
    motion = raft.MotionEncoder(in_channels_corr=block.out_channels, corr_layers=(10, 6), flow_layers=(8, 4), out_channels=12)
    recurrent = raft.RecurrentBlock(input_size=12 + 14, hidden_size=10)
    update = raft.UpdateBlock(motion_encoder=motion, recurrent_block=recurrent, flow_head=raft.FlowHead(in_channels=10, hidden_size=6))
    mask = raft.MaskPredictor(in_channels=10, hidden_size=256)
    model = raft.RAFT(feature_encoder=encoder, context_encoder=context, corr_block=block, update_block=update, mask_predictor=mask)
    return {"first": first, "second": second, **computed(model, first, second, num_flow_updates=2)}


@case("models_flow/parts")
def parts():
    """A small one with encoders and a mask of one's own."""
    first, second = torch.rand(2, 1, 3, 128, 136) * 2 - 1
    torch.manual_seed(0)
    nets = {"feature_encoder": torch.nn.Conv2d(3, 24, 8, stride=8), "context_encoder": torch.nn.Conv2d(3, 160, 8, stride=8),
            "mask_predictor": torch.nn.Conv2d(96, 576, 1)}  # fmt: skip
    model = models.optical_flow.raft_small(**nets)
    return {"first": first, "second": second, **computed(model, first, second, num_flow_updates=2)}


@case("models_flow/checkpoint", model=zoo.optical_flow)
def checkpoint(model):
    """Saved by Python."""
    built = models.get_model(model).eval()
    (out_dir() / "models_flow").mkdir(parents=True, exist_ok=True)
    torch.save(built.state_dict(), out_dir() / f"models_flow/{model}.pth")
    first, second = torch.rand(2, 1, 3, 128, 136) * 2 - 1
    with torch.no_grad():
        return {"first": first, "second": second, "expected": built(first, second, num_flow_updates=2)[-1]}


run(__file__)

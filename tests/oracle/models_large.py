"""models_large: what models_classification.py tells of small models, of those that have more than 52 million parameters."""

import contextlib

import torch
from oracle import case, run
from support import zoo
from support.model import TableDraws, computed


@case("models_large/computed", model=zoo.large)
def computed_models(model):
    side = zoo.size(model)
    images = torch.rand(2, 3, side, side)
    torch.manual_seed(0)
    draws = contextlib.nullcontext() if zoo.every else TableDraws()
    with draws:
        built = zoo.build(model)
    return {"family": zoo.family(model), "size": side, "table": not zoo.every, "images": images, **computed(built, images)}


run(__file__)

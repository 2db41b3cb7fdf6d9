"""Holds checkpoints that Opsis wrote against Python's models: read_into_models.py FILE [FILE ...]

Each says which builder its state is for, and what Opsis computed of an image. Python's model must take the state, strictly, have
the versions that it came with, and compute the same.
"""

import sys
import warnings

import torch
from torchvision import models

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


def _built(found):
    torch.backends.quantized.engine = "x86"
    model = models.get_model(found["builder"], **found["arguments"])
    if found["rounded"]:
        model.train().fuse_model(is_qat=True)
        model.qconfig = torch.ao.quantization.get_default_qat_qconfig(found["rounded"])
        torch.ao.quantization.prepare_qat(model, inplace=True)
    return model


def check(file):
    found = torch.load(file, weights_only=True)
    model, state = _built(found), found["state"]
    model.load_state_dict(state)
    model.eval()  # MNASNet's first stem comes in training
    own = model.state_dict()
    assert list(own) == list(state), f"{list(own)} and {list(state)}"
    assert own._metadata == state._metadata, set(map(str, own._metadata.items())) ^ set(map(str, state._metadata.items()))
    with torch.no_grad():
        logits = model(found["image"])
    equal = found["builder"].startswith("quantized") and not found["rounded"]
    torch.testing.assert_close(logits, found["logits"], rtol=0 if equal else 1e-5, atol=0 if equal else 1e-6)


for file in sys.argv[1:]:
    try:
        check(file)
    except Exception as error:
        sys.exit(f"{file}: {type(error).__name__}: {error}")

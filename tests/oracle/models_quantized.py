"""models: quantizable models, float and quantized, and what post-training quantization makes of them."""

import warnings

import torch
import torchvision
from oracle import case, out_dir, run
from torchvision.models import quantization

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

# Those that draw their weights from a truncated normal distribution take seconds to do so; what they draw is the float models',
# which models_classification.py holds.
MODELS = {"googlenet": dict(init_weights=False), "inception_v3": dict(init_weights=False), "mobilenet_v2": {}, "mobilenet_v3_large": {}, "resnet18": {},
          "resnet50": {}, "shufflenet_v2_x0_5": {}}  # fmt: skip


def _build(model, **arguments):
    torch.backends.quantized.engine = "x86"  # all choose another, except mobilenet_v3_large
    return getattr(quantization, model)(num_classes=10, **MODELS[model], **arguments)


def _folder():
    folder = out_dir() / "models_quantized"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@case("models_quantized/float", model=[model for model in MODELS if model != "resnet50"])
def float_models(model):
    built = _build(model).eval()
    state = built.state_dict()
    image = torch.rand(1, 3, 96, 96)
    with torch.no_grad():
        logits = built(image)
    bits = [int((t.view(torch.int32) if t.is_floating_point() else t).long().sum()) for t in state.values()]
    return {"names": list(state), "bits": bits, "image": image, "logits": logits}


@case("models_quantized/quantized", model=list(MODELS))
def quantized(model):
    """Made quantized as before loading weights; and its checkpoint, in both containers."""
    built = _build(model, quantize=True)
    image = torch.rand(2, 3, 96, 96)
    with torch.no_grad():
        logits = built(image)
    state = built.state_dict()
    torch.save(state, _folder() / f"{model}.pth")
    torch.save(state, _folder() / f"{model}.stream", _use_new_zipfile_serialization=False)
    return {"names": list(state), "image": image, "logits": logits}


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
    state = {name: tensor.clone() for name, tensor in built.state_dict().items()}
    torch.save(state, _folder() / f"{model}_{backend}_while_training.pth")
    torch.ao.quantization.convert(built.eval(), inplace=True)
    torch.save(built.state_dict(), _folder() / f"{model}_{backend}_trained.pth")
    with torch.no_grad():
        logits = built(batches[0])
    return {"classes": classes, "batches": batches, "losses": torch.stack(losses), "gradients": gradients, "logits": logits}


@case("models_quantized/after_training", model=["mobilenet_v3_large", "resnet18", "shufflenet_v2_x0_5"])
def after_training(model):
    """torchvision's recipe: references/classification/train_quantization.py --post-training-quantize."""
    built = _build(model).eval()
    torch.backends.quantized.engine = "fbgemm"
    built.fuse_model(is_qat=False)
    built.qconfig = torch.ao.quantization.get_default_qconfig("fbgemm")
    torch.ao.quantization.prepare(built, inplace=True)
    batches = [torch.rand(2, 3, 64, 64), torch.randn(2, 3, 64, 64) * 2]
    with torch.no_grad():
        for batch in batches:
            built(batch)
        torch.ao.quantization.convert(built, inplace=True)
        logits = built(batches[0])
    torch.save(built.state_dict(), _folder() / f"{model}_after_training.pth")
    return {"batch 0": batches[0], "batch 1": batches[1], "logits": logits}


run(__file__)

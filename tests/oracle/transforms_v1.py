"""transforms_v1: where torchvision's first transforms differ from v2, twenty seeds each, and that its other names agree with v2."""

import random
import warnings

import torch
from oracle import case, fails, run
from torchvision import transforms as v1
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

NEAREST, BILINEAR, BICUBIC = InterpolationMode.NEAREST, InterpolationMode.BILINEAR, InterpolationMode.BICUBIC
TRANSFORMS = {
    "AutoAugment()": v1.AutoAugment(),
    "AutoAugment(CIFAR10)": v1.AutoAugment(v1.AutoAugmentPolicy.CIFAR10),
    "AutoAugment(SVHN)": v1.AutoAugment(v1.AutoAugmentPolicy.SVHN, fill=[9]),
    "RandAugment()": v1.RandAugment(),
    "RandAugment(4, 30)": v1.RandAugment(4, 30, fill=[3]),
    "RandAugment(3, -2, 5)": v1.RandAugment(3, -2, 5),
    "TrivialAugmentWide()": v1.TrivialAugmentWide(),
    "TrivialAugmentWide(7)": v1.TrivialAugmentWide(7),
    "AugMix()": v1.AugMix(interpolation=NEAREST),
    "AugMix(10, 2, 4)": v1.AugMix(10, 2, 4, alpha=0.5, all_ops=False, interpolation=NEAREST),
    "Resize(16)": v1.Resize(16),
    "Resize({20, 30})": v1.Resize((20, 30), interpolation=BICUBIC),
    "Resize(16, 20)": v1.Resize(16, max_size=20, antialias=False),
    "Resize(nearest)": v1.Resize(50, interpolation=NEAREST),
    "RandomResizedCrop(24)": v1.RandomResizedCrop(24),
    "RandomResizedCrop({20, 30})": v1.RandomResizedCrop((20, 30), scale=(0.3, 0.9), interpolation=BICUBIC),
    "ConvertImageDtype(float32)": v1.ConvertImageDtype(torch.float32),
    "ConvertImageDtype(int16)": v1.ConvertImageDtype(torch.int16),
    "RandomOrder()": v1.RandomOrder([v1.Pad(2), v1.RandomHorizontalFlip(0.5), v1.RandomCrop(16), v1.Pad(3, fill=7)]),
    "RandomOrder(none)": v1.RandomOrder([]),
    "RandomChoice()": v1.RandomChoice([v1.Pad(2), v1.RandomHorizontalFlip(1.0), v1.RandomCrop(16)]),
    "RandomChoice(p)": v1.RandomChoice([v1.Pad(2), v1.RandomHorizontalFlip(1.0), v1.RandomCrop(16)], p=[1.0, 0.0, 2.5]),
    "CenterCrop(16)": v1.CenterCrop(16),
    "Pad(2)": v1.Pad(2, fill=3),
    "RandomCrop(16)": v1.RandomCrop(16, padding=4),
    "RandomHorizontalFlip()": v1.RandomHorizontalFlip(),
    "RandomApply()": v1.RandomApply([v1.RandomCrop(16)], 0.5),
    "Compose()": v1.Compose([v1.RandomCrop(20), v1.RandomHorizontalFlip()]),
}


def _image(shape, dtype, seed):
    generator = torch.Generator().manual_seed(seed)
    data = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    return data if dtype == "uint8" else data.to(getattr(torch, dtype)) / 255 if dtype.startswith("float") else data.to(getattr(torch, dtype))


@case("transforms_v1/transform", transform=list(TRANSFORMS), shape=[(3, 33, 47), (1, 19, 24), (2, 3, 21, 18)], seed=list(range(20)))
def transform(transform, shape, seed):
    image = _image(shape, "uint8", seed)
    torch.manual_seed(seed)
    random.seed(seed)
    if fails(lambda: TRANSFORMS[transform](image)):
        return {"image": image, "refused": True}
    torch.manual_seed(seed)
    random.seed(seed)
    out = TRANSFORMS[transform](image)
    return {"image": image, "refused": False, "expected": out, "next_draw": torch.rand(1), "next_python": random.random()}


@case("transforms_v1/repr", transform=[n for n in TRANSFORMS if n.split("(")[0] in (
    "AutoAugment", "RandAugment", "TrivialAugmentWide", "AugMix", "Resize", "RandomResizedCrop", "ConvertImageDtype", "RandomOrder",
    "RandomChoice") and n not in ("RandomOrder()", "RandomChoice()", "RandomChoice(p)", "Resize({20, 30})")])
def repr_of(transform):
    return {"expected": str(TRANSFORMS[transform])}


@case("transforms_v1/functional", op=["contrast", "saturation", "sharpness"], factor=[0.0, 0.3, 1.0, 1.7],
      dtype=["uint8", "int16", "float32", "float64", "float16"], shape=[(3, 13, 17), (1, 5, 4), (2, 3, 6, 7), (3, 2, 9), (2, 5, 5)])
def functional(op, factor, dtype, shape):
    image = _image(shape, dtype, 1)
    call = lambda: getattr(F, f"adjust_{op}")(image, factor)
    if fails(call):
        return {"image": image, "refused": True}
    return {"image": image, "refused": False, "expected": call()}


@case("transforms_v1/levels", op=["posterize 0", "posterize 3", "posterize 8", "equalize", "autocontrast", "gray 1", "gray 3"],
      dtype=["uint8", "int16", "float32"], shape=[(3, 13, 17), (1, 5, 4), (2, 3, 6, 7), (2, 5, 5)])
def levels(op, dtype, shape):
    image = _image(shape, dtype, 2)
    name, _, number = op.partition(" ")
    call = {"posterize": lambda: F.posterize(image, int(number)), "equalize": lambda: F.equalize(image), "autocontrast": lambda: F.autocontrast(image),
            "gray": lambda: F.rgb_to_grayscale(image, int(number))}[name]
    if fails(call):
        return {"image": image, "refused": True}
    return {"image": image, "refused": False, "expected": call()}


@case("transforms_v1/convert", source=["uint8", "int8", "int16", "int32", "float32", "float64", "float16"],
      to=["uint8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"])
def convert(source, to):
    image = _image((3, 7, 9), source, 3)
    call = lambda: F.convert_image_dtype(image, getattr(torch, to))
    if fails(call):
        return {"image": image, "refused": True}
    return {"image": image, "refused": False, "expected": call()}


run(__file__)

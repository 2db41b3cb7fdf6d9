"""transforms_auto: augmentation policies, containers that draw, MixUp and CutMix, presets: twenty seeds each, to the byte.

To add a transform: a line in TRANSFORMS, and one in tests/transforms/auto_test.cpp.
"""


import warnings

import torch
from oracle import case, fails, run
from torchvision import tv_tensors
from torchvision.transforms import InterpolationMode, _presets, v2
from torchvision.transforms.v2 import AutoAugmentPolicy

warnings.filterwarnings("ignore")
torch.set_num_threads(1)

BILINEAR = InterpolationMode.BILINEAR
TRANSFORMS = {
    "AutoAugment()": v2.AutoAugment(),
    "AutoAugment(CIFAR10)": v2.AutoAugment(AutoAugmentPolicy.CIFAR10, fill=[10, 20, 30]),
    "AutoAugment(SVHN)": v2.AutoAugment(AutoAugmentPolicy.SVHN, interpolation="bilinear", fill=7),
    "RandAugment()": v2.RandAugment(),
    "RandAugment(4, 30)": v2.RandAugment(4, 30, interpolation="bilinear", fill={tv_tensors.Image: 3, "others": 9}),
    "RandAugment(3, -2, 5)": v2.RandAugment(3, -2, 5, fill=1.5),
    "RandAugment(0)": v2.RandAugment(0),
    "TrivialAugmentWide()": v2.TrivialAugmentWide(),
    "TrivialAugmentWide(7)": v2.TrivialAugmentWide(7, interpolation="bilinear", fill=[1, 2, 3]),
    "AugMix()": v2.AugMix(),
    "AugMix(10, 2, 4)": v2.AugMix(10, 2, 4, alpha=0.5, all_ops=False, interpolation="nearest", fill=9),
    "AugMix(1, 0)": v2.AugMix(1, 0),
}
GEOMETRY = {
    "RandomChoice()": v2.RandomChoice([v2.Pad(2), v2.RandomHorizontalFlip(0.5), v2.RandomCrop(16)]),
    "RandomChoice(p)": v2.RandomChoice([v2.Pad(2), v2.Identity(), v2.RandomResizedCrop(20)], p=[0.5, 0, 3]),
    "RandomOrder()": v2.RandomOrder([v2.Pad(2), v2.RandomHorizontalFlip(0.5), v2.RandomCrop(16), v2.Resize(24)]),
    "Identity()": v2.Identity(),
}


def _sample(kind, size, dtype="uint8", seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = {"gray": (1, *size), "rgb": (3, *size), "batch": (2, 3, *size), "video": (2, 3, *size), "videos": (2, 2, 3, *size)}[kind]
    data = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    if dtype != "uint8":
        data = data.to(getattr(torch, dtype)) / 255
    return data


def _as(kind, data):
    return tv_tensors.Video(data) if kind.startswith("video") else tv_tensors.Image(data)


@case("transforms_auto/repr", transform=[*TRANSFORMS, *GEOMETRY])
def repr_of(transform):
    return {"expected": str({**TRANSFORMS, **GEOMETRY}[transform])}


@case("transforms_auto/augment", transform=list(TRANSFORMS), kind=["rgb", "gray", "batch", "video", "videos"], seed=list(range(20)))
def augment(transform, kind, seed):
    data = _sample(kind, (19, 24), seed=seed)
    torch.manual_seed(seed)
    if fails(lambda: TRANSFORMS[transform](_as(kind, data))):  # a fill of three numbers on gray
        return {"image": data, "refused": True}
    torch.manual_seed(seed)
    out = TRANSFORMS[transform](_as(kind, data), "label")[0]
    return {"image": data, "refused": False, "expected": out, "next_draw": torch.rand(1)}


@case("transforms_auto/augment_sizes", transform=["AutoAugment()", "RandAugment()", "TrivialAugmentWide()", "AugMix()"],
      size=[(1, 1), (2, 3), (1, 17), (40, 5)], dtype=["uint8", "float32"], seed=list(range(6)))
def augment_sizes(transform, size, dtype, seed):
    data = _sample("rgb", size, dtype, seed)
    torch.manual_seed(seed)
    if fails(lambda: TRANSFORMS[transform](data)):
        return {"image": data, "refused": True}
    torch.manual_seed(seed)
    return {"image": data, "refused": False, "expected": TRANSFORMS[transform](data)}


@case("transforms_auto/augment_refusals", transform=["AutoAugment()", "RandAugment()", "TrivialAugmentWide()", "AugMix()"],
      what=["mask", "boxes", "points", "two", "none", "image_and_video", "two_channels"])
def augment_refusals(transform, what):
    image = tv_tensors.Image(torch.zeros((3, 8, 8), dtype=torch.uint8))
    sample = {
        "mask": (image, tv_tensors.Mask(torch.zeros(8, 8))),
        "boxes": (image, tv_tensors.BoundingBoxes([[1, 1, 4, 4]], format="XYXY", canvas_size=(8, 8))),
        "points": (image, tv_tensors.KeyPoints([[1, 1]], canvas_size=(8, 8))),
        "two": (image, image),
        "none": ("label",),
        "image_and_video": (image, tv_tensors.Video(torch.zeros((2, 3, 8, 8), dtype=torch.uint8))),
        "two_channels": (tv_tensors.Image(torch.zeros((2, 8, 8), dtype=torch.uint8)),),
    }[what]

    def once():
        for seed in range(40):
            torch.manual_seed(seed)
            TRANSFORMS[transform](*sample)

    return {"refused": fails(once)}


@case("transforms_auto/augment_arguments", what=["num_ops", "severity_0", "severity_11", "magnitude_31", "magnitude_-32", "bins_0", "bins_1"])
def augment_arguments(what):
    image = torch.zeros((3, 8, 8), dtype=torch.uint8)
    make = {
        "num_ops": lambda: v2.RandAugment(-1),
        "severity_0": lambda: v2.AugMix(0),
        "severity_11": lambda: v2.AugMix(11),
        "magnitude_31": lambda: v2.RandAugment(2, 31),
        "magnitude_-32": lambda: v2.RandAugment(2, -32),
        "bins_0": lambda: v2.TrivialAugmentWide(0),
        "bins_1": lambda: v2.TrivialAugmentWide(1),
    }[what]
    refused = []
    for seed in range(30):
        torch.manual_seed(seed)
        refused.append(fails(lambda: make()(image)))
    return {"refused": refused}


@case("transforms_auto/pick", transform=list(GEOMETRY), seed=list(range(20)))
def pick(transform, seed):
    canvas = (33, 47)
    torch.manual_seed(1000 + seed)
    image = torch.randint(0, 256, (3, *canvas), dtype=torch.uint8)
    mask = torch.randint(0, 5, canvas, dtype=torch.uint8)
    boxes = torch.tensor([[2.0, 3.0, 20.0, 14.0], [30.0, 0.0, 47.0, 33.0]])
    points = torch.tensor([[1.5, 2.0], [40.0, 30.0]])
    sample = (tv_tensors.Image(image), tv_tensors.Mask(mask), tv_tensors.BoundingBoxes(boxes, format="XYXY", canvas_size=canvas),
              tv_tensors.KeyPoints(points, canvas_size=canvas))
    torch.manual_seed(seed)
    out = GEOMETRY[transform](*sample)
    return {"image": image, "mask": mask, "boxes": boxes, "points": points, "expected_image": out[0], "expected_mask": out[1],
            "expected_boxes": out[2], "expected_points": out[3], "next_draw": torch.rand(1)}


@case("transforms_auto/pick_refusals", p=[[1], [0, 0], [-1, 2], [-1, -3], [0, 1], [1, 2, 3], None])
def pick_refusals(p):
    image = torch.zeros((3, 4, 4))
    return {"refused": fails(lambda: v2.RandomChoice([v2.Identity(), v2.Pad(1)], p=p)(image))}


@case("transforms_auto/mix", transform=["MixUp", "CutMix"], kind=["batch", "video"], labels=["numbers", "one_hot", "shares", "double"],
      alpha=[1.0, 0.3, 4.0], dtype=["float32", "float64", "float16", "uint8"], seed=list(range(20)))
def mix(transform, kind, labels, alpha, dtype, seed):
    torch.manual_seed(100 + seed)
    shape = (4, 3, 9, 11) if kind == "batch" else (4, 2, 3, 5, 6)
    images = torch.randint(0, 256, shape, dtype=torch.uint8)
    if dtype != "uint8":
        images = (images / 255).to(getattr(torch, dtype))
    numbers = torch.randint(0, 5, (4,))
    given = {"numbers": numbers, "one_hot": torch.nn.functional.one_hot(numbers, 5), "shares": torch.rand(4, 5).half(),
             "double": torch.rand(4, 5, dtype=torch.float64)}[labels]
    mixing = getattr(v2, transform)(alpha=alpha, num_classes=5)
    torch.manual_seed(seed)
    if fails(lambda: mixing(_as(kind, images), given)):
        return {"images": images, "given": given, "refused": True}
    torch.manual_seed(seed)
    out, mixed = mixing(_as(kind, images), given)
    return {"images": images, "given": given, "refused": False, "expected": out, "expected_labels": mixed, "next_draw": torch.rand(1)}


@case("transforms_auto/mix_refusals", transform=["MixUp", "CutMix"], what=[
    "fine", "unbatched", "batch_size", "float_numbers", "no_classes", "other_classes", "number_too_large", "negative", "cube", "mask",
    "alpha", "found_classes", "no_pixels"])
def mix_refusals(transform, what):
    images, labels, options = torch.rand(4, 3, 6, 6), torch.tensor([0, 1, 2, 3]), {"num_classes": 4}
    if what == "unbatched":
        images = images[0]
    elif what == "batch_size":
        labels = labels[:3]
    elif what == "float_numbers":
        labels = labels.float()
    elif what == "no_classes":
        options = {}
    elif what == "other_classes":
        labels = torch.rand(4, 5)
    elif what == "number_too_large":
        labels[3] = 4
    elif what == "negative":
        labels[3] = -1
    elif what == "cube":
        labels = torch.rand(4, 4, 1)
    elif what == "alpha":
        options["alpha"] = 0
    elif what == "found_classes":
        options["num_classes"] = -1
    elif what == "no_pixels":
        images = torch.rand(4, 3, 0, 6)
    extra = (tv_tensors.Mask(torch.zeros(4, 6, 6)),) if what == "mask" else ()
    return {"images": images, "labels": labels, "options": {"alpha": 1, "num_classes": None, **options},
            "refused": fails(lambda: getattr(v2, transform)(**options)(images, labels, *extra))}


@case("transforms_auto/mix_repr", transform=["MixUp", "CutMix"], alpha=[1.0, 0.25], num_classes=[None, 10])
def mix_repr(transform, alpha, num_classes):
    return {"expected": str(getattr(v2, transform)(alpha=alpha, num_classes=num_classes))}


@case("transforms_auto/presets", preset=["detection", "segmentation", "segmentation_any", "segmentation_nearest", "video", "video_short",
                                         "flow"], dtype=["uint8", "int16", "float32", "float64"], batched=[False, True])
def presets(preset, dtype, batched):
    make = {
        "detection": lambda: _presets.ObjectDetection(),
        "segmentation": lambda: _presets.SemanticSegmentation(resize_size=20),
        "segmentation_any": lambda: _presets.SemanticSegmentation(resize_size=None, mean=(0.1, 0.2, 0.3), std=(0.4, 0.5, 0.6)),
        "segmentation_nearest": lambda: _presets.SemanticSegmentation(
            resize_size=33, interpolation=InterpolationMode.NEAREST, antialias=False),
        "video": lambda: _presets.VideoClassification(crop_size=(14, 18), resize_size=(16, 21)),
        "video_short": lambda: _presets.VideoClassification(crop_size=(30, 12), resize_size=(20,), interpolation=InterpolationMode.BICUBIC),
        "flow": lambda: _presets.OpticalFlow(),
    }[preset]()
    shape = (3, 25, 31)
    if preset.startswith("video"):
        shape = (2, *shape)
    if batched:
        shape = (2, *shape)
    image = torch.randint(0, 256, shape) if dtype in ("uint8", "int16") else torch.rand(shape)
    image = image.to(getattr(torch, dtype))
    values = {"input": image, "repr": repr(make)}
    if preset == "flow":
        return {**values, "other": image.flip(-1), "expected": make(image, image.flip(-1))[0],
                "expected_other": make(image, image.flip(-1))[1]}
    return {**values, "expected": make(image)}


run(__file__)

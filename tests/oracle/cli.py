"""cli: what the tool says of pictures and makes of them, against torchvision in Python."""

import torch
from oracle import case, out_dir, run
from torchvision.io import ImageReadMode, decode_image, write_jpeg, write_png
from torchvision.models import ResNet18_Weights, resnet18
from torchvision.transforms import v2
from torchvision.transforms._presets import ImageClassification, ObjectDetection, SemanticSegmentation


def _folder():
    folder = out_dir() / "cli"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _photo():
    """Smooth noise: a picture with large and small shapes."""
    coarse = torch.rand(1, 3, 12, 16)
    fine = torch.rand(1, 3, 60, 80)
    up = lambda x: torch.nn.functional.interpolate(x, size=(240, 320), mode="bicubic")
    return ((up(coarse) * 0.8 + up(fine) * 0.2).clamp(0, 1) * 255).to(torch.uint8)[0]


@case("cli/predict", kind=["official", "described"], extension=["png", "jpg"])
def predict(kind, extension):
    photo = _folder() / f"photo.{extension}"
    (write_png if extension == "png" else write_jpeg)(_photo(), str(photo))
    image = decode_image(str(photo), ImageReadMode.RGB)
    checkpoint = _folder() / f"{kind}.pth"
    if kind == "official":
        model = resnet18().eval()
        preset = ResNet18_Weights.DEFAULT.transforms()
        names = ResNet18_Weights.DEFAULT.meta["categories"]
        torch.save(model.state_dict(), checkpoint)
    else:
        model = resnet18(num_classes=12).eval()
        preset = ImageClassification(crop_size=64, resize_size=80, mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
        names = [f"kind {i}" for i in range(12)]
        about = {"crop_size": 64, "resize_size": 80, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4], "antialias": True}
        torch.save({"model": model.state_dict(), "model_name": "resnet18", "categories": names, "preprocessing": about}, checkpoint)
    with torch.inference_mode():
        best = model(preset(image).unsqueeze(0)).squeeze(0).softmax(0).topk(5)
    return {"photo": str(photo), "checkpoint": str(checkpoint), "indices": best.indices.tolist(),
            "probabilities": best.values.tolist(), "names": [names[i] for i in best.indices]}


@case("cli/transform", steps=[["Resize(100)", "CenterCrop([90, 80])"],
                              ["Resize(size=(50, 70), interpolation=nearest)", "Pad([1, 2], fill=7)"],
                              ["RandomResizedCrop(64, scale=[0.2, 0.5])", "RandomHorizontalFlip(p=0.5)"],
                              ["RandomCrop(48, padding=[4, 4], padding_mode=reflect)", "RandomHorizontalFlip(1)"],
                              ["CenterCrop((90,))", "Resize((50))", "RandomAffine(degrees=0, shear=10)", "RandomPosterize(bits=2, p=1)"],
                              ["RandomAffine(degrees=[0, 5], scale=(0.5, 2,), translate=None)", "RandomShortestSize(min_size=[70])"],
                              ["RandomRotation(degrees=[30, 31], interpolation=bilinear, fill=None)", "Resize(60, antialias=None)"],
                              ["ConvertImageDtype(dtype=torch.uint8)", "RandomSolarize(threshold=+.9e2, p=1.)", "ScaleJitter(target_size=[90, 90], antialias=None)"],
                              ["ImageClassification(crop_size=90, resize_size=100, mean=(0.1, 0.2, 0.3), std=[1.0, 0.9, 0.8])"],
                              ["Resize(80)", "SemanticSegmentation(resize_size=70, mean=[0.1, 0.2, 0.3], interpolation=bilinear, antialias=True)"],
                              ["ObjectDetection()"]])
def transform(steps):
    photo = _folder() / "picture.png"
    write_png(_photo(), str(photo))
    image = decode_image(str(photo), ImageReadMode.RGB)
    scope = vars(v2) | {"nearest": v2.InterpolationMode.NEAREST, "bilinear": v2.InterpolationMode.BILINEAR, "reflect": "reflect", "torch": torch}
    scope |= {preset.__name__: preset for preset in (ImageClassification, ObjectDetection, SemanticSegmentation)}
    compose = v2.Compose([eval(step, scope) for step in steps])
    torch.manual_seed(7)
    expected = compose(image)
    if expected.is_floating_point():  # as save_image has it
        expected = expected.mul(255).add(0.5).clamp(0, 255).to(torch.uint8)
    return {"photo": str(photo), "expected": expected}


run(__file__)

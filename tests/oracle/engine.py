"""engine: learning rates, metrics, and whole training runs step by step."""

import pathlib

import numpy
import torch
from oracle import case, out_dir, run
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, MultiStepLR, PolynomialLR, SequentialLR
from torch.utils.data import DataLoader, Dataset
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.fcos import FCOS, FCOSHead
from torchvision.models.detection.keypoint_rcnn import KeypointRCNN, KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNN, MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.resnet import BasicBlock, ResNet
from torchvision.models.segmentation.fcn import FCN, FCNHead
from torchvision.ops import Conv2dNormActivation, MultiScaleRoIAlign, masks_to_boxes
from torchvision.ops._utils import split_normalization_params
from torchvision.transforms import functional as v1
from torchvision.transforms import v2
from torchvision.tv_tensors import Image


@case("engine/learning_rates", curve=["constant", "cosine", "steps", "polynomial"], method=["constant", "linear"], warmup=[0, 3], min_lr=[0.0, 0.01])
def learning_rates(curve, method, warmup, min_lr):
    epochs, base, decay = 10, 0.5, 0.05
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
    if curve == "cosine":
        main = CosineAnnealingLR(optimizer, T_max=epochs - warmup, eta_min=min_lr)
    elif curve == "steps":
        main = MultiStepLR(optimizer, milestones=[5 - warmup, 8 - warmup], gamma=0.1)
    elif curve == "polynomial":
        main = PolynomialLR(optimizer, total_iters=epochs - warmup, power=0.9)
    else:
        main = ConstantLR(optimizer, factor=1.0, total_iters=1)
    if warmup:
        first = (
            LinearLR(optimizer, start_factor=decay, total_iters=warmup)
            if method == "linear"
            else ConstantLR(optimizer, factor=decay, total_iters=warmup)
        )
        main = SequentialLR(optimizer, [first, main], milestones=[warmup])
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        main.step()
    return {"epochs": epochs, "base": base, "decay": decay, "rates": rates}


@case("engine/rates_of_steps")
def rates_of_steps():
    """The schedule of small runs, moved after every step: a linear warm-up for one epoch of three, then a cosine to nothing."""
    steps, epochs, base, decay = 3, 4, 0.02, 0.01
    optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=base)
    warmup = LinearLR(optimizer, start_factor=decay, total_iters=steps)
    cosine = CosineAnnealingLR(optimizer, T_max=(epochs - 1) * steps)
    schedule = SequentialLR(optimizer, [warmup, cosine], milestones=[steps])
    rates = []
    for _ in range(epochs * steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return {"epochs": epochs, "base": base, "decay": decay, "rates": rates}


@case("engine/correct_within", classes=[2, 7], n=[1, 33])
def correct_within(classes, n):
    scores, labels = torch.randn(n, classes), torch.randint(0, classes, (n,))
    order = scores.argsort(dim=1, descending=True)
    hits = order == labels[:, None]
    return {"scores": scores, "labels": labels, "expected": [int(hits[:, :k].sum()) for k in (1, 2)]}


@case("engine/confusion_matrix", classes=[1, 3, 21], shape=[(5,), (2, 9, 7)])
def confusion_matrix(classes, shape):
    labels, predictions = torch.randint(-1, classes + 1, shape), torch.randint(0, classes, shape)
    known = (labels >= 0) & (labels < classes)
    counts = torch.bincount(classes * labels[known] + predictions[known], minlength=classes**2).reshape(classes, classes)
    h, right = counts.double(), counts.diag().double()
    return {"labels": labels, "predictions": predictions, "counts": counts, "global": right.sum() / h.sum(),
            "accuracy": right / h.sum(1), "iou": right / (h.sum(1) + h.sum(0) - right)}


@case("engine/flow_errors", masked=[False, True])
def flow_errors(masked):
    truth = torch.randn(2, 2, 6, 7) * 40
    predicted = truth + torch.randn(2, 2, 6, 7) * 3
    valid = torch.rand(2, 6, 7) > 0.4
    epe, norm = ((predicted - truth) ** 2).sum(1).sqrt(), (truth**2).sum(1).sqrt()
    if masked:
        epe, norm = epe[valid], norm[valid]
    expected = [epe.mean(), *((epe < n).float().mean() for n in (1, 3, 5)), ((epe > 3) & (epe / norm > 0.05)).float().mean() * 100]
    return {"truth": truth, "predicted": predicted, "valid": valid, "expected": torch.stack(expected).double()}


class Digits(Dataset):
    """The pictures of opsis::datasets::Digits, from the same files."""

    def __init__(self, transforms):
        folder = pathlib.Path(__file__).parents[2] / "opsis" / "datasets" / "digits"
        images = numpy.frombuffer((folder / "images.idx3-ubyte").read_bytes()[16:], numpy.uint8).reshape(-1, 1, 8, 8)
        labels = numpy.frombuffer((folder / "labels.idx1-ubyte").read_bytes()[8:], numpy.uint8)
        self.images = torch.from_numpy(numpy.round(images[:1437] * (255 / 16)).astype(numpy.uint8))
        self.labels = labels[:1437].astype(int).tolist()
        self.transforms = transforms

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.transforms(Image(self.images[index])), self.labels[index]


def _transforms(augment):
    steps = [v2.Resize(32)]
    if augment:
        steps += [v2.RandomCrop(32, padding=2), v2.RandomHorizontalFlip()]
    steps += [v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5], [0.5]), v2.Lambda(lambda x: x.expand(3, -1, -1))]
    return v2.Compose(steps)


@case("engine/training", optimizer=["sgd", "adamw"], smoothing=[0.0, 0.1], augment=[False, True])
def training(optimizer, smoothing, augment):
    torch.set_num_threads(1)
    model = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10)
    loader = DataLoader(Digits(_transforms(augment)), batch_size=32, shuffle=True, num_workers=0)
    if optimizer == "sgd":
        step = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4, nesterov=True)
    else:
        step = torch.optim.AdamW(model.parameters(), lr=0.002, weight_decay=0.01)
    losses = []
    while len(losses) < 30:
        for images, labels in loader:
            loss = cross_entropy(model(images), labels, label_smoothing=smoothing)
            step.zero_grad()
            loss.backward()
            step.step()
            losses.append(loss.item())
            if len(losses) == 30:
                break
    return {"losses": losses}


def detection_batches():
    images = torch.rand(6, 3, 64, 64)
    corners = torch.rand(6, 2, 2) * 30
    boxes = torch.cat([corners, corners + 8 + torch.rand(6, 2, 2) * 24], dim=2)
    return images, boxes, torch.randint(0, 3, (6, 2))


@case("engine/detection_training", milestone=[1, 2, None], norm_weight_decay=[None, 0.5])
def detection_training(milestone, norm_weight_decay):
    """Three epochs as references/detection trains: warm-up in the first, steps of the learning rate or a cosine."""
    torch.set_num_threads(1)
    images, boxes, labels = detection_batches()
    torch.manual_seed(0)
    backbone = torch.nn.Sequential(Conv2dNormActivation(3, 16, 3, 2), Conv2dNormActivation(16, 32, 3, 2))
    backbone.out_channels = 32
    anchors = AnchorGenerator(((8,),), ((1.0,),))
    model = FCOS(backbone, 3, min_size=64, max_size=64, anchor_generator=anchors, head=FCOSHead(32, 1, 3, num_convs=1))
    parameters = model.parameters()
    if norm_weight_decay is not None:
        decays = [norm_weight_decay, 1e-4]
        parameters = [{"params": p, "weight_decay": w} for p, w in zip(split_normalization_params(model), decays) if p]
    optimizer = torch.optim.SGD(parameters, lr=0.02, momentum=0.9, weight_decay=1e-4)
    main = MultiStepLR(optimizer, milestones=[milestone], gamma=0.1) if milestone else CosineAnnealingLR(optimizer, T_max=3)
    losses, rates = [], []
    for epoch in range(3):
        warmup = LinearLR(optimizer, start_factor=0.001, total_iters=min(1000, 3 - 1)) if epoch == 0 else None
        for i in range(0, 6, 2):
            targets = [{"boxes": boxes[j], "labels": labels[j]} for j in (i, i + 1)]
            parts = model(list(images[i : i + 2]), targets)
            loss = sum(parts.values())
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if warmup:
                warmup.step()
        main.step()
    return {"images": images, "boxes": boxes, "labels": labels, "losses": losses, "rates": rates}


# The mirror image of each key point of a person, as references/detection has them.
_mirrored = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


class Things(Dataset):
    """Pictures with masks or key points, mirrored as references/detection does."""

    def __init__(self, images, targets):
        self.images, self.targets = images, targets

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image, target = self.images[index], {name: part.clone() for name, part in self.targets[index].items()}
        if torch.rand(1) < 0.5:
            image = image.flip(-1)
            target["boxes"][:, [0, 2]] = 64 - target["boxes"][:, [2, 0]]
            if "masks" in target:
                target["masks"] = target["masks"].flip(-1)
            if "keypoints" in target:
                points = target["keypoints"][:, _mirrored]
                points[..., 0] = 64 - points[..., 0]
                points[points[..., 2] == 0] = 0
                target["keypoints"] = points
        return image, target


def _small_rcnn(kind):
    backbone = torch.nn.Sequential(Conv2dNormActivation(3, 16, 3, 2), Conv2dNormActivation(16, 32, 3, 2))
    backbone.out_channels = 32
    parts = {
        "min_size": 64, "max_size": 64, "rpn_anchor_generator": AnchorGenerator(((16, 32),), ((1.0,),)), "rpn_pre_nms_top_n_train": 100,
        "rpn_post_nms_top_n_train": 40, "rpn_batch_size_per_image": 32, "box_batch_size_per_image": 16,
        "box_roi_pool": MultiScaleRoIAlign(["0"], 5, 2), "box_head": TwoMLPHead(32 * 25, 64), "box_predictor": FastRCNNPredictor(64, 3),
    }  # fmt: skip
    pool = MultiScaleRoIAlign(["0"], 6, 2)
    if kind == "masks":
        return MaskRCNN(backbone, **parts, mask_roi_pool=pool, mask_head=MaskRCNNHeads(32, (16,), 1), mask_predictor=MaskRCNNPredictor(16, 16, 3))
    return KeypointRCNN(backbone, **parts, keypoint_roi_pool=pool, keypoint_head=KeypointRCNNHeads(32, (32,)),
                        keypoint_predictor=KeypointRCNNPredictor(32, 17))  # fmt: skip


@case("engine/rcnn_training", kind=["masks", "keypoints"])
def rcnn_training(kind):
    """Two epochs of a model with a branch, in an order and with mirrors that are drawn."""
    torch.set_num_threads(1)
    images, boxes, labels = detection_batches()
    rows, columns = torch.arange(64).view(64, 1), torch.arange(64)
    x1, y1, x2, y2 = boxes.unbind(-1)
    masks = ((columns >= x1[..., None, None]) & (columns <= x2[..., None, None]) & (rows >= y1[..., None, None]) & (rows <= y2[..., None, None])).to(torch.uint8)
    places = boxes[:, :, None, :2] + torch.rand(6, 2, 17, 2) * (boxes[:, :, None, 2:] - boxes[:, :, None, :2])
    points = torch.cat([places, torch.randint(0, 3, (6, 2, 17, 1)).float()], -1)
    points[points[..., 2] == 0] = 0
    branch = masks if kind == "masks" else points
    data = Things(images, [{"boxes": boxes[i], "labels": labels[i], kind: branch[i]} for i in range(6)])
    torch.manual_seed(0)
    model = _small_rcnn(kind)
    loader = DataLoader(data, batch_size=2, shuffle=True, num_workers=0, collate_fn=lambda batch: tuple(zip(*batch)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    losses = []
    for _ in range(2):
        for pictures, targets in loader:
            parts = model(list(pictures), list(targets))
            loss = sum(parts.values())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append([loss.item(), *(part.item() for part in parts.values())])
    return {"images": images, "boxes": boxes, "labels": labels, "branch": branch, "losses": torch.tensor(losses).double(), "names": list(parts)}


def _pasted(image, target, above, things):
    """Some of the things on the picture, which loses what they cover."""
    count = len(things["labels"])
    if count == 0:
        return image, target
    chosen = torch.randint(0, count, (count,)).unique()
    masks, boxes, labels = (things[name][chosen] for name in ("masks", "boxes", "labels"))
    if above.shape != image.shape:
        size, before = image.shape[-2:], above.shape[-2:]
        above = v1.resize(above, list(size))
        masks = v1.resize(masks, list(size), v1.InterpolationMode.NEAREST)
        boxes = (boxes.view(-1, 2, 2) * torch.tensor([size[1] / before[1], size[0] / before[0]])).view(-1, 4)
    covered = v1.gaussian_blur((masks.sum(0) > 0)[None], [5, 5], [2.0])[0]
    below = target["masks"] * ~covered
    left = below.sum((1, 2)) > 0
    boxes = torch.cat([masks_to_boxes(below[left]), boxes])
    sound = (boxes[:, 2:] > boxes[:, :2]).all(1)
    out = {"boxes": boxes, "labels": torch.cat([target["labels"][left], labels]), "masks": torch.cat([below[left], masks])}
    return image * ~covered + above * covered, {name: part[sound] for name, part in out.items()}


@case("engine/copy_paste", counts=[[4, 3, 5], [0, 2, 0], [6], [1, 0]], sizes=["alike", "unlike"])
def copy_paste(counts, sizes):
    """references/detection's SimpleCopyPaste, by torchvision's own operators: discs on noise."""
    out, images, targets = {"count": len(counts)}, [], []
    for i, count in enumerate(counts):
        height, width = (40, 52) if sizes == "alike" or i == 0 else (30 + 7 * i, 50 - 3 * i)
        rows, columns = torch.arange(height).view(1, -1, 1), torch.arange(width)
        y, x, radius = torch.rand(count, 1, 1) * height, torch.rand(count, 1, 1) * width, 1.5 + torch.rand(count, 1, 1) * 9
        masks = ((rows - y) ** 2 + (columns - x) ** 2 <= radius**2).to(torch.uint8)
        masks = masks[masks.sum((1, 2)) > 0]
        images.append(torch.rand(3, height, width))
        targets.append({"boxes": masks_to_boxes(masks), "labels": torch.arange(len(masks)), "masks": masks})
        out |= {f"image_{i}": images[-1]} | {f"{name}_{i}": part for name, part in targets[-1].items()}
    torch.manual_seed(5)
    pairs = zip(images, targets, images[-1:] + images[:-1], targets[-1:] + targets[:-1])
    for i, (image, target) in enumerate([_pasted(*pair) for pair in pairs]):
        out |= {f"pasted_image_{i}": image} | {f"pasted_{name}_{i}": part for name, part in target.items()}
    return out | {"next_draw": torch.rand(1)}


@case("engine/segmentation_training", aux=[False, True])
def segmentation_training(aux):
    """Two epochs as references/segmentation trains, with an auxiliary classifier that learns ten times as fast."""
    torch.set_num_threads(1)
    images, masks = torch.rand(4, 3, 64, 64), torch.randint(0, 4, (4, 1, 64, 64), dtype=torch.uint8)
    masks[:, :, :8] = 255
    torch.manual_seed(0)
    layers = {"layer4": "out", "layer3": "aux"} if aux else {"layer4": "out"}
    backbone = IntermediateLayerGetter(ResNet(BasicBlock, [1, 1, 1, 1]), layers)
    aux_classifier = FCNHead(256, 4) if aux else None
    model = FCN(backbone, FCNHead(512, 4), aux_classifier)
    groups = [{"params": list(model.backbone.parameters()) + list(model.classifier.parameters())}]
    if aux:
        groups.append({"params": model.aux_classifier.parameters(), "lr": 0.1})
    optimizer = torch.optim.SGD(groups, lr=0.01, momentum=0.9, weight_decay=1e-4)
    schedule = PolynomialLR(optimizer, total_iters=4, power=0.9)
    losses, rates = [], []
    for _ in range(2):
        for i in (0, 2):
            outputs = model(images[i : i + 2])
            loss = [cross_entropy(x, masks[i : i + 2, 0].long(), ignore_index=255) for x in outputs.values()]
            loss = loss[0] + 0.5 * loss[1] if aux else loss[0]
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    return {"images": images, "masks": masks, "losses": losses, "rates": rates}


@case("engine/segmented_objects")
def segmented_objects():
    """COCO's objects as VOC's classes, by the recipe's rules."""
    voc = [0, 5, 2, 16, 9, 44, 6, 3, 17, 62, 21, 67, 18, 19, 4, 1, 64, 20, 63, 7, 72]
    labels = torch.tensor([72, 8, 5, 1, 90])
    masks = (torch.rand(5, 9, 7) > 0.7).to(torch.uint8)
    kept = [i for i, label in enumerate(labels.tolist()) if label in voc]
    classes = torch.tensor([voc.index(label) for label in labels[kept].tolist()], dtype=torch.uint8)
    expected, _ = (masks[kept] * classes[:, None, None]).max(dim=0)
    expected[masks[kept].sum(0) > 1] = 255
    return {"labels": labels, "masks": masks, "expected": expected[None]}


@case("engine/optimizer_state", optimizer=["sgd", "adamw"])
def optimizer_state(optimizer):
    """Three steps of a linear layer; the state after two of them, as Python saves it."""
    model = torch.nn.Linear(4, 3)
    step = (
        torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
        if optimizer == "sgd"
        else torch.optim.AdamW(model.parameters(), lr=0.1, weight_decay=0.01)
    )
    x = torch.randn(5, 4)
    for i in range(3):
        if i == 2:
            state = {"model": model.state_dict(), "optimizer": step.state_dict()}
            folder = out_dir() / "engine"
            folder.mkdir(parents=True, exist_ok=True)
            torch.save(state, folder / f"after_two_{optimizer}.pth")
        step.zero_grad()
        model(x).square().mean().backward()
        step.step()
    return {"x": x, "weight": model.weight, "bias": model.bias}


run(__file__)

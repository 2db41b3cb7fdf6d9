"""ops_beyond: operators that torchvision has not, written down from their definitions, a box and a sample at a time."""

import math

import numpy
import torch
from oracle import case, run
from torchvision import ops


def boxes_of(count, generator, extent=60.0):
    low = generator.uniform(0, extent, (count, 2))
    return numpy.concatenate([low, low + generator.uniform(2, 40, (count, 2))], 1)


def overlaps_of(a, b):
    return ops.box_iou(torch.from_numpy(a), torch.from_numpy(b)).numpy()


@case("ops_beyond/nms_rotated", threshold=[0.1, 0.4, 0.7], seed=[0, 1])
def nms_rotated(threshold, seed):
    generator = numpy.random.default_rng(seed)
    boxes = numpy.concatenate([generator.uniform(0, 100, (300, 2)), generator.uniform(2, 40, (300, 2)), generator.uniform(-360, 360, (300, 1))], 1)
    boxes, scores = torch.from_numpy(boxes), torch.from_numpy(generator.uniform(0, 1, 300))
    overlaps, keep = ops.box_iou(boxes, boxes, fmt="cxcywhr").numpy(), []
    for i in scores.argsort(descending=True).tolist():
        if not any(overlaps[i, better] > threshold for better in keep):
            keep.append(i)
    return {"boxes": boxes, "scores": scores, "expected": torch.tensor(keep)}


@case("ops_beyond/soft_nms", decay=["linear", "gaussian"], iou_threshold=[0.0, 0.3], sigma=[0.3, 0.5], score_threshold=[1e-3, 0.2])
def soft_nms(decay, iou_threshold, sigma, score_threshold):
    generator = numpy.random.default_rng(4)
    boxes, scores = boxes_of(200, generator), generator.uniform(0, 1, 200)
    overlaps, left, keep, kept = overlaps_of(boxes, boxes), dict(enumerate(scores)), [], []
    while left := {i: s for i, s in left.items() if s >= score_threshold}:
        best = max(left, key=left.get)
        keep.append(best)
        kept.append(left.pop(best))
        for i in left:
            iou = overlaps[best, i]
            if decay == "gaussian":
                left[i] *= math.exp(-(iou**2) / sigma)
            elif iou > iou_threshold:
                left[i] *= 1 - iou
    return {"boxes": torch.from_numpy(boxes), "scores": torch.from_numpy(scores), "keep": torch.tensor(keep), "kept": torch.tensor(kept, dtype=torch.float64)}


@case("ops_beyond/matrix_nms", decay=["linear", "gaussian"], sigma=[0.5, 2.0], classes=[1, 4])
def matrix_nms(decay, sigma, classes):
    """The paper's equation 4: the least, over better boxes i of the class, of f(iou of i and j) / f(the most that i is overlapped)."""
    generator = numpy.random.default_rng(5)
    count = 60
    boxes, scores, labels = boxes_of(count, generator), generator.uniform(0, 1, count), generator.integers(0, classes, count)
    overlaps = overlaps_of(boxes, boxes)
    f = (lambda iou: 1 - iou) if decay == "linear" else (lambda iou: math.exp(-sigma * iou**2))
    better = lambda j: [i for i in range(count) if labels[i] == labels[j] and scores[i] > scores[j]]
    covered = [max([overlaps[i, k] for k in better(i)], default=0.0) for i in range(count)]
    lowered = [scores[j] * min([f(overlaps[i, j]) / f(covered[i]) for i in better(j)], default=1.0) for j in range(count)]
    return {"boxes": torch.from_numpy(boxes), "scores": torch.from_numpy(scores), "labels": torch.from_numpy(labels), "expected": torch.tensor(lowered, dtype=torch.float64)}


@case("ops_beyond/weighted_boxes_fusion", weights=[[], [1.0, 3.0, 0.5]], iou_threshold=[0.4, 0.55], score_threshold=[0.0, 0.3])
def weighted_boxes_fusion(weights, iou_threshold, score_threshold):
    """The paper's steps 1 to 8, for three models that see most of the same things."""
    generator = numpy.random.default_rng(6)
    things, labels = boxes_of(50, generator, 300), generator.integers(0, 5, 50)
    models = []
    for _ in range(3):
        seen = generator.random(50) < 0.8
        boxes = things[seen] + generator.normal(0, 2, (seen.sum(), 4))
        boxes[:, 2:] = boxes[:, 2:].clip(boxes[:, :2] + 1)
        models.append((boxes, generator.uniform(0.05, 1, seen.sum()), labels[seen]))
    of_models = weights or [1.0, 1.0, 1.0]
    all_boxes = [(score * weight, box, label) for (boxes, scores, labels), weight in zip(models, of_models)
                 for box, score, label in zip(boxes, scores, labels) if score >= score_threshold]  # fmt: skip
    clusters = []  # of each: the label, its boxes with their scores, their mean
    for score, box, label in sorted(all_boxes, key=lambda found: -found[0]):
        overlaps = [overlaps_of(mean[None], box[None]).item() if of == label else 0.0 for of, _, mean in clusters]
        if overlaps and max(overlaps) > iou_threshold:
            at = int(numpy.argmax(overlaps))
        else:
            at = len(clusters)
            clusters.append([label, [], None])
        clusters[at][1].append((score, box))
        clusters[at][2] = numpy.average([b for _, b in clusters[at][1]], axis=0, weights=[s for s, _ in clusters[at][1]])
    fused = [(numpy.mean([s for s, _ in members]) * min(len(members), 3) / sum(of_models), mean, label) for label, members, mean in clusters]
    fused.sort(key=lambda found: -found[0])
    out = {"models": 3, "boxes": torch.tensor(numpy.array([box for _, box, _ in fused])), "scores": torch.tensor([score for score, _, _ in fused], dtype=torch.float64),
           "labels": torch.tensor([int(label) for _, _, label in fused])}  # fmt: skip
    for m, (boxes, scores, labels) in enumerate(models):
        out |= {f"boxes_{m}": torch.from_numpy(boxes), f"scores_{m}": torch.from_numpy(scores), f"labels_{m}": torch.from_numpy(labels)}
    return out


def sample(maps, y, x):
    """Between four pixels; nothing a pixel beyond the border, and the border's value up to there."""
    height, width = maps.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return numpy.zeros(len(maps))
    y, x = min(max(y, 0.0), height - 1.0), min(max(x, 0.0), width - 1.0)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    down, across = y - top, x - left
    return ((1 - down) * (1 - across) * maps[:, top, left] + (1 - down) * across * maps[:, top, right]
            + down * (1 - across) * maps[:, bottom, left] + down * across * maps[:, bottom, right])  # fmt: skip


@case("ops_beyond/roi_align_rotated", ratio=[2, -1], scale=[1.0, 0.6], seed=[0, 1])
def roi_align_rotated(ratio, scale, seed):
    generator = numpy.random.default_rng(seed)
    maps = generator.uniform(0, 1, (2, 3, 11, 14))
    rois = numpy.concatenate([generator.integers(0, 2, (8, 1)), generator.uniform(-2, 20, (8, 2)), generator.uniform(1, 15, (8, 2)),
                              generator.uniform(-360, 360, (8, 1))], 1)  # fmt: skip
    rows, columns = 3, 4
    out = numpy.zeros((8, 3, rows, columns))
    for k, (image, x, y, width, height, angle) in enumerate(rois):
        x, y, width, height, angle = x * scale - 0.5, y * scale - 0.5, width * scale, height * scale, math.radians(angle)
        down, across = (ratio, ratio) if ratio > 0 else (math.ceil(height / rows), math.ceil(width / columns))
        for i in range(rows):
            for j in range(columns):
                for a in range(down):
                    for b in range(across):
                        v = (i + (a + 0.5) / down) * height / rows - height / 2
                        u = (j + (b + 0.5) / across) * width / columns - width / 2
                        at_y, at_x = y + v * math.cos(angle) - u * math.sin(angle), x + v * math.sin(angle) + u * math.cos(angle)
                        out[k, :, i, j] += sample(maps[int(image)], at_y, at_x) / (down * across)
    return {"maps": torch.from_numpy(maps), "rois": torch.from_numpy(rois), "expected": torch.from_numpy(out)}


run(__file__)

"""voc: Pascal VOC's numbers, from its development kit's definitions in numpy; no package on PyPI has them alone."""

import numpy
import torch
from oracle import case, run


def overlaps(box, boxes, beyond):
    low, high = numpy.maximum(box[:2], boxes[:, :2]), numpy.minimum(box[2:], boxes[:, 2:])
    inter = (high - low + beyond).clip(0).prod(1)
    area = lambda b: (b[..., 2:] - b[..., :2] + beyond).prod(-1)
    return inter / (area(box) + area(boxes) - inter)


def average_precision(truth, found, beyond, eleven):
    """truth: image -> (boxes, difficult); found: [(score, image, box)], best first."""
    total = sum((~difficult).sum() for _, difficult in truth.values())
    taken = {image: numpy.zeros(len(boxes), bool) for image, (boxes, _) in truth.items()}
    right, wrong = numpy.zeros(len(found)), numpy.zeros(len(found))
    for i, (_, image, box) in enumerate(found):
        boxes, difficult = truth.get(image, (numpy.zeros((0, 4)), None))
        overlap = overlaps(box, boxes, beyond) if len(boxes) else numpy.zeros(0)
        best = overlap.argmax() if len(boxes) else -1
        if best < 0 or overlap[best] < 0.5:
            wrong[i] = 1
        elif not difficult[best]:
            right[i], wrong[i] = not taken[image][best], taken[image][best]
            taken[image][best] = True
    right, wrong = right.cumsum(), wrong.cumsum()
    recall, precision = right / total, right / numpy.maximum(right + wrong, 1e-300)
    if eleven:
        return sum(precision[recall >= t].max(initial=0) for t in numpy.arange(11) / 10) / 11
    recall, precision = numpy.array([0, *recall, 1]), numpy.array([0, *precision, 0])
    precision = numpy.maximum.accumulate(precision[::-1])[::-1]
    steps = numpy.nonzero(recall[1:] != recall[:-1])[0]
    return ((recall[steps + 1] - recall[steps]) * precision[steps + 1]).sum()


@case("voc/numbers", images=[1, 5, 40], whole=[True, False], eleven=[True, False])
def numbers(images, whole, eleven):
    generator = numpy.random.default_rng(images)
    truth, found = [], []
    for image in range(images):
        for _ in range(0 if image % 7 == 3 else int(generator.integers(1, 7))):
            low = generator.uniform(0, 80, 2)
            box = numpy.concatenate([low, low + generator.uniform(3, 60, 2)]).round()
            truth.append((image, int(generator.integers(3)), box, bool(generator.random() < 0.2)))
    for _ in range(4 * images):
        image, label, box, _ = truth[int(generator.integers(len(truth)))]
        if generator.random() < 0.2:
            label, image = int(generator.integers(4)), int(generator.integers(images))
        found.append((image, label, box + generator.normal(0, 3, 4), float(generator.random())))
    expected = []
    for label in range(4):
        of_label = {}
        for image in {t[0] for t in truth}:
            rows = [t for t in truth if t[0] == image and t[1] == label]
            if rows:
                of_label[image] = (numpy.stack([r[2] for r in rows]), numpy.array([r[3] for r in rows]))
        if sum((~difficult).sum() for _, difficult in of_label.values()) == 0:
            expected.append(-1.0)
            continue
        best_first = sorted([(f[3], f[0], f[2]) for f in found if f[1] == label], key=lambda f: -f[0])
        expected.append(float(average_precision(of_label, best_first, float(whole), eleven)))
    column = lambda rows, i: torch.tensor(numpy.array([r[i] for r in rows]))
    return {
        "expected": torch.tensor(expected, dtype=torch.float64),
        "truth_image": column(truth, 0), "truth_label": column(truth, 1), "truth_boxes": column(truth, 2), "difficult": column(truth, 3),
        "found_image": column(found, 0), "found_label": column(found, 1), "found_boxes": column(found, 2), "scores": column(found, 3),
    }  # fmt: skip


run(__file__)

"""coco: masks as run lengths and COCO's numbers, held against pycocotools."""

import contextlib
import io
import itertools
import json

import numpy
import torch
from faster_coco_eval import COCO as FasterCoco
from faster_coco_eval import COCOeval_faster
from oracle import case, run
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def blobs(count, height, width, seed):
    """Masks with holes and ragged borders; the first is empty, the second full."""
    torch.manual_seed(seed)
    noise = torch.nn.functional.interpolate(torch.rand(count, 1, 5, 5), (height, width), mode="bilinear")[:, 0]
    masks = (noise + 0.1 * torch.rand(count, height, width) > 0.6).to(torch.uint8)
    masks[0] = 0
    masks[1] = 1
    return masks


def encoded(masks):
    return [coco_mask.encode(numpy.asfortranarray(m.numpy())) for m in masks]


def uncompressed(mask):
    """The lengths of runs down the columns, the first out of the mask."""
    runs = [(value, len(list(group))) for value, group in itertools.groupby(mask.T.reshape(-1).tolist())]
    return [0] * (runs[0][0] == 1) + [length for _, length in runs]


@case("coco/masks", size=[(1, 1), (7, 5), (33, 70), (120, 3)])
def masks(size):
    pixels = blobs(6, *size, seed=3)
    runs = encoded(pixels)
    crowd = [0, 1, 0, 1, 0, 1]
    return {
        "masks": pixels,
        "counts": [r["counts"].decode() for r in runs],
        "area": torch.from_numpy(coco_mask.area(runs).astype(numpy.int64)),
        "boxes": torch.from_numpy(coco_mask.toBbox(runs)),
        "union": coco_mask.merge(runs[2:])["counts"].decode(),
        "intersection": coco_mask.merge(runs[1:3], intersect=True)["counts"].decode(),
        "crowd": crowd,
        "iou": torch.from_numpy(coco_mask.iou(runs, runs, crowd)),
        "uncompressed": [(counts, coco_mask.frPyObjects({"size": size, "counts": counts}, *size)["counts"].decode()) for counts in map(uncompressed, pixels)],
        "box_iou": torch.from_numpy(coco_mask.iou(coco_mask.toBbox(runs), coco_mask.toBbox(runs), crowd)),
    }


@case("coco/polygons", size=[(1, 1), (40, 30), (9, 200)], seed=list(range(24)))
def polygons(size, seed):
    """Near the picture, and from the 12th on so large that most of an outline is out of it."""
    height, width = size
    generator = numpy.random.default_rng(seed)
    count = int(generator.integers(3, 12))
    spread = 1.4 if seed % 3 == 0 else 1.0
    corners = generator.uniform(-0.2, spread, (count, 2)) * [width, height]
    if seed % 4 == 1:
        corners = corners.round()
    if seed % 4 == 2:
        corners = (corners * 2).round() / 2
        corners[1] = corners[0]
    if seed >= 12:
        reach = 10 ** generator.uniform(1, 5)
        corners = generator.uniform(-reach, reach, (count, 2)) * [1, [0.01, 1, 100][seed % 3] if reach < 1e4 else 1]
        corners[:2] += [[width, height], [-width, -height]]
    second = generator.uniform(0, 1, (4, 2)) * [width, height]
    both = [corners.reshape(-1).tolist(), second.reshape(-1).tolist()]
    runs = coco_mask.frPyObjects(both, height, width)
    box = [float(b) for b in (*(second[0] / 2), *(second[1] / 2))]
    return {
        "polygons": both,
        "box": box,
        "counts": [r["counts"].decode() for r in runs],
        "merged": coco_mask.merge(runs)["counts"].decode(),
        "box_counts": coco_mask.frPyObjects(numpy.array([box]), height, width)[0]["counts"].decode(),
    }


def scene(kind, images, categories, per_image, generator):
    """Truth and detections: some near, some far, equal scores, crowds, empty images, images with one side only."""
    height, width = 150, 200
    truth, found = [], []
    for image in range(images):
        n = 0 if image % 7 == 3 else int(generator.integers(1, per_image))
        m = 0 if image % 7 == 5 else int(generator.integers(0, 2 * per_image))
        boxes = []
        for _ in range(n):
            wh = generator.uniform(3, 120, 2)
            xy = generator.uniform(0, 1, 2) * (numpy.array([width, height]) - wh).clip(1)
            boxes.append([*xy, *wh])
            truth.append({"image_id": image, "category_id": int(generator.integers(1, categories + 1)), "bbox": boxes[-1],
                          "area": float(wh.prod() * generator.uniform(0.5, 1)), "iscrowd": int(generator.random() < 0.15)})
        for _ in range(m):
            if boxes and generator.random() < 0.8:
                at = int(generator.integers(len(boxes)))
                box = numpy.array(boxes[at]) + generator.normal(0, 4, 4)
                category = [t for t in truth if t["image_id"] == image][at]["category_id"]
            else:
                box, category = generator.uniform(0, 60, 4), int(generator.integers(1, categories + 2))
            box[2:] = box[2:].clip(1)
            found.append({"image_id": image, "category_id": category, "bbox": box.tolist(),
                          "score": round(float(generator.random()), 1)})
    for one in truth + found:
        x, y, w, h = one["bbox"]
        if kind == "segm":
            mask = numpy.zeros((height, width), numpy.uint8, order="F")
            rows, columns = numpy.ogrid[:height, :width]
            mask[((columns - x - w / 2) / (w / 2)) ** 2 + ((rows - y - h / 2) / (h / 2)) ** 2 <= 1] = 1
            one["segmentation"] = coco_mask.encode(mask)
            del one["bbox"]
            if "area" in one:
                one["area"] = float(coco_mask.area(one["segmentation"]))
        if kind == "keypoints":
            points = numpy.concatenate([generator.uniform(0, 1, (17, 2)) * [w, h] + [x, y], generator.integers(0, 3, (17, 1))], 1)
            if "score" not in one and generator.random() < 0.2:
                points[:, 2] = 0
            one["keypoints"] = points.reshape(-1).tolist()
            one["num_keypoints"] = int((points[:, 2] > 0).sum())
    if kind == "keypoints":
        for one in found:  # near the truth, or nothing is ever found
            near = [t for t in truth if t["image_id"] == one["image_id"]]
            if near and generator.random() < 0.8:
                pick = near[int(generator.integers(len(near)))]
                points = numpy.array(pick["keypoints"]).reshape(17, 3)
                points[:, :2] += generator.normal(0, 3, (17, 2))
                one["keypoints"], one["category_id"] = points.reshape(-1).tolist(), pick["category_id"]
    return height, width, truth, found


def flat(rows, key, width):
    return torch.tensor([r[key] for r in rows], dtype=torch.float64).reshape(len(rows), *width)


def parts(kind, height, width, truth, found):
    """A scene as the tests read it."""
    out = {"size": [height, width]}
    for name, rows in (("truth", truth), ("found", found)):
        out[f"{name}_image"] = [r["image_id"] for r in rows]
        out[f"{name}_label"] = [r["category_id"] for r in rows]
        if kind != "segm":
            out[f"{name}_boxes"] = flat(rows, "bbox", [4])
        else:
            out[f"{name}_masks"] = [r["segmentation"]["counts"].decode() for r in rows]
        if kind == "keypoints":
            out[f"{name}_points"] = flat(rows, "keypoints", [17, 3])
    out["area"] = flat(truth, "area", [])
    out["crowd"] = [t["iscrowd"] for t in truth]
    out["score"] = flat(found, "score", [])
    return out


@case("coco/numbers", kind=["bbox", "segm", "keypoints"], images=[1, 8, 40], seed=[0, 1])
def numbers(kind, images, seed):
    generator = numpy.random.default_rng(seed + 10 * images)
    height, width, truth, found = scene(kind, images, 3, 8, generator)
    if not found:
        found = [{**truth[0], "score": 0.5}]
    found_of_kind = [{k: v for k, v in f.items() if not (kind == "keypoints" and k == "bbox")} for f in found]
    return judged(kind, annotated(images, height, width, truth), found_of_kind) | parts(kind, height, width, truth, found)


def annotated(images, height, width, truth):
    """A scene as COCO's files have it."""
    return {
        "info": {},
        "images": [{"id": i, "file_name": f"{i}.jpg", "height": height, "width": width} for i in range(images)],
        "categories": [{"id": c, "name": f"kind {c}"} for c in range(1, 5)],
        "annotations": [{"ignore": 0, "num_keypoints": 0, **t, "id": i + 1} for i, t in enumerate(truth)],
    }


def judged(kind, dataset, found):
    """pycocotools' numbers."""
    seen = sorted({r["category_id"] for r in dataset["annotations"] + found})
    ground = COCO()
    ground.dataset = dataset
    with contextlib.redirect_stdout(io.StringIO()):
        ground.createIndex()
        evaluation = COCOeval(ground, ground.loadRes(found), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    out = {"stats": torch.from_numpy(evaluation.stats), "seen": seen}
    columns = torch.tensor([c - 1 for c in seen])
    out["precision"] = torch.from_numpy(evaluation.eval["precision"]).index_select(2, columns)
    out["scores"] = torch.from_numpy(evaluation.eval["scores"]).index_select(2, columns)
    out["recall"] = torch.from_numpy(evaluation.eval["recall"]).index_select(1, columns)
    return out


@case("coco/crowded", kind=["bbox", "segm", "keypoints"], images=[2])
def crowded(kind, images):
    """More of a kind in an image than count: 150 things and 320 detections. Sides of 32 and 96, where ranges of areas meet."""
    generator = numpy.random.default_rng(7)
    height, width = 150, 200
    truth, found = [], []
    for image in range(images):
        for i in range(150):
            side = [32, 96, 31, 33, 95, 97][i % 6]
            x, y = generator.integers(0, width - side), generator.integers(0, height - side)
            truth.append({"image_id": image, "category_id": 1, "bbox": [float(x), float(y), side, side], "area": side * side, "iscrowd": int(i % 40 == 7)})
        for i in range(320):
            x, y, w, h = truth[150 * image + i % 150]["bbox"]
            if i % 3:
                x, y = max(0.0, x + int(generator.integers(-4, 5))), max(0.0, y + int(generator.integers(-4, 5)))
            found.append({"image_id": image, "category_id": 1, "bbox": [x, y, w, h], "score": round(float(generator.random()), 2)})
    for number, one in enumerate(truth + found):
        x, y, w, h = map(int, one["bbox"])
        if kind == "segm":
            mask = numpy.zeros((height, width), numpy.uint8, order="F")
            mask[y : y + h, x : x + w] = 1
            one["segmentation"] = coco_mask.encode(mask)
            del one["bbox"]
            if "area" in one:
                one["area"] = float(coco_mask.area(one["segmentation"]))
        if kind == "keypoints":
            points = generator.uniform(0, 1, (17, 2)) * [w, h] + [x, y]
            if "score" in one:  # near those of the truth that it came from
                near = truth[150 * one["image_id"] + (number - len(truth)) % 320 % 150]
                points = numpy.array(near["keypoints"]).reshape(17, 3)[:, :2] + generator.normal(0, 2, (17, 2))
            one["keypoints"] = numpy.concatenate([points, numpy.full((17, 1), 2)], 1).reshape(-1).tolist()
            one["num_keypoints"] = 17
    found_of_kind = [{k: v for k, v in f.items() if not (kind == "keypoints" and k == "bbox")} for f in found]
    return judged(kind, annotated(images, height, width, truth), found_of_kind) | parts(kind, height, width, truth, found)


@case("coco/results", kind=["bbox", "segm", "keypoints"],
      has=["bbox", "segmentation", "bbox segmentation", "bbox polygons", "keypoints", "bbox keypoints"])  # fmt: skip
def results(kind, has):
    """Files as programs write them, of boxes, masks, key points or several of these."""
    if (kind == "keypoints") != ("keypoints" in has) and not (kind == "bbox" and has == "keypoints"):
        return {"skip": True}
    people = "keypoints" in has
    generator = numpy.random.default_rng(11)
    height, width, truth, found = scene("keypoints" if people else "segm", 9, 3, 8, generator)
    for i, one in enumerate(truth + found):
        if people:
            continue
        runs = one["segmentation"]
        one["bbox"] = coco_mask.toBbox(runs).tolist()
        x, y, w, h = one["bbox"]
        one["segmentation"] = {"size": runs["size"], "counts": runs["counts"].decode()}
        if "score" not in one and one["iscrowd"]:
            one["segmentation"]["counts"] = uncompressed(torch.from_numpy(coco_mask.decode(runs)))
        elif "score" not in one and i % 3 == 0 or has == "bbox polygons" and i % 2:
            one["segmentation"] = [[x, y, x + w, y, x + w / 2, y + h], [x, y + h / 2, x + w, y + h / 2, x + w, y + h, x, y + h]]
    for one in truth:  # which pycocotools does not look at: what is ignored are crowds
        one["ignore"] = int(generator.integers(0, 2))
    dataset = annotated(9, height, width, truth)
    kept = {"image_id", "category_id", "score", *has.replace("polygons", "segmentation").split()}
    found = [{k: v for k, v in f.items() if k in kept} for f in found]
    written = {"skip": False, "truth": json.dumps(dataset), "results": json.dumps(found)}
    return judged(kind, dataset, found) | written


@case("coco/counts", told=["none of some", "all of none", "as they are", "any"], seed=[0, 1])
def counts(told, seed):
    """Truth whose num_keypoints is not the number of its labelled points."""
    generator = numpy.random.default_rng(seed + 30)
    height, width, truth, found = scene("keypoints", 9, 3, 8, generator)
    for i, one in enumerate(truth):
        points = numpy.array(one["keypoints"]).reshape(17, 3)
        if told == "none of some" and i % 3 == 0:
            points[:, 2], one["num_keypoints"] = 2, 0
        elif told == "all of none" and i % 3 == 0:
            points[:, 2], one["num_keypoints"] = 0, 17
        elif told == "any":
            one["num_keypoints"] = int(generator.integers(0, 3))
        one["keypoints"] = points.reshape(-1).tolist()
        one["ignore"] = int(generator.integers(0, 2))
    found = [{k: v for k, v in f.items() if k in ("image_id", "category_id", "score", "keypoints")} for f in found]
    dataset = annotated(9, height, width, truth)
    written = {"truth": json.dumps(dataset), "results": json.dumps(found)}
    return judged("keypoints", dataset, found) | written


@case("coco/lvis", kind=["bbox", "segm"], images=[8, 30], seed=[0, 1, 2])
def lvis(kind, images, seed):
    """LVIS asks of each image about a few labels only. faster-coco-eval's numbers; it leaves those by frequency to us."""
    generator = numpy.random.default_rng(seed + 10 * images)
    height, width, truth, found = scene(kind, images, 6, 8, generator)
    for one in truth:
        one["iscrowd"] = 0
    some = lambda: set(generator.integers(1, 8, 2).tolist())
    absent = [sorted(some() - {t["category_id"] for t in truth if t["image_id"] == i}) for i in range(images)]
    incomplete = [sorted(some()) for i in range(images)]
    ground = FasterCoco({
        "info": {},
        "images": [{"id": i, "height": height, "width": width, "neg_category_ids": absent[i],
                    "not_exhaustive_category_ids": incomplete[i]} for i in range(images)],
        "categories": [{"id": c, "name": str(c), "frequency": "rcf"[c % 3]} for c in range(1, 9)],
        "annotations": [{**t, "id": i + 1} for i, t in enumerate(truth)],
    })  # fmt: skip
    # It would pass over others by itself, but stumbles when an image has masks of no other labels.
    asked = [set(absent[i]) | {t["category_id"] for t in truth if t["image_id"] == i} for i in range(images)]
    with contextlib.redirect_stdout(io.StringIO()):
        results = ground.loadRes([f for f in found if f["category_id"] in asked[f["image_id"]]])
        judge = COCOeval_faster(ground, results, kind, lvis_style=True)
        judge.run()
    precision = judge.eval["precision"][:, :, :, 0, -1]
    by_frequency = [precision[:, :, [c - 1 for c in range(1, 9) if c % 3 == f]] for f in range(3)]
    mean = lambda values: values[values > -1].mean() if (values > -1).any() else -1.0
    stats = judge.stats
    return {
        "numbers": torch.tensor([*stats[:6], *map(mean, by_frequency), stats[8], *stats[9:12]], dtype=torch.float64),
        "absent": torch.tensor([[*a, 0, 0][:2] for a in absent]),
        "incomplete": torch.tensor([[*a, 0, 0][:2] for a in incomplete]),
        **parts(kind, height, width, truth, found),
    }


run(__file__)

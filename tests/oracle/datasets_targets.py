"""datasets_targets: data sets with more than a class: boxes, masks, captions, pairs, films."""

import csv
import functools
import json
import random
import shutil
from io import StringIO
from unittest import mock

import numpy as np
import scipy.io
import torch
from oracle import case, run
from PIL import Image
from support.fake_data import *
from torchvision import datasets as D
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.tv_tensors import _dataset_wrapper


def _mat(variables, **options):
    out = io.BytesIO()
    scipy.io.savemat(out, variables, **options)
    return out.getvalue()


def _boxed(data, options=None):
    """Images, raw targets, and what torchvision's wrapper makes of them."""
    wrapped = D.wrap_dataset_for_transforms_v2(data, **(options or {}))

    def keep(_, i):
        image, target = data[i]
        out = {"image": tensor(image), "annotation": target}
        try:
            _, typed = wrapped[i]
        except KeyError:  # of an image without objects
            typed = {}
        for key in ("boxes", "labels", "masks"):
            if typed and key in typed:
                out[key] = torch.as_tensor(typed[key])
        return out

    return keep


def _detected(name, source, wrapping=None, **options):
    data, known = opened(name, source, **options)
    known["length"] = len(data)
    keep = _boxed(data, wrapping)
    annotations = []
    for i in range(len(data)):
        for key, value in keep(data, i).items():
            if key == "annotation":
                annotations.append(value)
            else:
                known[f"{key}{i}"] = value
    return data, {**known, "annotations": json.dumps(annotations)}


# --- COCO ------------------------------------------------------------------------------------------------------------------


def _coco_files():
    from pycocotools import mask

    names = {42: "b.jpg", 7: "a.jpg", 100: "sub/c.jpg", 9: "d.jpg"}
    files = {f"pictures/{name}": picture(height=8, width=10) for name in names.values()}
    bitmap = np.asfortranarray(pixels(8, 10, 1, 2))
    encoded_mask = mask.encode(bitmap)
    runs = {"size": [8, 10], "counts": encoded_mask["counts"].decode()}
    annotations = [
        {"id": 5, "image_id": 42, "category_id": 3, "bbox": [1.5, 2, 4.25, 3], "area": 12.75, "iscrowd": 0,
         "segmentation": [[1, 2, 6, 2, 6, 5.5, 1, 5], [0.5, 0.5, 2.5, 0.5, 2.5, 2.5]]},
        {"id": 6, "image_id": 7, "category_id": 1, "bbox": [0, 1, 3, 4], "area": 12, "iscrowd": 1,
         "segmentation": {"size": [8, 10], "counts": [10, 5, 20, 45]}},
        {"id": 4, "image_id": 42, "category_id": 90, "bbox": [0, 0, 9, 7], "area": 1e3, "iscrowd": 1, "segmentation": runs,
         "caption": "a \"quoted\" caption \u00e4"},
        {"id": 8, "image_id": 7, "category_id": 2, "bbox": [2, 2, 2, 2], "area": 4, "iscrowd": 0,
         "segmentation": [[2, 2, 4, 2, 4, 4, 2, 4]]},
        {"id": 5, "image_id": 100, "category_id": 5, "bbox": [1, 1, 2, 2.5], "area": 4, "iscrowd": 0, "segmentation": runs},
    ]
    for number, annotation in enumerate(annotations):
        annotation.setdefault("caption", f"caption {number}")
    document = {"info": {"year": 2017}, "licenses": [{"id": 1}],
                "images": [{"license": 1, "file_name": name, "height": 8, "width": 10, "id": id} for id, name in names.items()],
                "annotations": annotations, "categories": [{"id": 1, "name": "person"}, {"id": 3, "name": "car"}]}
    files["instances.json"] = json.dumps(document).encode()
    return files


@functools.cache
def _coco(name):
    root = fresh(f"roots/{name}")
    put(root, _coco_files())
    return getattr(D, name)(str(root / "pictures"), str(root / "instances.json")), root


@case("datasets_targets/coco")
def coco():
    data, root = _coco("CocoDetection")
    keep = _boxed(data, {"target_keys": ["boxes", "labels", "masks"]})
    known = {"root": str(root), "length": len(data), "ids": data.ids, "annotations": []}
    for i in range(len(data)):
        for key, value in keep(data, i).items():
            if key == "annotation":
                known["annotations"].append(value)
            else:
                known[f"{key}{i}"] = value
    return {**known, "annotations": json.dumps(known["annotations"])}


def _captioned(data, known):
    known["length"] = len(data)
    captions = []
    for i in range(len(data)):
        image, target = data[i]
        known[f"image{i}"] = tensor(image)
        captions.append([target] if isinstance(target, str) else target)
    return {**known, "captions": json.dumps(captions)}


@case("datasets_targets/coco_captions")
def coco_captions():
    data, root = _coco("CocoCaptions")
    return _captioned(data, {"root": str(root)})


# --- VOC and SBD ------------------------------------------------------------------------------------------------------------


def _object(name, box, extra=""):
    sides = "".join(f"<{side}>{value}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box))
    return f"<object>\n <name>{name}</name><pose>Left</pose>{extra}<bndbox>{sides}</bndbox>\n</object>"


def _voc_files(folder, sets):
    files = {}
    one = _object("dog", (1, 2, 5, 6))
    two = one + _object("tvmonitor", (3, 1, 9, 8), "<part><name>head</name></part><part><name>foot</name></part>")
    for number, (name, objects) in enumerate({"2007_000027": two, "2007_000032": one, "2007_000039": ""}.items()):
        size = "<size><width>10</width><height>8</height><depth>3</depth></size>"
        source = "<source> <!-- a comment --> <database>VOC &amp; more</database><empty/><blank>  </blank></source>"
        files[f"{folder}/Annotations/{name}.xml"] = (
            f"<annotation>\n\t<folder>VOC</folder><filename>{name}.jpg</filename>{source}{size}{objects}</annotation>").encode()
        files[f"{folder}/JPEGImages/{name}.jpg"] = picture(height=8, width=10)
        mask = Image.fromarray(pixels(8, 10, 1, 21), "P")
        mask.putpalette(list(range(256)) * 3)
        files[f"{folder}/SegmentationClass/{name}.png"] = encoded(mask)
    names = ["2007_000027", "2007_000032", "2007_000039"]
    for at, image_set in enumerate(sets):
        for kind in ("Main", "Segmentation"):
            files[f"{folder}/ImageSets/{kind}/{image_set}.txt"] = ("\n".join(names[at % 2 :][: 3 - at]) + "\n").encode()
    return files


@functools.cache
def _voc():
    mirror = Mirror("VOCDetection")
    for key, row in D.voc.DATASET_YEAR_DICT.items():
        sets = ["test"] if key == "2007-test" else ["train", "val", "trainval"]
        mirror.add(row["url"], tar(_voc_files(row["base_dir"], sets), ""), row["filename"])
    return mirror


def _of_voc(year, image_set, known):
    """Two archives have one name: whoever asks for one of them knows its hash."""
    row = D.voc.DATASET_YEAR_DICT["2007-test" if image_set == "test" else year]
    own = {f"VOCDetection/{row['filename']}": md5(_voc().content(row["url"]))}
    return {**known, "year": year, "image_set": image_set, "hashes": {**known["hashes"], **own}}


_years = [(str(year), image_set) for year in range(2012, 2006, -1) for image_set in ("train", "val", "trainval")]
_years += [("2007", "test")]


@case("datasets_targets/voc_detection", which=_years)
def voc_detection(which):
    year, image_set = which
    return _of_voc(year, image_set, _detected("VOCDetection", _voc(), year=year, image_set=image_set)[1])


@case("datasets_targets/voc_segmentation", which=_years)
def voc_segmentation(which):
    year, image_set = which
    keep = lambda data, i: {"image": tensor(data[i][0]), "mask": tensor(data[i][1])}
    return _of_voc(year, image_set, recorded("VOCSegmentation", _voc(), keep, year=year, image_set=image_set)[1])


@functools.cache
def _sbd():
    mirror = Mirror("SBDataset")
    files = {}
    names = ["2008_000002", "2008_000003", "2008_000007"]
    for name in names:
        boundaries = np.empty((20, 1), dtype=object)
        for i in range(20):
            boundaries[i, 0] = scipy.sparse.csc_matrix(pixels(8, 10, 1, 2) * pixels(8, 10, 1, 2))
        truth = {"Boundaries": boundaries, "Segmentation": pixels(8, 10, 1, 21), "CategoriesPresent": np.array([[1, 2]], np.uint8)}
        files[f"cls/{name}.mat"] = _mat({"GTcls": truth}, do_compression=True)
        files[f"img/{name}.jpg"] = picture(height=8, width=10)
        files[f"inst/{name}.mat"] = b"."
    files["train.txt"], files["val.txt"] = "\n".join(names[:2]).encode() + b"\n", names[2].encode() + b"\n"
    mirror.add(D.SBDataset.url, tar({f"benchmark_RELEASE/dataset/{name}": data for name, data in files.items()}))
    mirror.add(D.SBDataset.voc_train_url, f"{names[1]}\n{names[2]}\n".encode())
    return mirror


@case("datasets_targets/sbd", image_set=["train", "val", "train_noval"], mode=["boundaries", "segmentation"])
def sbd(image_set, mode):
    keep = lambda data, i: {"image": tensor(data[i][0]), "mask": tensor(data[i][1])}
    return recorded("SBDataset", _sbd(), keep, image_set=image_set, mode=mode)[1]


# --- Streets and faces ------------------------------------------------------------------------------------------------------


@functools.cache
def _kitti():
    mirror = Mirror("Kitti")
    pictures, labels = {}, {}
    for i in range(3):
        pictures[f"training/image_2/{i:06d}.png"] = picture("PNG", height=8, width=10)
        pictures[f"testing/image_2/{i:06d}.png"] = picture("PNG", height=8, width=10)
        labels[f"training/label_2/{i:06d}.txt"] = "".join(
            f"{kind} 0.{k} {k} -1.5{i} {k}.25 1.00 {k + 4}.5 7.125 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"
            for k, kind in enumerate(["Car", "DontCare", "Person_sitting"][: 3 - i])).encode()
    for name, files in zip(D.Kitti.resources, (pictures, labels)):
        mirror.add(D.Kitti.data_url + name, zipped(files))
    return mirror


@case("datasets_targets/kitti", train=[True, False])
def kitti(train):
    return _detected("Kitti", _kitti(), train=train)[1]


@functools.cache
def _widerface():
    mirror = Mirror("WIDERFace")
    lists = {}
    for (file_id, _, archive), split in zip(D.WIDERFace.FILE_LIST, ("train", "val", "test")):
        names = [f"0--Parade/{split}_{i}.jpg" for i in range(3)]
        mirror.drive(file_id, zipped({f"WIDER_{split}/images/{name}": picture(height=8, width=10) for name in names}), archive)
        faces = ["2\n1 2 3 4 0 1 0 2 1 0 \n5 6 7 8 2 0 1 0 0 1 \n", "0\n0 0 0 0 0 0 0 0 0 0 \n", "1\n3 1 2 2 1 1 1 1 1 1 \n"]
        lists[f"wider_face_split/wider_face_{split}_bbx_gt.txt"] = "".join(f"{n}\n{f}" for n, f in zip(names, faces)).encode()
        lists[f"wider_face_split/wider_face_{split}_filelist.txt"] = ("\n".join(names) + "\n").encode()
    url, _, archive = D.WIDERFace.ANNOTATIONS_FILE
    mirror.add(url, zipped(lists), archive)
    return mirror


@case("datasets_targets/widerface", split=["train", "val", "test"])
def widerface(split):
    data, known = opened("WIDERFace", _widerface(), split=split)
    known["length"] = len(data)
    wrapped = D.wrap_dataset_for_transforms_v2(data)
    for i in range(len(data)):
        image, target = wrapped[i]
        known[f"image{i}"] = tensor(image)
        for key, value in (target or {}).items():
            known[f"{key}{i}"] = torch.as_tensor(value)
    return known


# --- Things, pets, species, streets ------------------------------------------------------------------------------------------


@functools.cache
def _caltech101():
    mirror = Mirror("Caltech101")
    pictures, outlines = {"101_ObjectCategories/BACKGROUND_Google/image_0001.jpg": picture()}, {}
    for category, folder, count in (("Faces", "Faces_2", 2), ("Faces_easy", "Faces_3", 1), ("Motorbikes", "Motorbikes_16", 1),
                                    ("accordion", "accordion", 3), ("airplanes", "Airplanes_Side_2", 1)):
        for i in range(1, count + 1):
            pictures[f"101_ObjectCategories/{category}/image_{i:04d}.jpg"] = picture(mode="L" if i == 2 else "RGB")
            outlines[f"Annotations/{folder}/annotation_{i:04d}.mat"] = _mat(
                {"box_coord": np.array([[1, 2, 3, 4]], np.uint16), "obj_contour": np.random.rand(2, 5 + i) * 100})
    mirror.add("https://data.caltech.edu/records/mzrjq-6wc02/files/caltech-101.zip",
               zipped({"caltech-101/101_ObjectCategories.tar.gz": tar(pictures), "caltech-101/Annotations.tar.gz": tar(outlines),
                       "caltech-101/show_annotation.m": b"."}))
    return mirror


@case("datasets_targets/caltech101", targets=[["category"], ["annotation"], ["category", "annotation"]])
def caltech101(targets):
    data, known = opened("Caltech101", _caltech101(), target_type=targets)
    known.update(length=len(data), labels=[], categories=data.categories)
    for i in range(len(data)):
        image, target = data[i]
        known[f"image{i}"] = tensor(image)
        target = dict(zip(targets, target if len(targets) > 1 else [target]))
        known["labels"].append(target.get("category"))
        if "annotation" in target:
            known[f"contour{i}"] = torch.from_numpy(np.ascontiguousarray(target["annotation"]))
    return known


@case("datasets_targets/caltech256")
def caltech256():
    mirror = Mirror("Caltech256")
    names = [f"256_ObjectCategories/{c}/{c[:3]}_{i:04d}.jpg" for c in ("001.ak47", "002.american-flag") for i in range(1, 4)]
    files = {name: picture(mode="L" if "0002" in name else "RGB") for name in names}
    files["256_ObjectCategories/002.american-flag/notes"] = b"."
    mirror.add("https://data.caltech.edu/records/nyy15-4j048/files/256_ObjectCategories.tar", tar(files, ""))
    known = classified("Caltech256", mirror)
    return known


@functools.cache
def _pets():
    mirror = Mirror("OxfordIIITPet")
    ids = {"Abyssinian_2": (1, 1), "great_pyrenees_10": (3, 2), "Abyssinian_1": (1, 1), "american_pit_bull_7": (2, 2)}
    mirror.add(D.OxfordIIITPet._RESOURCES[0][0], tar({f"images/{i}.jpg": picture(height=8, width=10) for i in ids}))
    files = {f"annotations/trimaps/{i}.png": encoded(pixels(8, 10, 1, 3) + 1) for i in ids}
    for at, split in enumerate(("trainval", "test")):
        files[f"annotations/{split}.txt"] = "".join(f"{i} {c} {k} 1\n" for i, (c, k) in list(ids.items())[at:]).encode()
    mirror.add(D.OxfordIIITPet._RESOURCES[1][0], tar(files))
    return mirror


@case("datasets_targets/pets", split=["trainval", "test"], targets=[["category", "binary-category", "segmentation"], ["category"],
                                                                   ["segmentation", "binary-category"], ["binary-category"]])
def pets(split, targets):
    data, known = opened("OxfordIIITPet", _pets(), split=split, target_types=targets)
    known.update(length=len(data), labels=[], binary=[], classes=data.classes, class_to_idx=data.class_to_idx)
    for i in range(len(data)):
        image, target = data[i]
        known[f"image{i}"] = tensor(image)
        target = dict(zip(targets, target if len(targets) > 1 else [target]))
        if "segmentation" in target:
            known[f"mask{i}"] = tensor(target["segmentation"])
        known["labels"] += [target["category"]] if "category" in target else []
        known["binary"] += [target["binary-category"]] if "binary-category" in target else []
    return known


@functools.cache
def _inaturalist():
    mirror = Mirror("INaturalist")
    recent = ["00000_Animalia_Annelida_Clitellata_Haplotaxida_Lumbricidae_Lumbricus_terrestris",
              "00001_Animalia_Chordata_Aves_Passeriformes_Corvidae_Corvus_corax",
              "00002_Plantae_Tracheophyta_Liliopsida_Poales_Poaceae_Poa_annua"]
    for version, url in D.inaturalist.DATASET_URLS.items():
        folder = url.rsplit("/", 1)[-1].rstrip(".tar.gz")
        if version.startswith("2021"):
            names = recent
        elif version == "2017":
            names = ["Aves/Corvus corax", "Aves/Pica pica", "Plantae/Poa annua"]
        else:
            names = ["Birds/1", "Birds/0", "Plants/2"]
        mirror.add(url, tar({f"{folder}/{name}/{i}.jpg": picture() for name in names for i in ("b", "a")}), f"{version}.tgz")
    return mirror


@case("datasets_targets/inaturalist", version=list(D.inaturalist.DATASET_URLS), targets=["full", "groups", "ranks"])
def inaturalist(version, targets):
    recent = {"groups": ["genus", "full", "kingdom"], "ranks": ["phylum", "class", "order", "family"]}
    kinds = ["full"] if targets == "full" else recent[targets] if version.startswith("2021") else ["super", "full"]
    data, known = opened("INaturalist", _inaturalist(), version=version, target_type=kinds)
    known.update(length=len(data), kinds=kinds, targets_of=[], categories=data.all_categories,
                 name=data.category_name("full", 1), groups=[data.category_name(kind, 0) for kind in kinds])
    for i in range(len(data)):
        image, target = data[i]
        known[f"image{i}"] = tensor(image)
        known["targets_of"].append(list(target) if isinstance(target, tuple) else [target])
    return {**known, "targets_of": json.dumps(known["targets_of"])}


def _cityscapes():
    folders = {"leftImg8bit_trainvaltest": {}, "leftImg8bit_trainextra": {}, "gtFine_trainvaltest": {}, "gtCoarse": {}}
    for split, modes in (("train", ("gtFine", "gtCoarse")), ("val", ("gtFine", "gtCoarse")), ("test", ("gtFine",)),
                         ("train_extra", ("gtCoarse",))):
        for city in ("zurich", "aachen"):
            stem = f"{split}/{city}/{city}_000000_000019"
            images = folders["leftImg8bit_trainextra" if split == "train_extra" else "leftImg8bit_trainvaltest"]
            images[f"leftImg8bit/{stem}_leftImg8bit.png"] = picture("PNG", height=8, width=10)
            for mode in modes:
                targets = folders["gtFine_trainvaltest" if mode == "gtFine" else "gtCoarse"]
                instances = (pixels(8, 10, 1, 3).astype(np.uint16) + 24) * 1000
                targets[f"{mode}/{stem}_{mode}_instanceIds.png"] = encoded(Image.fromarray(instances))
                targets[f"{mode}/{stem}_{mode}_labelIds.png"] = encoded(pixels(8, 10, 1, 34))
                targets[f"{mode}/{stem}_{mode}_color.png"] = picture("PNG", "RGBA", 8, 10)
                targets[f"{mode}/{stem}_{mode}_polygons.json"] = json.dumps(
                    {"imgHeight": 8, "objects": [{"label": "road", "polygon": [[0, 1], [2, 3]]}]}).encode()
    return folders


@case("datasets_targets/cityscapes", which=[("train", "fine"), ("val", "fine"), ("test", "fine"), ("train", "coarse"),
                                            ("val", "coarse"), ("train_extra", "coarse")])
def cityscapes(which):
    split, mode = which
    folders = _cityscapes()
    files = {name: data for folder in folders.values() for name, data in folder.items()}
    kinds = ["instance", "semantic", "color", "polygon"]
    data, known = opened("Cityscapes", files, split=split, mode=mode, target_type=kinds)
    archives = fresh(f"cityscapes_archives_{split}_{mode}")
    put(archives, {f"{name}.zip": zipped(folder) for name, folder in folders.items()})
    known.update(length=len(data), split=split, mode=mode, archives=str(archives), polygons=[])
    for i in range(len(data)):
        image, target = data[i]
        known[f"image{i}"] = tensor(image)
        for kind, value in zip(kinds[:3], target):
            known[f"{kind}{i}"] = tensor(value)
        known["polygons"].append(target[3])
    # torchvision's wrapper fails at the numbers of uint16 that such files have, since LibTorch cannot compare them.
    masks = mock.patch.object(_dataset_wrapper, "pil_image_to_mask", lambda mask: tv_tensors.Mask(tensor(mask).to(torch.int32)))
    objects = D.wrap_dataset_for_transforms_v2(D.Cityscapes(known["root"], split=split, mode=mode, target_type="instance"))
    with masks:
        for i in range(len(data)):
            _, target = objects[i]
            known[f"object_masks{i}"], known[f"object_labels{i}"] = target["masks"].squeeze(1), target["labels"]
    # Streets that are mirrored, cut at two sides and padded at the others: objects may go, none comes.
    moves = v2.Compose([v2.RandomHorizontalFlip(1.0), v2.CenterCrop([4, 14])])
    moved = D.wrap_dataset_for_transforms_v2(
        D.Cityscapes(known["root"], split=split, mode=mode, target_type=["instance", "semantic"], transforms=moves))
    with masks:
        for i in range(len(data)):
            image, (objects_of, semantic) = moved[i]
            known[f"moved_image{i}"], known[f"moved_semantic{i}"] = tensor(image), torch.as_tensor(semantic)
            known[f"moved_masks{i}"], known[f"moved_labels{i}"] = objects_of["masks"].squeeze(1), objects_of["labels"]
    return {**known, "polygons": json.dumps(known["polygons"])}


@case("datasets_targets/cityscapes_classes")
def cityscapes_classes():
    return {"rows": ["|".join(str(v) for v in (c.name, c.id, c.train_id, c.category, c.category_id, int(c.has_instances),
                                                int(c.ignore_in_eval), *c.color)) for c in D.Cityscapes.classes]}


# --- The wrapper's keys -----------------------------------------------------------------------------------------------------

_wrapped = [(name, keys) for name, lists in {
    "CocoDetection": [None, "all", ["boxes", "masks"], ["labels", "area", "iscrowd"], ["image_id"], ["masks", "bbox", "category_id"]],
    "VOCDetection": [None, "all", ["boxes"], ["annotation", "labels"]],
    "Kitti": [None, "all", ["labels"], ["boxes", "type", "location"]],
    "WIDERFace": [None, "all", ["bbox"], ["pose", "blur"]],
}.items() for keys in lists]


def _data_to_wrap(name):
    if name == "CocoDetection":
        data, root = _coco(name)
        return data, {"root": str(root)}
    options = {"VOCDetection": {"year": "2007", "image_set": "test"}, "Kitti": {}, "WIDERFace": {"split": "val"}}[name]
    return opened(name, {"VOCDetection": _voc, "Kitti": _kitti, "WIDERFace": _widerface}[name](), **options)


@case("datasets_targets/registered")
def registered():
    """The sets that torchvision wraps."""
    return {"names": sorted(cls.__name__ for cls in _dataset_wrapper.WRAPPER_FACTORIES)}


@case("datasets_targets/wrapped", which=_wrapped)
def wrapped(which):
    """Tensors as tensors; what is left of the target in its own form, as JSON; null for an image without objects."""
    name, keys = which
    data, known = _data_to_wrap(name)
    view = D.wrap_dataset_for_transforms_v2(data, keys)
    rest = []
    for i in range(len(view)):
        try:
            _, target = view[i]
        except KeyError:
            rest.append(None)
            continue
        tensors = {key for key in target if key in ("boxes", "labels", "masks") or name == "WIDERFace"}
        known.update({f"{key}{i}": torch.as_tensor(target[key]) for key in tensors})
        rest.append({key: value for key, value in target.items() if key not in tensors})
    return {**known, "name": name, "keys": keys, "length": len(view), "rest": json.dumps(rest)}


# --- Sentences, patches, films ----------------------------------------------------------------------------------------------


@case("datasets_targets/flickr8k")
def flickr8k():
    root = fresh("roots/flickr8k")
    put(root, {f"pictures/{name}.jpg": picture() for name in ("300_abc", "12_def", "12_zzz", "7_ghi")})
    page = """<!DOCTYPE html><html><body><a>not/in/the/table/</a><table border=1>
<tr><td><a href='http://flickr.com/x'>http://www.flickr.com/photos/me/300/</a><ul>
<li> A dog &amp; a cat . </li><li>\u3000\xa0Wide\xa0blanks&nbsp;</li><li>It&#39;s &quot;fun&quot; .</LI></ul></td></tr>
<tr><td>Image Not Found<ul><li>lost</li></ul></td><!-- <li>hidden</li> --></tr>
<tr><td><A HREF="y">http://www.flickr.com/photos/you/12/</a><ul><li>Third
</li></ul></td></tr><tr><td><a>http://x/7/</a></td></tr></table><ul><li>after</li></ul></body></html>"""
    put(root, {"captions.html": page.encode()})
    data = D.Flickr8k(str(root / "pictures"), str(root / "captions.html"))
    return _captioned(data, {"root": str(root)})


@case("datasets_targets/flickr30k")
def flickr30k():
    root = fresh("roots/flickr30k")
    put(root, {f"pictures/{name}.jpg": picture() for name in ("30", "4")})
    lines = ["4.jpg#0\tTwo men .", "30.jpg#0\tA house", "4.jpg#1\tMen , outdoors . ", "30.jpg#1\tA \u00e4 b", "4.jpg#2\tA dog\u00a0\u2009",
             "\u00a030.jpg#2\t\u2003A cat\u0085"]
    put(root, {"results.token": ("\n".join(lines) + "\n").encode()})
    data = D.Flickr30k(str(root / "pictures"), str(root / "results.token"))
    return _captioned(data, {"root": str(root)})


@case("datasets_targets/sbu")
def sbu():
    mirror = Mirror("SBU")
    urls = [f"http://static.flickr.com/1/{i}.jpg" for i in range(4)]
    for url in (urls[0], urls[2]):
        mirror.add(url, picture())
    files = {"dataset/SBU_captioned_photo_dataset_urls.txt": "\n".join(urls).encode() + b"\n",
             "dataset/SBU_captioned_photo_dataset_captions.txt": "\n".join(f"\u2003caption {i} . \xa0\x1f" for i in range(4)).encode() + b"\n"}
    mirror.hashes = {}
    mirror.add(D.SBU.url, tar(files))
    return _captioned(*opened("SBU", mirror))


@functools.cache
def _phototour():
    mirror = Mirror("PhotoTour")
    for name, (url, file, _) in D.PhotoTour.urls.items():
        files = {f"patches{i:04d}.bmp": encoded(pixels(128, 192, 1), "BMP") for i in (1, 0)}
        files["info.txt"] = "".join(f"{i // 2} 0\n" for i in range(12)).encode()
        files["m50_100000_100000_0.txt"] = b"0 0 0 1 0 0 0\n3 1 0 11 5 0 0\n2 1 0 3 1 0 0\n"
        mirror.add(url, zipped(files), file)
    return mirror


@case("datasets_targets/phototour", set=list(D.PhotoTour.urls), train=[True, False])
def phototour(set, train):
    data, known = opened("PhotoTour", _phototour(), name=set, train=train)
    known.update(length=len(data), mean=data.mean, std=data.std, labels=data.labels, same=[])
    for i in range(len(data)):
        if train:
            known[f"first{i}"] = data[i]
        else:
            known[f"first{i}"], known[f"second{i}"], same = data[i]
            known["same"].append(int(same))
    return known


@functools.cache
def _moving_mnist():
    mirror = Mirror("MovingMNIST")
    out = io.BytesIO()
    np.save(out, pixels(20, 3 * 6, 5).reshape(20, 3, 6, 5))
    mirror.add(D.MovingMNIST._URL, out.getvalue())
    return mirror


@case("datasets_targets/moving_mnist", split=[None, "train", "test"], split_ratio=[10, 3])
def moving_mnist(split, split_ratio):
    data, known = opened("MovingMNIST", _moving_mnist(), split=split, split_ratio=split_ratio)
    return {**known, "videos": torch.stack([data[i] for i in range(len(data))])}


@case("datasets_targets/white_space")
def white_space():
    letters = [chr(i) for i in range(0x4000)]
    return {"letters": letters, "stripped": [int(not letter.strip()) for letter in letters]}


@case("datasets_targets/csv")
def csv_texts():
    draw = random.Random(0)
    texts = ["".join(draw.choice('a"",\n\r ') for _ in range(draw.randint(0, 14))) for _ in range(300)]
    rows = [[[row for row in csv.reader(StringIO(text, newline=""), skipinitialspace=skip) if row] for skip in (False, True)]
            for text in texts]
    return {"texts": json.dumps(texts), "rows": json.dumps(rows)}


run(__file__)

"""datasets_flow: optical flow and stereo pairs, in small copies of their folders."""

import functools
import json
import pathlib
import random
import struct
from unittest import mock

import cv2
import numpy as np
import torch
from oracle import case, run
from PIL import Image
from support.fake_data import *
from torchvision import datasets as D


def _flo(height=5, width=6):
    flow = np.random.randn(height, width, 2).astype("<f4")
    return b"PIEH" + struct.pack("<ii", width, height) + flow.tobytes()


def _pfm(height=5, width=6, channels=1, extra=None):
    data = np.random.randn(height, width, channels).astype("<f4")
    if extra is not None:
        data[0, :2] = extra
    return f"{'PF' if channels == 3 else 'Pf'}\n{width} {height}\n-1.0\n".encode() + data.tobytes()


def _png16(height=5, width=6, channels=3):
    shape = (height, width, 3) if channels == 3 else (height, width)
    data = np.random.randint(0, 1 << 16, shape).astype(np.uint16)
    data[:2, :, ...] //= 20000  # zeros too, the valid bit among them
    return cv2.imencode(".png", data)[1].tobytes()


def _gray(height=5, width=6, high=3):
    return encoded(pixels(height, width, 1, high) * 100)


def _picture(format="PNG", mode="RGB"):
    return picture(format, mode, 5, 6)


def _recorded(name, files, **options):
    data, known = opened(name, files, **options)
    known["length"] = len(data)
    for i in range(len(data)):
        first, second, moved, *valid = data[i]
        known[f"first{i}"], known[f"second{i}"] = tensor(first), tensor(second)
        if moved is not None:
            known[f"moved{i}"] = tensor(moved)
        if valid and valid[0] is not None:
            known[f"valid{i}"] = tensor(valid[0])
    return known


def _sintel():
    files = {}
    for scene, frames in (("market_2", 3), ("alley_1", 4)):
        for i in range(1, frames + 1):
            for part in ("training/clean", "training/final", "test/clean", "test/final"):
                files[f"{part}/{scene}/frame_{i:04d}.png"] = _picture()
            if i < frames:
                files[f"training/flow/{scene}/frame_{i:04d}.flo"] = _flo()
    return {f"Sintel/{name}": data for name, data in files.items()}


@case("datasets_flow/sintel", split=["train", "test"], pass_name=["clean", "final", "both"])
def sintel(split, pass_name):
    return _recorded("Sintel", _sintel(), split=split, pass_name=pass_name)


@case("datasets_flow/kitti_flow", split=["train", "test"])
def kitti_flow(split):
    files = {}
    for part in ("training", "testing"):
        for i in range(3):
            files[f"KittiFlow/{part}/image_2/{i:06d}_10.png"] = _picture()
            files[f"KittiFlow/{part}/image_2/{i:06d}_11.png"] = _picture()
            files[f"KittiFlow/{part}/flow_occ/{i:06d}_10.png"] = _png16()
    return _recorded("KittiFlow", files, split=split)


@case("datasets_flow/flying_chairs", split=["train", "val"])
def flying_chairs(split):
    files = {"FlyingChairs_train_val.txt": b"1\n2\n1\n2\n"}
    for i in range(1, 5):
        files[f"data/{i:05d}_img1.ppm"], files[f"data/{i:05d}_img2.ppm"] = _picture("PPM"), _picture("PPM")
        files[f"data/{i:05d}_flow.flo"] = _flo()
    return _recorded("FlyingChairs", {f"FlyingChairs/{name}": data for name, data in files.items()}, split=split)


def _flying_things():
    files = {}
    for split in ("TRAIN", "TEST"):
        for scene in ("A/0001", "A-b/0000", "B/0000"):  # paths sort by parts, their text by letters
            for camera in ("left", "right"):
                for i in range(6, 9):
                    for kind in ("clean", "final"):
                        files[f"frames_{kind}pass/{split}/{scene}/{camera}/{i:04d}.png"] = _picture()
                    for way, letter in (("into_future", "F"), ("into_past", "P")):
                        files[f"optical_flow/{split}/{scene}/{way}/{camera}/OpticalFlowInto{letter}_{i:04d}_L.pfm"] = _pfm(channels=3)
    return {f"FlyingThings3D/{name}": data for name, data in files.items()}


@case("datasets_flow/flying_things", split=["train", "test"], pass_name=["clean", "final", "both"], camera=["left", "right", "both"])
def flying_things(split, pass_name, camera):
    return _recorded("FlyingThings3D", _flying_things(), split=split, pass_name=pass_name, camera=camera)


@case("datasets_flow/hd1k", split=["train", "test"])
def hd1k(split):
    files = {}
    for sequence, frames in ((0, 3), (35, 2), (7, 1)):
        for i in range(frames):
            files[f"hd1k_flow_gt/flow_occ/{sequence:06d}_{i:04d}.png"] = _png16()
            files[f"hd1k_input/image_2/{sequence:06d}_{i:04d}.png"] = _picture()
    for i in range(2):
        for number in (10, 11):
            files[f"hd1k_challenge/image_2/{i:06d}_{number}.png"] = _picture()
    return _recorded("HD1K", {f"hd1k/{name}": data for name, data in files.items()}, split=split)


# --- Stereo ---------------------------------------------------------------------------------------------------------------


@case("datasets_flow/carla")
def carla():
    files = {}
    for scene in ("b", "a"):
        folder = f"carla-highres/trainingF/{scene}"
        files.update({f"{folder}/im0.png": _picture(mode="RGBA"), f"{folder}/im1.png": _picture(mode="RGBA"),
                      f"{folder}/disp0GT.pfm": _pfm(), f"{folder}/disp1GT.pfm": _pfm()})
    return _recorded("CarlaStereo", files)


@case("datasets_flow/kitti2012", split=["train", "test"])
def kitti2012(split):
    files = {}
    for part in ("training", "testing"):
        for i in (1, 0):
            for side in (0, 1):
                files[f"Kitti2012/{part}/colored_{side}/{i:06d}_10.png"] = _picture()
                files[f"Kitti2012/{part}/colored_{side}/{i:06d}_11.png"] = _picture()
            files[f"Kitti2012/{part}/disp_noc/{i:06d}_10.png"] = _png16(channels=1)
    return _recorded("Kitti2012Stereo", files, split=split)


@case("datasets_flow/kitti2015", split=["train", "test"])
def kitti2015(split):
    """As the archives are: beside each picture the one that follows (_11), of which there is no disparity."""
    files = {}
    for part in ("training", "testing"):
        for i in (1, 0):
            for side in (0, 1):
                for number in (10, 11):
                    files[f"Kitti2015/{part}/image_{side + 2}/{i:06d}_{number}.png"] = _picture()
                files[f"Kitti2015/{part}/disp_occ_{side}/{i:06d}_10.png"] = _png16(channels=1)
    data, known = opened("Kitti2015Stereo", files, split=split)
    known["length"] = len(data)
    for i in range(len(data)):
        try:
            first, second, moved, _ = data[i]
        except IndexError:  # of the split train, which has half as many disparities as pairs
            (first, second), moved = (data._read_img(path) for path in data._images[i]), None
        known[f"first{i}"], known[f"second{i}"] = tensor(first), tensor(second)
        if moved is not None:
            known[f"moved{i}"] = tensor(moved)
    return known


def _scene(disparities=True, ambient=()):
    files = {"im0.png": _picture(), "im1.png": _picture(), "calib.txt": b"cam0=1\n", **{name: _picture() for name in ambient}}
    if disparities:
        files.update({"disp0.pfm": _pfm(extra=np.inf), "disp1.pfm": _pfm()})
    return files


@functools.cache
def _middlebury():
    mirror = Mirror("Middlebury2014Stereo")
    base = "https://vision.middlebury.edu/stereo/data/scenes2014/zip"
    for split in ("train", "additional"):
        for scene in D.Middlebury2014Stereo.splits[split]:
            for calibration in ("perfect", "imperfect"):
                name = f"{scene}-{calibration}"
                mirror.add(f"{base}/{name}.zip", zipped({f"{name}/{file}": data for file, data in _scene().items()}))
    files = {f"MiddEval3/testF/{scene}/{file}": data for scene in D.Middlebury2014Stereo.splits["test"]
             for file, data in _scene(False).items()}
    mirror.add("https://vision.middlebury.edu/stereo/submit3/zip/MiddEval3-data-F.zip", zipped(files))
    mirror.hashes = {}
    return mirror


@case("datasets_flow/middlebury", split=["train", "additional", "test"], calibration=["perfect", "imperfect", "both"])
def middlebury(split, calibration):
    calibration = None if split == "test" else calibration
    return {**_recorded("Middlebury2014Stereo", _middlebury(), split=split, calibration=calibration), "calibration": calibration}


@case("datasets_flow/middlebury_light")
def middlebury_light():
    """The right pictures that there are to choose from."""
    files = {}
    for scene, ambient in (("Adirondack", ("im1E.png", "im1L.png")), ("Piano", ("im1L.png",)), ("Pipes", ())):
        folder = f"Middlebury2014/train/{scene}-perfect"
        files.update({f"{folder}/{file}": data for file, data in _scene(ambient=ambient).items()})
    data, known = opened("Middlebury2014Stereo", files, calibration="perfect", use_ambient_views=True)
    for i in range(len(data)):
        with mock.patch.object(random, "choice", side_effect=lambda paths: paths[-1]) as choice:
            known[f"left{i}"] = tensor(data[i][0])
        known[f"rights{i}"] = torch.stack([tensor(Image.open(path).convert("RGB")) for path in choice.call_args[0][0]])
    return {**known, "length": len(data)}


@case("datasets_flow/crestereo")
def crestereo():
    files = {}
    for part in ("tree", "shapenet", "reflective", "hole"):
        for i in (10, 9):
            for side in ("left", "right"):
                files[f"CREStereo/{part}/{i}_{side}.jpg"] = _picture("JPEG")
                files[f"CREStereo/{part}/{i}_{side}.disp.png"] = _png16(channels=1)
    return _recorded("CREStereo", files)


@case("datasets_flow/falling_things", variant=["single", "mixed", "both"])
def falling_things(variant):
    files = {}
    for folder in ("single/002_can/kitchen_0", "single/001_box/temple_1", "mixed/kitedemo_0"):
        for i in range(2):
            for side in ("left", "right"):
                files[f"FallingThings/{folder}/{i:06d}.{side}.jpg"] = _picture("JPEG")
                files[f"FallingThings/{folder}/{i:06d}.{side}.depth.png"] = _png16(channels=1)
        settings = {"camera_settings": [{"intrinsic_settings": {"fx": 768.1605834960938 if "mixed" in folder else 700}}]}
        files[f"FallingThings/{folder}/_camera_settings.json"] = json.dumps(settings).encode()
    return _recorded("FallingThingsStereo", files, variant=variant)


def _scene_flow():
    files = {}
    for variant, folders in (("Monkaa", ["b_x2", "a_x2"]), ("FlyingThings3D", ["TRAIN/A/0001", "TEST/B/0000"]),
                             ("Driving", ["15mm/scene_forwards/fast", "35mm/scene_backwards/slow"])):
        for folder in folders:
            for side in ("left", "right"):
                for kind in ("clean", "final"):
                    files[f"SceneFlow/{variant}/frames_{kind}pass/{folder}/{side}/0001.png"] = _picture()
                files[f"SceneFlow/{variant}/disparity/{folder}/{side}/0001.pfm"] = _pfm()
    return files


@case("datasets_flow/scene_flow", variant=["FlyingThings3D", "Driving", "Monkaa"], pass_name=["clean", "final", "both"])
def scene_flow(variant, pass_name):
    return _recorded("SceneFlowStereo", _scene_flow(), variant=variant, pass_name=pass_name)


@case("datasets_flow/sintel_stereo", pass_name=["final", "clean", "both"])
def sintel_stereo(pass_name):
    files = {}
    for scene in ("market_2", "alley_1"):
        for i in range(1, 3):
            name = f"{scene}/frame_{i:04d}.png"
            for folder in ("clean_left", "clean_right", "final_left", "final_right", "disparities"):
                files[f"Sintel/training/{folder}/{name}"] = _picture()
            for folder in ("occlusions", "outofframe"):
                files[f"Sintel/training/{folder}/{name}"] = _gray()
    return _recorded("SintelStereo", files, pass_name=pass_name)


@case("datasets_flow/instereo", split=["train", "test"])
def instereo(split):
    files = {}
    for part in ("train", "test"):
        for scene in ("000010", "000002"):
            for side in ("left", "right"):
                files[f"InStereo2k/{part}/{scene}/{side}.png"] = _picture()
                files[f"InStereo2k/{part}/{scene}/{side}_disp.png"] = _png16(channels=1)
    return _recorded("InStereo2k", files, split=split)


@case("datasets_flow/eth3d", split=["train", "test"])
def eth3d(split):
    files = {}
    for scene in ("playground_1l", "delivery_area_1s"):
        for part in ("two_view_training", "two_view_test"):
            files[f"ETH3D/{part}/{scene}/im0.png"], files[f"ETH3D/{part}/{scene}/im1.png"] = _picture(mode="L"), _picture(mode="L")
        files[f"ETH3D/two_view_training_gt/{scene}/disp0GT.pfm"] = _pfm(extra=np.inf)
        files[f"ETH3D/two_view_training_gt/{scene}/mask0nocc.png"] = _gray()
    return _recorded("ETH3DStereo", files, split=split)


run(__file__)

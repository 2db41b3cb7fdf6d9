"""io_dicom: files that pydicom writes, and what it reads of them."""

import io
import struct

import numpy as np
import pydicom
import torch
from oracle import case, out_dir, run
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.uid import (ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit, JPEGLosslessSV1, JPEGLSLossless,
                         RLELossless, generate_uid)

_count = 0


def _write(pixels, photometric="MONOCHROME2", stored=None, syntax=ExplicitVRLittleEndian, planes=False, compressed=None, **tags):
    """pixels (frames, rows, columns[, 3]); `compressed` has their streams, where the syntax is one that pydicom does not write."""
    global _count
    path = out_dir() / "io_dicom" / f"{_count}.dcm"
    path.parent.mkdir(parents=True, exist_ok=True)
    _count += 1
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(_count)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax == RLELossless else syntax
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.PatientID, data.Modality, data.SeriesInstanceUID = "patient 7", "CT", "1.2.3"
    data.Rows, data.Columns = pixels.shape[1:3]
    if len(pixels) > 1:
        data.NumberOfFrames = len(pixels)
    data.SamplesPerPixel = 3 if pixels.ndim == 4 else 1
    data.PhotometricInterpretation = photometric
    if pixels.ndim == 4:
        data.PlanarConfiguration = int(planes)
        pixels = pixels.transpose(0, 3, 1, 2) if planes else pixels
    data.BitsAllocated = 8 * pixels.itemsize
    data.BitsStored = stored or data.BitsAllocated
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    raw = np.ascontiguousarray(pixels).tobytes()
    data.PixelData = raw + b"\0" * (len(raw) % 2)
    data["PixelData"].VR = "OB" if pixels.itemsize == 1 else "OW"
    if compressed:
        data.PixelData = encapsulate(compressed)
        data["PixelData"].VR, data["PixelData"].is_undefined_length = "OB", True
    for name, value in tags.items():
        setattr(data, name, value)
    if syntax == RLELossless:
        data.compress(RLELossless)
    data.save_as(path, enforce_file_format=True)
    return path


def _known(path):
    data = pydicom.dcmread(path)
    stored = data.pixel_array
    frames, samples = int(data.get("NumberOfFrames", 1)), data.SamplesPerPixel
    stored = stored.reshape(frames, data.Rows, data.Columns, samples).transpose(0, 3, 1, 2)
    tensor = lambda array: torch.from_numpy(np.ascontiguousarray(array[0] if frames == 1 else array))
    out = {"path": str(path), "stored": tensor(stored), "photometric": data.PhotometricInterpretation,
           "spacing": [float(x) for x in data.get("PixelSpacing", [])], "orientation": [float(x) for x in data.get("ImageOrientationPatient", [])],
           "position": [float(x) for x in data.get("ImagePositionPatient", [])]}
    if samples == 1:
        rescaled = apply_modality_lut(stored, data).astype(np.float64)
        out["rescaled"] = tensor(rescaled)
        if "WindowCenter" in data:
            slope, intercept = float(data.get("RescaleSlope", 1)), float(data.get("RescaleIntercept", 0))
            low, high = (-(2 ** (data.BitsStored - 1)), 2 ** (data.BitsStored - 1) - 1) if data.PixelRepresentation else (0, 2**data.BitsStored - 1)
            low, high = low * slope + intercept, high * slope + intercept
            shown = (apply_voi_lut(rescaled, data) - low) / (high - low)
            out["windowed"] = tensor(1 - shown if data.PhotometricInterpretation == "MONOCHROME1" else shown)
    return out


_syntaxes = {"explicit": ExplicitVRLittleEndian, "implicit": ImplicitVRLittleEndian, "rle": RLELossless}


@case("io_dicom/gray", type=["uint8", "int8", "uint16", "int16"], frames=[1, 3], syntax=list(_syntaxes))
def gray(type, frames, syntax):
    kind = np.dtype(type)
    pixels = np.frombuffer(np.random.bytes(frames * 5 * 7 * kind.itemsize), kind).reshape(frames, 5, 7)
    return _known(_write(pixels, syntax=_syntaxes[syntax]))


@case("io_dicom/color", planes=[False, True], frames=[1, 2])
def color(planes, frames):
    return _known(_write(np.random.randint(0, 256, (frames, 4, 6, 3), dtype=np.uint8), "RGB", planes=planes))


@case("io_dicom/scan", signed=[False, True], photometric=["MONOCHROME2", "MONOCHROME1"], window=[(40, 400), (-600, 1500.5), (10, 1)])
def scan(signed, photometric, window):
    """Twelve bits of sixteen, as scanners write them."""
    low, high = (-2048, 2048) if signed else (0, 4096)
    pixels = np.random.randint(low, high, (1, 9, 8)).astype("int16" if signed else "uint16")
    return _known(_write(pixels, photometric, stored=12, RescaleSlope="1.5", RescaleIntercept="-1024", WindowCenter=str(window[0]), WindowWidth=str(window[1]),
                         PixelSpacing=["0.7", "0.75"], ImageOrientationPatient=["1", "0", "0", "0", "0.8", "-0.6"],
                         ImagePositionPatient=["-100.5", "20", "3.25"]))


@case("io_dicom/palette", bits=[8, 16], packed=[False, True], first=[0, 3, -2], count=[5, 200], syntax=["explicit", "implicit"])
def palette(bits, packed, first, count, syntax):
    """Numbers before the palette, of it and behind it; colors of 8 bits two in a word, or one."""
    kind = "int8" if first < 0 else "uint8"
    pixels = np.frombuffer(np.random.bytes(2 * 5 * 8), kind).reshape(2, 5, 8)
    colors = np.random.randint(0, 2**bits, (3, count)).astype("uint8" if packed and bits == 8 else "<u2")
    tags = {}
    for name, channel in zip(("Red", "Green", "Blue"), colors):
        raw = channel.tobytes()
        tags[f"{name}PaletteColorLookupTableDescriptor"] = [count, first, bits]
        tags[f"{name}PaletteColorLookupTableData"] = raw + b"\0" * (len(raw) % 2)
    path = _write(pixels, "PALETTE COLOR", syntax=_syntaxes[syntax], **tags)
    data = pydicom.dcmread(path)
    if len(tags["RedPaletteColorLookupTableData"]) % count:  # the last byte of an odd number counts as a color to pydicom
        for name in ("Red", "Green", "Blue"):
            setattr(data, f"{name}PaletteColorLookupTableData", tags[f"{name}PaletteColorLookupTableData"][:count])
    shown = apply_color_lut(data.pixel_array, data).transpose(0, 3, 1, 2).astype(np.float64)
    known = _known(path)
    del known["rescaled"]
    return {**known, "colors": torch.from_numpy(np.ascontiguousarray(shown)), "largest": float(2**bits - 1)}


def _lossless_jpeg(pixels, bits):
    """JPEG's process 14 with the left neighbor as the prediction; pixels (rows, columns)."""
    written = ""
    for y, row in enumerate(pixels.tolist()):
        for x, value in enumerate(row):
            guess = row[x - 1] if x else int(pixels[y - 1, 0]) if y else 2 ** (bits - 1)
            change = (value - guess + 2**15) % 2**16 - 2**15
            change = 2**15 if change == -(2**15) else change
            size = abs(change).bit_length()  # 16 of 2^15 alone, which has no bits behind it
            written += f"{size:05b}"  # all codes are of 5 bits
            if 0 < size < 16:
                written += f"{change if change > 0 else change + 2**size - 1:0{size}b}"
    written += "1" * (-len(written) % 8)
    stream = int(written, 2).to_bytes(len(written) // 8, "big").replace(b"\xff", b"\xff\0")
    rows, columns = pixels.shape
    table = bytes([0, 0, 0, 0, 0, 17] + [0] * 11) + bytes(range(17))
    return (b"\xff\xd8" + b"\xff\xc4" + struct.pack(">H", 2 + len(table)) + table + b"\xff\xc3" + struct.pack(">HBHHB", 11, bits, rows, columns, 1)
            + b"\1\x11\0" + b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\1\0" + b"\1\0\0" + stream + b"\xff\xd9")


@case("io_dicom/jpeg_lossless", bits=[8, 12, 16], frames=[1, 2])
def jpeg_lossless(bits, frames):
    pixels = np.random.randint(0, 2**bits, (frames, 7, 9)).astype("uint8" if bits == 8 else "uint16")
    path = _write(pixels, stored=bits, syntax=JPEGLosslessSV1, compressed=[_lossless_jpeg(frame, bits) for frame in pixels])
    return {"path": str(path), "stored": torch.from_numpy(pixels[:, None] if frames > 1 else pixels), "photometric": "MONOCHROME2"}


@case("io_dicom/jpeg_ls")
def jpeg_ls():
    """The picture and its stream in Annex H.3 of ITU-T T.87."""
    pixels = np.array([[[0, 0, 90, 74], [68, 50, 43, 205], [64, 145, 145, 145], [100, 145, 145, 145]]], np.uint8)
    stream = bytes.fromhex("FFD8FFF7000B080004000401011100FFDA0008010100000000C000006C80208E01C0000057400000 6EE6000001BC18000005D8000091 60FFD9")
    path = _write(pixels, syntax=JPEGLSLossless, compressed=[stream])
    return {"path": str(path), "stored": torch.from_numpy(pixels), "photometric": "MONOCHROME2"}


@case("io_dicom/jpeg", color=[False, True])
def jpeg(color):
    pixels = np.asarray(Image.effect_noise((24, 16), 60).resize((40, 32), Image.Resampling.BICUBIC).convert("RGB" if color else "L"))
    if color:
        pixels = np.stack([pixels[..., 0], pixels[::-1, :, 1], pixels[:, ::-1, 2]], -1)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=85, subsampling=0)
    decoded = np.array(Image.open(stream))
    path = _write(pixels[None], "YBR_FULL" if color else "MONOCHROME2", syntax=JPEGBaseline8Bit, compressed=[stream.getvalue()],
                  LossyImageCompression="01")
    return {"path": str(path), "stored": torch.from_numpy(decoded.transpose(2, 0, 1).copy() if color else decoded[None]),
            "photometric": "RGB" if color else "MONOCHROME2"}


@case("io_dicom/jpeg_2000")
def jpeg_2000():
    stream = io.BytesIO()
    Image.effect_noise((8, 8), 60).save(stream, "JPEG2000")
    return {"path": str(_write(np.zeros((1, 8, 8), np.uint8), syntax=JPEG2000Lossless, compressed=[stream.getvalue()]))}


run(__file__)

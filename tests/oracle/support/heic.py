"""HEIC: made by libheif itself, as nothing in the test environment writes it; scripts/bench_transforms has its file by the same."""

import ctypes
import os
import tempfile


class HeifError(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("subcode", ctypes.c_int), ("message", ctypes.c_char_p)]


def heic_of(picture, bits=8, exif=b""):
    heif = ctypes.CDLL("libheif.so.1")

    def call(name, *arguments, result=HeifError):
        function = getattr(heif, name)
        function.restype = result
        answer = function(*arguments)
        if result is HeifError and answer.code != 0:
            raise RuntimeError(f"{name}: {answer.message}")
        return answer

    height, width, channels = picture.shape
    pointer = ctypes.c_void_p
    context = pointer(call("heif_context_alloc", result=pointer))
    encoder, image, handle, stride = pointer(), pointer(), pointer(), ctypes.c_int()
    call("heif_context_get_encoder_for_format", context, 1, ctypes.byref(encoder))  # HEVC
    call("heif_encoder_set_lossy_quality", encoder, 95)
    call("heif_encoder_set_parameter_string", encoder, b"chroma", b"444")
    call("heif_encoder_set_parameter_string", encoder, b"preset", b"ultrafast")
    chroma = (10 if channels == 3 else 11) if bits == 8 else (14 if channels == 3 else 15)  # interleaved RGB(A), or RRGGBB(AA) LE
    call("heif_image_create", width, height, 1, chroma, ctypes.byref(image))
    call("heif_image_add_plane", image, 10, width, height, bits)
    data = call("heif_image_get_plane", image, 10, ctypes.byref(stride), result=pointer)
    for y, row in enumerate(picture):
        ctypes.memmove(data + y * stride.value, row.tobytes(), row.nbytes)
    call("heif_context_encode_image", context, image, encoder, None, ctypes.byref(handle))
    if exif:
        call("heif_context_add_exif_metadata", context, handle, exif, len(exif))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.heic")
        call("heif_context_write_to_file", context, path.encode())
        with open(path, "rb") as file:
            return file.read()


def grown(content, path, more):
    """The box at the end of the path with more in it, and those around it as much longer."""
    place, begin = 0, []
    for name in path:
        place = content.index(name, place)
        begin.append(place - 4)
    sizes = [int.from_bytes(content[at : at + 4], "big") for at in begin]
    end = begin[-1] + sizes[-1]
    out = bytearray(content)
    for at, size in zip(begin, sizes):
        out[at : at + 4] = (size + len(more)).to_bytes(4, "big")
    return bytes(out[:end]) + more + bytes(out[end:])


def with_property(box, content):
    """A transformation of the only picture, behind its other properties, in a file as libheif writes it."""
    begin = content.index(b"ipco") - 4
    at, end, count = begin + 8, begin + int.from_bytes(content[begin : begin + 4], "big"), 0
    while at < end:
        at, count = at + int.from_bytes(content[at : at + 4], "big"), count + 1
    out = bytearray(grown(content, [b"meta", b"iprp", b"ipco"], box))
    entry = out.index(b"ipma") + 4 + 4 + 4  # version and flags, how many pictures; then of the first: its number, how many properties
    assert int.from_bytes(out[entry - 4 : entry], "big") == 1 and out[entry - 5] == 0
    out[entry + 2] += 1
    out = bytearray(grown(bytes(out), [b"meta", b"iprp", b"ipma"], bytes([0x80 | (count + 1)])))  # essential
    data = out.index(b"iloc") + 16  # where its data begin, of the first item in a box of version 0 with numbers of 4 bytes
    assert out[data - 12] == 0 and out[data - 8 : data - 4] == b"\x44\x40\0\1"
    begins = int.from_bytes(out[data : data + 4], "big")
    out[data : data + 4] = (begins + len(box) + 1).to_bytes(4, "big")
    return bytes(out)


def irot(quarters):
    """Turns to the left."""
    return b"\0\0\0\x09irot" + bytes([quarters])


def imir(axis):
    return b"\0\0\0\x09imir" + bytes([axis])


def with_matrix(value, content):
    """Another matrix of colors in the picture's own header, which counts bits, not bytes: behind primaries and a curve that are not named."""
    begin = content.index(b"hvcC")
    end = begin - 4 + int.from_bytes(content[begin - 4 : begin], "big")
    bits = "".join(f"{byte:08b}" for byte in content[begin:end])
    unnamed = f"{2:08b}{2:08b}"
    assert bits.count(f"{unnamed}{6:08b}") == 1  # BT.601
    bits = bits.replace(f"{unnamed}{6:08b}", f"{unnamed}{value:08b}")
    return content[:begin] + int(bits, 2).to_bytes(end - begin, "big") + content[end:]

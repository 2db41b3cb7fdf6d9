"""datasets_video: videos and their sound as torchcodec decodes them, and the data sets that cut them into clips."""

import functools
import itertools
import subprocess

import torch
from oracle import case, run
from support.fake_data import *
from torchcodec.decoders import AudioDecoder, VideoDecoder
from torchvision.datasets.video_utils import VideoClips

# --- Videos ----------------------------------------------------------------------------------------------------------------

# Name: how FFmpeg is to write it. Ten frames a second of a moving picture, two seconds and a half.
_written = {
    "h264.mp4": "-s 64x48 -c:v libx264 -g 8 -bf 2 -pix_fmt yuv420p",
    "even.mp4": "-s 50x38 -c:v libx264 -g 8 -bf 2 -pix_fmt yuv420p",
    "odd.mp4": "-s 50x37 -c:v libx264 -g 8 -pix_fmt yuv444p",
    "full_range.mp4": "-s 54x36 -c:v libx264 -pix_fmt yuvj420p -colorspace bt709 -color_range pc",
    "bt709.mp4": "-s 64x36 -c:v libx264 -pix_fmt yuv420p -colorspace bt709 -color_range tv",
    "ten_bits.mp4": "-s 54x36 -c:v libx264 -pix_fmt yuv420p10le",
    "ten_bits_32.mp4": "-s 64x36 -c:v libx264 -pix_fmt yuv420p10le",
    "variable.mp4": "-s 50x34 -vf select='not(mod(n,3))+eq(mod(n,7),1)' -fps_mode vfr -c:v libx264 -g 4",
    "plain.avi": "-s 45x33 -c:v mpeg4 -g 6",
    "b_frames.avi": "-s 46x34 -c:v mpeg4 -g 6 -bf 2",
    "xvid.avi": "-s 64x48 -c:v mpeg4 -vtag XVID -g 12",
    "mjpeg.avi": "-s 33x21 -c:v mjpeg -pix_fmt yuvj420p",
    "mjpeg_422.avi": "-s 64x21 -c:v mjpeg -pix_fmt yuvj422p",
    "colors.avi": "-s 21x13 -c:v rawvideo -pix_fmt bgr24",
    "vp9.webm": "-s 35x51 -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 7 -pix_fmt yuv420p",
    "440.mkv": "-s 21x13 -c:v ffv1 -pix_fmt yuv440p",
    "410.mkv": "-s 21x13 -c:v ffv1 -pix_fmt yuv410p",
    "gray.mkv": "-s 21x13 -c:v ffv1 -pix_fmt gray",
    "planes.mkv": "-s 21x13 -c:v ffv1 -pix_fmt gbrp",
    "alpha.mkv": "-s 21x13 -c:v ffv1 -pix_fmt yuva420p",
    "animation.gif": "-s 21x13",
    "stream.ts": "-s 48x32 -c:v libx264 -g 5 -bf 2",
    "program.mpg": "-s 48x32 -c:v mpeg2video -r 25",
    "windows.wmv": "-s 50x34 -c:v wmv2",
}
# Copies of h264.mp4.
_copied = {
    "rotated_90.mp4": "-metadata:s:v rotate=90",
    "rotated_180.mp4": "-metadata:s:v rotate=180",
    "rotated_270.mp4": "-metadata:s:v rotate=270",
    "begins_late.mp4": "-ss 0.55",
}
# Of the same picture with a stereo sound of 2.4 seconds.
_sounding = {
    "aac.mp4": "-s 32x24 -c:v libx264 -g 8 -bf 2 -c:a aac -ar 44100",
    "mp3.avi": "-s 32x24 -c:v mpeg4 -c:a libmp3lame -ar 22050",
    "pcm.avi": "-s 32x24 -c:v mpeg4 -c:a pcm_s16le -ar 8000 -ac 1",
    "pcm_24.mkv": "-s 32x24 -c:v mpeg4 -c:a pcm_s24le -ar 44100",
    "pcm_u8.avi": "-s 32x24 -c:v mpeg4 -c:a pcm_u8 -ar 11025",
    "flac.mkv": "-s 32x24 -c:v mpeg4 -c:a flac -ar 44100",
    "opus.mkv": "-s 32x24 -c:v mpeg4 -c:a libopus",
    "ac3.ts": "-s 32x24 -c:v mpeg2video -r 25 -c:a ac3 -ar 48000",
    "mp2.mpg": "-s 32x24 -c:v mpeg2video -r 25 -c:a mp2 -ar 44100",
    "sound.wav": "-vn -c:a pcm_f64le -ar 16000",
    "sound.mp3": "-vn -c:a libmp3lame -ar 44100",
    "sound.flac": "-vn -c:a flac -ar 44100 -ac 6",
}


def _ffmpeg(inputs, outputs, folder):
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *inputs.split()]
    for name, how in outputs.items():
        command += [*how.split(), str(folder / name)]
    subprocess.run(command, check=True, timeout=120)


@functools.cache
def videos():
    """The folder of all of them."""
    folder = fresh("videos")
    _ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=10:duration=2.5", _written, folder)
    _ffmpeg(f"-i {folder / 'h264.mp4'}", {name: f"-c copy {how}" for name, how in _copied.items()}, folder)
    sound = "aevalsrc=0.4*sin(2*PI*(300+200*t)*t)+0.1*random(0)|0.3*sin(2*PI*523*t):s=44100:d=2.4"
    _ffmpeg(f"-f lavfi -i testsrc2=size=64x48:rate=10:duration=2.5 -f lavfi -i {sound}", _sounding, folder)
    _ffmpeg(f"-i {folder / 'aac.mp4'}", {"sound_late.mp4": "-c copy -ss 0.55"}, folder)
    sounding = bytearray((folder / "mp3.avi").read_bytes())
    sounding[len(sounding) // 2 : len(sounding) * 2 // 3] = bytes(len(sounding) * 2 // 3 - len(sounding) // 2)
    (folder / "sound_broken.avi").write_bytes(sounding)
    whole = (folder / "b_frames.avi").read_bytes()
    (folder / "cut_short.avi").write_bytes(whole[: len(whole) // 2])
    broken = bytearray(whole)
    for i in range(7000, 7040):
        broken[i] ^= 0x5A
    (folder / "broken.avi").write_bytes(broken)
    (folder / "garbage.mp4").write_bytes(bytes(range(256)) * 20)
    (folder / "empty.mp4").write_bytes(b"")
    return folder


_all = [*_written, *_copied, "cut_short.avi", "broken.avi", "garbage.mp4", "empty.mp4"]


def _decoded(path, order):
    """Frames in this order by one decoder, until it refuses."""
    decoder = VideoDecoder(path)
    frames, times, refused = [], [], False
    for i in order:
        try:
            frame = decoder.get_frame_at(i)
        except RuntimeError:
            refused = True
            break
        frames.append(frame.data)
        times += [frame.pts_seconds, frame.duration_seconds]
    return {"frames": torch.stack(frames) if frames else torch.empty(0), "times": times, "refused": refused}


@case("datasets_video/decoder", file=_all)
def decoder(file):
    path = str(videos() / file)
    try:
        metadata = VideoDecoder(path).metadata
    except RuntimeError:
        return {"path": path, "opened": False}
    n = metadata.num_frames
    orders = [list(range(n)), [i for i in (n // 2, n - 1, 0, 1, n // 3, n // 3 + 1, n // 3 + 5, -2) if i < n]]
    known = {"path": path, "opened": True, "orders": orders, "size": [metadata.height, metadata.width], "num_frames": n}
    known.update(fps=metadata.average_fps, begin=metadata.begin_stream_seconds, end=metadata.end_stream_seconds)
    for number, order in enumerate(orders):
        known.update({f"{key}{number}": value for key, value in _decoded(path, order).items()})
    return known


@case("datasets_video/ranges", file=["h264.mp4", "variable.mp4", "begins_late.mp4", "rotated_90.mp4", "xvid.avi"])
def ranges(file):
    path = str(videos() / file)
    decoder = VideoDecoder(path)
    n, begin, end = len(decoder), decoder.metadata.begin_stream_seconds, decoder.metadata.end_stream_seconds
    seconds = [begin, begin + 0.31, begin + 0.3, (begin + end) / 2, end - 1e-6, begin + 0.3]
    known = {"path": path, "indices": [n - 1, 0, 3, 3, -1, 2], "seconds": seconds, "from": begin + 0.25, "to": end - 0.15}
    batches = [decoder.get_frames_at(known["indices"]), decoder.get_frames_in_range(1, n - 1, 3),
               decoder.get_frames_played_at(seconds), decoder.get_frames_played_in_range(known["from"], known["to"]),
               decoder.get_frames_played_in_range(begin, end), decoder.get_frames_played_in_range(known["from"], known["from"])]
    for number, batch in enumerate(batches):
        known[f"frames{number}"] = batch.data
        known.update({f"pts{number}": batch.pts_seconds, f"duration{number}": batch.duration_seconds})
    return known


# --- Sound -----------------------------------------------------------------------------------------------------------------

# Seconds from and to. Of one decoder, which goes on, goes back and seeks; then every second one of a decoder of its own.
_ranges = [[0.0, 0.3], [0.3, 0.7], [0.70001, 0.9], [2.0, 2.1], [0.1, 0.15], [1.0, 1.0], [2.23456, 2.5], [-1.0, 0.2], [5.0, 6.0],
           [2.1, None], [0.0, None], [0.00001, 0.00002]]


@case("datasets_video/sound", file=[*_sounding, "sound_late.mp4", "sound_broken.avi", "h264.mp4", "garbage.mp4"])
def sound(file):
    path = str(videos() / file)
    known = {"path": path, "ranges": _ranges}
    try:
        decoder = AudioDecoder(path)
    except (RuntimeError, ValueError):
        return {**known, "opened": False}
    metadata = decoder.metadata
    known.update(opened=True, rate=metadata.sample_rate, channels=metadata.num_channels, codec=metadata.codec)
    for key, first, step, one in (("on", 0, 1, lambda: decoder), ("fresh", 1, 2, lambda: AudioDecoder(path))):
        for number in range(first, len(_ranges), step):
            start, stop = _ranges[number]
            try:
                samples = one().get_samples_played_in_range(start, stop)
            except RuntimeError:
                decoder = AudioDecoder(path)  # the other stands at the end for ever
                continue
            known[f"{key}{number}"] = samples.data.contiguous()
            known[f"{key}_times{number}"] = [samples.pts_seconds, samples.duration_seconds]
    return known


# --- Clips -----------------------------------------------------------------------------------------------------------------

_rates = [None, 1.0, 7.5, 10.0, 12.0, 15.0, 23.976, 24.0, 25.0, 29.97, 30.0, 60.0, 100.0]


@case("datasets_video/resampled", rate=_rates)
def resampled(rate):
    """Which frames the clips have, of videos that are only thought of."""
    out = {"videos": [], "frames": []}
    lengths = [(0, 25.0), (1, 25.0), (16, 29.97), (17, 30000 / 1001), (100, 30.0), (251, 25.0), (90, 12.5), (33, None)]
    for (frames, fps), (length, step) in itertools.product(lengths, [(16, 1), (5, 3), (1, 1), (8, 40)]):
        clips, _ = VideoClips.compute_clips_for_video(torch.arange(frames), length, step, fps, rate)
        out["videos"].append([frames, fps, length, step, len(clips)])
        out["frames"] += clips.flatten().tolist()
    return out


@case("datasets_video/clips", length=[1, 6], between=[4], rate=[None, 5.0, 8.0, 25.0])
def clips(length, between, rate):
    format = "TCHW" if rate == 8.0 else "thwc"
    files = [str(videos() / name) for name in ("h264.mp4", "variable.mp4", "xvid.avi", "rotated_90.mp4",
                                              "aac.mp4", "mp3.avi", "flac.mkv", "sound_late.mp4", "sound_broken.avi")]
    cut = VideoClips(files, length, between, rate, output_format=format)
    known = {"files": files, "sizes": cut.cumulative_sizes, "frames": [len(v) for v in cut.video_pts], "fps": cut.video_fps}
    known.update(format=format, looked_at=[*range(0, len(cut), 6), len(cut) - 1])
    known["locations"] = [list(cut.get_clip_location(i)) for i in known["looked_at"]]
    known["video_fps"] = []
    for i in known["looked_at"]:
        video, audio, info, number = cut.get_clip(i)
        assert number == cut.get_clip_location(i)[0]
        known.update({f"video{i}": video, f"audio{i}": audio.contiguous()})
        known["video_fps"].append(info["video_fps"])
    part = cut.subset([2, 0])
    known["subset"] = part.cumulative_sizes
    return known


# --- Data sets -------------------------------------------------------------------------------------------------------------


def _of_clips(name, source, /, **options):
    data, known = opened(name, source, num_workers=0, **options)
    known.update(classes=data.classes, samples=[[path, label] for path, label in data.samples], labels=[], length=len(data))
    known["cumulative"] = data.video_clips.cumulative_sizes
    for i in range(len(data)):
        video, audio, label = data[i]
        known["labels"].append(label)
        known[f"audio{i}"] = audio.contiguous()
        known[f"video{i}"] = video if name == "Kinetics" else video.permute(0, 3, 1, 2)
    return known


def _of_folds(name, files, lists, options):
    annotations = fresh(f"{name}_lists")
    put(annotations, lists)
    options = {"step_between_clips": 6, **options}
    known = _of_clips(name, files, annotation_path=str(annotations), frames_per_clip=7, **options)
    return {**known, "annotation_path": str(annotations)}


def _video(name):
    return (videos() / name).read_bytes()


_fold_options = [{"fold": 1}, {"fold": 1, "train": False}, {"fold": 2, "frame_rate": 7, "step_between_clips": 3},
                 {"fold": 2, "train": False}, {"fold": 3}, {"fold": 3, "train": False}]


@case("datasets_video/ucf101", options=_fold_options)
def ucf101(options):
    files = {"Basketball/v_Basketball_g01_c01.avi": _video("xvid.avi"),
             "Basketball/v_Basketball_g02_c01.avi": _video("plain.avi"),
             "ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi": _video("mjpeg.avi"),
             "ApplyEyeMakeup/more/v_b.AVI": _video("mp3.avi"),
             "ApplyEyeMakeup/notes.txt": b"", "YoYo/v_YoYo_g01_c02.avi": _video("plain.avi")}
    lists = {"trainlist01.txt": b"ApplyEyeMakeup/v_ApplyEyeMakeup_g01_c01.avi 1\r\nBasketball/v_Basketball_g02_c01.avi 2\n",
             "testlist01.txt": b"YoYo/v_YoYo_g01_c02.avi\nBasketball/v_Basketball_g01_c01.avi\nYoYo/not_there.avi\n\n",
             "trainlist02.txt": b"ApplyEyeMakeup/more/v_b.AVI 1\n  Basketball/v_Basketball_g01_c01.avi 2\n",
             "testlist02.txt": b"YoYo/v_YoYo_g01_c02.avi\n", "trainlist03.txt": b"YoYo/v_YoYo_g01_c02.avi 3",
             "testlist03.txt": b"Basketball/v_Basketball_g02_c01.avi\n"}
    return _of_folds("UCF101", files, lists, options)


@case("datasets_video/hmdb51", options=_fold_options)
def hmdb51(options):
    files = {"brush_hair/a_b.avi": _video("xvid.avi"), "brush_hair/c.avi": _video("plain.avi"),
             "wave/a_b.avi": _video("mjpeg.avi"), "wave/d.avi": _video("plain.avi"),
             "cartwheel/e.avi": _video("pcm.avi"), "cartwheel/e.mp4": _video("aac.mp4")}
    lists = {"brush_hair_test_split1.txt": b"a_b.avi 1\nc.avi 2\n", "wave_test_split1.txt": b"d.avi 0 \nother.avi 1",
             "brush_hair_test_split2.txt": b"c.avi 1\na_b.avi 2\n", "cartwheel_test_split2.txt": b"e.avi 1\n",
             "brush_hair_test_split3.txt": b"c.avi 2\na_b.avi 1\n", "wave_test_split3.txt": b"d.avi 2\n",
             ".hidden_test_split1.txt": b"e.avi 1\n"}
    return _of_folds("HMDB51", files, lists, options)


@functools.cache
def _kinetics():
    mirror = Mirror("Kinetics")
    for number, folder, names in (("400", "400", "k400"), ("600", "600", "k600"), ("700", "700_2020", "k700_2020")):
        base = f"https://s3.amazonaws.com/kinetics/{folder}"
        for split in ("train", "val", "test"):
            parts = [f"{base}/{split}/part_{i}.tar.gz" for i in range(2)]
            mirror.add(f"{base}/{split}/{names}_{split}_path.txt", "\n".join(parts).encode())
            first = "plain.avi" if split == "train" else "h264.mp4"
            mirror.add(parts[0], tar({"aAa_000001_000011.mp4": _video(first), "b-b_000095_000105.mp4": _video("odd.mp4")}))
            mirror.add(parts[1], tar({"c_c_010000_010010.mp4": _video("aac.mp4"), "other_000000_000010.mp4": b"no video"}))
            rows = ["label,youtube_id,time_start,time_end,split", f"playing (in {number} games),aAa,1,11,{split}",
                    f"massaging person's head,b-b,95,105,{split}", f"\"massaging person's head\",gone,0,10,{split}",
                    f"abseiling,c_c,10000,10010,{split}"]
            mirror.add(f"{base}/annotations/{split}.csv", "\n".join(rows).encode())
    mirror.hashes = {}  # there are none of its files
    return mirror


_parts_of_kinetics = [{"split": split, "num_classes": number} for number in ("400", "600", "700")
                      for split in ("val", "train", "test")]


@case("datasets_video/kinetics", options=_parts_of_kinetics + [{"split": "train", "num_classes": "700", "frame_rate": 15.0},
                                                               {"split": "val", "extensions": ["avi"]}])
def kinetics(options):
    # What is downloaded is mp4, whatever extensions are asked for.
    files = {"a.avi": "xvid.avi", "b.mp4": "aac.mp4", "c.AVI": "plain.avi"}
    brought = {f"val/abseiling/{name}": _video(video) for name, video in files.items()}
    source = brought if "extensions" in options else _kinetics()
    return _of_clips("Kinetics", source, frames_per_clip=5, step_between_clips=7, **options)


if __name__ == "__main__":
    run(__file__)

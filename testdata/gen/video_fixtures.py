"""Small videos whose frames tell their number and which way is up.

Run with Debian's python3 (Pillow, numpy) and ffmpeg (made with 5.1):

    python3 testdata/gen/video_fixtures.py

writes testdata/video/*. The corners of a frame are red, green, white and blue,
clockwise from the upper left; between them eight stripes, white for 1, are its
number. Files that ffmpeg cannot make are its packets in a container of ours.
"""
import io
import os
import struct
import subprocess

import numpy as np
from PIL import Image

OUT = os.path.join(os.path.dirname(__file__), "..", "video")
RED, GREEN, BLUE, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0)


def picture(number, width=96, height=64):
    m = np.full((height, width, 3), 128, np.uint8)
    w, h = width // 4, height // 4
    m[:h, :w], m[:h, -w:], m[-h:, -w:], m[-h:, :w] = RED, GREEN, WHITE, BLUE
    edges = np.linspace(0, width, 9).astype(int)
    for bit in range(8):
        m[h:-h, edges[bit]:edges[bit + 1]] = WHITE if number >> (7 - bit) & 1 else BLACK
    return m


X264 = ["-c:v", "libx264", "-crf", "20", "-pix_fmt", "yuv420p", "-x264-params", "keyint=50:bframes=2:b-adapt=0"]


def ffmpeg(*args, data=None):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, args)], input=data, check=True)


def encode(path, pictures, codec, *more):
    """Ten pictures a second, unless more says otherwise."""
    height, width, _ = pictures[0].shape
    ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", 10, "-i", "-", *codec, *more,
           "-fflags", "+bitexact", "-flags:v", "+bitexact", path, data=b"".join(p.tobytes() for p in pictures))


def copy(source, target, *options, before=()):
    ffmpeg(*before, "-i", source, "-c", "copy", *options, "-fflags", "+bitexact", target)


# EBML, enough for a Matroska file.
def element(name, content):
    return bytes.fromhex(name) + struct.pack(">Q", len(content) | 1 << 56) + content


def number(name, v):
    return element(name, struct.pack(">Q", v))


def real(name, v):
    return element(name, struct.pack(">d", v))


def matroska(path, codec, width, height, blocks, projection=b"", live=False):
    """blocks are (milliseconds, key, data), two to a cluster."""
    video = number("B0", width) + number("BA", height) + projection
    track = number("D7", 1) + number("73C5", 1) + number("83", 1) + element("86", codec.encode()) + element("E0", video)
    doc = number("4286", 1) + number("42F7", 1) + number("42F2", 4) + number("42F3", 8) + element("4282", b"matroska") + number("4287", 4) + number("4285", 2)
    segment = element("1549A966", number("2AD7B1", 1000000)) + element("1654AE6B", element("AE", track))
    for i in range(0, len(blocks), 2):
        base = blocks[i][0]
        cluster = number("E7", base)
        for t, key, data in blocks[i:i + 2]:
            cluster += element("A3", b"\x81" + struct.pack(">hB", t - base, 0x80 if key else 0) + data)
        cluster = element("1F43B675", cluster)
        if live:  # of unknown size
            cluster = cluster[:4] + b"\x01" + b"\xff" * 7 + cluster[12:]
        segment += cluster
    segment = element("18538067", segment)
    if live:
        segment = segment[:4] + b"\x01" + b"\xff" * 7 + segment[12:]
    with open(path, "wb") as f:
        f.write(element("1A45DFA3", doc) + segment)


def jpeg(p):
    b = io.BytesIO()
    Image.fromarray(p).save(b, "JPEG", quality=85)
    return b.getvalue()


def shown(source, target, a, b, c, d):
    """The same file with another display matrix: x' = a·x + c·y, y' = b·x + d·y."""
    data = bytearray(open(source, "rb").read())
    at = data.index(b"tkhd") + 4 + 40
    for k, v in (0, a), (4, b), (12, c), (16, d):
        struct.pack_into(">i", data, at + k, v << 16)
    open(target, "wb").write(data)


def file(name):
    return os.path.join(OUT, name)


def turned():
    encode("/tmp/plain.mp4", [picture(i) for i in range(8)], X264)
    copy("/tmp/plain.mp4", "/tmp/plain.mov")
    for angle, cos, sin in (0, 1, 0), (90, 0, 1), (180, -1, 0), (270, 0, -1):  # clockwise
        for kind in "mp4", "mov":
            shown(f"/tmp/plain.{kind}", file(f"turn{angle}.{kind}"), cos, sin, -sin, cos)
    shown("/tmp/plain.mp4", file("mirror0.mp4"), -1, 0, 0, 1)  # mirrored, then turned
    shown("/tmp/plain.mp4", file("mirror90.mp4"), 0, -1, -1, 0)
    pictures = [(100 * i, True, jpeg(picture(i))) for i in range(4)]
    for roll, name in (90.0, "roll90.mkv"), (-90.0, "roll-90.mkv"), (180.0, "roll180.mkv"):
        matroska(file(name), "V_MJPEG", 96, 64, pictures, element("7670", number("7671", 0) + real("7675", roll)))


# When the frames of variable rate are shown, in milliseconds.
TIMES = [0, 40, 80, 120, 400, 440, 480, 1000, 1040, 1500, 1540, 2100]


def variable():
    select = "setpts='(" + "+".join(f"eq(N,{i})*{t}" for i, t in enumerate(TIMES)) + ")/1000/TB'"
    frames = [picture(i) for i in range(len(TIMES))]
    more = ["-vf", "settb=1/1000," + select, "-vsync", "passthrough", "-enc_time_base", "1/1000"]
    encode(file("vfr_long.mp4"), frames, X264, *more, "-video_track_timescale", 1000)
    copy(file("vfr_long.mp4"), file("vfr_long.mov"))
    copy(file("vfr_long.mp4"), file("vfr_long.mkv"))
    copy(file("vfr_long.mp4"), file("vfr_fragments.mp4"), "-movflags", "frag_keyframe+empty_moov+default_base_moof", "-frag_duration", "500000")
    copy(file("vfr_long.mp4"), file("vfr_cut.mp4"), before=("-ss", "0.5"))  # an edit list leaves out what is before
    encode(file("vfr_long.webm"), frames, ["-c:v", "libvpx", "-b:v", "200k", "-auto-alt-ref", 0], *more)
    matroska(file("vfr_live.mkv"), "V_MJPEG", 96, 64, [(t, True, jpeg(picture(i))) for i, t in enumerate(TIMES)], live=True)


def changing():
    """The first eight frames are of one size, the next eight of another."""
    def two(name, codec, form, first, second):
        parts = []
        for k, (width, height) in enumerate((first, second)):
            part = f"/tmp/part{k}.{form}"
            encode(part, [picture(8 * k + i, width, height) for i in range(8)], codec, "-output_ts_offset", 0.8 * k, "-f", form)
            parts.append(part)
        if form == "ivf":
            blocks = []
            for k, part in enumerate(parts):
                blocks += [(round(1000 * t), i == 0, data) for i, (t, data) in enumerate(ivf(part))]
            matroska(file(name), {"libvpx": "V_VP8", "libvpx-vp9": "V_VP9"}[codec[1]], *first, blocks)
            return
        with open(file(name), "wb") as f:
            for part in parts:
                f.write(open(part, "rb").read())
    two("grow.ts", X264, "mpegts", (96, 64), (128, 96))
    two("shrink.ts", X264, "mpegts", (128, 96), (96, 64))
    two("narrow.h264", X264, "h264", (128, 64), (96, 64))
    two("wide.h265", ["-c:v", "libx265", "-x265-params", "log-level=none:bframes=0", "-pix_fmt", "yuv420p"], "hevc", (96, 64), (128, 64))
    two("mpeg2.ts", ["-c:v", "mpeg2video", "-q:v", 4], "mpegts", (96, 64), (64, 96))
    two("mpeg4.m4v", ["-c:v", "mpeg4", "-q:v", 4], "m4v", (96, 64), (64, 96))
    two("vp8.mkv", ["-c:v", "libvpx", "-b:v", "200k", "-auto-alt-ref", 0], "ivf", (96, 64), (64, 96))
    two("vp9.mkv", ["-c:v", "libvpx-vp9", "-b:v", "200k", "-auto-alt-ref", 0], "ivf", (96, 64), (64, 96))
    jpegs = [(100 * i, True, jpeg(picture(i, *((96, 64) if i < 8 else (64, 96))))) for i in range(16)]
    matroska(file("mjpeg.mkv"), "V_MJPEG", 96, 64, jpegs)


def ivf(path):
    data = open(path, "rb").read()
    at = struct.unpack_from("<H", data, 6)[0]
    rate, scale = struct.unpack_from("<II", data, 16)
    while at < len(data):
        size, pts = struct.unpack_from("<IQ", data, at)
        yield pts * scale / rate, data[at + 12:at + 12 + size]
        at += 12 + size


def streams():
    """YUV4MPEG2 of two frames each, and ffmpeg's pixels of them, chroma repeated."""
    for name, form, field in (
            ("420", "yuv420p", ""), ("411", "yuv411p", ""), ("420p10", "yuv420p10le", ""), ("422p12", "yuv422p12le", ""),
            ("444p16", "yuv444p16le", ""), ("444alpha", "yuva444p", ""), ("mono10", "gray10le", ""),
            ("420_top", "yuv420p", "tff"), ("420p10_bottom", "yuv420p10le", "bff")):
        scale = "scale=flags=neighbor+accurate_rnd+full_chroma_int+full_chroma_inp:interl=" + ("1" if field else "0")
        ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x16:r=10", "-vf", (f"setfield={field}," if field else "") + scale, "-pix_fmt", form, "-frames:v", 2,
               "-strict", -1, "-f", "yuv4mpegpipe", "-fflags", "+bitexact", file(f"{name}.y4m"))
        ffmpeg("-i", file(f"{name}.y4m"), "-vf", scale, "-pix_fmt", "rgb24", "-f", "rawvideo", file(f"{name}.rgb"))


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    turned()
    variable()
    changing()
    streams()

"""Small JPEGs of every kind, and hashes of the pixels that Pillow reads in them: testdata/jpeg.

    python3 testdata/gen/jpeg_fixtures.py          # writes files.zip, pixels.json, photographs.json
    python3 testdata/gen/jpeg_fixtures.py check    # compares this Pillow with the hashes

Needs Pillow and, of libjpeg-turbo-progs, cjpeg and jpegtran. Made with Pillow 13.0 and libjpeg-turbo 3.2.0.
Pillow 9.4 with 2.1.5 gives the same but for progressive files that end before all is known and whose planes
differ in height: later versions smooth those rightly.
"""
import glob
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import warnings
import zipfile

from PIL import Image

warnings.simplefilter("ignore")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PHOTO = Image.open(os.path.join(ROOT, "images", "chelsea.png")).convert("RGB")
OUT = os.path.join(ROOT, "jpeg")

files = {}


def picture(width, height, seed=0):
    """A piece of a photograph, small enough to have detail in every block."""
    rng = random.Random(seed * 4096 + width * 64 + height)
    x, y = rng.randrange(PHOTO.width - 3 * width), rng.randrange(PHOTO.height - 3 * height)
    return PHOTO.crop((x, y, x + 3 * width, y + 3 * height)).resize((width, height), Image.BOX)


def cjpeg(image, *args):
    ppm = io.BytesIO()
    image.save(ppm, "PPM")
    return subprocess.run(["cjpeg", *map(str, args)], input=ppm.getvalue(), stdout=subprocess.PIPE, check=True).stdout


def jpegtran(data, *args):
    return subprocess.run(["jpegtran", "-copy", "all", *map(str, args)], input=data, stdout=subprocess.PIPE, check=True).stdout


def with_scans(data, text, *args):
    """The file with its coefficients in other scans."""
    path = "/tmp/vertebra-scans.txt"
    with open(path, "w") as f:
        f.write(text)
    return jpegtran(data, "-scans", path, *args)


def segments(data):
    """Offsets, markers and ends of the segments before the first scan, that included."""
    at = 2
    while True:
        marker, size = data[at + 1], int.from_bytes(data[at + 2:at + 4], "big")
        yield at, marker, at + 2 + size
        if marker == 0xDA:
            return
        at += 2 + size


def without(data, marker):
    out, last = data[:2], 2
    for at, m, end in segments(data):
        if m != marker:
            out += data[at:end]
        last = end
    return out + data[last:]


def add(name, data):
    assert name not in files, name
    files[name] = data


SAMPLINGS = ["1x1", "2x1", "1x2", "2x2", "4x1", "1x4", "4x2", "2x4", "3x1", "1x3", "3x2"]
SIDES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 24, 25, 31, 32, 33, 34, 47, 48, 49, 63, 64, 65]


def sizes():
    for i, w in enumerate(SIDES):
        for j, s in enumerate(SAMPLINGS[:5]):
            h = SIDES[(7 * i + 5 * j) % len(SIDES)]
            add(f"size/{w}x{h}-{s}", cjpeg(picture(w, h), "-quality", 60, "-optimize", "-sample", s))
    for s in SAMPLINGS[5:]:
        for w, h in [(1, 1), (7, 9), (33, 34), (50, 23)]:
            add(f"size/{w}x{h}-{s}", cjpeg(picture(w, h), "-quality", 60, "-optimize", "-sample", s))


def qualities():
    for q in range(1, 101):
        s = SAMPLINGS[q % 4]
        kind = ["-baseline"] if q % 3 == 0 else ["-progressive"] if q % 3 == 1 else ["-optimize"]
        add(f"quality/{q}{kind[0]}-{s}", cjpeg(picture(26, 19, q), "-quality", q, "-sample", s, *kind))


def kinds():
    for s in SAMPLINGS:
        image = picture(45, 37, 3)
        data = cjpeg(image, "-quality", 75, "-sample", s)
        add(f"kind/progressive-{s}", jpegtran(data, "-progressive"))
        add(f"kind/restart1-{s}", jpegtran(data, "-restart", "1B"))
        add(f"kind/restart-row-{s}", jpegtran(data, "-restart", "1"))
        add(f"kind/progressive-restart-{s}", jpegtran(data, "-progressive", "-restart", "3B"))
        add(f"kind/planes-{s}", with_scans(data, "0;\n1;\n2;\n", "-optimize"))
        add(f"kind/planes2-{s}", with_scans(data, "1 2;\n0;\n", "-restart", "2B"))
    for s in ["2x2,1x1,1x2", "2x2,1x2,2x1", "4x2,1x1,1x1", "2x2,2x2,1x1", "1x1,2x2,2x1", "2x1,1x2,1x1", "1x2,1x1,1x2", "4x1,1x1,2x1", "3x2,3x1,1x1", "2x2,2x1,2x1", "1x1,1x2,1x1"]:
        for w, h in [(45, 37), (5, 3), (16, 64)]:
            data = cjpeg(picture(w, h, 4), "-quality", 75, "-optimize", "-sample", s)
            add(f"kind/{w}x{h}-{s.replace(',', '_')}", data)
            add(f"kind/{w}x{h}-progressive-{s.replace(',', '_')}", jpegtran(data, "-progressive"))
    for w, h in [(1, 1), (45, 37), (64, 8)]:
        image = picture(w, h, 5)
        add(f"kind/{w}x{h}-grey", cjpeg(image, "-quality", 80, "-grayscale"))
        add(f"kind/{w}x{h}-grey-sampled", cjpeg(image, "-quality", 80, "-grayscale", "-sample", "2x2"))
        add(f"kind/{w}x{h}-grey-progressive", cjpeg(image, "-quality", 80, "-grayscale", "-progressive"))
        add(f"kind/{w}x{h}-rgb", cjpeg(image, "-quality", 80, "-rgb"))
        add(f"kind/{w}x{h}-rgb-sampled", cjpeg(image, "-quality", 80, "-rgb", "-sample", "1x1,2x2,1x1"))
        add(f"kind/{w}x{h}-arithmetic-free-16-bit-tables", cjpeg(image, "-quality", 2, "-sample", "2x2"))
        # A frame's header of 8 bits and tables of 16.
        add(f"kind/{w}x{h}-progressive-16-bit-tables", cjpeg(image, "-quality", 1, "-progressive"))
    for name, text in {
        "spectral": "0 1 2: 0-0, 0, 0;\n0: 1-5, 0, 0;\n1: 1-63, 0, 0;\n2: 1-63, 0, 0;\n0: 6-63, 0, 0;\n",
        "bits": "0 1 2: 0-0, 0, 3;\n0: 1-63, 0, 3;\n1: 1-63, 0, 2;\n2: 1-63, 0, 2;\n0 1 2: 0-0, 3, 2;\n0: 1-63, 3, 2;\n1: 1-63, 2, 1;\n"
        "2: 1-63, 2, 1;\n0 1 2: 0-0, 2, 1;\n0: 1-63, 2, 1;\n0 1 2: 0-0, 1, 0;\n0: 1-63, 1, 0;\n1: 1-63, 1, 0;\n2: 1-63, 1, 0;\n",
        "bands": "0 1 2: 0-0, 0, 0;\n0: 1-9, 0, 2;\n0: 10-40, 0, 1;\n0: 41-63, 0, 0;\n0: 1-9, 2, 1;\n0: 10-40, 1, 0;\n0: 1-9, 1, 0;\n"
        "1: 1-20, 0, 1;\n1: 1-20, 1, 0;\n1: 21-63, 0, 0;\n2: 1-63, 0, 0;\n",
        "single": "0: 0-0, 0, 1;\n1: 0-0, 0, 0;\n2: 0-0, 0, 0;\n0: 0-0, 1, 0;\n" + "".join(f"{c}: {k}-{min(k + 6, 63)}, 0, 0;\n" for c in range(3) for k in range(1, 64, 7)),
    }.items():
        data = cjpeg(picture(60, 44, 6), "-quality", 92, "-sample", "2x2")
        add(f"kind/scans-{name}", with_scans(data, text))
        add(f"kind/scans-{name}-restart", with_scans(data, text, "-restart", "5B"))
    noise = Image.frombytes("RGB", (48, 40), random.Random(1).randbytes(48 * 40 * 3))
    for q in (50, 100):
        for s in ("1x1", "2x2"):
            add(f"kind/noise-{q}-{s}", cjpeg(noise, "-quality", q, "-sample", s))
            add(f"kind/noise-{q}-{s}-progressive", cjpeg(noise, "-quality", q, "-sample", s, "-progressive"))
    flat = Image.new("RGB", (70, 30), (200, 30, 90))
    add("kind/flat", cjpeg(flat, "-quality", 90))
    add("kind/flat-progressive", cjpeg(flat, "-quality", 90, "-progressive"))


def four_planes():
    for w, h in [(1, 1), (45, 37)]:
        image = Image.merge("CMYK", [*picture(w, h, 7).split(), picture(w, h, 8).convert("L")])
        for name, options in {"": {}, "-progressive": {"progressive": True}}.items():
            out = io.BytesIO()
            image.save(out, "JPEG", quality=85, **options)
            data = out.getvalue()
            adobe = data.index(b"Adobe")
            add(f"planes4/{w}x{h}-cmyk{name}", data)
            add(f"planes4/{w}x{h}-ycck{name}", data[:adobe + 11] + b"\2" + data[adobe + 12:])
            add(f"planes4/{w}x{h}-adobe1{name}", data[:adobe + 11] + b"\1" + data[adobe + 12:])
            add(f"planes4/{w}x{h}-no-adobe{name}", without(data, 0xEE))
    # Planes of half the size: the frame claims other factors, and the picture is what it is.
    out = io.BytesIO()
    Image.merge("CMYK", [*picture(64, 48, 7).split(), picture(64, 48, 8).convert("L")]).save(out, "JPEG", quality=70)
    data = bytearray(out.getvalue())
    frame = next(at for at, m, _ in segments(bytes(data)) if m == 0xC0)
    data[frame + 5:frame + 9] = (32).to_bytes(2, "big") + (30).to_bytes(2, "big")
    for plane, factors in enumerate([0x22, 0x11, 0x11, 0x22]):
        data[frame + 11 + 3 * plane] = factors
    add("planes4/sampled", bytes(data))


def colour_markers():
    data = cjpeg(picture(20, 14, 9), "-quality", 80, "-sample", "2x1")
    rgb = cjpeg(picture(20, 14, 9), "-quality", 80, "-rgb")
    bare = without(data, 0xE0)
    adobe = lambda transform: b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform])
    add("colour/jfif-adobe0", data[:2] + adobe(0) + data[2:])
    for t in (0, 1, 2):
        add(f"colour/adobe{t}", bare[:2] + adobe(t) + bare[2:])
    add("colour/bare", bare)
    add("colour/rgb-ids", without(rgb, 0xEE))
    frame = next(at for at, m, _ in segments(bare) if m == 0xC0)
    scan = next(at for at, m, _ in segments(bare) if m == 0xDA)
    for name, ids in {"odd-ids": (7, 9, 200), "zero-ids": (0, 1, 2), "same-ids": (1, 1, 1)}.items():
        out = bytearray(bare)
        for i, n in enumerate(ids):
            out[frame + 10 + 3 * i] = out[scan + 5 + 2 * i] = n
        add(f"colour/{name}", bytes(out))


def odd_bytes():
    data = cjpeg(picture(40, 24, 10), "-quality", 80, "-sample", "2x2", "-restart", "2B")
    add("bytes/no-tables", without(data, 0xC4))
    add("bytes/after", data + b"more bytes \xff\xd8\xff\xe0")
    add("bytes/fill", data[:2] + b"\xff\xff\xff" + data[3:])
    add("bytes/comment", data[:2] + b"\xff\xfe\0\x09\xff\xd9 text" + data[2:])
    add("bytes/junk-between", data[:20] + b"\0\1\2" + data[20:])
    add("bytes/tables-first", data[:2] + b"".join(data[a:e] for a, m, e in segments(data) if m in (0xC4, 0xDB)) + b"\xff\xd9" + without(without(data, 0xC4), 0xDB))
    add("bytes/fill-before-restart", data.replace(b"\xff\xd1", b"\xff\xff\xff\xd1"))
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"
    add("bytes/exif", data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])


def damaged():
    for kind in ("baseline", "progressive"):
        for restart in ((), ("-restart", "3B")):
            data = cjpeg(picture(64, 48, 11), "-quality", 70, "-sample", "2x2", "-" + kind, *restart)
            start = next(e for _, m, e in segments(data) if m == 0xDA)
            name = f"damaged/{kind}{'-restart' if restart else ''}"
            rng = random.Random(len(data))
            for i in range(24 if restart else 12):
                out = bytearray(data)
                for _ in range(1 + i % 3):
                    out[rng.randrange(start, len(data) - 2)] = rng.randrange(256)
                add(f"{name}-bytes{i}", bytes(out))
            for i in range(8):
                at, n = rng.randrange(start, len(data) - 40), rng.randrange(1, 30)
                add(f"{name}-gap{i}", data[:at] + data[at + n:])
            add(f"{name}-early-end", data[:(start + len(data)) // 2].rstrip(b"\xff") + b"\xff\xd9")
            for share in (0.3, 0.7, 0.95):
                add(f"{name}-cut{share}", data[:start + int(share * (len(data) - start))])
            add(f"{name}-cut-end", data[:-2])
            if restart:
                for n in range(3):
                    add(f"{name}-lost{n}", data.replace(bytes([0xFF, 0xD0 + n]), b"", 1))
                    add(f"{name}-other{n}", data.replace(bytes([0xFF, 0xD0 + n]), bytes([0xFF, 0xD0 + (n + 5) % 8]), 1))
                    add(f"{name}-ahead{n}", data.replace(bytes([0xFF, 0xD0 + n]), bytes([0xFF, 0xD0 + n + 1]), 1))
    data = cjpeg(picture(16, 16, 12), "-quality", 70)
    add("damaged/no-quantisation", without(data, 0xDB))
    add("damaged/unknown-marker", data[:2] + b"\xff\xf2\0\4ab" + data[2:])
    scan, end = next((a, e) for a, m, e in segments(data) if m == 0xDA)
    add("damaged/second-frame", data[:scan] + b"".join(data[a:e] for a, m, e in segments(data) if m == 0xC0) + data[scan:])
    add("damaged/no-frame", without(data, 0xC0))
    frame = next(at for at, m, _ in segments(data) if m == 0xC0)
    for name, at, value in [("height0", 5, 0), ("width0", 7, 0), ("sampling0", 11, 0x02), ("sampling5", 11, 0x51), ("bits12", 4, 12), ("fraction", 11, 0x31)]:
        out = bytearray(data)
        out[frame + at] = value
        if name in ("height0", "width0"):
            out[frame + at + 1] = 0
        if name == "fraction":
            out[frame + 14] = 0x21
        add(f"damaged/{name}", bytes(out))
    for marker in (0xC3, 0xC5, 0xC9, 0xCA):
        add(f"damaged/frame-{marker:X}", data[:frame + 1] + bytes([marker]) + data[frame + 2:])


def incomplete():
    """Progressive files that end, properly, before all is known."""
    for s in ("1x1", "2x2"):
        data = cjpeg(picture(64, 48, 13), "-quality", 80, "-sample", s, "-progressive")
        at, n = 0, 0
        while True:
            at = data.find(b"\xff\xda", at + 2)
            if at < 0:
                break
            if n:
                head = data[:at]
                # The tables of the next scan may stay.
                add(f"incomplete/{n}-scans-{s}", head + b"\xff\xd9")
            n += 1


def opened(data, scale):
    im = Image.open(io.BytesIO(data))
    if im.format != "JPEG":
        raise ValueError(im.format)
    if scale > 1:
        (codec, _, offset, args), (w, h) = im.tile[0], im.size
        im._size = ((w + scale - 1) // scale, (h + scale - 1) // scale)
        im.tile = [(codec, (0, 0) + im._size, offset, args)]
        im.decoderconfig = (scale, 0)
    return im.convert("RGB")


def pixels(data, scale):
    try:
        im = opened(data, scale)
    except Exception as e:
        return "error"
    return hashlib.sha256(b"%d %d " % im.size + im.tobytes()).hexdigest()[:16]


def photographs():
    """Hashes of the photographs that the repository does not carry."""
    folder = os.path.join(os.environ.get("VERTEBRA_DATA", os.path.join(ROOT, "..", "..", "shared", "data")), "images")
    rows = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.jpg"))):
        data = open(path, "rb").read()
        name = os.path.basename(path)
        rows[name] = [pixels(data, s) for s in (1, 2, 4, 8)]
    if rows:
        with open(os.path.join(OUT, "photographs.json"), "w") as f:
            f.write("{\n" + ",\n".join(f"  {json.dumps(n)}: {json.dumps(r)}" for n, r in rows.items()) + "\n}\n")


def main():
    if sys.argv[1:] == ["check"]:
        with zipfile.ZipFile(os.path.join(OUT, "files.zip")) as z, open(os.path.join(OUT, "pixels.json")) as f:
            want = json.load(f)
            bad = [n for n, w in want.items() if [pixels(z.read(n), s) for s in (1, 2, 4, 8)] != w]
        print(f"{len(bad)} of {len(want)} differ:", *bad)
        return
    for make in (sizes, qualities, kinds, four_planes, colour_markers, odd_bytes, damaged, incomplete):
        make()
    os.makedirs(OUT, exist_ok=True)
    with zipfile.ZipFile(os.path.join(OUT, "files.zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as z:
        for name in sorted(files):
            z.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), files[name], zipfile.ZIP_DEFLATED, 9)
    with open(os.path.join(OUT, "pixels.json"), "w") as f:
        rows = [f"  {json.dumps(n)}: {json.dumps([pixels(files[n], s) for s in (1, 2, 4, 8)])}" for n in sorted(files)]
        f.write("{\n" + ",\n".join(rows) + "\n}\n")
    photographs()
    print(len(files), "files,", sum(map(len, files.values())), "bytes")


main()

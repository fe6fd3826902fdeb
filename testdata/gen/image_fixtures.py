"""Writes testdata/transform/kinds: small image files of kinds that people have,
and kinds.json, Pillow's size and the CRC-32 of its RGB pixels of each.

    python3 testdata/gen/image_fixtures.py

Pixels are ImageOps.exif_transpose(Image.open(file)).convert("RGB"). What an
orientation means is applied by hand beside it, and both must agree, except
where Pillow does not see one ("blind"): in a BYTE and in ImageMagick's profile
APP1.

Made with Pillow 13.0, numpy and tifffile (with imagecodecs)."""
import io
import itertools
import json
import os
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image, ImageOps, TiffImagePlugin

OUT = os.path.join(os.path.dirname(__file__), "..", "transform", "kinds")
LISTING = []
T = Image.Transpose
TURNS = {2: T.FLIP_LEFT_RIGHT, 3: T.ROTATE_180, 4: T.FLIP_TOP_BOTTOM, 5: T.TRANSPOSE, 6: T.ROTATE_270, 7: T.TRANSVERSE, 8: T.ROTATE_90}


def noise(seed, *shape, top=256):
    return np.random.default_rng(seed).integers(0, top, shape)


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def write(name, data, turned=None, blind=False):
    """Writes a file and lists it. turned is the orientation that it must show."""
    image = Image.open(io.BytesIO(data))
    pillow = ImageOps.exif_transpose(image).convert("RGB")
    if turned is not None:
        stored = Image.open(io.BytesIO(STORED[name.split(".")[-1]])).convert("RGB")
        upright = stored.transpose(TURNS[turned]) if turned in TURNS else stored
        same = upright.size == pillow.size and upright.tobytes() == pillow.tobytes()
        assert same or blind, name
        assert not (same and blind and turned > 1), f"Pillow sees it: {name}"
        pillow = upright
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(data)
    LISTING.append({"Name": name, "Size": list(pillow.size), "CRC": zlib.crc32(pillow.tobytes())})


# Orientations. The pictures have no symmetry; the JPEG's blocks are of one
# colour each, so that decoders agree on it to the bit.

PIXELS = Image.fromarray(noise(1, 3, 4, 3).astype(np.uint8))
BLOCKS = Image.fromarray(noise(2, 2, 3, 3).astype(np.uint8).repeat(8, 0).repeat(8, 1))
STORED = {
    "jpg": saved(BLOCKS, "JPEG", quality=100, subsampling=0),
    "png": saved(PIXELS, "PNG"),
    "webp": saved(PIXELS, "WEBP", lossless=True),
    "tif": saved(PIXELS, "TIFF"),
}
TYPES = {"byte": (1, "B"), "short": (3, "H"), "long": (4, "I"), "rational": (5, "II"), "sbyte": (6, "b"), "sshort": (8, "h"), "slong": (9, "i"), "float": (11, "f"), "double": (12, "d")}


def exif(orientation, kind="short", order="<", count=1):
    """EXIF data: the camera's name, then the orientation, then where an image's
    other directory would begin."""
    number, form = TYPES[kind]
    value = struct.pack(order + form, *[orientation, 1][:len(form)]) * count
    maker = b"a camera\0"
    after = 8 + 2 + 2 * 12 + 4
    far = len(value) > 4
    field = struct.pack(order + "I", after + len(maker)) if far else value.ljust(4, b"\0")
    return (
        (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, 2)
        + struct.pack(order + "HHII", 0x10F, 2, len(maker), after)
        + struct.pack(order + "HHI", 0x112, number, count) + field
        + struct.pack(order + "I", 0) + maker + (value if far else b"")
    )


def xmp(orientation, element=False):
    inner = f"><tiff:Orientation>{orientation}</tiff:Orientation>" if element else f' tiff:Orientation="{orientation}">'
    return f"<x:xmpmeta><rdf:RDF><rdf:Description{inner}</rdf:Description></rdf:RDF></x:xmpmeta>".encode()


HEADER, XMP_HEADER = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"


def jpeg(*segments, before=False):
    """The stored JPEG with APP1 segments after its JFIF header, or before."""
    data = STORED["jpg"]
    at = 2 if before else 4 + struct.unpack(">H", data[4:6])[0]
    return data[:at] + b"".join(b"\xff\xe1" + struct.pack(">H", len(s) + 2) + s for s in segments) + data[at:]


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks, after=False):
    """The stored PNG with more chunks before its picture, or after."""
    data = STORED["png"]
    at = len(data) - 12 if after else 8 + 25
    return data[:at] + b"".join(chunks) + data[at:]


def profile(name, data):
    digits = data.hex()
    return f"\n{name}\n{len(data):8}\n".encode() + "\n".join(digits[i:i + 72] for i in range(0, len(digits), 72)).encode() + b"\n"


def text(kind, key, value, compressed=False):
    packed = zlib.compress(value) if compressed or kind == b"zTXt" else value
    between = {b"tEXt": b"", b"zTXt": b"\0", b"iTXt": bytes([compressed, 0]) + b"en\0x\0"}[kind]
    return chunk(kind, key + b"\0" + between + packed)


def riff(chunks):
    body = b"".join(k + struct.pack("<I", len(d)) + d + b"\0" * (len(d) % 2) for k, d in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def riff_chunks(data):
    at, found = 12, []
    while at + 8 <= len(data):
        size = struct.unpack("<I", data[at + 4:at + 8])[0]
        found.append((data[at:at + 4], data[at + 8:at + 8 + size]))
        at += 8 + size + size % 2
    return found


def uint24(v):
    return struct.pack("<I", v)[:3]


def webp(*metadata, flags):
    picture = riff_chunks(STORED["webp"])[-1]
    return riff([(b"VP8X", bytes([flags, 0, 0, 0]) + uint24(3) + uint24(2)), picture, *metadata])


def tiff(tag, value):
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[tag] = value
    return saved(PIXELS, "TIFF", tiffinfo=info)


def orientations():
    raw, app1, packet = b"Raw profile type exif", b"Raw profile type APP1", b"XML:com.adobe.xmp"
    kinds = [k for k in TYPES if k != "byte"]
    for o in range(1, 9):
        order = "<>"[o % 2]
        write(f"long_{o}.jpg", jpeg(HEADER + exif(o, "long", order), before=o > 4), o)
        write(f"xmp_{o}.jpg", jpeg(XMP_HEADER + xmp(o, o % 2 == 0)), o)
        write(f"exif_{o}.png", png(chunk(b"eXIf", exif(o, "short", order)), after=o % 3 == 0), o)
        write(f"profile_{o}.png", png(text(b"zTXt", raw, profile("exif", HEADER + exif(o, "short", order)))), o)
        write(f"xmp_{o}.png", png(text(b"iTXt", packet, xmp(o), compressed=o % 2 == 0), after=o % 3 == 0), o)
        write(f"exif_{o}.webp", webp((b"EXIF", HEADER * (o % 2) + exif(o, kinds[o % len(kinds)])), flags=8), o)
        write(f"xmp_{o}.webp", webp((b"XMP ", xmp(o)), flags=4), o)
        write(f"orientation_{o}.tif", tiff(274, o), o)
    for o, kind, order in zip(itertools.cycle([6, 3, 8, 5]), kinds, itertools.cycle("<>")):
        write(f"{kind}.jpg", jpeg(HEADER + exif(o, kind, order)), o)
        write(f"{kind}_count3.jpg", jpeg(HEADER + exif(o, kind, order, count=3)), o)
    write("byte_6.jpg", jpeg(HEADER + exif(6, "byte")), 6, blind=True)
    write("byte_3.png", png(chunk(b"eXIf", exif(3, "byte", ">"))), 3, blind=True)
    write("count0.jpg", jpeg(HEADER + exif(6, count=0)), 1)
    write("none_0.jpg", jpeg(HEADER + exif(0)), 1)
    write("none_9.jpg", jpeg(HEADER + exif(9), XMP_HEADER + xmp(6)), 1)
    write("exif_first.jpg", jpeg(XMP_HEADER + xmp(3), HEADER + exif(8)), 8)
    write("two_segments.jpg", jpeg(HEADER + exif(6), HEADER + exif(3)), 6)
    write("two_headers.jpg", jpeg(HEADER * 2 + exif(5)), 5)
    write("last_xmp.jpg", jpeg(XMP_HEADER + xmp(3), XMP_HEADER + xmp(6)), 6)
    write("text.png", png(text(b"tEXt", raw, profile("exif", exif(6)))), 6)
    write("text_after.png", png(text(b"tEXt", raw, profile("exif", HEADER + exif(8, order=">"))), after=True), 8)
    write("international.png", png(text(b"iTXt", raw, profile("exif", HEADER + exif(5)))), 5)
    write("international_compressed.png", png(text(b"iTXt", raw, profile("exif", HEADER + exif(7)), compressed=True)), 7)
    write("app1.png", png(text(b"zTXt", app1, profile("generic profile", HEADER + exif(6)))), 6, blind=True)
    write("last_exif.png", png(chunk(b"eXIf", exif(3)), chunk(b"eXIf", exif(6))), 6)
    write("no_flag.webp", webp((b"EXIF", exif(6)), flags=0), 1)
    write("xmp_6.tif", tiff(700, xmp(6)), 6)
    write("xmp_3.tif", tiff(700, xmp(3, True)), 3)


# Formats.

ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png_samples(values, depth, interlace):
    """Rows of samples, each after filter 0."""
    data = b""
    for x, y, dx, dy in ADAM7 if interlace else [(0, 0, 1, 1)]:
        for row in values[y::dy, x::dx] if x < values.shape[1] else []:
            flat = row.reshape(-1)
            bits = (flat[:, None] >> np.arange(depth - 1, -1, -1) & 1).astype(np.uint8)
            data += b"\0" + np.packbits(bits.reshape(-1)).tobytes()
    return data


def png_kinds():
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
    for colour, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for depth, interlace, transparent in itertools.product(depths, (0, 1), (0, 1)):
            if transparent and colour >= 4:
                continue
            seed = 100 * colour + depth
            w, h = (11, 9) if interlace else (5, 4)
            values = noise(seed, h, w, samples[colour], top=min(1 << depth, 50) if colour == 3 else 1 << depth)
            if depth == 16:
                values[::2] //= 300  # greys that 8 bits hold
            extra = b""
            if colour == 3:
                extra += chunk(b"PLTE", noise(seed, 3 * min(1 << depth, 50)).astype(np.uint8).tobytes())
            if transparent:
                first = noise(seed, 2).astype(np.uint8).tobytes() if colour == 3 else b"".join(struct.pack(">H", v) for v in values[0, 0])
                extra += chunk(b"tRNS", first)
            name = f"png{colour}_{depth}" + "_interlaced" * interlace + "_transparent" * transparent
            head = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, interlace)
            data = zlib.compress(png_samples(values, depth, interlace))
            write(name + ".png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b""))


def webp_kinds():
    rgb = Image.fromarray(noise(5, 9, 13, 3).astype(np.uint8))
    rgba = Image.fromarray(noise(6, 9, 13, 4).astype(np.uint8), "RGBA")
    for (name, image), lossless in itertools.product({"rgb": rgb, "rgba": rgba}.items(), (True, False)):
        kind = name + ("_lossless" if lossless else "_lossy")
        others = [image.transpose(T.ROTATE_180), image.transpose(T.FLIP_TOP_BOTTOM)]
        write(f"animated_{kind}.webp", saved(image, "WEBP", save_all=True, append_images=others, lossless=lossless, duration=40, background=(9, 8, 7, 255)))
        picture = [c for c in riff_chunks(saved(image, "WEBP", lossless=lossless, exact=True)) if c[0] in (b"VP8 ", b"VP8L", b"ALPH")]
        for x, y, w, h in [(4, 2, 20, 12), (0, 0, 14, 9), (6, 10, 19, 19)]:
            frame = uint24(x // 2) + uint24(y // 2) + uint24(12) + uint24(8) + uint24(40) + b"\1" + riff(picture)[12:]
            head = bytes([0x12, 0, 0, 0]) + uint24(w - 1) + uint24(h - 1)
            write(f"frame_at_{x}_{y}_{kind}.webp", riff([(b"VP8X", head), (b"ANIM", b"\x10\x20\x30\xff\0\0"), (b"ANMF", frame), (b"ANMF", frame)]))
    lossy = [c for c in riff_chunks(saved(rgba, "WEBP")) if c[0] == b"VP8 "]
    write("alpha_announced.webp", riff([(b"VP8X", bytes([0x10, 0, 0, 0]) + uint24(12) + uint24(8))] + lossy))


def tiff_kinds():
    rgb, grey = noise(7, 21, 35, 3).astype(np.uint8), noise(8, 21, 35).astype(np.uint8)
    image = Image.fromarray(rgb)
    for method in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        write(f"rgb_{method}.tif", saved(image, "TIFF", compression=method))
    for method in ("raw", "group3", "group4"):
        bits = Image.fromarray(grey).convert("1")
        write(f"bits_{method}.tif", saved(bits, "TIFF", compression=method))
        info = TiffImagePlugin.ImageFileDirectory_v2()
        info[262] = 0
        write(f"bits_white0_{method}.tif", saved(bits, "TIFF", compression=method, tiffinfo=info))
    write("palette.tif", saved(image.quantize(37), "TIFF", compression="tiff_lzw"))
    write("pages.tif", saved(image, "TIFF", save_all=True, append_images=[Image.fromarray(grey), image.rotate(90)], compression="tiff_lzw"))
    wide, alpha = noise(9, 21, 35, 3, top=65536).astype(np.uint16), noise(10, 21, 35, 4).astype(np.uint8)
    low = np.where(noise(11, 21, 35, top=2) == 1, grey, wide[..., 0]).astype(np.uint16)
    alpha[:2, :, 3] = 0
    alpha[..., :3] = alpha[..., :3].astype(int) * alpha[..., 3:] // 255
    for order, name in (("<", "little"), (">", "big")):
        options = dict(byteorder=order, compression="deflate")
        for kind, pixels, more in [
            ("grey16", low, dict(photometric="minisblack", predictor=True)),
            ("rgb16", wide, dict(photometric="rgb", predictor=True)),
            ("white0", grey, dict(photometric="miniswhite")),
            ("tiles", rgb, dict(photometric="rgb", tile=(16, 16), predictor=True)),
            ("strips", rgb, dict(photometric="rgb", rowsperstrip=5)),
            ("alpha", alpha, dict(photometric="rgb", extrasamples=["unassalpha"])),
            ("premultiplied", alpha, dict(photometric="rgb", extrasamples=["assocalpha"])),
        ]:
            buffer = io.BytesIO()
            tifffile.imwrite(buffer, pixels, metadata=None, software=False, **{**options, **more})
            write(f"{kind}_{name}.tif", buffer.getvalue())


def gif(screen, at, values, palette, own=None, transparent=None):
    """A GIF with one frame, in codes of 9 bits that are never packed."""
    size = lambda p: 0x80 | (len(p) // 3).bit_length() - 2
    data = b"GIF89a" + struct.pack("<HHBBB", *screen, size(palette), 0, 0) + palette
    if transparent is not None:
        data += b"!\xf9\4\1\0\0" + bytes([transparent]) + b"\0"
    data += b"," + struct.pack("<HHHHB", *at, values.shape[1], values.shape[0], size(own) if own else 0) + (own or b"")
    codes = [256, *(int(v) for v in values.reshape(-1)), 257]
    packed = sum(code << 9 * i for i, code in enumerate(codes)).to_bytes((9 * len(codes) + 7) // 8, "little")
    return data + b"\x08" + bytes([len(packed)]) + packed + b"\0;"


def gif_kinds():
    palette, own = noise(12, 48).astype(np.uint8).tobytes(), noise(13, 48).astype(np.uint8).tobytes()
    values = noise(14, 5, 7, top=16)
    for name, options in {
        "own_palette": dict(own=own), "own_transparent": dict(own=own, transparent=3), "transparent": dict(transparent=5),
        "grey": dict(own=bytes(17 * (i // 3) for i in range(48)), transparent=2), "transparent_first": dict(transparent=0),
    }.items():
        write(f"{name}.gif", gif((7, 5), (0, 0), values, palette, **options))
        write(f"{name}_offset.gif", gif((12, 9), (3, 2), values, palette, **options))


def bmp(name, depth, pixels, palette=b"", storage=0, masks=(), topdown=False, size=40):
    """A bitmap of 7 by 5 pixels."""
    stored = struct.pack(f"<{len(masks)}I", *masks)
    if size == 12:
        head = struct.pack("<IHHHH", 12, 7, 5, 1, depth)
    else:
        head = struct.pack("<IiiHHIIiiII", size, 7, -5 if topdown else 5, 1, depth, storage, len(pixels), 0, 0, 0, 0)
        head = (head + stored).ljust(size, b"\0")
    at = 14 + len(head) + len(palette)
    write(name + ".bmp", b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + head + palette + pixels)


def bmp_kinds():
    stored = {}
    for depth in (1, 4, 8, 16, 24, 32):
        samples = depth // 8 or 1
        values = noise(depth, 5, 7 * samples, top=min(256, 1 << depth))
        bits = values[..., None] >> np.arange(min(8, depth) - 1, -1, -1) & 1
        rows = np.packbits(bits.reshape(5, -1).astype(np.uint8), axis=1)
        stored[depth] = b"".join(r.tobytes() + b"\0" * (-len(r) % 4) for r in rows)
        palette = noise(depth, 4 << depth).astype(np.uint8).tobytes() if depth <= 8 else b""
        bmp(f"bits{depth}", depth, stored[depth], palette)
        bmp(f"bits{depth}_topdown", depth, stored[depth], palette, topdown=True)
        bmp(f"bits{depth}_v5", depth, stored[depth], palette, size=124)
    for name, size, masks in [("", 40, ()), ("_v4", 108, (0xFF000000,)), ("_v3", 56, (0,))]:
        bmp("masks888" + name, 32, stored[32], storage=3, masks=(0xFF0000, 0xFF00, 0xFF, *masks), size=size)
    bmp("masks_rgba", 32, stored[32], storage=3, masks=(0xFF, 0xFF00, 0xFF0000, 0xFF000000), size=108)
    bmp("masks_xbgr", 32, stored[32], storage=3, masks=(0xFF000000, 0xFF0000, 0xFF00))
    bmp("masks565", 16, stored[16], storage=3, masks=(0xF800, 0x7E0, 0x1F))
    bmp("masks555", 16, stored[16], storage=3, masks=(0x7C00, 0x3E0, 0x1F))
    bmp("os2", 24, stored[24], size=12)
    bmp("os2_palette", 4, stored[4], noise(4, 48).astype(np.uint8).tobytes(), size=12)
    colours = noise(8, 1024).astype(np.uint8).tobytes()
    line, end = b"\0\0", b"\0\1"
    bmp("runs8", 8, b"\7\1" + line + b"\0\5\1\2\3\4\5\0\2\6" + line + b"\3\7" + b"\0\2\1\1" + b"\3\x09" + line + b"\x0a\5" + line + end, colours, storage=1)
    bmp("runs4", 4, b"\7\x12" + line + b"\0\5\x12\x34\x50\0\2\x67" + line + b"\3\x78" + b"\0\2\1\1" + b"\3\x9a" + line + b"\7\x51" + line + end, colours[:64], storage=2)


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    orientations()
    png_kinds()
    webp_kinds()
    tiff_kinds()
    gif_kinds()
    bmp_kinds()
    with open(os.path.join(OUT, "kinds.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in LISTING) + "\n]\n")

"""Writes testdata/transform: what Pillow and torchvision make of small images.

    python3 testdata/gen/transform_fixtures.py

resize.json lists cases; resize.bin holds their results one after another, 8-bit
RGB row by row. Sources are the same on both sides by rule: fill(NAME, …)
scaled to 0…255. exif_N.jpg are a small picture under each EXIF orientation,
NAME.EXT one under each format, and formats.bin Pillow's pixels of them.

Needs Pillow, torch and torchvision."""
import io
import json
import os
import struct

import numpy as np
from PIL import Image, ImageOps
from torchvision import transforms


from fill import fill

OUT = os.path.join(os.path.dirname(__file__), "..", "transform")
MODES = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "nearest": Image.NEAREST}


def source(name, w, h):
    return Image.fromarray((fill(name, (h, w, 3), 0, 256)).astype(np.uint8))


def resizes():
    cases, blob = [], b""
    sizes = [
        ((17, 13), (8, 6)), ((8, 6), (17, 13)), ((1, 9), (4, 3)), ((9, 1), (3, 4)), ((1, 1), (5, 5)), ((40, 3), (7, 7)),
        ((12, 12), (12, 5)), ((12, 12), (5, 12)), ((12, 12), (12, 12)), ((100, 80), (3, 2)), ((7, 5), (6, 5)), ((31, 33), (32, 32)),
    ]
    for mode, pil in MODES.items():
        for (w, h), (ow, oh) in sizes:
            name = f"{mode}{w}x{h}"
            out = source(name, w, h).resize((ow, oh), pil)
            cases.append({"Kind": "resize", "Name": name, "Mode": mode, "From": [w, h], "To": [ow, oh]})
            blob += np.asarray(out).tobytes()
    for (w, h), size, crop in [((50, 33), 16, 14), ((33, 50), 16, 11), ((20, 20), 20, 7), ((9, 30), 5, 24), ((64, 48), 58, 56), ((48, 49), 58, 56)]:
        name = f"preset{w}x{h}"
        preset = transforms.Compose([transforms.Resize(size), transforms.CenterCrop(crop)])
        out = preset(source(name, w, h))
        cases.append({"Kind": "preset", "Name": name, "Mode": "bilinear", "From": [w, h], "To": [size, crop]})
        blob += np.asarray(out).tobytes()
    for (w, h), (cw, ch) in [((10, 9), (4, 4)), ((9, 10), (4, 5)), ((5, 5), (9, 8)), ((3, 12), (6, 6)), ((7, 8), (4, 3))]:
        name = f"crop{w}x{h}"
        out = transforms.CenterCrop((ch, cw))(source(name, w, h))
        cases.append({"Kind": "crop", "Name": name, "Mode": "", "From": [w, h], "To": [cw, ch]})
        blob += np.asarray(out).tobytes()
    with open(os.path.join(OUT, "resize.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    with open(os.path.join(OUT, "resize.bin"), "wb") as f:
        f.write(blob)


def picture(w, h):
    """Smooth, so that JPEG keeps it, and different in every corner."""
    y, x = np.mgrid[0:h, 0:w] / max(w, h)
    return Image.fromarray((np.stack([x, y, 1 - x], -1) * 200 + 20).astype(np.uint8))


def files():
    rgb = picture(40, 26)
    for name, options in [("444", {"subsampling": 0}), ("422", {"subsampling": 1}), ("420", {"subsampling": 2}), ("progressive", {"progressive": True})]:
        rgb.save(os.path.join(OUT, f"{name}.jpg"), quality=92, **options)
    odd = picture(23, 17)
    odd.save(os.path.join(OUT, "odd420.jpg"), quality=92, subsampling=2)
    rgb.convert("L").save(os.path.join(OUT, "grey.jpg"), quality=92)
    rgb.convert("CMYK").save(os.path.join(OUT, "cmyk.jpg"), quality=92)
    rgb.save(os.path.join(OUT, "rgb.png"))
    rgb.convert("L").save(os.path.join(OUT, "grey.png"))
    rgb.quantize(16).save(os.path.join(OUT, "palette.png"))
    alpha = rgb.convert("RGBA")
    alpha.putalpha(rgb.convert("L"))
    alpha.save(os.path.join(OUT, "alpha.png"))
    rgb.save(os.path.join(OUT, "rgb.bmp"))
    rgb.save(os.path.join(OUT, "lossless.webp"), lossless=True)
    frames = [rgb.quantize(16), ImageOps.invert(rgb).quantize(16)]
    frames[0].save(os.path.join(OUT, "animated.gif"), save_all=True, append_images=frames[1:], duration=50)
    rgb.save(os.path.join(OUT, "lossy.webp"), quality=80)
    alpha.save(os.path.join(OUT, "alpha.webp"), quality=80)
    odd.save(os.path.join(OUT, "odd.webp"), quality=80)
    small = odd.quantize(16)
    small.info["transparency"] = 3
    with open(os.path.join(OUT, "offset.gif"), "wb") as f:
        f.write(offset_gif(small, (31, 29), (5, 8)))
    names = ["444.jpg", "422.jpg", "420.jpg", "progressive.jpg", "odd420.jpg", "grey.jpg", "cmyk.jpg", "rgb.png", "grey.png", "palette.png", "alpha.png", "rgb.bmp", "lossless.webp", "animated.gif", "lossy.webp", "alpha.webp", "odd.webp", "offset.gif"]
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        name = f"exif_{orientation}.jpg"
        picture(16, 12).save(os.path.join(OUT, name), quality=95, subsampling=0, exif=exif)
        names.append(name)
    listing, blob = [], b""
    for name in names:
        image = ImageOps.exif_transpose(Image.open(os.path.join(OUT, name))).convert("RGB")
        listing.append({"Name": name, "Size": list(image.size)})
        blob += np.asarray(image).tobytes()
    with open(os.path.join(OUT, "formats.json"), "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in listing) + "\n]\n")
    with open(os.path.join(OUT, "formats.bin"), "wb") as f:
        f.write(blob)


def offset_gif(frame, screen, at):
    """A GIF whose only frame leaves part of its screen free."""
    buffer = io.BytesIO()
    frame.save(buffer, format="GIF", transparency=3)
    data = bytearray(buffer.getvalue())
    data[6:10] = struct.pack("<HH", *screen)
    descriptor = data.index(b",", 13 + 3 * 2 ** ((data[10] & 7) + 1))
    data[descriptor + 1:descriptor + 5] = struct.pack("<HH", *at)
    return bytes(data)


def photographs():
    """Checksums of Resize(232) + CenterCrop(224), and of 256, for the lossless
    photographs, whose pixels are the same on both sides."""
    import zlib

    sums = {}
    for name in ("chelsea.png", "coffee.png"):
        image = Image.open(os.path.join(OUT, "..", "images", name)).convert("RGB")
        for size in (232, 256):
            out = transforms.Compose([transforms.Resize(size), transforms.CenterCrop(224)])(image)
            sums[f"{name} {size}"] = zlib.crc32(np.asarray(out).tobytes())
    with open(os.path.join(OUT, "photographs.json"), "w") as f:
        json.dump(sums, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    resizes()
    files()
    photographs()

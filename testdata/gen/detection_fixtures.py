"""Writes testdata/detect: what torchvision's detectors on a small backbone give
for a batch of two images of different sizes.

    python3 testdata/gen/detection_fixtures.py [KIND ...]
"""
import pathlib
import sys

import detectron2_nets
from detection_nets import FULL_SIZE, picture, run, small_filled
from sampling import Recorder

FOLDER = pathlib.Path(__file__).parents[1] / "detect"
SIZES = [(60, 80), (72, 50)]
# So many masks of each image are kept, pasted.
MASKS = 4


def record(kind, sizes, path):
    if kind.endswith("_detectron2"):
        model = detectron2_nets.small(kind.startswith("mask"))
    else:
        model = small_filled(kind)
    images = [picture(f"image{i}", *s) for i, s in enumerate(sizes)]
    results, raw = run(model, images)
    r = Recorder()
    for name, outputs in raw.items():
        if "box_predictor" in name:
            r.samples[f"rows/{name}"] = outputs[0].numpy()
        for level, y in enumerate(outputs):
            r.add(f"raw/{name}/{level}", y)
    summary = []
    for i, result in enumerate(results):
        labels = result["labels"]
        summary.append(f"{len(labels)} of {len(labels.unique())} classes")
        assert len(labels) >= 24 and len(labels.unique()) >= 3, summary
        for field, t in result.items():
            t = t[:MASKS] if field == "masks" else t
            r.samples[f"{i}/{field}"] = t.numpy()
    r.write(path)
    print(kind, *summary)


def main():
    FOLDER.mkdir(exist_ok=True)
    for kind in sys.argv[1:] or [*FULL_SIZE, "fasterrcnn_detectron2", "maskrcnn_detectron2"]:
        record(kind, SIZES, FOLDER / f"{kind}.safetensors")


if __name__ == "__main__":
    main()

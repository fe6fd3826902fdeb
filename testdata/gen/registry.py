"""Writes weights/registry.json and weights/labels/*.txt: the ResNet-based
checkpoints that torchvision publishes, and the names of their classes.

    python3 testdata/gen/registry.py DATA

DATA holds weights/torchvision-0.14-weights.json, which lists every published
checkpoint as torchvision 0.14.1's enums do (in their order, the newest last),
and labels/*.txt."""
import json
import pathlib
import re
import sys

WEIGHTS = pathlib.Path(__file__).parents[2] / "weights"
ATTRIBUTION = "torchvision 0.14.1 metadata, BSD-3-Clause"

# What torchvision's detectors do inside the model, in GeneralizedRCNNTransform.
DETECTION = {
    "resize": 800,
    "max_size": 1333,
    "pad_to": 32,
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "interpolation": "bilinear",
    "antialias": False,
}
CATEGORIES = {1000: "imagenet1k", 91: "coco91", 21: "voc21", 2: "coco_person"}
COCO_PERSON = ["no person", "person"]


def preprocessing(transforms):
    if transforms == "ObjectDetection":
        return DETECTION
    numbers = {"resize": transforms["resize_size"][0]}
    if "crop_size" in transforms:
        numbers["crop"] = transforms["crop_size"][0]
    numbers |= {key: transforms[key] for key in ("mean", "std", "interpolation")}
    return numbers | {"antialias": True}  # PIL's resize, which the accuracies were measured with


def checkpoint(entry, newest):
    model, tag = re.fullmatch(r"(\w+)_Weights\.(\w+)", entry["enum"]).groups()
    out = {
        "model": model.lower(),
        "tag": tag,
        "default": entry["enum"] == newest,
        "url": entry["url"],
        "sha256_prefix": re.search(r"-([0-9a-f]{8})\.pth$", entry["url"])[1],
        "num_params": entry["num_params"],
        "metrics": entry["metrics"],
        "preprocessing": preprocessing(entry["transforms"]),
        "categories": CATEGORIES[entry["num_categories"]],
    }
    if model.startswith("KeypointRCNN"):
        out["keypoints"] = "coco_person_keypoints"
    return out | {"recipe": entry["recipe"]}


def main(data):
    entries = json.loads((data / "weights" / "torchvision-0.14-weights.json").read_text())
    entries = [e for e in entries if re.search(r"ResNe(X)?t", e["enum"])]
    newest = {e["enum"].split(".")[0]: e["enum"] for e in entries}
    lines = [json.dumps(checkpoint(e, newest[e["enum"].split(".")[0]])) for e in entries]
    text = f'{{\n"attribution": {json.dumps(ATTRIBUTION)},\n"checkpoints": [\n' + ",\n".join(lines) + "\n]\n}\n"
    (WEIGHTS / "registry.json").write_text(text)

    labels = {path.stem: path.read_text().splitlines() for path in (data / "labels").glob("*.txt")}
    labels["coco_person"] = COCO_PERSON
    labels["coco81"] = [name for name in labels["coco91"] if name != "N/A"]
    for name, names in labels.items():
        (WEIGHTS / "labels" / f"{name}.txt").write_text("\n".join(names) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))

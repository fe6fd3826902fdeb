"""Writes what the live comparison of a full-size detector needs: a checkpoint
as torch.save makes it, and for several inputs torchvision's raw outputs and
detections. compare_detection.sh calls it. A MIN_SIZE below torchvision's 800
makes it faster.

    python3 testdata/gen/compare_detection.py KIND FOLDER [MIN_SIZE]
    python3 testdata/gen/compare_detection.py --list
"""
import pathlib
import sys
import time

import torch

import detectron2_nets
from detection_nets import FULL_SIZE, full_size, picture, run
from sampling import Recorder

# Batches, each image by height and width.
INPUTS = [[(300, 300)], [(427, 640)], [(640, 427)], [(480, 640), (375, 500)]]
MASKS = 12


# The standard deviations that heads' outputs are brought to, by the end of the
# module's name, and what is added to biases: scores that neither saturate nor
# tie, boxes near their anchors. An error of a box is one of its offset times the
# anchor's size: with offsets twice these, torchvision's own boxes are 1e-3 pixels
# from what it computes in float64.
SPREAD = {
    "rpn.head.cls_logits": (1.5, 0), "rpn.head.bbox_pred": (0.1, 0),
    "box_predictor.cls_score": (2.0, 0), "box_predictor.bbox_pred": (0.35, 0),
    "classification_head.cls_logits": (1.2, -3), "regression_head.bbox_reg": (0.08, 0),
}


# detectron2's models, by kinds: the backbone, and whether there are masks.
DETECTRON2 = {
    "fasterrcnn_detectron2": ("R_101", False),
    "maskrcnn_detectron2": ("R_50", True),
    "maskrcnn_resnext_detectron2": ("X_101_32x8d", True),
}


def limit(model, least, most):
    """Sets the sizes that images are brought to."""
    if detectron2_nets.is_detectron2(model):
        model.limits = (least, most)
    else:
        model.transform.min_size, model.transform.max_size = (least,), most


def outputs(maps, channels, background_last):
    """The values of a layer, a column for each output, in the order of its
    bias: detectron2's, where the SDK has the background first, has it last or
    not at all."""
    rows = torch.cat([y.movedim(1, -1).reshape(-1, y.shape[1]) for y in maps])
    if rows.shape[1] != channels:
        return rows[:, -channels:]
    return rows.roll(-1, 1) if background_last and maps[0].dim() == 2 else rows


def calibrate(model, fcos):
    """Scales the heads' last layers, by their outputs on one small image."""
    limit(model, 256, 256 * 5 // 3)
    for names in (("rpn", "head"), ("roi_heads",)):
        _, raw = run(model, [picture("image0", 300, 300)])
        for name, module in model.named_modules():
            name = detectron2_nets.torchvision_name(name)
            for end, (spread, shift) in SPREAD.items():
                if name.endswith(end) and name.startswith(names):
                    values = outputs(raw[name], len(module.bias), detectron2_nets.is_detectron2(model))
                    # Classes are brought to one mean each, so that none wins everywhere.
                    mean = values.mean(0) if end == "box_predictor.cls_score" else values.mean()
                    if fcos:
                        shift, spread = (0, spread) if "cls" in end else (1, 0.5)
                    factor = spread / (values - mean).std()
                    module.weight.data *= factor
                    module.bias.data = (module.bias.data - mean) * factor + shift


def write(kind, folder, min_size=800):
    most = 1333 if min_size == 800 else min_size * 5 // 3
    with torch.no_grad():
        model = detectron2_nets.full_size(*DETECTRON2[kind]) if kind in DETECTRON2 else full_size(kind)
        calibrate(model, kind == "fcos")
    limit(model, min_size, most)
    torch.save(model.state_dict(), folder / f"{kind}.pth")
    for n, sizes in enumerate(INPUTS):
        images = [picture(f"image{i}", *s) for i, s in enumerate(sizes)]
        start = time.perf_counter()
        results, raw = run(model, images)
        seconds = time.perf_counter() - start
        r = Recorder()
        for name, outputs in raw.items():
            if "box_predictor" in name:
                r.samples[f"rows/{name}"] = outputs[0].numpy()
            for level, y in enumerate(outputs):
                r.add(f"raw/{name}/{level}", y)
        for i, result in enumerate(results):
            labels = result["labels"]
            print(f"{kind} {sizes[i]}: {len(labels)} detections of {len(labels.unique())} classes, batch {seconds:.2f} s")
            assert len(labels) >= 24 and len(labels.unique()) >= min(8, model_classes(model) - 1)
            for field, t in result.items():
                r.samples[f"{i}/{field}"] = (t[:MASKS] if field == "masks" else t).numpy()
        r.write(folder / f"{kind}_{n}.safetensors", sizes=sizes, limits=[min_size, most])


def model_classes(model):
    if detectron2_nets.is_detectron2(model):
        return model.classes + 1
    if hasattr(model, "roi_heads"):
        return model.roi_heads.box_predictor.cls_score.out_features
    return model.head.classification_head.num_classes


def main():
    if sys.argv[1:] == ["--list"]:
        print(*FULL_SIZE, *DETECTRON2)
        return
    kind, folder, *size = sys.argv[1:]
    write(kind, pathlib.Path(folder), *map(int, size))


if __name__ == "__main__":
    main()

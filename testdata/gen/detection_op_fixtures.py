"""Writes testdata/ops/detection.safetensors: what torchvision's detection
operators give for inputs that fill.py makes; ops/detection_fixtures_test.go
makes the same ones.

    python3 testdata/gen/detection_op_fixtures.py
"""
import pathlib

import numpy as np
import torch
import torchvision
from torchvision.models.detection import roi_heads
from torchvision.models.detection._utils import BoxCoder, BoxLinearCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import boxes as box_ops
from torchvision.ops.poolers import MultiScaleRoIAlign

import safetensors_io
from fill import fill
from ops_bench import boxes

FOLDER = pathlib.Path(__file__).parents[1] / "ops"

# Boxes that pooling treats in some special way: empty, inside out, partly and
# wholly outside, the whole map, one pixel.
ODD = torch.tensor([
    [5, 5, 5, 5], [9, 9, 4, 3], [-6, -4, 7, 9], [20, 18, 40, 50], [100, 100, 120, 130], [-90, -80, -70, -60],
    [0, 0, 24, 20], [3, 4, 4, 5], [0.5, 0.25, 11.75, 3.5], [23.5, 19.5, 24, 20],
], dtype=torch.float32)


def regions():
    """Twelve ordinary boxes and the odd ones, in turn of two images."""
    b = torch.cat([boxes("rois", 12, 24, 12), ODD])
    return torch.cat([torch.arange(len(b))[:, None] % 2, b], 1)


def roi_ops(out):
    x, r = torch.from_numpy(fill("map", (2, 3, 20, 24), -2, 2)), regions()
    for aligned in (False, True):
        for ratio in (-1, 0, 1, 2, 3):
            for scale in (1, 0.5):
                name = f"roi_align/{int(aligned)}/{ratio}/{scale}"
                out[name] = torchvision.ops.roi_align(x, r, (3, 4), scale, ratio, aligned)
    for scale in (1, 0.5):
        out[f"roi_pool/{scale}"] = torchvision.ops.roi_pool(x, r, (3, 4), scale)


def suppression(out):
    scores = torch.from_numpy(fill("scores", (1500,), 0, 1))
    scores[::7] = scores[3]  # equal ones
    classes = torch.from_numpy(fill("classes", (1500,), 0, 5)).to(torch.int64)
    for n in (1, 2, 300, 1500):
        b = boxes("boxes", n, 200, 60)
        for threshold in (0.0, 0.3, 0.7, 1.0):
            out[f"nms/{n}/{threshold}"] = torchvision.ops.nms(b, scores[:n], threshold)
            # torchvision orders equal scores anyhow; the set is what counts.
            keep = torchvision.ops.batched_nms(b, scores[:n], classes[:n], threshold)
            out[f"batched_nms/{n}/{threshold}"] = keep.sort()[0]
            other = box_ops._batched_nms_vanilla if n <= 1000 else box_ops._batched_nms_coordinate_trick
            assert torch.equal(other(b, scores[:n], classes[:n], threshold).sort()[0], keep.sort()[0])
    scores = scores[:40].clone()
    scores[11] = float("nan")
    out["nms/nan"] = torchvision.ops.nms(boxes("boxes", 40, 60, 60), scores, 0.3)


def box_functions(out):
    a, b = torch.cat([boxes("a", 12, 50, 30), ODD]), torch.cat([boxes("b", 9, 50, 30), ODD])
    out["iou"], out["giou"] = torchvision.ops.box_iou(a, b), torchvision.ops.generalized_box_iou(a[:12], b[:9])
    out["clip"] = torchvision.ops.clip_boxes_to_image(a, (20, 24))
    out["large"] = torchvision.ops.remove_small_boxes(a, 11)
    a, b = boxes("a", 12, 50, 30), boxes("b", 12, 50, 30)
    deltas = torch.from_numpy(fill("deltas", (12, 4), -6, 6))
    for name, weights in ("ones", (1.0, 1.0, 1.0, 1.0)), ("head", (10.0, 10.0, 5.0, 5.0)):
        coder = BoxCoder(weights)
        out[f"encode/{name}"] = coder.encode_single(a, b)
        out[f"decode/{name}"] = coder.decode_single(deltas, b)
    for by_size in (False, True):
        coder = BoxLinearCoder(normalize_by_size=by_size)
        out[f"encode/linear{int(by_size)}"] = coder.encode(b, a)  # torchvision's order
        out[f"decode/linear{int(by_size)}"] = coder.decode(deltas, b)


def anchors(out):
    g = AnchorGenerator(((32, 50, 64), (128,)), ((0.5, 1.0, 2.0), (0.3, 1.7)))
    images = ImageList(torch.zeros(1, 3, 96, 133), [(96, 133)])
    out["anchors"] = g(images, [torch.zeros(1, 1, 12, 17), torch.zeros(1, 1, 6, 9)])[0]


def pyramid_levels(out):
    pool = MultiScaleRoIAlign(["0", "1", "2", "3"], 2, 2)
    b = torch.cat([boxes("levels", 200, 1000, 900), torch.tensor([[0.0, 0, 224, 224], [0, 0, 112, 112], [5, 5, 5, 5]])])
    sizes = [(200, 300), (100, 150), (50, 75), (25, 38)]
    pool({str(i): torch.zeros(1, 1, *s) for i, s in enumerate(sizes)}, [b], [(790, 1199)])
    out["scales"], out["levels"] = torch.tensor(pool.scales), pool.map_levels([b])


# Boxes in an image of 40x50: inside, partly outside, wholly, thin, tiny.
PASTE = torch.tensor([
    [10.3, 5.7, 30.2, 29.9], [-7.5, -3.2, 12.1, 9.9], [35, 30, 70.5, 61.25], [80, 90, 99, 99], [4.4, 4.4, 4.9, 30],
    [20.5, 20.5, 20.6, 20.7], [0, 0, 50, 40],
], dtype=torch.float32)


def masks_and_keypoints(out):
    masks = torch.from_numpy(fill("masks", (len(PASTE), 1, 14, 14), 0, 1))
    out["masks"] = roi_heads.paste_masks_in_image(masks, PASTE, (40, 50))
    maps = torch.from_numpy(fill("heatmaps", (len(PASTE), 3, 9, 9), -3, 3))
    points, scores = roi_heads.heatmaps_to_keypoints(maps, PASTE)
    out["keypoints"], out["keypoint_scores"] = points[:, :, :2], scores


def main():
    out = {}
    for part in (roi_ops, suppression, box_functions, anchors, pyramid_levels, masks_and_keypoints):
        part(out)
    out = {name: t.numpy().astype(np.float32) for name, t in out.items()}
    out = {name: a for name, a in out.items() if a.size}
    safetensors_io.write(FOLDER / "detection.safetensors", out)


if __name__ == "__main__":
    main()

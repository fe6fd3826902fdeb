"""detectron2's Faster and Mask R-CNN with a feature pyramid, built here from
their definitions (https://github.com/facebookresearch/detectron2, MODEL_ZOO.md's
R_50_FPN, R_101_FPN and X_101_32x8d_FPN), for inference: detectron2 itself is not
needed. Parameters have detectron2's names and are filled by rule under
torchvision's."""
import math
import re

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import FrozenBatchNorm2d, batched_nms, roi_align

from detection_nets import parameter

MEAN = torch.tensor([103.530, 116.280, 123.675]).reshape(3, 1, 1)
CAFFE_STD = torch.tensor([1.0, 1.0, 1.0]).reshape(3, 1, 1)
RESNEXT_STD = torch.tensor([57.375, 57.120, 58.395]).reshape(3, 1, 1)


class Conv(nn.Conv2d):
    """A convolution with its normalisation inside, named norm."""

    def __init__(self, cin, cout, kernel, stride=1, groups=1):
        super().__init__(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = FrozenBatchNorm2d(cout)

    def forward(self, x):
        return self.norm(super().forward(x))


class Bottleneck(nn.Module):
    def __init__(self, cin, cout, width, stride, groups, stride_in_1x1):
        super().__init__()
        first, second = (stride, 1) if stride_in_1x1 else (1, stride)
        self.conv1, self.conv2 = Conv(cin, width, 1, first), Conv(width, width, 3, second, groups)
        self.conv3 = Conv(width, cout, 1)
        self.shortcut = Conv(cin, cout, 1, stride) if cin != cout else None

    def forward(self, x):
        y = self.conv3(F.relu(self.conv2(F.relu(self.conv1(x)))))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class BottomUp(nn.Module):
    def __init__(self, blocks, width, groups, per_group, stride_in_1x1):
        super().__init__()
        self.stem = nn.Module()
        self.stem.conv1 = Conv(3, width, 7, 2)
        cin = width
        for i, count in enumerate(blocks):
            cout, inner = 4 * width << i, groups * per_group << i
            stage = [Bottleneck(cin if k == 0 else cout, cout, inner, 2 if k == 0 and i > 0 else 1, groups, stride_in_1x1)
                     for k in range(count)]
            setattr(self, f"res{i + 2}", nn.Sequential(*stage))
            cin = cout

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem.conv1(x)), 3, 2, 1)
        maps = []
        for i in range(2, 6):
            x = getattr(self, f"res{i}")(x)
            maps.append(x)
        return maps


class FPN(nn.Module):
    """build_resnet_fpn_backbone: p2 to p6."""

    def __init__(self, bottom_up, width, channels):
        super().__init__()
        self.bottom_up = bottom_up
        for i in range(2, 6):
            setattr(self, f"fpn_lateral{i}", nn.Conv2d(width << i, channels, 1))
            setattr(self, f"fpn_output{i}", nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x):
        maps, above, out = self.bottom_up(x), None, []
        for i in range(5, 1, -1):
            y = getattr(self, f"fpn_lateral{i}")(maps[i - 2])
            above = y if above is None else y + F.interpolate(above, scale_factor=2.0, mode="nearest")
            out.insert(0, getattr(self, f"fpn_output{i}")(above))
        return out + [F.max_pool2d(out[-1], 1, 2)]


def decode(deltas, boxes, weights):
    """Box2BoxTransform.apply_deltas for N x 4k deltas."""
    size, centre = boxes[:, 2:] - boxes[:, :2], (boxes[:, 2:] + boxes[:, :2]) / 2
    d = deltas.reshape(len(boxes), -1, 4) / torch.tensor(weights)
    grow = torch.exp(d[..., 2:].clamp(max=math.log(1000 / 16))) * size[:, None]
    move = d[..., :2] * size[:, None] + centre[:, None]
    return torch.cat([move - grow / 2, move + grow / 2], -1)


def clip(boxes, size):
    h, w = size
    return torch.stack([boxes[..., 0].clamp(0, w), boxes[..., 1].clamp(0, h), boxes[..., 2].clamp(0, w), boxes[..., 3].clamp(0, h)], -1)


def nonempty(boxes):
    return (boxes[..., 2] > boxes[..., 0]) & (boxes[..., 3] > boxes[..., 1])


class RCNN(nn.Module):
    def __init__(self, bottom_up, width, channels, hidden, classes, masks, limits=(800, 1333), std=CAFFE_STD, proposals=(1000, 1000)):
        super().__init__()
        self.backbone = FPN(bottom_up, width, channels)
        self.limits, self.std, self.proposals, self.classes = limits, std, proposals, classes
        head = self.proposal_generator = nn.Module()
        head.rpn_head = nn.Module()
        head.rpn_head.conv = nn.Conv2d(channels, channels, 3, padding=1)
        head.rpn_head.objectness_logits, head.rpn_head.anchor_deltas = nn.Conv2d(channels, 3, 1), nn.Conv2d(channels, 12, 1)
        roi = self.roi_heads = nn.Module()
        roi.box_head, roi.box_predictor, roi.mask_head = nn.Module(), nn.Module(), None
        roi.box_head.fc1, roi.box_head.fc2 = nn.Linear(channels * 49, hidden), nn.Linear(hidden, hidden)
        roi.box_predictor.cls_score = nn.Linear(hidden, classes + 1)
        roi.box_predictor.bbox_pred = nn.Linear(hidden, 4 * classes)
        if masks:
            roi.mask_head = nn.Module()
            for i in range(1, 5):
                setattr(roi.mask_head, f"mask_fcn{i}", nn.Conv2d(channels if i == 1 else 256, 256, 3, padding=1))
            roi.mask_head.deconv, roi.mask_head.predictor = nn.ConvTranspose2d(256, 256, 2, 2), nn.Conv2d(256, classes, 1)

    def resized(self, image):
        """ResizeShortestEdge on a float image, and the pixels' normalisation."""
        h, w = image.shape[-2:]
        scale = self.limits[0] / min(h, w)
        new = [h * scale, w * scale]
        if max(new) > self.limits[1]:
            new = [s * self.limits[1] / max(new) for s in new]
        new = [int(s + 0.5) for s in new]
        x = F.interpolate(255 * image.flip(0)[None], new, mode="bilinear", align_corners=False)[0]
        return (x - MEAN) / self.std

    def batch(self, images):
        sizes = [tuple(x.shape[-2:]) for x in images]
        h, w = (-(-max(s[i] for s in sizes) // 32) * 32 for i in (0, 1))
        return torch.stack([F.pad(x, (0, w - x.shape[2], 0, h - x.shape[1])) for x in images]), sizes

    def propose(self, maps, sizes, raw):
        """RPN and find_top_rpn_proposals."""
        head, levels = self.proposal_generator.rpn_head, []
        for i, x in enumerate(maps):
            t = F.relu(head.conv(x))
            logits, deltas = head.objectness_logits(t), head.anchor_deltas(t)
            raw.setdefault("rpn.head.cls_logits", []).append(logits)
            raw.setdefault("rpn.head.bbox_pred", []).append(deltas)
            n, _, h, w = logits.shape
            scores = logits.permute(0, 2, 3, 1).reshape(n, -1)
            deltas = deltas.reshape(n, 3, 4, h, w).permute(0, 3, 4, 1, 2).reshape(n, -1, 4)
            stride, area = 4 << i, (32 << i) ** 2
            cell = []
            for ratio in (0.5, 1.0, 2.0):
                aw = math.sqrt(area / ratio)
                cell.append([-aw / 2, -aw * ratio / 2, aw / 2, aw * ratio / 2])
            y, x = torch.meshgrid(torch.arange(h) * stride, torch.arange(w) * stride, indexing="ij")
            anchors = (torch.stack([x, y, x, y], -1).reshape(-1, 1, 4) + torch.tensor(cell)).reshape(-1, 4)
            levels.append((scores, deltas, anchors))
        return [self.choose(levels, n, size) for n, size in enumerate(sizes)]

    def choose(self, levels, n, size):
        boxes, scores, ids = [], [], []
        for i, (s, d, anchors) in enumerate(levels):
            top, index = s[n].topk(min(self.proposals[0], s.shape[1]))
            boxes.append(clip(decode(d[n][index], anchors[index], (1.0, 1.0, 1.0, 1.0))[:, 0], size))
            scores.append(top)
            ids.append(torch.full_like(index, i))
        boxes, scores, ids = torch.cat(boxes), torch.cat(scores), torch.cat(ids)
        keep = nonempty(boxes)
        boxes, scores, ids = boxes[keep], scores[keep], ids[keep]
        return boxes[batched_nms(boxes, scores, ids, 0.7)[:self.proposals[1]]]

    def pool(self, maps, lists, side):
        """ROIPooler with ROIAlignV2 and as many samples as a bin has pixels."""
        boxes = torch.cat(lists)
        image = torch.cat([torch.full((len(b), 1), float(i)) for i, b in enumerate(lists)])
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        level = torch.floor(4 + torch.log2(area.sqrt() / 224 + 1e-8)).clamp(2, 5)
        out = torch.zeros(len(boxes), maps[0].shape[1], side, side)
        for i in range(4):
            which = level == i + 2
            if which.any():
                out[which] = roi_align(maps[i], torch.cat([image, boxes], 1)[which], side, 1 / (4 << i), 0, True)
        return out

    def detect(self, maps, proposals, sizes, raw):
        """The box head and fast_rcnn_inference."""
        head, predictor = self.roi_heads.box_head, self.roi_heads.box_predictor
        x = self.pool(maps, proposals, 7).flatten(1)
        x = F.relu(head.fc2(F.relu(head.fc1(x))))
        logits, deltas = predictor.cls_score(x), predictor.bbox_pred(x)
        # As the SDK has them: the background first.
        raw["roi_heads.box_predictor.cls_score"] = [logits.roll(1, 1)]
        raw["roi_heads.box_predictor.bbox_pred"] = [F.pad(deltas, (4, 0))]
        scores = logits.softmax(1)[:, :-1]
        counts, found = [len(p) for p in proposals], []
        boxes = decode(deltas, torch.cat(proposals), (10.0, 10.0, 5.0, 5.0))
        for b, s, size in zip(boxes.split(counts), scores.split(counts), sizes):
            b = clip(b, size)
            row, label = (s > 0.05).nonzero(as_tuple=True)
            b, s = b[row, label], s[row, label]
            keep = batched_nms(b, s, label, 0.5)[:100]
            found.append(dict(boxes=b[keep], scores=s[keep], labels=label[keep] + 1))
        return found

    def add_masks(self, maps, found, raw):
        head = self.roi_heads.mask_head
        x = self.pool(maps, [f["boxes"] for f in found], 14)
        for i in range(1, 5):
            x = F.relu(getattr(head, f"mask_fcn{i}")(x))
        logits = head.predictor(F.relu(head.deconv(x)))
        raw["roi_heads.mask_predictor.mask_fcn_logits"] = [F.pad(logits, (0, 0, 0, 0, 1, 0))]
        labels = torch.cat([f["labels"] for f in found])
        masks = logits[torch.arange(len(labels)), labels - 1].sigmoid()
        for f, m in zip(found, masks.split([len(f["boxes"]) for f in found])):
            f["masks"] = m

    def forward(self, images):
        """Detections in torchvision's form, and raw outputs by torchvision's names."""
        raw = {}
        x, sizes = self.batch([self.resized(i) for i in images])
        maps = self.backbone(x)
        found = self.detect(maps, self.propose(maps, sizes, raw), sizes, raw)
        if self.roi_heads.mask_head is not None:
            self.add_masks(maps, found, raw)
        kept = []
        for f, image, size in zip(found, images, sizes):
            h, w = image.shape[-2:]
            f["boxes"] = clip(f["boxes"] * torch.tensor([w / size[1], h / size[0]] * 2), (h, w))
            keep = nonempty(f["boxes"])
            kept.append(keep)
            for key in f:
                f[key] = f[key][keep]
            if "masks" in f:
                f["masks"] = torch.stack([paste(m, b, h, w) for m, b in zip(f["masks"], f["boxes"])])[:, None]
        for name in raw:
            if "mask" in name:
                raw[name] = [raw[name][0][torch.cat(kept)]]
        return found, raw


def paste(mask, box, h, w):
    """paste_masks_in_image of one mask on a CPU, before its threshold."""
    x0, y0 = (max(int(v.floor()) - 1, 0) for v in box[:2])
    x1, y1 = (min(int(v.ceil()) + 1, limit) for v, limit in zip(box[2:], (w, h)))
    gx = (torch.arange(x0, x1) + 0.5 - box[0]) / (box[2] - box[0]) * 2 - 1
    gy = (torch.arange(y0, y1) + 0.5 - box[1]) / (box[3] - box[1]) * 2 - 1
    grid = torch.stack([gx[None].expand(len(gy), -1), gy[:, None].expand(-1, len(gx))], -1)[None]
    out = torch.zeros(h, w)
    out[y0:y1, x0:x1] = F.grid_sample(mask[None, None], grid, align_corners=False)[0, 0]
    return out


# detectron2's names and torchvision's, in order.
NAMES = [
    (r"^backbone\.bottom_up\.stem\.", "backbone.body."), (r"^backbone\.bottom_up\.", "backbone.body."),
    (r"\.res(\d)\.", lambda m: f".layer{int(m[1]) - 1}."),
    (r"\.conv(\d)\.norm\.", r".bn\1."), (r"\.shortcut\.norm\.", ".downsample.1."), (r"\.shortcut\.", ".downsample.0."),
    (r"^backbone\.fpn_lateral(\d)", lambda m: f"backbone.fpn.inner_blocks.{int(m[1]) - 2}.0"),
    (r"^backbone\.fpn_output(\d)", lambda m: f"backbone.fpn.layer_blocks.{int(m[1]) - 2}.0"),
    (r"^proposal_generator\.rpn_head\.conv\.", "rpn.head.conv.0.0."),
    (r"^proposal_generator\.rpn_head\.objectness_logits", "rpn.head.cls_logits"),
    (r"^proposal_generator\.rpn_head\.anchor_deltas", "rpn.head.bbox_pred"),
    (r"box_head\.fc1", "box_head.fc6"), (r"box_head\.fc2", "box_head.fc7"),
    (r"mask_head\.mask_fcn(\d)", lambda m: f"mask_head.{int(m[1]) - 1}.0"),
    (r"mask_head\.deconv", "mask_predictor.conv5_mask"), (r"mask_head\.predictor", "mask_predictor.mask_fcn_logits"),
]


def torchvision_name(name):
    """A parameter's or a module's name in torchvision's detectors."""
    for pattern, to in NAMES:
        name = re.sub(pattern, to, name)
    return name


def filled(model):
    """Fills parameters; the stem takes values of 0 to 255, where the rule is
    for the deviations of ImageNet."""
    state = {}
    for name, t in model.state_dict().items():
        values = torch.from_numpy(parameter(torchvision_name(name), tuple(t.shape), "bn3"))
        if name == "backbone.bottom_up.stem.conv1.weight" and model.std is CAFFE_STD:
            values = values / 64
        state[name] = values
    model.load_state_dict(state)
    return model.eval()


def small(masks):
    """The detector of the fixtures."""
    width = 8
    return filled(RCNN(BottomUp([1, 1, 1, 1], width, 1, width, True), width, 96, 64, 6, masks, limits=(96, 144), proposals=(200, 60)))


def is_detectron2(model):
    return isinstance(model, RCNN)


BACKBONES = {"R_50": ([3, 4, 6, 3], 1, 64, True), "R_101": ([3, 4, 23, 3], 1, 64, True), "X_101_32x8d": ([3, 4, 23, 3], 32, 8, False)}


def full_size(backbone, masks):
    blocks, groups, per_group, first = BACKBONES[backbone]
    return filled(RCNN(BottomUp(blocks, 64, groups, per_group, first), 64, 256, 1024, 80, masks, std=CAFFE_STD if first else RESNEXT_STD))

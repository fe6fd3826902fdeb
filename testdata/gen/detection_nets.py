"""torchvision's detectors with weights by rule; heads/detect's tests fill
theirs by the same rule."""
import collections
import functools
import math

import torch
from torch import nn
from torchvision.models import detection, resnet101
from torchvision.models.detection import faster_rcnn, fcos, keypoint_rcnn, mask_rcnn, retinanet
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import FrozenBatchNorm2d, MultiScaleRoIAlign
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from fill import fill
from fill_net import fill_param, last_norm
from reference_nets import ResNet, config

# How much larger than He et al.'s a layer's weights are, by the end of its
# name, so that dozens of boxes of several classes survive.
GAIN = {
    "rpn.head.bbox_pred.weight": 0.1,
    "box_predictor.cls_score.weight": 0.5,
    "box_predictor.bbox_pred.weight": 0.3,
    "classification_head.cls_logits.weight": 0.4,
    "regression_head.bbox_reg.weight": 0.1,
    "mask_fcn_logits.weight": 1.0,
}
# Layers whose weights sum to zero for each output: what they see is positive,
# and they would otherwise say the same everywhere.
CENTRED = ("cls_score.weight", "cls_logits.weight", "bbox_pred.weight", "bbox_reg.weight")
BODY = "backbone.body."
BLOCK = 9


def parameter(name, shape, last):
    """The value of one parameter; last is the backbone's last_norm."""
    for prefix in (BODY, "roi_heads.box_head."):
        if name.startswith(prefix + "layer4." if prefix != BODY else prefix):
            return fill_param(name[len(prefix):], shape, last)
    kind = name.rsplit(".", 1)[1]
    if len(shape) >= 2:
        bound = math.sqrt(6 / math.prod(shape[1:]))
        bound *= next((g for end, g in GAIN.items() if name.endswith(end)), 1.0)
        values = fill(name, shape, -bound, bound)
        if name.endswith(CENTRED):
            values -= values.reshape(shape[0], -1).mean(1).reshape(-1, *[1] * (len(shape) - 1))
        return values
    if kind == "running_var":
        return fill(name, shape, 0.5, 1.5)
    if kind == "weight":
        return fill(name, shape, 0.8, 1.2)
    return fill(name, shape, -0.2, 0.2)


def fill_detector(model, last):
    state = {
        name: t if name.endswith("num_batches_tracked") else torch.from_numpy(parameter(name, tuple(t.shape), last))
        for name, t in model.state_dict().items()
    }
    model.load_state_dict(state)
    return model.eval()


SMALL = dict(Block="basic", Blocks=[1, 1, 1, 1], Width=8, NoClassifier=True)
CHANNELS, HIDDEN, CLASSES = 96, 64, 7


def small_backbone(first=1, extra=None, norm=None):
    """A pyramid on a small residual network; first is the first layer."""
    layers = {f"layer{i}": str(i - first) for i in range(first, 5)}
    channels = [8 * 2 ** (i - 1) for i in range(first, 5)]
    return BackboneWithFPN(ResNet(config("resnet18", SMALL)), layers, channels, CHANNELS, extra, norm)


def rcnn_parts(v2):
    parts = dict(
        box_head=faster_rcnn.TwoMLPHead(CHANNELS * 49, HIDDEN),
        box_predictor=faster_rcnn.FastRCNNPredictor(HIDDEN, CLASSES),
    )
    if v2:
        parts["box_head"] = faster_rcnn.FastRCNNConvFCHead((CHANNELS, 7, 7), [CHANNELS] * 4, [HIDDEN], nn.BatchNorm2d)
        parts["rpn_head"] = RPNHead(CHANNELS, 3, conv_depth=2)
    return parts


def small(kind):
    v2 = kind.endswith("_v2")
    sizes = dict(min_size=96, max_size=144)
    proposals = dict(rpn_pre_nms_top_n_test=200, rpn_post_nms_top_n_test=60)
    p6p7 = LastLevelP6P7(64 if v2 else CHANNELS, CHANNELS)
    if kind.startswith("fcos"):
        return fcos.FCOS(small_backbone(2, p6p7), CLASSES, **sizes)
    if kind.startswith("retinanet"):
        body = small_backbone(2, p6p7)
        head = retinanet.RetinaNetHead(CHANNELS, 9, CLASSES, functools.partial(nn.GroupNorm, 32) if v2 else None)
        return retinanet.RetinaNet(body, CLASSES, head=head, **sizes)
    body = small_backbone(norm=nn.BatchNorm2d if v2 else None)
    parts = rcnn_parts(v2)
    if kind.startswith("fasterrcnn"):
        return faster_rcnn.FasterRCNN(body, **parts, **proposals, **sizes)
    if kind.startswith("maskrcnn"):
        head = mask_rcnn.MaskRCNNHeads(CHANNELS, [256] * 4, 1, nn.BatchNorm2d if v2 else None)
        return mask_rcnn.MaskRCNN(
            body, mask_head=head, mask_predictor=mask_rcnn.MaskRCNNPredictor(256, 256, CLASSES), **parts, **proposals, **sizes)
    return keypoint_rcnn.KeypointRCNN(
        body, keypoint_predictor=keypoint_rcnn.KeypointRCNNPredictor(512, 5), num_keypoints=None, **parts, **proposals, **sizes)


class C4(nn.Module):
    """layer1 to layer3 of a network as a backbone."""

    def __init__(self, net, channels):
        super().__init__()
        self.body = IntermediateLayerGetter(net, {"layer3": "0"})
        self.out_channels = channels

    def forward(self, x):
        return self.body(x)


def c4(net, channels, classes, **limits):
    """Faster R-CNN as in the paper's appendix A: layer4 is the box head."""
    head = nn.Sequential(collections.OrderedDict(layer4=net.layer4, avgpool=nn.AdaptiveAvgPool2d(1)))
    return faster_rcnn.FasterRCNN(
        C4(net, channels), rpn_anchor_generator=AnchorGenerator(((32, 64, 128, 256, 512),), ((0.5, 1.0, 2.0),)),
        box_roi_pool=MultiScaleRoIAlign(["0"], 14, 2), box_head=head,
        box_predictor=faster_rcnn.FastRCNNPredictor(2 * channels, classes), **limits)


def small_c4():
    return c4(ResNet(config("resnet18", SMALL)), 32, CLASSES, min_size=96, max_size=144,
              rpn_pre_nms_top_n_test=200, rpn_post_nms_top_n_test=60)


def full_size_c4(**_):
    return c4(resnet101(norm_layer=FrozenBatchNorm2d), 1024, 91)


# The published builders, by the kinds' names, and the paper's Faster R-CNN.
FULL_SIZE = {
    "fasterrcnn": detection.fasterrcnn_resnet50_fpn,
    "retinanet": detection.retinanet_resnet50_fpn,
    "maskrcnn": detection.maskrcnn_resnet50_fpn,
    "fcos": detection.fcos_resnet50_fpn,
    "keypointrcnn": detection.keypointrcnn_resnet50_fpn,
    "fasterrcnn_v2": detection.fasterrcnn_resnet50_fpn_v2,
    "maskrcnn_v2": detection.maskrcnn_resnet50_fpn_v2,
    "retinanet_v2": detection.retinanet_resnet50_fpn_v2,
    "fasterrcnn_c4": full_size_c4,
}


def full_size(kind):
    return fill_detector(FULL_SIZE[kind](weights=None, weights_backbone=None), "bn3")


def small_filled(kind):
    model = small_c4() if kind == "fasterrcnn_c4" else small(kind)
    return fill_detector(model, last_norm(config("resnet18", SMALL)))


# What heads compute, before anything is chosen: modules whose outputs fixtures keep.
RAW = (
    "rpn.head.cls_logits", "rpn.head.bbox_pred", "roi_heads.box_predictor.cls_score",
    "roi_heads.box_predictor.bbox_pred", "roi_heads.mask_predictor.mask_fcn_logits",
    "roi_heads.keypoint_predictor.kps_score_lowres", "head.classification_head.cls_logits",
    "head.regression_head.bbox_reg", "head.regression_head.bbox_ctrness",
)


def picture(name, height, width):
    """An image of squares in random colours, with some noise."""
    squares = fill(name, (3, -(-height // BLOCK), -(-width // BLOCK)), 0, 0.9)
    squares = squares.repeat(BLOCK, 1).repeat(BLOCK, 2)[:, :height, :width]
    return torch.from_numpy(squares + fill(name + "/noise", (3, height, width), 0, 0.1))


def run(model, images):
    """The detections, and the outputs of RAW by name, a list each: one for
    every level. detectron2's models give both themselves."""
    if not hasattr(model, "transform"):
        with torch.no_grad():
            return model(images)
    raw, hooks = {}, []
    for name, module in model.named_modules():
        if name in RAW:
            hooks.append(module.register_forward_hook(
                lambda m, i, y, name=name: raw.setdefault(name, []).append(y.detach().clone())))
    with torch.no_grad():
        results = model(images)
    for h in hooks:
        h.remove()
    return results, raw

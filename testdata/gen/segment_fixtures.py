"""Writes testdata/segment/NAME.safetensors for every case of cases.json: the
logits of a segmentation head on a backbone that reference_nets.py builds.

    python3 testdata/gen/segment_fixtures.py [NAME …]

Config has the fields of segment.Config. FCN and DeepLabV3 are torchvision's;
DeepLab v2's head and PSPNet's are built here from the papers. Parameters and
input are filled by rule, so only outputs are stored, sampled."""
import collections
import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.segmentation.deeplabv3 import ASPP
from torchvision.models.segmentation.fcn import FCNHead

from backbone_fixtures import watch
from fill import fill
from fill_net import fill_param
from reference_nets import config
from sampling import Recorder
from torchvision_nets import reference

FOLDER = pathlib.Path(__file__).parents[1] / "segment"


def conv_norm(in_channels, out_channels, size):
    return [nn.Conv2d(in_channels, out_channels, size, padding=size // 2, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()]


class DeepLabV2(nn.Module):
    def __init__(self, channels, classes, rates):
        super().__init__()
        self.conv2d_list = nn.ModuleList(nn.Conv2d(channels, classes, 3, padding=r, dilation=r) for r in rates)

    def forward(self, x):
        return sum(conv(x) for conv in self.conv2d_list)


class PSP(nn.Module):
    def __init__(self, channels, classes, bins):
        super().__init__()
        reduced = channels // len(bins)
        self.ppm = nn.ModuleDict({"features": nn.ModuleList(
            nn.Sequential(nn.AdaptiveAvgPool2d(b), *conv_norm(channels, reduced, 1)) for b in bins)})
        self.cls = nn.Sequential(*conv_norm(channels + reduced * len(bins), 512, 3), nn.Dropout(), nn.Conv2d(512, classes, 1))

    def forward(self, x):
        pooled = [F.interpolate(f(x), x.shape[-2:], mode="bilinear", align_corners=True) for f in self.ppm["features"]]
        return self.cls(torch.cat([x] + pooled, 1))


def head(kind, channels, classes, case):
    """The head, and what its parameters' names begin with."""
    if kind == "fcn":
        return FCNHead(channels, classes), "classifier."
    if kind == "deeplabv3":
        return nn.Sequential(
            ASPP(channels, case.get("Rates", [12, 24, 36])), *conv_norm(256, 256, 3), nn.Conv2d(256, classes, 1)), "classifier."
    if kind == "deeplabv2":
        return DeepLabV2(channels, classes, case.get("Rates", [6, 12, 18, 24])), "classifier."
    return PSP(channels, classes, case.get("Bins", [1, 2, 3, 6])), ""


def filled(module, prefix):
    module.load_state_dict({
        name: t if name.endswith("num_batches_tracked") else torch.from_numpy(fill_param(prefix + name, tuple(t.shape)))
        for name, t in module.state_dict().items()
    })
    return module.eval()


def make(case):
    cfg, seg = config(case["Preset"], case["Set"]), case["Config"]
    x = torch.from_numpy(fill("input", case["Input"], -2, 2))
    backbone = reference(cfg, x)
    maps = {}
    watch(backbone, ["layer3", "layer4"], maps.__setitem__)
    backbone(x)
    classes, recorder = seg.get("NumClasses", 21), Recorder()
    module, prefix = head(seg["Head"], maps["layer4"].shape[1], classes, seg)
    logits = filled(module, prefix)(maps["layer4"])
    out = F.interpolate(logits, x.shape[-2:], mode="bilinear", align_corners=False)
    recorder.add("logits", logits)
    recorder.add("out", out)
    recorder.add("argmax", out.argmax(1).float())
    if seg.get("Auxiliary"):
        aux = filled(FCNHead(maps["layer3"].shape[1], classes), "aux_classifier.")(maps["layer3"])
        recorder.add("aux", F.interpolate(aux, x.shape[-2:], mode="bilinear", align_corners=False))
    recorder.write(FOLDER / f"{case['Name']}.safetensors")


def main():
    wanted = sys.argv[1:]
    for case in json.loads((FOLDER / "cases.json").read_text()):
        if not wanted or case["Name"] in wanted:
            make(case)
            print(case["Name"], flush=True)


if __name__ == "__main__":
    with torch.no_grad():
        main()

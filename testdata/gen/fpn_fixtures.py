"""Writes testdata/fpn/NAME.safetensors for every case of cases.json: the levels
of a feature pyramid on a backbone that reference_nets.py builds.

    python3 testdata/gen/fpn_fixtures.py [NAME …]

Neck has the fields of fpn.Config. torchvision's FeaturePyramidNetwork computes
what it can; detectron2's averaging and group normalisation and mmdetection's
PAFPN are built here from their definitions. Parameters and input are filled by
rule, so only outputs are stored, sampled."""
import collections
import functools
import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool, LastLevelP6P7

from backbone_fixtures import watch
from fill import fill
from fill_net import fill_param
from reference_nets import config
from sampling import Recorder
from torchvision_nets import reference

FOLDER = pathlib.Path(__file__).parents[1] / "fpn"


def norm_layer(name):
    return {"": None, "batch": nn.BatchNorm2d, "group": functools.partial(nn.GroupNorm, 32)}[name]


class Pyramid(nn.Module):
    """torchvision's pyramid, with detectron2's averaging and mmdetection's
    upward path where asked for."""

    def __init__(self, channels, neck):
        super().__init__()
        out, extra = neck.get("Channels", 256), neck.get("Extra", "")
        self.average, self.up = neck.get("Fuse") == "avg", neck.get("BottomUp", False)
        blocks = {
            "": lambda: None,
            "max_pool": LastLevelMaxPool,
            "p6p7": lambda: LastLevelP6P7(channels[-1], out),
            "p6p7_from_p5": lambda: LastLevelP6P7(out, out),
        }[extra]()
        if extra == "p6p7":
            blocks.use_P5 = False
        norm = norm_layer(neck.get("Norm", ""))
        self.fpn = FeaturePyramidNetwork(channels, out, None if self.up else blocks, norm_layer=norm)
        if self.up:
            self.last = blocks
            module = lambda stride: nn.Sequential(collections.OrderedDict(
                [("conv", nn.Conv2d(out, out, 3, stride, 1, bias=norm is None))] + ([("bn", norm(out))] if norm else [])))
            self.fpn.downsample_convs = nn.ModuleList(module(2) for _ in channels[1:])
            self.fpn.pafpn_convs = nn.ModuleList(module(1) for _ in channels[1:])

    def forward(self, maps):
        if self.average:
            return self.averaged(list(maps.values()))
        levels = self.fpn(maps)
        if not self.up:
            return list(levels.values())
        outs = list(levels.values())
        for i, down in enumerate(self.fpn.downsample_convs):
            outs[i + 1] = outs[i + 1] + down(outs[i])
        outs = outs[:1] + [conv(x) for conv, x in zip(self.fpn.pafpn_convs, outs[1:])]
        if self.last is not None:
            outs, _ = self.last(outs, list(maps.values()), [str(i) for i in range(len(outs))])
        return outs

    def averaged(self, maps):
        """detectron2's FPN.forward with fuse_type="avg"."""
        above, outs = None, []
        for i in reversed(range(len(maps))):
            x = self.fpn.inner_blocks[i](maps[i])
            if above is not None:
                x = (x + F.interpolate(above, size=x.shape[-2:], mode="nearest")) / 2
            above = x
            outs.insert(0, self.fpn.layer_blocks[i](x))
        return outs


def make(case):
    cfg, neck = config(case["Preset"], case["Set"]), case["Neck"]
    x = torch.from_numpy(fill("input", case["Input"], -2, 2))
    backbone = reference(cfg, x)
    levels = neck.get("Levels", ["C2", "C3", "C4", "C5"])
    maps = {}
    watch(backbone, [f"layer{int(level[1]) - 1}" for level in levels], maps.__setitem__)
    backbone(x)
    maps = collections.OrderedDict(sorted(maps.items()))
    pyramid = Pyramid([m.shape[1] for m in maps.values()], neck)
    pyramid.load_state_dict({
        name: t if name.endswith("num_batches_tracked") else torch.from_numpy(fill_param(name.replace("last.", "fpn.extra_blocks."), tuple(t.shape)))
        for name, t in pyramid.state_dict().items()
    })
    pyramid.eval()
    recorder = Recorder()
    numbers = [int(level[1]) for level in levels]
    numbers += [numbers[-1] + 1, numbers[-1] + 2]  # of extra levels
    for number, out in zip(numbers, pyramid(maps)):
        recorder.add(f"P{number}", out)
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

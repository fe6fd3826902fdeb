"""torchvision's own models for the configurations that it can build.

    python3 testdata/gen/torchvision_nets.py

checks that reference_nets.py equals torchvision wherever the two overlap: in
every combination of dilation, kind of block and normalisation, and in all of
torchvision's presets."""
import functools
import itertools

import torch
from torch import nn
from torchvision.models import resnet
from torchvision.ops import FrozenBatchNorm2d

from fill import fill
from fill_net import fill_model
from reference_nets import ResNet, config

# torchvision 0.15's presets, in the order of its documentation.
FULL_SIZE = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152",
    "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2",
]


def build(cfg):
    """The torchvision model, or None where the configuration has options that
    torchvision lacks."""
    dilated = any(cfg.replace_stride())
    if (
        len(cfg.Blocks) != 4 or cfg.Width != 64 or cfg.WidthMultiplier != 1 or cfg.StrideIn1x1
        or cfg.Shortcut != "B" or cfg.AvgDown or cfg.Stem != "imagenet" or cfg.InChannels != 3
        or cfg.ConvBias or cfg.NoClassifier or (dilated and cfg.Block == "basic")
    ):
        return None
    norm = {
        "batch": functools.partial(nn.BatchNorm2d, eps=cfg.NormEps),
        "frozen_batch": functools.partial(FrozenBatchNorm2d, eps=cfg.NormEps),
        "group": functools.partial(nn.GroupNorm, cfg.NormGroups, eps=cfg.NormEps),
    }[cfg.Norm]
    return resnet.ResNet(
        resnet.BasicBlock if cfg.Block == "basic" else resnet.Bottleneck,
        cfg.Blocks, num_classes=cfg.NumClasses, groups=cfg.Groups, width_per_group=cfg.WidthPerGroup,
        replace_stride_with_dilation=cfg.replace_stride()[1:], norm_layer=norm,
    )


def reference(cfg, x):
    """The filled model that is the truth for a configuration: torchvision's
    where it has one, after checking that ours has the same parameters and
    gives the same output for x; otherwise ours."""
    ours = fill_model(ResNet(cfg), cfg)
    theirs = build(cfg)
    if theirs is None:
        return ours
    theirs = fill_model(theirs, cfg)
    assert set(theirs.state_dict()) == set(ours.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)
    return theirs


def overlap():
    """Configurations in which torchvision can check us."""
    for preset in FULL_SIZE:
        yield config(preset)
    short, norms = dict(Blocks=[1, 2, 2, 2]), ("batch", "frozen_batch", "group")
    for norm, dilation in itertools.product(norms, itertools.product((False, True), repeat=3)):
        yield config("resnet50", dict(short, Norm=norm, ReplaceStrideWithDilation=list(dilation)))
    for preset, norm in itertools.product(("resnet18", "resnext50_32x4d", "wide_resnet50_2"), norms):
        yield config(preset, dict(short, Norm=norm, NormEps=1e-3, NormGroups=16, NumClasses=7))


def main():
    x = torch.from_numpy(fill("input", (2, 3, 65, 49), -2, 2))
    count = 0
    for cfg in overlap():
        assert not isinstance(reference(cfg, x), ResNet), f"torchvision cannot build {cfg}"
        count += 1
    print(f"{count} configurations equal torchvision's")


if __name__ == "__main__":
    main()

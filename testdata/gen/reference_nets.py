"""The residual family in plain PyTorch: every option of backbone.Config, with
the same names and meanings. torchvision has only part of the family; where it
can build a network, torchvision_nets.py checks that this file equals it.

Module names are torchvision's, and timm's for a deep stem (conv1.0 … conv1.6)
and for average-pool shortcuts (downsample.0 pool, .1 convolution, .2 norm)."""
import dataclasses
import math
from typing import List, Optional

import torch.nn.functional as F
from torch import nn
from torchvision.ops import FrozenBatchNorm2d


@dataclasses.dataclass
class Config:
    """backbone.Config, whose comments define the fields."""

    Block: str = "basic"
    Blocks: List[int] = dataclasses.field(default_factory=lambda: [2, 2, 2, 2])
    Width: int = 64
    WidthMultiplier: float = 1
    Groups: int = 1
    WidthPerGroup: int = 64
    StrideIn1x1: bool = False
    Shortcut: str = "B"
    AvgDown: bool = False
    Stem: str = "imagenet"
    InChannels: int = 3
    Norm: str = "batch"
    NormEps: float = 1e-5
    NormGroups: int = 32
    ConvBias: bool = False
    ReplaceStrideWithDilation: Optional[List[bool]] = None
    OutputStride: int = 0
    NumClasses: int = 1000
    NoClassifier: bool = False

    @property
    def expansion(self):
        return 4 if self.Block == "bottleneck" else 1

    def scaled(self, channels):
        """Rounds half up, as Go's math.Round does for positive numbers."""
        return max(1, math.floor(channels * self.WidthMultiplier + 0.5))

    def planes(self, stage):
        return self.scaled(self.Width << stage)

    def block_width(self, stage):
        if self.Block == "basic":
            return self.planes(stage)
        return int(self.planes(stage) * (self.WidthPerGroup / 64.0)) * self.Groups

    def replace_stride(self):
        """Whether each stage trades its stride for dilation."""
        if self.ReplaceStrideWithDilation:
            return [False] + self.ReplaceStrideWithDilation
        if not self.OutputStride:
            return [False] * len(self.Blocks)
        first = 1 if self.Stem == "cifar" else 4
        return [first << i > self.OutputStride for i in range(len(self.Blocks))]


def _presets():
    basic, deep = ("basic", [2, 2, 2, 2]), ("bottleneck", [3, 4, 6, 3])
    r101, r152 = ("bottleneck", [3, 4, 23, 3]), ("bottleneck", [3, 8, 36, 3])
    nets = {
        "resnet18": basic,
        "resnet34": ("basic", [3, 4, 6, 3]),
        "resnet50": deep,
        "resnet101": r101,
        "resnet152": r152,
        "resnext50_32x4d": (*deep, dict(Groups=32, WidthPerGroup=4)),
        "resnext101_32x8d": (*r101, dict(Groups=32, WidthPerGroup=8)),
        "resnext101_64x4d": (*r101, dict(Groups=64, WidthPerGroup=4)),
        "wide_resnet50_2": (*deep, dict(WidthPerGroup=128)),
        "wide_resnet101_2": (*r101, dict(WidthPerGroup=128)),
        "resnet50_v1": (*deep, dict(StrideIn1x1=True)),
        "resnet101_v1": (*r101, dict(StrideIn1x1=True)),
        "resnet152_v1": (*r152, dict(StrideIn1x1=True)),
        "keras_resnet50": (*deep, dict(StrideIn1x1=True, ConvBias=True, NormEps=1.001e-5)),
        "resnet50d": (*deep, dict(Stem="deep", AvgDown=True)),
        "plain18": (*basic, dict(Shortcut="none")),
        "plain34": ("basic", [3, 4, 6, 3], dict(Shortcut="none")),
    }
    presets = {}
    for name, (block, blocks, *rest) in nets.items():
        presets[name] = dict(Block=block, Blocks=blocks, **(rest[0] if rest else {}))
    cifar = dict(Block="basic", Width=16, Stem="cifar", NumClasses=10)
    for layers in (20, 32, 44, 56, 110, 1202):
        n = (layers - 2) // 6
        presets[f"cifar_resnet{layers}"] = dict(cifar, Blocks=[n, n, n], Shortcut="A")
    presets["cifar_plain20"] = dict(cifar, Blocks=[3, 3, 3], Shortcut="none")
    return presets


PRESETS = _presets()


def config(preset, overrides=None):
    """A preset by backbone.Preset's name, with some fields changed."""
    return Config(**{**PRESETS[preset], **(overrides or {})})


def conv(cfg, cin, cout, kernel, stride=1, dilation=1, groups=1):
    """A convolution padded to keep the map's size at stride 1."""
    padding = dilation * (kernel // 2)
    return nn.Conv2d(cin, cout, kernel, stride, padding, dilation, groups, bias=cfg.ConvBias)


def norm(cfg, channels):
    if cfg.Norm == "group":
        return nn.GroupNorm(cfg.NormGroups, channels, cfg.NormEps)
    kind = {"batch": nn.BatchNorm2d, "frozen_batch": FrozenBatchNorm2d}[cfg.Norm]
    return kind(channels, eps=cfg.NormEps)


class PadShortcut(nn.Module):
    """Option A: every stride-th pixel, new channels zero, half of them before
    the old ones and half after."""

    def __init__(self, cin, cout, stride):
        super().__init__()
        self.stride, self.front, self.back = stride, (cout - cin) // 2, cout - cin - (cout - cin) // 2

    def forward(self, x):
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.front, self.back))


class AvgPoolSame(nn.Module):
    """timm's AvgPool2dSame(2, stride=1): zeros to the right and below keep the
    map's size and count in the averages."""

    def forward(self, x):
        return F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), 2, 1)


def shortcut(cfg, cin, cout, stride, dilation):
    """The module named downsample; None is identity."""
    if cfg.Shortcut in ("A", "B") and stride == 1 and cin == cout:
        return None
    if cfg.Shortcut == "A":
        return PadShortcut(cin, cout, stride)
    if not cfg.AvgDown:
        return nn.Sequential(conv(cfg, cin, cout, 1, stride), norm(cfg, cout))
    if stride > 1:
        pool = nn.AvgPool2d(2, stride, ceil_mode=True, count_include_pad=False)
    else:
        pool = AvgPoolSame() if dilation > 1 else nn.Identity()
    return nn.Sequential(pool, conv(cfg, cin, cout, 1), norm(cfg, cout))


class Block(nn.Module):
    """What the two kinds of block share: adding the shortcut."""

    def __init__(self, cfg, cin, cout, stride, dilation):
        super().__init__()
        self.plain = cfg.Shortcut == "none"
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None if self.plain else shortcut(cfg, cin, cout, stride, dilation)

    def forward(self, x):
        out = self.branch(x)
        if self.plain:
            return self.relu(out)
        return self.relu(out + (x if self.downsample is None else self.downsample(x)))


class BasicBlock(Block):
    def __init__(self, cfg, stage, cin, stride, first_dilation, dilation):
        cout = cfg.planes(stage)
        super().__init__(cfg, cin, cout, stride, dilation)
        self.conv1 = conv(cfg, cin, cout, 3, stride, first_dilation)
        self.bn1 = norm(cfg, cout)
        self.conv2 = conv(cfg, cout, cout, 3, 1, dilation)
        self.bn2 = norm(cfg, cout)

    def branch(self, x):
        return self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))


class Bottleneck(Block):
    def __init__(self, cfg, stage, cin, stride, first_dilation, dilation):
        width, cout = cfg.block_width(stage), cfg.planes(stage) * 4
        super().__init__(cfg, cin, cout, stride, dilation)
        stride1, stride2 = (stride, 1) if cfg.StrideIn1x1 else (1, stride)
        self.conv1 = conv(cfg, cin, width, 1, stride1)
        self.bn1 = norm(cfg, width)
        self.conv2 = conv(cfg, width, width, 3, stride2, first_dilation, cfg.Groups)
        self.bn2 = norm(cfg, width)
        self.conv3 = conv(cfg, width, cout, 1)
        self.bn3 = norm(cfg, cout)

    def branch(self, x):
        out = self.relu(self.bn1(self.conv1(x)))
        return self.bn3(self.conv3(self.relu(self.bn2(self.conv2(out)))))


class ResNet(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        width = cfg.scaled(cfg.Width)
        self.conv1 = self._stem_conv(cfg, width)
        self.bn1 = norm(cfg, width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.Identity() if cfg.Stem == "cifar" else nn.MaxPool2d(3, 2, 1)
        self.stages, channels, dilation = len(cfg.Blocks), width, 1
        for i, replace in enumerate(cfg.replace_stride()):
            stage, channels, dilation = self._stage(cfg, i, channels, dilation, replace)
            self.add_module(f"layer{i + 1}", stage)
        self.classify = not cfg.NoClassifier
        if self.classify:
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.fc = nn.Linear(channels, cfg.NumClasses)

    @staticmethod
    def _stem_conv(cfg, width):
        if cfg.Stem == "cifar":
            return conv(cfg, cfg.InChannels, width, 3)
        if cfg.Stem == "imagenet":
            return conv(cfg, cfg.InChannels, width, 7, 2)
        half = width // 2
        return nn.Sequential(
            conv(cfg, cfg.InChannels, half, 3, 2), norm(cfg, half), nn.ReLU(inplace=True),
            conv(cfg, half, half, 3), norm(cfg, half), nn.ReLU(inplace=True),
            conv(cfg, half, width, 3),
        )

    @staticmethod
    def _stage(cfg, i, cin, dilation, replace):
        """A stage, its channels and its dilation. In the first block of a
        dilated stage the 3x3 that would carry the stride keeps the dilation
        before it."""
        stride, first_dilation = (1 if i == 0 else 2), dilation
        if replace:
            dilation, stride = dilation * stride, 1
        block = BasicBlock if cfg.Block == "basic" else Bottleneck
        blocks = []
        for _ in range(cfg.Blocks[i]):
            blocks.append(block(cfg, i, cin, stride, first_dilation, dilation))
            cin, stride, first_dilation = cfg.planes(i) * cfg.expansion, 1, dilation
        return nn.Sequential(*blocks), cin, dilation

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for i in range(self.stages):
            x = getattr(self, f"layer{i + 1}")(x)
        return self.fc(self.avgpool(x).flatten(1)) if self.classify else x

"""Writes torchvision's models with seeded random weights as NAME.onnx and
NAME.pth, for compare.mjs: the same weights for every runtime.

    /usr/bin/python3 export.py FOLDER [NAME...]

It needs torch, torchvision and onnx (Debian: python3-torch,
python3-torchvision, python3-onnx). All models are some 2 GB: keep them out
of the repository.
"""
import os
import sys

import torch
import torchvision
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

tv = torchvision.models


class Feature(torch.nn.Module):
    """A model that returns maps by name, as one that returns a tuple of them."""

    def __init__(self, inner, names=None):
        super().__init__()
        self.inner, self.names = inner, names

    def forward(self, x):
        maps = self.inner(x)
        return tuple(maps[n] for n in self.names or maps)


def os8():
    return tv.resnet50(replace_stride_with_dilation=[False, True, True])


def pyramid():
    return Feature(resnet_fpn_backbone(backbone_name='resnet50', weights=None, norm_layer=torch.nn.BatchNorm2d))


def deeplab():
    return Feature(tv.segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None), ['out'])


# What builds a model, its input's extent, and whether the batch is free.
MODELS = {
    'resnet18': (tv.resnet18, 224, True),
    'resnet50': (tv.resnet50, 224, True),
    'resnet101': (tv.resnet101, 224, True),
    'resnext50_32x4d': (tv.resnext50_32x4d, 224, True),
    'wide_resnet50_2': (tv.wide_resnet50_2, 224, True),
    'resnet50_os8': (os8, 224, True),
    'resnet50_fpn640': (pyramid, 640, False),
    'deeplabv3_resnet50_520': (deeplab, 520, False),
}


def build(name):
    """The model, with seeded weights and statistics that are not trivial."""
    torch.manual_seed(0)
    model = MODELS[name][0]().eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.copy_(torch.randn(module.running_mean.shape, generator=generator) * .1)
                module.running_var.copy_(torch.rand(module.running_var.shape, generator=generator) + .5)
    return model


def inner(model):
    """The model whose state dict has torchvision's names."""
    return model.inner if isinstance(model, Feature) else model


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    folder, names = sys.argv[1], sys.argv[2:] or MODELS
    unknown = [n for n in names if n not in MODELS]
    if unknown:
        sys.exit(f'no models {unknown}, there are {list(MODELS)}')
    os.makedirs(folder, exist_ok=True)
    for name in names:
        _, extent, free = MODELS[name]
        model = build(name)
        torch.save(inner(model).state_dict(), f'{folder}/{name}.pth')
        with torch.no_grad():
            torch.onnx.export(
                model, torch.rand(1, 3, extent, extent), f'{folder}/{name}.onnx', opset_version=13,
                input_names=['x'], dynamic_axes={'x': {0: 'n'}} if free else None)
        print(name, f'{sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters', flush=True)


if __name__ == '__main__':
    main()

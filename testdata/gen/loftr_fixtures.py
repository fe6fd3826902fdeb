"""Writes testdata/fpn/loftr_8_2.safetensors and loftr_16_4.safetensors: the
coarse and the fine map of LoFTR's backbones, built here from their definition
(https://github.com/zju3dv/LoFTR, src/loftr/backbone/resnet_fpn.py), with
fewer channels. Parameters and input are filled by rule.

    python3 testdata/gen/loftr_fixtures.py"""
import pathlib

import torch
import torch.nn.functional as F
from torch import nn

from fill import fill
from fill_net import fill_param
from sampling import Recorder

FOLDER = pathlib.Path(__file__).parents[1] / "fpn"


class Block(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(cout), nn.BatchNorm2d(cout)
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(cin, cout, 1, stride, bias=False), nn.BatchNorm2d(cout))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNetFPN(nn.Module):
    def __init__(self, initial, dims, fine):
        super().__init__()
        self.dims, self.fine = dims, fine
        self.conv1, self.bn1 = nn.Conv2d(1, initial, 7, 2, 3, bias=False), nn.BatchNorm2d(initial)
        cin = initial
        for i, dim in enumerate(dims):
            setattr(self, f"layer{i + 1}", nn.Sequential(Block(cin, dim, 1 if i == 0 else 2), Block(dim, dim, 1)))
            cin = dim
        above = dims[-1]
        setattr(self, f"layer{len(dims)}_outconv", nn.Conv2d(above, above, 1, bias=False))
        for i in reversed(range(fine, len(dims) - 1)):
            setattr(self, f"layer{i + 1}_outconv", nn.Conv2d(dims[i], above, 1, bias=False))
            setattr(self, f"layer{i + 1}_outconv2", nn.Sequential(
                nn.Conv2d(above, above, 3, padding=1, bias=False), nn.BatchNorm2d(above), nn.LeakyReLU(),
                nn.Conv2d(above, dims[i], 3, padding=1, bias=False)))
            above = dims[i]

    def forward(self, x):
        x, maps = F.relu(self.bn1(self.conv1(x))), []
        for i in range(len(self.dims)):
            x = getattr(self, f"layer{i + 1}")(x)
            maps.append(x)
        coarse = out = getattr(self, f"layer{len(self.dims)}_outconv")(maps[-1])
        for i in reversed(range(self.fine, len(self.dims) - 1)):
            up = F.interpolate(out, scale_factor=2.0, mode="bilinear", align_corners=True)
            out = getattr(self, f"layer{i + 1}_outconv2")(getattr(self, f"layer{i + 1}_outconv")(maps[i]) + up)
        return coarse, out


def make(name, initial, dims, fine, shape):
    model = ResNetFPN(initial, dims, fine)
    model.load_state_dict({
        key: t if key.endswith("num_batches_tracked") else torch.from_numpy(fill_param(key, tuple(t.shape), "bn2"))
        for key, t in model.state_dict().items()
    })
    coarse, out = model.eval()(torch.from_numpy(fill("input", shape, -2, 2)))
    recorder = Recorder()
    recorder.add("coarse", coarse)
    recorder.add("fine", out)
    recorder.write(FOLDER / f"{name}.safetensors")


if __name__ == "__main__":
    with torch.no_grad():
        make("loftr_8_2", 32, [32, 49, 64], 0, (2, 1, 64, 88))
        make("loftr_16_4", 32, [32, 49, 64, 128], 1, (1, 1, 96, 112))

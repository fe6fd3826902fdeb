"""Writes what the live comparison with torchvision needs for one preset: a
checkpoint as torch.save makes it, and for several inputs every stage's whole
map and the logits. compare.sh calls it.

    python3 testdata/gen/compare_torchvision.py PRESET FOLDER
    python3 testdata/gen/compare_torchvision.py --list
"""
import pathlib
import sys

import torch
import torchvision

import safetensors_io
from backbone_fixtures import default_nodes, watch
from fill import fill
from fill_net import fill_model
from reference_nets import config
from torchvision_nets import FULL_SIZE

INPUTS = [(1, 3, 224, 224), (1, 3, 225, 319), (1, 3, 64, 64), (3, 3, 224, 224)]


def write(preset, folder):
    cfg = config(preset)
    model = fill_model(getattr(torchvision.models, preset)(), cfg)
    torch.save(model.state_dict(), folder / f"{preset}.pth")
    maps, nodes = {}, default_nodes(cfg)
    watch(model, nodes, maps.__setitem__)
    for shape in INPUTS:
        x = torch.from_numpy(fill("input", shape, -2, 2))
        model(x)
        name = f"{preset}_{'x'.join(map(str, shape))}.safetensors"
        safetensors_io.write(folder / name, {"input": x.numpy(), **{node: y.numpy() for node, y in maps.items()}})


def main():
    if sys.argv[1:] == ["--list"]:
        print(*FULL_SIZE)
        return
    preset, folder = sys.argv[1:]
    with torch.no_grad():
        write(preset, pathlib.Path(folder))


if __name__ == "__main__":
    main()

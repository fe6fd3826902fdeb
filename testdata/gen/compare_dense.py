"""Writes what the live comparison of dense models with torchvision needs: for
each model a checkpoint as torch.save makes it, and inputs with outputs.
compare_dense.sh calls it.

    python3 testdata/gen/compare_dense.py MODEL FOLDER
    python3 testdata/gen/compare_dense.py --list

Models are torchvision.models.segmentation's on ResNets, and resnet50_fpn,
resnet18_fpn …: torchvision's resnet_fpn_backbone. Parameters are filled by
rule, under the names that the SDK gives them."""
import pathlib
import sys

import torch
from torchvision.models import segmentation
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

import safetensors_io
from fill import fill
from fill_net import fill_param

SEGMENTATION = ["fcn_resnet50", "fcn_resnet101", "deeplabv3_resnet50", "deeplabv3_resnet101"]
PYRAMIDS = ["resnet18_fpn", "resnet50_fpn"]
INPUTS = [(1, 3, 300, 300), (1, 3, 427, 640), (1, 3, 640, 427), (2, 3, 192, 161)]


def build(name):
    """The model, and what stands before its backbone's names."""
    if name in SEGMENTATION:
        return getattr(segmentation, name)(weights=None, weights_backbone=None, aux_loss=True), "backbone."
    return resnet_fpn_backbone(backbone_name=name[:-4], weights=None, norm_layer=torch.nn.BatchNorm2d), "body."


def write(name, folder):
    model, prefix = build(name)
    last = "bn2" if "resnet18" in name else "bn3"
    model.load_state_dict({
        key: t if key.endswith("num_batches_tracked") else
        torch.from_numpy(fill_param(key.removeprefix(prefix), tuple(t.shape), last))
        for key, t in model.state_dict().items()
    })
    model.eval()
    torch.save(model.state_dict(), folder / f"{name}.pth")
    for shape in INPUTS:
        x = torch.from_numpy(fill("input", shape, -2, 2))
        outputs = {key: y.numpy() for key, y in model(x).items()}
        safetensors_io.write(folder / f"{name}_{'x'.join(map(str, shape))}.safetensors", {"input": x.numpy(), **outputs})


def main():
    if sys.argv[1:] == ["--list"]:
        print(*SEGMENTATION, *PYRAMIDS)
        return
    with torch.no_grad():
        write(sys.argv[1], pathlib.Path(sys.argv[2]))


if __name__ == "__main__":
    main()

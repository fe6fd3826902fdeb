"""Writes what the live comparison of dense models with torchvision needs: for
each model a checkpoint as torch.save makes it, and inputs with outputs.
compare_dense.sh calls it.

    python3 testdata/gen/compare_dense.py MODEL FOLDER
    python3 testdata/gen/compare_dense.py --list

Models are torchvision.models.segmentation's on ResNets; resnet50_fpn,
resnet18_fpn …: torchvision's resnet_fpn_backbone; detectron2_fpn: detectron2's
R50-FPN, under its own keys; loftr_8_2 and loftr_16_4: LoFTR's backbones.
Parameters are filled by rule, under the names that the SDK gives them."""
import pathlib
import sys

import torch
from torchvision.models import segmentation
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

import detectron2_nets
import safetensors_io
from fill import fill
from fill_net import fill_param
from loftr_fixtures import ResNetFPN

SEGMENTATION = ["fcn_resnet50", "fcn_resnet101", "deeplabv3_resnet50", "deeplabv3_resnet101"]
PYRAMIDS = ["resnet18_fpn", "resnet50_fpn"]
# Their widths, and the stage of the fine map.
LOFTR = {"loftr_8_2": ([128, 196, 256], 0), "loftr_16_4": ([128, 196, 256, 512], 1)}
INPUTS = [(1, 3, 300, 300), (1, 3, 427, 640), (1, 3, 640, 427), (2, 3, 192, 161)]


class Detectron2(torch.nn.Module):
    """R50-FPN, under the names that it has in detectors."""

    def __init__(self):
        super().__init__()
        self.backbone = detectron2_nets.full_size("R_50", False).backbone

    def forward(self, x):
        return {f"P{i + 2}": y for i, y in enumerate(self.backbone(x))}


class LoFTR(ResNetFPN):
    """Its maps by the names of the modules that they come from."""

    def forward(self, x):
        coarse, fine = super().forward(x)
        return {f"layer{len(self.dims)}_outconv": coarse, f"layer{self.fine + 1}_outconv2": fine}


def inputs(name):
    """Shapes; detectron2 pads images to a multiple of 32, LoFTR takes multiples
    of its coarsest stride."""
    if name == "detectron2_fpn":
        return [(1, 3, 320, 320), (1, 3, 448, 640), (1, 3, 640, 448), (2, 3, 192, 160)]
    if name in LOFTR:
        return [(1, 1, 304, 304), (1, 1, 432, 640), (1, 1, 640, 432), (2, 1, 192, 160)]
    return INPUTS


def build(name):
    """The model, and what stands before its backbone's names."""
    if name == "detectron2_fpn":
        return Detectron2(), None
    if name in LOFTR:
        return LoFTR(128, *LOFTR[name]), ""
    if name in SEGMENTATION:
        return getattr(segmentation, name)(weights=None, weights_backbone=None, aux_loss=True), "backbone."
    return resnet_fpn_backbone(backbone_name=name[:-4], weights=None, norm_layer=torch.nn.BatchNorm2d), "body."


def write(name, folder):
    model, prefix = build(name)
    last = "bn2" if "resnet18" in name or name in LOFTR else "bn3"
    if prefix is not None:  # not filled yet
        model.load_state_dict({
            key: t if key.endswith("num_batches_tracked") else
            torch.from_numpy(fill_param(key.removeprefix(prefix), tuple(t.shape), last))
            for key, t in model.state_dict().items()
        })
    model.eval()
    torch.save(model.state_dict(), folder / f"{name}.pth")
    for shape in inputs(name):
        x = torch.from_numpy(fill("input", shape, -2, 2))
        outputs = {key: y.numpy() for key, y in model(x).items()}
        safetensors_io.write(folder / f"{name}_{'x'.join(map(str, shape))}.safetensors", {"input": x.numpy(), **outputs})


def main():
    if sys.argv[1:] == ["--list"]:
        print(*SEGMENTATION, *PYRAMIDS, "detectron2_fpn", *LOFTR)
        return
    with torch.no_grad():
        write(sys.argv[1], pathlib.Path(sys.argv[2]))


if __name__ == "__main__":
    main()

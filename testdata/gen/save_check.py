"""Has PyTorch and NumPy read what weights' TestSave writes, with weights_only, and
compares it with the checkpoint it was saved from:

    VERTEBRA_SAVED=FOLDER go test ./weights -run 'TestSave$'
    python3 testdata/gen/save_check.py FOLDER

Needs torch and numpy."""
import pathlib
import sys

import numpy as np
import torch

FIXTURES = pathlib.Path(__file__).parent.parent / "weights"


def main(folder):
    for name in ("zip", "legacy"):
        want = torch.load(FIXTURES / f"{name}.pth")
        for ending in (".pth", ".PT"):
            got = torch.load(folder / f"{name}_pth{ending}", weights_only=True)
            assert list(got) == list(want)
            for key, value in want.items():
                assert got[key].dtype == value.dtype and got[key].shape == value.shape and torch.equal(got[key], value), key
        arrays = np.load(folder / f"{name}_pth.npz")
        for key, value in want.items():
            own = value.detach().float() if value.dtype == torch.bfloat16 else value.detach()
            assert arrays[key].dtype == own.numpy().dtype and np.array_equal(arrays[key], own.numpy()), key
        print(name, len(want), "tensors")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))

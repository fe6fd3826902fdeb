"""What a fixture keeps of a tensor: samples and summary statistics.
internal/reftest.Fixture reads it."""
import json

import numpy as np

import safetensors_io

# A prime number of samples: a power of two would have a power of two as its
# step and then, on maps whose sides are powers of two, see only a few columns.
SAMPLES = 509


class Recorder:
    """Collects tensors by name and writes them as one fixture."""

    def __init__(self):
        self.samples, self.summary = {}, {}

    def add(self, name, tensor):
        """Keeps samples of the tensor as it is now, so that later in-place
        operators do not matter. A name recorded twice is an error."""
        assert name not in self.samples, f"{name} recorded twice"
        flat = tensor.detach().numpy().reshape(-1)
        count = min(SAMPLES, flat.size)
        self.samples[name] = flat[np.arange(count) * flat.size // count]
        magnitude = np.abs(flat.astype(np.float64))
        self.summary[name] = {
            "Shape": list(tensor.shape),
            "AbsMax": float(magnitude.max()),
            "MeanAbs": float(magnitude.mean()),
        }

    def write(self, path, **metadata):
        """Metadata values are written as JSON beside the summaries."""
        metadata["summary"] = self.summary
        text = {key: json.dumps(value, separators=(",", ":")) for key, value in metadata.items()}
        safetensors_io.write(path, self.samples, text)

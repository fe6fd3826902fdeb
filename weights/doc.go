// Package weights owns checkpoints: reading the files people already have,
// bringing their keys to one scheme, and fetching published ones by name.
//
// [Open] recognises a file by its content: PyTorch's zip and legacy formats,
// with state dicts under any keys or whole modules, TorchScript archives,
// safetensors, NumPy's .npy and .npz, detectron2's .pkl, and indices of shards.
// Tensors stay in the file until they are read, and are read straight into the
// caller's memory, in pieces. [StateDict.Save] writes them.
//
// A file is hostile until proven otherwise. Reading executes nothing: pickles
// are interpreted by a machine of our own that knows a closed list of
// constructors. What else they call becomes inert, an object of which only the
// class, the arguments and the state are kept, within bounds; it matters only
// where a tensor that is wanted depends on it. Sizes are checked against the file before memory is taken.
// Errors about a file's form wrap [ErrFormat].
package weights

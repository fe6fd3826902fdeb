// Package weights owns checkpoints: reading the files people already have,
// bringing their keys to one scheme, and fetching published ones by name.
//
// [Open] recognises a file by its content: PyTorch's zip and legacy formats,
// safetensors, NumPy's .npy and .npz, and detectron2's .pkl. Tensors stay in
// the file until they are read, and are read straight into the caller's
// memory, in pieces.
//
// A file is hostile until proven otherwise. Reading executes nothing: pickles
// are interpreted by a machine of our own that knows a closed list of
// constructors. Sizes are checked against the file before memory is taken.
// Errors about a file's form wrap [ErrFormat].
package weights

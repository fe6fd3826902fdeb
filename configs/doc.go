// Package configs owns the YAML schema: strict decoding with positions in
// errors, defaults, validation, and building what a file describes. The
// shipped files are embedded; vertebra.schema.json describes the schema to
// editors.
//
// A file in full; only version and model.backbone are required:
//
//	version: 1
//	model:
//	  backbone:                # or a preset's name alone
//	    preset: resnet50
//	    output_stride: 16      # the fields of backbone.Config, in snake case
//	  weights: resnet50/IMAGENET1K_V2
//	  labels: imagenet1k
//	  threads: 2
//	  memory_limit: 2GiB
//	input:
//	  preprocessing: {resize: 232, crop: 224, interpolation: bilinear}
//	outputs: [C3, C5, logits]
package configs

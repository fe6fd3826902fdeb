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
//
// A section pipeline says what package video does with the network. Each
// source and each sink has one key that says what it is; the rest has defaults:
//
//	version: 1
//	include: resnet18          # a shipped file, whose keys this one's go over
//	pipeline:
//	  sources:
//	    - {name: door, mjpeg: "http://${CAMERA:-door.local}/video", policy: latest, stall: 5s}
//	    - {name: clip, file: clip.mp4, start: 10s, stride: 2, region: [0, 0, 640, 480]}
//	  top: 3
//	  batch: {size: 4, wait: 20ms}
//	  smoothing: {window: 10, enter: 0.5, exit: 0.3}
//	  annotate: {}
//	  sinks:
//	    - jsonl: out.jsonl
//	    - video: {path: "{source}.avi"}
//	    - http: localhost:8080
//
// Keys at the top that begin with x- are for anchors and mean nothing of their
// own, and <<: *base, or a list of such, merges keys where a mapping lacks them:
//
//	x-live: &live {policy: latest, stall: 5s}
//	pipeline:
//	  sources:
//	    - {<<: *live, name: door, mjpeg: "http://door.local/video"}
//	    - {<<: *live, name: yard, mjpeg: "http://yard.local/video"}
//
// A number with a leading zero (010), which YAML 1.1 and 1.2 read differently, is
// an error. Files are UTF-8, or UTF-16 with a byte order mark.
//
// In values ${NAME} and ${NAME:-default} stand for environment variables, and
// $${ for ${. Set changes values from a command line.
package configs

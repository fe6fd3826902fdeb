// Package configs owns the YAML schema: strict decoding with positions in
// errors, defaults, validation, and building what a file describes. The
// shipped files are embedded; vertebra.schema.json describes the schema to
// editors.
package configs

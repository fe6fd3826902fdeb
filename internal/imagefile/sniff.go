package imagefile

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// Foreign is a kind of file that is met where an image is expected.
type Foreign struct {
	Name string // with its article where it has one
	Do   string // what to do about it
}

// What to do about the kinds below.
const (
	convert = "convert it to PNG or JPEG"
	decoder = convert + ", or import a decoder that registers itself with package image"
	page    = "render it to PNG or JPEG"
	develop = "develop it to PNG, TIFF or JPEG"
	frames  = "extract a frame, or open it as video"
	again   = "check where it comes from"
)

// signatures are how files begin, with ? for any byte.
var signatures = []struct {
	Foreign
	begins string
}{
	{Foreign{"JPEG XL", decoder}, "\xff\x0a"},
	{Foreign{"JPEG XL", decoder}, "\x00\x00\x00\x0cJXL \r\n\x87\n"},
	{Foreign{"JPEG 2000", decoder}, "\x00\x00\x00\x0cjP  \r\n\x87\n"},
	{Foreign{"JPEG 2000", decoder}, "\xff\x4f\xff\x51"},
	{Foreign{"JPEG XR", convert}, "II\xbc"},
	{Foreign{"Photoshop (PSD)", convert}, "8BPS"},
	{Foreign{"GIMP (XCF)", convert}, "gimp xcf"},
	{Foreign{"a Windows icon (ICO)", decoder}, "\x00\x00\x01\x00?\x00"},
	{Foreign{"Truevision (TGA)", decoder}, "\x00\x00\x02\x00\x00\x00\x00\x00"},
	{Foreign{"Truevision (TGA)", decoder}, "\x00\x00\x0a\x00\x00\x00\x00\x00"},
	{Foreign{"PCX", decoder}, "\x0a\x05\x01\x08"},
	{Foreign{"SGI", convert}, "\x01\xda"},
	{Foreign{"an Apple icon (ICNS)", convert}, "icns"},
	{Foreign{"BigTIFF", convert}, "II+\x00"},
	{Foreign{"BigTIFF", convert}, "MM\x00+"},
	{Foreign{"OpenEXR", convert}, "\x76\x2f\x31\x01"},
	{Foreign{"Radiance HDR", convert}, "#?RADIANCE"},
	{Foreign{"Radiance HDR", convert}, "#?RGBE"},
	{Foreign{"DirectDraw (DDS)", convert}, "DDS "},
	{Foreign{"QOI", decoder}, "qoif"},
	{Foreign{"farbfeld", decoder}, "farbfeld"},
	{Foreign{"BPG", convert}, "BPG\xfb"},
	{Foreign{"FLIF", convert}, "FLIF"},
	{Foreign{"MNG", convert}, "\x8aMNG\r\n\x1a\n"},
	{Foreign{"FITS", convert}, "SIMPLE  ="},
	{Foreign{"PDF", page}, "%PDF-"},
	{Foreign{"PostScript", page}, "%!PS"},
	{Foreign{"PostScript", page}, "\xc5\xd0\xd3\xc6"},
	{Foreign{"DjVu", page}, "AT&TFORM"},
	{Foreign{"a camera's raw file (Fujifilm RAF)", develop}, "FUJIFILMCCD-RAW"},
	{Foreign{"a camera's raw file (Panasonic RW2)", develop}, "IIU\x00"},
	{Foreign{"a camera's raw file (Olympus ORF)", develop}, "IIR?\x08\x00\x00\x00"},
	{Foreign{"a camera's raw file (Olympus ORF)", develop}, "MMOR"},
	{Foreign{"a camera's raw file (Sigma X3F)", develop}, "FOVb"},
	{Foreign{"a camera's raw file (Minolta MRW)", develop}, "\x00MRM"},
	{Foreign{"a camera's raw file (Canon CRW)", develop}, "II\x1a\x00\x00\x00HEAPCCDR"},
	{Foreign{"a video (AVI)", frames}, "RIFF????AVI "},
	{Foreign{"a video (Matroska or WebM)", frames}, "\x1a\x45\xdf\xa3"},
	{Foreign{"a video (Flash)", frames}, "FLV\x01"},
	{Foreign{"a Git LFS pointer, not the file itself", "run git lfs pull"}, "version https://git-lfs"},
	{Foreign{"a NumPy array", "read it with package weights"}, "\x93NUMPY"},
	{Foreign{"a gzip file", "unpack it"}, "\x1f\x8b"},
	{Foreign{"a ZIP archive", "unpack it"}, "PK\x03\x04"},
}

// brands are those of the ISO base media format, in which a file of type
// "ftyp" begins.
var brands = []struct {
	Foreign
	brands string
}{
	{Foreign{"AVIF", decoder + ", such as github.com/gen2brain/avif"}, "avif avis"},
	{Foreign{"HEIC", decoder}, "heic heix hevc hevx heim heis hevm hevs"},
	{Foreign{"a camera's raw file (Canon CR3)", develop}, "crx "},
	{Foreign{"HEIF", decoder}, "mif1 mif2 msf1 miaf"},
	{Foreign{"a video (MP4 or QuickTime)", frames}, "isom iso2 iso3 iso4 iso5 iso6 mp41 mp42 avc1 qt   M4V  3gp4 3gp5 dash"},
}

// Sniff names a file that is none of the formats decoded here, if it is of a
// kind that people have.
func Sniff(data []byte) (Foreign, bool) {
	if f, ok := sniffBrand(data); ok {
		return f, true
	}
	for _, s := range signatures {
		if beginsWith(data, s.begins) {
			return s.Foreign, true
		}
	}
	if len(data) >= 132 && string(data[128:132]) == "DICM" {
		return Foreign{"DICOM", convert}, true
	}
	if len(data) > 2 && data[0] == 'P' && strings.IndexByte("1234567Ff", data[1]) >= 0 && strings.IndexByte(" \t\r\n", data[2]) >= 0 {
		return Foreign{"Netpbm (PBM, PGM, PPM)", decoder}, true
	}
	if len(data) > 0 && len(bytes.Trim(data, "\x00")) == 0 {
		return Foreign{"nothing but zeros, as a copy leaves that was cut short", again}, true
	}
	return sniffMarkup(data)
}

func beginsWith(data []byte, signature string) bool {
	if len(data) < len(signature) {
		return false
	}
	for i := range len(signature) {
		if signature[i] != '?' && signature[i] != data[i] {
			return false
		}
	}
	return true
}

// sniffBrand looks for the best known of the brands that a file claims.
func sniffBrand(data []byte) (Foreign, bool) {
	if len(data) < 16 || string(data[4:8]) != "ftyp" {
		return Foreign{}, false
	}
	size := min(uint64(binary.BigEndian.Uint32(data)), uint64(len(data)), 256)
	var claimed []string
	for at := uint64(8); at+4 <= size; at += 4 {
		claimed = append(claimed, string(data[at:at+4]))
	}
	for _, b := range brands {
		for at := 0; at+4 <= len(b.brands); at += 5 {
			if slices.Contains(claimed, b.brands[at:at+4]) {
				return b.Foreign, true
			}
		}
	}
	return Foreign{"of the ISO base media format, brand " + strconv.Quote(string(data[8:12])), decoder}, true
}

// sniffMarkup knows drawings and the page that a failed download leaves.
func sniffMarkup(data []byte) (Foreign, bool) {
	head := bytes.ToLower(bytes.TrimLeft(data[:min(len(data), 1024)], "\xef\xbb\xbf \t\r\n"))
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body"} {
		if bytes.HasPrefix(head, []byte(tag)) {
			return Foreign{"a web page, perhaps in place of a download that failed", again}, true
		}
	}
	if bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<svg")) {
		return Foreign{"SVG", page}, true
	}
	return Foreign{}, false
}

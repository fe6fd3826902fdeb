package imagefile

import "github.com/pkg/errors"

// tiffMetadata: a TIFF's own tags are what EXIF data have elsewhere.
func tiffMetadata(data []byte) metadata {
	m := metadata{exif: data}
	if d, ok := firstDirectory(data); ok {
		m.xmp, _ = d.values(tagXMP)
	}
	return m
}

// Values of tags.
const (
	separatePlanes      = 2
	lowBitFirst         = 2
	horizontalPredictor = 2
	reducedCopy         = 1
	whiteIsZero         = 0
	blackIsZero         = 1
	rgb                 = 2
	fax3                = 3
	fax4                = 4
)

var (
	tiffCompressions = map[int]string{
		2: "CCITT's run lengths", 6: "JPEG (of the old kind)", 7: "JPEG", 32809: "ThunderScan", 34676: "SGI LogLuv", 34677: "SGI LogLuv",
		34712: "JPEG 2000", 34887: "LERC", 34925: "LZMA", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL",
	}
	tiffColours = map[int]string{4: "a transparency mask", 5: "CMYK", 6: "YCbCr", 8: "CIE L*a*b*", 9: "ICC L*a*b*", 10: "ITU L*a*b*", 32803: "a camera's raw pixels", 34892: "a camera's raw pixels"}
	tiffSamples = map[int]string{2: "signed integers", 3: "floating-point numbers", 4: "undefined samples", 5: "complex integers", 6: "complex numbers"}
)

// CheckTIFF says what keeps golang.org/x/image/tiff from decoding a file as it
// is meant, and what to do: it names kinds that the package rejects by number
// only, or would take for another kind.
func CheckTIFF(data []byte) error {
	if reason := notDecoded(data); reason != nil {
		return errors.Errorf("%v, which is not decoded here: convert it to PNG", reason)
	}
	return nil
}

func notDecoded(data []byte) error {
	d, ok := firstDirectory(data)
	if !ok {
		return nil // no TIFF, or one that the package names broken
	}
	compression, colours := d.numberOr(tagCompression, 1), d.numberOr(tagPhotometric, 0)
	samples, bits := d.numberOr(tagSamplesPerPixel, 1), d.numberOr(tagBitsPerSample, 1)
	_, subIFDs := d.number(tagSubIFDs)
	switch {
	case subIFDs && d.numberOr(tagSubfileType, 0)&reducedCopy != 0:
		return errors.New("the first page is the preview of a camera's raw file")
	case tiffColours[colours] != "":
		return errors.Errorf("the colours are %s", tiffColours[colours])
	case tiffCompressions[compression] != "":
		return errors.Errorf("it is compressed with %s", tiffCompressions[compression])
	case tiffSamples[d.numberOr(tagSampleFormat, 1)] != "":
		return errors.Errorf("the samples are %s", tiffSamples[d.numberOr(tagSampleFormat, 1)])
	case bits != 1 && bits != 8 && bits != 16:
		return errors.Errorf("the samples have %d bits", bits)
	case colours == whiteIsZero && bits == 16:
		return errors.New("grey of 16 bits has white as 0")
	case d.numberOr(tagPlanar, 1) == separatePlanes && samples > 1:
		return errors.New("each colour has a plane of its own")
	case d.numberOr(tagFillOrder, 1) == lowBitFirst && compression != fax3 && compression != fax4:
		return errors.New("the lowest bit comes first")
	case compression == fax3 && d.numberOr(tagT4Options, 0)&1 != 0:
		return errors.New("it is compressed with CCITT Group 3 in two dimensions")
	case d.numberOr(tagPredictor, 1) > horizontalPredictor:
		return errors.Errorf("predictor %d", d.numberOr(tagPredictor, 1))
	case colours != rgb && samples > 1:
		return errors.Errorf("a pixel has %d samples", samples)
	case colours == rgb && samples > 3 && (samples > 4 || d.numberOr(tagExtraSamples, 0) == 0):
		return errors.Errorf("a pixel has %d samples and does not say which is alpha", samples)
	}
	return nil
}

// InvertedFax reports a file compressed as facsimiles are whose 0, their white,
// means black. golang.org/x/image/tiff decodes it the other way round.
func InvertedFax(data []byte) bool {
	d, ok := firstDirectory(data)
	compression := d.numberOr(tagCompression, 1)
	return ok && (compression == fax3 || compression == fax4) && d.numberOr(tagPhotometric, whiteIsZero) == blackIsZero
}

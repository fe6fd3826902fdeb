package transform

import (
	"image"

	"github.com/vertebra-vision/vertebra/internal/imagefile"
	"github.com/vertebra-vision/vertebra/internal/jpeg"
	"github.com/vertebra-vision/vertebra/internal/pixel"
	"github.com/vertebra-vision/vertebra/ops"
)

// ApplyFile turns an encoded image, as DecodeBytes takes it, into a 1×3×H×W
// tensor: the bits and the errors of DecodeBytes and Apply. Of a JPEG it computes
// the pixels that the crop keeps, row by row as they are resized, in memory that
// is kept. Errors wrap ErrImage.
func (f *Fused) ApplyFile(data []byte) (x *ops.Tensor, err error) {
	if !isJPEG(data) {
		m, err := DecodeBytes(data)
		if err != nil {
			return nil, err
		}
		return f.Apply(Bytes{Pix: m.Pix, Width: m.Width, Height: m.Height, Stride: 3 * m.Width})
	}
	if err := checkFile(data); err != nil {
		return nil, err
	}
	defer guard(&err)
	d := decoders.Get().(*jpegDecoder)
	x, err = f.applyJPEG(d, data)
	decoders.Put(d) // not after a panic
	return x, err
}

func (f *Fused) applyJPEG(d *jpegDecoder, data []byte) (*ops.Tensor, error) {
	h, err := d.open(data, MaxPixels)
	if err != nil {
		return nil, err
	}
	orientation := imagefile.Orientation(data, "jpeg")
	p, err := f.plan(uprightSize(h.Width, h.Height, orientation))
	if err != nil {
		return nil, err
	}
	window := storedPart(p.seen, orientation, h.Width, h.Height)
	if err := d.Begin(jpeg.Options{MaxPixels: MaxPixels, Window: window}); err != nil {
		return nil, jpegError(h, err)
	}
	buffers := p.buffers()
	defer p.scratch.Put(buffers)
	if orientation == 1 {
		err = p.stream(buffers, d)
	} else {
		err = p.turned(buffers, d, window, orientation)
	}
	if err == nil {
		err = d.Rest()
	}
	if err != nil {
		return nil, jpegError(h, err)
	}
	x, err := ops.New(1, 3, p.outHeight, p.outWidth)
	if err != nil {
		return nil, err
	}
	p.planes(x.Data(), buffers, false, &f.tables)
	return x, nil
}

// stripRows is how many rows are decoded before they are resized: few enough to
// stay in the cache.
const stripRows = 16

// stream resizes rows as they are decoded.
func (p *fusedPlan) stream(buffers *fusedBuffers, d *jpegDecoder) error {
	bytes := 3 * p.seen.Dx()
	strip := sized(&d.stored, stripRows*bytes)
	for y := p.seen.Min.Y; y < p.seen.Max.Y; {
		n, err := d.Rows(strip)
		if err != nil {
			return err
		}
		for i := range n {
			p.line(buffers, y+i, strip[i*bytes:][:bytes])
		}
		y += n
	}
	return nil
}

// turned decodes a window that is stored in another orientation, and resizes its
// rows once it is upright.
func (p *fusedPlan) turned(buffers *fusedBuffers, d *jpegDecoder, window image.Rectangle, orientation int) error {
	size := 3 * window.Dx() * window.Dy()
	stored := pixel.RGB{Width: window.Dx(), Height: window.Dy(), Pix: sized(&d.stored, size)}
	if _, err := d.Rows(stored.Pix); err != nil {
		return err
	}
	m := pixel.RGB{Width: p.seen.Dx(), Height: p.seen.Dy(), Pix: sized(&d.turned, size)}
	turn(&m, &stored, orientation)
	for y := range m.Height {
		p.line(buffers, p.seen.Min.Y+y, m.Row(y))
	}
	return nil
}

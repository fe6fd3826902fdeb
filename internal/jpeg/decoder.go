package jpeg

import (
	"image"
	"io"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// Options choose what is decoded.
type Options struct {
	// MaxPixels is the most that a picture may have, as its header states
	// them; 0 is pixel.MaxPixels. A picture of several scans needs 2 bytes for
	// each sample besides its rows.
	MaxPixels int
	// Scale divides both sides by 1, 2, 4 or 8, rounding up, as Pillow's draft
	// does; 0 is 1.
	Scale int
	// Window is which pixels to compute, of the scaled picture; the zero value
	// is all. They are the same bits as in the whole picture.
	Window image.Rectangle
	// Partial takes what there is of a file that ends early: what is missing
	// is grey, or for later scans coarse, and RealRows says from where.
	Partial bool
}

// Decoder decodes one picture after another in memory that it keeps: pictures
// no larger than those before allocate nothing. The zero value is ready. It is
// not safe for concurrent use.
type Decoder struct {
	parser
	bits
	*routines
	planes [4]plane
	scale  int
	window image.Rectangle

	partial             bool
	maxH, maxV          int
	mcusX, mcusY        int
	outWidth, outHeight int // of the whole picture, scaled
	mcuRows             int // output rows of a row of MCUs
	context             int // rows that upsampling sees below a row

	scanning scanState
	several  bool // scans: coefficients are kept
	scanned  bool // all of them are read
	smoothed bool // what they leave open is estimated
	scans    int  // that were read
	goodMCUs int  // the last row of MCUs that the last scan had data for
	nextMCU  int  // the next row of MCUs to go into the rings
	nextRow  int  // the next row to hand out
	damage   error
	realMCUs int // rows of MCUs before the first damage
	started  bool
	failed   error // the error that ended the picture

	scratch [4][]uint8 // upsampled rows
	pending pending
	budget  int64 // blocks that scans may still visit
}

// Start begins with a file, which must not change until its last row was read.
// It is Open and Begin.
func (d *Decoder) Start(data []byte, o Options) (Header, error) {
	h, err := d.Open(data)
	if err == nil {
		err = d.Begin(o)
	}
	if err != nil {
		return Header{}, err
	}
	return h, nil
}

// Open reads a file up to its first scan, for whom the options depend on what it
// is like. Nothing of the size that it states is allocated.
func (d *Decoder) Open(data []byte) (Header, error) {
	d.reset(data)
	d.started, d.failed = false, nil
	if err := d.firstScan(); err != nil {
		d.failed = err
		d.letGo()
		return Header{}, err
	}
	return d.header, nil
}

// Begin chooses what is decoded of the file that was opened, once.
func (d *Decoder) Begin(o Options) error {
	if d.failed != nil {
		return d.failed
	}
	if d.started || d.data == nil {
		return errors.Wrap(ErrOptions, "no picture was opened")
	}
	err := d.begin(o)
	if d.started, d.failed = true, err; err != nil {
		d.letGo()
	}
	return err
}

func (d *Decoder) begin(o Options) error {
	h := &d.header
	most := o.MaxPixels
	if most == 0 {
		most = pixel.MaxPixels
	}
	if h.Width > most/h.Height {
		return errors.Wrapf(ErrTooLarge, "%dx%d: more than %d pixels", h.Width, h.Height, most)
	}
	d.scale = max(o.Scale, 1)
	if d.scale > 8 || d.scale&(d.scale-1) != 0 {
		return errors.Wrapf(ErrOptions, "scale %d, want 1, 2, 4 or 8", o.Scale)
	}
	d.partial = o.Partial
	if err := d.layOut(); err != nil {
		return err
	}
	all := image.Rect(0, 0, d.outWidth, d.outHeight)
	d.window = o.Window
	if o.Window == (image.Rectangle{}) {
		d.window = all
	}
	if d.window.Empty() || !d.window.In(all) {
		return errors.Wrapf(ErrOptions, "window %v of a picture of %dx%d", o.Window, d.outWidth, d.outHeight)
	}
	d.routines = active()
	d.lookAt()
	d.several = h.Progressive || d.scan.planes < h.Planes
	d.reserve(d.several)
	d.scanned, d.scans, d.goodMCUs = false, 0, 0
	d.nextMCU, d.nextRow = 0, d.window.Min.Y
	d.damage, d.realMCUs = nil, d.mcusY
	d.pending.reset()
	d.budget = d.allowance()
	if d.several {
		return nil
	}
	return d.beginScan()
}

// Size is the width and height of what Rows hands out.
func (d *Decoder) Size() (width, height int) { return d.window.Dx(), d.window.Dy() }

// Rows decodes as many rows as dst has room for and are left, 3 bytes a pixel,
// without padding, and returns how many. After the last one it returns io.EOF.
// An error ends the picture; rows before it are good.
func (d *Decoder) Rows(dst []uint8) (n int, err error) {
	if d.failed != nil {
		return 0, d.failed
	}
	if !d.started {
		return 0, errors.Wrap(ErrOptions, "no picture was started")
	}
	bytes := 3 * d.window.Dx()
	if d.nextRow == d.window.Max.Y {
		return 0, io.EOF
	}
	if len(dst) < bytes {
		return 0, errors.Wrapf(ErrOptions, "%d bytes are no room for a row of %d", len(dst), bytes)
	}
	for ; len(dst) >= bytes && d.nextRow < d.window.Max.Y; n++ {
		for d.nextRow >= d.rowsReady() {
			if err := d.decodeMCUs(); err != nil {
				d.failed = err
				d.letGo()
				return n, err
			}
		}
		d.emit(dst[:bytes], d.nextRow)
		dst = dst[bytes:]
		d.nextRow++
	}
	if d.nextRow == d.window.Max.Y && d.nextMCU == d.mcusY {
		d.letGo()
	}
	return n, nil
}

// Rest reads over what is left of the file after a window's last row, as the
// whole picture would, and returns the error that this would have ended with.
func (d *Decoder) Rest() error {
	for d.failed == nil && d.started && !d.several && d.nextMCU < d.mcusY {
		d.failed = d.decodeMCUs()
	}
	d.letGo()
	return d.failed
}

// letGo keeps no file alive that is read.
func (d *Decoder) letGo() { d.data, d.header.Exif = nil, nil }

// rowsReady is how many rows of the picture the rings suffice for.
func (d *Decoder) rowsReady() int {
	if d.nextMCU == d.mcusY {
		return d.outHeight
	}
	return max(d.nextMCU*d.mcuRows-d.context, 0)
}

// decodeMCUs decodes the next row of MCUs into the rings.
func (d *Decoder) decodeMCUs() error {
	if !d.several {
		if err := d.decodeSequential(d.nextMCU); err != nil {
			return err
		}
	} else {
		if !d.scanned {
			if err := d.readScans(); err != nil {
				return err
			}
			d.scanned, d.smoothed = true, d.smooths()
		}
		d.transformMCUs(d.nextMCU)
	}
	d.flush()
	for i := range d.header.Planes {
		d.planes[i].edges(d.nextMCU)
	}
	d.nextMCU++
	return nil
}

// edges repeats the first and the last pixel of each row beyond it, as
// upsampling sees them.
func (p *plane) edges(mcu int) {
	if !p.up.across() {
		return
	}
	rows := p.v * p.size
	for y := mcu * rows; y < (mcu+1)*rows; y++ {
		at := y%p.ringRows*p.stride + margin
		row := p.rows[at-1 : at+p.width+1]
		row[0], row[p.width+1] = row[1], row[p.width]
	}
}

// Damage is nil, or the first thing wrong with the file that libjpeg passes
// over with no more than a warning: a code or marker that cannot be, data that
// ends before its segment's last pixel. It is complete when all rows were read.
func (d *Decoder) Damage() error { return d.damage }

// RealRows is how many rows of the window come before the first that damage or
// the end of the file reaches, when all rows were read. Of a progressive file it
// counts rows as real that have at least their coarsest scan.
func (d *Decoder) RealRows() int {
	if d.realMCUs >= d.mcusY {
		return d.window.Dy()
	}
	rows := max(d.realMCUs*d.mcuRows-d.context, 0)
	return min(max(rows-d.window.Min.Y, 0), d.window.Dy())
}

// harm takes note of damage in a row of MCUs. It makes rows unreal unless the
// scan is one that only refines them.
func (d *Decoder) harm(mcu int, format string, args ...any) {
	if s := &d.scan; !d.header.Progressive || s.from == 0 && s.high == 0 {
		d.realMCUs = min(d.realMCUs, mcu)
	}
	if d.damage == nil {
		d.damage = malformed("at row %d: "+format, append([]any{mcu * d.mcuRows}, args...)...)
	}
}

package video

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/pkg/errors"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Style says how results are drawn into frames.
type Style struct {
	// Line is the width of a box's lines in pixels. Default 2.
	Line int
	// Opacity of masks and segmentations, 0 to 1. Default 0.5.
	Opacity float64
	// MinScore leaves out detections and keypoints that are less sure.
	MinScore float64
	// NoText leaves out the words.
	NoText bool
}

// Draw draws a result into its frame: segmentation, masks, boxes with names,
// keypoints, and the classes in the top left corner. What lies outside the
// frame is cut off.
func (s Style) Draw(r *Result) error {
	f := r.Frame
	if f == nil || f.Pix == nil {
		return errors.Wrap(ErrFrame, "the result has no frame to draw in")
	}
	setDefault(&s.Line, 2)
	setDefault(&s.Opacity, 0.5)
	if s.Line < 1 || s.Line > 1000 || !(s.Opacity > 0 && s.Opacity <= 1) {
		return errors.Wrapf(ErrConfig, "lines of %d pixels with opacity %v, want 1 to 1000 and 0 to 1", s.Line, s.Opacity)
	}
	if r.Segmentation != nil {
		if err := s.segmentation(f, r.Segmentation); err != nil {
			return err
		}
	}
	for i := range r.Detections {
		if d := &r.Detections[i]; float64(d.Score) >= s.MinScore {
			if err := s.detection(f, d); err != nil {
				return err
			}
		}
	}
	s.classes(f, r)
	return nil
}

// segmentation tints the pixels by class; class 0 is left as it is.
func (s Style) segmentation(f *Frame, g *Segmentation) error {
	if g.Width != f.Width || g.Height != f.Height || len(g.Labels) != g.Width*g.Height {
		return errors.Wrapf(ErrFrame, "a segmentation of %dx%d with %d labels for a frame of %dx%d", g.Width, g.Height, len(g.Labels), f.Width, f.Height)
	}
	for y := range g.Height {
		for x, label := range g.Labels[y*g.Width:][:g.Width] {
			if label != 0 {
				s.tint(f, x, y, Colour(int(label)))
			}
		}
	}
	return nil
}

func (s Style) tint(f *Frame, x, y int, c color.RGBA) {
	p := f.Pix[y*f.Stride+3*x:][:3]
	if f.Order == BGR {
		c.R, c.B = c.B, c.R
	}
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		p[i] = uint8(float64(p[i])*(1-s.Opacity) + float64(v)*s.Opacity + 0.5)
	}
}

func (s Style) detection(f *Frame, d *Detection) error {
	c := Colour(d.Label)
	if d.TrackID != 0 {
		c = Colour(int(d.TrackID))
	}
	if m := d.Mask; m != nil {
		if m.Width < 0 || m.Height < 0 || len(m.Bits) != m.Width*m.Height {
			return errors.Wrapf(ErrFrame, "a mask of %dx%d with %d pixels", m.Width, m.Height, len(m.Bits))
		}
		for i, in := range m.Bits {
			if x, y := m.X+i%m.Width, m.Y+i/m.Width; in && x >= 0 && y >= 0 && x < f.Width && y < f.Height {
				s.tint(f, x, y, c)
			}
		}
	}
	box := image.Rect(pixelAt(d.Box[0], f.Width), pixelAt(d.Box[1], f.Height), pixelAt(d.Box[2], f.Width), pixelAt(d.Box[3], f.Height))
	s.frame(f, box, c)
	for _, k := range d.Keypoints {
		if float64(k.Score) >= s.MinScore {
			x, y := pixelAt(k.X, f.Width), pixelAt(k.Y, f.Height)
			fill(f, image.Rect(x-s.Line, y-s.Line, x+s.Line+1, y+s.Line+1), c)
		}
	}
	text := d.Name
	if text == "" {
		text = fmt.Sprint(d.Label)
	}
	text += fmt.Sprintf(" %.2f", d.Score)
	if d.TrackID != 0 {
		text = fmt.Sprintf("#%d %s", d.TrackID, text)
	}
	s.text(f, box.Min.X, box.Min.Y-textHeight, text, c)
	return nil
}

// pixelAt brings a coordinate, NaN and infinity included, near the frame.
func pixelAt(v float32, size int) int {
	x := math.Round(float64(v))
	if !(x >= -8) {
		return -8
	}
	return int(min(x, float64(size+8)))
}

// frame draws a rectangle's outline, inside it.
func (s Style) frame(f *Frame, r image.Rectangle, c color.RGBA) {
	w := s.Line
	fill(f, image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+w), c)
	fill(f, image.Rect(r.Min.X, r.Max.Y-w, r.Max.X, r.Max.Y), c)
	fill(f, image.Rect(r.Min.X, r.Min.Y, r.Min.X+w, r.Max.Y), c)
	fill(f, image.Rect(r.Max.X-w, r.Min.Y, r.Max.X, r.Max.Y), c)
}

func fill(f *Frame, r image.Rectangle, c color.RGBA) {
	r = r.Intersect(f.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			f.put(x, y, [3]uint8{c.R, c.G, c.B})
		}
	}
}

// classes lists the classes, the stable one first.
func (s Style) classes(f *Frame, r *Result) {
	y := 4
	line := func(label string, class int, p float32, c color.RGBA) {
		if label == "" {
			label = fmt.Sprint(class)
		}
		s.text(f, 4, y, fmt.Sprintf("%s %.2f", label, p), c)
		y += textHeight + 1
	}
	if c := r.Stable; c != nil {
		line(c.Label, c.Class, c.Probability, Colour(c.Class))
	}
	for _, c := range r.Classes {
		line(c.Label, c.Class, c.Probability, color.RGBA{A: 255})
	}
}

const textHeight = 15

// text writes a line on a ground of one colour, black or white by contrast,
// and keeps it inside the frame's top left corner.
func (s Style) text(f *Frame, x, y int, text string, ground color.RGBA) {
	if s.NoText {
		return
	}
	face := basicfont.Face7x13
	x, y = max(0, x), max(0, y)
	width := face.Advance * len([]rune(text))
	fill(f, image.Rect(x, y, x+width+4, y+textHeight), ground)
	ink := color.Gray{Y: 255}
	if 299*int(ground.R)+587*int(ground.G)+114*int(ground.B) > 128*1000 {
		ink.Y = 0
	}
	d := font.Drawer{Dst: f, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(x+2, y+face.Ascent+1)}
	d.DrawString(text)
}

// Colour is the colour of a class or track: the palette of PASCAL VOC, which
// spreads the bits of the number over red, green and blue.
func Colour(n int) color.RGBA {
	c := color.RGBA{A: 255}
	id := uint(n) & 0xff
	if id == 0 && n != 0 {
		id = 255
	}
	for bit := 7; bit >= 0 && id != 0; bit-- {
		c.R |= uint8(id&1) << bit
		c.G |= uint8(id>>1&1) << bit
		c.B |= uint8(id>>2&1) << bit
		id >>= 3
	}
	return c
}

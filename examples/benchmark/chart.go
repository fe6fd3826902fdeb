package main

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/vertebra-vision/vertebra/weights"
)

// dpi makes text of 12 points readable at the usual sizes.
const dpi = 120

// pixels is a length in the chart.
func pixels(n int) vg.Length { return vg.Length(n) * vg.Inch / dpi }

// series are the colours of what is compared, told apart by the colour-blind
// too (Okabe and Ito).
var series = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff}, color.RGBA{0xe6, 0x9f, 0x00, 0xff}, color.RGBA{0x00, 0x9e, 0x73, 0xff},
	color.RGBA{0xcc, 0x79, 0xa7, 0xff}, color.RGBA{0x56, 0xb4, 0xe9, 0xff}, color.RGBA{0xd5, 0x5e, 0x00, 0xff},
}

func colour(i int) color.Color { return series[i%len(series)] }

// draw writes the chart: bars of the lines, or the steps of each profile one
// below the other.
func (r *Report) draw(o *options) error {
	var plots []*plot.Plot
	if o.profile {
		for _, l := range r.Lines {
			plots = append(plots, stepsPlot(l, r.Machine.PeakGFLOPs[l.Threads]))
		}
	} else {
		p, err := r.linesPlot(o)
		if err != nil {
			return err
		}
		plots = append(plots, p)
	}
	size := [2]vg.Length{pixels(o.chartSize[0]), pixels(o.chartSize[1])}
	img := vgimg.NewWith(vgimg.UseWH(size[0], size[1]), vgimg.UseDPI(dpi))
	all := draw.New(img)
	margin := vg.Points(10)
	for i, p := range plots {
		height := size[1] / vg.Length(len(plots))
		top := size[1] - vg.Length(i)*height
		part := all
		part.Min = vg.Point{X: margin, Y: top - height + margin}
		part.Max = vg.Point{X: size[0] - margin, Y: top - margin}
		p.Draw(part)
	}
	return weights.SaveFile(o.chart, func(w io.Writer) error {
		_, err := vgimg.PngCanvas{Canvas: img}.WriteTo(w)
		return err
	})
}

// newPlot has what the charts have in common.
func newPlot(title string) *plot.Plot {
	p := plot.New()
	for _, style := range []*draw.TextStyle{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Variant = "Sans"
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(ticks), plot.TickerFunc(ticks)
	p.Title.Text = title
	p.Title.TextStyle.Font.Size, p.Title.Padding = vg.Points(15), vg.Points(8)
	p.Y.Label.Text = "GFLOP/s of direct convolution"
	p.Y.Min = 0
	p.Legend.Top, p.Legend.Padding = true, vg.Points(3)
	p.Legend.YOffs = vg.Points(-4)
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal.Color = color.Gray{0xdd}
	p.Add(grid)
	return p
}

// ticks are round numbers, about eight.
func ticks(low, high float64) (list []plot.Tick) {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/8)))
	for _, factor := range []float64{2, 2.5, 2} { // 2, 5 and 10 of the step
		if (high-low)/step > 10 {
			step *= factor
		}
	}
	for v := math.Ceil(low/step) * step; v <= high; v += step {
		list = append(list, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)})
	}
	return list
}

// addPeak draws the machine's limit across the chart.
func addPeak(p *plot.Plot, peak float64, threads int, c color.Color) {
	if peak <= 0 {
		return
	}
	line := plotter.NewFunction(func(float64) float64 { return peak })
	line.LineStyle = draw.LineStyle{Color: c, Width: vg.Points(1.5), Dashes: []vg.Length{vg.Points(6), vg.Points(3)}}
	p.Add(line)
	p.Legend.Add(fmt.Sprintf("measured peak, %s: %.0f", plural(threads, "thread"), peak), line)
	p.Y.Max = max(p.Y.Max, peak)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// linesPlot groups the bars of a network by the number of threads.
func (r *Report) linesPlot(o *options) (*plot.Plot, error) {
	p := newPlot("Speed by network, input and threads (" + r.Machine.ISA + ")")
	var names []string
	for _, l := range r.Lines {
		if name := l.Case.String(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	room := 0.72 * pixels(o.chartSize[0]) / vg.Length(len(names)*len(o.threads))
	width := min(room, vg.Points(60))
	var texts []plot.Plotter
	for t, threads := range o.threads {
		bars, text, err := r.bars(names, threads, width, width*(vg.Length(t)-vg.Length(len(o.threads)-1)/2))
		if err != nil {
			return nil, err
		}
		bars.Color = colour(t)
		p.Add(bars)
		p.Legend.Add(plural(threads, "thread"), bars)
		addPeak(p, r.Machine.PeakGFLOPs[threads], threads, colour(t))
		if width >= vg.Points(28) {
			texts = append(texts, text)
		}
	}
	p.Add(texts...) // over everything
	p.NominalX(names...)
	p.X.Padding = vg.Points(4)
	p.X.Min, p.X.Max = -0.6, float64(len(names))-0.4
	if len(names) > 10 {
		p.X.Tick.Label.Rotation = math.Pi / 4
		p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YTop
	}
	p.Y.Max *= 1.05 + 0.05*float64(2*len(o.threads)) // for the legend
	return p, nil
}

// bars are those of a number of threads, with their times above them.
func (r *Report) bars(names []string, threads int, width, offset vg.Length) (*plotter.BarChart, *plotter.Labels, error) {
	values := make(plotter.Values, len(names))
	var labels plotter.XYLabels
	for _, l := range r.Lines {
		if l.Threads == threads {
			i := slices.Index(names, l.Case.String())
			values[i] = l.GFLOPs
			labels.XYs = append(labels.XYs, plotter.XY{X: float64(i), Y: l.GFLOPs})
			labels.Labels = append(labels.Labels, fmt.Sprintf("%.1f ms", l.MedianMS))
		}
	}
	bars, err := plotter.NewBarChart(values, 0.92*width)
	if err != nil {
		return nil, nil, err
	}
	bars.Offset, bars.LineStyle.Width = offset, 0
	text, err := plotter.NewLabels(labels)
	if err != nil {
		return nil, nil, err
	}
	for i := range text.TextStyle {
		text.TextStyle[i].XAlign = draw.XCenter
		text.TextStyle[i].Font.Variant, text.TextStyle[i].Font.Size = "Sans", vg.Points(9)
	}
	text.Offset = vg.Point{X: offset, Y: vg.Points(4)}
	return bars, text, nil
}

// stepsPlot draws the steps in the order in which they run: as wide as the
// time that they take and as high as their rate, so that the area is the work.
func stepsPlot(l *Line, peak float64) *plot.Plot {
	p := newPlot(fmt.Sprintf("%s, %s: the steps of a run", l.Case, plural(l.Threads, "thread")))
	p.X.Label.Text = fmt.Sprintf("ms; %.2f in all, %.0f GFLOP/s", l.MedianMS, l.GFLOPs)
	s := &stepBars{steps: l.Steps}
	for _, step := range l.Steps {
		if f := family(step); step.GFLOPs > 0 && !slices.Contains(s.families, f) {
			s.families = append(s.families, f)
		}
	}
	p.Add(s)
	for i, f := range s.families {
		p.Legend.Add(f, swatch{colour(i)})
	}
	addPeak(p, peak, l.Threads, color.Black)
	p.X.Min, p.X.Max = 0, l.MedianMS
	p.Y.Max *= 1.1 + 0.05*float64(len(s.families))
	return p
}

// family is the algorithm of a step: its kernel's name up to the variant.
func family(s Step) string {
	name, _, _ := strings.Cut(s.Kernel, " ")
	return name
}

// stepBars plots the steps of a profile.
type stepBars struct {
	steps    []Step
	families []string
}

// DataRange implements plot.DataRanger.
func (s *stepBars) DataRange() (xmin, xmax, ymin, ymax float64) {
	for _, step := range s.steps {
		xmax += step.MS
		ymax = max(ymax, step.GFLOPs)
	}
	return 0, xmax, 0, ymax
}

// Plot implements plot.Plotter.
func (s *stepBars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := p.X.Tick.Label
	style.Rotation, style.XAlign, style.YAlign = math.Pi/2, draw.XLeft, draw.YCenter
	style.Font.Size = vg.Points(8)
	at := 0.0
	for _, step := range s.steps {
		left, right := x(at), x(at+step.MS)
		at += step.MS
		fill := color.Color(color.Gray{0xee}) // steps without multiply-adds, down the whole chart
		top := c.Max.Y
		if step.GFLOPs > 0 {
			fill, top = colour(slices.Index(s.families, family(step))), y(step.GFLOPs)
		}
		box := []vg.Point{{X: left, Y: y(0)}, {X: right, Y: y(0)}, {X: right, Y: top}, {X: left, Y: top}}
		c.FillPolygon(fill, box)
		c.StrokeLines(draw.LineStyle{Color: color.White, Width: vg.Points(0.5)}, append(box, box[0]))
		if right-left > vg.Points(9) && style.Width(step.Node) < top-y(0)-vg.Points(8) {
			label := style
			label.Color = readable(fill)
			c.FillText(label, vg.Point{X: (left + right) / 2, Y: y(0) + vg.Points(4)}, step.Node)
		}
	}
}

// readable is black or white, whichever stands out.
func readable(on color.Color) color.Color {
	if color.GrayModel.Convert(on).(color.Gray).Y > 0x90 {
		return color.Black
	}
	return color.White
}

// swatch is a colour in the legend.
type swatch struct{ color.Color }

// Thumbnail implements plot.Thumbnailer.
func (s swatch) Thumbnail(c *draw.Canvas) {
	c.FillPolygon(s.Color, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}})
}

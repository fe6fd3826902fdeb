package backbone

import (
	"github.com/vertebra-vision/vertebra/internal/model"
)

// Option changes the configuration, or how the network runs.
type Option func(*settings) error

type settings struct {
	config Config
	run    model.Options
}

func set(change func(*Config)) Option {
	return func(s *settings) error {
		change(&s.config)
		return nil
	}
}

// WithOutputStride sets Config.OutputStride: 8, 16 or 32.
func WithOutputStride(stride int) Option {
	return set(func(c *Config) { c.OutputStride, c.ReplaceStrideWithDilation = stride, nil })
}

// WithReplaceStrideWithDilation sets Config.ReplaceStrideWithDilation:
// torchvision's argument of that name, an entry for each stage after the
// first.
func WithReplaceStrideWithDilation(replace ...bool) Option {
	return set(func(c *Config) { c.ReplaceStrideWithDilation, c.OutputStride = replace, 0 })
}

// WithNumClasses sets Config.NumClasses.
func WithNumClasses(n int) Option { return set(func(c *Config) { c.NumClasses = n }) }

// WithoutClassifier leaves out avgpool and fc.
func WithoutClassifier() Option { return set(func(c *Config) { c.NoClassifier = true }) }

// WithInChannels sets Config.InChannels.
func WithInChannels(n int) Option { return set(func(c *Config) { c.InChannels = n }) }

// WithSeed sets Config.Seed.
func WithSeed(seed uint64) Option { return set(func(c *Config) { c.Seed = seed }) }

// WithThreads sets how many threads one run uses, 1 to 1024. The default is
// GOMAXPROCS. Results do not depend on it.
func WithThreads(n int) Option {
	return func(s *settings) error {
		if n < 1 || n > model.MaxThreads {
			return s.config.errorf("WithThreads(%d): want 1 to %d", n, model.MaxThreads)
		}
		s.run.Threads = n
		return nil
	}
}

// WithMemoryLimit bounds the memory that a run may need, in bytes: the network's
// weights as they were loaded, and packed for this and its other plans, the run's
// arena and its outputs, see [Plan.Memory]. A run that would need more fails with
// [ErrMemory] before anything is packed or computed. Runs at the same time each
// have an arena and outputs of their own; arenas that wait for the next run of
// other plans do not count. The default is 4 GiB.
func WithMemoryLimit(bytes int64) Option {
	return func(s *settings) error {
		if bytes < 1 {
			return s.config.errorf("WithMemoryLimit(%d): want at least 1 byte", bytes)
		}
		s.run.MemoryLimit = bytes
		return nil
	}
}

// WithoutWinograd computes every convolution as the sum of its products. By
// default 3x3 convolutions of stride 1 use Winograd's algorithm (Lavin and
// Gray, 2016) where it is faster, up to three times on their part of the work.
// It rounds more: about 3e-6 of a map's largest value after all of ResNet-50,
// where direct convolution is at 1e-6.
func WithoutWinograd() Option {
	return func(s *settings) error {
		s.run.Direct = true
		return nil
	}
}

// WithoutBatchInvariance lets the number of pictures in a batch decide, too, which
// algorithms compute the convolutions. By default a picture's results have the same
// bits alone, in any batch and at any place in it. Large batches of networks with
// many weights on small maps are faster without: ResNet-18 by 5 to 10 % on batches
// of eight, ResNet-50 by 1 to 3. Results then differ by rounding.
func WithoutBatchInvariance() Option {
	return func(s *settings) error {
		s.run.ByBatch = true
		return nil
	}
}

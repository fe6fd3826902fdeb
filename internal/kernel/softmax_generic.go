//go:build !amd64 || noasm

package kernel

// Without assembly softmaxBlock does its own passes, and nothing calls these.

func softmaxMaxima(*softmaxArgs) { panic("kernel: no assembly on this platform") }

func softmaxExponentials(*softmaxArgs) { panic("kernel: no assembly on this platform") }

func softmaxQuotients(*softmaxArgs) { panic("kernel: no assembly on this platform") }

package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBenchmark(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-model", "cifar_resnet20", "-size", "32x40", "-batch", "1,2", "-threads", "1", "-seconds", "0"}, &out))
	assert.Regexp(t, `(?m)^cifar_resnet20 +1x32x40 +1 +\d`, out.String())
	assert.Regexp(t, `(?m)^cifar_resnet20 +2x32x40 +1 +\d`, out.String())
}

func TestProfile(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-model", "cifar_resnet20", "-size", "32x32", "-threads", "2", "-profile"}, &out))
	assert.Regexp(t, `(?m)^layer3.2.conv2 +layer3.2.bn2 layer3.2.add layer3.2.relu_1 +conv\.`, out.String())
	assert.Contains(t, out.String(), "cifar_resnet20, 2 threads")
}

func TestBenchmarkErrors(t *testing.T) {
	for args, says := range map[[2]string]string{
		{"-model", "resnet51"}: "resnet50",
		{"-size", "224"}:       "HEIGHTxWIDTH",
		{"-batch", "0"}:        "above 0",
		{"-threads", "9999"}:   "want 1 to 1024",
	} {
		assert.ErrorContains(t, run(context.Background(), args[:], &bytes.Buffer{}), says)
	}
}

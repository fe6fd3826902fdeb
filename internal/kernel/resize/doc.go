// Package resize is torch.nn.functional.interpolate: nearest and bilinear.
package resize

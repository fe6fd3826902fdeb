// Package kernel is the fastest code for each operator on this CPU.
//
// A kernel is an operator bound to its shapes and parameters and cut into
// independent tasks, so that whoever runs it decides how many workers there
// are; results do not depend on that. Kernels check nothing: internal/engine
// gives them shapes that graph.Infer approved.
package kernel

//go:generate go -C gen run . -what conv512 -out ../conv512_amd64.s -stubs ../conv512_amd64.go -pkg kernel
//go:generate go -C gen run . -what conv256 -out ../conv256_amd64.s -stubs ../conv256_amd64.go -pkg kernel
//go:generate go -C gen run . -what groups256 -out ../groups256_amd64.s -stubs ../groups256_amd64.go -pkg kernel
//go:generate go -C gen run . -what pool512 -out ../pool512_amd64.s -stubs ../pool512_amd64.go -pkg kernel
//go:generate go -C gen run . -what pool256 -out ../pool256_amd64.s -stubs ../pool256_amd64.go -pkg kernel
//go:generate go -C gen run . -what winograd512 -out ../winograd512_amd64.s -stubs ../winograd512_amd64.go -pkg kernel
//go:generate go -C gen run . -what winograd256 -out ../winograd256_amd64.s -stubs ../winograd256_amd64.go -pkg kernel
//go:generate go -C gen run . -what stem512 -out ../stem512_amd64.s -stubs ../stem512_amd64.go -pkg kernel
//go:generate go -C gen run . -what stem256 -out ../stem256_amd64.s -stubs ../stem256_amd64.go -pkg kernel
//go:generate go -C gen run . -what strassen512 -out ../strassen512_amd64.s -stubs ../strassen512_amd64.go -pkg kernel
//go:generate go -C gen run . -what strassen256 -out ../strassen256_amd64.s -stubs ../strassen256_amd64.go -pkg kernel
//go:generate go -C gen run . -what rows512 -out ../rows512_amd64.s -stubs ../rows512_amd64.go -pkg kernel
//go:generate go -C gen run . -what rows256 -out ../rows256_amd64.s -stubs ../rows256_amd64.go -pkg kernel
//go:generate go -C gen run . -what softmax256 -out ../softmax256_amd64.s -stubs ../softmax256_amd64.go -pkg kernel
//go:generate go -C gen run . -what dot256 -out ../dot256_amd64.s -stubs ../dot256_amd64.go -pkg kernel
//go:generate go -C gen run . -what peak512 -out ../peak512_amd64.s -stubs ../peak512_amd64.go -pkg kernel
//go:generate go -C gen run . -what peak256 -out ../peak256_amd64.s -stubs ../peak256_amd64.go -pkg kernel

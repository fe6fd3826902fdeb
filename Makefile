# Everyday commands. `make` alone lists them.
.DEFAULT_GOAL := help

.PHONY: help
help: ## List these commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | column -ts "$$(printf '\t')"

.PHONY: test
test: ## Run every test
	go test ./...

.PHONY: short
short: ## Run the quick tests
	go test -short ./...

.PHONY: opencv
opencv: ## Install what package video/opencv needs (Debian)
	apt-get install -y --no-install-recommends libopencv-dev libopencv-contrib-dev

.PHONY: race
race: ## Run the quick tests under the race detector
	go test -race -short ./...

.PHONY: lint
lint: ## Check formatting, vet and staticcheck
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	go run honnef.co/go/tools/cmd/staticcheck@v0.8.2 ./...

.PHONY: fuzz
fuzz: ## Fuzz every target for FUZZTIME each (default 20s)
	@for pkg in $$(go list ./...); do \
	  for f in $$(go test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
	    echo "$$pkg $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzzminimizetime 1s -fuzztime $(or $(FUZZTIME),20s) $$pkg || exit 1; \
	  done; \
	done

.PHONY: bench
bench: ## Run every benchmark
	go test -run '^$$' -bench . ./...

.PHONY: compare
compare: ## Compare full-size presets with torchvision, live (needs Python with torchvision)
	testdata/gen/compare.sh
	testdata/gen/compare_detection.sh

.PHONY: generate
generate: ## Generate the assembly again
	go generate ./internal/kernel/... ./internal/jpeg

.PHONY: examples
examples: ## Run the commands that the README gives
	go run ./examples/classify testdata/images/chelsea.png
	go run ./examples/benchmark -model cifar_resnet20 -size 32x32 -seconds 0.5
	go run ./examples/features -out out testdata/images/chelsea.png
	go run ./examples/infer -config cifar_resnet20 -weights examples/internal/cifar10/resnet20-12fca82f.th -input testdata/images/chelsea.png -out out/infer.safetensors
	go run ./examples/infer -config resnet50_features -check
	go run ./examples/video -source testdata/images -jsonl out/video.jsonl -every 0s
	go run ./examples/video -config multi-camera -check

// Brought up to date by `go get golang.org/x/crypto@<version>` and `go mod tidy` in this folder: the version that
// library-go asks for (test/cluster-reader/go/go.mod).
module signet.test/openpgp-core

go 1.26.0

require golang.org/x/crypto v0.52.0

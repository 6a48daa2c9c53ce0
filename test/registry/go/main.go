// Serves go-containerregistry's registry from memory: one with the referrers API of OCI distribution 1.1, which
// Debian's docker-registry lacks. Prints the host it listens on.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	hasReferrers := len(os.Args) < 2 || os.Args[1] != "without-referrers"
	handler := registry.New(
		registry.WithReferrersSupport(hasReferrers),
		registry.Logger(log.New(io.Discard, "", 0)),
	)
	fmt.Println(listener.Addr().String())
	// Ends with whoever started it.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, handler))
}

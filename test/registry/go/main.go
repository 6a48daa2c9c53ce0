// Serves go-containerregistry's registry from memory: one with the referrers API of OCI distribution 1.1, which
// Debian's docker-registry lacks, or one with the signature extension of OpenShift's registry. Prints the host it
// listens on.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	flags := os.Args[1:]
	var handler http.Handler = registry.New(
		registry.WithReferrersSupport(!slices.Contains(flags, "without-referrers")),
		registry.Logger(log.New(io.Discard, "", 0)),
	)
	if slices.Contains(flags, "with-signatures") {
		handler = &signatures{registry: handler, lists: map[string][]json.RawMessage{}}
	}
	fmt.Println(listener.Addr().String())
	// Ends with whoever started it.
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	log.Fatal(http.Serve(listener, handler))
}

const extension = "/extensions/v2/"

// signatures keeps what is put at /extensions/v2/<name>/signatures/<digest>, one entry at a time, and lists it there.
type signatures struct {
	registry http.Handler
	mutex    sync.Mutex
	lists    map[string][]json.RawMessage
}

func (s *signatures) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v2/" {
		w.Header().Set("X-Registry-Supports-Signatures", "1")
	}
	if !strings.HasPrefix(r.URL.Path, extension) {
		s.registry.ServeHTTP(w, r)
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	switch r.Method {
	case http.MethodGet:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"signatures": s.lists[r.URL.Path]})
	case http.MethodPut:
		var entry json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&entry); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.lists[r.URL.Path] = append(s.lists[r.URL.Path], entry)
		w.WriteHeader(http.StatusCreated)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

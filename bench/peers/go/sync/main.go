// Command sync mirrors release signatures into a directory as `signet mirror sync` does: it fetches each from the first
// store that has it, verifies it, writes it whole beside its place, syncs the file, links it into a directory of its own,
// and syncs that directory and the one above it. Who waits for the sync of a directory shares it.
//
//	sync KEYS DIGESTS DIRECTORY CONCURRENCY STORE...
//
// It prints the seconds that the sync took and those of the processor, as JSON.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/openpgp" //nolint:staticcheck // what clusters run is what is measured

	"signet.test/openpgp-core/release"
)

const maxSignatureBytes = 50 * 1024

type mirror struct {
	keys   openpgp.EntityList
	stores []string
	client *http.Client
	root   string
	aside  string
	synced map[string]*syncs
	lock   sync.Mutex
}

func main() {
	if len(os.Args) < 6 {
		fail(errors.New("usage: sync KEYS DIGESTS DIRECTORY CONCURRENCY STORE..."))
	}
	keys, err := release.ReadKeys(os.Args[1])
	check(err)
	listed, err := os.ReadFile(os.Args[2])
	check(err)
	concurrency, err := strconv.Atoi(os.Args[4])
	check(err)
	transport := &http.Transport{MaxIdleConnsPerHost: concurrency, MaxConnsPerHost: concurrency}
	m := &mirror{
		keys:   keys,
		stores: os.Args[5:],
		client: &http.Client{Transport: transport, Timeout: 5 * time.Second},
		root:   filepath.Join(os.Args[3], "signatures"),
		aside:  filepath.Join(os.Args[3], ".tmp"),
		synced: map[string]*syncs{},
	}
	check(os.MkdirAll(m.root, 0o777))
	check(os.MkdirAll(m.aside, 0o777))
	started, before := time.Now(), processorSeconds()
	m.run(strings.Fields(string(listed)), concurrency)
	figures := map[string]float64{"seconds": time.Since(started).Seconds(), "cpuSeconds": processorSeconds() - before}
	check(json.NewEncoder(os.Stdout).Encode(figures))
}

// As many digests are fetched at once as are asked for, and as many are written meanwhile.
func (m *mirror) run(digests []string, concurrency int) {
	queue := make(chan string)
	fetching := make(chan struct{}, concurrency)
	var workers sync.WaitGroup
	for range 2 * concurrency {
		workers.Go(func() {
			for digest := range queue {
				fetching <- struct{}{}
				signature, err := m.fetch(digest)
				<-fetching
				check(err)
				check(m.write(digest, signature))
			}
		})
	}
	for _, digest := range digests {
		queue <- digest
	}
	close(queue)
	workers.Wait()
}

func (m *mirror) fetch(digest string) ([]byte, error) {
	err := errors.New("there is no store")
	for _, store := range m.stores {
		var signature []byte
		signature, err = m.get(store + "/" + segmentOf(digest) + "/signature-1")
		if err == nil {
			err = release.Verify(signature, m.keys, digest)
		}
		if err == nil {
			return signature, nil
		}
	}
	return nil, err
}

func (m *mirror) get(url string) ([]byte, error) {
	response, err := m.client.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	signature, err := io.ReadAll(io.LimitReader(response.Body, maxSignatureBytes+1))
	if err == nil && len(signature) > maxSignatureBytes {
		return nil, errors.New("the signature is too long")
	}
	return signature, err
}

func (m *mirror) write(digest string, signature []byte) error {
	directory := filepath.Join(m.root, segmentOf(digest))
	if err := os.Mkdir(directory, 0o777); err != nil {
		return err
	}
	if err := m.syncDirectory(m.root); err != nil {
		return err
	}
	aside, err := os.CreateTemp(m.aside, "write-")
	if err != nil {
		return err
	}
	defer os.Remove(aside.Name())
	if _, err := aside.Write(signature); err != nil {
		return err
	}
	if err := aside.Sync(); err != nil {
		return err
	}
	if err := aside.Close(); err != nil {
		return err
	}
	if err := os.Link(aside.Name(), filepath.Join(directory, "signature-1")); err != nil {
		return err
	}
	return syncNow(directory)
}

// The sync of a directory that is under way, and the one after it, which has not begun.
type syncs struct {
	running, waiting *pending
}

type pending struct {
	done chan struct{}
	err  error
}

// An entry that was made after a sync began waits for the next one.
func (m *mirror) syncDirectory(directory string) error {
	m.lock.Lock()
	own := m.synced[directory]
	if own == nil {
		own = &syncs{}
		m.synced[directory] = own
	}
	mine := own.waiting
	if mine == nil {
		mine = &pending{done: make(chan struct{})}
		own.waiting = mine
		if own.running == nil {
			m.begin(directory, own)
		}
	}
	m.lock.Unlock()
	<-mine.done
	return mine.err
}

// To be called with the lock held.
func (m *mirror) begin(directory string, own *syncs) {
	own.running, own.waiting = own.waiting, nil
	current := own.running
	go func() {
		current.err = syncNow(directory)
		m.lock.Lock()
		own.running = nil
		if own.waiting != nil {
			m.begin(directory, own)
		}
		m.lock.Unlock()
		close(current.done)
	}()
}

func syncNow(directory string) error {
	handle, err := os.Open(directory)
	if err != nil {
		return err
	}
	defer handle.Close()
	return handle.Sync()
}

func segmentOf(digest string) string {
	return strings.Replace(digest, ":", "=", 1)
}

// User and system time of this process.
func processorSeconds() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	toSeconds := func(value syscall.Timeval) float64 { return float64(value.Sec) + float64(value.Usec)/1e6 }
	return toSeconds(usage.Utime) + toSeconds(usage.Stime)
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

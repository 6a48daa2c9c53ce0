// Command openpgp-core verifies one release signature again and again, as library-go's core does for a cluster: the
// message by golang.org/x/crypto/openpgp, then the payload's digest. It prints how many it verified in a second of
// processor time, on one thread of Go code.
//
//	openpgp-core KEYS MESSAGE DIGEST SECONDS
//
// Exit status 3: this library cannot verify the message, which is said on standard error.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/crypto/openpgp" //nolint:staticcheck // what clusters run is what is measured
)

const (
	cannotVerify = 3
	warmUps      = 200
	// Between two looks at the clock.
	batch = 20
)

type payload struct {
	Critical struct {
		Type  string `json:"type"`
		Image struct {
			Digest string `json:"docker-manifest-digest"`
		} `json:"image"`
		Identity struct {
			Reference string `json:"docker-reference"`
		} `json:"identity"`
	} `json:"critical"`
	Optional struct {
		Creator   string `json:"creator"`
		Timestamp int64  `json:"timestamp"`
	} `json:"optional"`
}

func main() {
	if len(os.Args) != 5 {
		fail(2, errors.New("usage: openpgp-core KEYS MESSAGE DIGEST SECONDS"))
	}
	runtime.GOMAXPROCS(1)
	keys, err := readKeys(os.Args[1])
	if err != nil {
		fail(cannotVerify, err)
	}
	message, err := os.ReadFile(os.Args[2])
	if err != nil {
		fail(2, err)
	}
	seconds, err := strconv.ParseFloat(os.Args[4], 64)
	if err != nil {
		fail(2, err)
	}
	for range warmUps {
		if err := verify(message, keys, os.Args[3]); err != nil {
			fail(cannotVerify, err)
		}
	}
	fmt.Println(rate(seconds, func() {
		if err := verify(message, keys, os.Args[3]); err != nil {
			fail(1, err)
		}
	}))
}

func readKeys(file string) (openpgp.EntityList, error) {
	armored, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return openpgp.ReadArmoredKeyRing(bytes.NewReader(armored))
}

func verify(message []byte, keys openpgp.EntityList, digest string) error {
	details, err := openpgp.ReadMessage(bytes.NewReader(message), keys, nil, nil)
	if err != nil {
		return err
	}
	content, err := io.ReadAll(details.UnverifiedBody)
	if err != nil {
		return err
	}
	if !details.IsSigned || details.SignedBy == nil {
		return errors.New("it is signed by no key of the keyring")
	}
	if details.SignatureError != nil {
		return details.SignatureError
	}
	if details.Signature == nil && details.SignatureV3 == nil {
		return errors.New("it carries no signature")
	}
	return verifyPayload(content, digest)
}

func verifyPayload(content []byte, digest string) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	var signed payload
	if err := decoder.Decode(&signed); err != nil {
		return err
	}
	if signed.Critical.Type != "atomic container signature" || signed.Critical.Identity.Reference == "" {
		return errors.New("the payload is not a release's")
	}
	if signed.Critical.Image.Digest != digest {
		return errors.New("the payload is for another digest")
	}
	return nil
}

func rate(seconds float64, run func()) float64 {
	ends := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	before := processorSeconds()
	runs := 0
	for time.Now().Before(ends) {
		for range batch {
			run()
		}
		runs += batch
	}
	return float64(runs) / (processorSeconds() - before)
}

// User and system time of this process.
func processorSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(1, err)
	}
	toSeconds := func(value syscall.Timeval) float64 { return float64(value.Sec) + float64(value.Usec)/1e6 }
	return toSeconds(usage.Utime) + toSeconds(usage.Stime)
}

func fail(status int, err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(status)
}

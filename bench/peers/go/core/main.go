// Command core verifies one release signature again and again, as library-go's core does for a cluster: the
// message by golang.org/x/crypto/openpgp, then the payload's digest. It prints how many it verified in a second of
// processor time, on one thread of Go code.
//
//	core KEYS MESSAGE DIGEST SECONDS
//
// Exit status 3: this library cannot verify the message, which is said on standard error.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"signet.test/openpgp-core/release"
)

const (
	cannotVerify = 3
	warmUps      = 200
	// Between two looks at the clock.
	batch = 20
)

func main() {
	if len(os.Args) != 5 {
		fail(2, errors.New("usage: core KEYS MESSAGE DIGEST SECONDS"))
	}
	runtime.GOMAXPROCS(1)
	keys, err := release.ReadKeys(os.Args[1])
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
		if err := release.Verify(message, keys, os.Args[3]); err != nil {
			fail(cannotVerify, err)
		}
	}
	fmt.Println(rate(seconds, func() {
		if err := release.Verify(message, keys, os.Args[3]); err != nil {
			fail(1, err)
		}
	}))
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

// Judges chains of certificates by Go's crypto/x509, as containers/image does for nodes: a question on each line of
// standard input, an answer on each line of standard output.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"
)

type question struct {
	Kind          string   `json:"kind"`
	Roots         [][]byte `json:"roots"`
	Intermediates [][]byte `json:"intermediates"`
	Leaf          []byte   `json:"leaf"`
	Time          int64    `json:"time"`
	Email         string   `json:"email"`
	Hostname      string   `json:"hostname"`
}

type answer struct {
	Accepted bool   `json:"accepted"`
	Reason   string `json:"reason"`
	Version  string `json:"version,omitempty"`
}

var alternativeNames = asn1.ObjectIdentifier{2, 5, 29, 17}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	output := bufio.NewWriter(os.Stdout)
	defer output.Flush()
	reply := json.NewEncoder(output)
	if err := reply.Encode(answer{Version: runtime.Version()}); err != nil {
		panic(err)
	}
	decoder := json.NewDecoder(input)
	for decoder.More() {
		var one question
		if err := decoder.Decode(&one); err != nil {
			panic(err)
		}
		result := answer{Accepted: true}
		if err := judge(one); err != nil {
			result = answer{Reason: err.Error()}
		}
		if err := reply.Encode(result); err != nil {
			panic(err)
		}
	}
}

func judge(one question) error {
	roots, err := toPool(one.Roots)
	if err != nil {
		return fmt.Errorf("root: %w", err)
	}
	intermediates, err := toPool(one.Intermediates)
	if err != nil {
		return fmt.Errorf("intermediate: %w", err)
	}
	leaf, err := x509.ParseCertificate(one.Leaf)
	if err != nil {
		return fmt.Errorf("leaf: %w", err)
	}
	if one.Kind == "fulcio" {
		leaf.UnhandledCriticalExtensions = slices.DeleteFunc(leaf.UnhandledCriticalExtensions,
			func(id asn1.ObjectIdentifier) bool { return id.Equal(alternativeNames) })
	}
	if _, err := leaf.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: intermediates,
		CurrentTime:   time.Unix(one.Time, 0),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}); err != nil {
		return err
	}
	if one.Email != "" && !slices.Contains(leaf.EmailAddresses, one.Email) {
		return fmt.Errorf("email: %q", leaf.EmailAddresses)
	}
	if one.Hostname != "" {
		return leaf.VerifyHostname(one.Hostname)
	}
	return nil
}

func toPool(certificates [][]byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, der := range certificates {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		pool.AddCert(certificate)
	}
	return pool, nil
}

// Command fuzz-peers answers, by Go's own readers, what a cluster or a node would make of each case: OpenPGP messages by
// the two libraries that operators and nodes verify with, JSON, image references, certificates and policies.
//
// Standard input is a sequence of cases: a byte that says what it is, the length in four octets, and the bytes. For each
// case but the keyring, which comes first, it writes one line: "no", or "ok" and what was read.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	proton "github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/signature"
	classic "golang.org/x/crypto/openpgp" //nolint:staticcheck // what cluster-version operators use
)

const maxCase = 1 << 24

// now is the time at which the seeds are judged.
var now = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

type keyrings struct {
	classic classic.EntityList
	proton  proton.EntityList
}

func main() {
	if err := run(bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz-peers:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out *bufio.Writer) error {
	var keys keyrings
	for {
		kind, content, err := readCase(in)
		if err == io.EOF {
			return out.Flush()
		}
		if err != nil {
			return err
		}
		if kind == 'k' {
			keys = readKeys(content)
			continue
		}
		if _, err := fmt.Fprintln(out, answer(kind, content, keys)); err != nil {
			return err
		}
	}
}

func readCase(in io.Reader) (byte, []byte, error) {
	head := make([]byte, 5)
	if _, err := io.ReadFull(in, head); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(head[1:])
	if length > maxCase {
		return 0, nil, fmt.Errorf("a case has %d bytes", length)
	}
	content := make([]byte, length)
	_, err := io.ReadFull(in, content)
	return head[0], content, err
}

// readKeys leaves out certificates that a library cannot read, one by one: each library has its own.
func readKeys(file []byte) keyrings {
	var keys keyrings
	for _, one := range splitKeys(file) {
		if found, err := classic.ReadKeyRing(bytes.NewReader(one)); err == nil {
			keys.classic = append(keys.classic, found...)
		}
		if found, err := proton.ReadKeyRing(bytes.NewReader(one)); err == nil {
			keys.proton = append(keys.proton, found...)
		}
	}
	return keys
}

func splitKeys(file []byte) [][]byte {
	var starts []int
	for reader := bytes.NewReader(file); reader.Len() > 0; {
		at := len(file) - reader.Len()
		opaque, err := packet.NewOpaqueReader(reader).Next()
		if err != nil {
			break
		}
		if opaque.Tag == 6 {
			starts = append(starts, at)
		}
	}
	var keys [][]byte
	for index, start := range starts {
		end := len(file)
		if index+1 < len(starts) {
			end = starts[index+1]
		}
		keys = append(keys, file[start:end])
	}
	return keys
}

// answer never panics: a library that does has refused the case.
func answer(kind byte, content []byte, keys keyrings) (text string) {
	defer func() {
		if recover() != nil {
			text = "no"
		}
	}()
	switch kind {
	case 'm':
		found, ok := readClassic(content, keys.classic)
		if !ok {
			found, ok = readProton(content, keys.proton)
		}
		if !ok {
			return "no"
		}
		sum := sha256.Sum256(found)
		return "ok " + hex.EncodeToString(sum[:])
	case 'j':
		return toAnswer("", readJSON(content))
	case 'r':
		named, err := reference.ParseNormalizedNamed(string(content))
		if err != nil {
			return "no"
		}
		return "ok " + named.String()
	case 'c':
		_, err := x509.ParseCertificate(content)
		return toAnswer("", err)
	case 'p':
		_, err := signature.NewPolicyFromBytes(content)
		return toAnswer("", err)
	default:
		return "no"
	}
}

// readJSON reads numbers of any size, as Go does where it has no place for them.
func readJSON(content []byte) error {
	if !json.Valid(content) {
		return fmt.Errorf("not JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var value any
	return decoder.Decode(&value)
}

func toAnswer(text string, err error) string {
	if err != nil {
		return "no"
	}
	return "ok" + text
}

// readClassic is the core of library-go's verifier: the signer is known, the body is whole, the signature holds.
func readClassic(content []byte, keys classic.EntityList) ([]byte, bool) {
	details, err := classic.ReadMessage(bytes.NewReader(content), keys, nil, nil)
	if err != nil || !details.IsSigned || details.SignedBy == nil {
		return nil, false
	}
	body, err := io.ReadAll(io.LimitReader(details.UnverifiedBody, maxCase))
	if err != nil || details.SignatureError != nil {
		return nil, false
	}
	if details.Signature == nil && details.SignatureV3 == nil {
		return nil, false
	}
	return body, true
}

func readProton(content []byte, keys proton.EntityList) ([]byte, bool) {
	config := &packet.Config{Time: func() time.Time { return now }}
	details, err := proton.ReadMessage(bytes.NewReader(content), keys, nil, config)
	if err != nil || !details.IsSigned || details.SignedBy == nil {
		return nil, false
	}
	body, err := io.ReadAll(io.LimitReader(details.UnverifiedBody, maxCase))
	if err != nil || details.SignatureError != nil {
		return nil, false
	}
	return body, true
}

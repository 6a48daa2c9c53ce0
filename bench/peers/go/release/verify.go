// Package release verifies one release signature as library-go's core does for a cluster: the message by
// golang.org/x/crypto/openpgp, then the payload's digest.
package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"

	"golang.org/x/crypto/openpgp" //nolint:staticcheck // what clusters run is what is measured
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

// ReadKeys reads the keys of one armored file.
func ReadKeys(file string) (openpgp.EntityList, error) {
	armored, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return openpgp.ReadArmoredKeyRing(bytes.NewReader(armored))
}

// Verify says why the message is no signature of the digest by one of the keys, or nil.
func Verify(message []byte, keys openpgp.EntityList, digest string) error {
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

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"go.podman.io/image/v5/directory"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/docker/policyconfiguration"
	"go.podman.io/image/v5/docker/reference"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/internal/imagesource"
	"go.podman.io/image/v5/internal/private"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/signature/internal"
	"go.podman.io/image/v5/types"

	"github.com/opencontainers/go-digest"
)

// question is one line of standard input. Bytes are base64.
type question struct {
	// One of the keys of operations.
	Operation string `json:"operation"`
	// A policy.json, a payload, a signature or a key, by operation.
	Bytes []byte `json:"bytes"`
	// Of "evaluate": an image in a directory, by the name that it is asked for.
	Directory string `json:"directory"`
	Reference string `json:"reference"`
	// Of "lookaside": a directory of registries.d.
	RegistriesD string `json:"registriesD"`
	Write       bool   `json:"write"`
	// Of "message": key files, joined; of the Sigstore operations: PEM keys.
	Keys      [][]byte `json:"keys"`
	Signature string   `json:"signature"`
	Payload   []byte   `json:"payload"`
}

// answer is one line of standard output. An empty error says that the library accepts.
type answer struct {
	Error  string         `json:"error"`
	Output map[string]any `json:"output,omitempty"`
}

var operations = map[string]func(question) (map[string]any, error){
	"policy":             parsePolicy,
	"evaluate":           evaluate,
	"reference":          parseReference,
	"lookaside":          findLookaside,
	"message":            verifyMessage,
	"import-keys":        importKeys,
	"untrusted-contents": readUntrusted,
	"manifest-signature": verifyManifest,
	"payload-strict":     parseSimpleSigning,
	"payload-cosign": func(q question) (map[string]any, error) {
		return nil, json.Unmarshal(q.Bytes, &internal.UntrustedSigstorePayload{})
	},
	"rekor-set-json": func(q question) (map[string]any, error) {
		return nil, json.Unmarshal(q.Bytes, &internal.UntrustedRekorSET{})
	},
	"rekor-payload-json": func(q question) (map[string]any, error) {
		return nil, json.Unmarshal(q.Bytes, &internal.UntrustedRekorPayload{})
	},
	"rekor-set":        verifyRekorSet,
	"sigstore-payload": verifySigstorePayload,
}

// serve answers questions, one a line, until standard input ends.
func serve() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64*1024*1024)
	encoder := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		operation, ok := operations[asked.Operation]
		if !ok {
			return fmt.Errorf("unknown operation %q", asked.Operation)
		}
		said := answer{}
		var err error
		if said.Output, err = operation(asked); err != nil {
			said.Error = err.Error()
			if said.Error == "" {
				said.Error = "an error without a text"
			}
		}
		if err := encoder.Encode(said); err != nil {
			return err
		}
	}
	return lines.Err()
}

func parsePolicy(q question) (map[string]any, error) {
	_, err := signature.NewPolicyFromBytes(q.Bytes)
	return nil, err
}

// namedSource is an image of a directory under the name that a registry would give it.
type namedSource struct {
	private.ImageSource
	name namedReference
}

func (s namedSource) Reference() types.ImageReference { return s.name }

// namedReference is a reference of the transport docker. It may have neither tag nor digest, as an identity's table of
// cases has it; the transport's own always has one.
type namedReference struct {
	types.ImageReference
	named reference.Named
}

func (r namedReference) Transport() types.ImageTransport  { return docker.Transport }
func (r namedReference) DockerReference() reference.Named { return r.named }
func (r namedReference) StringWithinTransport() string    { return "//" + r.named.String() }
func (r namedReference) PolicyConfigurationIdentity() string {
	identity, err := policyconfiguration.DockerReferenceIdentity(r.named)
	if err != nil {
		return r.named.Name()
	}
	return identity
}
func (r namedReference) PolicyConfigurationNamespaces() []string {
	return policyconfiguration.DockerReferenceNamespaces(r.named)
}

func evaluate(q question) (map[string]any, error) {
	policy, err := signature.NewPolicyFromBytes(q.Bytes)
	if err != nil {
		return map[string]any{"stage": "policy"}, err
	}
	policyContext, err := signature.NewPolicyContext(policy)
	if err != nil {
		return nil, err
	}
	defer func() { _ = policyContext.Destroy() }()
	stored, err := directory.NewReference(q.Directory)
	if err != nil {
		return nil, err
	}
	public, err := stored.NewImageSource(context.Background(), &types.SystemContext{})
	if err != nil {
		return nil, err
	}
	defer public.Close()
	source := imagesource.FromPublic(public)
	// Without a name it is the image of a directory.
	if q.Reference != "" {
		named, err := reference.ParseNormalizedNamed(q.Reference)
		if err != nil {
			return map[string]any{"stage": "reference"}, err
		}
		source = namedSource{source, namedReference{stored, named}}
	}
	allowed, err := policyContext.IsRunningImageAllowed(context.Background(), image.UnparsedInstance(source, nil))
	if err == nil && !allowed {
		err = fmt.Errorf("the policy rejected the image without a reason")
	}
	return map[string]any{"stage": "evaluation"}, err
}

func parseReference(q question) (map[string]any, error) {
	named, err := reference.ParseNormalizedNamed(q.Reference)
	if err != nil {
		return nil, err
	}
	output := map[string]any{"normalized": named.String()}
	if identity, err := policyconfiguration.DockerReferenceIdentity(named); err == nil {
		output["identity"] = identity
		output["namespaces"] = policyconfiguration.DockerReferenceNamespaces(named)
	}
	return output, nil
}

func findLookaside(q question) (map[string]any, error) {
	ref, err := docker.ParseReference("//" + q.Reference)
	if err != nil {
		return nil, err
	}
	found, err := docker.SignatureStorageBaseURL(&types.SystemContext{RegistriesDirPath: q.RegistriesD}, ref, q.Write)
	if err != nil {
		return nil, err
	}
	return map[string]any{"url": found.String()}, nil
}

func verifyMessage(q question) (map[string]any, error) {
	mechanism, identities, err := signature.NewEphemeralGPGSigningMechanism(bytes.Join(q.Keys, nil))
	if err != nil {
		return nil, err
	}
	defer mechanism.Close()
	content, key, err := mechanism.Verify(q.Bytes)
	if err != nil {
		return nil, err
	}
	return map[string]any{"content": base64.StdEncoding.EncodeToString(content), "key": key, "identities": identities}, nil
}

func importKeys(q question) (map[string]any, error) {
	mechanism, identities, err := signature.NewEphemeralGPGSigningMechanism(bytes.Join(q.Keys, nil))
	if err != nil {
		return nil, err
	}
	defer mechanism.Close()
	return map[string]any{"fingerprints": identities}, nil
}

func readUntrusted(q question) (map[string]any, error) {
	mechanism, err := signature.NewGPGSigningMechanism()
	if err != nil {
		return nil, err
	}
	defer mechanism.Close()
	content, keyID, err := mechanism.UntrustedSignatureContents(q.Bytes)
	if err != nil {
		return nil, err
	}
	return map[string]any{"content": base64.StdEncoding.EncodeToString(content), "keyId": keyID}, nil
}

func verifyManifest(q question) (map[string]any, error) {
	mechanism, identities, err := signature.NewEphemeralGPGSigningMechanism(bytes.Join(q.Keys, nil))
	if err != nil {
		return nil, err
	}
	defer mechanism.Close()
	found, key, err := signature.VerifyImageManifestSignatureUsingKeyIdentityList(q.Bytes, q.Payload, q.Reference, mechanism, identities)
	if err != nil {
		return nil, err
	}
	return map[string]any{"reference": found.DockerReference, "digest": found.DockerManifestDigest, "key": key}, nil
}

// parseSimpleSigning hands a payload to the library's reader as what somebody signed; who did is not asked.
func parseSimpleSigning(q question) (map[string]any, error) {
	var message bytes.Buffer
	message.Write([]byte{0xc4, 13, 3, 0, 8, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1})
	body := append([]byte{'b', 0, 0, 0, 0, 0}, q.Bytes...)
	size := len(body)
	message.Write([]byte{0xcb, 0xff, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)})
	message.Write(body)
	found, err := signature.GetUntrustedSignatureInformationWithoutVerifying(message.Bytes())
	if err != nil {
		return nil, err
	}
	return map[string]any{"digest": found.UntrustedDockerManifestDigest, "reference": found.UntrustedDockerReference}, nil
}

func verifyRekorSet(q question) (map[string]any, error) {
	keys := []*ecdsa.PublicKey{}
	for _, pem := range q.Keys {
		key, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
		if err != nil {
			return nil, err
		}
		logKey, ok := key.(*ecdsa.PublicKey)
		if !ok {
			return nil, fmt.Errorf("a Rekor key that is not for ECDSA")
		}
		keys = append(keys, logKey)
	}
	at, err := internal.VerifyRekorSET(keys, q.Bytes, []byte(q.Reference), q.Signature, q.Payload)
	if err != nil {
		return nil, err
	}
	return map[string]any{"integratedTime": at.Unix()}, nil
}

func verifySigstorePayload(q question) (map[string]any, error) {
	keys := []crypto.PublicKey{}
	for _, pem := range q.Keys {
		key, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	signed := map[string]any{}
	_, err := internal.VerifySigstorePayload(keys, q.Payload, q.Signature, internal.SigstorePayloadAcceptanceRules{
		ValidateSignedDockerReference: func(name string) error {
			signed["reference"] = name
			return nil
		},
		ValidateSignedDockerManifestDigest: func(found digest.Digest) error {
			signed["digest"] = found
			return nil
		},
	})
	return signed, err
}

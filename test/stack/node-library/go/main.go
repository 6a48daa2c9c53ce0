// Judges one image by a policy.json as a node that pulls it does: with the library of CRI-O, podman and skopeo. Of an
// index it judges the instance that copy.Image would copy for a platform, or, with --top-level, the index itself, as
// skopeo's proxy did before 1.22.2. Reads no configuration of the host. Prints one line of JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	"go.podman.io/image/v5/directory"
	"go.podman.io/image/v5/docker"
	"go.podman.io/image/v5/image"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/signature"
	"go.podman.io/image/v5/types"
)

// verdict is what the program prints.
type verdict struct {
	Allowed bool `json:"allowed"`
	// Why not, in the library's words; empty if allowed.
	Reason string `json:"reason"`
	// Where it ended: "allowed", "policy" (the policy rejected the image, or its evidence was out of reach), "choose"
	// (the index has no instance for the platform, or a list in its place) or "manifest" (it could not be read).
	Stage string `json:"stage"`
	// The manifest that was judged; empty if none was reached.
	Digest digest.Digest `json:"digest"`
}

type options struct {
	image, policy, registriesConf, registriesD, authFile, certificates string
	os, arch, variant                                                  string
	topLevel                                                           bool
}

func main() {
	var opts options
	flag.StringVar(&opts.image, "image", "", "docker://HOST/REPOSITORY@DIGEST or dir:PATH")
	flag.StringVar(&opts.policy, "policy", "", "a policy.json")
	flag.StringVar(&opts.registriesConf, "registries-conf", "", "a registries.conf; none if not given")
	flag.StringVar(&opts.registriesD, "registries-d", "", "a directory of registries.d; none if not given")
	flag.StringVar(&opts.authFile, "authfile", "", "pull secrets; none if not given")
	flag.StringVar(&opts.certificates, "certs", "", "a directory of HOST:PORT/ca.crt, as /etc/containers/certs.d")
	flag.StringVar(&opts.os, "os", "linux", "the node's operating system")
	flag.StringVar(&opts.arch, "arch", "amd64", "the node's architecture, in Go's words")
	flag.StringVar(&opts.variant, "variant", "", "the node's variant of the architecture")
	flag.BoolVar(&opts.topLevel, "top-level", false, "judge the manifest as named, also if it is an index")
	serves := flag.Bool("serve", false, "answer questions of standard input, one JSON object a line")
	flag.Parse()
	if *serves {
		if err := serve(); err != nil {
			fmt.Fprintln(os.Stderr, "node-library:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(opts); err != nil {
		fmt.Fprintln(os.Stderr, "node-library:", err)
		os.Exit(1)
	}
}

// run fails for what no image is to blame for: the flags, the policy, the output.
func run(opts options) error {
	if opts.image == "" || opts.policy == "" || flag.NArg() > 0 {
		return errors.New("usage: node-library --image IMAGE --policy FILE [flags]; --help lists them")
	}
	scratch, err := os.MkdirTemp("", "node-library-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	sys, err := systemContext(opts, scratch)
	if err != nil {
		return err
	}
	policy, err := signature.NewPolicyFromFile(opts.policy)
	if err != nil {
		return err
	}
	policyContext, err := signature.NewPolicyContext(policy)
	if err != nil {
		return err
	}
	defer func() { _ = policyContext.Destroy() }()
	ref, err := parseImage(opts.image)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(judge(context.Background(), policyContext, sys, ref, opts.topLevel))
}

// systemContext points every path that the library would take from the host to what the flags name, or to nothing.
func systemContext(opts options, scratch string) (*types.SystemContext, error) {
	empty := filepath.Join(scratch, "empty.d")
	if err := os.Mkdir(empty, 0o700); err != nil {
		return nil, err
	}
	write := func(name, text string) (string, error) {
		file := filepath.Join(scratch, name)
		return file, os.WriteFile(file, []byte(text), 0o600)
	}
	noConfiguration, err := write("registries.conf", "")
	if err != nil {
		return nil, err
	}
	noAuth, err := write("auth.json", "{}")
	if err != nil {
		return nil, err
	}
	noAliases, err := write("aliases.conf", "")
	if err != nil {
		return nil, err
	}
	or := func(given, otherwise string) string {
		if given == "" {
			return otherwise
		}
		return given
	}
	return &types.SystemContext{
		SystemRegistriesConfPath:    or(opts.registriesConf, noConfiguration),
		SystemRegistriesConfDirPath: empty,
		UserShortNameAliasConfPath:  noAliases,
		RegistriesDirPath:           or(opts.registriesD, empty),
		AuthFilePath:                or(opts.authFile, noAuth),
		DockerPerHostCertDirPath:    or(opts.certificates, empty),
		BlobInfoCacheDir:            scratch,
		BigFilesTemporaryDir:        scratch,
		OSChoice:                    opts.os,
		ArchitectureChoice:          opts.arch,
		VariantChoice:               opts.variant,
	}, nil
}

func parseImage(name string) (types.ImageReference, error) {
	if rest, ok := strings.CutPrefix(name, "docker:"); ok {
		return docker.ParseReference(rest)
	}
	if rest, ok := strings.CutPrefix(name, "dir:"); ok {
		return directory.NewReference(rest)
	}
	return nil, fmt.Errorf("%q is neither docker://… nor dir:…", name)
}

func judge(
	ctx context.Context, policyContext *signature.PolicyContext, sys *types.SystemContext, ref types.ImageReference,
	topLevel bool,
) verdict {
	source, err := ref.NewImageSource(ctx, sys)
	if err != nil {
		return verdict{Stage: "manifest", Reason: err.Error()}
	}
	defer source.Close()
	unparsed := image.UnparsedInstance(source, nil)
	blob, mediaType, err := unparsed.Manifest(ctx)
	if err != nil {
		return verdict{Stage: "manifest", Reason: err.Error()}
	}
	if !topLevel && manifest.MIMETypeIsMultiImage(mediaType) {
		// As copy.Image with CopySystemImage.
		list, err := manifest.ListFromBlob(blob, mediaType)
		if err != nil {
			return verdict{Stage: "choose", Reason: err.Error()}
		}
		chosen, err := list.ChooseInstance(sys)
		if err != nil {
			return verdict{Stage: "choose", Reason: err.Error()}
		}
		unparsed = image.UnparsedInstance(source, &chosen)
		if blob, mediaType, err = unparsed.Manifest(ctx); err != nil {
			return verdict{Stage: "manifest", Reason: err.Error(), Digest: chosen}
		}
		if manifest.MIMETypeIsMultiImage(mediaType) {
			return verdict{Stage: "choose", Reason: "the index names a list as an instance", Digest: chosen}
		}
	}
	judged, err := manifest.Digest(blob)
	if err != nil {
		return verdict{Stage: "manifest", Reason: err.Error()}
	}
	// Both values have to say so, as copy.Image has it.
	allowed, err := policyContext.IsRunningImageAllowed(ctx, unparsed)
	switch {
	case err != nil:
		return verdict{Stage: "policy", Reason: err.Error(), Digest: judged}
	case !allowed:
		return verdict{Stage: "policy", Reason: "the policy rejected the image without a reason", Digest: judged}
	default:
		return verdict{Allowed: true, Stage: "allowed", Digest: judged}
	}
}

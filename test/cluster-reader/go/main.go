// Command cluster-reader answers, with library-go's own packages, what a cluster would say to releases: by the
// signature stores of a release-verification ConfigMap, or by signature ConfigMaps alone.
//
// Usage: cluster-reader <release-verification.json> [<directory of signature ConfigMaps>] < digests
//
// For each digest of standard input, one per line, it writes a line of JSON: {"digest": …, "error": …}, where an empty
// error says that every keyring is satisfied.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/openshift/library-go/pkg/manifest"
	"github.com/openshift/library-go/pkg/verify"
	"github.com/openshift/library-go/pkg/verify/store/configmap"
	"github.com/openshift/library-go/pkg/verify/store/sigstore"
	"github.com/openshift/library-go/pkg/verify/util"
)

type answer struct {
	Digest string `json:"digest"`
	Error  string `json:"error"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("no release-verification ConfigMap is named")
	}
	verifier, err := openVerifier(args[0])
	if err != nil {
		return err
	}
	if len(args) > 1 {
		items, err := readConfigMaps(args[1])
		if err != nil {
			return err
		}
		verifier = verify.NewReleaseVerifier(verifier.Verifiers(), configmap.NewStore(getter{items}, nil))
	}
	encoder := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		said := answer{Digest: lines.Text()}
		if err := verifier.Verify(context.Background(), said.Digest); err != nil {
			said.Error = err.Error()
		}
		if err := encoder.Encode(said); err != nil {
			return err
		}
	}
	return lines.Err()
}

func openVerifier(file string) (verify.Interface, error) {
	manifests, err := manifest.ManifestsFromFiles([]string{file})
	if err != nil {
		return nil, err
	}
	verifier, err := verify.NewFromManifests(manifests, sigstore.DefaultClient)
	if err == nil && verifier == nil {
		err = fmt.Errorf("%s is no release-verification ConfigMap", file)
	}
	return verifier, err
}

func readConfigMaps(directory string) ([]corev1.ConfigMap, error) {
	files, err := filepath.Glob(filepath.Join(directory, "*"))
	if err != nil {
		return nil, err
	}
	var items []corev1.ConfigMap
	for _, file := range files {
		bytes, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		item, err := util.ReadConfigMap(bytes)
		if err != nil {
			return nil, err
		}
		if item == nil {
			return nil, fmt.Errorf("%s is no ConfigMap", file)
		}
		items = append(items, *item)
	}
	return items, nil
}

// getter lists ConfigMaps as a cluster's API does: by namespace and labels.
type getter struct {
	items []corev1.ConfigMap
}

func (g getter) ConfigMaps(namespace string) corev1client.ConfigMapInterface {
	return lister{namespace: namespace, items: g.items}
}

// lister has the one method that the reader calls; any other would be a nil dereference.
type lister struct {
	corev1client.ConfigMapInterface
	namespace string
	items     []corev1.ConfigMap
}

func (l lister) List(_ context.Context, options metav1.ListOptions) (*corev1.ConfigMapList, error) {
	selector, err := labels.Parse(options.LabelSelector)
	if err != nil {
		return nil, err
	}
	list := &corev1.ConfigMapList{}
	for _, item := range l.items {
		if item.Namespace == l.namespace && selector.Matches(labels.Set(item.Labels)) {
			list.Items = append(list.Items, item)
		}
	}
	return list, nil
}

import type { Example } from './example-messages.ts';

const HEX = '06ff'.repeat(16);
const OTHER_HEX = '1a2b'.repeat(16);
const DIGEST = `sha256:${HEX}`;
const OTHER_DIGEST = `sha256:${OTHER_HEX}`;
const RELEASE = `quay.io/openshift-release-dev/ocp-release@${DIGEST}`;
const OS_IMAGE = `quay.io/openshift-release-dev/ocp-v4.0-art-dev@${OTHER_DIGEST}`;
const APP = 'registry.example.com/team/app:1.2';

/** Texts as operators paste them: of logs, tables, descriptions, objects and Signet itself, by whose they are. */
export const FIELD_MESSAGES: readonly Example[] = [
  {
    name: 'operator: unable to retrieve 4.1',
    text: `unable to retrieve signature from https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release/sha256=${HEX}/signature-1: 403`,
    says: ['failed'],
    about: DIGEST,
  },
  {
    name: 'operator: store load 4.4',
    text: `I0410 15:12:41.6 1 verify.go:298] store https://x.example could not load signatures: Get "https://x.example/sha256=${HEX}/signature-1": dial tcp: lookup x.example: no such host`,
    says: ['failed'],
    about: DIGEST,
  },
  {
    name: 'operator: path invalid',
    text: `I0410 15:12:41.614273       1 verify.go:298] signature "sha256=${HEX}/signature-1" is not valid: signature digest does not match`,
    says: ['refused'],
    about: DIGEST,
  },
  {
    name: 'operator: keyring noname 4.1',
    text: `I0410 15:12:41.614273       1 verify.go:298] keyring "verifier-public-key-redhat" could not verify signature: signature error: openpgp: signature made by unknown entity`,
    says: ['refused'],
  },
  {
    name: 'operator: load sig',
    text: `unable to load signature: open /x/signature-1: permission denied`,
    says: ['failed'],
  },
  {
    name: 'operator: precond summary',
    text: `Unable to apply 4.6.1: it may not be safe to apply this update`,
    says: ['preconditions-failed'],
  },
  {
    name: 'operator: precond status',
    text: `Unable to apply 4.12.3: it may not be safe to apply this update`,
    says: ['preconditions-failed'],
  },
  {
    name: 'operator: payload loaded from',
    text: `I0410 15:12:41.614273       1 sync_worker.go:298] Payload loaded from ${RELEASE} with hash kTnU2vZ1KJE=, architecture amd64`,
    says: [],
  },
  {
    name: 'operator: syncPayload',
    text: `I0410 15:12:41.614273       1 sync_worker.go:298] syncPayload: 4.16.1 (force=false)`,
    says: [],
  },
  {
    name: 'operator: loadUpdated',
    text: `I0410 15:12:41.614273       1 sync_worker.go:482] loadUpdatedPayload syncPayload err=The update cannot be verified: unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat`,
    says: ['refused'],
    about: DIGEST,
  },
  {
    name: 'operator: noavail',
    text: `I0410 15:12:41.614273       1 cvo.go:1008] No available update found matching the digest of "${RELEASE}" or the version "4.16.1"`,
    says: [],
  },
  {
    name: 'operator: verifying auth',
    text: `I0410 15:12:41.614273       1 cvo.go:426] Verifying release authenticity: All release image digests must have GPG signatures from verifier-public-key-redhat (567E347AD0044ADE55BA8A5F199E2F91FD431D51: Red Hat, Inc. (release key 2) <security@redhat.com>) - will check for signatures in containers/image format at serial signature store wrapping ClusterVersion signatureStores unset, falling back to default stores, parallel signature store wrapping containers/image signature store under https://storage.googleapis.com/openshift-release/official/signatures/openshift/release, containers/image signature store under https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release`,
    says: [],
  },
  {
    name: 'operator: describe',
    text: `Name:         version
Namespace:    
Labels:       <none>
API Version:  config.openshift.io/v1
Kind:         ClusterVersion
Spec:
  Channel:     stable-4.16
  Desired Update:
    Image:    ${RELEASE}
    Version:  4.16.1
Status:
  Conditions:
    Last Transition Time:  2026-11-22T09:00:00Z
    Message:               Retrieving payload failed version="4.16.1" image="${RELEASE}" failure=The update cannot be verified: unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat
    Reason:                RetrievePayload
    Status:                False
    Type:                  ReleaseAccepted
Events:                    <none>`,
    says: ['refused'],
    about: RELEASE,
  },
  {
    name: 'operator: describe old',
    text: `Name:         version
Kind:         ClusterVersion
Status:
  Conditions:
    Last Transition Time:  2020-04-10T09:00:00Z
    Message:               The update cannot be verified: unable to locate a valid signature for one or more sources
    Reason:                ImageVerificationFailed
    Status:                True
    Type:                  Failing
    Message:               Unable to apply 4.4.1: the image may not be safe to use
    Reason:                ImageVerificationFailed
  Desired:
    Force:    false
    Image:    ${RELEASE}
    Version:  4.4.1
  History:
    Completion Time:    <nil>
    Image:              ${RELEASE}
    State:              Partial
    Verified:           false
    Version:            4.4.1`,
    says: ['refused', 'unsigned'],
    about: RELEASE,
  },
  {
    name: 'oc: get cv table',
    text: `NAME      VERSION   AVAILABLE   PROGRESSING   SINCE   STATUS
version   4.4.0     True        True          16m     Unable to apply 4.4.1: the image may not be safe to use`,
    says: ['refused'],
  },
  {
    name: 'oc: get co events',
    text: `LAST SEEN   TYPE      REASON                   OBJECT                   MESSAGE
2m          Normal    RetrievePayload          clusterversion/version   Retrieving and verifying payload version="4.16.1" image="${RELEASE}"
2m          Warning   RetrievePayloadFailed    clusterversion/version   Retrieving payload failed version="4.16.1" image="${RELEASE}" failure=The update cannot be verified: unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat // [2026-11-22T09:00:00Z: prefix sha256-${HEX} in config map signatures-managed: no more signatures to check, 2026-11-22T09:00:01Z: unable to retrieve signature from https://storage.googleapis.com/openshift-release/official/signatures/openshift/release/sha256=${HEX}/signature-1: no more signatures to check, 2026-11-22T09:00:01Z: serial signature store wrapping ClusterVersion signatureStores unset, falling back to default stores, parallel signature store wrapping containers/image signature store under https://storage.googleapis.com/openshift-release/official/signatures/openshift/release, containers/image signature store under https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release: no more signatures to check]`,
    says: ['retrieving', 'refused', 'absent', 'absent', 'absent'],
    about: RELEASE,
  },
  {
    name: 'oc: adm upgrade --force warn',
    text: `warning: --force overrides cluster verification of your supplied release image and waives any update precondition failures. Only use this if you are testing unsigned release images or you are working around a known bug in the cluster-version operator and you have verified the authenticity of the provided image yourself.`,
    says: [],
  },
  {
    name: 'oc: adm upgrade tag warn',
    text: `warning: Using by-tag pull specs is dangerous, and while we still allow it in combination with --force for backward compatibility, it would be much safer to pass a by-digest pull spec instead`,
    says: [],
  },
  {
    name: 'oc: adm release mirror no conf',
    text: `warning: No release authenticity verification is configured, all releases are considered unverified`,
    says: ['unverified', 'unverified'],
  },
  {
    name: 'oc: adm release mirror failed',
    text: `warning: An image was retrieved that failed verification: unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat // [2026-11-22T09:00:00Z: unable to retrieve signature from https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release/sha256=${HEX}/signature-1: Get "https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release/sha256=${HEX}/signature-1": dial tcp: lookup mirror.openshift.com on 10.0.0.1:53: no such host]`,
    says: ['unverified', 'failed'],
    about: DIGEST,
  },
  {
    name: 'oc: rel mirror old',
    text: `warning: An image was retrieved that failed verification: unable to locate a valid signature for one or more sources`,
    says: ['unverified', 'unsigned'],
  },
  {
    name: 'oc: verifier load',
    text: `error: Unable to load configmap verifier: the config map openshift-config-managed/release-verification did not provide any GPG public keys to verify signatures from and cannot be used`,
    says: ['refused', 'no-trust'],
  },
  {
    name: 'operator: download pod',
    text: `Retrieving payload failed version="4.16.1" image="${RELEASE}" failure=Unable to download and prepare the update: deadline exceeded, reason: "DeadlineExceeded", message: "Job was active longer than specified deadline"`,
    says: ['not-downloaded', 'download'],
    about: RELEASE,
  },
  {
    name: 'operator: pod sigpolicy',
    text: `E1122 10:11:12.131415       1 updatepayload.go:351] Pod version-4.16.1-abcde failed at pending with reason "" and message "" and status initcontainer cleanup is waiting with reason "SignatureValidationFailed" and message "image pull failed for ${RELEASE} because the signature validation failed: Source image rejected: A signature was required, but no signature exists"`,
    says: ['no-signature'],
    about: RELEASE,
  },
  {
    name: 'operator: pod download sig',
    text: `Retrieving payload failed version="4.21.1" image="${RELEASE}" failure=Unable to download and prepare the update: pod version-4.21.1-abcde failed at pending with reason "" and message "" and status initcontainer cleanup is waiting with reason "SignatureValidationFailed" and message "image pull failed for ${RELEASE} because the signature validation failed: Source image rejected: A signature was required, but no signature exists"`,
    says: ['not-downloaded', 'pull-refused', 'no-signature'],
    about: RELEASE,
  },
  {
    name: 'cut off: image',
    text: `Retrieving payload failed version="4.16.1" image="quay.io/openshift-release-dev/ocp-release@sha256:06ff06...`,
    says: ['not-retrieved'],
    about: `quay.io/openshift-release-dev/ocp-release@sha256:06ff06...`,
  },
  {
    name: 'cut off: digest',
    text: `Retrieving payload failed version="4.16.1" image="${RELEASE}" failure=The update cannot be verified: unable to verify sha256:06ff06ff06...`,
    says: ['refused'],
    about: RELEASE,
  },
  {
    name: 'cut off: sentence',
    text: `Retrieving payload failed version="4.16.1" image="${RELEASE}" failure=The update cannot be veri...`,
    says: ['refused'],
    about: RELEASE,
  },
  {
    name: 'machine-config operator: 4.12',
    text: `E0425 03:13:37.830947   15673 writer.go:200] Marking Degraded due to: failed to update OS to ${OS_IMAGE} : error running rpm-ostree rebase --experimental ostree-unverified-registry:${OS_IMAGE}: error: remote error: Source image rejected: A signature was required, but no signature exists
: exit status 1`,
    says: ['no-signature'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: 4.16',
    text: `Failed to update OS to ${OS_IMAGE} after retries: timed out waiting for the condition`,
    says: ['os-image'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: 4.16 warn',
    text: `W0425 03:13:37.830947   15673 update.go:2595] Failed to update OS to ${OS_IMAGE} (will retry): error running rpm-ostree rebase --experimental ostree-unverified-registry:${OS_IMAGE}: error: remote error: Source image rejected: A signature was required, but no signature exists
: exit status 1`,
    says: ['no-signature'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: 4.21',
    text: `failed to update OS to ${OS_IMAGE} after retries: error running rpm-ostree rebase --experimental ostree-unverified-registry:${OS_IMAGE}: error: remote error: Source image rejected: A signature was required, but no signature exists
: exit status 1: timed out waiting for the condition`,
    says: ['no-signature'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: local',
    text: `failed to update OS from local storage: ${OS_IMAGE}: error running rpm-ostree rebase --experimental ostree-unverified-image:containers-storage:${OS_IMAGE}: error: Creating importer: Failed to invoke skopeo proxy method OpenImage: remote error: Running image containers-storage:[overlay@/var/lib/containers/storage]${OS_IMAGE} is rejected by policy.: exit status 1`,
    says: ['rejected-by-policy'],
    about: OS_IMAGE,
  },
  {
    name: 'a pool: describe',
    text: `    Message:               Node worker-0 is reporting: "failed to update OS to ${OS_IMAGE} after retries: error running rpm-ostree rebase --experimental ostree-unverified-registry:${OS_IMAGE}: error: Creating importer: Failed to invoke skopeo proxy method OpenImage: remote error: Source image rejected: None of the signatures were accepted, reasons: Signature for identity \\"quay.io/openshift-release-dev/ocp-release:4.16.1\\" is not accepted; cryptographic signature verification failed: invalid signature when validating ASN.1 encoded signature\\n: exit status 1: timed out waiting for the condition"
    Reason:                1 nodes are reporting degraded status on sync
    Status:                True
    Type:                  NodeDegraded`,
    says: ['identity', 'bad-signature'],
    about: OS_IMAGE,
  },
  {
    name: 'a pool: yaml',
    text: `{"apiVersion": "machineconfiguration.openshift.io/v1", "kind": "MachineConfigPool", "metadata": {"name": "worker"}, "status": {"conditions": [{"type": "NodeDegraded", "status": "True", "reason": "1 nodes are reporting degraded status on sync", "message": "Node worker-0 is reporting: \\"failed to update OS to ${OS_IMAGE} after retries: error running rpm-ostree rebase --experimental ostree-unverified-registry:${OS_IMAGE}: error: Creating importer: Failed to invoke skopeo proxy method OpenImage: remote error: Source image rejected: A signature was required, but no signature exists\\\\n: exit status 1: timed out waiting for the condition\\""}]}}`,
    says: ['no-signature'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: mismatch',
    text: `expected target osImageURL "${OS_IMAGE}", have "quay.io/openshift-release-dev/ocp-v4.0-art-dev@${DIGEST}"`,
    says: ['os-image'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: mismatch 4.12',
    text: `unexpected on-disk state validating against rendered-worker-1: expected target osImageURL "${OS_IMAGE}", have "quay.io/openshift-release-dev/ocp-v4.0-art-dev@${DIGEST}" ("0123abcd")`,
    says: ['os-image'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: mismatch 4.1',
    text: `E0410 15:12:41.614273       1 daemon.go:1139] expected target osImageURL ${OS_IMAGE}`,
    says: ['os-image'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: operator mismatch',
    text: `osImageURL mismatch for worker in rendered-worker-0123 expected: ${OS_IMAGE} got: quay.io/openshift-release-dev/ocp-v4.0-art-dev@${DIGEST}`,
    says: ['os-image'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: policy scope',
    text: `clusterimagePolicy configured for the scope registry.example.com/team is not nested inside allowedRegistries`,
    says: ['policy-scope'],
    about: `registry.example.com/team`,
  },
  {
    name: 'machine-config operator: policy scope2',
    text: `imagePolicy configured for the scope registry.example.com/team is nested inside blockedRegistries`,
    says: ['policy-scope'],
    about: `registry.example.com/team`,
  },
  {
    name: 'machine-config operator: payload blocked',
    text: `I1122 00:00:00.000000       1 container_runtime_config_controller.go:700] error adding ["quay.io" "quay.io/openshift-release-dev"] to blocked registries, cannot block the repository being used by the payload, skipping....`,
    says: ['payload-blocked'],
  },
  {
    name: 'machine-config operator: payload blocked beside a mirror',
    text: `W1122 00:00:00.000000       1 helpers.go:700] "quay.io" matches the payload repository, but will add it to the list of blocked registries as there are mirror rules configured for it`,
    says: [],
  },
  {
    name: 'machine-config operator: policy conflict',
    text: `has conflicting scope(s) ["registry.example.com/team"] that equal to or nest inside existing clusterimagepolicy, only policy from clusterimagepolicy scope(s) will be applied`,
    says: ['policy-conflict'],
  },
  {
    name: 'machine-config operator: sync',
    text: `could not sync registries Ignition config: could not update policy json with new changes: invalid policy in "/tmp/x": Unknown key "keyPaths"`,
    says: ['policy-member'],
  },
  {
    name: 'a node: cond',
    text: `Failed to pull OS image ${OS_IMAGE} from registry: failed to update OS to ${OS_IMAGE} after retries: error running rpm-ostree rebase --experimental ostree-unverified-registry:${OS_IMAGE}: error: remote error: Source image rejected: A signature was required, but no signature exists
: exit status 1: timed out waiting for the condition`,
    says: ['no-signature'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: old podman 4.6',
    text: `failed to update OS to ${OS_IMAGE} : failed to run command podman (6 tries): timed out waiting for the condition: running podman pull -q --authfile /var/lib/kubelet/config.json ${OS_IMAGE} failed: Error: unable to pull ${OS_IMAGE}: Source image rejected: A signature was required, but no signature exists
: exit status 125`,
    says: ['no-signature'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: 4.14 pull',
    text: `failed to run command podman (6 tries): [timed out waiting for the condition, running podman pull -q --authfile /var/lib/kubelet/config.json ${OS_IMAGE} failed: Error: initializing source docker://${OS_IMAGE}: reading signatures: reading signature from https://s.example.com/x@sha256=1/signature-1: status 500 (Internal Server Error): exit status 125]`,
    says: ['lookaside'],
    about: OS_IMAGE,
  },
  {
    name: 'CRI-O: run',
    text: `time="2026-11-22 10:00:00.1Z" level=error msg="Failed to pull image" error="checking signature of \\"${APP}\\": Source image rejected: Running image docker://${APP} is rejected by policy."`,
    says: ['rejected-by-policy'],
    about: APP,
  },
  {
    name: 'CRI-O: create',
    text: `Error: container create failed: checking signature of "${APP}": Source image rejected: A signature was required, but no signature exists`,
    says: ['no-signature'],
    about: APP,
  },
  {
    name: 'CRI-O: verifying',
    text: `verifying signatures: SignatureValidationFailed: Source image rejected: A signature was required, but no signature exists`,
    says: ['no-signature'],
  },
  {
    name: 'CRI-O: sysreg',
    text: `Failed to pull image "${APP}": rpc error: code = Unknown desc = parsing /etc/containers/registries.d/x.yaml: yaml: line 2: mapping values are not allowed in this context`,
    says: ['registries-d'],
    about: APP,
  },
  {
    name: 'CRI-O: regd dup',
    text: `Failed to pull image "${APP}": rpc error: code = Unknown desc = Error parsing signature storage configuration: "docker" namespace "registry.example.com" defined both in "/etc/containers/registries.d/a.yaml" and "/etc/containers/registries.d/b.yaml"`,
    says: ['registries-d'],
    about: APP,
  },
  {
    name: 'CRI-O: regd url',
    text: `Failed to pull image "${APP}": rpc error: code = Unknown desc = Invalid signature storage URL ftp://x: parse "x": bad`,
    says: ['registries-d'],
    about: APP,
  },
  {
    name: 'CRI-O: lookaside scheme',
    text: `Failed to pull image "${APP}": copying system image from manifest list: Source image rejected: reading signatures: Unsupported scheme when reading signature from ftp://x/signature-1`,
    says: ['lookaside'],
    about: APP,
  },
  {
    name: 'CRI-O: lookaside dial',
    text: `Failed to pull image "${APP}": copying system image from manifest list: reading signatures: Get "https://sigs.example.com/team/app@sha256=${HEX}/signature-1": dial tcp: lookup sigs.example.com: no such host`,
    says: ['lookaside'],
    about: APP,
  },
  {
    name: 'a policy: default',
    text: `Failed to pull image "${APP}": invalid policy in "/etc/containers/policy.json": Default policy is missing`,
    says: ['policy-invalid'],
    about: APP,
  },
  {
    name: 'a policy: type',
    text: `Failed to pull image "${APP}": invalid policy in "/etc/containers/policy.json": Unknown policy requirement type "sigstoreSigned"`,
    says: ['policy-invalid'],
    about: APP,
  },
  {
    name: 'a policy: both',
    text: `invalid policy in "/etc/containers/policy.json": exactly one of keyPath, keyPaths and keyData must be specified`,
    says: ['policy-invalid'],
  },
  {
    name: 'skopeo: trust',
    text: `FATA[0000] Error loading trust policy: open /etc/containers/policy.json: no such file or directory`,
    says: ['policy-invalid'],
  },
  {
    name: 'skopeo: trust2',
    text: `time="2026-11-22T10:00:00Z" level=fatal msg="Error loading trust policy: invalid policy in \\"/etc/containers/policy.json\\": Unknown key \\"keyPaths\\""`,
    says: ['policy-member'],
  },
  {
    name: 'skopeo: copy',
    text: `FATA[0001] Source image rejected: Signature for identity "docker.io/library/x:1" is not accepted`,
    says: ['identity'],
  },
  {
    name: 'skopeo: verify',
    text: `FATA[0000] Error verifying signature: Invalid GPG signature: gpgme.Signature{Summary:0x20, Fingerprint:"567E347AD0044ADE55BA8A5F199E2F91FD431D51", Status:gpgme.Error{err:0x9}, Timestamp:time.Time{}}`,
    says: ['key'],
  },
  {
    name: 'skopeo: reading sigs',
    text: `FATA[0001] initializing source docker://${APP}: reading signatures: downloading signatures for ${DIGEST} in registry.example.com/team/app: 404 page not found`,
    says: ['lookaside'],
    about: APP,
  },
  {
    name: 'containers/image: attach mime',
    text: `Failed to pull image "${APP}": Source image rejected: unexpected MIME type for sigstore attachment manifest registry.example.com/team/app:sha256-${HEX}.sig: "application/vnd.docker.distribution.manifest.v2+json"`,
    says: ['malformed'],
    about: APP,
  },
  {
    name: 'containers/image: attach digest',
    text: `Failed to pull image "${APP}": reading signatures: digest mismatch, expected "${DIGEST}", got "${OTHER_DIGEST}"`,
    says: ['malformed'],
    about: APP,
  },
  {
    name: 'containers/image: unknownfmt',
    text: `Failed to pull image "${APP}": reading signatures: parsing signature https://s.example/signature-1: unrecognized signature format, starting with binary 0x3c`,
    says: ['malformed'],
    about: APP,
  },
  {
    name: 'containers/image: rekor set',
    text: `Failed to pull image "${APP}": Source image rejected: parsing Rekor SET payload: Unexpected key`,
    says: ['log'],
    about: APP,
  },
  {
    name: 'containers/image: hashed',
    text: `Failed to pull image "${APP}": Source image rejected: unsupported Rekor SET Payload hashedrekord version "0.0.2"`,
    says: ['log'],
    about: APP,
  },
  {
    name: 'containers/image: ref',
    text: `Failed to pull image "${APP}": Source image rejected: Docker reference match attempted on image docker-archive:x with no known Docker reference identity`,
    says: ['no-reference'],
    about: APP,
  },
  {
    name: 'containers/image: keytype',
    text: `Failed to pull image "${APP}": Source image rejected: Unimplemented "keyType" value "X509Certificates"`,
    says: ['policy-key'],
    about: APP,
  },
  {
    name: 'containers/image: copysig',
    text: `Error: Can not copy signatures to docker://${APP}: Storing signatures for docker daemon is not supported`,
    says: ['destination'],
  },
  {
    name: 'containers/image: writing',
    text: `FATA[0002] writing signatures: writing sigstore attachments is disabled by configuration`,
    says: ['destination'],
  },
  {
    name: 'containers/image: writing2',
    text: `FATA[0002] writing signatures: Writing directly to a https lookaside https://s.example/x is not supported. Configure a lookaside-staging: location`,
    says: ['destination'],
  },
  {
    name: 'gpg: bad',
    text: `Source image rejected: Invalid GPG signature: gpgme.Signature{Summary:4, Fingerprint:"199E2F91FD431D51", Status:gpgme.Error{err:0x8}, Timestamp:time.Time{wall:0x0}}`,
    says: ['bad-signature'],
  },
  {
    name: 'gpg: keyexp',
    text: `Source image rejected: Invalid GPG signature: gpgme.Signature{Summary:32, Status:gpgme.Error{err:0x7000099}}`,
    says: ['expired'],
  },
  {
    name: 'bootc: switch',
    text: `error: Switching: Pulling: Creating importer: Failed to invoke skopeo proxy method OpenImage: remote error: Source image rejected: Running image docker://${APP} is rejected by policy.`,
    says: ['rejected-by-policy'],
    about: APP,
  },
  {
    name: 'bootc: insecure',
    text: `error: Upgrading: Preparing import: Fetching manifest: containers-policy.json specifies a default of \`insecureAcceptAnything\`; refusing usage`,
    says: ['policy-open'],
  },
  {
    name: 'bootc: verify',
    text: `error: Switching: containers-policy.json specifies a default of \`insecureAcceptAnything\`; refusing usage`,
    says: ['policy-open'],
  },
  {
    name: 'rpm-ostree: rpmostree',
    text: `error: Importing: Creating importer: Failed to invoke skopeo proxy method OpenImage: remote error: A signature was required, but no signature exists`,
    says: ['no-signature'],
  },
  {
    name: 'a proxy: failure',
    text: `error: Importing: Unencapsulating base: proxy failure: Source image rejected: A signature was required, but no signature exists and client error`,
    says: ['no-signature'],
  },
  {
    name: 'oc-mirror: 4.14 cache',
    text: `2024/04/18 17:42:25  [WARN]   : signature for ${HEX} not in cache`,
    says: [],
  },
  {
    name: 'oc-mirror: 4.14 none',
    text: `2024/04/18 17:42:25  [WARN]   : no signature found for ${HEX}`,
    says: ['not-mirrored', 'absent'],
    about: DIGEST,
  },
  {
    name: 'oc-mirror: 4.14 err',
    text: `2024/04/18 17:42:25  [ERROR]  : signature error: openpgp: signature made by unknown entity`,
    says: ['not-mirrored', 'refused'],
  },
  {
    name: 'oc-mirror: 4.17 list',
    text: `2024/04/18 17:42:25  [ERROR]  : generate release signatures: error list [no signature found for ${HEX} image quay.io/o/r:4.16]`,
    says: ['not-mirrored', 'absent'],
    about: `quay.io/o/r:4.16`,
  },
  {
    name: 'oc-mirror: errs',
    text: `error: [ReleaseImageCollector] [GenerateReleaseSignatures] no signature found for ${HEX} image quay.io/o/r:4.16`,
    says: ['not-mirrored', 'absent'],
    about: `quay.io/o/r:4.16`,
  },
  {
    name: 'oc-mirror: trust',
    text: `2025/05/28 05:04:23  [ERROR]  : error loading trust policy: open /etc/containers/policy.json: no such file or directory`,
    says: ['policy-invalid'],
  },
  {
    name: 'oc-mirror: mirroring',
    text: `2025/05/28 05:04:23  [ERROR]  : error mirroring image docker://${APP} error: copying image 1/5 from manifest list: Source image rejected: A signature was required, but no signature exists`,
    says: ['no-signature'],
    about: APP,
  },
  {
    name: 'oc-mirror: mirroring2',
    text: `error mirroring image docker://${APP} error: initializing source docker://${APP}: reading manifest 1.2 in registry.example.com/team/app: unauthorized`,
    says: ['registry'],
    about: APP,
  },
  {
    name: 'oc-mirror: v1',
    text: `W0522 10:00:00.000000    1234 mirror.go:1] An image was retrieved that failed verification: unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat`,
    says: ['unverified'],
    about: DIGEST,
  },
  {
    name: 'oc-mirror: v1 klog',
    text: `I0522 10:00:00.000000    1234 release.go:510] No release signatures found in archive, skipping`,
    says: ['not-mirrored', 'config-map'],
  },
  {
    name: 'oc-mirror: digest',
    text: `2025/05/28 05:04:23  [ERROR]  : [GenerateReleaseSignatures] parsing image digest`,
    says: [],
  },
  {
    name: 'oc-mirror: unmarshal',
    text: `2025/05/28 05:04:23  [ERROR]  : [GenerateReleaseSignatures] unmarshal json invalid character`,
    says: ['not-mirrored', 'no-packet'],
  },
  {
    name: 'oc-mirror: could not read',
    text: `2025/05/28 05:04:23  [WARN]   : [GenerateReleaseSignatures] could not read x open x: permission denied`,
    says: [],
  },
  {
    name: 'oc-mirror: blob',
    text: `2025/05/28 05:04:23  [WARN]   : signature error: error to get the digest of the signature manifest unauthorized`,
    says: [],
  },
  {
    name: 'Hive: json',
    text: `{"level": "error", "msg": "Verification of release image failed", "clusterDeployment": "ns/a", "controller": "clusterDeployment", "error": "unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat", "releaseDigest": "${DIGEST}", "releaseImage": "${RELEASE}", "time": "2026-11-22T00:00:00Z"}`,
    says: ['refused'],
    about: RELEASE,
  },
  {
    name: 'Hive: cond',
    text: `{"apiVersion": "hive.openshift.io/v1", "kind": "ClusterDeployment", "metadata": {"name": "a", "namespace": "ns"}, "status": {"conditions": [{"type": "InstallImagesNotResolved", "status": "True", "reason": "ReleaseImageVerificationFailed", "message": "unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat"}]}}`,
    says: ['refused'],
    about: DIGEST,
  },
  {
    name: 'Hive: verif off',
    text: `time="2026-11-22T00:00:00Z" level=error msg="Release Image verification failed to be configured" error="failed to read ConfigMap for release image verification: configmaps \\"x\\" not found"`,
    says: ['refused', 'no-trust', 'no-trust'],
  },
  {
    name: 'Hive: ns',
    text: `namespace must be set for Release Image verifier ConfigMap`,
    says: ['refused', 'no-trust'],
  },
  {
    name: 'Hive: debug',
    text: `time="2026-11-22T00:00:00Z" level=debug msg="verifying the release image using All release image digests must have GPG signatures from verifier-public-key-redhat" releaseDigest="${DIGEST}" releaseImage="${RELEASE}"`,
    says: [],
  },
  {
    name: 'HyperShift: cond',
    text: `{"apiVersion": "hypershift.openshift.io/v1beta1", "kind": "HostedCluster", "metadata": {"name": "a", "namespace": "clusters"}, "spec": {"release": {"image": "${RELEASE}"}}, "status": {"conditions": [{"type": "ClusterVersionFailing", "status": "True", "reason": "ImageVerificationFailed", "message": "The update cannot be verified: unable to locate a valid signature for one or more sources"}, {"type": "ClusterVersionReleaseAccepted", "status": "False", "reason": "RetrievePayload", "message": "Retrieving payload failed version=\\"4.16.1\\" image=\\"${RELEASE}\\" failure=The update cannot be verified: unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat"}]}}`,
    says: ['refused', 'unsigned'],
    about: RELEASE,
  },
  {
    name: 'HyperShift: cond text',
    text: `ClusterVersionReleaseAccepted=False: RetrievePayload: Retrieving payload failed version="4.16.1" image="${RELEASE}" failure=The update cannot be verified: unable to verify ${DIGEST} against keyrings: verifier-public-key-redhat`,
    says: ['refused'],
    about: RELEASE,
  },
  {
    name: 'pc1: pc1',
    text: `Error from server (BadRequest): admission webhook "policy.sigstore.dev" denied the request: validation failed: failed policy: image-policy: spec.containers[0].image
${RELEASE} signature key validation failed for authority authority-0 for ${RELEASE}: no matching signatures`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'policy-controller: nomatch',
    text: `admission webhook "policy.sigstore.dev" denied the request: validation failed: no matching policies: spec.containers[0].image
${RELEASE}`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'policy-controller: static',
    text: `admission webhook "policy.sigstore.dev" denied the request: validation failed: failed policy: x: spec.containers[0].image
${RELEASE} disallowed by static policy: not allowed here`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'policy-controller: digest',
    text: `admission webhook "policy.sigstore.dev" denied the request: validation failed: invalid value: ${APP} must be an image digest: spec.containers[0].image`,
    says: ['denied'],
    about: APP,
  },
  {
    name: 'policy-controller: tsa',
    text: `admission webhook "policy.sigstore.dev" denied the request: validation failed: failed policy: x: spec.containers[0].image
${RELEASE} signature TSA validation failed for authority a for ${RELEASE}: x`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'policy-controller: attest',
    text: `admission webhook "policy.sigstore.dev" denied the request: validation failed: failed policy: x: spec.containers[0].image
${RELEASE} no matching attestations for authority a for ${RELEASE}`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'policy-controller: pubkeys',
    text: `admission webhook "policy.sigstore.dev" denied the request: validation failed: failed policy: x: spec.containers[0].image
${RELEASE} there are no public keys for authority a`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'policy-controller: old',
    text: `admission webhook "validation.webhook.sigstore.dev" denied the request: validation failed: failed policy: x: spec.containers[0].image
${RELEASE} signature keyless validation failed for authority a for ${RELEASE}: no matching signatures`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: old',
    text: `Error from server: admission webhook "mutate.kyverno.svc-fail" denied the request: 

resource Pod/default/x was blocked due to the following policies

check-image:
  check-image: 'failed to verify image ${RELEASE}: .attestors[0].entries[0].keys: no matching signatures:'`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: new',
    text: `Error from server: admission webhook "mutate.kyverno.svc-fail" denied the request: 

resource Pod/default/x was blocked due to the following policies 

check-image:
  check-image: 'failed to verify image ${RELEASE}: .attestors[0].entries[0].keys: no signatures found'`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: ivpol',
    text: `Error from server: admission webhook "ivpol.validate.kyverno.svc-fail" denied the request: Policy x failed: image ${RELEASE} failed signature or attestation verification`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: ivpol2',
    text: `Error from server: admission webhook "ivpol.validate.kyverno.svc-fail" denied the request: Policy x failed: image ${RELEASE} is not verified: no policy performed a signature or attestation check on it`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: unverified',
    text: `admission webhook "validate.kyverno.svc-fail" denied the request: 

resource Pod/default/x was blocked due to the following policies 

x:
  x: unverified image ${RELEASE}`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: digest',
    text: `admission webhook "validate.kyverno.svc-fail" denied the request: 

resource Pod/default/x was blocked due to the following policies 

x:
  x: missing digest for ${APP}`,
    says: ['denied'],
    about: APP,
  },
  {
    name: 'Kyverno: attest',
    text: `admission webhook "mutate.kyverno.svc-fail" denied the request: 

resource Pod/default/x was blocked due to the following policies 

x:
  x: 'image attestations verification failed, verifiedCount: 0, requiredCount: 1, error: .attestations[0].attestors[0].entries[0].keys: attestations not found for predicate type https://slsa.dev/provenance/v0.2'`,
    says: ['denied'],
  },
  {
    name: 'Kyverno: event',
    text: `policy check-image/verify fail: failed to verify image ${RELEASE}: .attestors[0].entries[0].keys: no matching signatures`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: log in JSON, 1.13',
    text: `{"level":"error","v":0,"logger":"engine.verify","policy.name":"check-image","policy.namespace":"","policy.apply":"All","new.kind":"Pod","new.namespace":"default","new.name":"x","rule.name":"check-image","image":"${RELEASE}","error":".attestors[0].entries[0].keys: no signatures found","caller":"github.com/kyverno/kyverno/pkg/engine/internal/imageverifier.go:390","time":"2026-11-22T00:00:00Z","message":"failed to verify image"}`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: log in JSON, 1.10, without the image',
    text: `{"level":"error","ts":"2026-11-22T00:00:00Z","logger":"engine.verify","caller":"internal/imageverifier.go:298","msg":"failed to verify image","policy.name":"check-image","rule.name":"check-image","new.kind":"Pod","error":".attestors[0].entries[0].keys: no matching signatures:\\n"}`,
    says: ['denied'],
  },
  {
    name: 'Kyverno: without the image',
    text: `policy check-image/check-image fail: failed to verify image: .attestors[0].entries[0].keys: no matching signatures`,
    says: ['denied'],
  },
  {
    name: 'Kyverno: log of the webhook in JSON',
    text: `{"level":"error","ts":"2026-11-22T00:00:00Z","logger":"webhooks.resource.mutate","caller":"resource/handlers.go:190","msg":"image verification failed","kind":"Pod","error":"\\n\\nresource Pod/default/x was blocked due to the following policies \\n\\ncheck-image:\\n  check-image: 'failed to verify image ${RELEASE}: .attestors[0].entries[0].keys: no signatures found'\\n"}`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: log of klog, 1.10',
    text: `E0206 13:41:41.407214       1 imageverifier.go:360] "failed to verify image" err=".attestors[0].entries[0]: failed to verify ${RELEASE}: no signature is associated with \\"${RELEASE}\\", make sure the artifact was signed successfully" logger="engine.verify" policy.name="check-image" policy.namespace="" policy.apply="All" new.kind="Pod" new.namespace="default" new.name="test" rule.name="verify"`,
    says: ['denied'],
  },
  {
    name: 'Kyverno: log of klog, with the image',
    text: `I0206 13:41:41.407184       1 imageverifier.go:498] "image attestors verification failed" logger="engine.verify" policy.name="check-image" rule.name="verify" image="${RELEASE}" verifiedCount=0 requiredCount=1 errors=".attestors[0].entries[0].keys: no signatures found"`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: log of klog, 1.9',
    text: `E0406 07:27:25.053230       1 imageVerify.go:511] EngineVerifyImages "msg"="failed to verify image" "error"=".attestors[0].entries[0].keys: no matching signatures:\\n" "kind"="Pod" "name"="test" "namespace"="test-tt" "policy"="check-image-signature"`,
    says: ['denied'],
  },
  {
    name: 'Kyverno: log of the console, 1.13',
    text: `2025-03-20T17:04:00Z ERR github.com/kyverno/kyverno/pkg/engine/internal/imageverifier.go:390 > failed to verify image error=".attestors[0].entries[0].keys: no signatures found" image=${RELEASE} logger=engine.verify new.kind=Pod new.name=x new.namespace=default policy.apply=All policy.name=check-image policy.namespace= rule.name=check-image v=0`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: log of the webhook in klog',
    text: `E0213 10:06:16.343577       1 handlers.go:173] "image verification failed" err=<


    resource Deployment/default/app was blocked due to the following policies

    check-image:
      autogen-verify: 'failed to verify image ${RELEASE}: .attestors[0].entries[0].keys: no signatures found'
 > logger="webhooks.resource.mutate" gvk="apps/v1, Kind=Deployment" namespace="default" name="app" operation="CREATE" kind="Deployment"`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Kyverno: its event in klog',
    text: `I0213 10:03:30.428913       1 event_broadcaster.go:338] "Event occurred" object="check-image" kind="ClusterPolicy" apiVersion="kyverno.io/v1" type="Warning" reason="PolicyViolation" action="Resource Blocked" note="Deployment default/app: [autogen-verify] fail (blocked); failed to verify image ${RELEASE}: .attestors[0].entries[0].keys: no signatures found"`,
    says: ['denied'],
    about: RELEASE,
  },
  {
    name: 'Signet: push',
    text: `{"level": "INFO", "message": "push verified", "timestamp": "2026-11-22T00:00:00.000Z", "service": "verify-pushed", "messageId": "x", "outcome": "rejected", "pullspec": "${RELEASE}", "digest": "${DIGEST}", "profile": "ocp", "reasons": ["SignatureNotFound"], "recordId": "20261122-1"}`,
    says: ['rejected', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: push ind',
    text: `{"level": "INFO", "message": "push verified", "timestamp": "2026-11-22T00:00:00.000Z", "service": "verify-pushed", "outcome": "indeterminate", "pullspec": "${RELEASE}", "digest": "${DIGEST}", "profile": "ocp", "reasons": ["StoreUnavailable"]}`,
    says: ['undecided', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: push ok',
    text: `{"level": "INFO", "message": "push verified", "timestamp": "2026-11-22T00:00:00.000Z", "service": "verify-pushed", "outcome": "accepted", "pullspec": "${RELEASE}", "digest": "${DIGEST}", "profile": "ocp", "reasons": []}`,
    says: ['accepted'],
    about: RELEASE,
  },
  {
    name: 'Signet: adm',
    text: `{"level": "INFO", "message": "admission", "timestamp": "2026-11-22T00:00:00.000Z", "service": "review-admission", "cluster": "prod", "resource": "clusterversions", "name": "version", "operation": "UPDATE", "allowed": false, "code": 403, "reason": "spec.desiredUpdate.image: \\"${RELEASE}\\" is rejected by profile ocp: SignatureNotFound: every store answered, and none has a signature of ${DIGEST}; compare the digest with the publisher\\u2019s", "records": ["x"]}`,
    says: ['denied', 'denied'],
    about: RELEASE,
  },
  {
    name: 'Signet: adm503',
    text: `{"level": "WARN", "message": "admission", "timestamp": "2026-11-22T00:00:00.000Z", "service": "review-admission", "allowed": false, "code": 503, "reason": "spec.desiredUpdate.image: \\"${RELEASE}\\": denied because Signet could not reach its storage; retry later", "records": [], "error": {"name": "StoreError", "code": "AccessDenied", "message": "s3://b: access denied"}}`,
    says: ['denied', 'denied'],
    about: RELEASE,
  },
  {
    name: 'Signet: req',
    text: `{"level": "ERROR", "message": "request", "timestamp": "2026-11-22T00:00:00.000Z", "service": "verify-image", "method": "POST", "path": "/v1/verify", "status": 500, "milliseconds": 12, "error": {"name": "ConfigurationError", "code": "TrustMissing", "message": "trust/current: there is no trust"}}`,
    says: ['undecided', 'verdict'],
  },
  {
    name: 'Signet: mir',
    text: `{"level": "INFO", "message": "mirrored", "timestamp": "2026-11-22T00:00:00.000Z", "service": "mirror-signatures", "digest": "${DIGEST}", "profile": "ocp", "outcome": "absent", "written": 0, "held": 0, "reasons": ["SignatureNotFound"]}`,
    says: ['not-held', 'verdict'],
    about: DIGEST,
  },
  {
    name: 'Signet: jctl',
    text: `Nov 22 10:00:00 host signet[123]: {"level": "INFO", "message": "push verified", "timestamp": "2026-11-22T00:00:00.000Z", "service": "verify-pushed", "outcome": "rejected", "pullspec": "${RELEASE}", "digest": "${DIGEST}", "profile": "ocp", "reasons": ["SignatureInvalid"]}`,
    says: ['rejected', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: aws tail',
    text: `2026-11-22T10:00:00.000000+00:00 2026/11/22/[$LATEST]0123456789 {"level": "INFO", "message": "push verified", "service": "verify-pushed", "outcome": "rejected", "pullspec": "${RELEASE}", "digest": "${DIGEST}", "profile": "ocp", "reasons": ["SignatureInvalid"]}`,
    says: ['rejected', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: filter',
    text: `{
  "events": [
    {
      "logStreamName": "x",
      "timestamp": 1,
      "message": "{\\"level\\": \\"INFO\\", \\"message\\": \\"push verified\\", \\"service\\": \\"verify-pushed\\", \\"outcome\\": \\"rejected\\", \\"pullspec\\": \\"${RELEASE}\\", \\"digest\\": \\"${DIGEST}\\", \\"profile\\": \\"ocp\\", \\"reasons\\": [\\"SignatureInvalid\\"]}\\n"
    }
  ]
}`,
    says: ['rejected', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: docker',
    text: `{"log": "{\\"level\\": \\"INFO\\", \\"message\\": \\"push verified\\", \\"service\\": \\"verify-pushed\\", \\"outcome\\": \\"rejected\\", \\"pullspec\\": \\"${RELEASE}\\", \\"digest\\": \\"${DIGEST}\\", \\"profile\\": \\"ocp\\", \\"reasons\\": [\\"SignatureInvalid\\"]}\\n", "stream": "stdout", "time": "x"}`,
    says: ['rejected', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: cli',
    text: `rejected  ${RELEASE}
  profile   ocp (enforce), trust revision 5e5d403ea4e2
  reason    SignatureInvalid: the signature does not match what it should sign
  tried
    SignatureInvalid  https://x/signature-1
      verifier-public-key-fixture: the signature does not match what it should sign`,
    says: ['rejected', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: cli many',
    text: `accepted  ${RELEASE}
rejected  quay.io/o/r@${OTHER_DIGEST}  SignatureNotFound: every store answered, and none has a signature of ${OTHER_DIGEST}`,
    says: ['accepted', 'rejected', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: verdict',
    text: `{
  "schema": 2,
  "outcome": "rejected",
  "forced": false,
  "pullspec": "${RELEASE}",
  "digest": "${DIGEST}",
  "profile": "ocp",
  "mode": "enforce",
  "reasons": [
    {
      "code": "SignatureInvalid",
      "message": "the signature does not match what it should sign"
    }
  ],
  "warnings": [],
  "attempts": []
}`,
    says: ['rejected', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: event',
    text: `{"level": "INFO", "message": "Image Verdict", "timestamp": "x", "service": "events", "detail": {"schema": 1, "outcome": "rejected", "pullspec": "${RELEASE}", "digest": "${DIGEST}", "profile": "ocp", "reasons": [{"code": "SignatureNotFound", "message": "x"}]}}`,
    says: ['rejected', 'verdict'],
    about: RELEASE,
  },
  {
    name: 'Signet: err',
    text: `signet: trust: the trust directory cannot be read`,
    says: ['undecided', 'verdict'],
  },
  {
    name: 'Signet: errj',
    text: `{"schema": 1, "kind": "Error", "code": "TrustMissing", "message": "trust: the trust directory cannot be read", "exitStatus": 2}`,
    says: ['undecided', 'verdict'],
  },
  {
    name: 'Signet: webhook down',
    text: `Internal error occurred: failed calling webhook "clusterversions.admission.signet": failed to call webhook: Post "https://signet.example/admission/x/clusterversions?timeout=10s": context deadline exceeded`,
    says: ['undecided', 'verdict'],
  },
  {
    name: 'an acknowledgement: ack',
    text: `ack-4.20-sigstore-in-4.21`,
    says: ['4.21'],
  },
  {
    name: 'machine-config operator: pulling',
    text: `Pulling OS image ${OS_IMAGE} from registry`,
    says: [],
  },
  {
    name: 'machine-config operator: executing',
    text: `I0425 03:13:37.830947   15673 rpm-ostree.go:201] Executing rebase to ${OS_IMAGE}
I0425 03:13:37.830947   15673 update.go:2989] Running: rpm-ostree rebase --experimental ostree-unverified-registry:${OS_IMAGE}
W0425 03:13:37.830947   15673 update.go:2595] Failed to update OS to ${OS_IMAGE} (will retry): error running rpm-ostree rebase --experimental ostree-unverified-registry:${OS_IMAGE}: error: remote error: cryptographic signature verification failed: x
: exit status 1`,
    says: ['bad-signature'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: local exec',
    text: `Executing local container storage rebase to ${OS_IMAGE}`,
    says: [],
  },
  {
    name: 'machine-config operator: podman waited',
    text: `failed to run command podman (6 tries): timed out waiting for the condition: running podman pull -q --authfile /var/lib/kubelet/config.json ${OS_IMAGE} failed: Error: Source image rejected: No public keys imported`,
    says: ['policy-key'],
    about: OS_IMAGE,
  },
  {
    name: 'machine-config operator: degraded',
    text: `1 nodes are reporting degraded status on sync
    Type: NodeDegraded`,
    says: [],
  },
  {
    name: 'operator: internal store',
    text: `internal error: the store https://x.example type is unrecognized, cannot verify signatures`,
    says: [],
  },
  {
    name: 'operator: table failing',
    text: `Failing
True
`,
    says: [],
  },
  {
    name: 'CRI-O: intermediates',
    text: `Failed to pull image "${APP}": Source image rejected: loading trusted intermediate certificates: x509: malformed`,
    says: ['policy-key'],
    about: APP,
  },
  {
    name: 'CRI-O: chain',
    text: `Failed to pull image "${APP}": Source image rejected: loading certificate chain: x509: malformed`,
    says: ['certificate'],
    about: APP,
  },
  {
    name: 'CRI-O: nocert',
    text: `Failed to pull image "${APP}": Source image rejected: no certificate found in signature certificate data`,
    says: ['certificate'],
    about: APP,
  },
  {
    name: 'CRI-O: hashed',
    text: `Failed to pull image "${APP}": Source image rejected: Missing "data.hash" field in hashedrekord`,
    says: ['log'],
    about: APP,
  },
  {
    name: 'CRI-O: ext',
    text: `Failed to pull image "${APP}": reading signatures: unrecognized signature format "x"`,
    says: ['malformed'],
    about: APP,
  },
  {
    name: 'CRI-O: notsigned',
    text: `Failed to pull image "${APP}": Source image rejected: not signed`,
    says: ['malformed'],
    about: APP,
  },
  {
    name: 'CRI-O: sigerr',
    text: `Failed to pull image "${APP}": Source image rejected: signature error: openpgp: invalid signature: hash tag doesn't match`,
    says: ['bad-signature'],
    about: APP,
  },
  {
    name: 'gpg: revoked',
    text: `Source image rejected: Invalid GPG signature: gpgme.Signature{Status:gpgme.Error{err:0x700005e}}`,
    says: ['revoked'],
  },
  {
    name: 'gpg: algorithm',
    text: `Source image rejected: Invalid GPG signature: gpgme.Signature{Status:gpgme.Error{err:0x5}}`,
    says: ['algorithm'],
  },
  {
    name: 'oc: force',
    text: `warning: --force overrides cluster verification of your supplied release image and waives any update precondition failures. Only use this if you are testing unsigned release images`,
    says: [],
  },
  {
    name: 'oc-mirror: setup',
    text: `2025/05/28 05:04:23  [ERROR]  :  setupWorkingDir for signatures mkdir: permission denied`,
    says: [],
  },
  {
    name: 'Lambda: lambda',
    text: `START RequestId: 0123 Version: $LATEST
REPORT RequestId: 0123 Duration: 3 ms`,
    says: [],
  },
  {
    name: 'policy-controller: validation',
    text: `admission webhook "policy.sigstore.dev" denied the request: validation failed: no matching policies: spec.containers[0].image
${APP}`,
    says: ['denied'],
    about: APP,
  },
];

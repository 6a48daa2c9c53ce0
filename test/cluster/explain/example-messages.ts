const HEX = '06ff'.repeat(16);
const DIGEST = `sha256:${HEX}`;
const IMAGE = `quay.io/openshift-release-dev/ocp-release@${DIGEST}`;
const OTHER = 'registry.example.com/team/app:1.2';
const REJECTED = `Failed to pull image "${OTHER}": rpc error: code = Unknown desc = Source image rejected: `;
const URL = `https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release/sha256=${HEX}/signature-1`;

/** A text as its program writes it: the states, faults, answers and gates in it, and the image or digest. */
export interface Example {
  readonly name: string;
  readonly text: string;
  readonly says: readonly string[];
  readonly about?: string;
}

const release = (name: string, text: string, says: readonly string[], about?: string): Example => ({
  name,
  text,
  says,
  ...(about === undefined ? {} : { about }),
});
const pull = (name: string, reason: string, fault: string): Example => ({
  name,
  text: `${REJECTED}${reason}`,
  says: [fault],
  about: OTHER,
});
/** A line that is known and says nothing that can be mended. */
const silent = (text: string): Example => ({ name: `nothing: ${text.slice(0, 60)}`, text, says: [] });

/** One for each pattern that the messages by version do not show. */
export const EXAMPLES: readonly Example[] = [
  release('loaded', `Payload loaded version="4.16.1" image="${IMAGE}" architecture="amd64"`, ['loaded'], IMAGE),
  release('loading', `Loading payload version="4.16.1" image="${IMAGE}"`, ['retrieving'], IMAGE),
  release('not loaded', `Loading payload failed version="4.16.1" image="${IMAGE}" failure=x`, ['not-loaded'], IMAGE),
  release('under verification', `verifying payload version="4.16.1" image="${IMAGE}"`, ['retrieving'], IMAGE),
  release('forced', `preconditions forced for payload loaded version="4.7.1" image="${IMAGE}" failures=x`, ['loaded']),
  release('warned', `precondition warning for payload loaded version="4.19.1" image="${IMAGE}": x`, ['loaded']),
  release('reconciling', 'Error while reconciling 4.6.1: the image may not be safe to use', ['refused']),
  release('not there', 'Unable to apply 4.6.1: could not download the update', ['not-downloaded']),
  release('not there, later', 'Error while reconciling 4.6.1: could not download the update', ['not-downloaded']),
  release('a digest of other characters', 'the provided release image digest contains prohibited characters', [
    'refused',
    'digest-invalid',
  ]),
  release('a digest of another form', 'the provided digest must be of the form ALGO:HASH', [
    'refused',
    'digest-invalid',
  ]),
  release('a digest that is none', 'the provided release image digest has an invalid format: "sha256:"', [
    'refused',
    'digest-invalid',
  ]),
  release('a verifier that rejects all', 'verification is not possible', ['refused', 'no-trust']),
  release(
    'a keyring',
    `keyring "verifier-public-key-redhat" could not verify signature for ${DIGEST}: signature error: openpgp: signature made by unknown entity`,
    ['refused'],
    DIGEST,
  ),
  release('a signature', `signature for ${DIGEST} is not valid: signature digest does not match`, ['refused'], DIGEST),
  release(
    'a store',
    `error retrieving signature for ${DIGEST}: unable to retrieve signature from ${URL}: response status 403`,
    ['failed'],
    DIGEST,
  ),
  release('no store', `Failed to retrieve signatures for ${DIGEST} (should never happen)`, ['failed'], DIGEST),
  release('a search', `searching for sha256-${HEX} in signature config map signatures-managed`, ['searched'], DIGEST),
  release(
    'a find',
    `key sha256-${HEX}-1 from signature config map signatures-managed matches ${DIGEST}`,
    ['found'],
    DIGEST,
  ),
  release('a request', `unable to retrieve signature from ${URL}: response status 500`, ['failed'], DIGEST),
  release('a miss', `Could not find signature at store location ${URL}`, ['absent']),
  release(
    'no stores',
    'the config map openshift-config-managed/release-verification did not provide any signature stores to read from and cannot be used',
    ['refused', 'no-trust'],
  ),
  release(
    'a key that is none',
    'the config map a/b has an invalid key "verifier-public-key-x" that must be a GPG public key: EOF',
    ['refused', 'no-trust'],
  ),
  release('a keyring that is none', 'unable to read keyring with armor (EOF) or without armor (EOF)', [
    'refused',
    'no-trust',
  ]),
  release(
    'Hive',
    'spec.releaseImage: Invalid value: "quay.io/o/release:4.12": only digest based release images are supported since release verification is required',
    ['refused', 'not-by-digest'],
  ),
  release('Hive, a digest', 'Verification of release image failed: release image digest is invalid', [
    'refused',
    'digest-invalid',
  ]),
  release('Hive, its log', `verification is not possible releaseDigest="${DIGEST}" releaseImage="quay.io/o/r:4.16"`, [
    'refused',
    'no-trust',
  ]),
  release(
    'oc, by tag',
    'error: --to-image must be a by-digest pull spec, unless --force is also set, because release images that are not accessed via digest cannot be verified by the cluster.',
    ['refused', 'not-by-digest'],
  ),
  release('oc, contents', 'error: the release image failed content verification and may have been tampered with', [
    'not-mirrored',
    'refused',
  ]),
  release('oc, a mirror', 'warning: An image was retrieved that failed verification: x', ['unverified', 'unverified']),
  release('a verdict that is none', `indeterminate  ${IMAGE}  StoreUnavailable: x`, ['undecided', 'verdict'], IMAGE),
  release('oc, the cache', 'error: failed to retrieve cached signatures', ['not-mirrored', 'refused']),
  release(
    'oc, another digest',
    `error: no cached signatures for digest ${DIGEST}, just:`,
    ['not-mirrored', 'refused'],
    DIGEST,
  ),

  pull('no signature', 'A signature was required, but no signature exists', 'no-signature'),
  pull('an identity', 'Signature for identity "quay.io/o/r:4.16" is not accepted', 'identity'),
  pull('a digest', `Signature for digest ${DIGEST} does not match`, 'digest'),
  pull('no keys', 'No public keys imported', 'policy-key'),
  pull('no log entry', 'missing dev.sigstore.cosign/bundle annotation', 'log'),
  pull('no certificate', 'missing dev.sigstore.cosign/certificate annotation', 'certificate'),
  pull('no signature in it', 'missing dev.cosignproject.cosign/signature annotation', 'malformed'),
  pull('another log', 'No public key verified against the RekorSET: x', 'log'),
  pull('a log of Ed25519', 'Rekor public key 1 is not using ECDSA', 'policy-key'),
  pull('no authorities', 'error loading Fulcio CA certificates', 'policy-key'),
  pull('a key that is none', 'parsing public key 1: x', 'policy-key'),
  pull('base layers', 'signedBaseLayer not implemented yet!', 'policy-invalid'),
  pull('an empty policy', 'List of verification policy requirements must not be empty', 'policy-invalid'),
  pull(
    'a key file',
    'None of the signatures were accepted, reasons: open /etc/pki/x.gpg: no such file or directory',
    'key-file',
  ),
  pull('a policy file', 'invalid policy in "/etc/containers/policy.json": invalid character', 'policy-invalid'),
  pull('no policy file', 'no policy.json file found at any of the following: "a", "b"', 'policy-invalid'),
  pull('a log that did not sign', 'cryptographic signature verification of Rekor SET failed', 'log'),
  pull('a log about another', 'publicKey in Rekor SET does not match', 'log'),
  pull('a wrong signature', 'cryptographic signature verification failed: x', 'bad-signature'),
  pull('a kind of payload', 'Unrecognized signature type x', 'malformed'),
  pull('a payload', 'invalid docker-manifest-digest value "x": y', 'malformed'),
  pull('gpg, no key', 'Invalid GPG signature: gpgme.Signature{Status:gpgme.Error{err:0x7000009}}', 'key'),
  pull('gpg, expired', 'Invalid GPG signature: gpgme.Signature{Status:gpgme.Error{err:0x9a}}', 'expired'),
  pull('gpg, changed', 'Invalid GPG signature: gpgme.Signature{Status:gpgme.Error{err:0x8}}', 'bad-signature'),
  pull('openpgp, no key', 'Key not found for key ID 199e2f91fd431d51 in signature', 'key'),
  pull('a subkey', 'signature by key ABCD of EF01 is not accepted', 'key'),
  pull('openpgp, expired', 'Signature expired on 2026-01-01', 'expired'),
  pull('two signatures', 'Unexpected GPG signature count 2', 'malformed'),
  pull('no message', 'The input is not a signature', 'malformed'),
  pull('a docker reference', 'Docker reference "a/b:1" does not match "c/d:1"', 'identity'),
  pull('a docker digest', 'Signature for docker digest "sha256:1" does not match', 'digest'),
  pull('an e-mail', 'Required email "a@b.example" not found (got ["c@d.example"])', 'email'),
  pull('an issuer', 'Unexpected Fulcio OIDC issuer "https://a.example"', 'issuer'),
  pull('a host name', 'Unexpected subject hostname: x509: certificate is valid for a, not b', 'certificate'),
  pull('no issuer', 'Fulcio certificate is missing the issuer extension', 'certificate'),
  pull('a chain', 'veryfing leaf certificate failed: x509: certificate signed by unknown authority', 'certificate'),
  pull('a manifest', 'reading manifest 1.2 in registry.example.com/team/app: manifest unknown', 'registry'),
  pull('128 of them', "server provided 128 signatures, assuming that's unreasonable and a server error", 'lookaside'),
  pull('a lookaside', 'reading signature from https://s.example/signature-1: StatusCode: 500', 'lookaside'),
  pull('an extension', `downloading signatures for ${DIGEST} in registry.example.com/team/app: x`, 'lookaside'),
  pull('no signature file', 'parsing signature https://s.example/signature-1: x', 'malformed'),
  {
    name: 'any signature is rejected',
    text: `Any signatures for image docker://${OTHER} are rejected by policy.`,
    says: ['rejected-by-policy'],
    about: OTHER,
  },
  {
    name: 'an image is rejected',
    text: `Running image docker://${OTHER} is rejected by policy.`,
    says: ['rejected-by-policy'],
    about: OTHER,
  },
  {
    name: 'a member that the node does not know, in plain quotes',
    text: `Failed to pull image "${OTHER}": invalid policy in "/etc/containers/policy.json": Unknown key "keyPaths"`,
    says: ['policy-member'],
    about: OTHER,
  },
  {
    name: 'a member that the node does not know',
    text: `E0425 03:13:37.830947   15673 remote_image.go:171] "PullImage from image service failed" err="rpc error: code = Unknown desc = invalid policy in \\"/etc/containers/policy.json\\": Unknown key \\"keyPaths\\"" image="${OTHER}"`,
    says: ['policy-member'],
    about: OTHER,
  },
  {
    name: 'podman, over several lines',
    text: `Resolved "app" as an alias (/etc/x.conf)\nTrying to pull ${OTHER}...\nGetting image source signatures\nChecking if image destination supports signatures\nError: copying image 1/2 from manifest list: unable to copy from source docker://${OTHER}: Source image rejected: A signature was required, but no signature exists`,
    says: ['no-signature'],
    about: OTHER,
  },
  {
    name: 'bootc, of one line',
    text: 'error: Creating importer: Failed to invoke skopeo proxy method OpenImage: remote error: cryptographic signature verification failed: x',
    says: ['bad-signature'],
  },
  {
    name: 'rpm-ostree, over two lines',
    text: `Pulling manifest: ostree-unverified-registry:${OTHER}\nerror: Preparing import: Fetching manifest: failed to invoke method OpenImage: A signature was required, but no signature exists`,
    says: ['no-signature'],
    about: OTHER,
  },
  {
    name: 'ostree, as it fetches',
    text: `Fetching ostree-image-signed:docker://${OTHER}\nerror: remote error: No public keys imported`,
    says: ['policy-key'],
    about: OTHER,
  },
  {
    name: 'a source that is opened',
    text: `initializing source docker://${OTHER}: reading manifest 1.2 in registry.example.com/team/app: unauthorized`,
    says: ['registry'],
    about: OTHER,
  },
  {
    name: 'the kubelet, in a table',
    text: `3s          Warning   Failed      pod/app-1   Failed to pull image "${OTHER}": unable to pull image or OCI artifact: pull image err: copying system image from manifest list: SignatureValidationFailed: Source image rejected: No public keys imported\n3s          Warning   Failed      pod/app-1   Error: ErrImagePull\n2s          Normal    BackOff     pod/app-1   Back-off pulling image "${OTHER}"`,
    says: ['policy-key'],
    about: OTHER,
  },
  {
    name: 'the kubelet, while it pulls',
    text: `Pulling image "${OTHER}"\nErrImagePull\npulling image: image pull failed for ${OTHER} because the signature validation failed: Source image rejected: No public keys imported`,
    says: ['policy-key'],
    about: OTHER,
  },

  release(
    'oc-mirror, none',
    `2025/05/28 05:04:23  [ERROR]  : [GenerateReleaseSignatures] no signature found for ${HEX} image quay.io/o/r:4.16`,
    ['not-mirrored', 'absent'],
    'quay.io/o/r:4.16',
  ),
  release('oc-mirror, bad', '2024/04/18 17:42:25  [ERROR]  : invalid signature', ['not-mirrored', 'refused']),
  release(
    'oc-mirror, an error',
    `2025/05/28 05:04:23  [ERROR]  : [GenerateReleaseSignatures] signature error for ${HEX} image quay.io/o/r:4.16`,
    ['not-mirrored', 'refused'],
  ),
  release(
    'oc-mirror, unsigned',
    `2025/05/28 05:04:23  [ERROR]  : [GenerateReleaseSignatures] message was not signed for ${HEX} image quay.io/o/r:4.16`,
    ['not-mirrored', 'no-packet'],
  ),
  release(
    'oc-mirror, no packet',
    '2024/04/18 17:42:41  [ERROR]  : unexpected openpgp.MessageDetails: neither Signature nor SignatureV3 is set',
    ['not-mirrored', 'no-packet'],
  ),
  release('oc-mirror, cut off', '2024/04/18 17:41:33  [ERROR]  : unexpected EOF', ['not-mirrored', 'interrupted']),
  release('oc-mirror, ConfigMaps', '2024/04/18 17:41:33  [WARN]   : Failed to generate signature ConfigMap: x', [
    'not-mirrored',
    'config-map',
  ]),
  silent('2024/04/18 17:41:33  [INFO]   : images to copy: 3'),
  silent(
    '2024/04/18 17:41:33  [ERROR]  : Invalid URL provided in OCP_SIGNATURE_URL: x, falling back to default SignatureURL',
  ),
  {
    name: 'the gate of 4.21',
    text: 'Upgradeable=False\n\n  Reason: AdminAckRequired\n  Message: This cluster has mirrors configured. 4.21 will require Sigstore signatures for quay.io/openshift-release-dev/ocp-release release verification. Please ensure that any registries configured as mirrors of quay.io/openshift-release-dev/ocp-release images contain the Sigstore signature images associated with any release images before updating to 4.21. See https://docs.example.com',
    says: ['4.21'],
  },
  {
    name: "Signet's webhook",
    text: `Error from server (Forbidden): admission webhook "clusterversions.admission.signet" denied the request: spec.desiredUpdate.image: "${IMAGE}" is rejected by profile ocp: SignatureNotFound: no signature was found`,
    says: ['denied', 'denied'],
    about: IMAGE,
  },
  {
    name: "Signet's policy",
    text: `The clusterversions "version" is invalid: ValidatingAdmissionPolicy 'signet-clusterversions' with binding 'signet-clusterversions' denied request: spec.desiredUpdate.image: "${IMAGE}": it is no digest of a canonical repository`,
    says: ['denied', 'denied'],
    about: IMAGE,
  },
  {
    name: 'policy-controller',
    text: `Error from server (BadRequest): admission webhook "policy.sigstore.dev" denied the request: validation failed: failed policy: images: spec.containers[0].image\n${OTHER} signature key validation failed for authority authority-0 for ${OTHER}: no signatures found`,
    says: ['denied'],
    about: OTHER,
  },
  {
    name: 'policy-controller, without a policy',
    text: 'admission webhook "policy.sigstore.dev" denied the request: validation failed: no matching policies: spec.containers[0].image',
    says: ['denied'],
  },
  {
    name: 'Kyverno',
    text: `Error from server: admission webhook "mutate.kyverno.svc-fail" denied the request: \n\nresource Pod/default/app was blocked due to the following policies\n\ncheck-image:\n  check-image: 'failed to verify image ${OTHER}: .attestors[0].entries[0].keys: no signatures found'`,
    says: ['denied'],
    about: OTHER,
  },
  ...[
    'I0410 15:12:41.419925       1 sync_worker.go:477] Loading payload\n',
    'use cached most recent signature config maps',
    'remember most recent signature config maps: signatures-managed',
    'update signature cache config map signatures-managed in namespace openshift-config-managed with 3 signatures',
    'Unable to save signatures during final flush: x',
    'Forced update so reducing payload signature verifcation timeout to 25s',
    'An unexpected key was found in the config map a/b and will be ignored (expected store-* or verifier-public-key-*): x',
    'Cluster version is 4.16.1',
    'the image may not be safe to use',
    'could not download the update',
    'time="2026-11-22T00:00:00Z" level=error msg=',
    '2026-11-22T00:00:00Z clusterversions/version',
    'Warning: spec.signatureStores: x',
    'Info: ReleaseAccepted=True',
    'info: An upgrade is in progress. Unable to apply 4.16.1: x',
    'Error while reconciling 4.16.1: x',
    'Reason: ImageVerificationFailed',
  ].map(silent),
];

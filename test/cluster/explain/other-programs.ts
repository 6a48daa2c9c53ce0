/** Messages about keys, signatures, policies, images and trust that have nothing to do with releases or image policies. */
const TEMPLATES: readonly string[] = [
  // certificates and TLS
  'x509: certificate has expired or is not yet valid: current time 2026-11-{n}T00:00:00Z is after 2026-10-01T00:00:00Z ({name})',
  'remote error: tls: bad certificate ({name}, {n})',
  'http: TLS handshake error from 10.0.0.{n}:51234: remote error: tls: unknown certificate authority',
  "x509: cannot validate certificate for 10.0.0.{n} because it doesn't contain any IP SANs ({name})",
  'E1122 10:11:12.131415 {n} authentication.go:63] "Unable to authenticate the request" err="[x509: certificate signed by unknown authority, verifying certificate SN={n}]"',
  'unable to load the signing key of {name}: open /etc/kubernetes/static-pod-resources/{name}/tls.key: no such file or directory',
  'crypto/rsa: verification error while checking {name} ({n})',
  'failed to verify signature of certificate {n}: x509: cannot verify signature: insecure algorithm SHA1-RSA',
  'certificate chain of {name} could not be verified: self-signed certificate in certificate chain ({n})',
  'certmanager: Error verifying ACME account {name}: 403 urn:ietf:params:acme:error:unauthorized: signature {n}',
  // gpg, apt, dnf, rpm, git
  "E: The repository 'http://{host}/debian {name} InRelease' is not signed ({n})",
  'W: GPG error: http://{host} {name} InRelease: The following signatures were invalid: EXPKEYSIG {n}ABCDEF {name}',
  "Error: Failed to download metadata for repo '{name}': repomd.xml GPG signature verification error: Bad GPG signature ({n})",
  'error: Public key for {name}-{n}.rpm is not installed. GPG Keys are configured as: file:///etc/pki/rpm-gpg/RPM-GPG-KEY-{name}',
  'Package {name}-{n}.x86_64.rpm is not signed',
  "gpg: Can't check signature: No public key\nprimary key fingerprint of {name}: {n}",
  'gpg: BAD signature from "{name} <{name}@example.com>" [unknown] ({n})',
  'gpg: keyserver receive failed: No data ({name} {n})',
  'error: Signature expired on 2026-01-01 for the mail of {name} ({n})',
  'rpm: {name}-{n}: Header RSA signature: BAD (package tag 268: invalid OpenPGP signature: Signature expired)',
  'error: commit {n} of {name} has no signature',
  'fatal: {name}: merge of an unverified commit {n}; no public keys imported into the keyring',
  'Maven [ERROR] invalid signature of {name}-{n}.jar',
  '[ERROR] no signature found for artefact {name} {n}',
  'npm error code EINTEGRITY sha512-{n}: invalid signature of {name}',
  'jarsigner: {name}.jar is unsigned ({n})',
  'helm verify: Error: openpgp: signature made by unknown entity ({name}-{n}.tgz)',
  'pip: hashes of {name}=={n} do not match',
  // tokens and JWT
  'oauth2: cannot fetch token: 401 Unauthorized: invalid_client: signature of assertion {n} by {name} is invalid',
  'failed to verify id token signature: failed to verify signature: fetching keys oidc: get keys failed: 500 ({name} {n})',
  'SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided ({name}/{n})',
  'InvalidSignatureException: Signature expired: 20261122T{n}Z is now earlier than 20261122T101112Z ({name})',
  'serviceaccount {name}: token signature is invalid: key {n} unknown',
  'secret {name}: verification of the webhook signature failed ({n})',
  // pulls that fail for other reasons
  'Failed to pull image "{host}/{name}:{n}": rpc error: code = Unknown desc = reading manifest {n} in {host}/{name}: toomanyrequests: You have reached your pull rate limit',
  'Failed to pull image "{host}/{name}:{n}": initializing source docker://{host}/{name}:{n}: reading manifest {n} in {host}/{name}: unauthorized: authentication required',
  'Failed to pull image "{host}/{name}:{n}": initializing source docker://{host}/{name}:{n}: pinging container registry {host}: Get "https://{host}/v2/": dial tcp: lookup {host}: no such host',
  'Back-off pulling image "{host}/{name}:{n}": ErrImagePull: quota exceeded for project {name}',
  'Error: ImagePullBackOff ({host}/{name}:{n}): denied: requested access to the resource is denied',
  'Failed to pull image "{host}/{name}:{n}": copying system image from manifest list: writing blob: adding layer with blob "sha256:{n}": no space left on device',
  'Trying to pull {host}/{name}:{n}...\nError: initializing source docker://{host}/{name}:{n}: Requesting bearer token: invalid status code from registry 403 (Forbidden)',
  'error running rpm-ostree kargs --append={name}={n}: error: No such file or directory',
  // admission of other images, other policies
  'Error from server: admission webhook "validate.kyverno.svc-fail" denied the request: \n\nresource Pod/{name}/app-{n} was blocked due to the following policies\n\nrequire-labels:\n  check-labels: \'validation error: label {name} is required\'',
  'Error from server: admission webhook "mutate.kyverno.svc-fail" denied the request: \n\nresource Pod/{name}/app was blocked due to the following policies\n\ncheck:\n  check: \'failed to verify image {host}/{name}:{n}: .attestors[0].entries[0].keys: no signatures found\'',
  'Error from server (BadRequest): admission webhook "policy.sigstore.dev" denied the request: validation failed: failed policy: {name}: spec.containers[0].image\n{host}/{name}:{n} signature key validation failed for authority a for {host}/{name}:{n}: no signatures found',
  'admission webhook "policy.sigstore.dev" denied the request: validation failed: no matching policies: spec.containers[{n}].image\n{host}/{name}:1',
  'admission webhook "validation.gatekeeper.sh" denied the request: [{name}] image {host}/{name}:{n} comes from an untrusted registry',
  'failed calling webhook "{name}.example.com": failed to call webhook: Post "https://{host}:443/validate?timeout=10s": context deadline exceeded ({n})',
  'policy {name}/{n} fail: validation error: image {host}/{name} must not use latest',
  // logs of admission in JSON
  '{"level":"error","logger":"engine.verify","caller":"github.com/kyverno/kyverno/pkg/engine/internal/imageverifier.go:390","image":"{host}/{name}:{n}","error":"no signatures found","message":"failed to verify image"}',
  '{"level":"error","logger":"{name}","caller":"verify/image.go:{n}","image":"quay.io/openshift-release-dev/ocp-release:4.16.{n}","error":"no signatures found","msg":"failed to verify image"}',
  '{"level":"info","logger":"engine.verify","caller":"internal/imageverifier.go:{n}","msg":"image was previously verified, skipping check","image":"quay.io/openshift-release-dev/ocp-release:4.16.{n}","kind":"Pod"}',
  // the same forms of other programs, and of Kyverno about other things
  'E1122 10:11:12.131415       1 imageverifier.go:{n}] "failed to verify image" err="no signatures found" logger="{name}" image="quay.io/openshift-release-dev/ocp-release:4.16.{n}"',
  'E1122 10:11:12.131415       1 handlers.go:{n}] "image verification failed" err=<\n\n  {name}: timed out\n > logger="{name}"',
  'I1122 10:11:12.131415       1 imageverifier.go:{n}] "image attestors verification succeeded" logger="engine.verify" image="quay.io/openshift-release-dev/ocp-release:4.16.{n}" verifiedCount=1 requiredCount=1',
  'I1122 10:11:12.131415       1 imageverifier.go:{n}] "verifying image signatures" logger="engine.verify" policy.name="{name}" image="quay.io/openshift-release-dev/ocp-release:4.16.{n}" attestors=1 attestations=0',
  'E1122 10:11:12.131415       1 imageverifier.go:{n}] "failed to verify image" err="no signatures found" logger="engine.verify" image="{host}/{name}:{n}"',
  'I1122 10:11:12.131415       1 event_broadcaster.go:{n}] "Event occurred" object="{name}" kind="Deployment" apiVersion="apps/v1" type="Warning" reason="PolicyViolation" note="failed to verify image quay.io/openshift-release-dev/ocp-release:4.16.{n}: no signatures found"',
  '2025-03-20T17:04:00Z TRC github.com/kyverno/kyverno/pkg/webhooks/resource/validation/validation.go:{n} > validation passed URLParams= action=validate kind=Pod logger=webhooks/resource/validate name={name} namespace=default operation=CREATE policy=disallow-latest-tag',
  '2025-03-20T17:04:00Z ERR github.com/{name}/verify/image.go:{n} > failed to verify image error="no signatures found" image=quay.io/openshift-release-dev/ocp-release:4.16.{n} logger=engine.verify',
  // nodes, etcd, disks, DNS, quota
  'E1122 10:11:12.131415 {n} kubelet.go:2427] "Error getting node" err="node {name} not found"',
  'Node {name} is reporting: "failed to drain node: {name} after 1 hour. Please see machine-config-controller logs ({n})"',
  'Marking Degraded due to: unexpected on-disk state validating against rendered-{name}-{n}: content mismatch for file "/etc/{name}.conf"',
  '{n} nodes are reporting degraded status on sync\nNode {name} is reporting: "disk is full"',
  'etcdserver: mvcc: database space exceeded ({name}, {n})',
  'etcd {name}: rejected connection from 10.0.0.{n} (error "remote error: tls: bad certificate")',
  'exceeded quota: {name}, requested: pods={n}, used: pods=10, limited: pods=10',
  'dial tcp: lookup {host} on 10.0.0.10:53: server misbehaving ({n})',
  'XFS ({name}{n}): Metadata corruption detected, signature is invalid',
  'secure boot: {name}.ko: module verification failed: signature and/or required key missing - tainting kernel ({n})',
  'policy.json of {name}: IAM policy {n} is invalid: Unknown key "Principals"',
  'invalid policy document {n} of {name}: unknown field "keyPath"',
  'time="2026-11-22T00:00:00Z" level=fatal msg="open /etc/{name}/policy{n}.json: no such file or directory"',
  '{"level":"ERROR","message":"request","timestamp":"2026-11-22T00:00:00Z","service":"{name}","status":500,"error":{"name":"StoreError","code":"TimedOut","message":"{n}"}}',
  '{"level":"error","msg":"signature of {name} rejected","outcome":"rejected","reasons":["{n}"]}',
  'rejected  {host}/{name}:{n}',
  'application {name}: outcome rejected, SignatureInvalid: contract {n} is not signed',
  'Unable to apply patch {n} to {name}: could not download the update',
  'osImageURL of {name} is unchanged ({n})',
];
const NAMES = ['billing', 'catalogue', 'etcd', 'ingress', 'monitoring', 'vault'];

/** About 400 of them, each different. */
export function listOtherPrograms(): readonly string[] {
  return TEMPLATES.flatMap((template, at) =>
    NAMES.map((name, index) =>
      template
        .replaceAll('{name}', name)
        .replaceAll('{host}', `${name}.example.com`)
        .replaceAll('{n}', String(100 + at * NAMES.length + index)),
    ),
  );
}

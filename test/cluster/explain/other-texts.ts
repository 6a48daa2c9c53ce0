/** Messages of clusters, nodes and tools that are not about the verification of a release or an image. */
const TEMPLATES: readonly string[] = [
  'Cluster operator {name} is degraded',
  'Cluster operator {name} should not be upgraded between minor versions: {name} is managed',
  'Could not update deployment "openshift-{name}/{name}" ({n} of 902)',
  'Working towards 4.{m}.{n}: {n} of 902 done (17% complete), waiting on {name}',
  'Done applying 4.{m}.{n}',
  'Cluster version is 4.{m}.{n}',
  'Unable to retrieve available updates: Get "https://{host}/api/upgrades_info/v1/graph": x509: certificate signed by unknown authority',
  'tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error")',
  'Failed to verify JWT: invalid signature',
  'invalid bearer token, square/go-jose: error in cryptographic primitive, signature invalid',
  'error: failed to fetch {host}: signature verification of the index failed: no valid signature found',
  'GPG error: http://{host} InRelease: The following signatures could not be verified because the public key is not available: NO_PUBKEY {n}',
  'warning: /var/cache/{name}.rpm: Header V4 RSA/SHA256 Signature, key ID {n}: NOKEY',
  'error: gpg failed to sign the data',
  'fatal: could not verify the tag {name}: no signature found',
  'open /etc/{name}/config.yaml: no such file or directory',
  'open /var/lib/{name}/key.pem: permission denied',
  'unexpected EOF',
  'error: unexpected EOF while reading from {host}',
  'Error: release {name} failed, and has been rolled back due to atomic being set: timed out waiting for the condition',
  'Back-off restarting failed container {name} in pod {name}-{n}',
  'Readiness probe failed: HTTP probe failed with statuscode: 50{d}',
  '0/{n} nodes are available: {d} node(s) had untolerated taint',
  'admission webhook "validate.{name}.example.com" denied the request: the image of {name} is not allowed',
  'admission webhook "quota.{name}.svc" denied the request: signature of {name} is missing',
  'pods "{name}-{n}" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
  "ValidatingAdmissionPolicy '{name}' with binding '{name}' denied request: replicas must be at most {n}",
  'MountVolume.SetUp failed for volume "{name}" : configmap "{name}" not found',
  'Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create pod network sandbox {name}',
  'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
  'etcdserver: request timed out after {n} ms',
  'I1122 10:11:12.{n}       1 sync_worker.go:{n}] Done syncing for clusteroperator "{name}"',
  'W1122 10:11:12.{n}       1 reflector.go:{n}] failed to list *v1.ConfigMap: the server was unable to return a response',
  'E1122 10:11:12.{n}       1 leaderelection.go:{n}] error retrieving resource lock openshift-{name}/{name}: context canceled',
  'time="2026-11-22T00:00:00Z" level=info msg="reconciling {name}" controller={name}',
  'the certificate of {host} expires in {n} days',
  'certificate signing request csr-{name} approved',
  'verifying the bundle of {name}: all checks passed',
  'Operator {name}.v4.{m}.{n} is upgradeable',
  'Upgradeable=False\n\n  Reason: PoolUpdating\n  Message: One or more machine config pools are updating: {name}',
  'ClusterOperatorsNotAvailable: wait has exceeded 40 minutes for these operators: {name}',
  'MachineConfigPool {name} is not ready: {d} nodes are draining',
  '2026/11/22 10:11:12  [INFO]   : images to copy: {n}',
  '2026/11/22 10:11:12  [ERROR]  : catalog {name} not found',
  'image registry {host} is blocked in /etc/containers/registries.conf',
  'manifest for {host}/{name}:{n} not found: manifest unknown',
  'The signature of the function {name} has changed',
  'Please sign the document {name} with your key',
  'Verification of the account {name} is not possible today',
  'the digest of {name} is sha256-{n}',
  'release {name}-{n} was rejected by the reviewers',
];
const NAMES = [
  'authentication',
  'console',
  'dns',
  'etcd',
  'image-registry',
  'ingress',
  'insights',
  'kube-apiserver',
  'machine-api',
  'machine-config',
  'marketplace',
  'monitoring',
  'network',
  'node-tuning',
  'openshift-samples',
  'operator-lifecycle',
  'service-ca',
  'signature-store',
  'storage',
  'verifier',
];

/** A thousand of them, each different. */
export function listOtherTexts(): readonly string[] {
  return TEMPLATES.flatMap((template, at) =>
    NAMES.map((name, index) => {
      const number = 100 + at * NAMES.length + index;
      const text = template
        .replaceAll('{name}', name)
        .replaceAll('{host}', `${name}.example.com`)
        .replaceAll('{n}', String(number))
        .replaceAll('{m}', String(10 + (index % 10)))
        .replaceAll('{d}', String(index % 10));
      return text === template ? `${text} (${number})` : text;
    }),
  );
}

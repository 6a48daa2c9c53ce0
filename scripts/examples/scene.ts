import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeInstaller } from '../../test/artifact/installer/installer-writer.ts';
import { clusterVersion, digestOf, list, MIRROR, mirrorSet, OCP } from '../../test/cluster/fleet/sample-clusters.ts';
import {
  KEY_PATH,
  KEY_TEXT,
  POLICY_TEXT,
  REGISTRIES_D,
} from '../../test/cluster/render/machine-config/machine-config-example.ts';
import { AFTER, BEFORE, describePool } from '../../test/cluster/rollout/describe-pool.ts';
import { SHOP, SITE } from '../../test/cluster/trial/sample-export.ts';
import { FIXTURE_RELEASES, fixtureReleases } from '../../test/support/fixture-releases.ts';

const ROOT = path.join(import.meta.dirname, '../..');

/**
 * The files that the examples of the documents work on. Everything is made from what the clone holds, byte for byte the
 * same in each run, so that an example prints the same everywhere.
 */
export function writeScene(folder: string): void {
  const files: Readonly<Record<string, string | Uint8Array>> = {
    ...releaseFiles(),
    ...fleetFiles(),
    ...messageFiles(),
    ...nodeFiles(),
    'site/pods.json': JSON.stringify(list(...SITE)),
    'site/mirrors.json': JSON.stringify(mirrorSet(SHOP, 'mirror.example.com/shop')),
    'catalog.yaml': CATALOG,
    'openshift-install-linux.tar.gz': gzipSync(
      makeInstaller({ image: pullspecOf('4.99.1'), version: '4.99.1', architecture: 'linux/amd64' }),
    ),
    'openshift-install': makeInstaller({}),
    'bin/npx': `#!/bin/sh\nshift\nexec node ${path.join(ROOT, 'cli/signet.js')} "$@"\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  chmodSync(path.join(folder, 'bin/npx'), 0o755);
  cpSync(FIXTURE_RELEASES, path.join(folder, 'test/fixtures/releases'), { recursive: true });
  for (const name of ['trust', 'with-mirrors']) {
    cpSync(path.join(FIXTURE_RELEASES, 'trust'), path.join(folder, name), { recursive: true });
  }
  cpSync(path.join(FIXTURE_RELEASES, 'signatures'), path.join(folder, 'signatures'), { recursive: true });
  const key = 'test/fixtures/openpgp/keys/rsa4096.asc';
  cpSync(path.join(ROOT, key), path.join(folder, key));
  // The signature of one release under the digest of another.
  const [one, other] = [pullspecOf('4.99.1'), pullspecOf('4.99.2')].map(toSegment);
  cpSync(path.join(folder, 'signatures', `${one}`), path.join(folder, 'swapped', `${other}`), { recursive: true });
}

function pullspecOf(version: string): string {
  return fixtureReleases.find((release) => release.version === version)?.pullspec ?? '';
}

/** `sha256=<hex>` of a pullspec. */
function toSegment(pullspec: string): string {
  return pullspec.split('@')[1]?.replace(':', '=') ?? '';
}

function releaseFiles() {
  const nodes = ['4.99.1', '4.99.2', '4.99.3', '4.99.8'].map((version) => ({
    version,
    payload: pullspecOf(version),
    metadata: {},
  }));
  return {
    'graph.json': JSON.stringify({
      nodes: nodes.filter(({ payload }) => payload !== ''),
      edges: [],
      conditionalEdges: [],
    }),
    'with-mirrors/ocp/mirrors.yaml': JSON.stringify(mirrorSet(OCP, 'registry.example.net/ocp4/release')),
  };
}

function fleetFiles(): Readonly<Record<string, string>> {
  const verified = (version: string, image: string) => ({ state: 'Completed', version, image, verified: true });
  const forced = `${OCP}@${digestOf('c')}`;
  const hub = clusterVersion({
    desired: forced,
    history: [
      {
        ...verified('4.16.2', forced),
        verified: false,
        acceptedRisks: `Target release version="" image="${forced}" cannot be verified, but continuing anyway because the update was forced`,
      },
      verified('4.16.1', `${OCP}@${digestOf('a')}`),
    ],
  });
  return {
    'exported/east.yaml': JSON.stringify(clusterVersion({ desired: `${OCP}@${digestOf('a')}` })),
    'exported/hub.yaml': JSON.stringify(hub),
    'exported/west.yaml': JSON.stringify(
      list(
        clusterVersion({
          desired: `${OCP}@${digestOf('b')}`,
          desiredUpdate: { image: `${MIRROR}@${digestOf('d')}` },
          signatureStores: [{ url: 'https://sigs.example.com/release', ca: { name: 'my-ca' } }],
        }),
        mirrorSet(),
      ),
    ),
  };
}

function messageFiles(): Readonly<Record<string, string>> {
  const [, digest = ''] = pullspecOf('4.99.1').split('@');
  const place = `https://sigs.example.com/${digest.replace(':', '=')}/signature-1`;
  return {
    'event.txt': `Retrieving payload failed version="4.99.1" image="${pullspecOf('4.99.1')}" failure=The update cannot be verified: unable to verify ${digest} against keyrings: verifier-public-key-fixture // [2026-11-22T09:00:00Z: prefix ${digest.replace(':', '-')} in config map signatures-managed: no more signatures to check, 2026-11-22T09:00:01Z: unable to retrieve signature from ${place}: response status 403]\n`,
    'pull.txt':
      'Failed to pull image "mirror.example/openshift/release-images:4.16.1": SignatureValidationFailed: Source image rejected: Signature for identity "quay.io/openshift-release-dev/ocp-release:4.16.1-x86_64" is not accepted\n',
  };
}

const SITE_KEY_PATH = '/etc/pki/site/cosign.pub';

function toScoped(key: object): string {
  const requirement = { type: 'sigstoreSigned', ...key, signedIdentity: { type: 'matchRepository' } };
  const transports = { docker: { 'registry.example.com/acme': [requirement] } };
  return `${JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }], transports }, null, 2)}\n`;
}

function nodeFiles(): Readonly<Record<string, string>> {
  const held = { '/etc/containers/policy.json': POLICY_TEXT, [KEY_PATH]: KEY_TEXT };
  const registries = Object.entries(REGISTRIES_D);
  const nodes = ['worker-0', 'worker-1', 'worker-2'].flatMap((node) => [
    ...Object.entries(held).map(([name, text]) => [`nodes/${node}${name}`, text] as const),
    ...registries.map(([name, text]) => [`nodes/${node}/etc/containers/registries.d/${name}`, text] as const),
  ]);
  return {
    'policy.json': POLICY_TEXT,
    'new-members.json': toScoped({ keyPaths: [SITE_KEY_PATH] }),
    'sigstore.json': toScoped({ keyPath: SITE_KEY_PATH }),
    [`root${SITE_KEY_PATH}`]: readFileSync(path.join(ROOT, 'test/fixtures/cosign/keys/p256.pub'), 'utf8'),
    'deny.json': '{"default": [{"type": "reject"}]}\n',
    [`root${KEY_PATH}`]: KEY_TEXT,
    ...Object.fromEntries(registries.map(([name, text]) => [`registries.d/${name}`, text])),
    'before.txt': describePool(BEFORE),
    'after.txt': describePool(AFTER),
    ...Object.fromEntries(nodes),
  };
}

const CATALOG = `schema: olm.bundle
name: example.v1.2.0
package: example
image: registry.redhat.io/example/operator-bundle@${digestOf('a')}
relatedImages:
  - name: operand
    image: registry.redhat.io/example/operand@${digestOf('b')}
  - name: proxy
    image: quay.io/example/proxy:v1
`;

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { toManifestText } from '../../../lib/base/documents/manifest-text.ts';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { toTrustManifest } from '../../../lib/cluster/render/trust.ts';
import { decodeArmoredKeys } from '../../../lib/crypto/openpgp/packets/armor.ts';
import { prepareTrust } from '../../../lib/trust/prepare/prepare-trust.ts';
import type { TrustDocument } from '../../../lib/trust/prepared/trust-document.ts';
import { writeArmor } from '../../fixtures/make/armor-writer.ts';
import { readFixtureDocuments } from '../../support/fixture-releases.ts';
import { file, IMAGE_POLICY, KEY, profile, TRUST_DATA, trustConfigMap } from '../../trust/sample-documents.ts';

const KEYS = path.join(import.meta.dirname, '../../fixtures/openpgp/keys');
const REAL = process.env['SIGNET_RELEASES'];
const read = (name: string): string => readFileSync(path.join(KEYS, name), 'latin1');
const isPublic = (name: string): boolean => read(name).includes('PUBLIC KEY BLOCK');
/** Key files of which clusters load nothing, or not all. */
const NOT_WHOLE = ['ed25519.asc', 'ed25519-written.asc', 'ed25519-rfc9580.asc', 'two-blocks.asc'];

/** What the rendered ConfigMap is read as, alone, and what the documents it came from are. */
async function roundTrip(name: string, documents: readonly TrustDocument[]) {
  const { configMap, warnings } = await toTrustManifest(name, documents, { withRepositories: true });
  const original = await prepareTrust(name, documents);
  const again = await Promise.all(
    (['yaml', 'json'] as const).map((format) =>
      prepareTrust(name, [{ name: `trust.${format}`, bytes: Buffer.from(toManifestText(configMap, format)) }]),
    ),
  );
  return { configMap, warnings, original, again };
}

describe('read back to the same keyrings, stores and repositories', () => {
  const stores = `apiVersion: config.openshift.io/v1
kind: ClusterVersion
metadata: {name: version}
spec: {signatureStores: [{url: https://b.example/s}, {url: https://a.example/s}]}
`;
  const rows: readonly [name: string, profile: string, documents: readonly TrustDocument[]][] = [
    ['fixture trust', 'ocp', readFixtureDocuments()],
    [
      'repositories of a Profile',
      'acme',
      [
        file('trust.yaml', trustConfigMap()),
        file(
          'profile.yaml',
          profile({ canonicalRepositories: ['quay.io/acme/release', 'mirror.example/other/release'] }),
        ),
      ],
    ],
    [
      'repositories of the ConfigMap',
      'acme',
      [file('trust.yaml', trustConfigMap({ data: { ...TRUST_DATA, 'release-repository-x': 'quay.io/acme/release' } }))],
    ],
    ['stores of a ClusterVersion', 'ocp', [file('trust.yaml', trustConfigMap()), file('version.yaml', stores)]],
    [
      'two keyrings',
      'ocp',
      [file('trust.yaml', trustConfigMap({ data: { ...TRUST_DATA, 'verifier-public-key-b': read('p256.asc') } }))],
    ],
    ...readdirSync(KEYS)
      .filter((name) => name.endsWith('.asc') && isPublic(name) && !NOT_WHOLE.includes(name))
      .map((name): [string, string, readonly TrustDocument[]] => [
        `the key file ${name}`,
        'ocp',
        [file('trust.yaml', trustConfigMap({ data: { ...TRUST_DATA, 'verifier-public-key-a': read(name) } }))],
      ]),
  ];
  test.each(rows)('%s', async (_, name, documents) => {
    const loads = await prepareTrust(name, documents).then(
      () => true,
      () => false,
    );
    if (!loads) {
      await expect(toTrustManifest(name, documents)).rejects.toThrow(ConfigurationError);
      return;
    }
    const { original, again } = await roundTrip(name, documents);
    for (const trust of again) {
      expect(trust.keyrings).toEqual(original.keyrings);
      expect(trust.stores.map(({ url }) => url)).toEqual(original.stores.map(({ url }) => url));
      expect(trust.canonicalRepositories).toEqual(original.canonicalRepositories);
    }
  });

  test.skipIf(REAL === undefined).each(['ocp', 'okd'])('real trust of %s', async (name) => {
    const folder = path.join(REAL ?? '', 'trust', name);
    const documents = readdirSync(folder).map((entry) => ({
      name: entry,
      bytes: readFileSync(path.join(folder, entry)),
    }));
    const { original, again } = await roundTrip(name, documents);
    for (const trust of again) {
      expect(trust.keyrings).toEqual(original.keyrings);
      expect(trust.stores).toEqual(original.stores);
      expect(trust.canonicalRepositories).toEqual(original.canonicalRepositories);
    }
  });
});

describe('certificates that operators do not load are left out', () => {
  const trustWith = (key: string) => [
    file('trust.yaml', trustConfigMap({ data: { ...TRUST_DATA, 'verifier-public-key-a': key } })),
  ];
  test.each(['ed25519.asc', 'ed25519-written.asc', 'ed25519-rfc9580.asc'])('%s: nothing is left', async (name) => {
    const rendered = toTrustManifest('ocp', trustWith(read(name)));
    await expect(rendered).rejects.toMatchObject({ code: 'TrustUnusable' });
    await expect(rendered).rejects.toThrow('operators load no certificate of the keyring verifier-public-key-a');
  });

  test('beside one that they load, whatever the order', async () => {
    const [rsa, ed25519] = ['rsa2048.asc', 'ed25519.asc'].map(
      (name) => decodeArmoredKeys(read(name))[0] ?? Buffer.alloc(0),
    );
    for (const order of [
      [rsa, ed25519],
      [ed25519, rsa],
    ]) {
      const key = writeArmor(Buffer.concat(order.map((one) => one ?? Buffer.alloc(0))), { type: 'PUBLIC KEY BLOCK' });
      const { configMap, warnings } = await toTrustManifest('ocp', trustWith(key));
      const again = await prepareTrust('ocp', [file('trust.json', toManifestText(configMap, 'json'))]);
      expect(again.keyrings[0]?.certificates.map(({ userIds }) => userIds)).toEqual([['Signet fixture rsa2048']]);
      expect(warnings[0]).toMatch(
        /^verifier-public-key-a: left out certificate [0-9A-F]{40}: cluster-version operators read no keys of algorithm 22 \(Ed25519\)$/,
      );
    }
  });

  test('those of a later armor block', async () => {
    const { configMap, warnings } = await toTrustManifest('ocp', trustWith(read('two-blocks.asc')));
    const again = await prepareTrust('ocp', [file('trust.json', toManifestText(configMap, 'json'))]);
    expect(again.keyrings[0]?.certificates.map(({ userIds }) => userIds)).toEqual([['Signet fixture rsa2048']]);
    expect(warnings[0]).toContain('read the first armor block of a keyring alone');
  });

  test.skipIf(REAL === undefined)('of Red Hat’s file, all but release key 2', async () => {
    const key = readFileSync(path.join(REAL ?? '', 'keys/RPM-GPG-KEY-redhat10-release'), 'latin1');
    const { configMap, warnings } = await toTrustManifest('ocp', trustWith(key));
    const again = await prepareTrust('ocp', [file('trust.json', toManifestText(configMap, 'json'))]);
    expect(again.keyrings[0]?.certificates.map(({ fingerprint }) => fingerprint)).toEqual([
      '567E347AD0044ADE55BA8A5F199E2F91FD431D51',
    ]);
    expect(warnings.slice(0, 2).map((warning) => /left out certificate ([0-9A-F]+)/.exec(warning)?.[1])).toEqual([
      '7E4624258C406535D56D6F135054E4A45A6340B3',
      'FCD355B305707A62DA143AB6E422397E50FE8467A2A95343D246D6276AFEDF8F',
    ]);
  });
});

test('the form that release verification reads', async () => {
  const { configMap } = await toTrustManifest('ocp', [file('trust.yaml', trustConfigMap())]);
  expect(configMap.metadata).toEqual({
    name: 'release-verification',
    namespace: 'openshift-config-managed',
    annotations: { 'release.openshift.io/verification-config-map': '' },
  });
  expect(Object.keys(configMap.data)).toEqual(['store-a', 'verifier-public-key-a']);
  const [, checksum] =
    /\n(=[A-Za-z0-9+/]{4})\n-----END PGP PUBLIC KEY BLOCK-----\n$/.exec(
      configMap.data['verifier-public-key-a'] ?? '',
    ) ?? [];
  expect(KEY).toContain(checksum);
});

test('repositories with the same last part keep both', async () => {
  const repositories = ['quay.io/a/release', 'quay.io/b/release', 'quay.io/c/release'];
  const documents = [
    file('trust.yaml', trustConfigMap()),
    file('profile.yaml', profile({ canonicalRepositories: repositories })),
  ];
  const { data } = (await toTrustManifest('acme', documents, { withRepositories: true })).configMap;
  expect(Object.keys(data).filter((key) => key.startsWith('release-repository-'))).toEqual([
    'release-repository-release',
    'release-repository-release-2',
    'release-repository-release-3',
  ]);
});

test('what stands beside the keys does not come along', async () => {
  const secret = '-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----\n';
  const documents = [
    file(
      'trust.yaml',
      trustConfigMap({ data: { ...TRUST_DATA, 'verifier-public-key-a': `note to self\n${secret}${KEY}${secret}` } }),
    ),
  ];
  const { configMap } = await toTrustManifest('ocp', documents);
  expect(JSON.stringify(configMap)).not.toMatch(/PRIVATE|c2VjcmV0|note to self/);
  expect(configMap.data['verifier-public-key-a']).toMatch(/^-----BEGIN PGP PUBLIC KEY BLOCK-----\n/);
});

describe('says what the ConfigMap cannot', () => {
  test.each<[name: string, profileName: string, documents: readonly TrustDocument[], said: string]>([
    ['signed repositories of OKD', 'okd', [], 'may name registry.ci.openshift.org/origin/release-scos'],
    [
      'signedRepository: off',
      'acme',
      [file('p.yaml', profile({ canonicalRepositories: ['quay.io/a/b'], signedRepository: 'off' }))],
      'signedRepository: off',
    ],
    ['image policies', 'ocp', [file('policy.yaml', IMAGE_POLICY)], '1 image policies'],
    [
      'verification: disabled',
      'acme',
      [file('p.yaml', profile({ canonicalRepositories: ['quay.io/a/b'], verification: 'disabled' }))],
      'verification: disabled',
    ],
  ])('%s', async (_, name, documents, said) => {
    const { warnings } = await toTrustManifest(name, [file('trust.yaml', trustConfigMap()), ...documents]);
    expect(warnings.join('\n')).toContain(said);
  });

  test('nothing where it says all', async () => {
    const { warnings } = await toTrustManifest('ocp', [file('trust.yaml', trustConfigMap())]);
    expect(warnings).toHaveLength(1);
  });
});

describe('refused', () => {
  test.each<[name: string, documents: readonly TrustDocument[], message: string]>([
    ['no trust ConfigMap', [file('policy.yaml', IMAGE_POLICY)], 'no keyring'],
    ['documents that do not load', [file('trust.yaml', '{')], 'trust.yaml'],
    ['no documents', [], 'no trust documents'],
    [
      'a key that no ConfigMap has',
      [file('trust.yaml', trustConfigMap({ data: { ...TRUST_DATA, 'store-a b': 'https://a.example' } }))],
      'is not a key',
    ],
  ])('%s', async (_, documents, message) => {
    await expect(toTrustManifest('ocp', documents)).rejects.toThrow(ConfigurationError);
    await expect(toTrustManifest('ocp', documents)).rejects.toThrow(message);
  });
});

import { generateKeyPairSync } from 'node:crypto';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { toManifestsText } from '../../../../lib/base/documents/manifest-text.ts';
import { type NodeFile, toNodeFiles } from '../../../../lib/cluster/render/machine-config/machine-config-files.ts';
import {
  checkKeys,
  listKeyPaths,
  prepareNodeKeys,
} from '../../../../lib/cluster/render/machine-config/machine-config-keys.ts';
import {
  type IgnitionVersion,
  MAX_MACHINE_CONFIG_BYTES,
  toMachineConfigs,
} from '../../../../lib/cluster/render/machine-config/machine-config.ts';
import {
  findLockoutRisks,
  findLockouts,
  parsePullSource,
  RELEASE_REPOSITORIES,
} from '../../../../lib/trust/policy/machine-config-lockouts.ts';
import { parsePolicyJson } from '../../../../lib/trust/policy/parse-policy-json.ts';
import { readRegistriesD } from '../../../../lib/trust/registries-d/read-registries-d.ts';
import { documentedFiles, KEY_PATH, KEY_TEXT } from './machine-config-example.ts';
import { machineConfigSchema } from './machine-config-schema.ts';

const file: NodeFile = { path: '/etc/containers/policy.json', bytes: Buffer.from('{}') };
const BASE = {
  pools: ['worker', 'master'],
  name: '51-{pool}-signet-policy',
  ignition: '3.4' as IgnitionVersion,
  files: [file],
};
const documented = toNodeFiles(documentedFiles());

describe('toMachineConfigs', () => {
  test.each<IgnitionVersion>(['3.4', '2.2'])('Ignition %s: by its schema, and back to the same files', (ignition) => {
    const validate = new Ajv({ strict: true, allErrors: true }).compile(machineConfigSchema(ignition));
    const manifests = toMachineConfigs({ ...BASE, ignition, files: documented });
    expect(manifests.map(({ metadata }) => metadata)).toEqual(
      ['worker', 'master'].map((pool) => ({
        name: `51-${pool}-signet-policy`,
        labels: { 'machineconfiguration.openshift.io/role': pool },
      })),
    );
    for (const manifest of manifests) {
      const read: unknown = parse(toManifestsText([manifest], 'yaml'));
      expect([validate(read), validate.errors]).toEqual([true, null]);
      const { files } = manifest.spec.config.storage;
      expect(files.map(({ path, mode, contents }) => ({ path, mode, text: decode(contents.source) }))).toEqual(
        documented
          .map(({ path, bytes }) => ({ path, mode: 0o644, text: Buffer.from(bytes).toString() }))
          .toSorted((left, right) => (left.path < right.path ? -1 : 1)),
      );
    }
  });

  test.each<[string, IgnitionVersion, object]>([
    ['filesystem in 3.4', '2.2', { ignition: '3.4' }],
    ['no filesystem in 2.2', '3.4', { ignition: '2.2' }],
  ])('the schemas tell the versions apart: %s', (_, written, { ignition }: { ignition?: IgnitionVersion }) => {
    const validate = new Ajv().compile(machineConfigSchema(ignition ?? '3.4'));
    expect(validate(toMachineConfigs({ ...BASE, ignition: written })[0])).toBe(false);
  });

  test('the same bytes, whatever the order of the files', () => {
    const text = (files: readonly NodeFile[]) => toManifestsText(toMachineConfigs({ ...BASE, files }), 'yaml');
    expect(text(documented.toReversed())).toBe(text(documented));
  });

  test('a binary key is not called text', () => {
    const [manifest] = toMachineConfigs({
      ...BASE,
      files: [{ path: '/etc/pki/key', bytes: Buffer.from([0x99, 0xff]) }],
    });
    expect(manifest?.spec.config.storage.files[0]?.contents.source).toBe('data:application/octet-stream;base64,mf8=');
  });

  test.each<[string, Partial<typeof BASE>, string]>([
    ['no pool', { pools: [] }, 'no pool: give at least one'],
    ['a pool twice', { pools: ['a', 'a'] }, 'given twice'],
    ['a pool that is no name', { pools: ['A_'] }, 'is not a name'],
    ['a pool longer than a label', { pools: ['a'.repeat(64)] }, 'longer than 63 characters'],
    ['a name with YAML in it', { name: '51-{pool}\nspec: {}' }, 'is not a name'],
    ['a pool with YAML in it', { pools: ['worker"\n  x: y'] }, 'is not a name'],
    ['the name of what the cluster generates', { name: '99-{pool}-generated-registries' }, 'reserved by the cluster'],
    ['the name of what the cluster renders', { name: 'rendered-{pool}-1' }, 'reserved by the cluster'],
    ['the name of a template', { name: '01-{pool}-kubelet' }, 'reserved by the cluster'],
    ['one name for two pools', { name: 'mine' }, 'the same for 2 pools'],
    ['a name that is none', { name: 'A {pool}' }, 'is not a name'],
    ['no file', { files: [] }, 'no file'],
    ['a path twice', { files: [file, file] }, 'given twice'],
    ['a relative path', { files: [{ ...file, path: 'etc/x' }] }, 'not a path on a node'],
    ['a path upwards', { files: [{ ...file, path: '/etc/../usr/x' }] }, 'not a path on a node'],
    ['a path with a line feed', { files: [{ ...file, path: '/etc/a\nb' }] }, 'not a path on a node'],
    ['a path of the image', { files: [{ ...file, path: '/usr/share/key' }] }, 'cannot write'],
    ['too many bytes', { files: [{ ...file, bytes: Buffer.alloc(MAX_MACHINE_CONFIG_BYTES) }] }, 'holds at most'],
  ])('%s', (_, given, message) => {
    expect(() => toMachineConfigs({ ...BASE, ...given })).toThrow(message);
  });
});

describe('toNodeFiles', () => {
  const bytes = Buffer.from('x');
  const none = { policy: bytes, registriesD: [], keys: new Map<string, Uint8Array>() };
  test.each<[string, Partial<Parameters<typeof toNodeFiles>[0]>, string]>([
    ['a name that nodes pass over', { registriesD: [{ name: 'a.yml', bytes }] }, 'files named <name>.yaml'],
    ['a name with a folder', { registriesD: [{ name: 'b/a.yaml', bytes }] }, 'files named <name>.yaml'],
    [
      'the file that the cluster writes',
      { registriesD: [{ name: 'sigstore-registries.yaml', bytes }] },
      'reserved by the cluster',
    ],
    [
      'a key in place of the policy',
      { keys: new Map([['/etc/containers/policy.json', bytes]]) },
      'is reserved: put the key elsewhere',
    ],
    [
      'a key in registries.d',
      { keys: new Map([['/etc/containers/registries.d/a.yaml', bytes]]) },
      'is reserved: put the key elsewhere',
    ],
  ])('%s', (_, given, message) => {
    expect(() => toNodeFiles({ ...none, ...given })).toThrow(message);
  });
});

const policyOf = (docker: object, fallback: object = { type: 'insecureAcceptAnything' }) =>
  parsePolicyJson('policy.json', JSON.stringify({ default: [fallback], transports: { docker } }));
const signedBy = { type: 'signedBy', keyType: 'GPGKeys', keyPath: KEY_PATH };
const reject = { type: 'reject' };

describe('keys', () => {
  test('every path that the policy names, once', () => {
    const policy = policyOf({
      'a.example': [signedBy, { type: 'signedBy', keyType: 'GPGKeys', keyPaths: ['/etc/pki/b', KEY_PATH] }],
      'b.example': [{ type: 'sigstoreSigned', keyPath: '/etc/pki/c.pub', rekorPublicKeyPath: '/etc/pki/rekor.pub' }],
      'c.example': [{ type: 'sigstoreSigned', keyData: 'eA==' }],
      'd.example': [
        {
          type: 'sigstoreSigned',
          fulcio: { caPath: '/etc/pki/ca', oidcIssuer: 'https://i', subjectEmail: 'e@x' },
          rekorPublicKeyPath: '/etc/pki/rekor.pub',
        },
      ],
    });
    expect(listKeyPaths(policy)).toEqual(
      ['/etc/pki/b', '/etc/pki/c.pub', '/etc/pki/ca', '/etc/pki/rekor.pub', KEY_PATH].toSorted(),
    );
  });

  test.each<[string, readonly string[], readonly string[], string | undefined]>([
    ['all given', ['/a', '/b'], [], undefined],
    ['one on the nodes', ['/a'], ['/b'], undefined],
    ['one missing', ['/a'], [], 'the policy names /b, which is not given'],
    ['both missing', [], [], 'the policy names /a, /b, which'],
    ['one too many', ['/a', '/b', '/c'], [], 'does not name the key /c'],
    [
      'given and on the nodes',
      ['/a', '/b'],
      ['/b'],
      'the key /b is given both as a file and as on the nodes: leave one out',
    ],
  ])('%s', (_, given, onNode, message) => {
    const check = () => checkKeys(['/a', '/b'], given, onNode);
    if (message === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(message);
  });
});

describe('lock-outs', () => {
  const [release = '', components = ''] = RELEASE_REPOSITORIES;
  test.each<[string, ReturnType<typeof policyOf>, readonly string[], readonly string[]]>([
    ['the documentation’s', policyOf({ 'registry.redhat.io': [signedBy] }), [], []],
    ['reject by default', policyOf({}, reject), [], [release, components]],
    [
      'reject by default, what is needed accepted',
      policyOf({ 'quay.io/openshift-release-dev': [signedBy] }, reject),
      [],
      [],
    ],
    ['the registry rejected', policyOf({ 'quay.io': [reject] }), [], [release, components]],
    ['a wildcard rejected', policyOf({ '*.io': [reject] }), [], [release, components]],
    ['components alone rejected', policyOf({ [components]: [reject] }), [], [components]],
    [
      'the repository accepted, its registry rejected',
      policyOf({ 'quay.io': [reject], [release]: [signedBy] }),
      [],
      [components],
    ],
    ['accepted and rejected at once', policyOf({ [release]: [signedBy, reject] }), [], [release]],
    [
      'a requirement that is never met',
      policyOf({ [release]: [{ type: 'signedBaseLayer', baseLayerIdentity: { type: 'matchExact' } }] }),
      [],
      [release],
    ],
    [
      'keys that nodes cannot evaluate',
      policyOf({ [release]: [{ ...signedBy, keyType: 'X509Certificates' }] }),
      [],
      [release],
    ],
    [
      'a pull source rejected',
      policyOf({ 'mirror.example': [reject] }),
      ['mirror.example/ocp/release'],
      ['mirror.example/ocp/release'],
    ],
    ['another source rejected', policyOf({ 'mirror.example': [reject] }), ['other.example/ocp/release'], []],
    [
      'one tag of it rejected',
      policyOf({ 'mirror.example/a:1': [reject] }),
      ['mirror.example/a:1', 'mirror.example/a:2'],
      ['mirror.example/a'],
    ],
  ])('%s', (_, policy, sources, expected) => {
    const images = [...RELEASE_REPOSITORIES, ...sources].map(parsePullSource);
    expect(findLockouts(policy, images).map(({ image }) => image)).toEqual(expected);
  });

  const sigstore = { type: 'sigstoreSigned', keyData: 'eA==' };
  const attached = (host: string) =>
    readRegistriesD([{ document: 'a.yaml', content: { docker: { [host]: { 'use-sigstore-attachments': true } } } }]);
  test.each<[string, object, ReturnType<typeof attached>, readonly string[]]>([
    ['components have no OpenPGP signatures upstream', { 'quay.io': [signedBy] }, attached('quay.io'), [components]],
    ['the release image has', { [release]: [signedBy] }, attached('a.example'), []],
    ['Sigstore signatures that nodes read', { 'quay.io': [sigstore] }, attached('quay.io'), []],
    ['Sigstore signatures that nodes do not read', { 'quay.io': [sigstore] }, attached(release), [components]],
  ])('risks: %s', (_, docker, registriesD, expected) => {
    const risks = findLockoutRisks(policyOf(docker), RELEASE_REPOSITORIES.map(parsePullSource), registriesD);
    expect(risks).toEqual(expected.map((name): unknown => expect.stringContaining(`signatures of ${name}, and`)));
  });

  test.each(['registry.redhat.io', 'ubi9/ubi', 'registry.redhat.io/UBI', ''])('%j is no pull source', (text) => {
    expect(() => parsePullSource(text)).toThrow();
  });
});

function decode(source: string): string {
  return Buffer.from(source.slice(source.indexOf(',') + 1), 'base64').toString();
}

describe('key files', () => {
  const pem = (label: string): Buffer => Buffer.from(`-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const exported = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));
  const openpgp = { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/etc/k' };
  const sigstore = { type: 'sigstoreSigned', keyPath: '/etc/k' };
  const pki = { type: 'sigstoreSigned', pki: { caRootsPath: '/etc/k', subjectEmail: 'a@b.example' } };
  test.each<[string, object, Uint8Array, string | undefined]>([
    ['OpenPGP keys', openpgp, Buffer.from(KEY_TEXT), undefined],
    ['a PEM key for OpenPGP', openpgp, exported, 'not valid as OpenPGP keys'],
    ['an empty file', openpgp, Buffer.alloc(0), 'not valid as OpenPGP keys'],
    ['a public key', sigstore, exported, undefined],
    ['OpenPGP keys for a public key', sigstore, Buffer.from(KEY_TEXT), 'not valid as public key'],
    [
      'a private key',
      sigstore,
      Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
      'is not a public key',
    ],
    ['a certificate that is none', pki, pem('CERTIFICATE'), 'not valid as certificates'],
    ['a key for certificates', pki, exported, 'not valid as certificates'],
  ])('%s', async (_, requirement, bytes, message) => {
    const policy = parsePolicyJson('policy.json', JSON.stringify({ default: [requirement] }));
    const checked = prepareNodeKeys(policy, new Map([['/etc/k', bytes]]));
    if (message === undefined) expect(await checked).toEqual({ keys: new Map([['/etc/k', bytes]]), warnings: [] });
    else await expect(checked).rejects.toThrow(message);
  });
});

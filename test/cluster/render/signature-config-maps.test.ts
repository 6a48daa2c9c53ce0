import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { toManifestsText, toManifestText } from '../../../lib/base/documents/manifest-text.ts';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { type Digest, parseDigest } from '../../../lib/base/names/digest.ts';
import { parseDnsName } from '../../../lib/cluster/render/dns-name.ts';
import {
  MAX_CONFIG_MAP_BYTES,
  type SignatureConfigMapDocument,
  type SignedRelease,
  toSignatureConfigMaps,
} from '../../../lib/cluster/render/signature-config-maps.ts';
import {
  createConfigMapStore,
  MAX_CONFIG_MAP_SIGNATURES,
  parseSignatureConfigMaps,
} from '../../../lib/stores/config-map-store.ts';

const HEX = { sha256: 64, sha384: 96, sha512: 128 } as const;

function toDigest(seed: string, algorithm: keyof typeof HEX = 'sha256'): Digest {
  return parseDigest(`${algorithm}:${createHash(algorithm).update(seed).digest('hex')}`);
}

function release(seed: string, version: string | undefined, sizes: readonly number[] = [900]): SignedRelease {
  const signatures = sizes.map((size, index) => new Uint8Array(size).fill(index + 1));
  return { digest: toDigest(seed), version, signatures };
}

function many(count: number, version: string | undefined, name = 'r'): readonly SignedRelease[] {
  return Array.from({ length: count }, (_, index) => release(`${name} ${index}`, version));
}

const namesOf = (configMaps: readonly SignatureConfigMapDocument[]) => configMaps.map(({ metadata }) => metadata.name);
const bytesOf = (configMap: object) => Buffer.byteLength(JSON.stringify(configMap));

describe('groups', () => {
  test.each<[name: string, versions: readonly (string | undefined)[], names: readonly string[]]>([
    ['nothing', [], []],
    ['one release', ['4.16.37'], ['4-16-1']],
    ['two of a minor', ['4.16.1', '4.16.37'], ['4-16-1']],
    ['minors by number', ['5.0.0-ec.1', '4.16.1', '4.9.1'], ['4-9-1', '4-16-1', '5-0-1']],
    ['none last', [undefined, '4.16.1'], ['4-16-1', 'unversioned-1']],
    ['what is no version', ['latest', '4.16'], ['unversioned-1']],
    ['a name that would not be one', ['4.16.1_/..'], ['4-16-1']],
  ])('%s', (_, versions, names) => {
    const configMaps = toSignatureConfigMaps(versions.map((version, index) => release(`${index}`, version)));
    expect(namesOf(configMaps)).toEqual(names.map((name) => `signet-release-signatures-${name}`));
    expect(namesOf(configMaps).map(parseDnsName)).toEqual(namesOf(configMaps));
  });

  test('releases without a signature make no ConfigMap', () => {
    expect(toSignatureConfigMaps([release('a', '4.16.1', [])])).toEqual([]);
  });

  test('a digest that is given twice is a fault of the caller', () => {
    expect(() => toSignatureConfigMaps([release('a', '4.16.1'), release('a', '4.17.1')])).toThrow('given twice');
  });
});

describe('sizes', () => {
  /** Signatures of one digest that fill a ConfigMap to so many bytes less than the limit, or more. */
  function filling(over: number): SignedRelease {
    const empty = bytesOf(toSignatureConfigMaps([release('full', '4.16.1', [3])])[0] ?? {}) - 4;
    // Base64 comes in fours; a second key's length makes up for the rest.
    const perMember = 'sha256-'.length + 64 + '-1'.length + 6;
    for (let members = 1; members <= 9; members += 1) {
      const base64 = MAX_CONFIG_MAP_BYTES + over - empty - (members - 1) * perMember;
      if (base64 % 4 !== 0) continue;
      const small = Array.from({ length: members - 1 }, () => 3);
      return release('full', '4.16.1', [...small, ((base64 - 4 * (members - 1)) / 4) * 3]);
    }
    throw new Error(`no size is ${over} over the limit`);
  }

  test.each([-3, -2, -1, 0])('%i of the limit: one ConfigMap, of exactly that size', (over) => {
    const configMaps = toSignatureConfigMaps([filling(over)]);
    expect(configMaps.map(bytesOf)).toEqual([MAX_CONFIG_MAP_BYTES + over]);
  });

  test.each([1, 2, 3])('%i over the limit: LimitExceeded, and the digest is named', (over) => {
    const attempt = () => toSignatureConfigMaps([filling(over), release('small', '4.16.2')]);
    expect(attempt).toThrow(ConfigurationError);
    expect(attempt).toThrow(toDigest('full'));
  });

  test('one byte more parts a ConfigMap in two', () => {
    const releases = many(300, '4.16.1');
    const count = Array.from({ length: 300 }, (_, index) => index + 1).findLast(
      (length) => toSignatureConfigMaps(releases.slice(0, length)).length === 1,
    );
    const last = toSignatureConfigMaps(releases.slice(0, count)).map(bytesOf)[0] ?? 0;
    expect(last).toBeLessThanOrEqual(MAX_CONFIG_MAP_BYTES);
    expect(last + 1280).toBeGreaterThan(MAX_CONFIG_MAP_BYTES);
  });

  test('as many signatures of a digest as are read, and no more', () => {
    const sizes = Array.from({ length: MAX_CONFIG_MAP_SIGNATURES }, () => 300);
    expect(toSignatureConfigMaps([release('a', '4.16.1', sizes)])).toHaveLength(1);
    expect(() => toSignatureConfigMaps([release('a', '4.16.1', [...sizes, 300])])).toThrow('read at most 128');
  });

  test('9,000 releases: every ConfigMap within the limit, in JSON and in YAML', () => {
    const releases = Array.from({ length: 20 }, (_, minor) => many(450, `4.${minor}.1`, `m${minor}`)).flat();
    const configMaps = toSignatureConfigMaps(releases);
    expect(Math.max(...configMaps.map(bytesOf))).toBeLessThanOrEqual(MAX_CONFIG_MAP_BYTES);
    const texts = configMaps.map((configMap) => Buffer.byteLength(toManifestText(configMap, 'yaml')));
    expect(Math.max(...texts)).toBeLessThanOrEqual(MAX_CONFIG_MAP_BYTES);
    expect(configMaps.length).toBeLessThan(120);
    const held = configMaps.flatMap(({ binaryData }) => Object.keys(binaryData));
    expect(new Set(held).size).toBe(9000);
  });
});

test('one more release changes one ConfigMap, whatever its version', () => {
  const base = [...many(170, '4.16.1', 'a'), ...many(400, '4.17.1', 'b'), ...many(30, undefined, 'c')];
  const before = new Map(toSignatureConfigMaps(base).map((one) => [one.metadata.name, JSON.stringify(one)]));
  const versions = fc.constantFrom('4.15.9', '4.16.0', '4.16.99', '4.17.2', undefined);
  fc.assert(
    fc.property(fc.nat(), versions, fc.integer({ min: 300, max: 3000 }), (seed, version, size) => {
      const after = toSignatureConfigMaps([release(`new ${seed}`, version, [size]), ...base.toReversed()]);
      const names = new Set(namesOf(after));
      const changed = after.filter(
        (one) => before.has(one.metadata.name) && before.get(one.metadata.name) !== JSON.stringify(one),
      );
      expect(changed.length).toBeLessThanOrEqual(1);
      expect([...before.keys()].filter((name) => !names.has(name))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

describe('reading back', () => {
  const releases: readonly SignedRelease[] = [
    release('a', '4.16.1', [900, 880, 12]),
    ...many(400, '4.16.2'),
    { ...release('b', undefined), digest: toDigest('b', 'sha384') },
    { ...release('c', '4.17.1', [1, 2]), digest: toDigest('c', 'sha512') },
  ];
  const configMaps = toSignatureConfigMaps(releases);
  const forms: readonly [string, readonly unknown[]][] = [
    ['YAML', parseAllDocuments(toManifestsText(configMaps, 'yaml')).map((one) => one.toJS() as unknown)],
    ['JSON', [JSON.parse(toManifestsText(configMaps, 'json')) as unknown]],
  ];

  test.each(forms)('%s: every signature of every digest, in order, and no other', async (_, documents) => {
    const store = createConfigMapStore(parseSignatureConfigMaps(documents));
    for (const { digest, signatures } of releases) {
      const entries = await Array.fromAsync(store.fetchSignatures({ digest }, new AbortController().signal));
      const read = entries.map((entry) =>
        entry.kind === 'signature' ? Buffer.from(entry.untrustedBytes) : entry.kind,
      );
      expect(read).toEqual([...signatures.map((bytes) => Buffer.from(bytes)), 'absent']);
    }
  });

  test('a digest is in one ConfigMap', () => {
    const places = configMaps.flatMap(({ binaryData, metadata }) =>
      [...new Set(Object.keys(binaryData).map((key) => key.slice(0, key.lastIndexOf('-'))))].map(
        (key) => [key, metadata.name] as const,
      ),
    );
    expect(new Map(places).size).toBe(places.length);
  });
});

test('the bytes of a manifest stay what they are', () => {
  const [configMap] = toSignatureConfigMaps([
    {
      digest: parseDigest(`sha256:${'a1'.repeat(32)}`),
      version: '4.16.1',
      signatures: [Buffer.from('first'), Buffer.from('second')],
    },
  ]);
  expect(toManifestText(configMap ?? {}, 'yaml')).toBe(`apiVersion: v1
kind: ConfigMap
metadata:
  name: signet-release-signatures-4-16-1
  namespace: openshift-config-managed
  labels:
    release.openshift.io/verification-signatures: ""
binaryData:
  sha256-${'a1'.repeat(32)}-1: Zmlyc3Q=
  sha256-${'a1'.repeat(32)}-2: c2Vjb25k
`);
});

test('long values stay on one line, and long keys are written as other keys are', () => {
  const signed = { ...release('long', '4.16.1', [40_000]), digest: toDigest('long', 'sha512') };
  const lines = toManifestsText(toSignatureConfigMaps([signed]), 'yaml').split('\n');
  expect(lines.filter((line) => line.startsWith('  sha512-'))).toHaveLength(1);
  expect(lines.filter((line) => line.startsWith('?'))).toEqual([]);
});

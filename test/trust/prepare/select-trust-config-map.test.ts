import { describe, expect, test } from 'vitest';
import { collectDocuments } from '../../../lib/trust/prepare/collect-documents.ts';
import { configurationErrorOf } from '../expect-configuration-error.ts';
import { file, KEY, TRUST_DATA, trustConfigMap } from '../sample-documents.ts';

const IGNORING =
  '{apiVersion: signet/v1, kind: Profile, metadata: {name: x}, spec: {ignoreKinds: [ConfigMap, Secret]}}';

/** The ConfigMap of trust among documents of a profile that leaves out the others. */
function select(...texts: readonly string[]) {
  const files = texts.map((text, index) => file(`${index}.yaml`, text));
  return collectDocuments([...files, file('profile.yaml', IGNORING)]).configMap;
}

const SIGNATURES =
  '{apiVersion: v1, kind: ConfigMap, metadata: {labels: {release.openshift.io/verification-signatures: ""}}}';

describe('none', () => {
  test.each([
    ['no manifests', []],
    ['a ConfigMap without the annotation', [trustConfigMap({ annotated: false })]],
    ['another kind with the annotation', [trustConfigMap().replace('ConfigMap', 'Secret')]],
    ['another apiVersion', [trustConfigMap().replace('"v1"', '"v2"')]],
    ['metadata that are text', ['{apiVersion: v1, kind: ConfigMap, metadata: x}']],
  ])('%s', (_name, texts) => {
    expect(select(...texts)).toBeUndefined();
  });
});

test('a ConfigMap of signatures is refused: it belongs into a store', async () => {
  expect((await configurationErrorOf(() => select(SIGNATURES, trustConfigMap())))?.code).toBe('DocumentInvalid');
});

test('entries in the order of the document, bare prefixes among them', () => {
  const data = {
    'verifier-public-key-': KEY,
    'store-': ' HTTPS://s.example/ ',
    'store-z': 'file://../x',
    'release-repository-b': 'quay.io/b/b',
    'verifier-public-key-a': 'not read here',
    'release-repository-a': 'QUAY.io/a/a',
  };
  expect(select(trustConfigMap({ data }))).toMatchObject({
    stores: [
      { url: 'https://s.example', origin: 'store-' },
      { url: 'file://../x', origin: 'store-z' },
    ],
    keyrings: [{ name: 'verifier-public-key-' }, { name: 'verifier-public-key-a' }],
    repositories: ['quay.io/b/b', 'quay.io/a/a'],
    warnings: [],
  });
});

test('a keyring keeps its bytes and its place', () => {
  const keyring = select(trustConfigMap())?.keyrings[0];
  expect(Buffer.from(keyring?.bytes ?? []).toString()).toBe(KEY);
  expect(keyring?.source.lineOf(keyring.path)).toBe(13);
});

test('the first annotated one decides, even if it is broken', async () => {
  const broken = trustConfigMap({ data: { 'store-a': 'x' } });
  expect((await configurationErrorOf(() => select(broken, trustConfigMap())))?.code).toBe('DocumentInvalid');
  expect(select(trustConfigMap({ data: TRUST_DATA }), broken)?.stores).toHaveLength(1);
});

test('binaryData is a warning', () => {
  const text = trustConfigMap().replace('"data":', '"binaryData": {}, "data":');
  expect(select(text)?.warnings).toEqual(['0.yaml:11: binaryData is not read from a trust ConfigMap']);
});

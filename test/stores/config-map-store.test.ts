import { describe, expect, test } from 'vitest';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import {
  createConfigMapStore,
  MAX_CONFIG_MAP_SIGNATURES,
  parseSignatureConfigMaps,
} from '../../lib/stores/config-map-store.ts';
import { MAX_SIGNATURE_BYTES } from '../../lib/stores/port/signature-store.ts';
import { SIGNATURES_LABEL } from '../../lib/trust/documents/config-map.ts';
import { readEntries, signatureOf, summarise } from './signature-store-contract.ts';

const KEY = `sha256-${'a1'.repeat(32)}`;
const encode = (text: string) => Buffer.from(signatureOf(text)).toString('base64');

describe('producers', () => {
  const rows = [
    { name: 'cluster-version operator', configMap: 'signatures-managed', key: `${KEY}-0`, expected: ['x', 'absent'] },
    { name: 'oc adm release mirror', configMap: KEY, key: `${KEY}-1`, expected: ['x', 'absent'] },
    { name: 'oc-mirror', configMap: 'mirrored-release-signatures', key: `${KEY}-417`, expected: ['x', 'absent'] },
    { name: 'oc-mirror-operator', configMap: 'sha256-a1a1a1a1a1a1-1', key: `${KEY}-1`, expected: ['x', 'absent'] },
    { name: 'the documented procedure', configMap: 'release-image-4.16.1', key: KEY, expected: ['x', 'absent'] },
    { name: 'a longer digest', configMap: 'x', key: `${KEY}a1`, expected: ['absent'] },
    { name: 'a shorter digest', configMap: 'x', key: KEY.slice(0, -1), expected: ['absent'] },
    { name: 'another algorithm', configMap: 'x', key: KEY.replace('256', '512'), expected: ['absent'] },
  ];
  test.each(rows)('$name: $expected', async ({ configMap, key, expected }) => {
    const store = createConfigMapStore([{ name: configMap, binaryData: { [key]: encode('x') } }]);
    expect(summarise(await readEntries(store))).toEqual(expected);
  });
});

describe('values', () => {
  const rows = [
    { name: 'base64', value: encode('x'), expected: ['x', 'absent'] },
    {
      name: 'base64 with line breaks',
      value: `${encode('x').slice(0, 2)}\r\n${encode('x').slice(2)}\n`,
      expected: ['x', 'absent'],
    },
    { name: 'an empty value', value: '', expected: ['absent'] },
    { name: 'no padding', value: encode('x').replaceAll('=', ''), expected: ['BodyInvalid', 'absent'] },
    { name: 'a space', value: ` ${encode('x')}`, expected: ['BodyInvalid', 'absent'] },
    { name: 'the URL alphabet', value: '-_-_', expected: ['BodyInvalid', 'absent'] },
    { name: 'bits after the end', value: 'o3h=', expected: ['BodyInvalid', 'absent'] },
    { name: 'something else', value: 'not base64!', expected: ['BodyInvalid', 'absent'] },
    {
      name: 'one byte over the limit',
      value: Buffer.alloc(MAX_SIGNATURE_BYTES + 1).toString('base64'),
      expected: ['LimitExceeded', 'absent'],
    },
    { name: 'far over the limit', value: 'A'.repeat(1_000_000), expected: ['LimitExceeded', 'absent'] },
  ];
  test.each(rows)('$name: $expected', async ({ value, expected }) => {
    const store = createConfigMapStore([{ name: 'signatures', binaryData: { [`${KEY}-1`]: value } }]);
    expect(summarise(await readEntries(store))).toEqual(expected);
  });
});

test('order is by ConfigMap and key, whatever the order of the documents', async () => {
  const store = createConfigMapStore([
    { name: 'b', binaryData: { [`${KEY}-1`]: encode('b1') } },
    { name: 'a', binaryData: { [`${KEY}-10`]: encode('a10'), [`${KEY}-9`]: encode('a9'), [KEY]: encode('a') } },
  ]);
  expect(summarise(await readEntries(store))).toEqual(['a', 'a9', 'a10', 'b1', 'absent']);
});

test('more than the limit: LimitExceeded after the last one that is read', async () => {
  const values = Array.from({ length: MAX_CONFIG_MAP_SIGNATURES + 1 }, (_, index): [string, string] => [
    `${KEY}-${index}`,
    encode('x'),
  ]);
  const outcomes = summarise(
    await readEntries(createConfigMapStore([{ name: 'a', binaryData: Object.fromEntries(values) }])),
  );
  expect(outcomes.length).toBe(MAX_CONFIG_MAP_SIGNATURES + 1);
  expect(outcomes.at(-1)).toBe('LimitExceeded');
});

describe('parseSignatureConfigMaps', () => {
  const document = (changes: object = {}) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', labels: { [SIGNATURES_LABEL]: '' } },
    binaryData: { [KEY]: 'AA==' },
    ...changes,
  });
  const accepted = [{ name: 'a', binaryData: { [KEY]: 'AA==' } }];
  const rows: readonly { name: string; documents: readonly unknown[]; expected: unknown }[] = [
    { name: 'a labelled ConfigMap', documents: [document()], expected: accepted },
    {
      name: 'a label with a value',
      documents: [document({ metadata: { name: 'a', labels: { [SIGNATURES_LABEL]: 'true' } } })],
      expected: accepted,
    },
    { name: 'a List', documents: [{ kind: 'List', items: [document(), { kind: 'Pod' }] }], expected: accepted },
    { name: 'a ConfigMapList', documents: [{ kind: 'ConfigMapList', items: [document()] }], expected: accepted },
    { name: 'no label', documents: [document({ metadata: { name: 'a' } })], expected: [] },
    { name: 'another kind', documents: [document({ kind: 'Secret' })], expected: [] },
    { name: 'no documents at all', documents: [null, 1, 'x', []], expected: [] },
    {
      name: 'no binaryData',
      documents: [document({ binaryData: undefined })],
      expected: [{ name: 'a', binaryData: {} }],
    },
    { name: 'binaryData that is a list', documents: [document({ binaryData: [] })], expected: 'BodyInvalid' },
    { name: 'a value that is a number', documents: [document({ binaryData: { [KEY]: 1 } })], expected: 'BodyInvalid' },
  ];
  test.each(rows)('$name', ({ documents, expected }) => {
    const outcome = () => {
      try {
        return parseSignatureConfigMaps(documents);
      } catch (error) {
        return error instanceof StoreError ? error.code : String(error);
      }
    };
    expect(outcome()).toEqual(expected);
  });
});

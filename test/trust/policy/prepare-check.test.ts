import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parsePolicyJson } from '../../../lib/trust/policy/parse-policy-json.ts';
import { keySourceName } from '../../../lib/trust/policy/policy-requirement.ts';
import {
  describeNodesRefusal,
  type PolicyMaterial,
  type PreparedCheck,
  prepareCheck,
} from '../../../lib/trust/policy/prepare-check.ts';

const PATH = '/etc/pki/key.pub';
const key = (): Buffer =>
  Buffer.from(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  );
const [requirement] = parsePolicyJson(
  'policy.json',
  JSON.stringify({ default: [{ type: 'sigstoreSigned', keyPath: PATH }] }),
).default;
const NAME = keySourceName({ kind: 'path', path: PATH });

const withFiles = (files: ReadonlyMap<string, Uint8Array>): PolicyMaterial => ({
  keyrings: new Map(),
  sigstore: { files, bundleIdentity: 'refuse' },
});

const toPems = (check: PreparedCheck | undefined): readonly string[] =>
  check?.kind === 'sigstore' && check.trust.kind === 'keys'
    ? check.trust.keys.map((one) => one.export({ type: 'spki', format: 'pem' }).toString())
    : [];

describe('the keys of a requirement', () => {
  if (requirement === undefined) throw new Error('the policy has a requirement');

  test('are read once, however many images ask', () => {
    const material = withFiles(new Map([[NAME, key()]]));
    const check = prepareCheck(requirement, material);
    expect(check?.kind).toBe('sigstore');
    expect(prepareCheck(requirement, material)).toBe(check);
  });

  test('of other files are others', () => {
    const pems = [key(), key()];
    const read = pems.map((pem) => prepareCheck(requirement, withFiles(new Map([[NAME, pem]]))));
    expect(read.flatMap(toPems)).toEqual(pems.map(String));
  });

  test('that are missing are looked for again', () => {
    const files = new Map<string, Uint8Array>();
    const material = withFiles(files);
    expect(prepareCheck(requirement, material)).toBeUndefined();
    files.set(NAME, key());
    expect(prepareCheck(requirement, material)?.kind).toBe('sigstore');
  });

  test('of a kind that no node uses are refused each time, and no others are', () => {
    const { publicKey } = generateKeyPairSync('ml-dsa-65');
    const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }).toString());
    const material = withFiles(new Map([[NAME, pem]]));
    const refusal = describeNodesRefusal(requirement, material);
    expect(refusal).toContain('ML-DSA-65');
    expect(describeNodesRefusal(requirement, material)).toBe(refusal);
    expect(describeNodesRefusal(requirement, withFiles(new Map([[NAME, key()]])))).toBeUndefined();
  });
});

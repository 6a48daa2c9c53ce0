import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import * as v from 'valibot';
import { afterAll, describe, expect, test } from 'vitest';
import { findKind } from '../../conformance/kinds.ts';
import { readVectors, type Vector } from '../../conformance/read-vectors.ts';
import { writeArmor } from '../../fixtures/make/armor-writer.ts';
import { writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { KEY_CREATED } from '../../fixtures/make/payload.ts';
import { makeRsaKey } from '../../fixtures/make/signing-key.ts';
import { findTool } from '../../support/tools.ts';

const folder = process.env['SIGNET_VECTORS'] ?? '';
const program = findTool('cluster-reader');
const vectors = folder === '' ? [] : await readVectors(folder);
const work = await mkdtemp(path.join(tmpdir(), 'signet-release-vectors-'));
afterAll(() => rm(work, { recursive: true }));

const primary = makeRsaKey(2048, KEY_CREATED);
const certificate = writeArmor(writeCertificate({ primary, userId: 'release vectors' }), {
  type: 'PUBLIC KEY BLOCK',
});

interface Release {
  readonly key: string;
  readonly signature: Uint8Array;
  readonly digest: string;
}

const Message = v.looseObject({ signature: v.string(), keyrings: v.array(v.string()), releaseDigest: v.string() });
const Payload = v.looseObject({ payloadBase64: v.string(), releaseDigest: v.string() });

/** What a cluster would be given; undefined where a trust ConfigMap cannot hold the case: it has one text for each key. */
async function toRelease({ area, kind, inputs, root }: Vector): Promise<Release | undefined> {
  if (area === 'openpgp' && kind === 'verify-release') {
    const { signature, keyrings, releaseDigest } = v.parse(Message, inputs);
    const [file, second] = keyrings;
    if (file === undefined || second !== undefined) return undefined;
    const key = await readFile(path.join(root, file), 'utf8');
    return { key, signature: await readFile(path.join(root, signature)), digest: releaseDigest };
  }
  if (area !== 'payload' || kind !== 'simple-signing-release') return undefined;
  const { payloadBase64, releaseDigest } = v.parse(Payload, inputs);
  const content = Buffer.from(payloadBase64, 'base64');
  return { key: certificate, signature: writeRelease(signMessage(primary, { content })), digest: releaseDigest };
}

/** Whether library-go takes the signature, from a store in a folder. */
async function askCluster({ key, signature, digest }: Release): Promise<string> {
  const store = await mkdtemp(path.join(work, 'store-'));
  await mkdir(path.join(store, digest.replace(':', '=')));
  await writeFile(path.join(store, digest.replace(':', '='), 'signature-1'), signature);
  const metadata = {
    namespace: 'openshift-config-managed',
    name: 'release-verification',
    annotations: { 'release.openshift.io/verification-config-map': '' },
  };
  const data = { 'store-one': `file://${store}`, 'verifier-public-key-one': key };
  const file = path.join(store, 'trust.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }));
  // About once in 400 runs it refuses what it accepts when it is asked again: only what it always refuses is refused.
  let error = '';
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const { stdout, stderr } = spawnSync(program ?? '', [file], { input: `${digest}\n` });
    error =
      stdout.length === 0 ? `nothing was said: ${stderr.toString()}` : (JSON.parse(stdout.toString()) as Answer).error;
    if (error === '') break;
  }
  return error;
}

interface Answer {
  readonly error: string;
}

interface Difference {
  readonly names: readonly string[];
  readonly answer: 'clusters accept' | 'clusters refuse';
  readonly reason: string;
}

/** Every vector that library-go answers otherwise than Signet, with the reason. */
const DIFFERENCES: readonly Difference[] = [
  {
    names: ['release-duplicate-critical', 'release-duplicate-optional'],
    answer: 'clusters accept',
    reason: 'Go takes the last of two members; which one another reader takes is not known',
  },
  {
    names: ['release-trailing-garbage', 'release-trailing-object'],
    answer: 'clusters accept',
    reason: 'its decoder reads one value and never looks behind it',
  },
  {
    names: ['release-both-cases-of-digest-key', 'release-upper-case-digest-key', 'release-upper-case-key'],
    answer: 'clusters accept',
    reason: 'Go finds members in any letter case',
  },
];

async function isAcceptedHere(vector: Vector): Promise<boolean> {
  const run = findKind(vector.area, vector.kind);
  if (typeof run !== 'function') throw new Error(`${vector.kind} is not run here`);
  try {
    await run(vector);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(program === undefined || vectors.length === 0)('release vectors, as library-go answers them', () => {
  test('every difference has a reason', { timeout: 300_000 }, async () => {
    const found: Record<string, string> = {};
    let asked = 0;
    for (const vector of vectors) {
      const release = await toRelease(vector);
      if (release === undefined) continue;
      asked += 1;
      const error = await askCluster(release);
      if ((error === '') === (await isAcceptedHere(vector))) continue;
      found[vector.name] = error === '' ? 'clusters accept' : 'clusters refuse';
    }
    const present = new Set(vectors.map(({ name }) => name));
    const listed = DIFFERENCES.flatMap(({ names, answer }) => names.map((name) => [name, answer] as const));
    expect(found).toEqual(Object.fromEntries(listed.filter(([name]) => present.has(name))));
    process.stdout.write(`library-go: ${asked} vectors asked, ${Object.keys(found).length} differences\n`);
    expect(asked).toBeGreaterThan(0);
  });
});

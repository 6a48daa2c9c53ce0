import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Digest } from '../../../lib/base/names/digest.ts';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import type { Signer } from '../../../lib/platform/signing/signer.ts';
import { createDirectoryReleaseStore } from '../../../lib/stores/directory-stores.ts';
import type { StoredBytes } from '../../../lib/verdict/attest/statement.ts';
import { decideImage } from '../../../lib/verdict/decide/decide-image.ts';
import { toRecordId, type VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { toAsked, toRecord } from '../../../lib/verdict/records/write-record.ts';
import { FIXTURE_STORE, FIXTURE_TIME, fixtureReleases, readFixtureTrust } from '../../support/fixture-releases.ts';
import { untouchedManifests, untouchedStore } from '../../support/untouched-store.ts';

export const fixtureTrust = await readFixtureTrust();

/** The record of a fixture release, as it is decided: the first one is accepted. */
export async function recordOfRelease(at = 0, force = false): Promise<VerdictRecord> {
  const text = fixtureReleases[at]?.pullspec ?? '';
  const decision = await decideImage({ pullspec: parsePullspec(text), force }, fixtureTrust, {
    store: createDirectoryReleaseStore(FIXTURE_STORE),
    lookaside: untouchedStore,
    manifests: untouchedManifests,
    now: () => FIXTURE_TIME,
    signal: new AbortController().signal,
  });
  return toRecord(toAsked('cli', text), decision);
}

/** As it is stored. */
export function toStored(record: VerdictRecord): StoredBytes {
  return { record, bytes: new TextEncoder().encode(`${JSON.stringify(record)}\n`) };
}

/** The record with members of its verdict replaced, and an id that fits: no evidence confirms it. */
export function forge(record: VerdictRecord, change: Partial<VerdictRecord['verdict']>): VerdictRecord {
  const verdict = { ...record.verdict, ...change };
  return { ...record, verdict, id: toRecordId(record.asked, verdict), firstDecidedAt: verdict.decidedAt };
}

/** The record as if it were of another image. */
export function ofImage(record: VerdictRecord, repository: string, digest: Digest): VerdictRecord {
  const pullspec = `${repository}@${digest}`;
  return forge(record, { pullspec, canonicalPullspec: pullspec, digest });
}

export interface TestKey {
  /** Of the private key. */
  readonly pem: string;
  readonly publicPem: string;
  readonly publicKey: KeyObject;
  readonly signer: Signer;
}

export function makeKey(kind: 'P-256' | 'Ed25519' = 'P-256'): TestKey {
  const { privateKey, publicKey } =
    kind === 'P-256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const algorithm = kind === 'P-256' ? 'sha256' : undefined;
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    publicKey,
    signer: {
      description: kind,
      publicKey,
      sign: async (content) => await Promise.resolve(sign(algorithm, content, privateKey)),
    },
  };
}

/** The envelope with one character of its payload changed, which is JSON still. */
export function alter(envelope: Uint8Array): Buffer {
  const content = JSON.parse(Buffer.from(envelope).toString('utf8')) as { payload: string };
  const payload = Buffer.from(content.payload, 'base64').toString('utf8').replace('SIGNET_', 'SIGNED_');
  const altered = payload.replace('PASSED', 'PASSEd');
  return Buffer.from(JSON.stringify({ ...content, payload: Buffer.from(altered).toString('base64') }));
}

/** Of a record that its evidence confirms. */
export async function confirmed(): Promise<undefined> {
  return await Promise.resolve(undefined);
}

import { generateKeyPairSync, hash, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDigest } from '../../lib/base/names/digest.ts';
import { parseRepository } from '../../lib/base/names/reference.ts';
import { indexKeyring } from '../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { isSignedBy } from '../../lib/crypto/openpgp/keys/verification-key.ts';
import { parseSignedMessage } from '../../lib/crypto/openpgp/messages/signed-message.ts';
import { toSignatureIdentity } from '../../lib/crypto/openpgp/messages/verify-message.ts';
import { toAcceptedHash } from '../../lib/crypto/openpgp/packets/algorithms.ts';
import { decompress } from '../../lib/crypto/openpgp/packets/decompress.ts';
import { readNextPacket } from '../../lib/crypto/openpgp/packets/packet-reader.ts';
import { parseSimpleSigningPayload } from '../../lib/crypto/simple-signing-payload.ts';
import { evaluateSignature } from '../../lib/verdict/judge/keyring-requirement.ts';
import { RELEASE_DIGEST, RELEASE_REPOSITORY } from '../../test/fixtures/make/payload.ts';
import type { Effort } from '../effort.ts';
import type { Row } from '../row.ts';

/** Between two looks at the processor's clock: as long for each stage, so that other work of the machine spoils all alike. */
const BATCH_MICROSECONDS = 3000;
const ROUNDS = { full: 400, quick: 10 } as const;
const WARM_UPS = { full: 8000, quick: 500 } as const;
const FIXTURES = path.join(import.meta.dirname, '../../test/fixtures/openpgp');
const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;
const KINDS = [
  { id: 'rsa4096', name: 'RSA-4096', makeKeys: () => generateKeyPairSync('rsa', { modulusLength: 4096 }) },
  { id: 'p256', name: 'P-256', makeKeys: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }) },
] as const;

/** Where the microseconds of one verification go: each stage alone, of the processor, the least of many rounds. */
export async function measureStages(effort: Effort): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const kind of KINDS) rows.push(...(await measureKind(kind, effort)));
  return rows;
}

type Kind = (typeof KINDS)[number];

async function measureKind(kind: Kind, effort: Effort): Promise<readonly Row[]> {
  const { id, name } = kind;
  const stages = await openStages(kind);
  const times = measureEach(stages, effort);
  const whole = times.get('whole') ?? Number.NaN;
  const { bare = Number.NaN, ...named } = Object.fromEntries(times);
  const known = ['parse', 'key', 'payload', 'identity'].reduce((sum, stage) => sum + (named[stage] ?? 0), 0);
  const inflate = named['inflate'] ?? Number.NaN;
  const toRow = (stage: string, ours: number, beside = 'the whole verification', theirs = whole): Row => {
    return { id: `stage-${id}-${stage}`, name: `${name}: ${stage}`, unit: 'µs', ours, beside, theirs };
  };
  return [
    toRow('parse', (named['parse'] ?? Number.NaN) - inflate),
    toRow('inflate', inflate),
    toRow('hash', named['hash'] ?? Number.NaN),
    toRow('public key operation', bare),
    toRow('around the operation', (named['key'] ?? Number.NaN) - bare - (named['hash'] ?? Number.NaN)),
    toRow('payload', named['payload'] ?? Number.NaN),
    toRow('name of the signature', named['identity'] ?? Number.NaN),
    toRow('the rest', whole - known),
    toRow('the whole', whole, 'Node’s own verify, key prepared (limit)', bare),
  ];
}

/** What each stage gets is what the one before it gives. */
async function openStages({ id, makeKeys }: Kind): Promise<ReadonlyMap<string, () => unknown>> {
  const bytes = readFileSync(path.join(FIXTURES, 'messages', id));
  const { keyring } = await prepareKeyring('bench', readFileSync(path.join(FIXTURES, 'keys', `${id}.asc`)));
  const indexed = indexKeyring(keyring);
  const message = parseSignedMessage(bytes);
  const { signature, signerKeyId, content } = message;
  const signer = indexed.keysById.get(signerKeyId)?.[0];
  const outer = readNextPacket(bytes, 0);
  if (signer === undefined || outer === undefined) throw new Error(`the fixture ${id} is by no key of its keyring`);
  const key = signer.verificationKey();
  const hashName = toAcceptedHash(signature);
  const signed = Buffer.concat([content, signature.trailer]);
  const { publicKey, privateKey } = makeKeys();
  const value = sign(hashName, signed, privateKey);
  const whole = {
    signature: { store: 'bench', location: 'bench', untrustedBytes: bytes },
    digest: parseDigest(RELEASE_DIGEST),
    trust: {
      prepared: { signedRepository: 'enforce', signedRepositories: [parseRepository(RELEASE_REPOSITORY)] },
      keyrings: [indexed],
    },
  } as const;
  return new Map<string, () => unknown>([
    [
      'whole',
      () => requireTrue(evaluateSignature(whole.signature, whole.digest, whole.trust, NOW).verified.length === 1),
    ],
    ['parse', () => parseSignedMessage(bytes)],
    ['inflate', () => decompress(outer.body[0] ?? 0, outer.body.subarray(1))],
    ['hash', () => hash(hashName, signed, 'buffer')],
    ['key', () => requireTrue(isSignedBy(key, signature, content, hashName))],
    ['bare', () => requireTrue(verify(hashName, signed, publicKey, value))],
    ['payload', () => parseSimpleSigningPayload(content, 'release')],
    ['identity', () => toSignatureIdentity(message, signer.key.fingerprint)],
  ]);
}

/** Microseconds of each; taken in turn, so that a machine that changes its speed changes it for all. */
function measureEach(stages: ReadonlyMap<string, () => unknown>, effort: Effort): ReadonlyMap<string, number> {
  const least = new Map<string, number>();
  for (const [name, run] of stages) {
    repeat(run, WARM_UPS[effort]);
    least.set(name, repeat(run, WARM_UPS[effort]));
  }
  for (let round = 0; round < ROUNDS[effort]; round++) {
    for (const [name, run] of stages) {
      const earlier = least.get(name) ?? Number.NaN;
      least.set(name, Math.min(earlier, repeat(run, Math.ceil(BATCH_MICROSECONDS / earlier))));
    }
  }
  return least;
}

/** Microseconds of the processor for each run. */
function repeat(run: () => unknown, times: number): number {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

function requireTrue(isVerified: boolean): void {
  if (!isVerified) throw new Error('the signature does not verify');
}

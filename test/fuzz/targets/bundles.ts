import { hash } from 'node:crypto';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import { parseDigest } from '../../../lib/base/names/digest.ts';
import { MAX_ROOT_MEMBERS, parseTrustedRoot } from '../../../lib/crypto/sigstore/trusted-root.ts';
import {
  type Artifact,
  type ArtifactTrust,
  verifyArtifactBundle,
} from '../../../lib/crypto/sigstore/verify-artifact-bundle.ts';
import { parsePublicKey } from '../../../lib/crypto/sigstore/x509/public-key.ts';
import { NOW } from '../../crypto/sigstore/make-signature.ts';
import type { Draw } from '../draw.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateTree, type Tree, toTree } from '../mutate/json-tree.ts';
import { mutateNestedText } from '../mutate/nested-text.ts';
import { writeTree } from '../mutate/write-tree.ts';
import { type BundleSeeds, readSeeds } from '../seeds/read-seeds.ts';
import { type FuzzTarget, GENUINE, type OpenTarget, type Outcome, REFUSED } from '../target.ts';

/** First octet of an input that is a trusted root; others say by what a bundle is verified. */
const ROOT = 0xf0;

/**
 * Bundles of files by a trusted root: signatures, statements, logs of both versions, checkpoints, timestamps, promises
 * of certificate logs; and trusted roots. What is accepted has to be by the one signer, of the one file, at a time that
 * a log or an authority of the seeds stated.
 *
 * @param verify a test passes one that accepts too much, or throws
 */
export function createBundles(verify: typeof verifyArtifactBundle = verifyArtifactBundle): FuzzTarget {
  return {
    name: 'bundles',
    summary: 'bundles of files: logs, checkpoints, timestamps, promises; and trusted roots',
    open: async () => openBundles(verify),
  };
}

function openBundles(verify: typeof verifyArtifactBundle): OpenTarget {
  const seeds = readSeeds('bundles');
  const bundles = seeds.bundles.map(({ bytes, isByKey }) =>
    Buffer.concat([Buffer.from([isByKey ? 2 : 0]), Buffer.from(bytes, 'base64')]),
  );
  const trees = bundles.map((bytes): Tree => toTree(JSON.parse(bytes.subarray(1).toString())));
  const root = toTree(JSON.parse(seeds.root));
  const stamps = toTree({
    timestampVerificationData: { rfc3161Timestamps: seeds.stamps.map((signedTimestamp) => ({ signedTimestamp })) },
  });
  const pool = [...trees, stamps];
  const questions = listQuestions(seeds);
  const payloads = new Set(
    seeds.bundles.filter(({ isGood }) => isGood).map(({ bytes }) => hashPayload(Buffer.from(bytes, 'base64'))),
  );

  const check = (input: Uint8Array): Outcome => {
    const [kind = 0] = input;
    const bytes = input.subarray(1);
    const question = questions[kind % questions.length];
    try {
      if (kind === ROOT || question === undefined) return checkRoot(bytes);
      const { signer, times, logged, content } = verify(bytes, question.trust, question.artifact, NOW);
      const wrong = times.find((time) => !seeds.times.includes(time));
      if (wrong !== undefined) return { kind: 'wrong accept', detail: `a time that nobody stated: ${wrong}` };
      if (logged !== (question.trust.root !== undefined)) return { kind: 'wrong accept', detail: `logged: ${logged}` };
      if (signer !== seeds.signer) return { kind: 'wrong accept', detail: `by ${signer}` };
      if (content === 'statement' && !payloads.has(hashPayload(bytes)))
        return { kind: 'wrong accept', detail: 'another statement' };
      return GENUINE;
    } catch (error) {
      if (error instanceof SignatureError || error instanceof ConfigurationError) return REFUSED;
      throw error;
    }
  };
  const make = (draw: Draw): Uint8Array => {
    if (draw.once(12)) {
      const changed = mutateTree(draw, root, [root], mutateNestedText);
      return Buffer.concat([Buffer.from([ROOT]), Buffer.from(writeTree(draw, changed))]);
    }
    const at = draw.below(bundles.length);
    const [seed = Buffer.alloc(1), seedTree = root] = [bundles[at], trees[at]];
    if (draw.once(10)) return mutateBytes(draw, seed, bundles);
    const kind = Buffer.from([((seed[0] ?? 0) + draw.below(2)) & 0xff]);
    let tree = seedTree;
    for (let edits = 1 + draw.below(2); edits > 0; edits--) tree = mutateTree(draw, tree, pool, mutateNestedText);
    return Buffer.concat([
      draw.once(12) ? Buffer.from([draw.below(questions.length)]) : kind,
      Buffer.from(writeTree(draw, tree)),
    ]);
  };
  requireSeeds(seeds, bundles, questions);
  return { make, check };
}

interface Question {
  readonly trust: ArtifactTrust;
  readonly artifact: Artifact;
}

/** By a login and by a key, each of the file and of its digest alone; and by a key that is not logged. */
function listQuestions({ root, identity, issuer, key, artifact }: BundleSeeds): readonly Question[] {
  const trusted = parseTrustedRoot(Buffer.from(root));
  const bytes = Buffer.from(artifact, 'base64');
  const whole: Artifact = { kind: 'content', bytes };
  const named: Artifact = { kind: 'digest', digest: parseDigest(`sha256:${hash('sha256', bytes)}`) };
  const byLogin: ArtifactTrust = { kind: 'identity', identity, issuer, root: trusted };
  const byKey: ArtifactTrust = { kind: 'key', key: parsePublicKey(Buffer.from(key), 'key'), root: trusted };
  return [
    { trust: byLogin, artifact: whole },
    { trust: byLogin, artifact: named },
    { trust: byKey, artifact: whole },
    { trust: byKey, artifact: named },
    { trust: { ...byKey, root: undefined }, artifact: whole },
  ];
}

/** Seeds that do not do what they say would make every count meaningless. */
function requireSeeds(seeds: BundleSeeds, bundles: readonly Buffer[], questions: readonly Question[]): void {
  for (const [at, { name, isGood }] of seeds.bundles.entries()) {
    const bytes = bundles[at];
    const taken = questions.some(
      ({ trust, artifact }) =>
        bytes !== undefined && isTaken(() => verifyArtifactBundle(bytes.subarray(1), trust, artifact, NOW)),
    );
    if (taken !== isGood) throw new Error(`the seed ${name} is ${taken ? 'accepted' : 'refused'}`);
  }
}

function isTaken(verify: () => unknown): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (error instanceof SignatureError) return false;
    throw error;
  }
}

function checkRoot(bytes: Uint8Array): Outcome {
  const { logs, authorities, certificateLogs, timestampAuthorities } = parseTrustedRoot(bytes);
  const counts = [logs, authorities, certificateLogs, timestampAuthorities].map(({ length }) => length);
  return Math.max(...counts) > MAX_ROOT_MEMBERS
    ? { kind: 'out of bounds', detail: `${counts.join(', ')} members` }
    : GENUINE;
}

/** By another reader than the one under test; the empty text where there is no statement. */
function hashPayload(bytes: Uint8Array): string {
  const bundle = JSON.parse(Buffer.from(bytes).toString()) as { dsseEnvelope?: { payload?: string } };
  return hash('sha256', Buffer.from(bundle.dsseEnvelope?.payload ?? '', 'base64'));
}

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { addImage } from '../../../cli/image/index.ts';
import { isInternalFault } from '../../../lib/base/errors/evaluate-candidate.ts';
import { ARRANGED, AT, fulcioRequirement, makeFaultyBytes, POISONS } from '../../crypto/sigstore/poisoned-image.ts';
import { createScratch, DIGEST, makeImageSigner, NAME } from '../../registry/images/image-setup.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { toRun } from '../../support/run-signet.ts';
import { anything, byPath, decideBy, IMAGE, policyOf, readPolicyTrust, releaseSigner } from './policy-setup.ts';

const scratch = createScratch();
afterEach(async () => {
  vi.restoreAllMocks();
  await scratch.remove();
});

describe('one candidate that cannot be read stops no decision by a policy', async () => {
  const trust = await readPolicyTrust({ policy: policyOf([fulcioRequirement()]), spec: { bundleIdentity: 'digest' } });

  test.each(ARRANGED)('%s', async (_, signatures, outcome) => {
    const { verdict } = await decideBy(trust, { lookaside: createMemoryLookaside({ [IMAGE]: signatures }) });
    expect(verdict.outcome).toBe(outcome);
    const bad = verdict.attempts.filter(({ code }) => code !== 'Verified' && code !== 'SignatureNotFound');
    for (const { code } of bad) expect(code).toMatch(/^(?:SignatureInvalid|SignatureMalformed|LogEntryInvalid)$/);
  });

  test('a fault of Signet is named as one, in the attempt and in the reason', async () => {
    const lookaside = createMemoryLookaside({ [IMAGE]: [makeFaultyBytes(0)] });
    const { verdict } = await decideBy(trust, { lookaside });
    const message = 'an internal fault happened in reading it (TypeError)';
    expect(verdict.reasons).toEqual([{ code: 'SignatureMalformed', message }]);
    expect(verdict.attempts[0]).toMatchObject({ location: `${IMAGE}/1`, code: 'SignatureMalformed', message });
    expect(verdict.attempts.map(isInternalFault)).toEqual([true, false]);
  });
});

describe('nor one by release keyrings', async () => {
  const trust = await readPolicyTrust({
    policy: policyOf([anything]),
    hasKeyring: true,
    change: { imagePolicies: [] },
  });
  const faulty = makeFaultyBytes(0xa3);
  const good = releaseSigner.sign(DIGEST, NAME);

  test.each<[string, readonly Uint8Array[], string]>([
    ['before the genuine signature', [faulty, good], 'accepted'],
    ['behind it', [good, faulty], 'accepted'],
    ['alone', [faulty], 'rejected'],
  ])('%s', async (_, signatures, outcome) => {
    const store = createMemorySignatureStore(new Map([[DIGEST, signatures]]));
    const { verdict } = await decideBy(trust, { store });
    expect([verdict.outcome, verdict.attempts.some(isInternalFault)]).toEqual([outcome, signatures[0] === faulty]);
  });
});

test.each(POISONS)('a revocation is seen beside %s', async (_, poison) => {
  const revoked = makeImageSigner({ revocation: { reason: 2, revokedAt: AT - 86_400 } });
  const policy = policyOf([fulcioRequirement(), byPath('revoked.gpg')]);
  const trust = await readPolicyTrust({ policy, files: { 'keys/revoked.gpg': revoked.certificate } });
  const lookaside = createMemoryLookaside({ [IMAGE]: [poison, revoked.sign()] });
  const { verdict } = await decideBy(trust, { lookaside });
  expect([verdict.outcome, verdict.reasons.map(({ code }) => code)]).toEqual([
    'rejected',
    expect.arrayContaining(['KeyRevoked']),
  ]);
});

describe('signet image verify', () => {
  test.each(ARRANGED)('%s', async (_, signatures, outcome) => {
    const signedIdentity = { type: 'exactRepository', dockerRepository: NAME };
    const policy = path.join(await scratch.directory(), 'policy.json');
    await writeFile(policy, JSON.stringify(policyOf([fulcioRequirement({ signedIdentity })])));
    let shown = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      shown += text.toString();
      return true;
    });
    const program = new Command('signet').exitOverride();
    let status = -1;
    addImage(
      program,
      toRun((given) => {
        status = given;
      }),
    );
    const image = await scratch.image(signatures);
    await program.parseAsync(['image', 'verify', `dir:${image}`, '--policy', policy], { from: 'user' });
    expect([status, shown.slice(0, outcome.length)]).toEqual([outcome === 'accepted' ? 0 : 1, outcome]);
  });
});

import { describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { createFallbackStore, createParallelStore } from '../../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { reportFaults } from '../../../lib/verdict/decide/request.ts';
import { createMemoryLookaside } from '../../support/memory-lookaside.ts';
import { createKeptTelemetry } from '../../support/quiet-telemetry.ts';
import { DIGEST, decide, serving, signer } from '../records/sample-records.ts';
import { bySigner, decideBy, IMAGE, signer as imageSigner, policyOf, readPolicyTrust } from './policy-setup.ts';

if (DIGEST === undefined) throw new Error('the sample has a digest');
const good = serving('good', signer.sign(DIGEST));

/** What the contents of a place may make its reader throw. */
const THROWN: readonly (readonly [name: string, thrown: unknown])[] = [
  ['a RangeError', new RangeError('Invalid time value')],
  ['a TypeError', new TypeError('x is undefined')],
  ['a StoreError', new StoreError('ConnectionFailed', 'faulty: refused')],
  ['a text', 'thrown'],
  ['nothing', undefined],
];

/** A store whose reader throws, at once or after what it gave. */
function faulty(thrown: unknown, first: readonly Uint8Array[] = []): SignatureStore {
  return {
    description: 'faulty',
    async *fetchSignatures() {
      for (const untrustedBytes of first) {
        await Promise.resolve();
        yield { kind: 'signature', store: 'faulty', location: 'faulty/1', untrustedBytes };
      }
      throw thrown;
    },
  };
}

describe.each(THROWN)('a store whose contents make its reader throw %s', (_, thrown) => {
  test.each([
    ['beside a good one', (bad: SignatureStore) => createParallelStore([bad, good])],
    ['after a good one', (bad: SignatureStore) => createParallelStore([good, bad])],
    ['a mirror before a good one', (bad: SignatureStore) => createParallelStore([createFallbackStore([bad, good])])],
  ])('hides nothing: %s', async (__, compose) => {
    for (const first of [[], [Buffer.from('junk')]]) {
      const { verdict } = await decide({ stores: [compose(faulty(thrown, first))] });
      expect(verdict.outcome).toBe('accepted');
    }
  });

  test('is a failed store, and the operator learns of a fault of Signet', async () => {
    const { verdict } = await decide({ stores: [faulty(thrown)] });
    expect(verdict.outcome).toBe('indeterminate');
    expect(verdict.attempts).toMatchObject([{ store: 'faulty', code: 'StoreUnavailable' }]);
    const telemetry = createKeptTelemetry();
    reportFaults(verdict, telemetry);
    expect(telemetry.counts.get('CandidateFault')).toBe(thrown instanceof StoreError ? undefined : 1);
  });

  test('a manifest that does so leaves the image open', async () => {
    const trust = await readPolicyTrust({ policy: policyOf([bySigner]) });
    const lookaside = createMemoryLookaside({ [IMAGE]: [imageSigner.sign()] });
    const manifests = { readManifest: () => Promise.reject(thrown) };
    const { verdict } = await decideBy(trust, { lookaside, manifests });
    expect([verdict.outcome, verdict.reasons.map(({ code }) => code)]).toEqual(['indeterminate', ['StoreUnavailable']]);
    const telemetry = createKeptTelemetry();
    reportFaults(verdict, telemetry);
    expect(telemetry.counts.get('CandidateFault')).toBe(thrown instanceof StoreError ? undefined : 1);
  });
});

test.each([
  ['of the operator', new ConfigurationError('KeyUnreadable', 'no certificate')],
  ['of the caller', new InputError('ArgumentInvalid', 'no such file')],
])('an error %s is no fault of a store', async (_, error) => {
  await expect(decide({ stores: [faulty(error)] })).rejects.toBe(error);
});

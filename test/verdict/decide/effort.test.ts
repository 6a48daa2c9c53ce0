import { describe, expect, test } from 'vitest';
import { countKeyOperation } from '../../../lib/base/errors/evaluate-candidate.ts';
import { startDeadline } from '../../../lib/platform/time/deadline.ts';
import type { StoreEntry } from '../../../lib/stores/port/signature-store.ts';
import { collectEvidence } from '../../../lib/verdict/decide/collect-evidence.ts';
import { type EffortLimits, MAX_KEY_OPERATIONS, startEffort } from '../../../lib/verdict/decide/store-entry.ts';
import { judgeRequirement } from '../../../lib/verdict/judge/judge.ts';
import { checkCandidate, type SignedRequirement } from '../../../lib/verdict/judge/requirement.ts';
import { DIGEST, NOW } from '../../registry/images/image-setup.ts';

/** Signatures that say in their bytes how many operations with keys they take; 0 is one that holds. */
function toStore(...operations: readonly number[]): () => AsyncIterable<StoreEntry> {
  return async function* () {
    for (const [index, count] of operations.entries()) {
      const untrustedBytes = Buffer.from(JSON.stringify(count));
      yield { kind: 'signature', store: 'a store', location: `signature-${index + 1}`, untrustedBytes };
    }
  };
}

/** @param onOperation what an operation takes */
function toRequirement(onOperation: () => void = () => undefined): SignedRequirement {
  return {
    kind: 'signed',
    type: 'keyring',
    description: 'a keyring',
    signatureKind: 'openpgp',
    seesAll: false,
    remedies: new Map(),
    explainAbsence: () => ({ code: 'SignatureNotFound', message: 'there is none' }),
    verify: (candidate) =>
      checkCandidate(candidate, 'a keyring', () => {
        const count = Number(Buffer.from(candidate.untrustedBytes).toString());
        for (let done = 0; done < count; done++) {
          countKeyOperation();
          onOperation();
        }
        if (count > 0) throw new RangeError('it does not hold');
        return { message: 'it holds' };
      }),
  };
}

const IMAGE = { reference: undefined, digest: DIGEST };

async function judge(operations: readonly number[], limits: EffortLimits, onOperation?: () => void) {
  const requirement = toRequirement(onOperation);
  const collected = await collectEvidence([requirement], IMAGE, toStore(...operations), NOW, limits);
  const { outcome } = judgeRequirement(requirement, collected);
  return { outcome, read: collected.examined.length, messages: collected.attempts.map(({ message }) => message) };
}

/** As long as one operation of a signature that somebody made to be slow. */
function block(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}

describe('signatures that cost too much', () => {
  test(`more than ${MAX_KEY_OPERATIONS} operations: no more is read, and what was not read counts as open`, async () => {
    const { outcome, read, messages } = await judge([MAX_KEY_OPERATIONS, 1, 0], {});
    expect({ outcome, read }).toEqual({ outcome: 'indeterminate', read: 2 });
    expect(messages.at(-1)).toBe(`the signatures need more than ${MAX_KEY_OPERATIONS} operations with keys`);
  });

  test('as many as are allowed hide no good one', async () => {
    expect(await judge([MAX_KEY_OPERATIONS, 0], {})).toMatchObject({ outcome: 'accepted', read: 2 });
  });

  test('a good one in front of them counts', async () => {
    expect(await judge([0, MAX_KEY_OPERATIONS + 1], {})).toMatchObject({ outcome: 'accepted', read: 1 });
  });

  test('one that takes too long is stopped in its middle', async () => {
    let operations = 0;
    const { outcome, read, messages } = await judge([1000, 0], { timeoutMs: 20 }, () => {
      operations++;
      block(5);
    });
    expect({ outcome, read }).toEqual({ outcome: 'indeterminate', read: 1 });
    expect(messages).toContain('the signatures could not be verified within 20 ms');
    expect(operations).toBeLessThanOrEqual(5);
  });

  test('the deadline of the caller is looked at, although no timer runs', async () => {
    const reason = new Error('the answer is due');
    const outer = startDeadline(undefined, 20, () => reason);
    const inner = startDeadline(outer.signal, 60_000, () => new Error('later'));
    let operations = 0;
    const judged = judge([1000, 0], { signal: inner.signal }, () => {
      operations++;
      block(5);
    });
    await expect(judged).rejects.toBe(reason);
    expect(operations).toBeLessThanOrEqual(5);
    inner.clear();
    outer.clear();
  });

  test('waiting does not count', () => {
    const effort = startEffort({ timeoutMs: 200 });
    effort.run(() => 'nothing');
    block(250);
    effort.run(countKeyOperation);
    expect(effort.fault()).toBeUndefined();
  });
});

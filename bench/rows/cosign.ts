import { verify } from 'node:crypto';
import { verifyCosignSignature } from '../../lib/crypto/sigstore/verify-cosign-signature.ts';
import { makeKeys } from '../../test/crypto/sigstore/make-certificate.ts';
import { makeSignature, NOW, signContent, WANTED } from '../../test/crypto/sigstore/make-signature.ts';
import type { Effort } from '../effort.ts';
import { processorRate } from '../peers/processor-rate.ts';
import { median, type Row } from '../row.ts';

const EFFORTS = { full: { rounds: 5, ms: 1000 }, quick: { rounds: 1, ms: 200 } } as const;
/** Of the bare key operation's rate. */
const GOAL = { kind: 'at least', ratio: 0.9 } as const;

/** One cosign signature by a key, full check in process, beside the key operation that it cannot do without. */
export async function measureCosign(effort: Effort): Promise<readonly Row[]> {
  const { rounds, ms } = EFFORTS[effort];
  const keys = makeKeys();
  const signature = makeSignature({ keys });
  const { publicKey } = keys;
  const value = Buffer.from(signContent(signature.payload, keys), 'base64');
  const ours: number[] = [];
  const bare: number[] = [];
  // Taken in turn, so that a machine that changes its speed changes it for both.
  for (let round = 0; round < rounds; round++) {
    const trust = { kind: 'keys', keys: [publicKey], rekorKeys: [] } as const;
    ours.push(await processorRate(ms, () => void verifyCosignSignature(signature, trust, WANTED, NOW)));
    bare.push(
      await processorRate(ms, () => {
        if (!verify('sha256', signature.payload, publicKey, value)) throw new Error('the signature does not verify');
      }),
    );
  }
  return [
    {
      id: 'verify-cosign',
      name: 'verify one cosign signature by a P-256 key',
      unit: '/s',
      ours: median(ours),
      beside: 'the bare key operation (limit)',
      theirs: median(bare),
      goal: GOAL,
    },
  ];
}

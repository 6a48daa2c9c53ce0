import { sign, verify } from 'node:crypto';
import { type ArtifactTrust, verifyArtifactBundle } from '../../lib/crypto/sigstore/verify-artifact-bundle.ts';
import { ARTIFACT, makeArtifactBundle } from '../../test/crypto/sigstore/make-artifact-bundle.ts';
import { makeKeys } from '../../test/crypto/sigstore/make-certificate.ts';
import { IDENTITY, INSTANCE, LOGIN, makeRoot } from '../../test/crypto/sigstore/make-instance.ts';
import { NOW } from '../../test/crypto/sigstore/make-signature.ts';
import type { Effort } from '../effort.ts';
import { processorRate } from '../peers/processor-rate.ts';
import { median, type Row } from '../row.ts';

const EFFORTS = { full: { rounds: 5, ms: 1000 }, quick: { rounds: 1, ms: 200 } } as const;
/** Of the rate of its key operations. */
const GOAL = { kind: 'at least', ratio: 0.5 } as const;
/** About what each of the signatures is over. */
const SIGNED = Buffer.alloc(700, 1);
/**
 * Signatures by P-256 keys that the check cannot do without: of the file, of the signer's certificate and of its issuer,
 * of the certificate log, of the timestamp and of its certificate. The checkpoint's is by Ed25519.
 */
const BY_P256 = 6;

/** One keyless bundle of a file with a log of version 2 and a timestamp, in process, beside its key operations. */
export async function measureSigstoreBundle(effort: Effort): Promise<readonly Row[]> {
  const { rounds, ms } = EFFORTS[effort];
  const keys = makeKeys();
  const bundle = makeArtifactBundle({ keys });
  const trust: ArtifactTrust = { kind: 'identity', identity: IDENTITY, issuer: LOGIN, root: makeRoot() };
  const content = { kind: 'content', bytes: ARTIFACT } as const;
  const { publicKey } = keys;
  const byP256 = sign('sha256', SIGNED, keys.privateKey);
  const log = INSTANCE.rekor2.keys;
  const byEd25519 = sign(undefined, SIGNED, log.privateKey);
  const ours: number[] = [];
  const bare: number[] = [];
  // Taken in turn, so that a machine that changes its speed changes it for both.
  for (let round = 0; round < rounds; round++) {
    ours.push(await processorRate(ms, () => void verifyArtifactBundle(bundle, trust, content, NOW)));
    bare.push(
      await processorRate(ms, () => {
        let verified = verify(undefined, SIGNED, log.publicKey, byEd25519);
        for (let at = 0; at < BY_P256; at++) verified &&= verify('sha256', SIGNED, publicKey, byP256);
        if (!verified) throw new Error('a signature does not verify');
      }),
    );
  }
  return [
    {
      id: 'verify-sigstore-bundle',
      name: 'verify one keyless Sigstore bundle with Rekor 2 and timestamp',
      unit: '/s',
      ours: median(ours),
      beside: 'its seven key operations (limit)',
      theirs: median(bare),
      goal: GOAL,
    },
  ];
}

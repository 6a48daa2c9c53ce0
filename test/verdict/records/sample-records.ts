import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { parsePullspec } from '../../../lib/base/names/reference.ts';
import { createParallelStore } from '../../../lib/stores/port/composites.ts';
import type { SignatureStore } from '../../../lib/stores/port/signature-store.ts';
import { type ReadyTrust, toReadyTrust } from '../../../lib/trust/source/trust-source.ts';
import { type Decision, decideImage, type ImageRequest } from '../../../lib/verdict/decide/decide-image.ts';
import type { VerdictRecord } from '../../../lib/verdict/records/verdict-record.ts';
import { toAsked, toRecord } from '../../../lib/verdict/records/write-record.ts';
import { RELEASE_DIGEST, RELEASE_REPOSITORY } from '../../fixtures/make/payload.ts';
import { FIXTURE_TIME, readFixtureTrust } from '../../support/fixture-releases.ts';
import { makeSigner } from '../../support/make-signer.ts';
import { createMemorySignatureStore } from '../../support/memory-signature-store.ts';
import { untouchedManifests, untouchedStore } from '../../support/untouched-store.ts';

export const DIGEST = parsePullspec(`${RELEASE_REPOSITORY}@${RELEASE_DIGEST}`).digest;
export const GOOD = `${RELEASE_REPOSITORY}@${RELEASE_DIGEST}`;

export const signer = await makeSigner('a');
export const second = await makeSigner('b');
export const stranger = await makeSigner('stranger');

const { prepared } = await readFixtureTrust();
/** The fixture profile with the keyrings `a` and `b`, as loaded at {@link FIXTURE_TIME}. */
export const trust: ReadyTrust = toReadyTrust({ ...prepared, keyrings: [signer.keyring] }, FIXTURE_TIME);
export const twoKeyrings: ReadyTrust = toReadyTrust(
  { ...prepared, keyrings: [signer.keyring, second.keyring] },
  FIXTURE_TIME,
);

export function serving(description: string, ...signatures: readonly Uint8Array[]): SignatureStore {
  if (DIGEST === undefined) throw new Error('the pullspec has a digest');
  return createMemorySignatureStore(new Map([[DIGEST, signatures]]), { description });
}

export const broken = createMemorySignatureStore(new Map(), {
  description: 'broken',
  failure: new StoreError('ConnectionFailed', 'refused'),
});

export interface Circumstances extends Partial<Omit<ImageRequest, 'pullspec'>> {
  readonly pullspec?: string;
  readonly stores?: readonly SignatureStore[];
  readonly by?: ReadyTrust;
  readonly at?: Date;
}

export async function decide({
  pullspec = GOOD,
  stores = [],
  by = trust,
  at = FIXTURE_TIME,
  ...request
}: Circumstances): Promise<Decision> {
  return decideImage({ pullspec: parsePullspec(pullspec), ...request }, by, {
    store: createParallelStore(stores),
    lookaside: untouchedStore,
    manifests: untouchedManifests,
    now: () => at,
    signal: new AbortController().signal,
  });
}

/** The record of what somebody asked at the command line. */
export async function recordOf(circumstances: Circumstances): Promise<VerdictRecord> {
  return toRecord(toAsked('cli', circumstances.pullspec ?? GOOD), await decide(circumstances));
}

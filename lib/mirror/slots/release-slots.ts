import type { Digest } from '../../base/names/digest.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { ReadyTrust } from '../../trust/source/trust-source.ts';
import { evaluateSignature, type SignatureEvaluation } from '../../verdict/judge/keyring-requirement.ts';
import { releaseKey, releaseLayout } from './slot-layout.ts';
import type { Slot, SlotTarget } from './slots.ts';

/** One digest in the mirror, and the trust that its signatures are judged by. */
export interface MirrorTarget {
  readonly objects: ObjectStore;
  readonly digest: Digest;
  readonly trust: ReadyTrust;
  readonly now: Date;
}

/** A slot with the result of every keyring. */
export interface ReleaseSlot extends Slot, SignatureEvaluation {}

/** The slots of a release, judged by the profile's keyrings. */
export function toReleaseSlots(target: MirrorTarget): SlotTarget<ReleaseSlot> {
  const { objects, digest, trust } = target;
  return {
    objects,
    layout: releaseLayout(digest),
    requirements: trust.keyrings.map(({ name }) => name),
    judge: (untrustedBytes, index) => judgeStored(target, index, untrustedBytes),
    judgeTooLong: ({ message }, index) => {
      const attempt = { ...toSource(target, index), code: 'LimitExceeded', message } as const;
      return toReleaseSlot({ attempts: [attempt], verified: [] });
    },
  };
}

/**
 * The result of every keyring of the profile for these bytes at this index. A framing that Signet reads and clusters do
 * not satisfies nothing: it must not take the place of a copy that clusters can read.
 */
export function judgeStored(target: MirrorTarget, index: number, untrustedBytes: Uint8Array): ReleaseSlot {
  const seconds = Math.floor(target.now.getTime() / 1000);
  const signature = { ...toSource(target, index), untrustedBytes };
  const { attempts, verified } = evaluateSignature(signature, target.digest, target.trust, seconds);
  return toReleaseSlot({ attempts, verified: verified.filter(({ isReadableByClusters }) => isReadableByClusters) });
}

export function toReleaseSlot({ attempts, verified }: SignatureEvaluation): ReleaseSlot {
  return {
    attempts,
    verified,
    satisfied: verified.map(({ keyring }) => keyring),
    identities: verified.map(({ identity }) => identity),
  };
}

function toSource({ objects, digest }: MirrorTarget, index: number): { store: string; location: string } {
  return { store: objects.description, location: `${objects.description}/${releaseKey(digest, index)}` };
}

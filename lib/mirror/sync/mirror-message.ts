import * as v from 'valibot';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { isRepository } from '../../base/names/reference.ts';
import type { Queue } from '../../platform/queues/queue.ts';
import type { Unmirrored } from '../../verdict/records/decide-and-record.ts';

/** A message of the mirror queue: a digest to mirror by a profile's trust. */
export interface MirrorMessage {
  readonly schema: 1;
  readonly profile: string;
  readonly digest: Digest;
  /** Set for signatures of the repository's lookaside; missing for those of a release. */
  readonly repository?: Repository | undefined;
}

export function toMirrorBody(profile: string, digest: Digest, repository?: Repository): string {
  return JSON.stringify({ schema: 1, profile, digest, repository } satisfies MirrorMessage);
}

/** What the consumer of the queue takes for a message: one with anything else in it is refused. */
export const MirrorMessageSchema = v.strictObject({
  schema: v.literal(1),
  profile: v.pipe(v.string(), v.minLength(1), v.maxLength(63)),
  digest: v.custom<Digest>((value) => typeof value === 'string' && isDigest(value), 'not a digest'),
  repository: v.optional(
    v.custom<Repository>((value) => typeof value === 'string' && isRepository(value), 'not a repository'),
  ),
});

/** Queues what a decision found outside the mirror. @throws StoreError */
export async function queueUnmirrored(queue: Queue, profile: string, unmirrored: readonly Unmirrored[]): Promise<void> {
  if (unmirrored.length === 0) return;
  await queue.sendMessages(unmirrored.map(({ digest, repository }) => toMirrorBody(profile, digest, repository)));
}

/** The same where nobody waits for it. @returns why it failed; the next plan of the mirror finds what was not queued */
export async function tryToQueueUnmirrored(
  ...given: Parameters<typeof queueUnmirrored>
): Promise<StoreError | undefined> {
  try {
    await queueUnmirrored(...given);
    return undefined;
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
}

import type { LookasideResult } from '../../lib/mirror/slots/lookaside-mirror.ts';
import { rememberAbsent } from '../../lib/mirror/sync/absent-record.ts';
import { mirrorDigest, mirrorImage } from '../../lib/mirror/sync/mirror-digest.ts';
import type { MirrorMessage } from '../../lib/mirror/sync/mirror-message.ts';
import type { Telemetry } from '../../lib/platform/lambda/telemetry.ts';
import { bindObjectStore, type ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { type MessageOutcome, type QueueMessage, toRetryDelay } from '../../lib/platform/queues/process-batch.ts';
import type { UpstreamStores } from '../../lib/stores/open/open-stores.ts';
import { bindTrustSource, type TrustSource } from '../../lib/trust/source/trust-source.ts';

export interface MirrorDependencies {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly upstream: UpstreamStores;
  readonly telemetry: Telemetry;
  readonly now: () => Date;
}

/** Mirrors the digest of one message: a release's signatures, or those of a repository's lookaside. */
export async function mirrorQueued(
  { body, receiveCount }: QueueMessage<MirrorMessage>,
  { trust: source, objects: store, upstream, telemetry, now }: MirrorDependencies,
  signal: AbortSignal,
): Promise<MessageOutcome> {
  const { digest, profile, repository } = body;
  if (!source.profiles.includes(profile)) return { kind: 'dead', reason: `there is no profile ${profile}` };
  const objects = bindObjectStore(store, signal);
  const trust = await bindTrustSource(source, signal).read(profile);
  const places = upstream.open(trust.prepared);
  if (repository !== undefined) {
    const image = { digest, repository };
    const result = await mirrorImage({ image, trust, upstream: places.lookaside, objects, now: now(), signal });
    return concludeLookaside(result, { digest, repository, profile }, receiveCount, telemetry);
  }
  const result = await mirrorDigest({ digest, trust, upstream: places.release, objects, now: now(), signal });
  const { outcome, written, held, reasons } = result;
  telemetry.count(`Mirrored.${outcome}`);
  telemetry.log('info', 'mirrored', {
    digest,
    profile,
    outcome,
    written: written.length,
    held,
    reasons: reasons.map(({ code }) => code),
  });
  if (outcome === 'absent' || outcome === 'incomplete') {
    const { revision: trustRevision, stores } = trust.prepared;
    const asked = { profile, trustRevision, stores: stores.map(({ url }) => url) };
    await rememberAbsent(objects, digest, outcome, asked, now());
  }
  if (outcome !== 'indeterminate') return { kind: 'done' };
  const reason = reasons.map(({ code, message }) => `${code}: ${message}`).join('; ');
  return { kind: 'retry', delaySeconds: toRetryDelay(receiveCount), reason };
}

/** An incomplete lookaside stays incomplete until the image is queued again. */
function concludeLookaside(
  { outcome, missing, written, held, failures }: LookasideResult,
  image: Readonly<Record<string, string>>,
  receiveCount: number,
  telemetry: Telemetry,
): MessageOutcome {
  telemetry.count(`Mirrored.${outcome}`);
  telemetry.log('info', 'mirrored', { ...image, outcome, written: written.length, held, missing });
  if (outcome !== 'indeterminate') return { kind: 'done' };
  const reason = failures.map(({ location, error }) => `StoreUnavailable: ${location}: ${error.message}`).join('; ');
  return { kind: 'retry', delaySeconds: toRetryDelay(receiveCount), reason };
}

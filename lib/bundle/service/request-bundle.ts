import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Queue } from '../../platform/queues/queue.ts';
import type { TrustSource } from '../../trust/source/trust-source.ts';
import { type AskedBundle, readAskedBundle, replaceAskedBundle } from './asked-bundle.ts';
import { createBundleId } from './bundle-id.ts';
import { type BundleQuestion, readBundleState, replaceBundleState } from './bundle-state.ts';
import { toExportBody } from './export-message.ts';
import type { BundleRequestBody } from './parse-bundle-request.ts';

export interface RequestBundleDependencies {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly exportQueue: Queue;
  readonly now: () => Date;
}

const MAX_TRIES = 5;

/**
 * Queues a bundle, and gives its id. While one is queued or being made, whoever asks the same (profile, trust revision,
 * since) is given that one; afterwards, a new one: the mirror may have grown.
 *
 * Who asks claims the question first; state and message follow from the claim, so whatever a crash left out is made up
 * for by the next who asks. A message that is sent twice makes one bundle.
 *
 * @throws InputError `ProfileUnknown`; `ArgumentInvalid` for a `since` that cannot be followed; ConfigurationError;
 *   StoreError
 */
export async function requestBundle(
  { profile: wanted, since }: BundleRequestBody,
  { trust, objects, exportQueue, now }: RequestBundleDependencies,
): Promise<string> {
  const { profile, revision: trustRevision } = (await trust.read(wanted)).prepared;
  if (since !== undefined) await requireFollowable(objects, since, profile);
  const question = { profile, trustRevision, ...(since === undefined ? {} : { since }) };
  const request = await claim(objects, question, now());
  // A state that is there already stays.
  await replaceBundleState(objects, { ...request, state: 'queued' }, undefined);
  await exportQueue.sendMessages([toExportBody(request)]);
  return request.id;
}

async function claim(objects: ObjectStore, question: BundleQuestion, now: Date): Promise<AskedBundle['request']> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const asked = await readAskedBundle(objects, question);
    if (asked !== undefined && (await isUnderWay(objects, asked))) return asked.request;
    const request = { schema: 1, id: createBundleId(), ...question, requestedAt: now.toISOString() } as const;
    if (await replaceAskedBundle(objects, request, asked?.etag)) return request;
  }
  throw new StoreError('ConditionFailed', 'others keep asking for the same bundle; retry');
}

/** A claim without a state was made by somebody who got no further. */
async function isUnderWay(objects: ObjectStore, { request }: AskedBundle): Promise<boolean> {
  const stored = await readBundleState(objects, request.id);
  return stored === undefined || stored.state.state === 'queued';
}

/** @throws InputError `ArgumentInvalid` */
async function requireFollowable(objects: ObjectStore, since: string, profile: string): Promise<void> {
  const stored = await readBundleState(objects, since);
  if (stored === undefined) throw refused('there is no bundle of this id');
  const { state } = stored;
  if (state.profile !== profile) throw refused('that bundle is of another profile');
  if (state.state !== 'done') throw refused(`that bundle is ${state.state}, not done`);
}

function refused(fault: string): InputError {
  return new InputError('ArgumentInvalid', `since: ${fault}`);
}

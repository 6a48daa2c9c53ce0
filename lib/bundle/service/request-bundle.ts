import { hash } from 'node:crypto';
import * as v from 'valibot';
import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { readSchema } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Queue } from '../../platform/queues/queue.ts';
import type { TrustSource } from '../../trust/source/trust-source.ts';
import {
  type BundleQuestion,
  type BundleState,
  createBundleId,
  isBundleId,
  readBundleState,
  replaceBundleState,
  requestedShape,
  toExportBody,
} from './bundle-state.ts';
import { listBundle } from './list-bundles.ts';

/** What a caller asks for: a bundle of this profile, and the one that it follows. */
interface BundleRequestBody {
  readonly profile: string | undefined;
  readonly since: string | undefined;
}

const MEMBERS = ['profile', 'since'];

/** `{ "profile"?: …, "since"?: <id of a bundle> }` @throws InputError `BodyInvalid` that names the member */
export function parseBundleRequest(body: JsonValue): BundleRequestBody {
  if (!isJsonObject(body)) throw invalid('the body must be an object');
  const unknown = Object.keys(body).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) throw invalid(`unknown member ${JSON.stringify(unknown)}; expected ${MEMBERS.join(', ')}`);
  const { profile, since } = body;
  if (profile !== undefined && typeof profile !== 'string') throw invalid('profile must be a string');
  if (since !== undefined && (typeof since !== 'string' || !isBundleId(since))) {
    throw invalid('since must be the id of a bundle: 32 lower-case hex digits');
  }
  return { profile, since };
}

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
  await listBundle(objects, request);
  // A state that is there already stays.
  await replaceBundleState(objects, { ...request, state: 'queued' }, undefined);
  await exportQueue.sendMessages([toExportBody(request)]);
  return request.id;
}

async function claim(objects: ObjectStore, question: BundleQuestion, now: Date): Promise<BundleRequest> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const asked = await readAskedBundle(objects, question);
    if (asked?.request !== undefined && (await isUnderWay(objects, asked.request))) return asked.request;
    const request = { schema: 1, id: createBundleId(), ...question, requestedAt: now.toISOString() } as const;
    // What cannot be replaced only keeps others from being given the same bundle.
    if (asked !== undefined && asked.etag === undefined) return request;
    if (await replaceAskedBundle(objects, request, asked?.etag)) return request;
  }
  throw new StoreError('ConditionFailed', 'others keep asking for the same bundle; retry');
}

/** A claim without a state was made by somebody who got no further. One with a broken state leads to no bundle. */
async function isUnderWay(objects: ObjectStore, request: BundleRequest): Promise<boolean> {
  const stored = await unlessBroken(readBundleState(objects, request.id));
  return stored !== 'broken' && (stored === undefined || stored.state.state === 'queued');
}

/** What somebody else put where a claim or a state belongs must not keep everybody from their bundles. */
async function unlessBroken<T>(reading: Promise<T>): Promise<T | 'broken'> {
  try {
    return await reading;
  } catch (error) {
    const isContent = error instanceof StoreError && ['BodyInvalid', 'LimitExceeded'].includes(error.code);
    if (isContent || error instanceof ConfigurationError) return 'broken';
    throw error;
  }
}

/** @throws InputError `ArgumentInvalid` */
async function requireFollowable(objects: ObjectStore, since: string, profile: string): Promise<void> {
  const stored = await readBundleState(objects, since);
  if (stored === undefined) throw refused('there is no bundle of this id');
  const { state } = stored;
  if (state.profile !== profile) throw refused('that bundle is of another profile');
  if (state.state !== 'done') throw refused(`that bundle is ${state.state}, not done`);
}

type BundleRequest = Omit<BundleState & { readonly state: 'queued' }, 'state'>;

/** The bundle that the last one who asked the same question was given. */
interface AskedBundle {
  /** Undefined where what is stored names none. */
  readonly request: BundleRequest | undefined;
  /** Undefined where it is so long that it cannot be replaced. */
  readonly etag: string | undefined;
}

const MAX_ASKED_BYTES = 16 * 1024;
const schema: v.GenericSchema<unknown, BundleRequest> = v.strictObject(requestedShape);

async function parseRequest(key: string, bytes: Uint8Array): Promise<BundleRequest> {
  return readSchema(schema, key, bytes);
}

/** @throws StoreError */
async function readAskedBundle(objects: ObjectStore, question: BundleQuestion): Promise<AskedBundle | undefined> {
  const key = askedBundleKey(question);
  const stored = await unlessBroken(objects.readObject(key, MAX_ASKED_BYTES));
  if (stored === undefined) return undefined;
  if (stored === 'broken') return { request: undefined, etag: undefined };
  const { bytes, etag } = stored;
  const request = await unlessBroken(parseRequest(key, bytes));
  const isSame = request !== 'broken' && toQuestionText(request) === toQuestionText(question);
  return { request: isSame ? request : undefined, etag };
}

/** @returns false when somebody else asked in between @throws StoreError */
async function replaceAskedBundle(
  objects: ObjectStore,
  request: BundleRequest,
  etag: string | undefined,
): Promise<boolean> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(request)}\n`);
  return await objects.replaceObject(askedBundleKey(request), bytes, etag);
}

/** No id is called so, and so it is no bundle's. */
function askedBundleKey(question: BundleQuestion): string {
  return `bundles/asked/${hash('sha256', toQuestionText(question))}.json`;
}

function toQuestionText({ profile, trustRevision, since }: BundleQuestion): string {
  return JSON.stringify([profile, trustRevision, since ?? null]);
}

function refused(fault: string): InputError {
  return new InputError('ArgumentInvalid', `since: ${fault}`);
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}

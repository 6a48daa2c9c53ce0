import { randomBytes } from 'node:crypto';
import * as v from 'valibot';
import { readSchema, utcTime } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';

/** What was asked for: what the mirror holds and this profile verifies, by this revision of its trust or a later one. */
export interface BundleQuestion {
  readonly profile: string;
  readonly trustRevision: string;
  /** The bundle that this one follows: what it holds, and what those before it hold, is left out. */
  readonly since?: string | undefined;
}

/** What is computed from a bundle's bytes; `size` in bytes, as packed. */
export interface BundleFacts {
  readonly sha256: string;
  readonly size: number;
  readonly manifestSha256: string;
  readonly counts: {
    readonly digests: number;
    readonly signatures: number;
    readonly configMaps: number;
    readonly files: number;
  };
}

const EXPORT_FAILURE_CODES = [
  'EarlierMissing',
  'Internal',
  'LimitExceeded',
  'NothingVerifies',
  'ProfileUnknown',
  'StoreUnavailable',
  'TimedOut',
  'TrustUnusable',
] as const;

type ExportFailureCode = (typeof EXPORT_FAILURE_CODES)[number];

/** Why there is no bundle, and what the caller can do: nothing of what is inside. */
export interface ExportFailure {
  readonly code: ExportFailureCode;
  readonly message: string;
}

interface Requested extends BundleQuestion {
  readonly schema: 1;
  readonly id: string;
  readonly requestedAt: string;
}

/** How far a bundle has come. `done` is for good; what `failed` may be tried again by an operator. */
export type BundleState =
  | (Requested & { readonly state: 'queued' })
  | (Requested & BundleFacts & { readonly state: 'done'; readonly finishedAt: string })
  | (Requested & { readonly state: 'failed'; readonly finishedAt: string; readonly failure: ExportFailure });

interface StoredState {
  readonly state: BundleState;
  readonly etag: string;
}

/** 128 random bits in lower-case hex: it names one request for a bundle, and nobody guesses another's. */
const ID = /^[0-9a-f]{32}$/;

export function isBundleId(text: string): boolean {
  return ID.test(text);
}

/** @throws InputError `ArgumentInvalid`: an id becomes a part of object keys */
export function parseBundleId(text: string): string {
  if (isBundleId(text)) return text;
  throw new InputError('ArgumentInvalid', 'the id of a bundle is 32 lower-case hex digits');
}

export function createBundleId(): string {
  return randomBytes(16).toString('hex');
}

const MAX_STATE_BYTES = 16 * 1024;
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const idSchema = v.pipe(v.string(), v.check(isBundleId, 'not the id of a bundle'));
/** The members of every state, for other objects that name a request. */
export const requestedShape = {
  schema: v.literal(1),
  id: idSchema,
  profile: v.pipe(v.string(), v.check(isProfileName)),
  trustRevision: sha256,
  since: v.optional(idSchema),
  requestedAt: utcTime,
} as const;
const schema: v.GenericSchema<unknown, BundleState> = v.variant('state', [
  v.strictObject({ ...requestedShape, state: v.literal('queued') }),
  v.strictObject({
    ...requestedShape,
    state: v.literal('done'),
    finishedAt: utcTime,
    sha256,
    size: count,
    manifestSha256: sha256,
    counts: v.strictObject({ digests: count, signatures: count, configMaps: count, files: count }),
  }),
  v.strictObject({
    ...requestedShape,
    state: v.literal('failed'),
    finishedAt: utcTime,
    failure: v.strictObject({ code: v.picklist(EXPORT_FAILURE_CODES), message: v.string() }),
  }),
]);

function bundleStateKey(bundleId: string): string {
  return `bundles/${bundleId}/state.json`;
}

export function bundleArchiveKey(bundleId: string): string {
  return `bundles/${bundleId}/bundle.tar.gz`;
}

/** @throws StoreError, ConfigurationError */
export async function readBundleState(objects: ObjectStore, bundleId: string): Promise<StoredState | undefined> {
  const key = bundleStateKey(bundleId);
  const stored = await objects.readObject(key, MAX_STATE_BYTES);
  if (stored === undefined) return undefined;
  const state = readSchema(schema, key, stored.bytes);
  if (state.id !== bundleId) throw new StoreError('BodyInvalid', `${key} is about another bundle`);
  return { state, etag: stored.etag };
}

/** Puts a state in the place of the one that was read. @returns false when another came between @throws StoreError */
export async function replaceBundleState(
  objects: ObjectStore,
  state: BundleState,
  etag: string | undefined,
): Promise<boolean> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(state)}\n`);
  return await objects.replaceObject(bundleStateKey(state.id), bytes, etag);
}

/** What a message of the export queue has to be. */
export const ExportMessageSchema = v.strictObject({
  schema: v.literal(1),
  id: idSchema,
  profile: v.pipe(v.string(), v.check(isProfileName, 'not a profile name')),
  since: v.optional(idSchema),
});

export type ExportMessage = v.InferOutput<typeof ExportMessageSchema>;

export function toExportBody({ id, profile, since }: Pick<BundleState, 'id' | 'profile' | 'since'>): string {
  return JSON.stringify({ schema: 1, id, profile, since } satisfies Record<keyof ExportMessage, unknown>);
}

/** A bundle cannot be made, and a retry does not help. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
  readonly code: ExportFailureCode;

  constructor(code: ExportFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

const REMEDIES: Readonly<Record<ExportFailureCode, string>> = {
  EarlierMissing: 'a bundle that this one should follow is not kept any more: ask for a complete one, without since',
  Internal: 'it could not be made; the operator finds the reason in the log',
  LimitExceeded:
    'it would be longer than this service makes: use signet bundle create, or follow an earlier one (since)',
  NothingVerifies: 'the mirror holds no signature that this profile verifies: mirror its releases, then ask again',
  ProfileUnknown: 'this profile is not served any more: GET /v1/trust lists those that are',
  StoreUnavailable: 'something that is needed stayed out of reach: ask again later',
  TimedOut: 'it could not be made in the time that there is: ask again, or use signet bundle create',
  TrustUnusable: 'the trust of this profile cannot be used for a bundle; the operator finds the reason in the log',
};

/** What a caller may know of an error. */
export function toExportFailure(error: unknown): ExportFailure {
  const code = toCode(error);
  return { code, message: REMEDIES[code] };
}

/** Whether the same would come of it however often it is tried. */
export function isFinal(error: unknown): boolean {
  return error instanceof ExportError || error instanceof InputError || error instanceof ConfigurationError;
}

function toCode(error: unknown): ExportFailureCode {
  if (error instanceof ExportError) return error.code;
  // The one thing that a bundle is refused for.
  if (error instanceof InputError) return error.code === 'ProfileUnknown' ? 'ProfileUnknown' : 'NothingVerifies';
  if (error instanceof ConfigurationError) return error.code === 'LimitExceeded' ? 'LimitExceeded' : 'TrustUnusable';
  if (error instanceof StoreError) return 'StoreUnavailable';
  return error instanceof DOMException && error.name === 'TimeoutError' ? 'TimedOut' : 'Internal';
}

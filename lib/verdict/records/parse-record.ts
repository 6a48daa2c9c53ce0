import * as v from 'valibot';
import { decodeUtf8 } from '../../base/documents/decode.ts';
import { isJsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { formatPlaces, recordOf } from '../../base/documents/schema.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { REASON_CODES } from '../../base/errors/reason-code.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { type Digest, isDigest } from '../../base/names/digest.ts';
import { isPlatform } from '../../base/names/platform.ts';
import { MANIFEST_MEDIA_TYPES } from '../../registry/client/registry-answers.ts';
import { isProfileName } from '../../trust/prepared/profiles.ts';
import { sha256Field } from '../../trust/prepared/trust-document.ts';
import type { Attempt, ImageResult, PolicyResult, Reason, Verdict } from '../judge/verdict.ts';
import {
  type Asked,
  type InPlaceOf,
  MAX_TIME_MS,
  type RecordedManifest,
  type RecordedSignature,
  type VerdictRecord,
} from './verdict-record.ts';

// `satisfies` with every member: a field added to the type and forgotten here does not compile.
type Shape<T> = { readonly [K in keyof T]-?: v.GenericSchema };

/** The schema number that this version writes; it reads those before too. */
const SCHEMA = 2;

const text = v.pipe(v.string(), v.minLength(1));
const digest = v.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const time = v.pipe(v.string(), v.check(isTime));
const base64 = v.pipe(
  v.string(),
  v.check((value) => Buffer.from(value, 'base64').toString('base64') === value),
);

const reason = v.strictObject({
  code: v.picklist(REASON_CODES),
  message: v.string(),
  remedy: v.optional(v.string()),
} satisfies Shape<Reason>);

const attempt = v.strictObject({
  store: v.string(),
  location: v.string(),
  keyring: v.optional(text),
  signer: v.optional(text),
  code: v.picklist([...REASON_CODES, 'Verified']),
  message: v.string(),
  note: v.optional(v.string()),
  image: v.optional(text),
} satisfies Shape<Attempt>);

const outcome = v.picklist(['accepted', 'rejected', 'indeterminate']);
const policy = v.strictObject({
  document: text,
  image: text,
  scope: text,
  outcome,
  requirements: v.array(v.strictObject({ requirement: text, outcome, reasons: v.array(reason) })),
} satisfies Shape<PolicyResult>);

const image = v.strictObject({
  digest,
  platforms: v.array(text),
  outcome: v.optional(outcome),
} satisfies Shape<ImageResult>);

const verdictMembers = {
  outcome,
  forced: v.boolean(),
  pullspec: text,
  canonicalPullspec: v.optional(text),
  digest: v.optional(digest),
  profile: v.pipe(v.string(), v.check(isProfileName)),
  mode: v.picklist(['enforce', 'warn']),
  trustRevision: sha256Field,
  verifierVersion: text,
  reasons: v.array(reason),
  warnings: v.array(reason),
  attempts: v.array(attempt),
  policies: v.optional(v.array(policy)),
  decidedAt: time,
};

const verdict1 = v.strictObject({ ...verdictMembers, schema: v.literal(1) });
const verdict2 = v.strictObject({
  ...verdictMembers,
  schema: v.literal(2),
  judgedAs: v.optional(v.literal('component')),
  platforms: v.optional(v.array(v.pipe(v.string(), v.check(isPlatform)))),
  images: v.optional(v.array(image)),
} satisfies Shape<Verdict>);

const askedMembers = {
  source: text,
  registry: v.optional(text),
  repository: v.optional(text),
  tag: v.optional(text),
  pullspec: text,
};

const recordMembers = {
  id: sha256Field,
  signatures: v.array(
    v.strictObject({
      store: v.string(),
      location: v.string(),
      image: v.optional(text),
      sha256: sha256Field,
      bytes: v.optional(base64),
    } satisfies Shape<RecordedSignature>),
  ),
  firstDecidedAt: time,
};

const record1 = v.pipe(
  v.strictObject({
    ...recordMembers,
    schema: v.literal(1),
    asked: v.strictObject(askedMembers),
    verdict: verdict1,
  }),
  v.transform((record) => ({ ...record, manifests: [] })),
);
const record2 = v.strictObject({
  ...recordMembers,
  schema: v.literal(2),
  asked: v.strictObject({ ...askedMembers, caller: v.optional(recordOf(text, v.string())) } satisfies Shape<Asked>),
  verdict: verdict2,
  manifests: v.array(
    v.strictObject({
      digest,
      mediaType: v.picklist(MANIFEST_MEDIA_TYPES),
      bytes: base64,
    } satisfies Shape<RecordedManifest>),
  ),
  inPlaceOf: v.optional(
    v.strictObject({
      id: sha256Field,
      sha256: v.optional(sha256Field),
      fault: v.string(),
      nonce: v.optional(sha256Field),
    } satisfies Shape<InPlaceOf>),
  ),
} satisfies Shape<VerdictRecord>);

const record: v.GenericSchema<unknown, VerdictRecord> = v.variant('schema', [record1, record2]);

/**
 * Reads a record's form: UTF-8, strict JSON, a schema number that this version knows. What it says is not proven by
 * that; `recheckRecord` does so.
 *
 * @param name for messages
 * @throws ConfigurationError `SchemaUnsupported` for a newer one; StoreError `BodyInvalid`
 */
export function parseRecord(name: string, bytes: Uint8Array): VerdictRecord {
  const content = withoutQuestions(readJson(name, bytes));
  const schema = isJsonObject(content) ? content['schema'] : undefined;
  if (typeof schema === 'number' && schema > SCHEMA) {
    const fault = `written with schema ${schema}; this version of Signet reads schema ${SCHEMA}: update it`;
    throw new ConfigurationError('SchemaUnsupported', fault, { position: { document: name } });
  }
  const result = v.safeParse(record, content);
  if (result.success) return result.output;
  throw new StoreError('BodyInvalid', `${name} is not a record: ${formatPlaces(result.issues)}`);
}

/** What the API adds to a record that is read by its id alone: it is no part of it. */
function withoutQuestions(content: JsonValue): JsonValue {
  if (!isJsonObject(content)) return content;
  const { questions: _, ...others } = content;
  return others;
}

function readJson(name: string, bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(decodeUtf8(bytes));
  } catch (cause) {
    throw new StoreError('BodyInvalid', `${name} is not strict JSON in UTF-8`, { cause });
  }
}

function isTime(value: string): boolean {
  const ms = Date.parse(value);
  return ms >= 0 && ms <= MAX_TIME_MS && new Date(ms).toISOString() === value;
}

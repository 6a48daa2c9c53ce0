// `zod/mini`, not `zod`: functions load this on their way to the first reply.
import * as z from 'zod/mini';
import { ConfigurationError } from '../errors/configuration-error.ts';
import { REASON_CODES } from '../errors/reason-code.ts';
import { StoreError } from '../errors/store-error.ts';
import { isJsonObject, type JsonValue } from '../json/json-value.ts';
import { parseStrictJson } from '../json/parse-strict-json.ts';
import { type Digest, isDigest } from '../pullspec/digest.ts';
import { sha256Field } from '../trust/parse-current-trust.ts';
import { isProfileName } from '../trust/profile-name.ts';
import type { Attempt, PolicyResult, Reason, Verdict } from '../verification/verdict.ts';
import { MAX_TIME_MS } from './record-keys.ts';
import type { Asked, RecordedSignature, VerdictRecord } from './verdict-record.ts';

// `satisfies` with every member: a field added to the type and forgotten here does not compile.
type Shape<T> = { readonly [K in keyof T]-?: z.ZodMiniType };

/** The schema number that this version writes and reads. */
const SCHEMA = 1;

const text = z.string().check(z.minLength(1));
const digest = z.custom<Digest>((value) => typeof value === 'string' && isDigest(value));
const time = z.string().check(z.refine(isTime));
const base64 = z.string().check(z.refine((value) => Buffer.from(value, 'base64').toString('base64') === value));

const reason = z.strictObject({
  code: z.enum(REASON_CODES),
  message: z.string(),
  remedy: z.optional(z.string()),
} satisfies Shape<Reason>);

const attempt = z.strictObject({
  store: z.string(),
  location: z.string(),
  keyring: z.optional(text),
  signer: z.optional(text),
  code: z.enum([...REASON_CODES, 'Verified']),
  message: z.string(),
  note: z.optional(z.string()),
  image: z.optional(text),
} satisfies Shape<Attempt>);

const outcome = z.enum(['accepted', 'rejected', 'indeterminate']);
const policy = z.strictObject({
  document: text,
  image: text,
  scope: text,
  outcome,
  requirements: z.array(z.strictObject({ requirement: text, outcome, reasons: z.array(reason) })),
} satisfies Shape<PolicyResult>);

const verdict = z.strictObject({
  schema: z.literal(SCHEMA),
  outcome,
  forced: z.boolean(),
  pullspec: text,
  canonicalPullspec: z.optional(text),
  digest: z.optional(digest),
  profile: z.string().check(z.refine(isProfileName)),
  mode: z.enum(['enforce', 'warn']),
  trustRevision: sha256Field,
  verifierVersion: text,
  reasons: z.array(reason),
  warnings: z.array(reason),
  attempts: z.array(attempt),
  policies: z.optional(z.array(policy)),
  decidedAt: time,
} satisfies Shape<Verdict>);

const record: z.ZodMiniType<VerdictRecord> = z.strictObject({
  schema: z.literal(SCHEMA),
  id: sha256Field,
  asked: z.strictObject({
    source: text,
    registry: z.optional(text),
    repository: z.optional(text),
    tag: z.optional(text),
    pullspec: text,
  } satisfies Shape<Asked>),
  verdict,
  signatures: z.array(
    z.strictObject({
      store: z.string(),
      location: z.string(),
      image: z.optional(text),
      sha256: sha256Field,
      bytes: z.optional(base64),
    } satisfies Shape<RecordedSignature>),
  ),
  firstDecidedAt: time,
} satisfies Shape<VerdictRecord>);

/**
 * Reads a record's form: UTF-8, strict JSON, a schema number that this version knows. What it says is not proven by
 * that; `recheckRecord` does so.
 *
 * @param name for messages
 * @throws ConfigurationError `SchemaUnsupported` for a newer one; StoreError `BodyInvalid`
 */
export function parseRecord(name: string, bytes: Uint8Array): VerdictRecord {
  const content = readJson(name, bytes);
  const schema = isJsonObject(content) ? content['schema'] : undefined;
  if (typeof schema === 'number' && schema > SCHEMA) {
    const fault = `written with schema ${schema}; this version of Signet reads schema ${SCHEMA}: update it`;
    throw new ConfigurationError('SchemaUnsupported', fault, { position: { document: name } });
  }
  const result = record.safeParse(content);
  if (result.success) return result.data;
  const places = result.error.issues.map(({ path }) => path.map(String).join('.') || 'the whole');
  throw new StoreError('BodyInvalid', `${name} is not a record: ${[...new Set(places)].join(', ')}`);
}

function readJson(name: string, bytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new StoreError('BodyInvalid', `${name} is not strict JSON in UTF-8`, { cause });
  }
}

function isTime(value: string): boolean {
  const ms = Date.parse(value);
  return ms >= 0 && ms <= MAX_TIME_MS && new Date(ms).toISOString() === value;
}

import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { isJsonObject } from '../../../base/documents/json-value.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { parseJsonBytes } from '../../../platform/lambda/read-request.ts';
import { eventIdField, readEvent, timeField, toFieldError } from './fields.ts';

/** A CloudEvent 1.0, whichever of the three ways it came in. */
export interface CloudEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly time: string | undefined;
  readonly untrustedData: unknown;
  /** Where in the body the data stands. */
  readonly place: readonly string[];
}

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
/** The media types of CloudEvents in JSON; any other declares the data of an event whose attributes are headers. */
export const CLOUDEVENTS_TYPES: readonly string[] = [STRUCTURED, BATCH];

const text = v.pipe(v.string(), v.minLength(1, 'expected text'));
const attributesSchema = v.object({
  specversion: v.pipe(
    v.string(),
    v.check((version) => version === '1.0', 'expected 1.0, the version that is read'),
  ),
  id: text,
  source: text,
  type: text,
  time: v.optional(timeField),
});
type Attributes = v.InferOutput<typeof attributesSchema>;
const base64Schema = v.object({ data_base64: v.pipe(v.string(), v.base64('expected base64')) });

/**
 * The events of a request by the HTTP binding of CloudEvents 1.0: structured, batched, or binary.
 *
 * @param body the parsed body
 * @param headers by names in lower case
 * @throws InputError `BodyInvalid`
 */
export function readCloudEvents(
  body: unknown,
  headers: Readonly<Record<string, string | undefined>>,
): readonly CloudEvent[] {
  const mediaType = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (mediaType === STRUCTURED) return [readStructured(body, [])];
  if (mediaType !== BATCH) return [toEvent(readHeaders(headers), body, [])];
  if (!Array.isArray(body)) throw toFieldError('the body', 'expected an array of events');
  return body.map((event: unknown, index) => readStructured(event, [String(index)]));
}

function readStructured(event: unknown, prefix: readonly string[]): CloudEvent {
  if (!isJsonObject(event)) throw toFieldError(prefix.join('.') || 'the body', 'expected object');
  const attributes = readEvent(attributesSchema, event, prefix);
  if (event['data_base64'] === undefined) return toEvent(attributes, event['data'], [...prefix, 'data']);
  const { data_base64: encoded } = readEvent(base64Schema, event, prefix);
  const place = [...prefix, 'data_base64'];
  try {
    return toEvent(attributes, parseJsonBytes(Buffer.from(encoded, 'base64')), place);
  } catch (error) {
    if (error instanceof InputError) throw toFieldError(place.join('.'), error.message, error);
    throw error;
  }
}

/** The attributes that are read, of headers named `ce-…`. */
function readHeaders(headers: Readonly<Record<string, string | undefined>>): Attributes {
  const names = Object.keys(attributesSchema.entries);
  const given = names.flatMap((name) => {
    const value = headers[`ce-${name}`];
    return value === undefined ? [] : [[name, decodeHeader(value, `ce-${name}`)] as const];
  });
  if (given.length === 0) {
    const types = CLOUDEVENTS_TYPES.join(' or ');
    throw toFieldError('ce-specversion', `missing; an event that is whole in the body has content-type ${types}`);
  }
  const absent = names.find((name) => name !== 'time' && headers[`ce-${name}`] === undefined);
  if (absent !== undefined) throw toFieldError(`ce-${absent}`, 'missing');
  return readEvent(attributesSchema, Object.fromEntries(given));
}

/** Quotes of older senders are taken off, then what is percent-encoded is decoded once. */
function decodeHeader(value: string, name: string): string {
  const quoted = value.length > 1 && value.startsWith('"') && value.endsWith('"');
  const bare = quoted ? value.slice(1, -1).replaceAll(/\\([\s\S])/g, '$1') : value;
  try {
    return decodeURIComponent(bare);
  } catch (cause) {
    throw toFieldError(name, 'expected percent-encoded UTF-8', cause);
  }
}

function toEvent({ id, source, type, time }: Attributes, untrustedData: unknown, place: readonly string[]): CloudEvent {
  return { id: toEventId(id), source, type, time, untrustedData, place };
}

/** An identifier may be any text. What is too long or odd for a record is known by its hash, the same each time. */
function toEventId(id: string): string {
  if (v.is(eventIdField, id)) return id;
  return `sha256:${createHash('sha256').update(id).digest('hex')}`;
}

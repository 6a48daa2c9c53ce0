import { isJsonObject, type JsonValue } from '../../../base/documents/json-value.ts';
import type { ManifestFormat } from '../../../base/documents/manifest-text.ts';
import { InputError } from '../../../base/errors/input-error.ts';
import { type Digest, parseDigest } from '../../../base/names/digest.ts';
import { compareMinors, parseMinor } from '../../../cluster/render/release-version.ts';
import { SIGNATURES_NAME } from '../../../cluster/render/signature-config-maps.ts';

/** Which ConfigMaps a caller asks for: by default all that the profile verifies. */
export interface ConfigMapsRequest {
  readonly profile: string | undefined;
  readonly digests: readonly Digest[] | undefined;
  readonly minors: readonly string[] | undefined;
  readonly after: ConfigMapCursor | undefined;
}

/** Digests of one request: each is one listing. */
export const MAX_DIGESTS = 200;
/** Minor versions of one request. */
export const MAX_MINORS = 100;
const MEMBERS = ['profile', 'digests', 'minors', 'after'];

/**
 * `{ "profile"?: …, "digests"?: […], "minors"?: ["4.16"], "after"?: … }`
 *
 * @throws InputError `BodyInvalid` that names the member, `DigestInvalid`, `ArgumentInvalid`
 */
export function parseConfigMapsRequest(body: JsonValue): ConfigMapsRequest {
  if (!isJsonObject(body)) throw invalid('the body must be an object');
  const unknown = Object.keys(body).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) throw invalid(`unknown member ${JSON.stringify(unknown)}; expected ${MEMBERS.join(', ')}`);
  const { profile, digests, minors, after } = body;
  if (profile !== undefined && typeof profile !== 'string') throw invalid('profile must be a string');
  if (after !== undefined && typeof after !== 'string') throw invalid('after must be a string');
  return {
    profile,
    digests: parseList('digests', digests, MAX_DIGESTS)?.map(parseDigest),
    minors: parseList('minors', minors, MAX_MINORS)?.map(parseMinor),
    after: after === undefined ? undefined : parseConfigMapCursor(after),
  };
}

/** An empty list may have been meant to be full, and must not ask for all. */
function parseList(name: string, value: JsonValue | undefined, limit: number): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw invalid(`${name} must be a list`);
  if (value.length === 0) throw invalid(`${name} is empty: leave it out to ask for all`);
  if (value.length > limit) throw invalid(`${name} has ${value.length} entries; at most ${limit} are taken`);
  return value.map((entry) => {
    if (typeof entry !== 'string') throw invalid(`${name} must hold strings`);
    return entry;
  });
}

function invalid(fault: string): InputError {
  return new InputError('BodyInvalid', fault);
}

/** A place in the order of signature ConfigMaps. */
interface ConfigMapCursor {
  /** Undefined for the ConfigMaps without a version, which come last. */
  readonly minor: string | undefined;
  readonly number: number;
}

const NAME = new RegExp(`^${SIGNATURES_NAME}-(?:(0|[1-9]\\d{0,3})-(0|[1-9]\\d{0,3})|unversioned)-([1-9]\\d{0,14})$`);

/** The place of the ConfigMap of this name, whether or not there is one now. @throws InputError `ArgumentInvalid` */
export function parseConfigMapCursor(name: string): ConfigMapCursor {
  const [, major, minor, number] = NAME.exec(name) ?? [];
  if (number === undefined) {
    throw new InputError('ArgumentInvalid', 'after: expected the signet-next header of the page before');
  }
  return { minor: major === undefined ? undefined : `${major}.${minor}`, number: Number(number) };
}

/** As ConfigMaps are rendered: by minor version, then by number. */
export function compareCursors(left: ConfigMapCursor, right: ConfigMapCursor): number {
  if (left.minor === right.minor) return left.number - right.number;
  if (left.minor === undefined) return 1;
  return right.minor === undefined ? -1 : compareMinors(left.minor, right.minor);
}

/** What can be answered, the one for who does not say first. */
export const FORMAT_TYPES: Readonly<Record<ManifestFormat, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
};

interface Range {
  readonly type: string;
  /** From 0, not at all, to 1. */
  readonly quality: number;
}

const FORMATS = ['json', 'yaml'] as const;
const QUALITY = /^q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/;

/**
 * What an `Accept` header wants (RFC 9110, section 12.5.1): of equal wishes the one that is named, then JSON.
 *
 * @returns undefined when it is neither
 */
export function chooseFormat(accept: string | undefined): ManifestFormat | undefined {
  if (accept === undefined || accept.trim() === '') return 'json';
  const ranges = accept.split(',').flatMap(parseRange);
  const offers = FORMATS.flatMap((format) => {
    const range = findRange(ranges, FORMAT_TYPES[format]);
    return range === undefined || range.quality === 0 ? [] : [{ format, range }];
  });
  const [best] = offers.toSorted(
    (left, right) => right.range.quality - left.range.quality || rank(right.range) - rank(left.range),
  );
  return best?.format;
}

/** A range that cannot be read asks for nothing. */
function parseRange(text: string): readonly Range[] {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  if (quality === undefined) return [{ type, quality: 1 }];
  const value = QUALITY.exec(quality)?.[1];
  return value === undefined ? [] : [{ type, quality: Number(value) }];
}

/** The most specific range that covers a type. */
function findRange(ranges: readonly Range[], type: string): Range | undefined {
  return [type, 'application/*', '*/*'].map((name) => ranges.find((range) => range.type === name)).find(Boolean);
}

function rank({ type }: Range): number {
  if (type === '*/*') return 0;
  return type.endsWith('/*') ? 1 : 2;
}

import { isDigest } from '../../base/names/digest.ts';
import { parseRepository } from '../../base/names/reference.ts';
import { MAX_LOOKASIDE_SIGNATURES, MAX_RELEASE_SIGNATURES } from '../../stores/port/signature-store.ts';

const RELEASE_PREFIXES = ['/signatures/', '/api/upgrades_info/signatures/'];
const LOOKASIDE_PREFIX = '/lookaside/';
const INDEX = /^signature-([1-9][0-9]{0,2})$/;

/**
 * The object key of a signature that is asked for by path, in either layout; undefined for any other path. `=` may
 * come percent-encoded, as some clients send it; nothing else may.
 */
export function parseSignaturePath(rawPath: string): string | undefined {
  const path = rawPath.replaceAll(/%3d/gi, '=').replaceAll('%40', '@');
  const prefix = RELEASE_PREFIXES.find((candidate) => path.startsWith(candidate));
  if (prefix !== undefined) return toReleaseKey(path.slice(prefix.length));
  return path.startsWith(LOOKASIDE_PREFIX) ? toLookasideKey(path.slice(LOOKASIDE_PREFIX.length)) : undefined;
}

function toReleaseKey(rest: string): string | undefined {
  const [segment = '', name = '', ...more] = rest.split('/');
  const isSignature = isDigestSegment(segment) && isIndex(name, MAX_RELEASE_SIGNATURES) && more.length === 0;
  return isSignature ? `signatures/${segment}/${name}` : undefined;
}

function toLookasideKey(rest: string): string | undefined {
  const slash = rest.lastIndexOf('/');
  const at = rest.lastIndexOf('@', slash);
  if (slash < 0 || at < 0) return undefined;
  const [repository, segment, name] = [rest.slice(0, at), rest.slice(at + 1, slash), rest.slice(slash + 1)];
  const isSignature =
    isCanonicalRepository(repository) && isDigestSegment(segment) && isIndex(name, MAX_LOOKASIDE_SIGNATURES);
  return isSignature ? `lookaside/${repository}@${segment}/${name}` : undefined;
}

function isDigestSegment(segment: string): boolean {
  return isDigest(segment.replace('=', ':')) && segment.includes('=');
}

function isIndex(name: string, last: number): boolean {
  const index = INDEX.exec(name)?.[1];
  return index !== undefined && Number(index) <= last;
}

/** Only the one spelling that the mirror writes: a path is not normalised into another one. */
function isCanonicalRepository(text: string): boolean {
  try {
    return parseRepository(text) === text;
  } catch {
    return false;
  }
}

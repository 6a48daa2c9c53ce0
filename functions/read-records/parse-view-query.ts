import {
  MAX_PAGE_RELEASES,
  type ReleasePosition,
  type ReleaseQuery,
} from '../../lib/cluster/releases/list-releases.ts';
import { MAX_PAGE_ENTRIES, type MirrorQuery, type MirrorState } from '../../lib/mirror/audit/list-mirror.ts';
import {
  type Parameters,
  parseCursor,
  readCursor,
  readLimit,
  refuse,
  requireKnown,
  toCursor,
  verifyPosition,
} from '../../lib/platform/lambda/page-parameters.ts';
import { isProfileName } from '../../lib/trust/prepared/profiles.ts';

const MAX_TEXT = 256;
const TEXT = /^[\w.:+-]+$/;
const STATES: readonly MirrorState[] = ['held', 'quarantined', 'waiting'];
const DEFAULT_LIMIT = { releases: 25, entries: 50 } as const;

/** @throws InputError `ArgumentInvalid`, which names the parameter */
export function parseReleaseQuery(untrusted: Parameters): ReleaseQuery & { readonly profile: string | undefined } {
  requireKnown(untrusted, ['profile', 'q', 'minor', 'architecture', 'limit', 'after']);
  const { after } = untrusted;
  const position = after === undefined ? undefined : parsePosition(parseCursor(after));
  if (after !== undefined && position === undefined) throw refuse('after', after, 'the next of a page before');
  return {
    profile: readProfile(untrusted),
    start: readText(untrusted, 'q', 'the start of a version or of a digest'),
    minor: readText(untrusted, 'minor', 'a minor version, as in 4.16, or other'),
    architecture: readText(untrusted, 'architecture', 'an architecture, as in x86_64'),
    limit: readLimit(untrusted, DEFAULT_LIMIT.releases, MAX_PAGE_RELEASES),
    after: position,
  };
}

/** @throws InputError `ArgumentInvalid`, which names the parameter */
export function parseReleaseRequest(untrusted: Parameters): { readonly profile: string | undefined } {
  requireKnown(untrusted, ['profile']);
  return { profile: readProfile(untrusted) };
}

/** @throws InputError `ArgumentInvalid`, which names the parameter */
export function parseMirrorQuery(untrusted: Parameters): Omit<MirrorQuery, 'signal'> {
  requireKnown(untrusted, ['state', 'limit', 'after']);
  const { state: named = 'held' } = untrusted;
  const state = STATES.find((one) => one === named);
  if (state === undefined) throw refuse('state', named, STATES.join(', '));
  const after = readCursor(untrusted, 'quarantine/');
  return { state, limit: readLimit(untrusted, DEFAULT_LIMIT.entries, MAX_PAGE_ENTRIES), after };
}

/** The opaque form of where a page goes on. */
export function toReleaseCursor(position: ReleasePosition): string {
  return toCursor(position.kind === 'catalog' ? `c ${position.digest} ${position.version}` : `m ${position.after}`);
}

function parsePosition(text: string | undefined): ReleasePosition | undefined {
  const [kind, first = '', ...rest] = text?.split(' ') ?? [];
  if (kind === 'c') return { kind: 'catalog', digest: first, version: rest.join(' ') };
  if (kind !== 'm') return undefined;
  const after = [first, ...rest].join(' ');
  verifyPosition(`signatures/${after}`);
  return { kind: 'mirror', after };
}

function readProfile({ profile }: Parameters): string | undefined {
  if (profile === undefined || isProfileName(profile)) return profile;
  throw refuse('profile', profile, 'the name of a profile');
}

function readText(untrusted: Parameters, name: string, expected: string): string | undefined {
  const text = untrusted[name];
  if (text === undefined || (text.length <= MAX_TEXT && TEXT.test(text))) return text;
  throw refuse(name, text, expected);
}

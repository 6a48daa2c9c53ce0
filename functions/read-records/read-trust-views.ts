import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import {
  type Parameters,
  readCursor,
  readLimit,
  requireKnown,
  toCursor,
} from '../../lib/platform/lambda/page-parameters.ts';
import { compareTrust } from '../../lib/trust/prepared/compare-trust.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { selectProfile } from '../../lib/trust/prepared/profiles.ts';
import { listPublications, MAX_PAGE_PUBLICATIONS } from '../../lib/trust/publish/publications.ts';
import { loadRevision } from '../../lib/trust/source/load-trust.ts';
import { toReadyTrust, toTrustSummary } from '../../lib/trust/source/trust-source.ts';
import type { ViewPlaces } from './read-releases.ts';

const DEFAULT_LIMIT = 50;
/** Changes that are shown. */
const MAX_CHANGES = 1000;
const REVISION = /^[0-9a-f]{64}$/;

/** GET /v1/trust/{profile}/revisions. @throws InputError, ConfigurationError, StoreError */
export async function readRevisions({ trust, objects }: ViewPlaces, named: string, parameters: Parameters) {
  requireKnown(parameters, ['limit', 'after']);
  const limit = readLimit(parameters, DEFAULT_LIMIT, MAX_PAGE_PUBLICATIONS);
  const profile = selectProfile(trust.profiles, named);
  const after = readCursor(parameters, `trust/${profile}/published/`);
  const current = (await trust.read(profile)).prepared.revision;
  const { publications, next } = await listPublications(objects, profile, { limit, after });
  const isNoted = after !== undefined || publications.some(({ revision }) => revision === current);
  return {
    schema: 1,
    profile,
    current,
    // An earlier version published it, and noted nothing.
    revisions: [...(isNoted ? [] : [{ revision: current }]), ...publications],
    ...(next === undefined ? {} : { next: toCursor(next) }),
  };
}

/** GET /v1/trust/{profile}/revisions/{revision}; undefined when it is not stored. @throws as {@link readRevisions} */
export async function readRevision(view: ViewPlaces, named: string, revision: string, parameters: Parameters) {
  requireKnown(parameters, []);
  const profile = selectProfile(view.trust.profiles, named);
  const prepared = await load(view, profile, parseRevision('revision', revision));
  if (prepared === undefined) return undefined;
  const { refreshedAt: _, ...summary } = toTrustSummary(toReadyTrust(prepared, view.now()));
  return { schema: 1, profile, revision, summary, documents: prepared.documents };
}

/** GET /v1/trust/{profile}/changes; undefined when one of the two is not stored. @throws as {@link readRevisions} */
export async function readChanges(view: ViewPlaces, named: string, parameters: Parameters) {
  requireKnown(parameters, ['from', 'to']);
  const profile = selectProfile(view.trust.profiles, named);
  const [from, to] = [parseRevision('from', parameters['from']), parseRevision('to', parameters['to'])];
  const [before, after] = await Promise.all([load(view, profile, from), load(view, profile, to)]);
  if (before === undefined || after === undefined) return undefined;
  const changes = compareTrust(before, after);
  const cut = changes.length > MAX_CHANGES ? { isCut: true } : {};
  return { schema: 1, profile, from, to, changes: changes.slice(0, MAX_CHANGES), ...cut };
}

function parseRevision(name: string, text: string | undefined): string {
  if (text !== undefined && REVISION.test(text)) return text;
  throw new InputError('ArgumentInvalid', `${name}: a revision is 64 lower-case hex digits`);
}

async function load({ objects }: ViewPlaces, profile: string, revision: string): Promise<PreparedTrust | undefined> {
  try {
    return await loadRevision(objects, profile, revision);
  } catch (error) {
    if (error instanceof ConfigurationError && error.code === 'TrustMissing') return undefined;
    throw error;
  }
}

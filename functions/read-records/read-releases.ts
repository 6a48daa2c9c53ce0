import { type Digest, parseDigest, toStoreSegment } from '../../lib/base/names/digest.ts';
import { readConfigMaps } from '../../lib/bundle/service/config-maps/read-config-maps.ts';
import { listReleases, toNames } from '../../lib/cluster/releases/list-releases.ts';
import type { CatalogPlaces } from '../../lib/cluster/releases/mirrored-release.ts';
import { readStanding } from '../../lib/cluster/releases/release-standing.ts';
import { listMirror, listQuarantined } from '../../lib/mirror/audit/list-mirror.ts';
import { type ReleaseCatalog, readCatalog } from '../../lib/mirror/sync/release-catalog.ts';
import { type Unreadable, unlessUnreadable } from '../../lib/mirror/sync/remembered-object.ts';
import { type Parameters, toCursor } from '../../lib/platform/lambda/page-parameters.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { isStale } from '../../lib/trust/prepared/profiles.ts';
import type { TrustSource } from '../../lib/trust/source/trust-source.ts';
import { parseMirrorQuery, parseReleaseQuery, parseReleaseRequest, toReleaseCursor } from './parse-view-query.ts';

/** What views read: published trust and the object store, and nothing that would have to be contacted. */
export interface ViewPlaces {
  readonly trust: TrustSource;
  readonly objects: ObjectStore;
  readonly now: () => Date;
  readonly signal: AbortSignal;
}

/** Decisions and quarantined signatures of one release that are shown. */
const MAX_DECISIONS = 10;
const MAX_QUARANTINED = 20;

/** GET /v1/releases. @throws InputError, ConfigurationError, StoreError */
export async function readReleases(view: ViewPlaces, parameters: Parameters) {
  const query = parseReleaseQuery(parameters);
  const places = await openPlaces(view, query.profile);
  const { prepared } = places.trust;
  const { value: catalog, fault } = await unlessUnreadable(() => readCatalog(view.objects, prepared.profile));
  const { releases, next } = await listReleases(places, catalog, query);
  return {
    ...toHead(places),
    ...(catalog === undefined ? {} : { catalog: summarise(catalog) }),
    ...toCatalogFault(fault),
    releases: releases.map((release) => ({ ...release, pullspec: toPullspec(places, release.digest) })),
    ...(next === undefined ? {} : { next: toReleaseCursor(next) }),
  };
}

/** GET /v1/releases/{digest}; undefined when nothing here knows it. @throws InputError, ConfigurationError, StoreError */
export async function readRelease(view: ViewPlaces, untrustedDigest: string, parameters: Parameters) {
  const digest = parseDigest(untrustedDigest);
  const places = await openPlaces(view, parseReleaseRequest(parameters).profile);
  const { objects, signal } = view;
  const { profile } = places.trust.prepared;
  const [{ value: catalog, fault }, { standing, mirrored, absent, decisions }, quarantined] = await Promise.all([
    unlessUnreadable(() => readCatalog(objects, profile)),
    readStanding(places, digest, MAX_DECISIONS),
    listQuarantined(objects, toStoreSegment(digest), { limit: MAX_QUARANTINED, signal }),
  ]);
  const entry = catalog?.releases.find((one) => one.digest === digest);
  const isKnown = entry !== undefined || mirrored.shown.length > 0 || decisions.length > 0 || absent !== undefined;
  if (!isKnown && quarantined.entries.length === 0) return undefined;
  const { versions, architectures } = entry ?? toNames(mirrored.signedReferences);
  const manifests = mirrored.state === 'none' ? '' : await renderManifests(places, digest);
  const { outcome, times, askedAt, nextAt } = absent ?? {};
  return {
    ...toHead(places),
    ...toCatalogFault(fault),
    digest,
    pullspec: toPullspec(places, digest),
    versions,
    architectures,
    ...standing,
    openpgp: { ...standing.openpgp, shown: mirrored.shown },
    ...(absent === undefined ? {} : { absent: { profile: absent.profile, outcome, times, askedAt, nextAt } }),
    quarantined: quarantined.entries,
    verdicts: decisions,
    ...(manifests === '' ? {} : { manifests }),
  };
}

/** GET /v1/mirror. @throws InputError, StoreError */
export async function readMirror({ objects, now, signal }: ViewPlaces, parameters: Parameters) {
  const query = parseMirrorQuery(parameters);
  const { entries, next } = await listMirror(objects, { ...query, signal });
  const cursor = next === undefined ? {} : { next: toCursor(next) };
  return { schema: 1, at: now().toISOString(), state: query.state, entries, ...cursor };
}

async function openPlaces({ trust, objects, now, signal }: ViewPlaces, profile: string | undefined) {
  return { trust: await trust.read(profile), objects, now: now(), signal };
}

function toHead({ trust: { prepared, refreshedAt }, now }: CatalogPlaces) {
  const { profile, revision } = prepared;
  const stale = isStale({ refreshedAt }, now) ? { isStale: true } : {};
  return { schema: 1, profile, trustRevision: revision, at: now.toISOString(), ...stale };
}

/** What the update graphs say is not known then, and all else is. */
function toCatalogFault(fault: Unreadable | undefined) {
  return fault === undefined ? {} : { catalogFault: `${fault.code}: what the last plan read cannot be read` };
}

/** Where clusters ask for it. */
function toPullspec({ trust: { prepared } }: CatalogPlaces, digest: Digest): string {
  return `${prepared.canonicalRepositories[0] ?? ''}@${digest}`;
}

function summarise({ plannedAt, failedGraphs, releases }: ReleaseCatalog) {
  return { plannedAt, failedGraphs, releases: releases.length };
}

/** As `signet render configmaps` writes them; nothing where clusters can read none of the signatures. */
async function renderManifests({ trust, ...held }: CatalogPlaces, digest: Digest): Promise<string> {
  if (isStale(trust, held.now)) return '';
  const request = { profile: undefined, digests: [digest], minors: undefined, after: undefined };
  const { text, read } = await readConfigMaps(request, 'yaml', { ...held, trust });
  return read.releases.length === 0 ? '' : text;
}

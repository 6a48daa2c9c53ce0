import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import { type ReadyTrust, toReadyTrust } from '../../lib/trust/source/trust-source.ts';

export const FIXTURE_RELEASES = path.join(import.meta.dirname, '../fixtures/releases');
export const FIXTURE_STORE = path.join(FIXTURE_RELEASES, 'signatures');
export const FIXTURE_TRUST = path.join(FIXTURE_RELEASES, 'trust');

/** A time at which every fixture holds what it promises. */
export const FIXTURE_TIME = new Date('2026-11-22T00:00:00Z');

const Releases = v.object({
  profile: v.string(),
  releases: v.pipe(
    v.array(v.object({ pullspec: v.string(), version: v.string(), expected: v.string(), why: v.string() })),
    v.minLength(8),
  ),
});

/** The fixture releases: pullspec, and `accept` or the code that each must be rejected with. */
export const fixtureReleases = v.parse(
  Releases,
  JSON.parse(readFileSync(path.join(FIXTURE_RELEASES, 'releases.json'), 'utf8')),
).releases;

/** The documents of the fixture profile, with others put beside them. */
export function readFixtureDocuments(more: Readonly<Record<string, string>> = {}): readonly TrustDocument[] {
  const directory = path.join(FIXTURE_TRUST, 'ocp');
  return [
    ...readdirSync(directory).map((name) => ({ name, bytes: readFileSync(path.join(directory, name)) })),
    ...Object.entries(more).map(([name, text]) => ({ name, bytes: Buffer.from(text) })),
  ];
}

/** The fixture profile, ready to decide with; `change` replaces members of the prepared trust. */
export async function readFixtureTrust(change: Partial<PreparedTrust> = {}): Promise<ReadyTrust> {
  const prepared = await prepareTrust('ocp', readFixtureDocuments());
  return toReadyTrust({ ...prepared, ...change }, FIXTURE_TIME);
}

import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { InputError } from '../../base/errors/input-error.ts';
import type { TrustDocument } from '../../trust/prepared/trust-document.ts';
import type { BundleFault } from '../format/bundle-error.ts';
import { isGzip, openBundleFile } from '../format/bundle-file.ts';
import type { Candidate } from '../format/read-bundle.ts';
import { readBundle } from '../format/read-bundle.ts';
import type { ReadFailure } from './read-config-map-file.ts';
import { readForeign } from './read-foreign.ts';

/** What is to be imported: a bundle of Signet's, or what another tool made. Distinguished by content. */
export interface ImportSource {
  readonly kind: 'bundle' | 'foreign';
  readonly candidates: readonly Candidate[];
  /** Of a bundle, which then is not imported. */
  readonly faults: readonly BundleFault[];
  /** Of single files that another tool made. */
  readonly failures: readonly ReadFailure[];
  /** The trust in a bundle, by profile. */
  readonly trust: ReadonlyMap<string, readonly TrustDocument[]>;
  readonly manifestSha256?: string | undefined;
  readonly since?: readonly string[] | undefined;
}

/** @throws InputError `FileUnreadable` when there is nothing that could be a signature; StoreError */
export async function readImport(location: string, signal: AbortSignal): Promise<ImportSource> {
  const bundle = (await isDirectory(location)) ? undefined : await readIfBundle(location, signal);
  if (bundle !== undefined) return bundle;
  const { candidates, failures } = await readForeign(location, signal);
  if (candidates.length === 0 && failures.length === 0) {
    const message = `${location} holds no signatures: no bundle, no signature ConfigMap, no layout that is known`;
    throw new InputError('FileUnreadable', message);
  }
  return { kind: 'foreign', candidates: toDistinct(candidates), faults: [], failures, trust: new Map() };
}

async function readIfBundle(location: string, signal: AbortSignal): Promise<ImportSource | undefined> {
  const file = await openBundleFile(location);
  try {
    if (!(await isGzip(file))) return undefined;
    const { signatures, faults, trust, manifest, manifestSha256 } = await readBundle(file, signal);
    const { since } = manifest ?? {};
    const named = { manifestSha256, since };
    return { kind: 'bundle', candidates: toDistinct(signatures), faults, failures: [], trust, ...named };
  } finally {
    await file.close();
  }
}

async function isDirectory(location: string): Promise<boolean> {
  const stats = await stat(location).catch(() => undefined);
  return stats?.isDirectory() ?? false;
}

/** Tools write the same signature as a file, as JSON and as YAML. */
function toDistinct(candidates: readonly Candidate[]): readonly Candidate[] {
  const distinct = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const key = `${candidate.digest} ${hash('sha256', candidate.untrustedBytes)}`;
    if (!distinct.has(key)) distinct.set(key, candidate);
  }
  return [...distinct.values()];
}

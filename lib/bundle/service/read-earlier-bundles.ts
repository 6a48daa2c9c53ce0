import { hash } from 'node:crypto';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { Earlier } from '../create/earlier.ts';
import { bundleArchiveKey, readBundleState } from './bundle-state.ts';
import { ExportError } from './export-failure.ts';
import { MAX_EXPORT_BYTES } from './memory-sink.ts';
import { readBundleManifest } from './read-bundle-manifest.ts';

/** Bundles that follow each other, before a complete one is due. */
export const MAX_CHAIN = 50;

/**
 * The bundle that a new one follows, the one that that one followed, and so on to a complete one: an incremental bundle
 * alone does not hold what those before it brought.
 *
 * @throws ExportError `EarlierMissing` when one is not kept any more, or is not the one that was made; StoreError
 */
export async function readEarlierBundles(
  objects: ObjectStore,
  since: string | undefined,
  profile: string,
  signal: AbortSignal,
): Promise<readonly Earlier[]> {
  const earlier: Earlier[] = [];
  for (let id = since; id !== undefined; ) {
    signal.throwIfAborted();
    if (earlier.length === MAX_CHAIN) throw missing(id, `more than ${MAX_CHAIN} bundles follow each other`);
    const stored = await readBundleState(objects, id);
    if (stored?.state.state !== 'done' || stored.state.profile !== profile) throw missing(id, 'it is not done');
    const archive = await objects.readObject(bundleArchiveKey(id), MAX_EXPORT_BYTES);
    if (archive === undefined) throw missing(id, 'its archive is gone');
    const sha256 = hash('sha256', archive.bytes);
    if (sha256 !== stored.state.sha256) throw missing(id, 'its archive is not the one that was made');
    const { manifest, facts } = await readBundleManifest(archive.bytes);
    earlier.push({ manifest, sha256: facts.manifestSha256 });
    id = stored.state.since;
  }
  return earlier;
}

function missing(id: string, fault: string): ExportError {
  return new ExportError('EarlierMissing', `the earlier bundle ${id}: ${fault}`);
}

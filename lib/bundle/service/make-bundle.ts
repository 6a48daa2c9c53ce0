import { StoreError } from '../../base/errors/store-error.ts';
import type { LeftOutSignature } from '../../cluster/render/read-signed-releases.ts';
import type { ObjectStore } from '../../platform/objects/port/object-store.ts';
import type { ReadyTrust } from '../../trust/source/ready-trust.ts';
import { createBundle } from '../create/create-bundle.ts';
import { bundleArchiveKey } from './bundle-state.ts';
import { renderConfigMapFiles } from './config-maps/render-config-map-files.ts';
import { createMemorySink, MAX_EXPORT_BYTES } from './memory-sink.ts';
import { readBundleProfile } from './read-bundle-profile.ts';
import { readEarlierBundles } from './read-earlier-bundles.ts';

export interface MakeBundleRequest {
  readonly id: string;
  readonly since: string | undefined;
  readonly trust: ReadyTrust;
  readonly objects: ObjectStore;
  readonly now: Date;
  readonly signal: AbortSignal;
  /** Told of what the mirror holds and the profile does not verify. */
  readonly onLeftOut: (leftOut: readonly LeftOutSignature[]) => void;
}

/**
 * The archive of a bundle: the one that is there, or else a new one, which is then there. Of two who make it at once,
 * the first to write it wins, and both are given what was written.
 *
 * @throws ExportError, InputError when nothing verifies, ConfigurationError, StoreError; the abort reason of the signal
 */
export async function makeBundle(request: MakeBundleRequest): Promise<Uint8Array> {
  const { id, since, trust, objects, now, signal, onLeftOut } = request;
  const key = bundleArchiveKey(id);
  const held = await objects.readObject(key, MAX_EXPORT_BYTES);
  if (held !== undefined) return held.bytes;
  const profile = await readBundleProfile(objects, trust);
  const earlier = await readEarlierBundles(objects, since, trust.prepared.profile, signal);
  const sink = createMemorySink(key);
  const renderConfigMaps = renderConfigMapFiles;
  const { leftOut } = await createBundle({
    objects,
    profiles: [profile],
    renderConfigMaps,
    earlier,
    sink,
    now,
    signal,
  });
  onLeftOut(leftOut);
  const bytes = sink.take();
  if (await objects.createObject(key, bytes)) return bytes;
  const other = await objects.readObject(key, MAX_EXPORT_BYTES);
  if (other === undefined) throw new StoreError('ConditionFailed', `${key} was taken, and is gone`);
  return other.bytes;
}

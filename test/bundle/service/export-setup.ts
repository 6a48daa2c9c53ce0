import * as v from 'valibot';
import { bundleArchiveKey, type ExportMessage, ExportMessageSchema } from '../../../lib/bundle/service/bundle-state.ts';
import type { ExportDependencies } from '../../../lib/bundle/service/export-bundle.ts';
import type { RequestBundleDependencies } from '../../../lib/bundle/service/request-bundle.ts';
import type { ObjectStore } from '../../../lib/platform/objects/port/object-store.ts';
import { publishTrust } from '../../../lib/trust/publish/publish-trust.ts';
import { createTrustSource } from '../../../lib/trust/source/trust-source.ts';
import { createMemoryObjectStore } from '../../support/memory-object-store.ts';
import { createMemoryQueue } from '../../support/memory-queue.ts';
import { type BundleSigner, digestOf, makeMirror, NOW } from '../bundle-setup.ts';

export const DIGESTS = ['one', 'two', 'three'].map(digestOf);
export const MAX_ARCHIVE_BYTES = 10_000_000;

/** A mirror of these digests, and the signer's trust, published. */
export async function makeObjects(signer: BundleSigner, digests = DIGESTS): Promise<ObjectStore> {
  const objects = createMemoryObjectStore(makeMirror(signer, digests));
  await publishTrust(objects, signer.profile.trust.prepared, signer.documents);
  return objects;
}

export function setUpExports(objects: ObjectStore, profiles: readonly string[] = ['ocp']) {
  const exportQueue = createMemoryQueue();
  const now = (): Date => NOW;
  const trust = createTrustSource(objects, profiles, now);
  const dependencies: RequestBundleDependencies & ExportDependencies = {
    trust,
    objects,
    exportQueue,
    now,
    onLeftOut: () => undefined,
  };
  return { dependencies, exportQueue };
}

/** The last message that was queued. */
export function lastMessage(sent: readonly string[]): ExportMessage {
  return v.parse(ExportMessageSchema, JSON.parse(sent.at(-1) ?? ''));
}

export async function readArchive(objects: ObjectStore, id: string): Promise<Buffer> {
  const stored = await objects.readObject(bundleArchiveKey(id), MAX_ARCHIVE_BYTES);
  if (stored === undefined) throw new Error('there is no archive');
  return Buffer.from(stored.bytes);
}

/** Everything but trust and the mirror, as text; archives as their length. */
export async function readBundles(objects: ObjectStore): Promise<Readonly<Record<string, string>>> {
  const listed = await Array.fromAsync(objects.listObjects('bundles/'));
  const rows = listed.map(async ({ key, size }): Promise<[string, string]> => {
    if (key.endsWith('.gz')) return [key, String(size)];
    return [key, Buffer.from((await objects.readObject(key, MAX_ARCHIVE_BYTES))?.bytes ?? []).toString()];
  });
  return Object.fromEntries(await Promise.all(rows));
}

export class Killed extends Error {}

/** Kills before one of the steps that are done to objects or the queue; nothing after it happens. */
export function createFuse(limit: number) {
  let steps = 0;
  const step = (): void => {
    if (steps >= limit) throw new Killed(`killed before step ${limit}`);
    steps += 1;
  };
  const fuse = <Parts extends RequestBundleDependencies & ExportDependencies>(parts: Parts): Parts => {
    const { objects, exportQueue } = parts;
    const fused: ObjectStore = {
      ...objects,
      readObject: async (...args) => {
        step();
        return await objects.readObject(...args);
      },
      createObject: async (...args) => {
        step();
        return await objects.createObject(...args);
      },
      replaceObject: async (...args) => {
        step();
        return await objects.replaceObject(...args);
      },
    };
    const sendMessages = async (bodies: readonly string[]): Promise<void> => {
      step();
      await exportQueue.sendMessages(bodies);
    };
    return { ...parts, objects: fused, exportQueue: { ...exportQueue, sendMessages } };
  };
  return { fuse, count: () => steps };
}

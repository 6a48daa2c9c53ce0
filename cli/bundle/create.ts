import type { CollectedAttachments } from '../../lib/bundle/create/collect-attachments.ts';
import { type CreatedBundle, createBundle } from '../../lib/bundle/create/create-bundle.ts';
import { type Earlier, readEarlier } from '../../lib/bundle/create/earlier.ts';
import { openFileSink } from '../../lib/bundle/create/file-sink.ts';
import { readBundleProfiles } from '../../lib/bundle/format/bundle-trust.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import type { ObjectStore } from '../../lib/platform/objects/port/object-store.ts';
import { countOf } from '../shell/count-of.ts';
import { ExitStatus } from '../shell/exit-status.ts';
import type { OutputOptions, TrustOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { preferMemory } from '../shell/prefer-memory.ts';
import { createProgress } from '../shell/progress.ts';
import { collectSigstore, type SigstoreOptions } from './collect-sigstore.ts';

export interface CreateBundleOptions extends TrustOptions, OutputOptions, SigstoreOptions {
  readonly from: string;
  readonly since: readonly string[];
}

interface WrittenBundle extends CreatedBundle {
  readonly file: string;
  readonly sigstore?: Omit<CollectedAttachments, 'files'>;
}

/** @returns the exit status */
export async function writeBundle(file: string, options: CreateBundleOptions): Promise<number> {
  preferMemory();
  const now = new Date();
  const { signal } = new AbortController();
  const profiles = await readBundleProfiles(options.trust, options.profile, now);
  const earlier: Earlier[] = [];
  for (const name of options.since) earlier.push(await readEarlier(name, signal));
  const store = await openObjectStore(options.from);
  const prepared = profiles.map(({ trust }) => trust.prepared);
  const collected = await collectSigstore(options, store, prepared, { now, signal });
  const sink = await openFileSink(file);
  const progress = createProgress('signatures read');
  try {
    const objects = countReads(store, progress.show);
    const created = await createBundle({
      objects,
      profiles,
      sigstore: collected?.files,
      earlier,
      sink,
      now,
      signal,
    });
    progress.end();
    printResult(options.output, { file, ...created, ...tell(collected) }, formatCreated);
    return ExitStatus.done;
  } finally {
    progress.end();
  }
}

function countReads(store: ObjectStore, onRead: (count: number) => void): ObjectStore {
  let count = 0;
  return {
    ...store,
    readObject(key, limit) {
      count += 1;
      onRead(count);
      return store.readObject(key, limit);
    },
  };
}

function formatCreated(created: WrittenBundle): string {
  const { file, signatures, digests, configMaps, files, bytes, since, heldEarlier, manifestSha256, leftOut } = created;
  const lines = [
    `created  ${file}`,
    `  signatures  ${signatures} of ${digests} digests`,
    `  ConfigMaps  ${configMaps}`,
    `  files       ${files}, ${bytes} bytes unpacked`,
    `  manifest    sha256:${manifestSha256}`,
  ];
  if (created.sigstore !== undefined) lines.push(...formatSigstore(created.sigstore));
  if (since.length > 0)
    lines.push(`  since       ${since.join(', ')}; held there: ${countOf(heldEarlier, 'signature')}`);
  for (const { location, attempts } of leftOut) {
    lines.push(`  left out    ${location}`);
    for (const { keyring, code, message } of attempts)
      lines.push(`    ${code}  ${keyring ?? 'any keyring'}: ${message}`);
  }
  return lines.join('\n');
}

function tell(collected: CollectedAttachments | undefined): Pick<WrittenBundle, 'sigstore'> {
  if (collected === undefined) return {};
  const { attachments, withoutAny, leftOut } = collected;
  return { sigstore: { attachments, withoutAny, leftOut } };
}

function formatSigstore({
  attachments,
  withoutAny,
  leftOut,
}: NonNullable<WrittenBundle['sigstore']>): readonly string[] {
  return [
    `  sigstore    ${countOf(attachments, 'attachment')}; ${countOf(withoutAny.length, 'image')} without one`,
    ...leftOut.map(
      ({ location, reasons }) => `    left out  ${location}: ${reasons[0]?.message ?? 'it does not verify'}`,
    ),
  ];
}

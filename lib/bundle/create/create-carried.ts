import { InputError } from '../../base/errors/input-error.ts';
import { compareKeys } from '../../platform/objects/port/object-store.ts';
import { type BundleFile, type BundleSink, writeArchive } from '../format/archive.ts';
import type { BundleProfile } from '../format/bundle-trust.ts';
import { CARRIED_BUNDLE, CARRIED_README, CARRIED_SUMS, sumOfBytes, toCarriedKind, toSums } from '../format/carried.ts';
import { MAX_CARRIED_FILES } from '../format/limits.ts';
import { type CarriedTool, toCarriedReadme } from './carried-readme.ts';

export interface CarriedRequest {
  readonly bundle: Uint8Array;
  /** The program, by the name that it gets; undefined: it stays behind. */
  readonly tool: { readonly name: string; readonly bytes: Uint8Array } | undefined;
  /** Whose documents come along; empty: none. */
  readonly profiles: readonly BundleProfile[];
  readonly sink: BundleSink;
  readonly signal: AbortSignal;
}

/** What was written, and what the other side has to be told by another way. */
export interface CreatedCarried {
  readonly bundleSha256: string;
  readonly tool?: CarriedTool;
  readonly trust: readonly {
    readonly profile: string;
    readonly revision: string;
    readonly fingerprints: readonly string[];
  }[];
  readonly files: number;
}

/**
 * Writes a bundle with a program, trust and a page of what to compare by hand. The same input, the same bytes. Either the
 * whole of it is there afterwards, or nothing.
 *
 * @throws InputError for a program that has no name of Signet's; StoreError; the abort reason of the signal
 */
export async function createCarried({ bundle, tool, profiles, sink, signal }: CarriedRequest): Promise<CreatedCarried> {
  try {
    if (tool !== undefined && toCarriedKind(tool.name)?.kind !== 'tool') {
      throw new InputError('ArgumentInvalid', `${JSON.stringify(tool.name)} is no name of a program of Signet’s`);
    }
    const carried = tool === undefined ? undefined : describeTool(tool);
    const bundleSha256 = sumOfBytes(bundle);
    const prepared = profiles.map(({ trust }) => trust.prepared);
    const page = toCarriedReadme({ tool: carried, bundleSha256, profiles: prepared });
    const files: readonly BundleFile[] = [
      { path: CARRIED_README, bytes: Buffer.from(page) },
      { path: CARRIED_BUNDLE, bytes: bundle },
      ...(tool === undefined ? [] : [{ path: tool.name, bytes: tool.bytes, isExecutable: true }]),
      ...profiles.flatMap(toTrustFiles),
    ];
    if (files.length > MAX_CARRIED_FILES) {
      throw new InputError('ArgumentInvalid', `more than ${MAX_CARRIED_FILES} files: choose a profile with --profile`);
    }
    const sums = files.map(({ path, bytes }) => ({ path, sha256: sumOfBytes(bytes) }));
    const [first, ...rest] = files;
    const listed = { path: CARRIED_SUMS, bytes: toSums(sums) };
    await writeArchive(first === undefined ? [listed] : [first, listed, ...rest], sink, signal);
    await sink.commit();
    return {
      bundleSha256,
      ...(carried === undefined ? {} : { tool: carried }),
      trust: prepared.map(({ profile, revision, keyrings, policyKeyrings }) => ({
        profile,
        revision,
        fingerprints: [...keyrings, ...policyKeyrings].flatMap(({ certificates }) =>
          certificates.map(({ fingerprint }) => fingerprint),
        ),
      })),
      files: files.length + 1,
    };
  } catch (error) {
    // The first error is the one to report.
    await sink.abort().catch(() => undefined);
    throw error;
  }
}

function describeTool({ name, bytes }: NonNullable<CarriedRequest['tool']>): CarriedTool {
  return { name, sha256: sumOfBytes(bytes), size: bytes.length };
}

/** The documents that count for the revision, and nothing else that may lie beside them. */
function toTrustFiles({ trust: { prepared }, documents }: BundleProfile): readonly BundleFile[] {
  const counted = new Set(prepared.documents.map(({ name }) => name));
  return documents
    .filter(({ name }) => counted.has(name))
    .map(({ name, bytes }) => ({ path: `trust/${prepared.profile}/${name}`, bytes }))
    .toSorted((left, right) => compareKeys(left.path, right.path));
}

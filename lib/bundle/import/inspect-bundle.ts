import { type BundleFault, isUnreadable } from '../format/bundle-error.ts';
import { openBundleFile } from '../format/bundle-file.ts';
import type { BundleProfile } from '../format/bundle-trust.ts';
import type { Manifest } from '../format/manifest.ts';
import { type BundleContents, type Candidate, readBundle } from '../format/read-bundle.ts';
import { type FailedSignature, judgeCandidate } from './place-candidates.ts';
import { readConfigMapFile } from './read-config-map-file.ts';

/**
 * `intact`: all is as the manifest says; of the signatures that says nothing without `verification`. `refused`: forged,
 * or a signature does not verify. `unreadable`: no bundle, a damaged one, or one of a newer Signet.
 */
export type InspectionOutcome = 'intact' | 'refused' | 'unreadable';

export interface Inspection {
  readonly file: string;
  readonly outcome: InspectionOutcome;
  readonly manifestSha256?: string;
  readonly manifest?: Manifest;
  /** Files that are as the manifest says, beside the manifest. */
  readonly intact: {
    readonly signatures: number;
    readonly configMaps: number;
    readonly trustDocuments: number;
    /** Of the OCI layout of Sigstore signatures, which are verified when they are pushed; missing where there is none. */
    readonly sigstoreFiles?: number;
  };
  readonly faults: readonly BundleFault[];
  /** Of the signatures, those in ConfigMaps included; absent without profiles. */
  readonly verification?: { readonly verified: number; readonly failed: readonly FailedSignature[] };
}

export interface InspectionRequest {
  readonly file: string;
  /** Undefined: signatures are not verified. */
  readonly profiles: readonly BundleProfile[] | undefined;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** Reads a bundle to its end and says all that is wrong with it. @throws InputError, StoreError */
export async function inspectBundle({ file, profiles, now, signal }: InspectionRequest): Promise<Inspection> {
  const handle = await openBundleFile(file);
  try {
    const contents = await readBundle(handle, signal);
    const configMaps = profiles === undefined ? [] : await readConfigMaps(contents, signal);
    const faults = [...contents.faults, ...configMaps.flatMap((read) => read.faults)];
    const candidates = [...contents.signatures, ...configMaps.flatMap((read) => read.candidates)];
    const verification = profiles === undefined ? undefined : verifyAll(candidates, profiles, now);
    return {
      file,
      outcome: toOutcome(faults, verification?.failed ?? []),
      ...(contents.manifestSha256 === undefined ? {} : { manifestSha256: contents.manifestSha256 }),
      ...(contents.manifest === undefined ? {} : { manifest: contents.manifest }),
      intact: {
        signatures: contents.signatures.length,
        configMaps: contents.configMaps.length,
        trustDocuments: [...contents.trust.values()].reduce((sum, documents) => sum + documents.length, 0),
        ...(contents.sigstore.size === 0 ? {} : { sigstoreFiles: contents.sigstore.size }),
      },
      faults,
      ...(verification === undefined ? {} : { verification }),
    };
  } finally {
    await handle.close();
  }
}

/** What was read until a fault says nothing about the rest, so an unreadable bundle is that and nothing else. */
function toOutcome(faults: readonly BundleFault[], failed: readonly FailedSignature[]): InspectionOutcome {
  if (isUnreadable(faults)) return 'unreadable';
  return faults.length > 0 || failed.length > 0 ? 'refused' : 'intact';
}

async function readConfigMaps({ configMaps }: BundleContents, signal: AbortSignal) {
  const read: { readonly candidates: readonly Candidate[]; readonly faults: readonly BundleFault[] }[] = [];
  for (const document of configMaps) {
    const { candidates, failures } = await readConfigMapFile(document, signal);
    const faults = failures.map(({ location, message }): BundleFault => ({
      code: 'ContentMismatch',
      path: location,
      message,
    }));
    read.push({ candidates, faults });
  }
  return read;
}

function verifyAll(candidates: readonly Candidate[], profiles: readonly BundleProfile[], now: Date) {
  const trusts = profiles.map(({ trust }) => trust);
  const failed: FailedSignature[] = [];
  for (const candidate of candidates) {
    const judgement = judgeCandidate(candidate, trusts, now);
    if (judgement.kind === 'failed') failed.push(judgement.failure);
  }
  return { verified: candidates.length - failed.length, failed };
}

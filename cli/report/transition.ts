import { styleText } from 'node:util';
import type { Repository } from '../../lib/base/names/reference.ts';
import {
  type Readiness,
  type ReleaseStanding,
  reportTransition,
  type TransitionReport,
} from '../../lib/mirror/check/report-transition.ts';
import { createAttachmentStore } from '../../lib/registry/attachments/attachment-store.ts';
import type { RegistryClient } from '../../lib/registry/client/registry-client.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { openMirrorRegistry, openRegistries, parseRegistryRepository } from '../open/registries.ts';
import { type ReleaseOptions, readReleases } from '../open/releases.ts';
import { openSyncStores } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { countOf, formatTable, printResult } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface TransitionOptions extends TrustOptions, ReleaseOptions, StoreOptions, OutputOptions {
  readonly mirror?: string;
  readonly concurrency: number;
  readonly pullSecret?: string;
  readonly registry: readonly string[];
  readonly allowRegistry: readonly string[];
}

/** @returns the exit status: 1 when a release lacks a signature of either kind, 3 when that is not known */
export async function reportSignatures(options: TransitionOptions, signal: AbortSignal): Promise<number> {
  const mirror = options.mirror === undefined ? undefined : parseRegistryRepository(options.mirror);
  const trust = await openTrust(options);
  const releases = await readReleases(options, trust.prepared, signal);
  const { store: signatures, lookaside, close } = await openSyncStores(options, trust.prepared);
  const progress = createProgress('releases');
  try {
    const { registry, attachments, closePlaces } = await openPlaces(mirror, lookaside, options, trust.prepared);
    try {
      const report = await reportTransition({
        releases,
        mirror,
        trust,
        registry,
        attachments,
        signatures,
        concurrency: options.concurrency,
        now: () => new Date(),
        signal,
        onProgress: (done, total) => progress.show(done, { total }),
      });
      progress.end();
      signal.throwIfAborted();
      printResult(options.output, report, formatReport);
      return toStatus(report);
    } finally {
      closePlaces();
    }
  } finally {
    progress.end();
    close();
  }
}

interface Places {
  readonly registry: Pick<RegistryClient, 'readManifest'>;
  readonly attachments: SignatureStore;
  readonly closePlaces: () => void;
}

/** The mirror that the user named, else where a node with the profile's mirror sets would look. */
async function openPlaces(
  mirror: Repository | undefined,
  lookaside: SignatureStore,
  options: TransitionOptions,
  prepared: PreparedTrust,
): Promise<Places> {
  if (mirror !== undefined) {
    const { client, close } = await openMirrorRegistry([mirror], options);
    return { registry: client, attachments: createAttachmentStore(() => Promise.resolve(client)), closePlaces: close };
  }
  const registries = openRegistries(options);
  const registry = await registries.openRegistry(prepared);
  return { registry, attachments: lookaside, closePlaces: () => registries.close() };
}

function toStatus({ outcome }: TransitionReport): number {
  if (outcome === 'not ready') return ExitStatus.rejected;
  return outcome === 'ready' ? ExitStatus.done : ExitStatus.indeterminate;
}

const COLORS: Readonly<Record<Readiness, 'green' | 'red' | 'yellow'>> = {
  both: 'green',
  'openpgp only': 'red',
  'sigstore only': 'red',
  neither: 'red',
  unknown: 'yellow',
  unasked: 'yellow',
};

function formatReport({ outcome, counts, releases }: TransitionReport): string {
  const shown = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : `${count} ${name}`));
  return [
    `${outcome}: ${countOf(releases.length, 'release')}, ${shown.join(', ')}`,
    ...(counts.unasked === 0 ? [] : [UNASKED]),
    ...toLines(releases),
  ].join('\n');
}

const UNASKED =
  'The profile asks for no signature of one kind: it needs a keyring for OpenPGP, and an image policy that covers its releases for Sigstore.';

function toLines(releases: readonly ReleaseStanding[]): readonly string[] {
  const rows = [
    ['digest', 'openpgp', 'sigstore', 'signed by', 'release'],
    ...releases.map(({ digest, openpgp, sigstore, readiness, versions }) => [
      digest,
      openpgp.state,
      sigstore.state,
      readiness,
      versions.join(', '),
    ]),
  ];
  return formatTable(rows).flatMap((line, at) => {
    const release = releases[at - 1];
    if (release === undefined) return [line];
    return [styleText(COLORS[release.readiness], line, { stream: process.stdout }), ...explain(release)];
  });
}

/** The reasons for what is not valid, and the notes. */
function explain({ openpgp, sigstore }: ReleaseStanding): readonly string[] {
  const kinds = [
    ['openpgp', openpgp],
    ['sigstore', sigstore],
  ] as const;
  return kinds.flatMap(([kind, { reasons, notes = [] }]) => [
    ...reasons.map(({ code, message }) => `  ${kind}  ${code}: ${message}`),
    ...notes.map((note) => `  ${kind}  note: ${note}`),
  ]);
}

import { styleText } from 'node:util';
import type { Repository } from '../../lib/base/names/reference.ts';
import {
  type Readiness,
  type ReleaseStanding,
  reportTransition,
  type TransitionReport,
} from '../../lib/mirror/check/report-transition.ts';
import { createAttachmentStore } from '../../lib/registry/attachments/attachment-store.ts';
import { createNodeAttachmentStore, createProfileNodeAttachments } from '../../lib/registry/attachments/node-store.ts';
import type { RegistryClient } from '../../lib/registry/client/registry-client.ts';
import type { SignatureStore } from '../../lib/stores/port/signature-store.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import type { NodeVersion } from '../../lib/verdict/judge/nodes.ts';
import { openMirrorRegistry, openRegistries, parseRegistryRepository } from '../open/registries.ts';
import { formatLeftOut, judgeLeftOut, type ReleaseOptions, readReleases } from '../open/releases.ts';
import { openSyncStores } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { Judged, Judgement } from '../shell/formats/judgement.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { countOf, formatTable, printResult } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface TransitionOptions extends TrustOptions, ReleaseOptions, StoreOptions, OutputOptions {
  readonly mirror?: string;
  readonly targetVersion?: NodeVersion;
  readonly concurrency: number;
  readonly pullSecret?: string;
  readonly registry: readonly string[];
  readonly allowRegistry: readonly string[];
  /** Object store of the service. */
  readonly keep?: string;
}

/** @returns the exit status: 1 when a release lacks a signature of either kind, 3 when that is not known */
export async function reportSignatures(options: TransitionOptions, signal: AbortSignal): Promise<number> {
  const mirror = options.mirror === undefined ? undefined : parseRegistryRepository(options.mirror);
  const trust = await openTrust(options);
  const { releases, leftOut } = await readReleases(options, trust.prepared, signal);
  const { store: signatures, lookaside, close } = await openSyncStores(options, trust.prepared);
  const progress = createProgress('releases');
  try {
    const { registry, attachments, nodeAttachments, closePlaces } = await openPlaces(
      mirror,
      lookaside,
      options,
      trust.prepared,
    );
    try {
      const report = await reportTransition({
        releases,
        leftOut,
        mirror,
        trust,
        registry,
        attachments,
        nodeAttachments,
        nodeVersion: options.targetVersion,
        signatures,
        concurrency: options.concurrency,
        now: () => new Date(),
        signal,
        onProgress: (done, total) => progress.show(done, { total }),
      });
      progress.end();
      signal.throwIfAborted();
      printResult(options.output, report, formatReport, toJudgement);
      if (options.keep !== undefined) await keep(options.keep, trust.prepared.profile, report);
      return toStatus(report);
    } finally {
      closePlaces();
    }
  } finally {
    progress.end();
    close();
  }
}

async function keep(location: string, profile: string, report: TransitionReport): Promise<void> {
  const { openObjectStore } = await import('../../lib/platform/objects/open-object-store.ts');
  const { keepTransition, toTransitionSummary } = await import('../../lib/mirror/sync/transition-summary.ts');
  await keepTransition(await openObjectStore(location), profile, toTransitionSummary(report, new Date()));
}

interface Places {
  readonly registry: Pick<RegistryClient, 'readManifest'>;
  readonly attachments: SignatureStore;
  readonly nodeAttachments: SignatureStore;
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
    const open = () => Promise.resolve(client);
    return {
      registry: client,
      attachments: createAttachmentStore(open),
      nodeAttachments: createNodeAttachmentStore(open),
      closePlaces: close,
    };
  }
  const registries = openRegistries(options);
  const registry = await registries.openRegistry(prepared);
  const nodeAttachments = createProfileNodeAttachments(registries, prepared);
  return { registry, attachments: lookaside, nodeAttachments, closePlaces: () => registries.close() };
}

const TO_OUTCOME = { ready: 'accepted', 'not ready': 'rejected', unknown: 'indeterminate' } as const;

function toJudgement({ outcome, releases, leftOut, warnings }: TransitionReport): Judgement {
  const judged = releases.map(({ versions, repository, digest, readiness, openpgp, sigstore }): Judged => {
    const notes = [openpgp, sigstore].flatMap(({ notes: all = [] }) =>
      all.map((message) => ({ code: 'note', message })),
    );
    const name = [...versions, `${repository}@${digest}`].join(' ');
    if (readiness === 'both') return { name, outcome: 'accepted', findings: [], notes };
    const findings = [
      { code: 'signed-by', message: `signed by: ${readiness}` },
      ...openpgp.reasons,
      ...sigstore.reasons,
    ];
    return { name, outcome: readiness === 'unknown' ? 'indeterminate' : 'rejected', findings, notes };
  });
  const keyrings = warnings.map((message) => ({ code: 'keyrings', message }));
  const told: Judged = { name: 'keyrings of operators', outcome: 'accepted', findings: [], notes: keyrings };
  return {
    command: 'report transition',
    outcome: TO_OUTCOME[outcome],
    judged: [...judged, ...judgeLeftOut(leftOut), ...(keyrings.length === 0 ? [] : [told])],
  };
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

function formatReport({ outcome, counts, releases, leftOut, warnings }: TransitionReport): string {
  const shown = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : `${count} ${name}`));
  return [
    `${outcome}: ${countOf(releases.length, 'release')}, ${shown.join(', ')}`,
    ...(counts.unasked === 0 ? [] : [UNASKED]),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...toLines(releases),
    ...formatLeftOut(leftOut),
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
    ...reasons.flatMap(({ code, message, remedy }) => [
      `  ${kind}  ${code}: ${message}`,
      ...(remedy === undefined ? [] : [`    → ${remedy}`]),
    ]),
    ...notes.map((note) => `  ${kind}  note: ${note}`),
  ]);
}

import { styleText } from 'node:util';
import type { CheckedImage } from '../../lib/mirror/check/check-image.ts';
import { checkMirror, listReleaseComponents, type MirrorCheck } from '../../lib/mirror/check/check-mirror.ts';
import { createAttachmentStore } from '../../lib/registry/attachments/attachment-store.ts';
import { createKeptReader } from '../../lib/registry/attachments/kept-reader.ts';
import { createNodeAttachmentStore } from '../../lib/registry/attachments/node-store.ts';
import type { NodeVersion } from '../../lib/verdict/judge/nodes.ts';
import { describeClients } from '../../lib/verdict/judge/readers.ts';
import type { Reason } from '../../lib/verdict/judge/verdict.ts';
import { openMirrorRegistry, parseRegistryRepository } from '../open/registries.ts';
import { formatLeftOut, judgeLeftOut, type ReleaseOptions, readReleases } from '../open/releases.ts';
import { openSyncStores } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { Judged, Judgement } from '../shell/formats/judgement.ts';
import type { OutputOptions, StoreOptions, TrustOptions } from '../shell/options.ts';
import { countOf, formatTable, printResult } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface MirrorCheckOptions extends TrustOptions, ReleaseOptions, StoreOptions, OutputOptions {
  /** True: in the repository of the releases. */
  readonly components?: string | true;
  readonly targetVersion?: NodeVersion;
  readonly concurrency: number;
  readonly pullSecret?: string;
  readonly registry: readonly string[];
  readonly allowRegistry: readonly string[];
}

/** @returns the exit status: 1 when something is missing or does not verify, 3 when something did not answer */
export async function checkMirrored(
  mirrorText: string,
  options: MirrorCheckOptions,
  signal: AbortSignal,
): Promise<number> {
  const mirror = parseRegistryRepository(mirrorText);
  const { components } = options;
  const componentMirror =
    components === undefined || components === true ? mirror : parseRegistryRepository(components);
  const trust = await openTrust(options);
  const { releases, leftOut } = await readReleases(options, trust.prepared, signal);
  const { client: registry, close: closeRegistry } = await openMirrorRegistry([mirror, componentMirror], options);
  const { store: signatures, close } = await openSyncStores(options, trust.prepared);
  const beside = createKeptReader(registry);
  const progress = createProgress('images');
  try {
    const check = await checkMirror({
      mirror,
      releases,
      leftOut,
      trust,
      registry,
      signatures,
      signal,
      concurrency: options.concurrency,
      attachments: createAttachmentStore(() => Promise.resolve(beside)),
      nodeAttachments: createNodeAttachmentStore(() => Promise.resolve(beside)),
      nodeVersion: options.targetVersion,
      ...(components === undefined
        ? {}
        : {
            components: {
              mirror: componentMirror,
              list: (digest, until) => listReleaseComponents(registry, mirror, digest, until),
            },
          }),
      now: () => new Date(),
      onProgress: (done, total) => progress.show(done, { total }),
    });
    progress.end();
    signal.throwIfAborted();
    printResult(options.output, check, formatCheck, toJudgement);
    return toStatus(check);
  } finally {
    progress.end();
    close();
    closeRegistry();
  }
}

function toStatus({ outcome }: MirrorCheck): number {
  if (outcome === 'incomplete') return ExitStatus.rejected;
  return outcome === 'complete' ? ExitStatus.done : ExitStatus.indeterminate;
}

const TO_OUTCOME = { complete: 'accepted', incomplete: 'rejected', indeterminate: 'indeterminate' } as const;

function toJudgement({ outcome, images, unlisted, leftOut }: MirrorCheck): Judgement {
  const toJudged = ({ outcome: one, digest, names, repository, manifest, sigstore, openpgp }: CheckedImage): Judged => {
    const isComplete = one === 'complete';
    const findings = [
      ...manifest.reasons.map(({ message }) => ({ code: 'manifest', message })),
      ...sigstore.reasons,
      ...openpgp.reasons,
    ];
    const notes = [sigstore, openpgp].flatMap(({ notes: all = [] }) =>
      all.map((message) => ({ code: 'note', message })),
    );
    return {
      name: [...names, `${repository}@${digest}`].join(' '),
      outcome: TO_OUTCOME[one],
      findings: isComplete ? [] : findings,
      notes: isComplete ? [...notes, ...findings] : notes,
    };
  };
  return {
    command: 'mirror check',
    outcome: TO_OUTCOME[outcome],
    judged: [
      ...images.map(toJudged),
      ...unlisted.map(({ digest, message }) => ({
        name: `components of ${digest}`,
        outcome: 'indeterminate' as const,
        findings: [{ code: 'components', message }],
      })),
      ...judgeLeftOut(leftOut),
    ],
  };
}

function formatCheck({ images, unlisted, leftOut }: MirrorCheck): string {
  const count = (outcome: CheckedImage['outcome']) => images.filter((image) => image.outcome === outcome).length;
  const lines = formatTable([HEADER, ...images.map(toRow)]);
  return [
    `${countOf(images.length, 'image')}: ${count('complete')} complete, ${count('incomplete')} incomplete, ${count('indeterminate')} not known`,
    ...lines.flatMap((line, at) => [
      styleLine(line, images[at - 1]),
      ...(images[at - 1] === undefined ? [] : explain(images[at - 1])),
    ]),
    ...unlisted.map(({ digest, message }) => `components of ${digest} are not known: ${message}`),
    ...formatLeftOut(leftOut),
  ].join('\n');
}

const HEADER = ['digest', 'manifest', 'sigstore', 'openpgp', 'nodes', 'image', 'readers'];

function toRow({ digest, manifest, sigstore, openpgp, names, repository }: CheckedImage): readonly string[] {
  return [
    digest,
    manifest.state,
    sigstore.state,
    openpgp.state,
    sigstore.nodes?.nodes ?? '-',
    names.join(', ') || repository,
    sigstore.readers === undefined ? '-' : describeClients(sigstore.readers.yes),
  ];
}

function styleLine(line: string, image: CheckedImage | undefined): string {
  if (image === undefined) return line;
  const color = ({ complete: 'green', incomplete: 'red', indeterminate: 'yellow' } as const)[image.outcome];
  return styleText(color, line, { stream: process.stdout });
}

function toLines(kind: string, { code, message, remedy }: Reason): readonly string[] {
  return [`  ${kind}  ${code}: ${message}`, ...(remedy === undefined ? [] : [`    → ${remedy}`])];
}

/** The reasons for what is not complete, and the notes. */
function explain(image: CheckedImage | undefined): readonly string[] {
  if (image === undefined) return [];
  const { manifest, sigstore, openpgp } = image;
  const kinds = [
    ['sigstore', sigstore],
    ['openpgp', openpgp],
  ] as const;
  return [
    ...manifest.reasons.map(({ message }) => `  manifest  ${message}`),
    ...kinds.flatMap(([kind, { reasons }]) => reasons.flatMap((reason) => toLines(kind, reason))),
    ...kinds.flatMap(([kind, { notes = [] }]) => notes.map((note) => `  ${kind}  note: ${note}`)),
  ];
}

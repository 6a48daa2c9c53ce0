import { type CheckedCatalog, type CheckedImage, checkCatalog } from '../../lib/artifact/catalog/check-catalog.ts';
import { parseCatalog } from '../../lib/artifact/catalog/parse-catalog.ts';
import type { Verification } from '../../lib/artifact/catalog/verification.ts';
import { MAX_OBJECTS_BYTES } from '../../lib/base/documents/read-objects.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { readPolicyFile } from '../open/node-policy.ts';
import type { Judged, JudgedFinding, Judgement } from '../shell/formats/judgement.ts';
import type { OutputOptions } from '../shell/options.ts';
import { formatTable, printResult, styleOutcome } from '../shell/output.ts';
import { createProgress } from '../shell/progress.ts';
import { readInput } from '../shell/read-input.ts';
import { toExitStatus } from '../shell/run-program.ts';
import { openImageVerifier, type VerifierOptions } from './open-image-verifier.ts';

export interface CatalogCheckOptions extends VerifierOptions, OutputOptions {
  readonly policy?: string;
  readonly trust: readonly string[];
  readonly verify?: boolean;
  readonly concurrency: number;
}

/** @returns the exit status: 1 when an image is not pinned, is rejected or does not verify, 3 when that is not known */
export async function checkCatalogFile(
  file: string,
  options: CatalogCheckOptions,
  signal: AbortSignal,
): Promise<number> {
  requireUse(options);
  const { output, concurrency } = options;
  const catalog = parseCatalog(file, await readInput(file, MAX_OBJECTS_BYTES));
  const policy = options.policy === undefined ? undefined : await readPolicyFile(options.policy);
  const question = { policy, trusts: await readTrusts(options.trust), concurrency } as const;
  const verifier = options.verify === true ? await openImageVerifier(question, options, signal) : undefined;
  const progress = createProgress('images');
  const onProgress = (done: number): void => progress.show(done, { total: catalog.images.length });
  const checked = await checkCatalog(catalog, { ...question, verify: verifier?.verify, onProgress }).finally(() => {
    verifier?.close();
    progress.end();
  });
  signal.throwIfAborted();
  printResult(output, checked, formatCatalog, (one) => toJudgement(one, file));
  return toExitStatus(checked.outcome);
}

/** An option that changes nothing was meant to change something. @throws InputError `ArgumentInvalid` */
function requireUse({ verify = false, policy, trust, store, ...given }: CatalogCheckOptions): void {
  const { registriesD, root, pullSecret, allowRegistry, registry = [], allowPrivateStores, tlsCa } = given;
  const isGiven = ([, value]: readonly [string, unknown]): boolean =>
    Array.isArray(value) ? value.length > 0 : value !== undefined;
  const forPolicy = Object.entries({
    '--registries-d': registriesD,
    '--root': root,
    '--allow-registry': allowRegistry,
  });
  const others = { '--pull-secret': pullSecret, '--allow-private-stores': allowPrivateStores, '--tls-ca': tlsCa };
  const forVerify = [...forPolicy, ...Object.entries({ ...others, '--store': store, '--registry': registry })];
  if (verify && policy === undefined && trust.length === 0) {
    throw invalid('--verify needs what to verify by: --policy, --trust or both');
  }
  const [unused] = forVerify.filter(isGiven);
  if (!verify && unused !== undefined)
    throw invalid(`${unused[0]} goes with --verify: without it nothing is contacted`);
  if (policy === undefined && forPolicy.some(isGiven)) {
    throw invalid('--registries-d, --root and --allow-registry go with --policy');
  }
  if (store.length > 0 && trust.length === 0) throw invalid('--store goes with --trust');
}

async function readTrusts(directories: readonly string[]): Promise<readonly PreparedTrust[]> {
  const trusts: PreparedTrust[] = [];
  for (const directory of directories) {
    for (const { profile, documents } of await readTrustDirectory(directory)) {
      trusts.push(await prepareTrust(profile, documents));
    }
  }
  return trusts;
}

/** An entry that cannot be used is rejected by its line. */
function toJudgement({ outcome, images, faults }: CheckedCatalog, file: string): Judgement {
  return {
    command: 'catalog check',
    outcome,
    judged: [
      ...images.map((image) => toJudged(image, file)),
      ...faults.map(({ origin, line, message }) => ({
        name: origin,
        outcome: 'rejected' as const,
        findings: [{ code: 'entry', message }],
        file,
        line,
      })),
    ],
  };
}

function toJudged({ pullspec, isPinned, policy, verification, origins }: CheckedImage, file: string): Judged {
  const own: readonly JudgedFinding[] = [
    ...(isPinned ? [] : [{ code: 'DigestMissing', message: `no digest, named by ${toNames(origins)}` }]),
    ...(policy?.asksFor === 'rejected'
      ? [{ code: 'PolicyRejects', message: `${policy.requires} by ${policy.scope}` }]
      : []),
  ];
  const outcome = own.length > 0 ? 'rejected' : (verification?.outcome ?? 'accepted');
  const reasons = verification === undefined || outcome === 'accepted' ? [] : verification.reasons;
  return { name: pullspec, outcome, findings: [...own, ...reasons], file };
}

function formatCatalog({ outcome, images, faults: entries, without }: CheckedCatalog): string {
  const rows = images.map(toRow);
  const header = ['PINNED', 'ASKS FOR', 'SCOPE', 'VERIFIED', 'IMAGE'] as const;
  const shown = header.map((_, column) => column === 0 || column === 4 || rows.some((row) => row[column] !== ''));
  const faults = images.filter(isAtFault);
  return [
    ...formatTable([header, ...rows].map((row) => row.filter((_, column) => shown[column] === true))),
    ...faults.map((image) => `  ${image.pullspec}: ${describeFault(image)}, named by ${toNames(image.origins)}`),
    ...entries.map(
      ({ origin, line, message }) => `  ${origin}${origin.startsWith('line ') ? '' : `, line ${line}`}: ${message}`,
    ),
    ...(without.length === 0 ? [] : [`  no image in objects of the kinds ${without.join(', ')}`]),
    `${styleOutcome(outcome)}  ${images.length} ${images.length === 1 ? 'image' : 'images'}, ${countOf(images, isAtFault) + entries.length} at fault, ${toCounts(images)}`,
  ].join('\n');
}

function toRow({ pullspec, isPinned, policy, trust, verification }: CheckedImage): readonly string[] {
  const covering = (trust ?? []).map(({ profile, by, scope }) => `${profile} ${by} ${scope}`);
  const scopes = [...(policy === undefined ? [] : [policy.scope]), ...covering];
  return [
    isPinned ? 'yes' : 'no',
    policy?.asksFor ?? '',
    trust !== undefined && scopes.length === 0 ? 'none' : scopes.join(', '),
    verification === undefined ? '' : toWord(verification),
    pullspec,
  ];
}

function isAtFault({ isPinned, policy, verification }: CheckedImage): boolean {
  return !isPinned || policy?.asksFor === 'rejected' || (verification?.outcome ?? 'accepted') !== 'accepted';
}

function describeFault({ isPinned, policy, verification }: CheckedImage): string {
  const reasons = [
    ...(isPinned ? [] : ['no digest']),
    ...(policy?.asksFor === 'rejected' ? [`${policy.requires} by ${policy.scope}`] : []),
    ...(verification?.outcome === 'accepted' ? [] : (verification?.reasons ?? []).map(describeReason)),
  ];
  return reasons.join('; ') || 'it does not verify';
}

function describeReason({ code, message }: Verification['reasons'][number]): string {
  return `${code}: ${message}`;
}

/** A policy that accepts anything proves nothing about the image. */
function toWord({ outcome, isVerified }: Verification): string {
  return outcome === 'accepted' && !isVerified ? 'unverified' : outcome;
}

function toNames(origins: readonly string[]): string {
  const [first = '', ...others] = origins;
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

function toCounts(images: readonly CheckedImage[]): string {
  const counts = [
    `${countOf(images, ({ isPinned }) => isPinned)} pinned`,
    ...(images.some(({ policy }) => policy !== undefined)
      ? [`${countOf(images, ({ policy }) => policy?.isCovered === true)} in a scope of the policy`]
      : []),
    ...(images.some(({ trust }) => trust !== undefined)
      ? [`${countOf(images, ({ trust }) => (trust ?? []).length > 0)} covered by a profile`]
      : []),
    ...(images.some(({ verification }) => verification !== undefined)
      ? [`${countOf(images, ({ verification }) => verification?.isVerified === true)} verified`]
      : []),
  ];
  return counts.join(', ');
}

function countOf(images: readonly CheckedImage[], isCounted: (image: CheckedImage) => boolean): number {
  return images.filter(isCounted).length;
}

function invalid(message: string): InputError {
  return new InputError('ArgumentInvalid', message);
}

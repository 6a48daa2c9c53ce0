import { styleText } from 'node:util';
import {
  type CheckedCatalog,
  type CheckedImage,
  checkCatalog,
  type Verification,
} from '../../lib/catalog/check-catalog.ts';
import { parseCatalog } from '../../lib/catalog/parse-catalog.ts';
import type { ImagePolicy } from '../../lib/image-policy/image-policy.ts';
import { parsePolicyJson } from '../../lib/image-policy/parse-policy-json.ts';
import { decodeText, MAX_OBJECTS_BYTES } from '../../lib/rollout/read-objects.ts';
import { MAX_TRUST_FILE_BYTES } from '../../lib/trust/documents/parse-trust-file.ts';
import { prepareTrust } from '../../lib/trust/prepare-trust.ts';
import type { PreparedTrust } from '../../lib/trust/prepared-trust.ts';
import { readTrustDirectory } from '../../lib/trust/read-trust-directory.ts';
import { toExitStatus } from '../exit-status.ts';
import type { OutputOptions } from '../options.ts';
import { printResult } from '../output.ts';
import { readInput } from '../read-input.ts';

export interface CatalogCheckOptions extends OutputOptions {
  readonly policy?: string;
  readonly trust: readonly string[];
}

/**
 * @param verify what decides about one pullspec; without it nothing is verified
 * @returns the exit status: 1 when an image is not pinned, is rejected or does not verify
 */
export async function checkCatalogFile(
  file: string,
  { policy, trust, output }: CatalogCheckOptions,
  verify?: (pullspec: string) => Promise<Verification>,
): Promise<number> {
  const images = parseCatalog(file, await readInput(file, MAX_OBJECTS_BYTES));
  const checked = await checkCatalog(images, {
    policy: policy === undefined ? undefined : await readPolicy(policy),
    trusts: await readTrusts(trust),
    verify,
  });
  printResult(output, checked, formatCatalog);
  return toExitStatus(checked.outcome);
}

async function readPolicy(file: string): Promise<ImagePolicy> {
  return parsePolicyJson(file, decodeText(file, await readInput(file, MAX_TRUST_FILE_BYTES)));
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

function formatCatalog({ outcome, images }: CheckedCatalog): string {
  const rows = images.map(toRow);
  const header = ['PINNED', 'ASKS FOR', 'SCOPE', 'VERIFIED', 'IMAGE'] as const;
  const shown = header.map((_, column) => column === 0 || column === 4 || rows.some((row) => row[column] !== ''));
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const toLine = (row: readonly string[]): string =>
    row
      .flatMap((cell, column) => (shown[column] === true ? [cell.padEnd(widths[column] ?? 0)] : []))
      .join('  ')
      .trimEnd();
  const faults = images.filter(isAtFault);
  return [
    toLine(header),
    ...rows.map(toLine),
    ...faults.map((image) => `  ${image.pullspec}: ${describeFault(image)}, named by ${toNames(image.origins)}`),
    `${toColor(outcome)}  ${images.length} images, ${countOf(images, isAtFault)} at fault, ${toCounts(images)}`,
  ].join('\n');
}

function toRow({ pullspec, isPinned, policy, trust, verification }: CheckedImage): readonly string[] {
  const covering = (trust ?? []).map(({ profile, by, scope }) => `${profile} ${by} ${scope}`);
  const scopes = [...(policy === undefined ? [] : [policy.scope]), ...covering];
  return [
    isPinned ? 'yes' : 'no',
    policy?.asksFor ?? '',
    trust !== undefined && scopes.length === 0 ? 'none' : scopes.join(', '),
    verification?.outcome ?? '',
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
    ...(verification?.reason === undefined ? [] : [verification.reason]),
  ];
  return reasons.join('; ') || 'it does not verify';
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
  ];
  return counts.join(', ');
}

function countOf(images: readonly CheckedImage[], isCounted: (image: CheckedImage) => boolean): number {
  return images.filter(isCounted).length;
}

function toColor(outcome: CheckedCatalog['outcome']): string {
  const color = ({ accepted: 'green', rejected: 'red', indeterminate: 'yellow' } as const)[outcome];
  return styleText([color, 'bold'], outcome, { stream: process.stdout });
}

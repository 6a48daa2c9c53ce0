import { formatUnixTime } from '../../lib/base/documents/unix-time.ts';
import { type HeldRelease, listHeldReleases } from '../../lib/mirror/audit/held-releases.ts';
import { toArchitecture } from '../../lib/mirror/graph/release-name.ts';
import { openSource } from '../open/stores.ts';
import { openTrust } from '../open/trust.ts';
import type { OutputOptions, TrustOptions } from '../shell/options.ts';
import { countOf, formatTable, printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface MirrorListOptions extends TrustOptions, OutputOptions {
  readonly to: string;
  readonly release: readonly string[];
  readonly arch: readonly string[];
}

interface ListedRelease extends Omit<HeldRelease, 'names' | 'signedAt' | 'heldAt'> {
  /** Undefined where no signature that verifies names one. */
  readonly version: string | undefined;
  readonly architecture: string | undefined;
  readonly signedAt: string | undefined;
  readonly heldAt: string | undefined;
}

interface Listing {
  readonly profile: string;
  readonly releases: readonly ListedRelease[];
}

/** @returns the exit status: 1 when a version that was asked for is not held, or not for each architecture that was; 3
 * when a signature cannot be read */
export async function listMirrored(options: MirrorListOptions, signal: AbortSignal): Promise<number> {
  const trust = await openTrust(options);
  const objects = await openSource(options.to);
  const held = await listHeldReleases({ objects, prefix: 'signatures/', trust, now: new Date(), signal });
  const wanted = new Set(options.arch.map(toArchitecture));
  const releases = held
    .flatMap(toListed)
    .filter(({ architecture }) => wanted.size === 0 || (architecture !== undefined && wanted.has(architecture)))
    .filter(({ version }) => options.release.length === 0 || options.release.some((one) => isOf(version, one)))
    .toSorted(compare);
  signal.throwIfAborted();
  printResult<Listing>(options.output, { profile: trust.prepared.profile, releases }, formatListing);
  const architectures = wanted.size === 0 ? [undefined] : [...wanted];
  const isHeld = (one: string): boolean =>
    architectures.every((named) =>
      releases.some(
        ({ version, architecture, verified }) =>
          verified > 0 && isOf(version, one) && (named === undefined || architecture === named),
      ),
    );
  if (!options.release.every(isHeld)) return ExitStatus.rejected;
  return releases.some(({ unreadable }) => unreadable !== undefined) ? ExitStatus.indeterminate : ExitStatus.done;
}

/** A row for each name that the signatures give to a digest. */
function toListed({ names, signedAt, heldAt, ...facts }: HeldRelease): readonly ListedRelease[] {
  const shown = {
    ...facts,
    signedAt: signedAt === undefined ? undefined : formatUnixTime(signedAt),
    heldAt: heldAt?.toISOString(),
  };
  if (names.length === 0) return [{ version: undefined, architecture: undefined, ...shown }];
  return names.map(({ version, architecture }) => ({ version, architecture, ...shown }));
}

/** `4.16` asks for every version of that minor. */
function isOf(version: string | undefined, wanted: string): boolean {
  return version === wanted || (/^[0-9]+\.[0-9]+$/.test(wanted) && version?.startsWith(`${wanted}.`) === true);
}

const ORDER = new Intl.Collator('en', { numeric: true });

/** By version as numbers, then by architecture; what names no version comes last. */
function compare(one: ListedRelease, other: ListedRelease): number {
  const toKey = ({ version, architecture, digest }: ListedRelease): string =>
    `${version ?? '~'} ${architecture ?? ''} ${digest}`;
  return ORDER.compare(toKey(one), toKey(other));
}

function formatListing({ profile, releases }: Listing): string {
  const rows = releases.map(({ version, architecture, digest, signatures, verified, signedAt, heldAt }) => [
    version ?? '-',
    architecture ?? '-',
    digest,
    verified === signatures ? String(verified) : `${verified} of ${signatures} verify`,
    signedAt?.slice(0, 'YYYY-MM-DD'.length) ?? '-',
    heldAt?.slice(0, 'YYYY-MM-DDTHH:MM'.length) ?? '-',
  ]);
  return [
    `${countOf(new Set(releases.map(({ digest }) => digest)).size, 'digest')}, profile ${profile}`,
    ...(rows.length === 0 ? [] : formatTable([HEADER, ...rows])),
    ...[...new Set(releases.flatMap(({ unreadable = [] }) => unreadable))].map((reason) => `  not read: ${reason}`),
  ].join('\n');
}

const HEADER = ['VERSION', 'ARCHITECTURE', 'DIGEST', 'SIGNATURES', 'SIGNED', 'HELD SINCE'];

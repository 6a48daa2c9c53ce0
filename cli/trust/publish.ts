import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { openObjectStore } from '../../lib/platform/objects/open-object-store.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { selectProfile } from '../../lib/trust/prepared/profiles.ts';
import type { TrustDocument } from '../../lib/trust/prepared/trust-document.ts';
import { type Publication, publishTrust } from '../../lib/trust/publish/publish-trust.ts';
import type { OutputOptions, TrustOptions } from '../shell/options.ts';
import { printResult } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface PublishOptions extends TrustOptions, OutputOptions {
  readonly to: string;
}

interface Prepared {
  readonly trust: PreparedTrust;
  readonly documents: readonly TrustDocument[];
}

/** All profiles are compiled before the first one is published. @returns the exit status */
export async function publishProfiles({ trust, profile, to, output }: PublishOptions): Promise<number> {
  const directories = await readTrustDirectory(trust);
  const names = directories.map((directory) => directory.profile);
  const wanted = profile === undefined ? names : [selectProfile(names, profile)];
  const chosen = directories.filter((directory) => wanted.includes(directory.profile));
  const prepared: Prepared[] = [];
  for (const { profile: name, documents } of chosen) {
    prepared.push({ trust: await prepareTrust(name, documents), documents });
  }
  const publications = await publishAll(to, prepared);
  printResult(output, { publications }, (all) => all.publications.map(formatPublication).join('\n'));
  return ExitStatus.done;
}

async function publishAll(to: string, prepared: readonly Prepared[]): Promise<readonly Publication[]> {
  try {
    const objects = await openObjectStore(to);
    const publications: Publication[] = [];
    for (const { trust, documents } of prepared) publications.push(await publishTrust(objects, trust, documents));
    return publications;
  } catch (cause) {
    if (cause instanceof InputError) throw new InputError(cause.code, `--to: ${cause.message}`, { cause });
    if (cause instanceof StoreError) throw new StoreError(cause.code, `--to ${to}: ${cause.message}`, { cause });
    throw cause;
  }
}

function formatPublication({ outcome, profile, revision, previous, warnings }: Publication): string {
  const before = previous === undefined || previous === revision ? '' : `, replacing ${previous}`;
  const notes = warnings.map((warning) => `\n  warning  ${warning}`).join('');
  return `${profile}: ${outcome} revision ${revision}${before}${notes}`;
}

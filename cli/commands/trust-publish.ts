import { InputError } from '../../lib/errors/input-error.ts';
import { StoreError } from '../../lib/errors/store-error.ts';
import { openObjectStore } from '../../lib/objects/open-object-store.ts';
import { prepareTrust } from '../../lib/trust/prepare-trust.ts';
import type { PreparedTrust } from '../../lib/trust/prepared-trust.ts';
import { type Publication, publishTrust } from '../../lib/trust/publish-trust.ts';
import { readTrustDirectory } from '../../lib/trust/read-trust-directory.ts';
import { selectProfile } from '../../lib/trust/select-profile.ts';
import type { TrustDocument } from '../../lib/trust/trust-document.ts';
import { ExitStatus } from '../exit-status.ts';
import type { OutputOptions, TrustOptions } from '../options.ts';
import { printResult } from '../output.ts';

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
  printResult(output, publications, (all) => all.map(formatPublication).join('\n'));
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

function formatPublication({ outcome, profile, revision, previous }: Publication): string {
  const before = previous === undefined || previous === revision ? '' : `, replacing ${previous}`;
  return `${profile}: ${outcome} revision ${revision}${before}`;
}

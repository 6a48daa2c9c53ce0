import { createDirectoryObjectStore } from '../../lib/objects/directory-object-store.ts';
import { prepareTrust } from '../../lib/trust/prepare-trust.ts';
import { type Publication, publishTrust } from '../../lib/trust/publish-trust.ts';
import { readTrustDirectory } from '../../lib/trust/read-trust-directory.ts';
import { selectProfile } from '../../lib/trust/select-profile.ts';
import { ExitStatus } from '../exit-status.ts';
import type { OutputOptions, TrustOptions } from '../options.ts';
import { printResult } from '../output.ts';

export interface PublishOptions extends TrustOptions, OutputOptions {
  readonly to: string;
}

/** All profiles are compiled before the first one is published. @returns the exit status */
export async function publishProfiles({ trust, profile, to, output }: PublishOptions): Promise<number> {
  const directories = await readTrustDirectory(trust);
  const names = directories.map((directory) => directory.profile);
  const wanted = profile === undefined ? names : [selectProfile(names, profile)];
  const chosen = directories.filter((directory) => wanted.includes(directory.profile));
  const prepared = [];
  for (const { profile: name, documents } of chosen) {
    prepared.push({ trust: await prepareTrust(name, documents), documents });
  }
  const objects = createDirectoryObjectStore(to);
  const publications: Publication[] = [];
  for (const ready of prepared) publications.push(await publishTrust(objects, ready.trust, ready.documents));
  printResult(output, publications, (all) => all.map(formatPublication).join('\n'));
  return ExitStatus.done;
}

function formatPublication({ outcome, profile, revision, previous }: Publication): string {
  const before = previous === undefined || previous === revision ? '' : `, replacing ${previous}`;
  return `${profile}: ${outcome} revision ${revision}${before}`;
}

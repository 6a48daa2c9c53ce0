import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { prepareTrust } from '../../trust/prepare/prepare-trust.ts';
import { readTrustDirectory } from '../../trust/prepare/read-trust-directory.ts';
import { selectProfile } from '../../trust/prepared/profiles.ts';
import type { TrustDocument } from '../../trust/prepared/trust-document.ts';
import { type ReadyTrust, toReadyTrust } from '../../trust/source/trust-source.ts';

/** A profile by which signatures are verified, and what it was compiled from. */
export interface BundleProfile {
  readonly trust: ReadyTrust;
  readonly documents: readonly TrustDocument[];
}

/**
 * All profiles of a trust directory, or the wanted one, sorted by name.
 *
 * @throws InputError, ConfigurationError; `TrustUnusable` when one of them has nothing to verify by
 */
export async function readBundleProfiles(
  directory: string,
  wanted: string | undefined,
  now: Date,
): Promise<readonly BundleProfile[]> {
  const directories = await readTrustDirectory(directory);
  const names = directories.map(({ profile }) => profile);
  const chosen = wanted === undefined ? names : [selectProfile(names, wanted)];
  return await compileProfiles(
    directories.filter(({ profile }) => chosen.includes(profile)).map(({ profile, documents }) => [profile, documents]),
    now,
  );
}

/** As {@link readBundleProfiles}, from documents. @throws ConfigurationError */
export async function compileProfiles(
  profiles: Iterable<readonly [name: string, documents: readonly TrustDocument[]]>,
  now: Date,
): Promise<readonly BundleProfile[]> {
  const compiled: BundleProfile[] = [];
  for (const [name, documents] of [...profiles].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    const prepared = await prepareTrust(name, documents);
    if (prepared.verification === 'disabled' || prepared.keyrings.length === 0) {
      const reason = `the profile ${name} has no keyring to verify by, and a bundle holds only what verifies`;
      throw new ConfigurationError('TrustUnusable', reason);
    }
    compiled.push({ trust: toReadyTrust(prepared, now), documents });
  }
  if (compiled.length === 0) throw new ConfigurationError('TrustMissing', 'there is no profile to verify by');
  return compiled;
}

import { InputError } from '../../lib/base/errors/input-error.ts';
import type { Pullspec } from '../../lib/base/names/reference.ts';
import { prepareTrust } from '../../lib/trust/prepare/prepare-trust.ts';
import { readTrustDirectory, type TrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import { selectProfile } from '../../lib/trust/prepared/profiles.ts';
import { type ReadyTrust, toReadyTrust } from '../../lib/trust/source/trust-source.ts';
import type { TrustOptions } from '../shell/options.ts';

/** Reads and compiles the profile that the options choose. @throws InputError, ConfigurationError */
export async function openTrust(options: TrustOptions): Promise<ReadyTrust> {
  const { profile, documents } = await readProfile(options);
  const prepared = await prepareTrust(profile, documents);
  return toReadyTrust(prepared, new Date());
}

/**
 * The trust of a pullspec. Where `--profile` is not given and the profile that would be used does not ask for releases
 * there, but another one does, a rejection would be about the wrong product.
 *
 * @throws InputError, which names that profile; ConfigurationError
 */
export async function openTrustOf({ repository }: Pullspec, options: TrustOptions): Promise<ReadyTrust> {
  const trust = await openTrust(options);
  const { profile, canonicalRepositories } = trust.prepared;
  if (options.profile !== undefined || canonicalRepositories.includes(repository)) return trust;
  for (const other of await readTrustDirectory(options.trust)) {
    if (other.profile === profile) continue;
    // A profile that does not load is `trust check`’s to report.
    const prepared = await prepareTrust(other.profile, other.documents).catch(() => undefined);
    if (prepared?.canonicalRepositories.includes(repository) === true) {
      const message = `${repository} is of profile ${other.profile}, and ${profile} would be used: add --profile ${other.profile}`;
      throw new InputError('ProfileUnknown', message);
    }
  }
  return trust;
}

/** The documents of the profile that the options choose. @throws InputError, ConfigurationError */
export async function readProfile({ trust, profile: wanted }: TrustOptions): Promise<TrustDirectory> {
  const directories = await readTrustDirectory(trust);
  const name = selectProfile(
    directories.map(({ profile }) => profile),
    wanted,
  );
  const chosen = directories.find(({ profile }) => profile === name);
  if (chosen === undefined) throw new InputError('ProfileUnknown', `there is no profile ${name}`);
  return chosen;
}

import { InputError } from '../../lib/base/errors/input-error.ts';
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

/** The documents of the profile that the options choose. @throws InputError, ConfigurationError */
async function readProfile({ trust, profile: wanted }: TrustOptions): Promise<TrustDirectory> {
  const directories = await readTrustDirectory(trust);
  const name = selectProfile(
    directories.map(({ profile }) => profile),
    wanted,
  );
  const chosen = directories.find(({ profile }) => profile === name);
  if (chosen === undefined) throw new InputError('ProfileUnknown', `there is no profile ${name}`);
  return chosen;
}

import { type ManifestFormat, toManifestText } from '../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { toTrustManifest } from '../../lib/cluster/render/trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import { selectProfile } from '../../lib/trust/prepared/profiles.ts';
import type { TrustOptions } from '../shell/options.ts';
import { toPrintable } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderTrustOptions extends TrustOptions {
  readonly output: ManifestFormat;
}

/** @returns the exit status */
export async function renderTrust({ trust, profile: wanted, output }: RenderTrustOptions): Promise<number> {
  const directories = await readTrustDirectory(trust);
  const names = directories.map(({ profile }) => profile);
  const name = selectProfile(names, wanted);
  const chosen = directories.find(({ profile }) => profile === name);
  if (chosen === undefined) throw new InputError('ProfileUnknown', `there is no profile ${name}`);
  const { configMap, warnings } = await toTrustManifest(name, chosen.documents);
  for (const warning of warnings) process.stderr.write(`signet: warning: ${toPrintable(warning)}\n`);
  process.stdout.write(toManifestText(configMap, output));
  return ExitStatus.done;
}

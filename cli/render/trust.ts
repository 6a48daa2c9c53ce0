import { type ManifestFormat, toManifestText } from '../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { toTrustManifest } from '../../lib/cluster/render/trust.ts';
import { readTrustDirectory } from '../../lib/trust/prepare/read-trust-directory.ts';
import { selectProfile } from '../../lib/trust/prepared/profiles.ts';
import type { TrustOptions } from '../shell/options.ts';
import { toPrintable } from '../shell/output.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderTrustOptions extends TrustOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly repositories?: boolean;
  readonly output: ManifestFormat;
}

/** @returns the exit status */
export async function renderTrust(options: RenderTrustOptions): Promise<number> {
  const { trust, profile: wanted, output } = options;
  const directories = await readTrustDirectory(trust);
  const names = directories.map(({ profile }) => profile);
  const name = selectProfile(names, wanted);
  const chosen = directories.find(({ profile }) => profile === name);
  if (chosen === undefined) throw new InputError('ProfileUnknown', `there is no profile ${name}`);
  const { configMap, warnings } = await toTrustManifest(name, chosen.documents, {
    name: options.name,
    namespace: options.namespace,
    withRepositories: options.repositories,
  });
  for (const warning of warnings) process.stderr.write(`signet: warning: ${toPrintable(warning)}\n`);
  process.stdout.write(toManifestText(configMap, output));
  return ExitStatus.done;
}

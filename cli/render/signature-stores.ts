import { type ManifestFormat, toManifestText } from '../../lib/base/documents/manifest-text.ts';
import { toSignatureStores } from '../../lib/cluster/render/signature-stores.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderSignatureStoresOptions {
  readonly ca?: string;
  readonly output: ManifestFormat;
}

/** @returns the exit status */
export function renderSignatureStores(urls: readonly string[], { ca, output }: RenderSignatureStoresOptions): number {
  const { patch, command, warnings } = toSignatureStores(urls, { ca });
  for (const warning of warnings) process.stderr.write(`signet: warning: ${warning}\n`);
  // JSON has no comments.
  if (output === 'json') process.stderr.write(`signet: apply it with: ${command}\n`);
  const comment = output === 'yaml' ? `# ${command}\n` : '';
  process.stdout.write(`${comment}${toManifestText(patch, output)}`);
  return ExitStatus.done;
}

import { type AttachmentImport, importAttachments } from '../../lib/bundle/import/import-attachments.ts';
import type { PreparedTrust } from '../../lib/trust/prepared/prepared-trust.ts';
import { type MirrorRegistryOptions, openMirrorRegistry } from '../open/open-mirror-registry.ts';
import { parseRegistryRepository } from '../open/parse-registry-repository.ts';
import { formatCopied } from '../shell/format-copied.ts';
import { createProgress } from '../shell/progress.ts';

export interface RegistryImportOptions extends MirrorRegistryOptions {
  readonly componentsTo?: string;
  readonly replace?: boolean;
}

const CONCURRENCY = 16;

/** Pushes the Sigstore signatures of a bundle to the repository. @throws InputError, ConfigurationError, StoreError */
export async function importSigstore(
  source: string,
  toRegistry: string,
  profiles: readonly PreparedTrust[],
  options: RegistryImportOptions,
): Promise<AttachmentImport> {
  const to = parseRegistryRepository(toRegistry);
  const componentsTo = options.componentsTo === undefined ? to : parseRegistryRepository(options.componentsTo);
  const { client: reader, pusher, close } = await openMirrorRegistry([to, componentsTo], options);
  const progress = createProgress('images');
  try {
    return await importAttachments({
      source,
      profiles,
      destination: { reader, pusher },
      to,
      componentsTo,
      replace: options.replace === true,
      concurrency: CONCURRENCY,
      now: () => new Date(),
      signal: new AbortController().signal,
      onProgress: (done, total) => progress.show(done, { total }),
    });
  } finally {
    progress.end();
    close();
  }
}

export function formatSigstore({ outcome, images }: AttachmentImport): readonly string[] {
  const [all = '', ...rest] = formatCopied(images);
  return [`  sigstore    ${outcome}: ${all}`, ...rest.map((line) => `  ${line}`)];
}

import { type ManifestFormat, toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { decodeText, readObjects } from '../../lib/base/documents/read-objects.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { type AcmPolicyOptions, toAcmPolicy } from '../../lib/cluster/render/acm-policy.ts';
import { readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderPolicyOptions extends Omit<AcmPolicyOptions, 'labels'> {
  readonly label: readonly string[];
  readonly output: ManifestFormat;
}

/** Bytes of one file of manifests: several times what fits into a Policy. */
const MAX_MANIFESTS_BYTES = 4 * 1024 * 1024;
const LABEL = /^([A-Za-z0-9](?:[A-Za-z0-9._/-]{0,250}[A-Za-z0-9])?)=([A-Za-z0-9._-]{0,63})$/;

/** @returns the exit status */
export async function renderPolicy(
  files: readonly string[],
  { label, output, name, namespace, remediation }: RenderPolicyOptions,
): Promise<number> {
  const labels = Object.fromEntries(label.map(parseLabel));
  const read = await Promise.all(files.map((file) => readInput(file, MAX_MANIFESTS_BYTES)));
  const sources = read.flatMap((bytes, index) => {
    const file = files[index] ?? '';
    return [...readObjects(file, decodeText(file, bytes))];
  });
  if (sources.length === 0) throw new InputError('FileUnreadable', `${files.join(', ')}: there is no manifest in it`);
  const manifests = toAcmPolicy(sources, { name, namespace, remediation, labels });
  process.stdout.write(toManifestsText(manifests, output));
  return ExitStatus.done;
}

/** @throws InputError `ArgumentInvalid` */
function parseLabel(text: string): readonly [string, string] {
  const [, name, value] = LABEL.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw new InputError('ArgumentInvalid', `--label takes NAME=VALUE, not ${JSON.stringify(text)}`);
}

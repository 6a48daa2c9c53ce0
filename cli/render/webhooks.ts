import { createHash } from 'node:crypto';
import { type ManifestFormat, toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { ADMISSION_RESOURCES, type AdmissionResource } from '../../lib/cluster/render/admission-kinds.ts';
import { toWebhook, type WebhookOptions } from '../../lib/cluster/render/webhooks.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderWebhooksOptions extends Pick<WebhookOptions, 'url' | 'failurePolicy'> {
  readonly tokenFile: string;
  readonly ca?: string;
  readonly kind: readonly AdmissionResource[];
  readonly timeout: string;
  readonly output: ManifestFormat;
}

/** Bytes of a file that holds one token. */
const MAX_TOKEN_BYTES = 1024;

/** @returns the exit status */
export async function renderWebhooks(given: RenderWebhooksOptions): Promise<number> {
  const { url, failurePolicy, kind, output } = given;
  if (!/^[0-9]{1,3}$/.test(given.timeout)) throw new InputError('ArgumentInvalid', '--timeout takes seconds');
  const token = (await readText(given.tokenFile, MAX_TOKEN_BYTES)).trim();
  const ca = given.ca === undefined ? undefined : await readText(given.ca, MAX_KEY_FILE_BYTES);
  const options = { url, token, ca, timeoutSeconds: Number(given.timeout), failurePolicy };
  // In their own order, so that the same kinds give the same bytes.
  const wanted = ADMISSION_RESOURCES.filter((resource) => kind.length === 0 || kind.includes(resource));
  const text = toManifestsText(
    wanted.map((resource) => toWebhook(resource, options)),
    output,
  );
  const sha256 = createHash('sha256').update(token).digest('hex');
  process.stderr.write('signet: warning: the manifest holds the token; keep it as you keep secrets\n');
  process.stderr.write(`signet: the admission secret needs an entry with "tokenSha256": "${sha256}"\n`);
  process.stdout.write(text);
  return ExitStatus.done;
}

async function readText(file: string, limitBytes: number): Promise<string> {
  return Buffer.from(await readInput(file, limitBytes)).toString('utf8');
}

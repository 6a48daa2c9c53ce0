import { createHash } from 'node:crypto';
import { type ManifestFormat, toManifestsText } from '../../lib/base/documents/manifest-text.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { ADMISSION_RESOURCES, type AdmissionResource } from '../../lib/cluster/objects/admission-kinds.ts';
import { parseLabelSelector } from '../../lib/cluster/render/admission/label-selector.ts';
import {
  parseService,
  parseToken,
  toApiService,
  toBundle,
  toWebhook,
  type WebhookCall,
  type WebhookOptions,
} from '../../lib/cluster/render/admission/webhooks.ts';
import { MAX_KEY_FILE_BYTES, readInput } from '../shell/read-input.ts';
import { ExitStatus } from '../shell/run-program.ts';

export interface RenderWebhooksOptions extends Pick<WebhookOptions, 'failurePolicy'> {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly clientCertificate?: boolean;
  readonly service?: string;
  readonly aggregated?: boolean;
  readonly ca?: string;
  readonly kind: readonly AdmissionResource[];
  readonly timeout: string;
  readonly namespaceSelector?: string;
  readonly objectSelector?: string;
  readonly matchConditions: boolean;
  readonly output: ManifestFormat;
}

/** Bytes of a file that holds one token. */
const MAX_TOKEN_BYTES = 1024;

/** @returns the exit status */
export async function renderWebhooks(given: RenderWebhooksOptions): Promise<number> {
  const { failurePolicy, kind, output, namespaceSelector, objectSelector, matchConditions } = given;
  if (!/^[0-9]{1,3}$/.test(given.timeout)) throw new InputError('ArgumentInvalid', '--timeout takes seconds');
  const call = await toCall(given);
  const ca = given.ca === undefined ? undefined : await readText(given.ca, MAX_KEY_FILE_BYTES);
  if (ca !== undefined) checkNamed(`--ca ${given.ca}`, () => toBundle(ca));
  const options: WebhookOptions = {
    call,
    ca,
    timeoutSeconds: Number(given.timeout),
    failurePolicy,
    namespaceSelector: toSelector(namespaceSelector, '--namespace-selector'),
    objectSelector: toSelector(objectSelector, '--object-selector'),
    hasMatchConditions: matchConditions,
  };
  // In their own order, so that the same kinds give the same bytes.
  const wanted = ADMISSION_RESOURCES.filter((resource) => kind.length === 0 || kind.includes(resource));
  const webhooks = wanted.map((resource) => toWebhook(resource, options));
  const objects = call.kind === 'aggregated' ? [toApiService(call.service, ca), ...webhooks] : webhooks;
  const text = toManifestsText(objects, output);
  for (const line of listNotes(call, objectSelector)) process.stderr.write(`signet: ${line}\n`);
  process.stdout.write(text);
  return ExitStatus.done;
}

/** @throws InputError `ArgumentInvalid` unless exactly one way is given */
async function toCall({
  url,
  tokenFile,
  clientCertificate,
  service,
  aggregated,
}: RenderWebhooksOptions): Promise<WebhookCall> {
  if (service !== undefined && url === undefined && tokenFile === undefined && clientCertificate === undefined) {
    return { kind: aggregated === true ? 'aggregated' : 'service', service: parseService(service) };
  }
  const isByToken = tokenFile !== undefined && clientCertificate === undefined;
  const isByCertificate = tokenFile === undefined && clientCertificate === true;
  if (url === undefined || service !== undefined || aggregated === true || !(isByToken || isByCertificate)) {
    throw new InputError(
      'ArgumentInvalid',
      'say how the API server reaches Signet: --service NAMESPACE/NAME, perhaps with --aggregated, in the cluster; --url with --token-file or --client-certificate outside of it',
    );
  }
  const token = tokenFile === undefined ? undefined : (await readText(tokenFile, MAX_TOKEN_BYTES)).trim();
  if (token !== undefined) checkNamed(`--token-file ${tokenFile}`, () => parseToken(token));
  return { kind: 'url', url, token };
}

/** @throws InputError that names the file */
function checkNamed(what: string, check: () => unknown): void {
  try {
    check();
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(cause.code, `${what}: ${cause.message}`, { cause });
  }
}

function toSelector(text: string | undefined, option: string): WebhookOptions['namespaceSelector'] {
  return text === undefined ? undefined : parseLabelSelector(text, option);
}

function listNotes(call: WebhookCall, objectSelector: string | undefined): readonly string[] {
  const selector =
    objectSelector === undefined
      ? []
      : ['warning: whoever may set labels of an object decides by --object-selector whether it is reviewed'];
  if (call.kind !== 'url' || call.token === undefined) return [...toEntryNote(call), ...selector];
  const sha256 = createHash('sha256').update(call.token).digest('hex');
  return [
    'warning: the manifest holds the token; keep it as you keep secrets',
    'warning: API servers print the URL, with the token, to users whose change fails, to their log and to the audit log; in a cluster prefer --service',
    `the admission secret needs an entry with "tokenSha256": "${sha256}", and better with "addresses" too`,
    ...selector,
  ];
}

function toEntryNote({ kind }: WebhookCall): readonly string[] {
  switch (kind) {
    case 'aggregated':
      return ['the admission file needs an entry with "clientNames": the names of the API server’s front proxy'];
    case 'service':
      return ['the admission file needs an entry with "anonymous": true, and the Service a network policy'];
    case 'url':
      return ['the admission secret needs an entry with "clientNames": the names of the API server’s certificate'];
    default:
      throw new TypeError(`there is no call ${JSON.stringify(kind satisfies never)}`);
  }
}

async function readText(file: string, limitBytes: number): Promise<string> {
  return Buffer.from(await readInput(file, limitBytes)).toString('utf8');
}

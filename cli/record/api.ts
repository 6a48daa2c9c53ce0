import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { toAwsStoreError } from '../../lib/platform/aws/aws-fault.ts';
import { AwsRequestError, createSignedSender } from '../../lib/platform/aws/signed-request.ts';
import { createHttpClient } from '../../lib/platform/http/http-client.ts';
import { readAwsSettings, readProxy } from '../../lib/platform/lambda/environment.ts';
import { readApiToken } from '../open/api-token.ts';

/** Bytes of one page: as much as API Gateway gives. */
const MAX_PAGE_BYTES = 10 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

export function isApi(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/**
 * A JSON answer of Signet's API. In AWS the request is signed with the credentials of the environment.
 *
 * @throws InputError `ArgumentInvalid` for what the API refuses; StoreError
 */
export async function fetchPage(
  api: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<unknown> {
  const bytes = await fetchBytes(api, path, parameters);
  if (bytes === undefined) throw new StoreError('NotFound', `${api}: there is no ${path}`);
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new StoreError('BodyInvalid', `${api}: the answer to ${path} is no JSON`, { cause });
  }
}

/** The bytes of an answer; undefined for 404. @throws as {@link fetchPage} */
export async function fetchBytes(
  api: string,
  path: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Uint8Array | undefined> {
  const query = new URLSearchParams(parameters).toString();
  const url = new URL(`${api.replace(/\/$/, '')}${path}${query === '' ? '' : `?${query}`}`);
  return url.hostname.includes('.execute-api.') ? await fetchSigned(url) : await fetchPlain(url);
}

async function fetchSigned(url: URL): Promise<Uint8Array | undefined> {
  const send = createSignedSender({ service: 'execute-api', ...readAwsSettings(process.env), timeoutMs: TIMEOUT_MS });
  try {
    return (await send({ method: 'GET', url, headers: {}, limitBytes: MAX_PAGE_BYTES })).bytes;
  } catch (error) {
    if (error instanceof AwsRequestError && error.fault.status === 404) return undefined;
    if (error instanceof AwsRequestError) throw toAwsStoreError(error.fault, `reading ${url.origin}${url.pathname}`);
    throw error;
  }
}

/** Whoever runs the command names the service, which may be this machine's own. */
async function fetchPlain(url: URL): Promise<Uint8Array | undefined> {
  const client = createHttpClient({ allowPrivateAddresses: true, proxy: readProxy(process.env) });
  try {
    const limits = { signal: AbortSignal.timeout(TIMEOUT_MS), limitBytes: MAX_PAGE_BYTES, timeoutMs: TIMEOUT_MS };
    const options = { ...limits, headers: await readApiToken() };
    const { status, bytes } = await client.get(url.href, options);
    if (status === 200) return bytes;
    if (status === 404) return undefined;
    const said = Buffer.from(bytes).toString('utf8').slice(0, 500);
    if (status === 400) throw new InputError('ArgumentInvalid', `${url.origin} refuses the request: ${said}`);
    throw new StoreError('StatusUnexpected', `${url.origin}${url.pathname} answers ${status}: ${said}`);
  } finally {
    client.close();
  }
}

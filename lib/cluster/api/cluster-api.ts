import { createSecureContext, type SecureContext } from 'node:tls';
import { isJsonObject, type JsonObject } from '../../base/documents/json-value.ts';
import { parseStrictJson, StrictJsonError } from '../../base/documents/parse-strict-json.ts';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { StoreError } from '../../base/errors/store-error.ts';
import { toFileReason } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import { createCheckedLookup } from '../../platform/http/address-rules.ts';
import { toShownUrl } from '../../platform/http/http-url.ts';
import { readExplanation } from '../../platform/http/read-body.ts';
import { createRoutes, type ProxyOptions } from '../../platform/http/routes.ts';
import { sendRequest, toHttpFailure } from '../../platform/http/send-request.ts';
import { checkCertificate, splitCertificates } from '../../platform/http/tls-trust.ts';
import { startDeadline } from '../../platform/time/deadline.ts';
import { retryRequest, toRetryAfterSeconds } from '../../platform/time/retries.ts';
import type { ApiAccess, PemSource, TokenSource } from './api-access.ts';

/** One request to an API server. */
export interface ApiQuestion {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  /** From the root of the server, with its query. */
  readonly path: string;
  readonly content?: { readonly type: string; readonly value: object } | undefined;
}

/** An answer that says something of the object: 2xx, or 404, 409, 422 and the like. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

export interface ClusterApi {
  /** For messages; without credentials. */
  readonly description: string;
  /** @throws StoreError where the server is out of reach, not ready, or does not let the caller; the signal's reason */
  ask(question: ApiQuestion, signal: AbortSignal): Promise<ApiAnswer>;
  close(): void;
}

/** Milliseconds of one attempt. */
const TIMEOUT_MS = 30_000;
/** Bytes of one answer: an object of 1 MiB, whose bytes are base64, with who owns each member. */
export const MAX_API_ANSWER_BYTES = 8 * 1024 * 1024;
const MAX_CREDENTIAL_BYTES = 1024 * 1024;
/** Characters of what a server says of itself. */
const MAX_SAID = 400;
/** The API server is what the operator names: a private address is the usual one. */
const RULES = { allowPrivateAddresses: true };
const DENIED: ReadonlySet<number> = new Set([401, 403]);

/**
 * The API of a cluster over HTTPS, known by the cluster's authorities alone where they are named. A token file is read
 * before each request, because the cluster writes a new token into it while the program runs.
 *
 * @throws ConfigurationError for certificates that cannot be used; StoreError for files that cannot be read
 */
export async function openClusterApi(access: ApiAccess, proxy: ProxyOptions): Promise<ClusterApi> {
  const routes = createRoutes({
    ...RULES,
    secureContext: await toSecureContext(access),
    proxy,
    lookup: createCheckedLookup(RULES),
  });
  const description = toShownUrl(access.server).replace(/\/$/, '');

  async function attempt({ method, path, content }: ApiQuestion, signal: AbortSignal): Promise<ApiAnswer> {
    const url = new URL(`${description}${path}`);
    const deadline = startDeadline(
      signal,
      TIMEOUT_MS,
      () => new StoreError('TimedOut', `${toShownUrl(url)}: no complete answer within ${TIMEOUT_MS} ms`),
    );
    try {
      const body = content === undefined ? undefined : Buffer.from(JSON.stringify(content.value));
      // Node states no length of the body of a DELETE by itself.
      const length = body === undefined ? {} : { 'content-length': String(body.length) };
      const own = { accept: 'application/json', 'user-agent': 'signet', ...length };
      const response = await sendRequest({
        method,
        url,
        route: routes.chooseRoute(url),
        headers: { ...own, ...(await toHeaders(access.token, content)) },
        body,
        signal: deadline.signal,
        rules: RULES,
      });
      const bytes = await readExplanation(response, MAX_API_ANSWER_BYTES);
      return toAnswer(url, response.statusCode ?? 0, response.headers['retry-after'], bytes);
    } catch (error) {
      deadline.signal.throwIfAborted();
      throw toHttpFailure(error, url);
    } finally {
      deadline.clear();
    }
  }

  return {
    description,
    ask: (question, signal) => retryRequest(() => attempt(question, signal), signal),
    close: () => routes.close(),
  };
}

async function toHeaders(
  token: TokenSource | undefined,
  content: ApiQuestion['content'],
): Promise<Readonly<Record<string, string>>> {
  const type = content === undefined ? {} : { 'content-type': content.type };
  if (token === undefined) return type;
  const text = token.kind === 'text' ? token.token : await readText(token.file);
  const trimmed = text.trim();
  // A line break would end the header; what is not printable ASCII cannot be a token.
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw new StoreError('NotAllowed', 'the token for the API server is not one');
  return { ...type, authorization: `Bearer ${trimmed}` };
}

function toAnswer(url: URL, status: number, retryAfter: string | undefined, bytes: Uint8Array): ApiAnswer {
  const body = parseBody(bytes);
  const said = describeFailure(status, body);
  const shown = toShownUrl(url);
  if (DENIED.has(status)) throw new StoreError('AccessDenied', `${shown}: ${said}`);
  if (status === 429 || status >= 500) {
    const retryAfterSeconds = toRetryAfterSeconds(retryAfter);
    throw new StoreError('Unavailable', `${shown}: ${said}`, { retryAfterSeconds });
  }
  if (status < 200 || (status >= 300 && status < 400)) throw new StoreError('StatusUnexpected', `${shown}: ${said}`);
  if (body === undefined) throw new StoreError('BodyInvalid', `${shown}: the answer ${status} is no JSON object`);
  return { status, body };
}

/** What an API server says of a failure in a `Status`, shortened. */
export function describeFailure(status: number, body: JsonObject | undefined): string {
  const message = body?.['message'];
  const said = typeof message === 'string' ? `: ${message.slice(0, MAX_SAID).toWellFormed()}` : '';
  return `the API server answered ${status}${said}`;
}

function parseBody(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value = parseStrictJson(Buffer.from(bytes).toString('utf8'));
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof StrictJsonError) return undefined;
    throw error;
  }
}

async function toSecureContext({ origin, authorities, certificate }: ApiAccess): Promise<SecureContext | undefined> {
  if (authorities === undefined && certificate === undefined) return undefined;
  const ca = authorities === undefined ? undefined : await readPem(authorities);
  const own =
    certificate === undefined ? {} : { cert: await readPem(certificate.cert), key: await readPem(certificate.key) };
  const certificates = ca === undefined ? [] : splitCertificates(ca).certificates;
  if (ca !== undefined && certificates.length === 0) {
    throw new ConfigurationError('DocumentInvalid', `${origin}: the certificate authority has no PEM certificate`);
  }
  try {
    // What cannot be read would be left out in silence.
    for (const one of certificates) checkCertificate(one);
    return createSecureContext({ ...(ca === undefined ? {} : { ca }), ...own });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigurationError('DocumentInvalid', `${origin}: its certificates cannot be used: ${reason}`, { cause });
  }
}

async function readPem(source: PemSource): Promise<string> {
  return source.kind === 'text' ? source.pem : await readText(source.file);
}

async function readText(file: string): Promise<string> {
  const contents = await readRegularFile(file, MAX_CREDENTIAL_BYTES, 'follow').catch((cause: unknown) => {
    throw new StoreError('NotAllowed', `cannot read ${file}: ${toFileReason(cause)}`, { cause });
  });
  if (contents.kind === 'whole') return Buffer.from(contents.bytes).toString('utf8');
  throw new StoreError('NotAllowed', `cannot read ${file}: it is no file of at most ${MAX_CREDENTIAL_BYTES} bytes`);
}

import { hash } from 'node:crypto';
import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import aws4 from 'aws4';
import { StoreError } from '../../base/errors/store-error.ts';
import { readBody, readExplanation } from '../http/read-body.ts';
import { retry, toRandomPause } from '../time/retries.ts';
import { type AwsFault, isThrottled } from './aws-fault.ts';
import type { AwsSettings } from './aws-settings.ts';

export interface SignedRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
  /** Bytes of the answer's body that are read; a longer one is `LimitExceeded`. */
  readonly limitBytes: number;
}

export interface SignedResponse {
  readonly headers: Readonly<IncomingHttpHeaders>;
  readonly bytes: Uint8Array;
}

interface Signing extends AwsSettings {
  /** As signatures name it, such as `s3`. */
  readonly service: string;
  /** Milliseconds for one request, its body included. */
  readonly timeoutMs: number;
}

/** An answer that is no success, or none at all. */
export class AwsRequestError extends Error {
  override readonly name = 'AwsRequestError';
  readonly fault: AwsFault;
  /** How often the request was sent. */
  readonly tries: number;

  constructor(fault: AwsFault, tries = 1) {
    super(fault.message, { cause: fault.cause });
    this.fault = fault;
    this.tries = tries;
  }
}

const MAX_EXPLANATION_BYTES = 4096;
/** Each is made when it is needed: a function that asks nothing of AWS never loads HTTP. */
const agents = new Map<string, HttpAgent>();

/** Signs a request, body included, and sends it once. @throws AwsRequestError, or StoreError when a limit is hit. */
async function sendSignedRequest(request: SignedRequest, signing: Signing): Promise<SignedResponse> {
  const headers = signRequest(request, signing);
  const signal = AbortSignal.timeout(signing.timeoutMs);
  try {
    const response = await exchange(request, headers, signal);
    return await toResponse(response, request.limitBytes);
  } catch (error) {
    if (error instanceof StoreError || error instanceof AwsRequestError) throw error;
    throw new AwsRequestError(toFault(error, signal, signing.timeoutMs));
  }
}

function signRequest(
  { method, url, headers, body }: SignedRequest,
  { service, region, credentials }: Signing,
): OutgoingHttpHeaders {
  const signed = aws4.sign(
    {
      method,
      host: url.host,
      path: `${url.pathname}${url.search}`,
      headers: {
        ...headers,
        host: url.host,
        'x-amz-content-sha256': hash('sha256', body ?? ''),
        ...(body === undefined ? {} : { 'content-length': body.length }),
      },
      service,
      region,
    },
    credentials,
  );
  return signed.headers ?? {};
}

function exchange(
  { method, url, body }: SignedRequest,
  headers: OutgoingHttpHeaders,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const isTls = url.protocol === 'https:';
  const options = { method, headers, agent: openAgent(url), signal };
  const sent = isTls ? httpsRequest(url, options) : httpRequest(url, options);
  sent.on('response', resolve);
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

/** Loads HTTP, and TLS where the URL has it. What asks at every start does so while it starts, when Lambda has most to give. */
export function openAgent({ protocol }: URL): HttpAgent {
  const known = agents.get(protocol);
  if (known !== undefined) return known;
  const agent = protocol === 'https:' ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  agents.set(protocol, agent);
  return agent;
}

async function toResponse(response: IncomingMessage, limitBytes: number): Promise<SignedResponse> {
  const status = response.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    return { headers: response.headers, bytes: await readBody(response, limitBytes) };
  }
  const explanation = new TextDecoder().decode(await readExplanation(response, MAX_EXPLANATION_BYTES));
  throw new AwsRequestError({ status, code: findErrorCode(explanation), message: '' });
}

/** S3 writes its errors in XML, the services of the JSON protocols `"__type": "<namespace>#<code>"`. */
function findErrorCode(explanation: string): string | undefined {
  const [, xml, json] =
    /<Code>([A-Za-z0-9.]{1,64})<\/Code>|"__type"\s*:\s*"(?:[^"#]{0,64}#)?([A-Za-z0-9.]{1,64})"/.exec(explanation) ?? [];
  return xml ?? json;
}

function toFault(error: unknown, signal: AbortSignal, timeoutMs: number): AwsFault {
  if (signal.aborted)
    return { code: 'TimeoutError', message: `no complete answer within ${timeoutMs} ms`, cause: error };
  if (!(error instanceof Error)) return { message: String(error), cause: error };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return { code, message: error.message, cause: error };
}

/** Sends a request to AWS. @throws AwsRequestError, or StoreError when a limit is hit */
export type SendSigned = (request: SignedRequest) => Promise<SignedResponse>;

const MAX_TRIES = 3;
const PAUSE_MS = 40;

/**
 * Repeats a request that got no answer, was throttled, or met a status of 500 or above. The error says how often it was
 * sent.
 */
export function createSignedSender(signing: Signing): SendSigned {
  const toPauseMs = (error: unknown, attempt: number): number | undefined =>
    error instanceof AwsRequestError && isPassing(error.fault) ? toRandomPause(PAUSE_MS, attempt) : undefined;
  return (request) =>
    retry(
      async (attempt) => {
        try {
          return await sendSignedRequest(request, signing);
        } catch (error) {
          throw error instanceof AwsRequestError ? new AwsRequestError(error.fault, attempt) : error;
        }
      },
      { attempts: MAX_TRIES, toPauseMs },
    );
}

function isPassing(fault: AwsFault): boolean {
  return fault.status === undefined || fault.status >= 500 || isThrottled(fault);
}

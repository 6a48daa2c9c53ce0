import { reportAnswered, reportLost } from './reach.ts';
import { authorise, loseCredential, toApiBase } from './sign-in.ts';

/** Why there is no answer. `status` is 0 where the service could not be reached. */
export interface Fault {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

export type Answer<T> =
  | { readonly value: T; readonly location?: string | undefined; readonly fault?: undefined }
  | { readonly fault: Fault; readonly value?: undefined };

/** Milliseconds until a request counts as lost: the service itself answers within 30 s. */
const TIMEOUT_MS = 40_000;

/** GET of JSON. Never throws: what went wrong is a fault. */
export async function read<T>(path: string, signal?: AbortSignal): Promise<Answer<T>> {
  return await ask<T>(path, { method: 'GET' }, signal);
}

/** POST of JSON, answered by JSON. */
export async function post<T>(path: string, body: unknown): Promise<Answer<T>> {
  const headers = { 'content-type': 'application/json' };
  return await ask<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** A file of the service, to be saved: links cannot carry the credential. */
export async function readFile(path: string, init: RequestInit = {}): Promise<Answer<Blob>> {
  const response = await send(path, init);
  if (!(response instanceof Response)) return { fault: response };
  return response.ok ? { value: await response.blob() } : { fault: await readFault(response) };
}

async function ask<T>(path: string, init: RequestInit, signal?: AbortSignal): Promise<Answer<T>> {
  const response = await send(path, init, signal);
  if (!(response instanceof Response)) return { fault: response };
  const isVerdict = response.status === 503 && path.startsWith('/v1/verify');
  if (!response.ok && !isVerdict) return { fault: await readFault(response) };
  const value: unknown = await response.json().catch(() => undefined);
  if (typeof value !== 'object' || value === null) return { fault: toStrange(response.status) };
  // A verdict that is not decided is 503, as a service that cannot answer is.
  if (isVerdict && !('outcome' in value)) return { fault: toFault(response.status, value) };
  return { value: value as T, location: response.headers.get('location') ?? undefined };
}

async function send(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response | Fault> {
  const headers = { accept: 'application/json', ...(init.headers as Record<string, string> | undefined) };
  const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])];
  try {
    const response = await fetch(`${toApiBase()}${path}`, {
      ...init,
      headers: { ...headers, ...(await authorise()) },
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: AbortSignal.any(signals),
    });
    reportAnswered();
    if (response.status === 401) loseCredential();
    return response;
  } catch {
    if (signal?.aborted === true) return { status: 0, code: 'Aborted', detail: 'nobody waits for it any more' };
    reportLost();
    return { status: 0, code: 'Unreachable', detail: 'the service cannot be reached' };
  }
}

async function readFault(response: Response): Promise<Fault> {
  const content: unknown = await response.json().catch(() => undefined);
  return typeof content === 'object' && content !== null
    ? toFault(response.status, content)
    : toStrange(response.status);
}

function toFault(status: number, problem: object): Fault {
  const { code, detail, message } = problem as Readonly<Record<string, unknown>>;
  return {
    status,
    code: typeof code === 'string' ? code : `HTTP ${status}`,
    // API Gateway's own refusals have a message alone.
    detail:
      typeof detail === 'string' ? detail : typeof message === 'string' ? message : `the answer is HTTP ${status}`,
  };
}

function toStrange(status: number): Fault {
  return {
    status,
    code: `HTTP ${status}`,
    detail: 'the answer is not one of Signet: something else may have answered',
  };
}

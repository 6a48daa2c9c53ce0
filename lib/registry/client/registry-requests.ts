import { type Repository, repositoryPath } from '../../base/names/reference.ts';
import type { HttpResponse } from '../../platform/http/http-client.ts';
import { retryRequest } from '../../platform/time/retries.ts';
import { checkStatus } from './registry-answers.ts';
import { createTokenAuth, type TokenAuthOptions } from './token-auth.ts';

interface RegistryRequest {
  readonly repository: Repository;
  /** Default: that of OCI distribution, `v2`. */
  readonly api?: 'v2' | 'extensions/v2' | undefined;
  /** Below the repository: `manifests/<reference>`. */
  readonly path: string;
  readonly method: 'GET' | 'HEAD';
  readonly accept: string;
  readonly limitBytes: number;
  readonly signal: AbortSignal;
  /** Default: the client's own. */
  readonly timeoutMs?: number | undefined;
  /** Receives the body of an answer as it arrives. Called again when a request that was cut off is repeated. */
  readonly consume?: ((body: AsyncIterable<Uint8Array>) => Promise<void>) | undefined;
}

export interface RegistryRequests {
  /** The answer, always with status 200. */
  ask(request: RegistryRequest): Promise<HttpResponse>;
  /** `GET /v2/` of a repository's registry without credentials: 200, or 401 with a challenge. */
  ping(repository: Repository, signal: AbortSignal): Promise<HttpResponse>;
}

/** Bytes of an answer whose headers alone are read. */
const MAX_PING_BYTES = 64 * 1024;

/** Sends requests to registries. Each answers at most one challenge, and credentials go to no other origin. */
export function createRegistryRequests(options: TokenAuthOptions): RegistryRequests {
  const { http, allowed, timeoutMs } = options;
  const auth = createTokenAuth(options);

  function send(url: URL, request: RegistryRequest, authorization: string | undefined): Promise<HttpResponse> {
    const { method, accept, limitBytes, signal, consume } = request;
    const headers = authorization === undefined ? {} : { authorization };
    const { checkRedirect } = allowed;
    const time = { signal, timeoutMs: request.timeoutMs ?? timeoutMs };
    return http.send(url.href, { method, accept, limitBytes, ...time, headers, checkRedirect, consume });
  }

  async function attempt(url: URL, request: RegistryRequest): Promise<HttpResponse> {
    const { repository, signal } = request;
    const first = await send(url, request, auth.recall(repository));
    if (!isChallenge(first, url)) return first;
    auth.forget(repository);
    const header = first.headers['www-authenticate'];
    const second = await send(url, request, await auth.answer({ repository, url, header, signal }));
    if (isChallenge(second, url)) auth.forget(repository);
    return second;
  }

  return {
    async ask(request) {
      const { repository, api = 'v2', path, signal } = request;
      const url = new URL(`${allowed.toOrigin(repository)}/${api}/${repositoryPath(repository)}/${path}`);
      return await retryRequest(async () => {
        const response = await attempt(url, request);
        checkStatus(response, url.origin);
        return response;
      }, signal);
    },
    async ping(repository, signal) {
      const url = new URL(`${allowed.toOrigin(repository)}/v2/`);
      const request = {
        repository,
        path: '',
        method: 'GET',
        accept: '*/*',
        limitBytes: MAX_PING_BYTES,
        signal,
      } as const;
      return await retryRequest(async () => {
        const response = await send(url, request, undefined);
        if (response.status !== 401) checkStatus(response, url.origin);
        return response;
      }, signal);
    },
  };
}

/** The challenge of a redirect's target is not answered: the credentials are not for that host. */
function isChallenge({ status, url: answered }: HttpResponse, { origin }: URL): boolean {
  return status === 401 && answered.origin === origin;
}

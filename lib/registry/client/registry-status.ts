import { StoreError } from '../../base/errors/store-error.ts';
import type { HttpResponse } from '../../platform/http/http-client.ts';
import { toShownUrl } from '../../platform/http/http-url.ts';
import { toRetryAfterSeconds } from '../../platform/time/retries.ts';

const UNAVAILABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Refuses every answer but 200. Only the registry itself, at `registryOrigin`, can say that something is absent: a 404 of
 * a token service or of a storage that it redirects to is a fault. The body is not quoted: it could repeat what was sent.
 * @throws StoreError `NotFound`, `AccessDenied` (401, 403), `Unavailable` (429, gateway failures) or `StatusUnexpected`.
 */
export function checkStatus(response: HttpResponse, registryOrigin?: string): void {
  const { status, url } = response;
  if (status === 200) return;
  const message = `${toShownUrl(url)}: HTTP status ${status}`;
  if (status === 404 && url.origin === registryOrigin) throw new StoreError('NotFound', message);
  if (status === 401 || status === 403) throw new StoreError('AccessDenied', message);
  if (UNAVAILABLE.has(status)) {
    throw new StoreError('Unavailable', message, {
      retryAfterSeconds: toRetryAfterSeconds(response.headers['retry-after']),
    });
  }
  throw new StoreError('StatusUnexpected', message);
}

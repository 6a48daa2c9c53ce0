import { StoreError } from '../../base/errors/store-error.ts';
import { toShownUrl } from './http-url.ts';

/** Whatever ended a request, as the StoreError that tells it; without user, password and query of the URL. */
export function toHttpFailure(cause: unknown, url: URL): StoreError {
  const shown = toShownUrl(url);
  if (cause instanceof StoreError) {
    return cause.message.includes(shown) ? cause : new StoreError(cause.code, `${shown}: ${cause.message}`, { cause });
  }
  const code = toCode(cause);
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new StoreError('LimitExceeded', `${shown}: the headers are longer than is read`, { cause });
  }
  if (code === 'ETIMEDOUT') return new StoreError('TimedOut', `${shown}: the connection timed out`, { cause });
  return new StoreError('ConnectionFailed', `${shown}: ${toFault(cause, code)}`, { cause });
}

function toFault(cause: unknown, code: string | undefined): string {
  if (code?.startsWith('HPE_') === true) return `this is not an HTTP answer (${code})`;
  if (code === 'ECONNRESET') return 'the connection was cut (ECONNRESET)';
  const message = cause instanceof Error ? cause.message : String(cause);
  if (code === undefined || message.includes(code)) return message === '' ? 'the connection failed' : message;
  return message === '' ? `the connection failed (${code})` : `${message} (${code})`;
}

function toCode(cause: unknown): string | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}

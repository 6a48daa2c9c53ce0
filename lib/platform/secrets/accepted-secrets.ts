import { createHmac, hash, timingSafeEqual } from 'node:crypto';

const SHA256_HEX = /^[0-9a-f]{64}$/;
const GITHUB_PREFIX = 'sha256=';

/**
 * Whether a token is one of those accepted, which are known by their SHA-256 (lower-case hex) alone. Every one is
 * compared, as hashes of equal length, so that the duration shows neither which one matched nor how much of it. An empty
 * token is never accepted, nor is anything when none is configured.
 */
export function isTokenAccepted(given: string | undefined, accepted: readonly string[]): boolean {
  if (given === undefined || given === '') return false;
  const hashed = hash('sha256', given, 'buffer');
  return matchesAny(
    hashed,
    accepted.filter((hex) => SHA256_HEX.test(hex)).map((hex) => Buffer.from(hex, 'hex')),
  );
}

/** Harbor sends an `Authorization` header as it was configured: the whole of it is the secret. */
export function isAuthorizationAccepted(header: string | undefined, accepted: readonly string[]): boolean {
  return isTokenAccepted(header, accepted);
}

/** Whether `X-Hub-Signature-256` is the HMAC of exactly these bytes by one of the secrets. */
export function isGithubSignatureValid(
  body: Uint8Array,
  header: string | undefined,
  secrets: readonly string[],
): boolean {
  if (header?.startsWith(GITHUB_PREFIX) !== true) return false;
  return isHmacValid(body, header.slice(GITHUB_PREFIX.length), secrets);
}

/**
 * Whether the lower-case hex is the HMAC-SHA256 of exactly these bytes by one of the secrets. An empty secret counts for
 * none: anybody can compute its HMAC.
 */
export function isHmacValid(body: Uint8Array, hex: string | undefined, secrets: readonly string[]): boolean {
  if (hex === undefined || !SHA256_HEX.test(hex)) return false;
  const usable = secrets.filter((secret) => secret !== '');
  return matchesAny(
    Buffer.from(hex, 'hex'),
    usable.map((secret) => createHmac('sha256', secret).update(body).digest()),
  );
}

/** No early exit: all are compared before any counts. */
function matchesAny(given: Buffer, expected: readonly Buffer[]): boolean {
  return expected.filter((one) => timingSafeEqual(given, one)).length > 0;
}

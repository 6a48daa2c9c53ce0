/** Where and as whom people sign in: an issuer of OpenID Connect, and the client that this page is. */
export interface Issuer {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** What the issuer gave, in memory alone. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string | undefined;
  /** Milliseconds: when the access token ends. */
  readonly endsAt: number;
}

interface Endpoints {
  readonly authorization: string;
  readonly token: string;
}

/** What has to outlive the way to the issuer and back: it opens nothing without the code that comes back. */
interface Pending {
  readonly state: string;
  readonly verifier: string;
  readonly hash: string;
}

const PENDING = 'signet-sign-in';
/** Milliseconds before its end at which a token is renewed. */
const EARLY_MS = 30_000;
const DEFAULT_SECONDS = 300;
const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Leaves for the issuer, to come back to this view. */
export async function leaveForIssuer(issuer: Issuer): Promise<void> {
  const { authorization } = await discover(issuer.issuer);
  const pending: Pending = { state: random(), verifier: random(), hash: location.hash };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const url = new URL(authorization);
  for (const [name, value] of Object.entries({
    response_type: 'code',
    client_id: issuer.clientId,
    redirect_uri: toRedirect(),
    scope: issuer.scopes.join(' '),
    state: pending.state,
    code_challenge: await challenge(pending.verifier),
    code_challenge_method: 'S256',
  })) {
    url.searchParams.set(name, value);
  }
  location.assign(url);
}

/**
 * Takes what the issuer sent back with the reader, and puts the address back to the view that was left.
 *
 * @returns undefined where nobody comes back
 * @throws with a sentence for the reader
 */
export async function comeBack(issuer: Issuer): Promise<Tokens | undefined> {
  const answer = new URLSearchParams(location.search);
  if (!answer.has('state')) return undefined;
  const pending = takePending();
  history.replaceState(null, '', `${location.pathname}${pending?.hash ?? ''}`);
  if (pending === undefined || answer.get('state') !== pending.state) {
    throw new Error('the answer is to another question than this page asked; sign in again');
  }
  const from = answer.get('iss');
  if (from !== null && from !== issuer.issuer) throw new Error('the answer is of another issuer; sign in again');
  const code = answer.get('code');
  if (code === null) throw new Error(answer.get('error_description') ?? answer.get('error') ?? 'it gave no code');
  return await askForTokens(issuer, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: toRedirect(),
    code_verifier: pending.verifier,
  });
}

/** New tokens, before the old ones end; undefined where the issuer gives none without the reader. */
export async function renew(issuer: Issuer, { refresh, endsAt, ...tokens }: Tokens): Promise<Tokens | undefined> {
  if (Date.now() < endsAt - EARLY_MS) return { refresh, endsAt, ...tokens };
  if (refresh === undefined) return Date.now() < endsAt ? { refresh, endsAt, ...tokens } : undefined;
  const renewed = await askForTokens(issuer, { grant_type: 'refresh_token', refresh_token: refresh }).catch(
    () => undefined,
  );
  return renewed === undefined ? undefined : { ...renewed, refresh: renewed.refresh ?? refresh };
}

async function askForTokens(issuer: Issuer, question: Readonly<Record<string, string>>): Promise<Tokens> {
  const { token } = await discover(issuer.issuer);
  const answer = await fetchJson(token, {
    method: 'POST',
    body: new URLSearchParams({ ...question, client_id: issuer.clientId }),
  });
  const { access_token: access, refresh_token: refresh, expires_in: seconds, token_type: type } = answer;
  if (typeof access !== 'string' || typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    throw new Error('the issuer gave no token');
  }
  return {
    access,
    refresh: typeof refresh === 'string' ? refresh : undefined,
    endsAt: Date.now() + (typeof seconds === 'number' ? seconds : DEFAULT_SECONDS) * 1000,
  };
}

async function discover(issuer: string): Promise<Endpoints> {
  const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const { issuer: named, authorization_endpoint: authorization, token_endpoint: token } = await fetchJson(place, {});
  if (named !== issuer) throw new Error(`what answers for ${issuer} is another issuer`);
  return { authorization: verifyEndpoint(authorization), token: verifyEndpoint(token) };
}

/** A code or token goes nowhere in the clear, but to this machine. */
function verifyEndpoint(address: unknown): string {
  const url = typeof address === 'string' ? URL.parse(address) : null;
  const isSafe =
    url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.includes(url.hostname)));
  if (!isSafe) throw new Error('the issuer names an endpoint that is not https');
  return url.href;
}

async function fetchJson(url: string, init: RequestInit): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(url, { ...init, cache: 'no-store', credentials: 'omit', redirect: 'error' }).catch(
    () => undefined,
  );
  if (response === undefined) throw new Error('the issuer cannot be reached');
  const content: unknown = await response.json().catch(() => undefined);
  if (!response.ok || typeof content !== 'object' || content === null)
    throw new Error(`the issuer refuses: HTTP ${response.status}`);
  return content as Readonly<Record<string, unknown>>;
}

function takePending(): Pending | undefined {
  const kept = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  return kept === null ? undefined : (JSON.parse(kept) as Pending);
}

function toRedirect(): string {
  return `${location.origin}/`;
}

function random(): string {
  return toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
}

/** RFC 7636, section 4.2. */
async function challenge(verifier: string): Promise<string> {
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

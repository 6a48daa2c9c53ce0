import { comeBack, type Issuer, leaveForIssuer, renew, type Tokens } from './oidc.ts';

/** How callers of the API show who they are, as /console.json says. */
type Authentication =
  | { readonly kind: 'open' | 'certificate' }
  | { readonly kind: 'token' }
  | ({ readonly kind: 'oidc' } & Issuer);

/** What the page does before it can ask: nothing, ask for a token, or send the reader to the issuer. */
export interface SignIn {
  readonly state: 'starting' | 'ready' | 'needs-token' | 'needs-issuer';
  /** Whose page the reader is sent to. */
  readonly issuer?: string | undefined;
  /** Why the last sign-in failed. */
  readonly fault?: string | undefined;
}

let api = '';
let authentication: Authentication = { kind: 'open' };
/** In memory alone: gone with the page. */
let token: string | undefined;
let tokens: Tokens | undefined;
let renewing: Promise<void> | undefined;
let signIn: SignIn = { state: 'starting' };
const listeners = new Set<() => void>();

export function toSignIn(): SignIn {
  return signIn;
}

export function whenSignInChanges(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function become(next: SignIn): void {
  signIn = next;
  for (const listener of listeners) listener();
}

/** Where the API is: here, unless /console.json names another place. */
export function toApiBase(): string {
  return api;
}

/** Reads what the service wants of its callers, and takes in who comes back from an issuer. */
export async function startSignIn(): Promise<void> {
  const response = await fetch('/console.json', { cache: 'no-store' }).catch(() => undefined);
  const content: unknown = response?.ok === true ? await response.json().catch(() => undefined) : undefined;
  if (isSettings(content)) {
    api = content.api;
    authentication = content.auth;
  }
  if (authentication.kind !== 'oidc') {
    become({ state: authentication.kind === 'token' ? 'needs-token' : 'ready' });
    return;
  }
  try {
    tokens = await comeBack(authentication);
    if (tokens === undefined) needIssuer();
    else become({ state: 'ready' });
  } catch (error) {
    needIssuer(error);
  }
}

function needIssuer(error?: unknown): void {
  const issuer = authentication.kind === 'oidc' ? authentication.issuer : undefined;
  become({ state: 'needs-issuer', issuer, fault: error instanceof Error ? error.message : undefined });
}

function isSettings(content: unknown): content is { readonly api: string; readonly auth: Authentication } {
  if (typeof content !== 'object' || content === null) return false;
  const { api: place, auth } = content as Readonly<Record<string, unknown>>;
  return typeof place === 'string' && typeof auth === 'object' && auth !== null && 'kind' in auth;
}

/** The header that says who asks; a token of an issuer is renewed before it ends. */
export async function authorise(): Promise<Readonly<Record<string, string>>> {
  if (authentication.kind === 'oidc' && tokens !== undefined) {
    renewing ??= renewTokens(authentication, tokens);
    await renewing;
    return tokens === undefined ? {} : { authorization: `Bearer ${tokens.access}` };
  }
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** An issuer takes what renews a token once: all that ask meanwhile wait for the same. */
async function renewTokens(issuer: Issuer, held: Tokens): Promise<void> {
  tokens = await renew(issuer, held);
  renewing = undefined;
  if (tokens === undefined) needIssuer(new Error('it has been too long; sign in again'));
}

/** Sends the reader to the issuer. */
export function goToIssuer(): void {
  if (authentication.kind === 'oidc') leaveForIssuer(authentication).catch(needIssuer);
}

/** The token of a person. */
export function giveToken(given: string): void {
  token = given.trim();
  become({ state: 'ready' });
}

/** The service refused the credential: a new one is needed. */
export function loseCredential(): void {
  const fault = 'the service did not take what you signed in with';
  if (authentication.kind === 'token' && token !== undefined) become({ state: 'needs-token', fault });
  if (authentication.kind === 'oidc' && tokens !== undefined) needIssuer(new Error(fault));
  token = undefined;
  tokens = undefined;
}

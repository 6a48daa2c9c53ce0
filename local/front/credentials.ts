import { hash, timingSafeEqual } from 'node:crypto';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';

/** What a caller may: `reader` reads and asks, `operator` also forces, makes bundles and changes queues. */
export type Role = 'reader' | 'operator';

/** Who may ask a service that listens elsewhere than on loopback. */
export interface Credentials {
  readonly tokens: readonly TokenEntry[];
  /** By the common name of a client certificate. */
  readonly names: ReadonlyMap<string, Role>;
}

interface TokenEntry {
  readonly sha256: Buffer;
  readonly role: Role;
  readonly name: string;
}

/** Somebody who showed a credential. */
export interface Caller {
  readonly role: Role;
  readonly name: string;
  readonly issuer: 'auth-token-file' | 'client-ca';
}

/** Lines of a file. */
export const MAX_CREDENTIALS = 1000;
const LINE = /^(reader|operator):(?:([0-9a-f]{64})(?:[ \t]+([\w.@-]{1,64}))?|cn=([^\s=,]{1,64}))$/;
/** Of the empty text: as a variable that was not set is hashed. */
const EMPTY_SHA256 = hash('sha256', '', 'hex');

/**
 * Reads `reader:<SHA-256 of a token> [name]` and `operator:cn=<common name>` lines; `#` begins a comment. The file holds no
 * token, and so can be read by others.
 *
 * @throws ConfigurationError `DocumentInvalid` that names the line and repeats nothing of it
 */
export function parseCredentials(text: string): Credentials {
  const tokens: TokenEntry[] = [];
  const names = new Map<string, Role>();
  for (const [index, written] of text.split('\n').entries()) {
    const line = written.trim();
    if (line === '' || line.startsWith('#')) continue;
    const [, role, sha256, name, commonName] = LINE.exec(line) ?? [];
    if (role !== 'reader' && role !== 'operator') throw invalid(index, 'expected ROLE:SHA256 [NAME] or ROLE:cn=NAME');
    if (sha256 === EMPTY_SHA256) throw invalid(index, 'this is the SHA-256 of no token at all');
    if (tokens.length + names.size === MAX_CREDENTIALS)
      throw invalid(index, `more than ${MAX_CREDENTIALS} credentials`);
    if (commonName !== undefined) {
      if (names.has(commonName)) throw invalid(index, 'this name has a role already');
      names.set(commonName, role);
    } else if (sha256 !== undefined) {
      if (tokens.some((one) => one.sha256.toString('hex') === sha256))
        throw invalid(index, 'this token has a role already');
      tokens.push({ sha256: Buffer.from(sha256, 'hex'), role, name: name ?? `token ${sha256.slice(0, 8)}` });
    }
  }
  if (tokens.length + names.size === 0) {
    throw new ConfigurationError('DocumentInvalid', '--auth-token-file names nobody: add a line such as reader:SHA256');
  }
  return { tokens, names };
}

function invalid(index: number, fault: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', `--auth-token-file, line ${index + 1}: ${fault}`);
}

/** The caller whose token this is. Every one is compared, each in constant time. */
export function findByToken(token: string, { tokens }: Credentials): Caller | undefined {
  const given = hash('sha256', token, 'buffer');
  let found: TokenEntry | undefined;
  for (const entry of tokens) if (timingSafeEqual(given, entry.sha256)) found = entry;
  return found === undefined ? undefined : { role: found.role, name: found.name, issuer: 'auth-token-file' };
}

/**
 * The caller that a verified certificate names. Where the file names none, each of the authorities' certificates is a
 * reader's: nobody becomes an operator without being named.
 */
export function findByCertificate(commonName: string, credentials: Credentials | undefined): Caller | undefined {
  const names = credentials?.names ?? new Map<string, Role>();
  const role = names.size === 0 ? 'reader' : names.get(commonName);
  return role === undefined ? undefined : { role, name: commonName, issuer: 'client-ca' };
}

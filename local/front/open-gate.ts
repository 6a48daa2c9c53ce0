import { InputError } from '../../lib/base/errors/input-error.ts';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { openSecretSource } from '../../lib/platform/secrets/secret-source.ts';
import { isLoopback } from '../asked-names.ts';
import type { StartOptions } from '../options.ts';
import type { Gate } from './admit-request.ts';
import { parseCredentials } from './credentials.ts';

interface OpenedGate {
  readonly gate: Gate;
  readonly signIn: 'open' | 'token' | 'certificate';
}

/**
 * Who may ask the service that these options start. Loopback is open unless tokens are given; there a client certificate
 * is a cluster's alone. Elsewhere, without tokens and authorities, nobody may ask what needs a role.
 *
 * @param refreshMs milliseconds after which a changed file counts
 * @throws ConfigurationError, InputError for a file that cannot be used: it is said at the start, not to the first caller
 */
export async function openGate(
  { host, authTokenFile, tls }: Pick<StartOptions, 'host' | 'authTokenFile' | 'tls'>,
  refreshMs: number,
): Promise<OpenedGate> {
  const credentials = openSecretSource(authTokenFile, { parse: parseCredentials, refreshMs });
  try {
    await credentials?.read();
  } catch (cause) {
    if (!(cause instanceof StoreError)) throw cause;
    throw new InputError('FileUnreadable', `--auth-token-file: ${cause.message}`, { cause });
  }
  const isOpen = credentials === undefined && isLoopback(host);
  const takesCertificates = !isOpen && tls?.clientCa !== undefined;
  return {
    gate: { isOpen, credentials, takesCertificates },
    signIn: isOpen ? 'open' : credentials === undefined ? 'certificate' : 'token',
  };
}

import { InputError } from '../../lib/base/errors/input-error.ts';
import { readInput } from '../shell/read-input.ts';

/** Names a file with the token that a service asks for. */
export const TOKEN_VARIABLE = 'SIGNET_TOKEN_FILE';
const MAX_TOKEN_BYTES = 4096;

/**
 * The header by which a service knows who asks, from the file that SIGNET_TOKEN_FILE names; none without it. It goes to
 * the service that the command names alone.
 *
 * @throws InputError `FileUnreadable`
 */
export async function readApiToken(): Promise<Readonly<Record<string, string>>> {
  const file = process.env[TOKEN_VARIABLE];
  if (file === undefined || file === '') return {};
  const token = Buffer.from(await readInput(file, MAX_TOKEN_BYTES))
    .toString('utf8')
    .trim();
  if (/^[\x21-\x7e]+$/.test(token)) return { authorization: `Bearer ${token}` };
  throw new InputError('FileUnreadable', `${TOKEN_VARIABLE}: ${file} holds no token`);
}

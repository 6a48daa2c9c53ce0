import { ConfigurationError } from '../lib/base/errors/configuration-error.ts';
import { InputError } from '../lib/base/errors/input-error.ts';
import { StoreError } from '../lib/base/errors/store-error.ts';
import { parseStartOptions } from './options.ts';

/** The message of a start that failed, and the exit status. */
export interface Failure {
  readonly text: string;
  readonly status: 2 | 70;
}

/** System calls of a server that listens; every other one is of the data folder. */
const LISTENING: readonly unknown[] = ['listen', 'bind', 'getaddrinfo'];

/** One line that names the option to change; the stack only for a fault of Signet's own. */
export function describeFailure(error: unknown, args: readonly string[]): Failure {
  if (error instanceof InputError || error instanceof ConfigurationError) return { text: error.message, status: 2 };
  if (error instanceof StoreError) return { text: `${nameOption('data', args)}: ${error.message}`, status: 2 };
  if (isSystemError(error)) return { text: describeSystemError(error, args), status: 2 };
  return { text: (error instanceof Error ? error.stack : undefined) ?? String(error), status: 70 };
}

/** Codes of Node's own start with ERR_ and mean a wrong call, but for those of its database. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return !error.code.startsWith('ERR_') || error.code.startsWith('ERR_SQLITE');
}

function describeSystemError({ code, syscall, message }: NodeJS.ErrnoException, args: readonly string[]): string {
  if (code === 'EADDRINUSE') return `${message}; choose another with --port`;
  return `${nameOption(LISTENING.includes(syscall) ? 'host' : 'data', args)}: ${message}`;
}

function nameOption(name: 'data' | 'host', args: readonly string[]): string {
  return `--${name} ${parseStartOptions(args)?.[name] ?? ''}`;
}

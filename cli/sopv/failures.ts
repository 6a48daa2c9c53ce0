import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { SignatureError } from '../../lib/base/errors/signature-error.ts';
import { toPrintableLines } from '../shell/output.ts';

/** Exit statuses of the Stateless OpenPGP interface (draft-dkg-openpgp-stateless-cli, Failure Modes). They are not Signet's. */
const SopStatus = {
  unspecifiedFailure: 1,
  noSignature: 3,
  missingArgument: 19,
  unsupportedOption: 37,
  badData: 41,
  outputExists: 59,
  missingInput: 61,
  unsupportedSubcommand: 69,
  unsupportedSpecialPrefix: 71,
  ambiguousInput: 73,
  incompatibleOptions: 83,
} as const;

type Failure = keyof typeof SopStatus;

/** A failure that the interface has a status for. */
export class SopError extends Error {
  override readonly name = 'SopError';
  readonly failure: Failure;

  constructor(failure: Failure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** The status of a call that commander refuses, by its code. */
export function toWrongCallStatus(code: string): number {
  switch (code) {
    case 'commander.missingArgument':
    case 'commander.optionMissingArgument':
      return SopStatus.missingArgument;
    case 'commander.unknownOption':
      return SopStatus.unsupportedOption;
    case 'commander.unknownCommand':
    case 'commander.help':
      return SopStatus.unsupportedSubcommand;
    case 'commander.conflictingOption':
      return SopStatus.incompatibleOptions;
    default:
      return SopStatus.unspecifiedFailure;
  }
}

/**
 * Runs one command, and says on standard error why it fails.
 *
 * @returns the exit status; a fault of Signet's own is thrown on
 */
export async function runSop(run: () => Promise<void>): Promise<number> {
  try {
    await run();
    return 0;
  } catch (error) {
    const failure = toFailure(error);
    if (failure === undefined) throw error;
    say(error instanceof Error ? error.message : String(error));
    return SopStatus[failure];
  }
}

function toFailure(error: unknown): Failure | undefined {
  if (error instanceof SopError) return error.failure;
  const isOfData =
    error instanceof SignatureError || error instanceof ConfigurationError || error instanceof InputError;
  return isOfData ? 'badData' : undefined;
}

/** Standard error is for people: nothing reads it. */
export function say(message: string): void {
  process.stderr.write(`signet: ${toPrintableLines(message)}\n`);
}

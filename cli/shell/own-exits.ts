import { type Command, CommanderError } from 'commander';

/**
 * A wrong call of a command whose exit statuses another document rules. Commander has said what is wrong.
 */
export class OwnExit extends CommanderError {
  readonly status: number;

  constructor({ exitCode, code, message }: CommanderError, status: number) {
    super(exitCode, code, message);
    this.status = status;
  }
}

const statuses = new WeakMap<Command, (code: string) => number>();

/**
 * Gives a command and those below it exit statuses of their own for wrong calls. They also have none of the options of every
 * command: the interface that they follow has options of its own.
 *
 * @param toStatus by commander's code, such as `commander.unknownOption`
 */
export function useOwnExits(command: Command, toStatus: (code: string) => number): void {
  for (const one of [command, ...command.commands]) statuses.set(one, toStatus);
}

export function hasOwnExits(command: Command): boolean {
  return statuses.has(command);
}

/** What `exitOverride` is called with, so that nothing ends the process. */
export function toExitOverride(command: Command): (error: CommanderError) => never {
  const toStatus = statuses.get(command);
  return (error) => {
    // 0 is help, which was asked for.
    throw toStatus === undefined || error.exitCode === 0 ? error : new OwnExit(error, toStatus(error.code));
  };
}

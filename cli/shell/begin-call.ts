import type { Command } from 'commander';
import { StoreError } from '../../lib/base/errors/store-error.ts';
import { isPlainYaml, NOT_EMPTY, type ResultWriter } from './options.ts';
import { hasOwnExits } from './own-exits.ts';
import { showProgress } from './progress.ts';
import type { Settings } from './settings/setting.ts';

/** What every command takes. */
interface CommonOptions {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
}

const SILENT: ResultWriter = () => undefined;

/**
 * What the options of every command ask for, before a command runs: the writer of its result, its time, what is told
 * beside it.
 *
 * @param timeout aborted with a StoreError when the time is over
 * @returns what ends it
 * @throws InputError for a template that cannot be read
 */
export async function beginCall(command: Command, settings: Settings, timeout: AbortController): Promise<() => void> {
  refuseEmpty(command);
  const { quiet = false, verbose = false, timeout: limit } = command.opts<CommonOptions>();
  showProgress(!quiet);
  const writer = await toWriter(command, quiet);
  if (writer !== undefined) command.setOptionValue('output', writer);
  const endTalk = verbose ? (await import('./verbose.ts')).startTalk(command, settings) : undefined;
  const timer = typeof limit === 'number' ? setTimeout(() => timeout.abort(toTimedOut(limit)), limit) : undefined;
  return () => {
    clearTimeout(timer);
    endTalk?.();
  };
}

/** An empty word is a variable of a shell that is not set: it names no file and no place. Commander reports it. */
function refuseEmpty(command: Command): void {
  if (hasOwnExits(command)) return;
  const isEmpty = (value: unknown): boolean => value === '' || (Array.isArray(value) && value.includes(''));
  for (const [at, argument] of command.registeredArguments.entries()) {
    const value: unknown = command.processedArgs[at];
    if (isEmpty(value)) command.error(`error: argument <${argument.name()}> is invalid. ${NOT_EMPTY}`);
  }
  for (const option of command.options) {
    if (!isEmpty(command.getOptionValue(option.attributeName()))) continue;
    command.error(`error: option '${option.flags}' argument '' is invalid. ${NOT_EMPTY}`);
  }
}

async function toWriter(command: Command, isQuiet: boolean): Promise<ResultWriter | undefined> {
  const option = command.options.find(({ long }) => long === '--output');
  const { output } = command.opts<{ readonly output?: unknown }>();
  if (option === undefined || typeof output !== 'string') return undefined;
  if (output.startsWith('jsonpath=')) {
    const { parseTemplate } = await import('./formats/json-path.ts');
    return parseTemplate(output.slice('jsonpath='.length));
  }
  if (output === 'yaml' && isPlainYaml(option)) return (await import('./formats/write-yaml.ts')).writeYaml;
  if (output === 'junit') return (await import('./formats/write-junit.ts')).writeJunit;
  if (output === 'sarif') return (await import('./formats/write-sarif.ts')).writeSarif;
  return isQuiet && output === 'text' ? SILENT : undefined;
}

function toTimedOut(milliseconds: number): StoreError {
  return new StoreError('TimedOut', `not finished within ${milliseconds / 1000} s (--timeout)`);
}

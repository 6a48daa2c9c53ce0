import { Command, InvalidArgumentError, Option, type ParseOptionsResult } from 'commander';
import { ConfigurationError } from '../../lib/base/errors/configuration-error.ts';
import { VERIFIER_VERSION } from '../../lib/verdict/judge/verdict.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { asSetting, settingOf, takeOnce } from './options.ts';
import { hasOwnExits, toExitOverride } from './own-exits.ts';
import type { AddCommand, Run } from './run.ts';
import { SETTINGS, type Settings } from './settings/setting.ts';

const EXIT_STATUS_HELP = `
Exit status: 0 accepted or done, 1 rejected, 2 wrong call or unreadable input, 3 indeterminate (retry later),
70 fault of Signet’s own or result not written, 130 interrupted, 141 nobody read on before it was done.`;

interface ProgramOptions {
  readonly settings?: Settings;
  /** Nothing is written about a wrong call, because the caller reports it. */
  readonly isSilent?: boolean;
}

/** The command line of these commands. */
export function buildProgram(
  run: Run,
  nouns: readonly AddCommand[],
  { settings, isSilent = false }: ProgramOptions = {},
): Command {
  const program = new SignetCommand('signet', settings)
    .configureOutput(isSilent ? { writeErr: () => undefined } : {})
    .description('Decides whether an OpenShift release image may be trusted, and proves why.')
    .version(VERIFIER_VERSION.replace('signet/', ''))
    .addHelpText('after', EXIT_STATUS_HELP)
    .exitOverride();
  for (const add of nouns) add(program, run);
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
    command.exitOverride(toExitOverride(command)).configureHelp({
      showGlobalOptions: false,
      commandUsage: toUsage,
      optionDescription: describeOption,
    });
    const meaning = EXIT_CODES[toCommandPath(command)];
    if (meaning !== undefined) command.addHelpText('after', `\nExit status: ${meaning}.`);
    if (command.commands.length > 0) {
      // On a wrong call, a noun lists what may follow it.
      command.showHelpAfterError(command === program ? '(signet --help lists the commands)' : true);
      continue;
    }
    if (!UNCOMMON.has(command.name()) && !hasOwnExits(command))
      for (const option of toCommonOptions(command)) command.addOption(option);
    command.showHelpAfterError(`Usage: ${toUsage(command)} (--help says more${toHint(command)})`);
  }
  return program;
}

/** Commands whose options are read elsewhere, that do nothing that could be limited, or that tell of faulty settings. */
const UNCOMMON = new Set(['serve', 'completion', 'version', 'man', 'support']);
const COMMON_GROUP = 'Options of every command:';

function toCommonOptions(command: Command): readonly Option[] {
  const all = [
    new Option('-q, --quiet', 'print no text and no progress: the exit status is the answer'),
    new Option('-v, --verbose', 'say on standard error which settings count and what is requested'),
    asSetting(
      'timeout',
      new Option('--timeout <time>', 'give up after this time, as in 30s or 2m, with exit status 3').argParser(
        parseDuration,
      ),
    ),
  ];
  const taken = new Set(command.options.map(({ long }) => long));
  return all.filter(({ long }) => !taken.has(long)).map((option) => option.helpGroup(COMMON_GROUP));
}

/** Whether an option is of every command, so that it is described once. */
export function isCommonOption({ helpGroupHeading }: Option): boolean {
  return helpGroupHeading === COMMON_GROUP;
}

/** What stands in for the options that a command requires. */
function toHint(command: Command): string {
  const variables = command.options.flatMap((option) => {
    const rule = option.mandatory ? settingOf(option) : undefined;
    return rule === undefined ? [] : [`; ${SETTINGS[rule.setting].variable} stands in for ${option.long ?? ''}`];
  });
  return variables.join('');
}

/** The words of a command after `signet`. */
function toCommandPath(command: Command): string {
  return command.parent === null ? '' : `${toCommandPath(command.parent)} ${command.name()}`.trimStart();
}

/** How a command is called, what it requires first. */
export function toUsage(command: Command): string {
  const required = command.options.filter(({ mandatory }) => mandatory).map(({ long, flags }) => toCall(long, flags));
  const words = ['signet', toCommandPath(command), ...required, command.usage()];
  return words.filter((word) => word !== '').join(' ');
}

/** `--to <dir>` of `-t, --to <dir>`. */
function toCall(long: string | undefined, flags: string): string {
  return long === undefined ? flags : flags.slice(flags.indexOf(long));
}

/** An option’s description, with its choices, what it is without, and what stands in for it. */
function describeOption(option: Option): string {
  const { description, argChoices, mandatory, defaultValueDescription } = option;
  const defaultValue: unknown = option.defaultValue;
  const rule = settingOf(option);
  const fallback = defaultValueDescription ?? (defaultValue === undefined ? undefined : JSON.stringify(defaultValue));
  const notes = [
    mandatory ? 'required' : undefined,
    rule === undefined ? undefined : `or ${SETTINGS[rule.setting].variable}`,
    argChoices === undefined ? undefined : `choices: ${argChoices.join(', ')}`,
    fallback === undefined || defaultValue === false ? undefined : `default: ${fallback}`,
  ].filter((note) => note !== undefined);
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`;
}

/** A command whose options may be settings too. */
class SignetCommand extends Command {
  readonly #settings: Settings | undefined;

  constructor(name: string | undefined, settings: Settings | undefined) {
    super(name);
    this.#settings = settings;
  }

  override createCommand(name?: string): Command {
    return new SignetCommand(name, this.#settings);
  }

  override addOption(option: Option): this {
    takeOnce(option, (attribute) => this.getOptionValueSource(attribute) === 'cli');
    return super.addOption(option);
  }

  override parseOptions(args: string[]): ParseOptionsResult {
    const parsed = super.parseOptions(this.parent === null ? toCommanderArguments(args) : args);
    if (this.commands.length > 0 || parsed.unknown.some(isHelp)) return parsed;
    const unknown = parsed.unknown.filter((word) => word.startsWith('-'));
    // A mistyped option is reported with the one that is meant, rather than the one that is then missing.
    if (unknown.length > 0) for (const option of this.options) option.makeOptionMandatory(false);
    else for (const option of this.options) this.#settle(option);
    return parsed;
  }

  /** Takes a setting for an option that is not given. @throws ConfigurationError */
  #settle(option: Option): void {
    const rule = settingOf(option);
    if (rule === undefined || this.#settings === undefined || this.#isGiven(option.attributeName())) return;
    if (rule.needs !== undefined && !this.#isGiven(rule.needs)) return;
    if (rule.unless !== undefined && this.#isGiven(rule.unless)) return;
    const setting = this.#settings.find(rule.setting);
    if (setting === undefined) return;
    try {
      const value = setting.values.reduce<unknown>(
        (earlier, one) => (option.parseArg === undefined ? one : option.parseArg(one, earlier)),
        undefined,
      );
      this.setOptionValueWithSource(option.attributeName(), value, 'config');
    } catch (cause) {
      if (!(cause instanceof InvalidArgumentError)) throw cause;
      throw new ConfigurationError('DocumentInvalid', `${setting.from}: ${rule.setting}: ${cause.message}`, { cause });
    }
  }

  #isGiven(attribute: string): boolean {
    const source = this.getOptionValueSource(attribute);
    return source !== undefined && source !== 'default';
  }
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

/** `-o=json` is how kubectl’s users write `-o json`; commander reads a value `=json`. */
function toCommanderArguments(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((word, at) => ((end < 0 || at < end) && word.startsWith('-o=') ? `-o${word.slice(3)}` : word));
}

/** A day: a run that may take longer needs no limit. */
const MAX_SECONDS = 24 * 60 * 60;
const UNIT_SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** `30s`, `500ms`, `1m30s`, or `30` for seconds. @returns milliseconds, at least 1 @throws InvalidArgumentError */
function parseDuration(text: string): number {
  const parts = [...text.matchAll(/([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m|h)/g)];
  const isWhole = text !== '' && parts.map(([whole]) => whole).join('') === text;
  const seconds = /^[0-9]{1,6}$/.test(text)
    ? Number(text)
    : parts.reduce((sum, [, number, unit = 's']) => sum + Number(number) * (UNIT_SECONDS[unit] ?? 1), 0);
  if ((isWhole || /^[0-9]{1,6}$/.test(text)) && seconds > 0 && seconds <= MAX_SECONDS) {
    return Math.max(1, Math.round(seconds * 1000));
  }
  throw new InvalidArgumentError('it must be a time such as 30s, 500ms or 1m30s, of at most 24h');
}

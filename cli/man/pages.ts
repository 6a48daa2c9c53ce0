import type { Command, Help } from 'commander';
import { VERIFIER_VERSION } from '../../lib/verdict/judge/verdict.ts';
import { isCommonOption } from '../shell/build-program.ts';
import { EXIT_CODES } from '../shell/exit-codes.ts';
import { SETTINGS } from '../shell/settings/setting.ts';
import { bold, paragraphs, section, subsection, tagged, text, titleLine, unfilled } from './roff.ts';

const VERSION = VERIFIER_VERSION.replace('signet/', '');
const SECTION = '1';

/** Manual pages by file name: one of the program, one of each noun. Made of the commands themselves. */
export function makePages(program: Command): ReadonlyMap<string, string> {
  return new Map([
    [`signet.${SECTION}`, makeProgramPage(program)],
    ...program.commands.map((noun): [string, string] => [`signet-${noun.name()}.${SECTION}`, makeNounPage(noun)]),
  ]);
}

function makeProgramPage(program: Command): string {
  const common = program.commands
    .flatMap((noun) => [noun, ...noun.commands])
    .flatMap(({ options }) => options)
    .filter(isCommonOption);
  const help = program.createHelp();
  const options = [...new Map(common.map((option) => [option.flags, option])).values()];
  return [
    titleLine('SIGNET', SECTION, VERSION),
    section('NAME'),
    text('signet - decide whether an OpenShift release image may be trusted, and prove why'),
    section('SYNOPSIS'),
    `${bold('signet')} ${text('<command> [options]')}`,
    section('DESCRIPTION'),
    paragraphs(program.description()),
    section('COMMANDS'),
    ...program.commands.map((noun) => tagged(`${bold(`signet-${noun.name()}`)}(${SECTION})`, noun.description())),
    section('OPTIONS OF EVERY COMMAND'),
    ...options.map((option) => tagged(bold(option.flags), help.optionDescription(option))),
    section('EXIT STATUS'),
    ...[
      ['0', 'accepted or done'],
      ['1', 'rejected'],
      ['2', 'wrong call or unreadable input'],
      ['3', 'indeterminate: retry later'],
      ['70', 'fault of Signet’s own, or the result was not written'],
      ['130', 'interrupted'],
      ['141', 'nobody read on before it was done'],
    ].map(([status = '', meaning = '']) => tagged(bold(status), meaning)),
    section('ENVIRONMENT'),
    ...Object.entries(SETTINGS).map(([name, { variable }]) => tagged(bold(variable), `stands in for --${name}`)),
    tagged(bold('SIGNET_CONFIG'), 'names the user’s own configuration file'),
    section('FILES'),
    tagged(bold('~/.config/signet/config.yaml'), 'the user’s own settings'),
    tagged(bold('./signet.yaml'), 'settings of the current folder; see signet config view'),
    ...seeAlso(program.commands.map((noun) => noun.name())),
  ].join('\n');
}

function makeNounPage(noun: Command): string {
  const name = noun.name();
  const commands = noun.commands.length === 0 ? [noun] : noun.commands;
  return [
    titleLine(`SIGNET-${name.toUpperCase()}`, SECTION, VERSION),
    section('NAME'),
    text(`signet-${name} - ${noun.description()}`),
    section('SYNOPSIS'),
    ...commands.map((command, index) => `${index === 0 ? '' : '.br\n'}${toSynopsis(command)}`),
    section('DESCRIPTION'),
    ...(noun.commands.length === 0
      ? describe(noun)
      : [paragraphs(noun.description()), ...noun.commands.flatMap(describeVerb)]),
    section('EXIT STATUS'),
    ...commands.map((command) => tagged(bold(toWords(command)), EXIT_CODES[toPath(command)] ?? '')),
    '.PP',
    paragraphs(
      'Every command exits 2 for a wrong call or unreadable input, 70 for a fault of Signet’s own, 130 when it is interrupted, 141 when nobody reads on before it is done; sopv has the exit statuses of its interface.',
    ),
    ...seeAlso(),
  ].join('\n');
}

function describeVerb(command: Command): readonly string[] {
  return [subsection(toWords(command)), ...describe(command)];
}

/** What a command does, its arguments and options, and what its help says behind them. */
function describe(command: Command): readonly string[] {
  const help: Help = command.createHelp();
  const options = command.options.filter((option) => !isCommonOption(option) && !option.hidden);
  return [
    paragraphs(command.description()),
    ...command.registeredArguments.map((argument) => tagged(bold(argument.name()), help.argumentDescription(argument))),
    ...options.map((option) => tagged(bold(option.flags), help.optionDescription(option))),
    ...readAfterHelp(command).flatMap((said) => ['.PP', unfilled(said)]),
  ];
}

/** The texts that a command adds behind its help, but for its exit status, which has a section. */
function readAfterHelp(command: Command): readonly string[] {
  const before = { ...command.configureOutput() };
  const said: string[] = [];
  command.configureOutput({ writeOut: (one) => said.push(one) });
  command.outputHelp();
  command.configureOutput(before);
  // The help itself is written first.
  return said
    .slice(1)
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('Exit status'));
}

function toSynopsis(command: Command): string {
  const usage = command.createHelp().commandUsage(command);
  const words = toWords(command);
  return `${bold(words)}${text(usage.slice(words.length))}`;
}

function toWords(command: Command): string {
  return `signet ${toPath(command)}`.trimEnd();
}

/** The words after `signet`. */
function toPath(command: Command): string {
  return command.parent === null ? '' : `${toPath(command.parent)} ${command.name()}`.trimStart();
}

function seeAlso(names: readonly string[] = []): readonly string[] {
  const pages = names.length === 0 ? ['signet'] : names.map((name) => `signet-${name}`);
  return [section('SEE ALSO'), pages.map((page) => `${bold(page)}(${SECTION})`).join(',\n'), ''];
}

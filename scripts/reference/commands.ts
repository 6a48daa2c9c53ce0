import type { Command, Option } from 'commander';
import { loadNouns } from '../../cli/shell/nouns.ts';
import { buildProgram, EXIT_CODES } from '../../cli/shell/run-program.ts';
import { toCell, toCode, toHead, toTable, toText } from './read-source.ts';

interface NamedCommand {
  readonly name: string;
  readonly command: Command;
}

/** docs/reference/commands.md */
export async function makeCommands(): Promise<string> {
  const commands = listCommands(
    buildProgram({ signal: AbortSignal.abort(), setStatus: () => undefined }, await loadNouns()),
    '',
  );
  const index = commands.map(({ name, command }) => [
    `[\`signet ${name}\`](#signet-${name.replaceAll(' ', '-')})`,
    toCell(command.description()),
  ]);
  return `${toHead('Commands', 'the command line itself')}
In a clone, \`npx signet\`; built, \`signet\`.
Every command has \`--help\`.
\`-o json\` prints the whole result for scripts.

Every command exits 2 for a wrong call, unreadable input or trust that does not load, 70 for a fault of Signet's own or a result that cannot be written, and 130 when it is interrupted.
What 0, 1 and 3 mean is with each command: 3 means that something did not answer, so retry later.

${toTable(['command', 'what it does'], index)}

${commands.map(describeCommand).join('\n\n')}
`;
}

/** The commands that do something, as words after `signet`. */
function listCommands(command: Command, prefix: string): readonly NamedCommand[] {
  return command.commands.flatMap((child) => {
    const name = `${prefix} ${child.name()}`.trimStart();
    return child.commands.length === 0 ? [{ name, command: child }] : listCommands(child, name);
  });
}

function describeCommand({ name, command }: NamedCommand): string {
  const exits = EXIT_CODES[name];
  if (exits === undefined) throw new Error(`signet ${name} has no exit codes in cli/shell/exit-status.ts`);
  const given = command.registeredArguments.map((argument) => [
    toCode(argument.name()),
    argument.required ? 'required' : 'none',
    toCell(argument.description),
  ]);
  const flags = command.options.map((option) => [toCode(option.flags), toFallback(option), describeOption(option)]);
  const rows = [...given, ...flags];
  return [
    `## signet ${name}`,
    `${toSentence(toText(command.description()))}.`,
    `\`signet ${name} ${command.usage().replace(/^\[options\] ?/, '')}\``.replace(/ `$/, '`'),
    `Exit status: ${exits}.`,
    ...(rows.length === 0 ? [] : [toTable(['argument or flag', 'default', 'meaning'], rows)]),
  ].join('\n\n');
}

function toFallback({ mandatory, negate, defaultValue, defaultValueDescription, required, optional }: Option): string {
  if (mandatory) return 'required';
  if (defaultValueDescription !== undefined) return defaultValueDescription;
  if (negate || !(required || optional)) return 'off';
  return defaultValue === undefined ? 'none' : toCode(String(defaultValue));
}

function describeOption({ description, argChoices }: Option): string {
  return toCell(description) + (argChoices === undefined ? '' : `: ${argChoices.map(toCode).join(', ')}`);
}

function toSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

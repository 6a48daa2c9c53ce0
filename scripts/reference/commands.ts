import type { Command, Option } from 'commander';
import { buildProgram, isCommonOption, toUsage } from '../../cli/shell/build-program.ts';
import { EXIT_CODES } from '../../cli/shell/exit-codes.ts';
import { loadNouns } from '../../cli/shell/nouns.ts';
import { settingOf } from '../../cli/shell/options.ts';
import { SETTINGS } from '../../cli/shell/settings/setting.ts';
import { toCell, toCode, toHead, toTable, toText } from './read-source.ts';

interface NamedCommand {
  readonly name: string;
  readonly command: Command;
}

/** docs/reference/commands.md */
export async function makeCommands(): Promise<string> {
  const commands = listCommands(
    buildProgram(
      { signal: AbortSignal.abort(), setStatus: () => undefined, setStopped: () => undefined },
      await loadNouns(),
    ),
    '',
  );
  const index = commands.map(({ name, command }) => [
    `[\`signet ${name}\`](#signet-${name.replaceAll(' ', '-')})`,
    toCell(command.description()),
  ]);
  return `${toHead('Commands', 'the command line itself')}
In a clone, \`npx signet\`; built, \`signet\`.
Every command has \`--help\`.
\`-o json\` prints the whole result for scripts, with the number of its \`schema\`; \`-o yaml\` the same as YAML.
\`-o jsonpath=TEMPLATE\` prints what a template picks of it, as kubectl does: \`{.outcome}\`, \`{.attempts[0].code}\`, \`{range .attempts[*]}{.code}{"\\n"}{end}\`, \`[?(@.code=="Verified")]\`.
Under \`-o json\`, an error is one line of JSON on standard error: \`schema\`, \`kind: Error\`, \`code\`, \`message\`, \`exitStatus\`, and \`position\` of a fault in a file.

Every command exits 2 for a wrong call, unreadable input or trust that does not load, 70 for a fault of Signet's own or a result that cannot be written, 130 when it is interrupted, and 141 when nobody reads its result on before it is done (\`| head\`).
What 0, 1 and 3 mean is with each command: 3 means that something did not answer, so retry later.

${toTable(['command', 'what it does'], index)}

## Options of every command

\`serve\`, \`version\`, \`support\`, \`man\` and \`completion\` have none of them.

${toTable(['flag', 'meaning'], listCommonOptions(commands))}

## Settings

What is said in these places counts as if the option had been given; \`signet config view\` shows it, and where each value comes from.
What comes first counts: the option, the environment, \`./signet.yaml\`, then \`~/.config/signet/config.yaml\` (below \`XDG_CONFIG_HOME\` where that is set), or the file that \`SIGNET_CONFIG\` names.
An empty variable counts as none.

${toTable(['setting', 'environment', 'stands in for', 'in ./signet.yaml'], listSettings())}

A file is a mapping of these settings; \`store\` may be a list, and \`output\` is \`text\`, \`json\` or \`yaml\`.
An unknown member is an error, with its line.
Paths start from the folder of the file; \`~/\` is the home folder.
The user’s own file may list \`folders\`, whose \`signet.yaml\` says whom to trust too: elsewhere, \`trust\`, \`profile\` or \`store\` in it ends the call with exit 2, because whoever wrote an archive wrote that file.

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
  const flags = command.options
    .filter((option) => !isCommonOption(option))
    .map((option) => [toCode(option.flags), toFallback(option), describeOption(option)]);
  const rows = [...given, ...flags];
  return [
    `## signet ${name}`,
    `${toSentence(toText(command.description()))}.`,
    `\`${toUsage(command).replace(/ \[options\]/, '')}\``,
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

function describeOption(option: Option): string {
  const { description, argChoices } = option;
  const rule = settingOf(option);
  const choices = argChoices === undefined ? '' : `: ${argChoices.map(toCode).join(', ')}`;
  return toCell(description) + choices + (rule === undefined ? '' : ` (or ${toCode(SETTINGS[rule.setting].variable)})`);
}

function listCommonOptions(commands: readonly NamedCommand[]): readonly (readonly string[])[] {
  const options = commands.flatMap(({ command }) => command.options.filter(isCommonOption));
  return [...new Map(options.map((option) => [option.flags, describeOption(option)]))].map(([flags, meaning]) => [
    toCode(flags),
    meaning,
  ]);
}

function listSettings(): readonly (readonly string[])[] {
  return Object.entries(SETTINGS).map(([name, { variable, decidesTrust }]) => [
    toCode(name),
    toCode(variable),
    toCode(`--${name}`),
    decidesTrust ? 'in listed folders alone' : 'counts',
  ]);
}

function toSentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

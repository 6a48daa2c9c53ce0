import type { Command, Option } from 'commander';
import { InputError } from '../../lib/base/errors/input-error.ts';
import { print } from '../shell/output.ts';
import type { Run } from '../shell/run-program.ts';
import { ExitStatus } from '../shell/run-program.ts';

/** `signet completion`: of all commands that the program has. */
export function addCompletion(program: Command, { setStatus }: Run): void {
  program
    .command('completion')
    .description('print a completion script')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nExample: source <(signet completion bash)')
    .action((shell: string) => setStatus(printCompletion(shell, program)));
}

/** A command's words, such as `trust add`, and what may follow them. */
interface Completion {
  readonly words: string;
  readonly candidates: readonly string[];
  readonly values: readonly OptionValue[];
}

/** What may follow an option that takes a value. */
interface OptionValue {
  readonly flags: readonly string[];
  /** `none`: a name or number that only the user knows. */
  readonly kind: 'choices' | 'directory' | 'file' | 'none';
  readonly choices: readonly string[];
}

/** @throws InputError for another shell */
function printCompletion(shell: string, program: Command): number {
  const completions = toCompletions(program, '');
  switch (shell) {
    case 'bash':
      print(toBash(completions));
      break;
    case 'zsh':
      print(`autoload -U +X bashcompinit && bashcompinit\n${toBash(completions)}`);
      break;
    case 'fish':
      print(toFish(completions));
      break;
    default:
      throw new InputError('ArgumentInvalid', `no completion for ${JSON.stringify(shell)}; expected bash, zsh or fish`);
  }
  return ExitStatus.done;
}

function toCompletions(command: Command, words: string): readonly Completion[] {
  const names = command.commands.map((child) => child.name());
  const flags = command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long]));
  return [
    { words, candidates: [...names, ...flags, '--help'], values: command.options.flatMap(toValue) },
    ...command.commands.flatMap((child) => toCompletions(child, `${words} ${child.name()}`.trim())),
  ];
}

/** By the option’s placeholder, such as `<dir|s3://bucket>`. */
function toValue({ short, long, flags, required, optional, argChoices }: Option): readonly OptionValue[] {
  if (!required && !optional) return [];
  const names = [short, long].filter((name) => name !== undefined);
  if (argChoices !== undefined) {
    return [{ flags: names, kind: 'choices', choices: argChoices.map((choice) => choice.split('<', 1)[0] ?? choice) }];
  }
  const placeholder = flags.slice(flags.search(/[<[]/) + 1);
  const kind = placeholder.includes('file') ? 'file' : placeholder.includes('dir') ? 'directory' : 'none';
  return [{ flags: names, kind, choices: [] }];
}

function toBashValue(words: string, { flags, kind, choices }: OptionValue): string {
  const pattern = flags.map((flag) => JSON.stringify(`${words} ${flag}`)).join('|');
  const generator = { choices: `-W "${choices.join(' ')}"`, directory: '-d', file: '-f', none: '' }[kind];
  return `    ${pattern}) ${kind === 'none' ? 'COMPREPLY=()' : `COMPREPLY=($(compgen ${generator} -- "$current"))`}; return ;;`;
}

/** Words are matched as long as they name a command; the rest are its options and files. */
function toBash(completions: readonly Completion[]): string {
  const known = completions.map(({ words }) => JSON.stringify(words)).join('|');
  const cases = completions.map(({ words, candidates }) => `    "${words}") candidates="${candidates.join(' ')}" ;;`);
  const values = completions.flatMap(({ words, values: all }) => all.map((one) => toBashValue(words, one)));
  return `_signet() {
  local words="" word candidates=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${words:+$words }$word" in
    ${known}) words="\${words:+$words }$word" ;;
    esac
  done
  local current="\${COMP_WORDS[COMP_CWORD]}"
  case "$words \${COMP_WORDS[COMP_CWORD-1]}" in
${values.join('\n')}
  esac
  case "$words" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _signet signet`;
}

function toFish(completions: readonly Completion[]): string {
  return completions
    .flatMap(({ words, candidates, values }) => {
      const condition =
        words === ''
          ? '__fish_use_subcommand'
          : words
              .split(' ')
              .map((word) => `__fish_seen_subcommand_from ${word}`)
              .join('; and ');
      const start = `complete -c signet -n '${condition}'`;
      const valued = new Map(values.flatMap((value) => value.flags.map((flag) => [flag, value] as const)));
      return candidates.map((candidate) => {
        if (!candidate.startsWith('--')) return `${start} -a ${candidate}`;
        return `${start} -l ${candidate.slice(2)}${toFishValue(valued.get(candidate))}`;
      });
    })
    .join('\n');
}

function toFishValue(value: OptionValue | undefined): string {
  if (value === undefined) return '';
  const { kind, choices } = value;
  switch (kind) {
    case 'choices':
      return ` -x -a '${choices.join(' ')}'`;
    case 'directory':
      return " -x -a '(__fish_complete_directories)'";
    case 'file':
      return ' -r -F';
    case 'none':
      return ' -x';
    default:
      return kind satisfies never;
  }
}

import type { Command } from 'commander';
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
    { words, candidates: [...names, ...flags, '--help'] },
    ...command.commands.flatMap((child) => toCompletions(child, `${words} ${child.name()}`.trim())),
  ];
}

/** Words are matched as long as they name a command; the rest are its options and files. */
function toBash(completions: readonly Completion[]): string {
  const known = completions.map(({ words }) => JSON.stringify(words)).join('|');
  const cases = completions.map(({ words, candidates }) => `    "${words}") candidates="${candidates.join(' ')}" ;;`);
  return `_signet() {
  local words="" word candidates=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "\${words:+$words }$word" in
    ${known}) words="\${words:+$words }$word" ;;
    esac
  done
  case "$words" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _signet signet`;
}

function toFish(completions: readonly Completion[]): string {
  return completions
    .flatMap(({ words, candidates }) => {
      const condition =
        words === '' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${words.split(' ').at(-1)}`;
      return candidates.map((candidate) =>
        candidate.startsWith('--')
          ? `complete -c signet -n '${condition}' -l ${candidate.slice(2)}`
          : `complete -c signet -n '${condition}' -a ${candidate}`,
      );
    })
    .join('\n');
}

import type { Command } from 'commander';

/** `signet completion`: of all commands that the program has. */
export function addCompletion(program: Command, setStatus: (status: number) => void): void {
  program
    .command('completion')
    .description('print a completion script')
    .argument('<shell>', 'bash, zsh or fish')
    .addHelpText('after', '\nExample: source <(signet completion bash)')
    .action(async (shell: string) => {
      const { printCompletion } = await import('../shell/completion.ts');
      setStatus(printCompletion(shell, program));
    });
}

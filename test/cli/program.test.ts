import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { buildProgram } from '../../cli/shell/build-program.ts';
import { loadNouns, NOUNS } from '../../cli/shell/nouns.ts';
import { toRun } from '../support/run-signet.ts';

const whole = buildProgram(toRun(), await loadNouns());

function describeCommand(command: Command): object {
  return { help: command.helpInformation(), commands: command.commands.map(describeCommand) };
}

describe('a command that is built alone', () => {
  test('is there for each word', () => {
    expect(whole.commands.map((one) => one.name())).toEqual(Object.keys(NOUNS));
  });

  test.each(Object.entries(NOUNS))('%s is as it is among all', async (name, load) => {
    const add = await load();
    const alone = buildProgram(toRun(), [add]);
    expect(alone.commands.map((one) => one.name())).toEqual([name]);
    const among = whole.commands.filter((one) => one.name() === name);
    expect(alone.commands.map(describeCommand)).toEqual(among.map(describeCommand));
  });
});

import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { selectProfile } from '../../../lib/trust/prepared/profiles.ts';

describe('selected', () => {
  test.each([
    ['the wanted one', ['a', 'ocp'], 'a', 'a'],
    ['the only one', ['a'], undefined, 'a'],
    ['ocp among others', ['a', 'ocp'], undefined, 'ocp'],
  ])('%s', (_name, names, wanted, expected) => {
    expect(selectProfile(names, wanted)).toBe(expected);
  });
});

describe('ProfileUnknown, with a list', () => {
  test.each([
    ['a wanted one that is not there', ['a', 'ocp'], 'b', 'there is no profile "b"; known: a, ocp'],
    ['a wanted one instead of the only one', ['a'], 'b', 'there is no profile "b"; known: a'],
    ['none wanted, several there', ['a', 'b'], undefined, 'say which profile with --profile; known: a, b'],
    ['none there', [], undefined, 'say which profile with --profile; there is none'],
    ['an empty name', ['a'], '', 'there is no profile ""; known: a'],
  ])('%s', (_name, names, wanted, message) => {
    const act = () => selectProfile(names, wanted);
    expect(act).toThrow(InputError);
    expect(act).toThrow(expect.objectContaining({ code: 'ProfileUnknown', message }));
  });
});

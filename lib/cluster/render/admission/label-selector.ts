import { InputError } from '../../../base/errors/input-error.ts';

/** A selector as Kubernetes objects hold it. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelRequirement[];
}

interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

const KEY = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
/** Characters of a selector, and its requirements. */
const MAX_LENGTH = 4096;
const MAX_REQUIREMENTS = 32;

/**
 * Parses a selector as kubectl writes it: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
 *
 * @param option named in errors
 * @throws InputError `ArgumentInvalid`
 */
export function parseLabelSelector(text: string, option: string): LabelSelector {
  const parts = splitRequirements(text.slice(0, MAX_LENGTH + 1));
  if (text.length > MAX_LENGTH || parts.length > MAX_REQUIREMENTS) {
    throw new InputError('ArgumentInvalid', `${option}: a selector has at most ${MAX_REQUIREMENTS} requirements`);
  }
  const requirements = parts.map((part) => parseRequirement(part.trim(), option));
  const equal = requirements.filter(({ operator, values }) => operator === 'In' && values?.length === 1);
  const keys = equal.map(({ key }) => key);
  // A map cannot hold one key twice.
  const isPlain = new Set(keys).size === keys.length;
  const labels = isPlain ? Object.fromEntries(equal.map(({ key, values }) => [key, values?.[0] ?? ''])) : {};
  const others = isPlain ? requirements.filter((one) => !equal.includes(one)) : requirements;
  return {
    ...(Object.keys(labels).length === 0 ? {} : { matchLabels: labels }),
    ...(others.length === 0 ? {} : { matchExpressions: others }),
  };
}

/** At commas outside of parentheses. */
function splitRequirements(text: string): readonly string[] {
  const parts = [''];
  let isWithin = false;
  for (const character of text) {
    if (character === '(') isWithin = true;
    if (character === ')') isWithin = false;
    if (character === ',' && !isWithin) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

function parseRequirement(part: string, option: string): LabelRequirement {
  const [, key = '', operator = '', value = ''] = /^([^\s=!(),]+)\s*(==|=|!=)\s*([^\s=!(),]*)$/.exec(part) ?? [];
  if (operator !== '')
    return check({ key, operator: operator === '!=' ? 'NotIn' : 'In', values: [value] }, part, option);
  const [, listed = '', word = '', list = ''] = /^([^\s=!(),]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part) ?? [];
  if (word !== '') {
    const values = list.split(',').map((one) => one.trim());
    return check({ key: listed, operator: word === 'in' ? 'In' : 'NotIn', values }, part, option);
  }
  const isAbsent = part.startsWith('!');
  return check(
    { key: (isAbsent ? part.slice(1) : part).trim(), operator: isAbsent ? 'DoesNotExist' : 'Exists' },
    part,
    option,
  );
}

function check(requirement: LabelRequirement, part: string, option: string): LabelRequirement {
  const { key, values = [] } = requirement;
  if (KEY.test(key) && values.every((value) => VALUE.test(value))) return requirement;
  throw new InputError(
    'ArgumentInvalid',
    `${option}: ${JSON.stringify(part)} is no requirement; write key=value, key!=value, key in (a,b), key notin (a,b), key or !key`,
  );
}

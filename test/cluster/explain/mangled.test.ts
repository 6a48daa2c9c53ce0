import { describe, expect, test } from 'vitest';
import { explainText } from '../../../lib/cluster/explain/explain-text.ts';
import { FIELD_MESSAGES } from './field-messages.ts';

/** What a text says, whatever way it was pasted. */
function listFacts(text: string): readonly string[] {
  const { releases, pulls, gates } = explainText(text);
  const facts = [
    ...releases.flatMap((one) => [one.digest ?? '', ...one.states, ...one.faults.map(({ fault }) => fault)]),
    ...releases.flatMap((one) => one.asked.map(({ answer }) => answer)),
    ...pulls.flatMap((one) => [one.image ?? '', ...one.faults.map(({ fault }) => fault)]),
    ...gates.map(({ version }) => version),
  ];
  return [...new Set(facts)].filter((one) => one !== '').toSorted();
}

const eachLine = (text: string, change: (line: string) => string): string => text.split('\n').map(change).join('\n');
const WAYS: Readonly<Record<string, (text: string) => string>> = {
  coloured: (text) => eachLine(text, (line) => `\u001B[31m${line}\u001B[0m`),
  'with colours as syslog writes them': (text) => eachLine(text, (line) => `#033[31m${line}#033[0m`),
  'with line ends of Windows': (text) => `${text.replaceAll('\n', '\r\n')}\r\n`,
  indented: (text) => eachLine(text, (line) => `    ${line}`),
  'quoted in a mail': (text) => eachLine(text, (line) => `> ${line}`),
  'escaped as in JSON': (text) => JSON.stringify(text).slice(1, -1),
  'in a JSON string': (text) => JSON.stringify(text),
  'a hundred times': (text) => `${text}\n`.repeat(100),
  'in a fence': (text) => `\`\`\`\n${text}\n\`\`\``,
  'between other words': (text) => `Hello,\n\nwe see this since monday:\n\n${text}\n\nThanks\nBob`,
  twice: (text) => `${text}\nsomething else happened\n${text}`,
};

describe.each(Object.entries(WAYS))('%s', (_, change) => {
  test('every text says the same', () => {
    const differing = FIELD_MESSAGES.filter(({ text }) => listFacts(text).join() !== listFacts(change(text)).join());
    expect(differing.map(({ name }) => name)).toEqual([]);
  });
});

test.each([80, 120])('what was cut at %i columns never gets other faults than the whole', (width) => {
  const cut = (text: string): string =>
    text
      .split('\n')
      .flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'g')) ?? [''])
      .join('\n');
  let same = 0;
  const wrong = FIELD_MESSAGES.filter(({ text }) => {
    const whole = listFacts(text);
    const other = listFacts(cut(text));
    if (whole.join() === other.join()) same += 1;
    const faults = explainText(cut(text)).pulls.flatMap((one) => one.faults.map(({ fault }) => fault as string));
    return faults.some((fault) => !whole.includes(fault));
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
  expect(same).toBeGreaterThanOrEqual(FIELD_MESSAGES.length - 4);
});

describe('a mail', () => {
  test('that loses the spaces at the ends of lines says the same', () => {
    const stripped = (text: string): string => eachLine(text, (line) => line.trimEnd());
    const differing = FIELD_MESSAGES.filter(({ text }) => listFacts(text).join() !== listFacts(stripped(text)).join());
    expect(differing.map(({ name }) => name)).toEqual([]);
  });

  // Left: the digest that `oc describe` lays out in columns, and a name that a second error follows.
  test('that wraps at 40 columns loses what few of them say, and adds no fault', () => {
    const lost = FIELD_MESSAGES.filter(({ text }) => {
      const other = listFacts(wrap(text, 40));
      return listFacts(text).some((fact) => !other.includes(fact));
    });
    expect(lost.map(({ name }) => name)).toEqual(['operator: describe old', 'machine-config operator: local']);
    const wrong = FIELD_MESSAGES.filter(({ text }) => {
      const whole = listFacts(text);
      const { pulls } = explainText(wrap(text, 40));
      return pulls.some(({ faults }) => faults.some(({ fault }) => !whole.includes(fault)));
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });
});

/** Breaks lines at spaces; a word that is longer than the width has a line of its own. */
function wrap(text: string, width: number): string {
  const rows: string[] = [];
  for (const line of text.split('\n')) {
    let row = '';
    for (const word of line.split(' ')) {
      const longer = row === '' ? word : `${row} ${word}`;
      if (row !== '' && longer.length > width) rows.push(row);
      row = row !== '' && longer.length > width ? word : longer;
    }
    rows.push(row);
  }
  return rows.join('\n');
}

test('several errors in one text stay apart', () => {
  const named = FIELD_MESSAGES.filter(({ about, text }) => about !== undefined && !/^\s*[{[]/.test(text)).slice(0, 40);
  const whole = listFacts(named.map(({ text }) => text).join('\n\n'));
  for (const { text } of named) expect(whole).toEqual(expect.arrayContaining([...listFacts(text)]));
});

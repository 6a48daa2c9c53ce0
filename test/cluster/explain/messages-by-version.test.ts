import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { explainText } from '../../../lib/cluster/explain/explain-text.ts';
import { toPullFixes } from '../../../lib/cluster/explain/fixes/to-pull-fixes.ts';
import { toReleaseFixes } from '../../../lib/cluster/explain/fixes/to-release-fixes.ts';
import { PATTERNS } from '../../../lib/cluster/explain/patterns/patterns.ts';
import { EXAMPLES as OF_PATTERNS } from './example-messages.ts';
import { FIELD_MESSAGES } from './field-messages.ts';
import { LAST, OPERATOR_MESSAGES, type SampleRelease } from './operator-messages.ts';
import { listOtherPrograms } from './other-programs.ts';
import { listOtherTexts } from './other-texts.ts';

const EXAMPLES = [...OF_PATTERNS, ...FIELD_MESSAGES];

function toRelease(minor: number, at: number): SampleRelease {
  const hex = createHash('sha256').update(`${minor} ${at}`).digest('hex');
  const version = minor < 5 ? `4.${minor}.0-0.okd-2020-04-09-124138` : `4.${minor}.${at + 1}`;
  const repository =
    minor < 5 ? 'registry.ci.openshift.org/origin/release' : 'quay.io/openshift-release-dev/ocp-release';
  return { version, digest: `sha256:${hex}`, image: `${repository}@sha256:${hex}` };
}

const TEXTS = Array.from({ length: LAST }, (_, at) => at + 1).flatMap((minor) =>
  OPERATOR_MESSAGES.filter(({ since, until }) => since <= minor && minor <= until).map((message, at) => {
    const release = toRelease(minor, at);
    return { minor, release, message, text: message.write(release) };
  }),
);

/** The release of a text, which has to be the only one. */
function readRelease(text: string) {
  const { releases, pulls, gates } = explainText(text);
  expect([releases.length, pulls, gates]).toEqual([1, [], []]);
  return releases[0];
}

describe('texts of the cluster-version operator, of 4.1 to today', () => {
  test('are 300 or so', () => {
    expect(TEXTS.length).toBeGreaterThanOrEqual(300);
  });

  test.each(Array.from({ length: LAST }, (_, at) => at + 1))('4.%i', (minor) => {
    for (const { release, message, text } of TEXTS.filter((one) => one.minor === minor)) {
      const facts = readRelease(text);
      expect([text, facts?.states, facts?.faults.map(({ fault }) => fault)]).toEqual([
        text,
        message.states,
        message.faults,
      ]);
      expect([text, facts?.digest]).toEqual([text, message.isNamed ? release.digest : undefined]);
      expect(explainText(text).notUnderstood).toEqual([]);
    }
  });

  test.each([40, 64, 80, 100, 132])('are read when they are wrapped at %i columns', (width) => {
    const isTold = ({ message }: (typeof TEXTS)[number]): boolean => message.isNamed && message.since >= 6;
    for (const { release, message, text } of TEXTS.filter(isTold)) {
      for (const wrapped of [cutAt(text, width), wrapAt(text, width)]) {
        const [facts] = explainText(wrapped).releases;
        expect([wrapped, facts?.digest, facts?.states]).toEqual([wrapped, release.digest, message.states]);
      }
    }
  });
});

/** As a terminal shows a long line. */
function cutAt(text: string, width: number): string {
  const rows = text.split('\n').flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'g')) ?? ['']);
  return rows.join('\n');
}

/** As a mail or a page wraps at spaces. */
function wrapAt(text: string, width: number): string {
  const rows = text.split('\n').flatMap((line) => {
    const wrapped: string[] = [];
    for (const word of line.split(' ')) {
      const last = wrapped.at(-1);
      if (last === undefined || last.length + 1 + word.length > width) wrapped.push(word);
      else wrapped[wrapped.length - 1] = `${last} ${word}`;
    }
    return wrapped;
  });
  return rows.join('\n');
}

describe('patterns', () => {
  test('say whose words they are, of which versions, and where they stand', () => {
    for (const { words, program, versions, source } of PATTERNS) {
      expect([words.source, program, versions, source].every((one) => one !== '')).toBe(true);
      expect(words.sticky).toBe(true);
    }
  });

  test('each is that of an example', () => {
    const texts = [...EXAMPLES.map(({ text }) => text), ...TEXTS.map(({ text }) => text)];
    const idle = PATTERNS.filter(({ words }) => {
      const anywhere = new RegExp(words.source, 'g');
      return !texts.some((text) => anywhere.test(text));
    });
    expect(idle.map(({ words }) => words.source)).toEqual([]);
  });

  test.each(EXAMPLES)('$name', ({ text, says, about }) => {
    const { releases, pulls, gates } = explainText(text);
    const said = [
      ...releases.flatMap((one) => [...one.states, ...one.faults.map(({ fault }) => fault)]),
      ...releases.flatMap((one) => one.asked.map(({ answer }) => answer)),
      ...pulls.flatMap((one) => one.faults.map(({ fault }) => fault)),
      ...gates.map(({ version }) => version),
    ];
    expect(said).toEqual(says);
    if (about !== undefined)
      expect([...releases, ...pulls].map(({ image, digest }) => image ?? digest)).toContain(about);
  });
});

test('1,400 texts about other things get no remedy', () => {
  const texts = [...listOtherTexts(), ...listOtherPrograms()];
  expect(new Set(texts).size).toBeGreaterThanOrEqual(1400);
  const mended = texts.filter((text) => {
    const { releases, pulls, gates } = explainText(text);
    const fixes = [
      ...releases.flatMap((facts) => toReleaseFixes(facts, { command: 'signet explain' })),
      ...pulls.flatMap(toPullFixes),
    ];
    return fixes.length + gates.length > 0;
  });
  expect(mended).toEqual([]);
});

import { describe, expect, test } from 'vitest';
import { formatAddress, parseAddress, pick, toSearch, VIEWS } from '../../console/src/text/address.ts';
import { formatCsv, toFileName } from '../../console/src/text/csv.ts';
import { type Outcome, PHRASES, toOutcomeWord, toPhrase, toSentence } from '../../console/src/text/phrases.ts';
import { type Question, recognise } from '../../console/src/text/recognise.ts';
import { shortenHex, shortenPullspec, shortenText } from '../../console/src/text/shorten.ts';
import { formatAbsolute, formatRelative, listDays } from '../../console/src/text/times.ts';
import { REASON_CODES } from '../../lib/base/errors/reason-code.ts';
import { PLATFORMS_CHOSEN } from '../../lib/verdict/records/decision-row.ts';

const HEX = '0123456789abcdef'.repeat(4);
const DIGEST = `sha256:${HEX}`;

describe('an address', () => {
  test.each(VIEWS)('of %s is read as it was written', (view) => {
    const query = { q: 'a b&c=d#e/f?', after: 'x%y' };
    expect(parseAddress(formatAddress(view, 'sha256:1/2', query))).toEqual({ view, id: 'sha256:1/2', query });
  });

  test('is the same for the same state, and leaves out what is empty', () => {
    expect(formatAddress('decisions', '', { outcome: 'rejected', after: undefined, forced: '' })).toBe(
      formatAddress('decisions', '', { forced: undefined, outcome: 'rejected' }),
    );
    expect(formatAddress('overview')).toBe('#/');
    expect(toSearch({ b: '2', a: '1' })).toBe('a=1&b=2');
  });

  test.each([
    ['nothing', '', 'overview', ''],
    ['a mark alone', '#', 'overview', ''],
    ['a view that there is not', '#/nowhere', undefined, ''],
    ['a member of every object', '#/constructor', undefined, ''],
    ['a broken escape', '#/decisions/%E0%A4%A', 'decisions', '%E0%A4%A'],
  ])('%s is read without a fault', (_, hash, view, id) => {
    expect(parseAddress(hash)).toEqual({ view, id, query: {} });
  });

  test('brings no parameter that a view does not know', () => {
    expect(pick(parseAddress('#/decisions?outcome=rejected&__proto__=x&limit=9').query, ['outcome'])).toEqual({
      outcome: 'rejected',
    });
  });
});

describe('what is pasted', () => {
  test.each<[name: string, pasted: string, question: Question]>([
    ['nothing', '  \n ', { kind: 'nothing' }],
    ['a digest', DIGEST, { kind: 'digest', digest: DIGEST }],
    ['a digest of a store', ` sha256=${HEX} `, { kind: 'digest', digest: DIGEST }],
    ['a digest of a ConfigMap', `sha256-${HEX}`, { kind: 'digest', digest: DIGEST }],
    ['a digest in capitals', `SHA256:${HEX.toUpperCase()}`, { kind: 'digest', digest: DIGEST }],
    ['hex alone', HEX, { kind: 'hex', hex: HEX }],
    ['a version', '4.16.37', { kind: 'version', version: '4.16.37' }],
    ['a version with its architecture', 'v4.16.37-x86_64', { kind: 'text', text: 'v4.16.37-x86_64' }],
    ['a minor', '4.16', { kind: 'version', version: '4.16' }],
    ['a candidate', '4.17.0-rc.3', { kind: 'version', version: '4.17.0-rc.3' }],
    [
      'a pullspec by digest',
      `quay.io/openshift-release-dev/ocp-release@${DIGEST}`,
      { kind: 'pullspec', pullspec: `quay.io/openshift-release-dev/ocp-release@${DIGEST}`, digest: DIGEST },
    ],
    [
      'a pullspec of a manifest, with its quotes',
      `"docker://quay.io/a/b:1.0"`,
      { kind: 'text', text: '"docker://quay.io/a/b:1.0"' },
    ],
    [
      'a pullspec by tag and port',
      'localhost:5000/a/b:1.0',
      { kind: 'pullspec', pullspec: 'localhost:5000/a/b:1.0', digest: undefined },
    ],
    ['an address', 'https://example.com/a', { kind: 'text', text: 'https://example.com/a' }],
    ['a script', 'javascript:alert(1)', { kind: 'text', text: 'javascript:alert(1)' }],
    ['markup', 'a/<img src=x>', { kind: 'text', text: 'a/<img src=x>' }],
    [
      'an error',
      'unable to verify sha256:1 against keyrings',
      { kind: 'text', text: 'unable to verify sha256:1 against keyrings' },
    ],
    ['what is too long for a reference', `a/${'b'.repeat(1100)}`, { kind: 'text', text: `a/${'b'.repeat(1100)}` }],
  ])('%s is known for what it is', (_, pasted, question) => {
    expect(recognise(pasted)).toEqual(question);
  });
});

describe('CSV', () => {
  test('quotes as RFC 4180 says, and never starts a formula', () => {
    expect(
      formatCsv([
        ['a', 'b,c', 'd"e', 'f\ng'],
        ['=1+1', '+1', '-1', '@x', '\tx'],
      ]),
    ).toBe(`a,"b,c","d""e","f\ng"\r\n'=1+1,'+1,'-1,'@x,'\tx\r\n`);
  });

  test.each([
    ['a filter', { outcome: 'rejected', since: '2026-11-01' }, 'd_outcome-rejected_since-2026-11-01.csv'],
    ['no filter', {}, 'd.csv'],
    ['a repository', { repository: 'quay.io/a/b' }, 'd_repository-quay.io-a-b.csv'],
    ['a path', { repository: '../../etc/passwd' }, 'd_repository-etc-passwd.csv'],
    ['text that turns around', { source: '\u202Efdp.exe' }, 'd_source-fdp.exe.csv'],
  ])('of %s has it in its name, in plain characters', (_, query, name) => {
    expect(toFileName('d', query, 'csv')).toBe(name);
  });
});

describe('a decision', () => {
  test('has a phrase for each reason code, and for no other', () => {
    expect(Object.keys(PHRASES).toSorted()).toEqual([...REASON_CODES, PLATFORMS_CHOSEN].toSorted());
  });

  test.each([
    ['accepted', false, [], 'Accepted: every requirement is met'],
    ['accepted', false, [PLATFORMS_CHOSEN], 'Accepted: for the platforms that were asked for, and no others'],
    ['rejected', false, ['RepositoryMismatch'], 'Rejected: signed for another repository'],
    ['rejected', false, ['RepositoryMismatch', PLATFORMS_CHOSEN], 'Rejected: signed for another repository'],
    [
      'rejected',
      false,
      ['KeyUnknown', 'KeyRevoked'],
      'Rejected: signed by a key that is not trusted, and one more reason',
    ],
    ['indeterminate', false, ['StoreUnavailable'], 'Not decided: a signature store did not answer'],
    ['accepted', true, ['SignatureNotFound'], 'Accepted by force, although no store has a signature of it'],
    ['rejected', false, ['constructor'], 'Rejected: constructor'],
  ] as const)('that is %s (forced: %s) for %j is one sentence', (outcome, forced, codes, sentence) => {
    expect(toSentence(outcome, forced, codes)).toBe(sentence);
  });

  test('of an outcome that is not known is never a yes', () => {
    const unknown = JSON.parse('"granted"') as Outcome;
    expect(toOutcomeWord(unknown)).toBe('Not decided');
    expect(toSentence(unknown, false, [])).toBe('Not decided');
    expect(toPhrase('Unheard')).toBe('Unheard');
  });
});

test('digests are shortened in their middle, and texts at their end', () => {
  expect(shortenHex(DIGEST)).toBe('sha256:01234567…cdef');
  expect(shortenHex('sha256:0123')).toBe('sha256:0123');
  expect(shortenPullspec(`quay.io/a/b@${DIGEST}`)).toBe('quay.io/a/b@sha256:01234567…cdef');
  expect(shortenText('🙂🙂🙂🙂', 3)).toBe('🙂🙂…');
});

test.each([
  ['2026-11-30T12:00:00.000Z', 'just now'],
  ['2026-11-30T11:59:00.000Z', '1 minute ago'],
  ['2026-11-30T10:00:00.000Z', '2 hours ago'],
  ['2026-11-01T12:00:00.000Z', '29 days ago'],
  ['2029-11-30T12:00:00.000Z', 'in 3 years'],
  ['no time', 'no time'],
])('%s is %s', (iso, relative) => {
  expect(formatRelative(iso, Date.parse('2026-11-30T12:00:02.000Z'))).toBe(relative);
});

test('absolute times and days are in UTC', () => {
  expect(formatAbsolute('2026-11-30T23:59:59.999+02:00')).toBe('2026-11-30 21:59:59 UTC');
  expect(formatAbsolute('no time')).toBe('no time');
  expect(listDays(3, Date.parse('2026-03-01T00:00:00Z'))).toEqual(['2026-02-27', '2026-02-28', '2026-03-01']);
});

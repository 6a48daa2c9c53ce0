import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { MAX_STEPS } from '../../cli/shell/formats/json-path-steps.ts';
import { MAX_TEMPLATE_LENGTH, parseTemplate } from '../../cli/shell/formats/json-path.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { type Run, runSignet } from '../support/run-signet.ts';

const GOOD = fixtureReleases.find(({ expected }) => expected === 'accept')?.pullspec ?? '';
const BAD = fixtureReleases.find(({ expected }) => expected === 'KeyUnknown')?.pullspec ?? '';
const FROM = ['--trust', FIXTURE_TRUST, '--store', FIXTURE_STORE];

function signet(...args: readonly string[]): Promise<Run> {
  return runSignet(args);
}

describe('-o', () => {
  test.each(['-o=json', '-ojson', '--output=json'])('%s is JSON, and begins with its schema', async (flag) => {
    const { status, stdout } = await signet('check', GOOD, '--trust', FIXTURE_TRUST, flag);
    expect([status, Object.keys(JSON.parse(stdout) as object)[0]]).toEqual([0, 'schema']);
  });

  test('yaml is the same as JSON', async () => {
    const args = ['verify', BAD, ...FROM];
    const [json, yaml] = [await signet(...args, '-o', 'json'), await signet(...args, '-o', 'yaml')];
    const { decidedAt: _, ...expected } = JSON.parse(json.stdout) as Readonly<Record<string, unknown>>;
    expect([yaml.status, parse(yaml.stdout)]).toMatchObject([1, expected]);
  });

  test('a template picks, and the exit status stays', async () => {
    const template = '{.outcome}{range .attempts[*]} {.code}{end}';
    const { status, stdout } = await signet('verify', BAD, ...FROM, '-o', `jsonpath=${template}`);
    expect([status, stdout]).toEqual([1, 'rejected KeyUnknown SignatureNotFound\n']);
  });

  test.each<[name: string, args: readonly string[]]>([
    ['trust check', ['trust', 'check', '--trust', FIXTURE_TRUST]],
    ['trust show', ['trust', 'show', '--trust', FIXTURE_TRUST]],
    ['config view', ['config', 'view']],
    ['version', ['version']],
    ['verify', ['verify', GOOD, ...FROM]],
  ])('%s: an object with a schema, and no time in seconds', async (_, args) => {
    const answer = JSON.parse((await signet(...args, '-o', 'json')).stdout) as { readonly schema?: unknown };
    expect(typeof answer.schema).toBe('number');
    expect(JSON.stringify(answer)).not.toMatch(/"\w*At":[0-9]/);
  });
});

describe('--quiet', () => {
  test.each<[name: string, args: readonly string[], status: number, stdout: string]>([
    ['an acceptance', ['verify', GOOD, ...FROM, '-q'], 0, ''],
    ['a rejection', ['verify', BAD, ...FROM, '--quiet'], 1, ''],
    ['what -o asks for is printed', ['verify', BAD, ...FROM, '-q', '-o', 'jsonpath={.outcome}'], 1, 'rejected\n'],
  ])('%s', async (_, args, status, stdout) => {
    expect(await signet(...args)).toEqual({ status, stdout, stderr: '' });
  });

  test('an error is said', async () => {
    const { status, stderr } = await signet('verify', 'x@sha256:1', ...FROM, '-q');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^signet: /)]);
  });
});

test('-v says which settings count, on standard error', async () => {
  const env = { SIGNET_TRUST: FIXTURE_TRUST };
  const { stdout, stderr } = await runSignet(['verify', GOOD, '--store', FIXTURE_STORE, '-v'], { env });
  expect(stdout).toMatch(/^accepted {2}/);
  expect(stderr).toMatch(/^signet: --trust .* \(SIGNET_TRUST\)\nsignet: done in [0-9]+ ms\n$/);
});

describe('under -o json an error is one line of JSON', () => {
  test.each<[name: string, args: readonly string[], expected: object]>([
    ['a wrong pullspec', ['verify', 'x@y', ...FROM], { code: 'DigestInvalid', exitStatus: 2 }],
    ['a missing option', ['verify', GOOD], { code: 'ArgumentInvalid', message: /required option '--trust <dir>'/ }],
    ['a typo', ['verify', GOOD, '--trsut', 'x'], { message: /unknown option '--trsut'\n\(Did you mean --trust\?\)/ }],
    ['no verb', ['mirror'], { code: 'ArgumentInvalid' }],
    [
      'trust that is not there',
      ['verify', GOOD, '--trust', '/nowhere'],
      { code: 'TrustMissing', position: { document: '/nowhere' } },
    ],
  ])('%s', async (_, args, { message, ...expected }: { readonly message?: RegExp }) => {
    const { status, stdout, stderr } = await signet(...args, '-o', 'json');
    expect([status, stdout, stderr.split('\n').length]).toEqual([2, '', 2]);
    const error = JSON.parse(stderr) as { readonly message: string };
    expect(error).toMatchObject({ schema: 1, kind: 'Error', exitStatus: 2, ...expected });
    expect(error.message).toMatch(message ?? /./);
  });
});

describe('a wrong call', () => {
  test.each<[name: string, args: readonly string[], stderr: RegExp]>([
    [
      'a required option is missing',
      ['verify', GOOD],
      /^error: required.*\nUsage: signet verify --trust <dir> .*SIGNET_TRUST/,
    ],
    [
      'it is mistyped',
      ['verify', GOOD, '--trsut', 'x'],
      /^error: unknown option '--trsut'\n\(Did you mean --trust\?\)\n/,
    ],
    ['a noun without a verb', ['mirror'], /^Usage: signet mirror .*\n\n(?:.*\n)+.* sync /],
    [
      'another verb',
      ['mirror', 'snyc'],
      /^error: .*\n\(Did you mean sync\?\)\n\nUsage: signet mirror (?:.*\n)+.* sync /,
    ],
    ['another noun', ['miror'], /^error: .*\n\(Did you mean mirror\?\)\n\(signet --help lists the commands\)\n$/],
  ])('%s', async (_, args, stderr) => {
    expect(await signet(...args)).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(stderr) as string });
  });

  test('help marks what is required', async () => {
    const { stdout } = await signet('mirror', 'sync', '--help');
    expect(stdout).toMatch(/^Usage: signet mirror sync --trust <dir> --to <dir\|s3:\/\/bucket> \[options\]\n/);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('object store that holds the mirror (required)');
  });
});

const RESULT = {
  outcome: 'rejected',
  attempts: [
    { code: 'KeyUnknown', at: 'a\u001b[2J', n: 1 },
    { code: 'Verified', note: 'x', n: 2 },
    { code: 'KeyUnknown', at: 'c', n: 3 },
  ],
  labels: { 'a.b/c': 'dotted' },
  nothing: null,
};

describe('a template', () => {
  test.each<[template: string, text: string]>([
    ['{.outcome}', 'rejected'],
    ['.outcome', 'rejected'],
    ['outcome={.outcome}', 'outcome=rejected'],
    ['{.attempts[*].code}', 'KeyUnknown Verified KeyUnknown'],
    ['{.attempts[0].code}', 'KeyUnknown'],
    ['{.attempts[-1].at}', 'c'],
    ['{.attempts[0,2].n}', '1 3'],
    ['{.attempts[1:].n}', '2 3'],
    ['{.attempts[:1].n}', '1'],
    ['{.attempts[9].n}', ''],
    ['{..n}', '1 2 3'],
    ["{.labels['a.b/c']}", 'dotted'],
    ['{.labels.a\\.b/c}', 'dotted'],
    ['{.attempts[?(@.code=="KeyUnknown")].n}', '1 3'],
    ['{.attempts[?(@.code!="KeyUnknown")].n}', '2'],
    ['{.attempts[?(@.n==2)].code}', 'Verified'],
    ['{.attempts[?(@.note)].n}', '2'],
    ['{range .attempts[*]}{.n}{"\\t"}{$.outcome}{"\\n"}{end}', '1\trejected\n2\trejected\n3\trejected'],
    ['{range .attempts[*]}{@.n};{end}', '1;2;3;'],
    ['{.attempts[1]}', '{"code":"Verified","note":"x","n":2}'],
    ['{.nothing}', 'null'],
    ['{.toString}', ''],
    ['{.attempts.length}', ''],
    ['{"}"}{.outcome}', '}rejected'],
    ['{.attempts[0].at}', 'a\\u001b[2J'],
  ])('%s', (template, text) => {
    expect(parseTemplate(template)(RESULT)).toBe(text);
  });

  test.each<[name: string, template: string, message: RegExp]>([
    ['an open brace', 'a{.b', /character 2: a brace that does not close/],
    ['a range without an end', '{range .a[*]}{.b}', /character 1: \{range\} without \{end\}/],
    ['an end without a range', 'x{end}', /character 2: \{end\} without \{range\}/],
    ['an open bracket', '{.a[0}', /a bracket that does not close/],
    ['what is no index', '{.a[x]}', /not understood: \[x\]/],
    ['a comparison with a name', '{.a[?(@.b==c)]}', /compared with neither/],
    ['an empty member', '{.a..}', /expected a member/],
    ['a text that does not end', '{"a}', /a brace that does not close/],
    ['one too many steps', `{${'.a'.repeat(MAX_STEPS + 1)}}`, /more than 32 steps/],
    ['an empty one', '', /character 1: the template is empty: {} is all of the result/],
    ['one of spaces', ' \n', /the template is empty/],
    ['a long one', 'x'.repeat(MAX_TEMPLATE_LENGTH + 1), /too long/],
  ])('is refused: %s', (_, template, message) => {
    expect(() => parseTemplate(template)).toThrow(message);
  });

  test('is read before anything is done', async () => {
    const { status, stdout, stderr } = await signet('verify', GOOD, ...FROM, '-o', 'jsonpath={.a');
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^signet: -o jsonpath: character 1: /)]);
  });
});

test('--timeout ends a call that waits for an answer, with status 3', async () => {
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const store = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = ['verify', GOOD, '--trust', FIXTURE_TRUST, '--store', store, '--allow-private-stores'];
  const { status, stdout, stderr } = await signet(...args, '--timeout', '100ms');
  server.closeAllConnections();
  server.close();
  expect([status, stdout, stderr]).toEqual([3, '', 'signet: not finished within 0.1 s (--timeout)\n']);
});

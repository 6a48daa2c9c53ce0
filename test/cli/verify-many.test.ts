import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAX_ASKED, MAX_LIST_BYTES, readAsked } from '../../cli/verify/read-asked.ts';
import { FIXTURE_STORE, FIXTURE_TRUST, fixtureReleases } from '../support/fixture-releases.ts';
import { type Run, runSignet } from '../support/run-signet.ts';
import { startServer } from '../support/servers/start-server.ts';

const BASE = 'quay.io/openshift-release-dev/ocp-release';
const GOOD = fixtureReleases.filter(({ expected }) => expected === 'accept').map(({ pullspec }) => pullspec);
const BAD = fixtureReleases.find(({ expected }) => expected === 'KeyUnknown')?.pullspec ?? '';
const UNSIGNED = `${BASE}@sha256:${'0'.repeat(64)}`;
const TRUST = ['--trust', FIXTURE_TRUST];
const FROM = [...TRUST, '--store', FIXTURE_STORE];

let work = '';
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'signet-verify-many-'));
});
afterAll(async () => {
  await rm(work, { recursive: true });
});

function verify(...args: readonly string[]): Promise<Run> {
  return runSignet(['verify', ...args]);
}

async function write(name: string, text: string): Promise<string> {
  const file = path.join(work, name);
  await writeFile(file, text);
  return file;
}

describe('several pullspecs in one call', () => {
  test('a line each, in the order of the call, and the worst exit status', async () => {
    const asked = [BAD, ...GOOD, UNSIGNED];
    const { status, stdout, stderr } = await verify(...asked, ...FROM, '--concurrency', '2');
    expect([status, stderr]).toEqual([1, '']);
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(new RegExp(`^rejected {2}${BAD} {2}KeyUnknown: `)),
      ...GOOD.map((pullspec) => `accepted  ${pullspec}`),
      expect.stringMatching(new RegExp(`^rejected {2}${UNSIGNED} {2}SignatureNotFound: `)),
    ]);
  });

  test.each<[name: string, asked: readonly string[], more: readonly string[], status: number, outcome: string]>([
    ['all good', GOOD, FROM, 0, 'accepted'],
    ['one bad', [...GOOD, BAD], FROM, 1, 'rejected'],
    ['one forced', [...GOOD, BAD], [...FROM, '--force'], 0, 'accepted'],
    ['one forced, and told', [...GOOD, BAD], [...FROM, '--force', '--fail-on-forced'], 1, 'accepted'],
    ['a store that fails', [...GOOD, UNSIGNED], [...FROM, '--store', 'http://127.0.0.1:1'], 3, 'indeterminate'],
    [
      'a store that fails beside a rejection',
      [`x.example/y@sha256:${'1'.repeat(64)}`, UNSIGNED],
      [...TRUST, '--store', 'http://127.0.0.1:1'],
      1,
      'rejected',
    ],
  ])('%s', async (_, asked, more, status, outcome) => {
    const run = await verify(...asked, ...more, '-o', 'json');
    expect([run.status, JSON.parse(run.stdout)]).toMatchObject([
      status,
      { schema: 1, kind: 'Verdicts', outcome, verdicts: asked.map((pullspec) => ({ pullspec })) },
    ]);
  });

  test('of a file, with comments, beside those of the call', async () => {
    const file = await write('list.txt', `# releases\n\n  ${GOOD[0]}  # the first\n${BAD}\r\n`);
    const { status, stdout } = await verify(
      GOOD[1] ?? '',
      '-f',
      file,
      ...FROM,
      '-o',
      'jsonpath={.verdicts[*].outcome}',
    );
    expect([status, stdout]).toEqual([1, 'accepted accepted rejected\n']);
  });

  test.each<[name: string, text: string, message: RegExp]>([
    ['a line that is no pullspec', `${GOOD[0]}\nx@y\n`, /^signet: .*list-bad\.txt:2: "y" is not a digest/],
    ['half a version', '4.16\n', /list-bad\.txt:1: "4.16" is not a whole version/],
    ['nothing', '# none\n', /list-bad\.txt names no pullspec/],
  ])('%s ends the call before a store is read', async (_, text, message) => {
    const file = await write('list-bad.txt', text);
    const { status, stdout, stderr } = await verify('-f', file, ...FROM);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test.each<[name: string, text: string, message: RegExp]>([
    ['too many lines', '4.1.1\n'.repeat(MAX_ASKED + 1), /long\.txt:100001: more than 100000 lines/],
    ['too many bytes', '#'.repeat(MAX_LIST_BYTES + 1), /long\.txt: it is longer than 8388608 bytes/],
  ])('%s', async (_, text, message) => {
    const file = await write('long.txt', text);
    await expect(readAsked([], file, new AbortController().signal)).rejects.toThrow(message);
  });

  test.each<[name: string, args: readonly string[], message: RegExp]>([
    ['nothing is asked', [...FROM], /name a pullspec or a version, -f FILE, or --channel/],
    ['the words of an operator', [...GOOD, ...FROM, '--as', 'hive'], /--as is for one pullspec/],
    ['a channel beside pullspecs', [...GOOD, ...FROM, '--channel', 'stable-4.99'], /are for versions/],
  ])('%s', async (_, args, message) => {
    const { status, stdout, stderr } = await verify(...args);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
  });
});

describe('a store that is read for many at a time', () => {
  /** The store's own signatures, each answer held until as many requests wait as may. */
  async function startStore(waiting: number) {
    const held: (() => void)[] = [];
    const seen = { most: 0 };
    const server = await startServer(({ url = '' }, response) => {
      held.push(() => {
        const bytes = readSignature(url);
        if (bytes === undefined) response.writeHead(404).end();
        else response.end(bytes);
      });
      seen.most = Math.max(seen.most, held.length);
      if (held.length >= waiting) for (const answer of held.splice(0)) answer();
    });
    return { server, seen };
  }

  const readSignature = (url: string): Buffer | undefined => {
    const file = path.join(FIXTURE_STORE, ...url.split('/').slice(1));
    return existsSync(file) ? readFileSync(file) : undefined;
  };

  // Fewer than may at a time would wait for ever, and more are counted.
  test.each([1, 2, 3])('%i', async (concurrency) => {
    const asked = Array.from({ length: 12 }, (_, at) => GOOD[at % GOOD.length] ?? '');
    const { server, seen } = await startStore(concurrency);
    try {
      const from = ['--store', server.origin, '--allow-private-stores', '--concurrency', String(concurrency)];
      const { status, stdout } = await verify(...asked, ...TRUST, ...from);
      expect([status, stdout]).toEqual([0, asked.map((pullspec) => `accepted  ${pullspec}\n`).join('')]);
      expect(seen.most).toBe(concurrency);
      expect(server.requests).toHaveLength(asked.length);
    } finally {
      await server.close();
    }
  });
});

const [first] = fixtureReleases.filter(({ expected }) => expected === 'accept');
const VERSION = first?.version.replace(/-x86_64$/, '') ?? '';

function toGraph(nodes: readonly (readonly [version: string, payload: string, architecture?: string])[]): string {
  return JSON.stringify({
    nodes: nodes.map(([version, payload, architecture]) => ({
      version,
      payload,
      metadata: architecture === undefined ? {} : { 'release.openshift.io/architecture': architecture },
    })),
  });
}

describe('a version', () => {
  test('by the signatures of a local store', async () => {
    const { status, stdout } = await verify(VERSION, '--arch', 'x86_64', ...FROM);
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining(`accepted  ${first?.pullspec}\n  version   ${VERSION} for amd64, by `),
    ]);
    const json = await verify(VERSION, ...FROM, '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 2,
      pullspec: first?.pullspec,
      release: { version: VERSION },
    });
  });

  test('by a graph in a file, and by an update service, which is asked for its candidate channel', async () => {
    const file = await write('graph.json', toGraph([[VERSION, first?.pullspec ?? '']]));
    expect((await verify(VERSION, '--graph', file, ...FROM)).status).toBe(0);
    const asked: string[] = [];
    const server = await startServer((request, response) => {
      asked.push(request.url ?? '');
      response.end(toGraph([[VERSION, first?.pullspec ?? '', 'amd64']]));
    });
    const args = [VERSION, '--arch', 'x86_64', '--graph', `${server.origin}/graph`, ...FROM, '--allow-private-stores'];
    const { status, stdout } = await verify(...args);
    await server.close();
    expect([status, stdout.split(' ')[0]]).toEqual([0, 'accepted']);
    expect(asked).toEqual([`/graph?channel=candidate-${VERSION.split('.').slice(0, 2).join('.')}&arch=amd64`]);
  });

  test('a graph that calls another release by it is believed in nothing', async () => {
    const graph = toGraph([
      ['4.98.7', first?.pullspec ?? ''],
      [VERSION, first?.pullspec ?? '', 's390x'],
    ]);
    const file = await write('lying.json', graph);
    const { status, stdout } = await verify('4.98.7', '--graph', file, ...FROM);
    expect([status, stdout]).toEqual([
      1,
      expect.stringMatching(/^rejected .*\n(?:.*\n)+.*IdentityMismatch: .*4\.98\.7.* signed as /),
    ]);
    const other = await verify(VERSION, '--arch', 's390x', '--graph', file, ...FROM);
    expect([other.status, other.stdout]).toEqual([1, expect.stringContaining('IdentityMismatch')]);
  });

  test.each<[name: string, nodes: Parameters<typeof toGraph>[0]]>([
    [
      'first',
      [
        [VERSION, UNSIGNED, 'arm64'],
        [VERSION, first?.pullspec ?? '', 'amd64'],
      ],
    ],
    [
      'last',
      [
        [VERSION, first?.pullspec ?? '', 'amd64'],
        [VERSION, UNSIGNED, 'arm64'],
      ],
    ],
  ])('for two architectures, of which the %s is not signed, is rejected', async (name, nodes) => {
    const file = await write(`two-${name}.json`, toGraph(nodes));
    const args = [VERSION, '--arch', 'x86_64', '--arch', 'aarch64', '--graph', file, ...FROM];
    const { status, stdout } = await verify(...args, '-o', 'json');
    expect([status, JSON.parse(stdout)]).toMatchObject([1, { kind: 'Verdicts', outcome: 'rejected' }]);
  });

  test('of an architecture that the graph leaves open is compared with the signature', async () => {
    const file = await write('open.json', toGraph([[VERSION, first?.pullspec ?? '']]));
    const { status, stdout } = await verify(VERSION, '--arch', 's390x', '--graph', file, ...FROM);
    expect([status, stdout]).toEqual([
      1,
      expect.stringMatching(/IdentityMismatch: .* for s390x.* was signed as .* for amd64/),
    ]);
    const both = await verify(VERSION, '--arch', 's390x', '--arch', 'x86_64', '--graph', file, ...FROM);
    expect(both.status).toBe(2);
  });

  test('every release of a graph, where no version is named', async () => {
    const file = await write(
      'all.json',
      toGraph([
        [VERSION, first?.pullspec ?? ''],
        ['4.99.90', UNSIGNED],
      ]),
    );
    const { status, stdout } = await verify('--graph', file, ...FROM);
    expect([status, stdout.trimEnd().split('\n')]).toEqual([
      1,
      [
        `accepted  ${VERSION}  ${first?.pullspec}`,
        expect.stringContaining(`rejected  4.99.90  ${UNSIGNED}  SignatureNotFound`),
      ],
    ]);
  });

  test('a release of a graph that is in no canonical repository is decided too, and not left out', async () => {
    const elsewhere = `registry.example/product@${first?.pullspec.split('@')[1]}`;
    const file = await write(
      'elsewhere.json',
      toGraph([
        [VERSION, first?.pullspec ?? ''],
        ['4.99.91', elsewhere],
      ]),
    );
    const { status, stdout } = await verify('--graph', file, ...FROM);
    expect([status, stdout.trimEnd().split('\n')]).toEqual([
      1,
      [
        `accepted  ${VERSION}  ${first?.pullspec}`,
        expect.stringContaining(`rejected  4.99.91  ${elsewhere}  RepositoryNotCanonical`),
      ],
    ]);
    expect((await verify(VERSION, '--graph', file, ...FROM)).status).toBe(0);
  });

  test.each<[name: string, args: readonly string[], message: RegExp]>([
    ['an architecture', ['--arch', 'x86_64', '--arch', 's390x'], /the graph has no release of s390x/],
    ['a channel', ['--channel', 'stable-4.99', '--channel', 'stabel-4.99'], /there is no release in stabel-4\.99/],
  ])('%s without a release, beside one that has some: a wrong call', async (_, args, message) => {
    const metadata = {
      'release.openshift.io/architecture': 'amd64',
      'io.openshift.upgrades.graph.release.channels': 'stable-4.99',
    };
    const nodes = [{ version: VERSION, payload: first?.pullspec, metadata }];
    const file = await write('one-of-two.json', JSON.stringify({ nodes, edges: [] }));
    const { status, stdout, stderr } = await verify(...args, '--graph', file, ...FROM);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
    const rest = [...args.slice(0, 2), '--graph', file, ...FROM];
    expect((await verify(...rest)).status).toBe(0);
  });

  test('an empty graph beside one that has releases: a wrong call, but where a version is looked for', async () => {
    const [empty, filled] = [
      await write('empty.json', toGraph([])),
      await write('full.json', toGraph([[VERSION, first?.pullspec ?? '']])),
    ];
    const args = ['--graph', empty, '--graph', filled, ...FROM];
    const { status, stdout, stderr } = await verify(...args);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringContaining(`there is no release in ${empty}`)]);
    expect((await verify(VERSION, ...args)).status).toBe(0);
  });

  test('two graphs that disagree are named by their images: an architecture would not choose', async () => {
    const graphs = await Promise.all(
      [UNSIGNED, BAD].map((pullspec, at) => write(`disagrees-${at}.json`, toGraph([['4.99.1', pullspec]]))),
    );
    const { status, stdout, stderr } = await verify('4.99.1', ...graphs.flatMap((file) => ['--graph', file]), ...FROM);
    expect([status, stdout, stderr]).toEqual([
      2,
      '',
      expect.stringMatching(/4\.99\.1 is not one image: sha256:[0-9a-f]{64}, sha256:[0-9a-f]{64}; ask for it by/),
    ]);
  });

  test.each<[name: string, nodes: Parameters<typeof toGraph>[0], args: readonly string[], message: RegExp]>([
    ['not there', [[VERSION, UNSIGNED]], ['4.1.1'], /no graph or mirror that was read has a release 4\.1\.1/],
    [
      'there for two architectures',
      [
        ['4.99.1', UNSIGNED, 'amd64'],
        ['4.99.1', BAD, 'arm64'],
      ],
      ['4.99.1'],
      /4\.99\.1 is there for amd64, arm64: name one with --arch/,
    ],
    [
      'there for one of two that are named',
      [['4.99.1', UNSIGNED, 'arm64']],
      ['4.99.1', '--arch', 'x86_64', '--arch', 'aarch64'],
      /4\.99\.1 is there for arm64 alone/,
    ],
    [
      'there twice for one of two that are named',
      [
        ['4.99.1', UNSIGNED, 'arm64'],
        ['4.99.1+more', BAD, 'arm64'],
      ],
      ['4.99.1', '--arch', 'x86_64', '--arch', 'aarch64'],
      /4\.99\.1 is there for arm64/,
    ],
    ['there for another one', [['4.99.1', UNSIGNED, 'arm64']], ['4.99.1', '--arch', 'x86_64'], /there for arm64 alone/],
  ])('%s: a wrong call', async (name, nodes, args, message) => {
    const file = await write(`${name}.json`, toGraph(nodes));
    const { status, stdout, stderr } = await verify(...args, '--graph', file, ...FROM);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
  });
});

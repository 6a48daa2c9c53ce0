import { describe, expect, test } from 'vitest';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import {
  evaluateGraphs,
  type GraphPolicy,
  listDigests,
  listReleases,
} from '../../../lib/mirror/graph/list-releases.ts';
import { builtInProfile } from '../../../lib/trust/prepared/profiles.ts';
import {
  ARCHITECTURE,
  CHANNELS,
  digestOf,
  MANIFEST_REF,
  node,
  OCP,
  OKD,
  OKD_CI,
  parseSample,
  withMetadata,
} from './sample-graphs.ts';

const NO_REPOSITORIES: GraphPolicy = { canonicalRepositories: [], graphAliases: {} };
const ocp = builtInProfile('ocp') ?? NO_REPOSITORIES;
const okd = builtInProfile('okd') ?? NO_REPOSITORIES;

describe('what a repository is to a profile', () => {
  const away: GraphPolicy = {
    canonicalRepositories: [parseRepository(OCP)],
    graphAliases: {
      [parseRepository('a.example/alias')]: parseRepository(OCP),
      [parseRepository('a.example/chained')]: parseRepository('a.example/alias'),
      [parseRepository('a.example/astray')]: parseRepository('a.example/elsewhere'),
    },
  };
  test.each([
    ['the canonical repository of ocp', OCP, ocp, 'canonical'],
    ['the canonical repository of okd', OKD, okd, 'canonical'],
    ['the registry of OKD’s graph', OKD_CI, okd, 'alias'],
    ['an alias of another profile', OKD_CI, ocp, 'other'],
    ['an alias by the profile', 'a.example/alias', away, 'alias'],
    ['an alias of an alias', 'a.example/chained', away, 'other'],
    ['an alias of what is not canonical', 'a.example/astray', away, 'other'],
    ['what an alias leads to', 'a.example/elsewhere', away, 'other'],
    ['a repository below the canonical one', `${OCP}/x`, ocp, 'other'],
    ['a repository that begins like the canonical one', `${OCP}-nightly`, ocp, 'other'],
    ['the canonical repository, for a profile without any', OCP, NO_REPOSITORIES, 'other'],
  ])('%s', (_, repository, policy, kind) => {
    const graph = parseSample([node('4.16.0', repository)], 'amd64');
    expect(evaluateGraphs([graph], policy).repositories.map(({ standing }) => standing.kind)).toEqual([kind]);
  });
});

describe('what a mirror needs', () => {
  test('a digest once, under all its versions, channels and architectures', () => {
    const shared = digestOf('shared');
    const first = parseSample([node('4.16.0', OCP, shared), node('4.16.1')], 'amd64');
    const second = parseSample(
      [
        withMetadata(node('4.16.0', OCP, shared), { [CHANNELS]: 'stable-4.16,eus-4.16' }),
        node('4.16.0-x', OCP, shared),
      ],
      'arm64',
    );
    const { releases, outside } = listReleases([first, second], ocp);
    expect(outside).toEqual([]);
    expect(releases.map(({ digest }) => digest)).toEqual([shared, digestOf('4.16.1')]);
    expect(releases[0]).toEqual({
      digest: shared,
      repositories: [OCP],
      canonicalRepository: OCP,
      versions: ['4.16.0', '4.16.0-x'],
      architectures: ['amd64', 'arm64'],
      channels: ['stable-4.16', 'fast-4.16', 'eus-4.16'],
      alsoNamed: [],
    });
  });

  test('OKD’s graph: aliases count, and a digest under both names is one release', () => {
    const both = digestOf('both');
    const graph = parseSample([node('4.19.0', OKD_CI, both), node('4.19.1', OKD_CI), node('4.19.2', OKD, both)]);
    const { releases, outside } = listReleases([graph], okd);
    expect(outside).toEqual([]);
    expect(releases.map(({ digest, repositories }) => [digest, repositories])).toEqual([
      [both, [OKD_CI, OKD]],
      [digestOf('4.19.1'), [OKD_CI]],
    ]);
    expect(releases.map(({ canonicalRepository }) => canonicalRepository)).toEqual([OKD, OKD]);
    expect(releases[0]?.versions).toEqual(['4.19.0', '4.19.2']);
  });

  test('other repositories are kept apart, with their versions', () => {
    const graph = parseSample(
      [node('4.16.0'), node('4.16.1', 'mirror.example/release'), node('4.16.2', OKD_CI)],
      'amd64',
    );
    const { releases, outside } = listReleases([graph], ocp);
    expect(releases.map(({ versions }) => versions)).toEqual([['4.16.0']]);
    expect(outside.map(({ repository, versions, digest }) => [repository, versions, digest])).toEqual([
      ['mirror.example/release', ['4.16.1'], digestOf('4.16.1')],
      [OKD_CI, ['4.16.2'], digestOf('4.16.2')],
    ]);
  });

  test('the same digest inside and outside is in both', () => {
    const digest = digestOf('copied');
    const { releases, outside } = listReleases(
      [parseSample([node('4.16.0', OCP, digest), node('4.16.1', 'mirror.example/a', digest)])],
      ocp,
    );
    expect([releases.map((one) => one.digest), outside.map((one) => one.digest)]).toEqual([[digest], [digest]]);
    expect(releases[0]?.versions).toEqual(['4.16.0']);
  });

  test('digests that the metadata names besides are wanted too', () => {
    const list = digestOf('list');
    const named = withMetadata(node('4.16.0'), { [MANIFEST_REF]: list, [ARCHITECTURE]: 'multi' });
    const { releases } = listReleases([parseSample([named, node('4.16.1'), node('4.16.2', OCP, list)])], ocp);
    expect(listDigests(releases)).toEqual([digestOf('4.16.0'), list, digestOf('4.16.1')]);
  });

  test('nothing, of no graphs', () => {
    expect(listReleases([], ocp)).toEqual({ releases: [], outside: [] });
  });
});

test('payloads are counted by repository, those with most first', () => {
  const graph = parseSample([
    node('4.1.0', OKD),
    node('4.1.1', OKD_CI),
    node('4.1.2', OKD_CI),
    node('4.1.3', 'a.example/b'),
  ]);
  const { repositories, outside } = evaluateGraphs([graph, graph], okd);
  expect(repositories).toEqual([
    { repository: OKD_CI, standing: { kind: 'alias', canonicalRepository: OKD }, releases: 2 },
    { repository: OKD, standing: { kind: 'canonical' }, releases: 1 },
    { repository: 'a.example/b', standing: { kind: 'other' }, releases: 1 },
  ]);
  expect(outside.map(({ versions }) => versions)).toEqual([['4.1.3']]);
});

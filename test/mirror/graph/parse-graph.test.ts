import { describe, expect, test } from 'vitest';
import {
  MAX_GRAPH_BYTES,
  MAX_GRAPH_NODES,
  MAX_NODE_CHANNELS,
  MAX_VERSION_LENGTH,
  parseGraph,
} from '../../../lib/mirror/graph/parse-graph.ts';
import {
  ARCHITECTURE,
  CHANNELS,
  digestOf,
  failureOf,
  MANIFEST_REF,
  node,
  OCP,
  parseSample,
  parseText,
  toGraphText,
  withMetadata,
} from './sample-graphs.ts';

const good = node('4.16.0');
const withNode = (untrusted: unknown): string => toGraphText([node('4.15.0'), untrusted]);

describe('what is no update graph is refused', () => {
  test.each([
    ['nothing', '', 'BodyInvalid', 'not strict JSON: unexpected end at character 0'],
    ['a page of HTML', '<!DOCTYPE html><html></html>', 'BodyInvalid', 'it is a page of HTML'],
    ['a page of HTML after a byte order mark', '\uFEFF\n<html>', 'BodyInvalid', 'it is a page of HTML'],
    ['a byte order mark', `\uFEFF${toGraphText([good])}`, 'BodyInvalid', 'not strict JSON: unexpected'],
    ['a graph cut off', toGraphText([good]).slice(0, -9), 'BodyInvalid', 'not strict JSON: '],
    ['two graphs', toGraphText([good]).repeat(2), 'BodyInvalid', 'not strict JSON: unexpected "{"'],
    ['an array', '[]', 'BodyInvalid', 'expected an object with nodes'],
    ['null', 'null', 'BodyInvalid', 'expected an object with nodes'],
    ['no nodes', '{"edges":[]}', 'BodyInvalid', 'nodes: expected an array'],
    [
      'an error of the service',
      '{"kind":"missing_params","value":"channel"}',
      'BodyInvalid',
      'nodes: expected an array',
    ],
    ['nodes by name', '{"nodes":{"4.16.0":{}}}', 'BodyInvalid', 'nodes: expected an array'],
    ['a member twice', '{"nodes":[],"nodes":[]}', 'BodyInvalid', 'the member "nodes" a second time at character 12'],
    [
      'a payload twice',
      `{"nodes":[{"version":"4.1.0","payload":"a","payload":"b"}]}`,
      'BodyInvalid',
      '"payload" a second',
    ],
    ['a node that is text', withNode('4.16.0'), 'BodyInvalid', 'nodes[1]: expected an object'],
    ['a node that is an array', withNode([good]), 'BodyInvalid', 'nodes[1]: expected an object'],
    ['no version', withNode({ payload: good.payload }), 'BodyInvalid', 'nodes[1].version: missing'],
    [
      'a version that is a number',
      withNode({ ...good, version: 4.16 }),
      'BodyInvalid',
      'nodes[1].version: expected a string',
    ],
    [
      'a version that is null',
      withNode({ ...good, version: null }),
      'BodyInvalid',
      'nodes[1].version: expected a string',
    ],
    [
      'a version with a path',
      withNode({ ...good, version: '4.16.0/../x' }),
      'BodyInvalid',
      'nodes[1].version: "4.16.0/../x" is',
    ],
    [
      'a version of two numbers',
      withNode({ ...good, version: '4.16' }),
      'BodyInvalid',
      'nodes[1].version: "4.16" is not a',
    ],
    [
      'an endless version',
      withNode({ ...good, version: `4.16.0-${'0'.repeat(MAX_VERSION_LENGTH)}` }),
      'BodyInvalid',
      'nodes[1].version',
    ],
    [
      'a version twice',
      withNode(node('4.15.0')),
      'BodyInvalid',
      'nodes[1].version: 4.15.0 is also the version of nodes[0]',
    ],
    [
      'another payload, which clusters read',
      withNode({ ...good, Payload: good.payload }),
      'BodyInvalid',
      'nodes[1]."Payload": spelled otherwise than version, payload, metadata',
    ],
    [
      'other nodes, which clusters read',
      JSON.stringify({ nodes: [good], NODES: [] }),
      'BodyInvalid',
      '"NODES": spelled otherwise than nodes',
    ],
    ['metadata twice', withNode({ ...good, metaData: {} }), 'BodyInvalid', 'nodes[1]."metaData": spelled otherwise'],
    ['no payload', withNode({ version: '4.16.0' }), 'BodyInvalid', 'nodes[1].payload: missing'],
    [
      'a payload that is an object',
      withNode({ ...good, payload: {} }),
      'BodyInvalid',
      'nodes[1].payload: expected a string',
    ],
    [
      'a payload by tag',
      withNode({ ...good, payload: `${OCP}:4.16.0-x86_64` }),
      'BodyInvalid',
      'nodes[1].payload: it names no digest',
    ],
    [
      'a payload with half a digest',
      withNode({ ...good, payload: `${OCP}@sha256:00` }),
      'BodyInvalid',
      'nodes[1].payload: "sha256:00"',
    ],
    [
      'a payload that is a digest',
      withNode({ ...good, payload: digestOf('x') }),
      'BodyInvalid',
      'nodes[1].payload: a digest alone',
    ],
    [
      'a payload with a transport',
      withNode({ ...good, payload: `docker://${good.payload}` }),
      'BodyInvalid',
      'nodes[1].payload: write',
    ],
    [
      'an endless payload',
      withNode({ ...good, payload: 'a'.repeat(5000) }),
      'BodyInvalid',
      'nodes[1].payload: the pullspec has 5000',
    ],
    [
      'metadata that is a list',
      withNode({ ...good, metadata: [] }),
      'BodyInvalid',
      'nodes[1].metadata: expected an object',
    ],
    [
      'channels that are a list',
      withNode({ ...good, metadata: { [CHANNELS]: [] } }),
      'BodyInvalid',
      `nodes[1].metadata["${CHANNELS}"]: expected a string`,
    ],
    [
      'a channel that is no name',
      withNode(withMetadata(good, { [CHANNELS]: 'stable 4.16' })),
      'BodyInvalid',
      '"stable 4.16" is not a name',
    ],
    [
      'too many channels',
      withNode(withMetadata(good, { [CHANNELS]: ','.repeat(MAX_NODE_CHANNELS) })),
      'BodyInvalid',
      `more than ${MAX_NODE_CHANNELS} channels`,
    ],
    [
      'an architecture that is no name',
      withNode(withMetadata(good, { [ARCHITECTURE]: '' })),
      'BodyInvalid',
      `nodes[1].metadata["${ARCHITECTURE}"]: "" is`,
    ],
    [
      'a manifestref that is no digest',
      withNode(withMetadata(good, { [MANIFEST_REF]: 'latest' })),
      'BodyInvalid',
      `nodes[1].metadata["${MANIFEST_REF}"]: "latest"`,
    ],
    [
      'one level too deep',
      `{"nodes":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      'BodyInvalid',
      'more than 10000 levels',
    ],
    [
      'more nodes than are read',
      `{"nodes":[${'0,'.repeat(MAX_GRAPH_NODES)}0]}`,
      'BodyTooLarge',
      `nodes: more than ${MAX_GRAPH_NODES}`,
    ],
  ])('%s', async (_, text, code, message) => {
    const failure = await failureOf(() => parseText(text));
    expect(failure.code).toBe(`InputError ${code}`);
    expect(failure.message).toMatch(/^graph\.json: not an update graph: /);
    expect(failure.message).toContain(message);
    expect(failure.message.length).toBeLessThan(600);
  });

  test('more bytes than are read, before anything is read', async () => {
    const bytes = new Uint8Array(MAX_GRAPH_BYTES + 1);
    const failure = await failureOf(() => parseGraph(bytes, { source: 'graph.json' }));
    expect(failure.code).toBe('InputError BodyTooLarge');
  });

  test('what is not UTF-8', async () => {
    const failure = await failureOf(() => parseGraph(Uint8Array.of(0x22, 0xff, 0x22), { source: 'graph.json' }));
    expect(failure.code).toBe('InputError BodyInvalid');
    expect(failure.message).toContain('not strict JSON');
  });
});

describe('what a graph says', () => {
  test('of each release, unknown members ignored', () => {
    const children = digestOf('list');
    const graph = parseSample(
      [
        { ...good, unknown: { nested: [1] } },
        withMetadata(node('4.16.1'), {
          [ARCHITECTURE]: 'multi',
          [MANIFEST_REF]: children,
          [CHANNELS]: ' a-1 , b-1,a-1,',
        }),
        { version: '4.16.2-rc.0+s390x', payload: `QUAY.io:443/openshift-release-dev/ocp-release:x@${digestOf('rc')}` },
        { ...node('4.16.3'), metadata: null },
      ],
      'amd64',
    );
    const facts = { repository: OCP, architecture: 'amd64', channels: [], manifestRef: undefined };
    expect(graph).toEqual({
      source: 'graph.json',
      nodes: [
        { ...facts, version: '4.16.0', digest: digestOf('4.16.0'), channels: ['stable-4.16', 'fast-4.16'] },
        {
          ...facts,
          version: '4.16.1',
          digest: digestOf('4.16.1'),
          architecture: 'multi',
          channels: ['a-1', 'b-1'],
          manifestRef: children,
        },
        { ...facts, version: '4.16.2-rc.0+s390x', digest: digestOf('rc') },
        { ...facts, version: '4.16.3', digest: digestOf('4.16.3') },
      ],
    });
  });

  test('nothing, where it has no nodes', () => {
    expect(parseText('{"nodes":[]}').nodes).toEqual([]);
  });

  test('a version once for each architecture', () => {
    const multi = withMetadata(node('4.16.0', OCP, digestOf('m')), { [ARCHITECTURE]: 'multi' });
    expect(parseSample([good, multi]).nodes).toHaveLength(2);
  });

  test('members of the prototype are no members of a node', async () => {
    const text = '{"nodes":[{"__proto__":{"version":"4.1.0","payload":"x"}}]}';
    expect((await failureOf(() => parseText(text))).message).toContain('nodes[0].version: missing');
  });
});

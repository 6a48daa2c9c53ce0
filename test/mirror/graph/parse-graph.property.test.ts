import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { isDigest } from '../../../lib/base/names/digest.ts';
import { parseRepository } from '../../../lib/base/names/reference.ts';
import { listReleases } from '../../../lib/mirror/graph/list-releases.ts';
import {
  MAX_GRAPH_NODES,
  MAX_NODE_CHANNELS,
  MAX_VERSION_LENGTH,
  parseGraph,
  type UpdateGraph,
} from '../../../lib/mirror/graph/parse-graph.ts';
import {
  ARCHITECTURE,
  CHANNELS,
  digestOf,
  MANIFEST_REF,
  node,
  OCP,
  toGraphText,
  withMetadata,
} from './sample-graphs.ts';

const OTHER_REF = { [MANIFEST_REF]: digestOf('list'), [ARCHITECTURE]: 'multi-architecture' };
const POLICY = { canonicalRepositories: [parseRepository(OCP)], graphAliases: {} };

function parse(untrustedBytes: Uint8Array): UpdateGraph | undefined {
  try {
    return parseGraph(untrustedBytes, { source: 'graph.json' });
  } catch (error) {
    // Anything else would be a crash.
    if (!(error instanceof InputError)) throw error;
    expect(error.message.length).toBeLessThan(2000);
    return undefined;
  }
}

function check(graph: UpdateGraph | undefined): void {
  if (graph === undefined) return;
  expect(graph.nodes.length).toBeLessThanOrEqual(MAX_GRAPH_NODES);
  for (const { version, digest, channels, manifestRef } of graph.nodes) {
    expect(version.length).toBeLessThanOrEqual(MAX_VERSION_LENGTH);
    expect(channels.length).toBeLessThanOrEqual(MAX_NODE_CHANNELS);
    expect(isDigest(digest) && (manifestRef === undefined || isDigest(manifestRef))).toBe(true);
  }
  const { releases, outside } = listReleases([graph], POLICY);
  const listed = [...releases, ...outside].flatMap(({ versions }) => versions);
  expect(new Set(listed)).toEqual(new Set(graph.nodes.map(({ version }) => version)));
}

const sample = new TextEncoder().encode(toGraphText([node('4.16.0'), node('4.16.1', 'mirror.example/a')]));

describe('whatever the input, a graph within the limits or an InputError', () => {
  test('any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => check(parse(bytes))));
  });

  test('a graph with bytes changed or cut off', () => {
    const edit = fc.record({ at: fc.nat(sample.length - 1), to: fc.nat(255), end: fc.nat(sample.length) });
    fc.assert(
      fc.property(edit, fc.boolean(), ({ at, to, end }, isCut) => {
        const bytes = Uint8Array.from(sample);
        bytes[at] = to;
        check(parse(isCut ? bytes.subarray(0, end) : bytes));
      }),
      { numRuns: 1000 },
    );
  });

  test('nodes of any JSON, with members that are known', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '4.16.0',
        '4.16.1',
        'stable-4.16,fast-4.16',
        'multi',
        node('4.16.0').payload,
        node('1.1.1').payload,
      ),
    );
    const value = fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
    const names = fc.constantFrom(CHANNELS, MANIFEST_REF, ARCHITECTURE, '__proto__', 'constructor');
    const member = fc.oneof(value, fc.dictionary(names, value));
    const nodes = fc.array(
      fc.record({ version: value, payload: value, metadata: member }, { requiredKeys: ['version', 'payload'] }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(nodes, (untrusted) => check(parse(new TextEncoder().encode(toGraphText(untrusted))))),
      { numRuns: 2000 },
    );
  });
});

test('10,000 nodes are read and listed', () => {
  const nodes = Array.from({ length: 10_000 }, (_, index) => node(`4.${index % 30}.${Math.floor(index / 30)}`));
  const bytes = new TextEncoder().encode(toGraphText(nodes));
  const graph = parse(bytes);
  const { releases } = listReleases(graph === undefined ? [] : [graph], POLICY);
  expect(releases).toHaveLength(10_000);
});

test('a graph keeps nothing of the text that it was read from', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const measure = (): number => {
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const padding = ' '.repeat(4_000_000);
  const before = measure();
  const graphs = Array.from({ length: 20 }, (_, index) => {
    const text = toGraphText([node(`4.16.${index}`, 'mirror.example/a'), withMetadata(node('4.1.0'), OTHER_REF)]);
    return parse(new TextEncoder().encode(text + padding));
  });
  // Bytes are let go of beside the program.
  await expect.poll(() => measure() - before, { timeout: 4000 }).toBeLessThan(20_000_000);
  expect(graphs.every((graph) => graph?.nodes.length === 2)).toBe(true);
});

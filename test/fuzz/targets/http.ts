import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Draw } from '../draw.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutatePlainText, mutateTree, toTree } from '../mutate/json-tree.ts';
import { writeTree } from '../mutate/write-tree.ts';
import { type FuzzTarget, GENUINE, type OpenTarget, type Outcome, REFUSED } from '../target.ts';
import { createHttpReaders, type HttpReader } from './http-readers.ts';
import { RESPONSES, startRawServer } from './raw-server.ts';

const EVENTS = path.join(import.meta.dirname, '../../../demo/events');
const DIGEST = `sha256:${'a1'.repeat(32)}`;
const HEADERS = [
  'Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull"',
  'Basic realm="Registry", Bearer realm="https://auth.example.com/token"',
  'Negotiate abc==, Digest qop="auth, auth-int"',
  '</v2/product/release/referrers/x?n=1&last=a>; rel="next"',
  '<https://registry.example.com/v2/a?last=b>; rel=next, <b>; rel="prev"',
].map((text) => Buffer.from(text));
const HEADER_PARTS = [
  '"',
  '\\',
  ',',
  ';',
  '=',
  '<',
  '>',
  ' ',
  '\t',
  '\r\n',
  'Bearer',
  'Basic',
  'realm=',
  'rel="next"',
  'https://',
  '//evil.example',
  '\u00e9',
  '\0',
].map((text) => Buffer.from(text));
const REQUESTS: readonly unknown[] = [
  {
    pullspec: `registry.example.com/product/release@${DIGEST}`,
    profile: 'a',
    mode: 'warn',
    platforms: ['linux/arm64/v8'],
    force: true,
  },
  {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'a-b',
      operation: 'UPDATE',
      resource: { group: 'config.openshift.io', version: 'v1', resource: 'clusterversions' },
      object: {
        spec: { desiredUpdate: { image: `registry.example.com/a/b@${DIGEST}`, version: '4.20.1', force: false } },
      },
      oldObject: { spec: {} },
    },
  },
];

/** What peers and callers send over HTTP: answers with their headers, challenges, chunks, webhooks, API requests. */
export function createHttp(): FuzzTarget {
  return {
    name: 'http',
    summary: 'answers of registries, headers, challenges, Link, chunks, webhooks, API requests',
    open: openHttp,
  };
}

async function openHttp(): Promise<OpenTarget> {
  const server = await startRawServer();
  const readers = createHttpReaders(server);
  const events = readdirSync(EVENTS).map((name) => readFileSync(path.join(EVENTS, name)));
  const trees = [...events.map((event): unknown => JSON.parse(event.toString())), ...REQUESTS].map(toTree);

  const make = (draw: Draw): Uint8Array => {
    const at = draw.below(readers.length);
    const reader = readers[at];
    // One connection takes a millisecond.
    if (reader === undefined || (reader.form === 'response' && !draw.once(8))) return make(draw);
    return Buffer.concat([Buffer.from([at]), makeInput(draw, reader)]);
  };
  const makeInput = (draw: Draw, { form }: HttpReader): Uint8Array => {
    switch (form) {
      case 'header':
        return mutateHeader(draw, draw.pick(HEADERS));
      case 'response':
        return draw.once(2)
          ? mutateHeader(draw, draw.pick(RESPONSES))
          : mutateBytes(draw, draw.pick(RESPONSES), RESPONSES);
      case 'body': {
        if (draw.once(8)) return mutateBytes(draw, draw.pick(events), events);
        let tree = draw.pick(trees);
        for (let edits = draw.below(3); edits > 0; edits--) tree = mutateTree(draw, tree, trees, mutatePlainText);
        return Buffer.from(writeTree(draw, tree));
      }
      default:
        return form satisfies never;
    }
  };
  const check = async (input: Uint8Array): Promise<Outcome> => {
    const reader = readers[(input[0] ?? 0) % readers.length];
    if (reader === undefined) return REFUSED;
    try {
      const fault = await reader.read(input.subarray(1));
      return fault === undefined ? GENUINE : { kind: 'wrong accept', detail: `${reader.name}, ${fault}` };
    } catch (error) {
      if (reader.declared.some((kind) => error instanceof kind)) return REFUSED;
      throw error;
    }
  };
  return { make, check };
}

function mutateHeader(draw: Draw, seed: Buffer): Buffer {
  let text = seed;
  for (let edits = draw.below(4); edits > 0; edits--) {
    const at = draw.below(text.length + 1);
    text = draw.once(3)
      ? mutateBytes(draw, text, HEADERS)
      : Buffer.concat([text.subarray(0, at), draw.pick(HEADER_PARTS), text.subarray(at + draw.below(2))]);
  }
  return text;
}

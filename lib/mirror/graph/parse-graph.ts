import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { createNodeParser, type GraphNode } from './parse-node.ts';

/** Bytes of one graph: several times those of the largest channels. */
export const MAX_GRAPH_BYTES = 32 * 1024 * 1024;
export const MAX_GRAPH_NODES = 50_000;

/** The answer of an update service (Cincinnati), as far as a mirror needs it: releases without edges. */
export interface UpdateGraph {
  /** The file or URL that it was read from, as messages may show it. */
  readonly source: string;
  readonly nodes: readonly GraphNode[];
}

/** The name of the bytes in messages, and the architecture that was requested. */
interface GraphOrigin {
  readonly source: string;
  readonly architecture?: string | undefined;
}

/**
 * Parses an update graph: strict JSON with `nodes`, each with a version and a payload by digest. Unknown members are
 * ignored. One invalid node refuses the whole graph, since no release may be dropped silently.
 *
 * @throws InputError `BodyInvalid` or `BodyTooLarge`, naming the source and the member at fault
 */
export function parseGraph(untrustedBytes: Uint8Array, { source, architecture }: GraphOrigin): UpdateGraph {
  try {
    return { source, nodes: parseNodes(parseDocument(untrustedBytes), architecture) };
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw new InputError(cause.code, `${source}: not an update graph: ${cause.message}`, { cause });
  }
}

function parseDocument(untrustedBytes: Uint8Array): JsonObject {
  if (untrustedBytes.length > MAX_GRAPH_BYTES) {
    throw new InputError('BodyTooLarge', `it is longer than ${MAX_GRAPH_BYTES} bytes`);
  }
  const document = parseJson(untrustedBytes);
  if (!isJsonObject(document)) throw new InputError('BodyInvalid', 'expected an object with nodes');
  return document;
}

function parseJson(untrustedBytes: Uint8Array): JsonValue {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(untrustedBytes));
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    throw new InputError('BodyInvalid', isPage(untrustedBytes) ? 'it is a page of HTML' : `not strict JSON: ${fault}`, {
      cause,
    });
  }
}

/** Login pages and captive portals answer 200. */
function isPage(untrustedBytes: Uint8Array): boolean {
  return /^(?:\xef\xbb\xbf)?\s*</.test(Buffer.from(untrustedBytes.subarray(0, 64)).toString('latin1'));
}

function parseNodes({ nodes }: JsonObject, architecture: string | undefined): readonly GraphNode[] {
  if (!Array.isArray(nodes)) throw new InputError('BodyInvalid', 'nodes: expected an array');
  if (nodes.length > MAX_GRAPH_NODES) throw new InputError('BodyTooLarge', `nodes: more than ${MAX_GRAPH_NODES}`);
  const parseNode = createNodeParser(architecture);
  const places = new Map<string, number>();
  return nodes.map((untrustedNode, index) => {
    const node = parseNode(untrustedNode, `nodes[${index}]`);
    // A graph of all architectures has a version once for each. Twice for one would be ambiguous.
    const name = `${node.version} ${node.architecture ?? ''}`;
    const earlier = places.get(name);
    if (earlier !== undefined) {
      const fault = `${node.version} is also the version of nodes[${earlier}]`;
      throw new InputError('BodyInvalid', `nodes[${index}].version: ${fault}`);
    }
    places.set(name, index);
    return node;
  });
}

import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { createNodeParser, type GraphNode } from './parse-node.ts';

/** Bytes of one graph: several times those of the largest channels. */
export const MAX_GRAPH_BYTES = 32 * 1024 * 1024;
export const MAX_GRAPH_NODES = 50_000;

/** What an update service (Cincinnati) answers, as far as a mirror needs it: releases, without the ways between them. */
export interface UpdateGraph {
  /** The file or URL that it was read from, as messages may show it. */
  readonly source: string;
  readonly nodes: readonly GraphNode[];
}

/** What messages call the bytes, and what was asked for to get them. */
interface GraphOrigin {
  readonly source: string;
  readonly architecture?: string | undefined;
}

/**
 * Reads an update graph: strict JSON with `nodes`, of which each has a version and a payload by digest. Members that
 * are not known are ignored; one node that is not in order refuses the whole, since no release may go missing unseen.
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
    // A graph of all architectures has a version once for each; twice for one would leave open which is meant.
    const name = `${node.version} ${node.architecture ?? ''}`;
    const earlier = places.get(name);
    if (earlier !== undefined) {
      const fault = `${node.version} is that of nodes[${earlier}] already`;
      throw new InputError('BodyInvalid', `nodes[${index}].version: ${fault}`);
    }
    places.set(name, index);
    return node;
  });
}

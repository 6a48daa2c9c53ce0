import { decodeUtf8 } from '../../base/documents/decode.ts';
import { findOtherSpelling, isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { parseStrictJson } from '../../base/documents/parse-strict-json.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Digest, parseDigest } from '../../base/names/digest.ts';
import { parsePullspec, parseRepository, type Repository } from '../../base/names/reference.ts';

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
    return parseStrictJson(decodeUtf8(untrustedBytes));
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

function parseNodes(document: JsonObject, architecture: string | undefined): readonly GraphNode[] {
  requireSpelling(document, ['nodes'], '');
  const { nodes } = document;
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

/** Characters of a version. */
export const MAX_VERSION_LENGTH = 128;
/** Channels that the metadata of one node may name. */
export const MAX_NODE_CHANNELS = 256;

/** One release of a graph. Its payload is parsed, and not yet compared with any policy. */
export interface GraphNode {
  readonly version: string;
  readonly repository: Repository;
  readonly digest: Digest;
  /** From the metadata, such as `multi`, else the one that was requested; undefined if neither names it. */
  readonly architecture: string | undefined;
  readonly channels: readonly string[];
  /** The metadata's `manifestref` where it is another digest than the payload's. */
  readonly manifestRef: Digest | undefined;
}

/** @param path of the node, such as `nodes[7]` @throws InputError `BodyInvalid`, the path of the member first */
type NodeParser = (untrustedNode: JsonValue, path: string) => GraphNode;

/** The shape of a semantic version. Leading zeros are allowed. */
const VERSION = /^[0-9]+\.[0-9]+\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?$/;
/** The name of a channel or an architecture. */
const NAME = /^[0-9A-Za-z][0-9A-Za-z._+-]{0,127}$/;

const CHANNELS = 'io.openshift.upgrades.graph.release.channels';
const MANIFEST_REF = 'io.openshift.upgrades.graph.release.manifestref';
const ARCHITECTURE = 'release.openshift.io/architecture';

/**
 * A parser for the nodes of one graph. Repeated values are kept once.
 *
 * @param architecture of nodes whose metadata names none
 */
function createNodeParser(architecture: string | undefined): NodeParser {
  const repositories = new Map<Repository, Repository>();
  const channelLists = new Map<string, readonly string[]>();

  function parsePayload(text: string): Pick<GraphNode, 'repository' | 'digest'> {
    const { repository, digest } = parsePullspec(text);
    if (digest === undefined) throw invalid('it names no digest: expected registry/repository@sha256:…');
    const kept = repositories.get(repository) ?? parseRepository(detach(repository));
    repositories.set(kept, kept);
    return { repository: kept, digest: detachDigest(digest) };
  }

  function parseChannels(text: string): readonly string[] {
    const channels = channelLists.get(text) ?? toNames(text);
    channelLists.set(text, channels);
    return channels;
  }

  return (untrustedNode, path) => {
    if (!isJsonObject(untrustedNode)) throw invalid(`${path}: expected an object`);
    requireSpelling(untrustedNode, ['version', 'payload', 'metadata'], `${path}.`);
    const version = readText(untrustedNode, 'version', path, parseVersion);
    const payload = readText(untrustedNode, 'payload', path, parsePayload);
    if (version === undefined) throw invalid(`${path}.version: missing`);
    if (payload === undefined) throw invalid(`${path}.payload: missing`);
    const metadata = untrustedNode['metadata'] ?? {};
    const metadataPath = `${path}.metadata`;
    if (!isJsonObject(metadata)) throw invalid(`${metadataPath}: expected an object`);
    const manifestRef = readText(metadata, MANIFEST_REF, metadataPath, parseDigest);
    return {
      version,
      ...payload,
      architecture: readText(metadata, ARCHITECTURE, metadataPath, parseName) ?? architecture,
      channels: readText(metadata, CHANNELS, metadataPath, parseChannels) ?? [],
      manifestRef: manifestRef === undefined || manifestRef === payload.digest ? undefined : detachDigest(manifestRef),
    };
  };
}

/** Clusters are written in Go, and take `Payload` for `payload`: they would be led to another release. */
function requireSpelling(object: JsonObject, known: readonly string[], place: string): void {
  const other = findOtherSpelling(object, known);
  if (other !== undefined) throw invalid(`${place}${show(other)}: spelled otherwise than ${known.join(', ')}`);
}

function readText<T>(object: JsonObject, member: string, path: string, parse: (text: string) => T): T | undefined {
  if (!Object.hasOwn(object, member)) return undefined;
  const value = object[member];
  const place = member.includes('.') ? `${path}[${JSON.stringify(member)}]` : `${path}.${member}`;
  if (typeof value !== 'string') throw invalid(`${place}: expected a string`);
  try {
    return parse(value);
  } catch (cause) {
    if (!(cause instanceof InputError)) throw cause;
    throw invalid(`${place}: ${cause.message}`, cause);
  }
}

function parseVersion(text: string): string {
  if (text.length <= MAX_VERSION_LENGTH && VERSION.test(text)) return detach(text);
  throw invalid(`${show(text)} is not a version`);
}

function toNames(text: string): readonly string[] {
  const names = text.split(',', MAX_NODE_CHANNELS + 1);
  if (names.length > MAX_NODE_CHANNELS) throw invalid(`more than ${MAX_NODE_CHANNELS} channels`);
  const named = names.map((name) => name.trim()).filter((name) => name !== '');
  return Array.from(new Set(named), parseName);
}

function parseName(text: string): string {
  if (NAME.test(text)) return detach(text);
  throw invalid(`${show(text)} is not a name`);
}

/** A copy of ASCII text. A piece of the graph's text would keep all of it in memory, and a sync reads many graphs. */
function detach(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function detachDigest(digest: Digest): Digest {
  return parseDigest(detach(digest));
}

function show(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function invalid(message: string, cause?: unknown): InputError {
  return new InputError('BodyInvalid', message, cause === undefined ? {} : { cause });
}

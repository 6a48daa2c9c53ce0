import { isJsonObject, type JsonObject, type JsonValue } from '../../base/documents/json-value.ts';
import { InputError } from '../../base/errors/input-error.ts';
import { type Digest, parseDigest } from '../../base/names/digest.ts';
import type { Repository } from '../../base/names/reference.ts';
import { parsePullspec, parseRepository } from '../../base/names/reference.ts';

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
export type NodeParser = (untrustedNode: JsonValue, path: string) => GraphNode;

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
export function createNodeParser(architecture: string | undefined): NodeParser {
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

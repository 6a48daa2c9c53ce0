import { InputError } from '../../base/errors/input-error.ts';
import { toFileReason } from '../../platform/files/file-error.ts';
import { readRegularFile } from '../../platform/files/read-regular-file.ts';
import type { HttpClient, HttpResponse } from '../../platform/http/http-client.ts';
import { checkHttpUrl, isUrlLike, toShownScheme, toShownUrl } from '../../platform/http/http-url.ts';
import { runBounded } from '../../platform/queues/run-bounded.ts';
import { retryRequest } from '../../platform/time/retries.ts';
import { checkStatus } from '../../registry/client/registry-answers.ts';
import { MAX_GRAPH_BYTES, parseGraph, type UpdateGraph } from './parse-graph.ts';

/** Milliseconds for one try. A service may have to build the graph first, and some graphs have megabytes. */
const GRAPH_TIMEOUT_MS = 30_000;

interface ReadGraphOptions {
  readonly client: HttpClient;
  readonly signal: AbortSignal;
  /** Tests shorten it. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Reads one graph from a file or an update service. A request that failed to connect is repeated.
 *
 * @throws InputError for an invalid graph, an unreadable file, and a request that the service refuses; StoreError when the
 *   service fails; the abort reason of the signal
 */
export async function readGraph(place: GraphPlace, options: ReadGraphOptions): Promise<UpdateGraph> {
  switch (place.kind) {
    case 'file':
      return parseGraph(await readFile(place.path), { source: place.path });
    case 'url': {
      const { url, source, architecture } = place;
      return parseGraph((await ask(url, source, options)).bytes, { source, architecture });
    }
    default:
      throw new InputError('ArgumentInvalid', 'a graph is read from a file or a URL');
  }
}

async function readFile(path: string): Promise<Uint8Array> {
  const contents = await readRegularFile(path, MAX_GRAPH_BYTES, 'follow').catch((cause: unknown) => {
    throw unreadable(path, toFileReason(cause), cause);
  });
  switch (contents.kind) {
    case 'whole':
      return contents.bytes;
    case 'cut':
      throw new InputError('BodyTooLarge', `${path}: not an update graph: it is longer than ${MAX_GRAPH_BYTES} bytes`);
    case 'directory':
      throw unreadable(path, 'it is a directory');
    case 'irregular':
      throw unreadable(path, 'it is not a regular file');
    default:
      throw unreadable(path, 'it is no file');
  }
}

async function ask(url: URL, source: string, { client, signal, timeoutMs }: ReadGraphOptions): Promise<HttpResponse> {
  const request = { accept: 'application/json', limitBytes: MAX_GRAPH_BYTES, timeoutMs: timeoutMs ?? GRAPH_TIMEOUT_MS };
  return await retryRequest(async () => {
    const response = await client.get(url.href, { ...request, signal });
    if (response.status === 400) {
      throw new InputError('ArgumentInvalid', `${source}: HTTP status 400: the service refuses the request; ${HINT}`);
    }
    checkStatus(response, url.origin);
    return response;
  }, signal);
}

const HINT = 'most services require a channel, such as stable-4.16';

function unreadable(path: string, why: string, cause?: unknown): InputError {
  return new InputError('FileUnreadable', `cannot read ${path}: ${why}`, { cause });
}

/** Requests to update services at once. */
export const GRAPH_CONCURRENCY = 4;

/** All graphs, in the order of their places. One failure aborts the others. @throws as {@link readGraph} */
export async function readGraphs(
  places: readonly GraphPlace[],
  options: ReadGraphOptions,
): Promise<readonly UpdateGraph[]> {
  const others = new AbortController();
  const signal = AbortSignal.any([options.signal, others.signal]);
  try {
    return await runBounded(places, GRAPH_CONCURRENCY, (place) => readGraph(place, { ...options, signal }));
  } finally {
    others.abort();
  }
}

/** The place of one graph: a file, or a request to an update service. */
export type GraphPlace =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'url';
      readonly url: URL;
      /** The URL as messages show it, with its channel and architecture. */
      readonly source: string;
      readonly architecture: string | undefined;
    };

export interface GraphQuestion {
  readonly channels: readonly string[];
  readonly architectures: readonly string[];
}

/** Requests for one URL. */
export const MAX_QUESTIONS = 1024;

/**
 * The places that the arguments name: a file, or for a URL one request for each channel and architecture. Without them the
 * URL's own query is used.
 *
 * @throws InputError `ArgumentInvalid`, which repeats no password
 */
export function toGraphPlaces(from: string, { channels, architectures }: GraphQuestion): readonly GraphPlace[] {
  if (!isUrlLike(from)) {
    if (channels.length === 0 && architectures.length === 0) return [{ kind: 'file', path: from }];
    throw invalid(`${from} is a file: only a URL takes a channel and an architecture`);
  }
  const base = parseGraphUrl(from);
  const [askedChannels, askedArchitectures] = [unique(channels), unique(architectures)];
  if (askedChannels.length * askedArchitectures.length > MAX_QUESTIONS) {
    throw invalid(`more than ${MAX_QUESTIONS} requests: one for each channel and architecture`);
  }
  const asked = askedChannels.flatMap((channel) => askedArchitectures.map((arch) => ({ channel, arch })));
  return asked.map((parameters) => toUrlPlace(base, parameters));
}

/** Each value once; undefined if none is given. */
function unique(values: readonly string[]): readonly (string | undefined)[] {
  return values.length === 0 ? [undefined] : [...new Set(values)];
}

function toUrlPlace(base: URL, parameters: Readonly<Record<'channel' | 'arch', string | undefined>>): GraphPlace {
  const url = new URL(base);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const channel = url.searchParams.get('channel') ?? undefined;
  const architecture = url.searchParams.get('arch') ?? undefined;
  const asked = [channel, architecture].filter((value) => value !== undefined);
  const shown = toShownUrl(url);
  return { kind: 'url', url, source: asked.length === 0 ? shown : `${shown} (${asked.join(', ')})`, architecture };
}

function parseGraphUrl(from: string): URL {
  const url = URL.parse(from);
  if (url === null) throw invalid(`${toShownScheme(from)} is not a URL`);
  try {
    checkHttpUrl(url);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), cause);
  }
  return url;
}

function invalid(message: string, cause?: unknown): InputError {
  return new InputError('ArgumentInvalid', message, cause === undefined ? {} : { cause });
}

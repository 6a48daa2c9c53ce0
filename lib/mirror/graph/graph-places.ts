import { InputError } from '../../base/errors/input-error.ts';
import { checkHttpUrl, isUrlLike, toShownScheme, toShownUrl } from '../../platform/http/http-url.ts';

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

import { InputError } from '../../lib/base/errors/input-error.ts';
import { type GraphPlace, toGraphPlaces } from '../../lib/mirror/graph/read-graph.ts';
import { isUrlLike } from '../../lib/platform/http/http-url.ts';
import type { FunctionConfiguration } from '../../lib/platform/lambda/read-configuration.ts';

export type GraphSetting = 'SIGNET_GRAPHS' | 'SIGNET_GRAPH_CHANNELS' | 'SIGNET_GRAPH_ARCHITECTURES';

/** The update graphs of one profile: each place is one question. */
export interface ProfileGraphs {
  readonly profile: string;
  readonly places: readonly GraphPlace[];
}

export interface GraphSettings {
  /** One for each profile that has graphs. */
  readonly graphs: readonly ProfileGraphs[];
  /** All that is wrong, each with its variable; a user or password of a URL is never repeated. */
  readonly faults: readonly string[];
}

type Configuration = Pick<FunctionConfiguration<GraphSetting>, 'profiles'> &
  Partial<Omit<FunctionConfiguration<GraphSetting>, 'objects'>>;

/** The name of a channel or an architecture, as graphs have them. */
const NAME = /^[0-9A-Za-z][0-9A-Za-z._+-]{0,127}$/;

/** The names of the settings in messages: environment variables, or options of `npm start`. */
type SettingNames = Readonly<Record<'graphs' | 'channels' | 'architectures', string>>;

const VARIABLES = {
  graphs: 'SIGNET_GRAPHS',
  channels: 'SIGNET_GRAPH_CHANNELS',
  architectures: 'SIGNET_GRAPH_ARCHITECTURES',
} as const satisfies Record<string, GraphSetting>;

/** Which graphs to read for which profile: `profile=URL` each, asked for every channel and architecture. */
export function evaluateGraphSettings(configuration: Configuration, names: SettingNames = VARIABLES): GraphSettings {
  const faults: string[] = [];
  const channels = readNames(names.channels, configuration.graphChannels, faults);
  const architectures = readNames(names.architectures, configuration.graphArchitectures, faults);
  const places = new Map<string, readonly GraphPlace[]>();
  const known = new Set<string>();
  for (const [index, entry] of toEntries(configuration.graphs).entries()) {
    const fail = (fault: string): number => faults.push(`${names.graphs}: entry ${index + 1} ${fault}`);
    const equals = entry.indexOf('=');
    const [profile, url] = [entry.slice(0, Math.max(0, equals)), entry.slice(equals + 1)];
    if (equals < 1 || !isUrlLike(url)) {
      fail('is not profile=URL');
      continue;
    }
    if (known.has(entry)) fail('is given twice');
    known.add(entry);
    // A text that is not a known name may be a part of a URL, with its password.
    if (!configuration.profiles.includes(profile)) fail('names a profile that is not configured');
    try {
      const more = toGraphPlaces(url, { channels, architectures });
      places.set(profile, [...(places.get(profile) ?? []), ...more]);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      fail(`cannot be read: ${error.message}`);
    }
  }
  return { graphs: Array.from(places, ([profile, some]) => ({ profile, places: some })), faults };
}

function readNames(variable: string, text: string | undefined, faults: string[]): readonly string[] {
  const names = toEntries(text);
  for (const name of new Set(names)) {
    if (!NAME.test(name)) faults.push(`${variable}: ${JSON.stringify(name)} is not a name`);
    else if (names.indexOf(name) !== names.lastIndexOf(name)) faults.push(`${variable}: ${name} is given twice`);
  }
  return names;
}

/** A comma too many makes an empty entry, which is refused. */
function toEntries(text: string | undefined): readonly string[] {
  return text === undefined || text.trim() === '' ? [] : text.split(',').map((entry) => entry.trim());
}
